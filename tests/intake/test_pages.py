"""Intake's pages, asked as a browser without scripts would: forms, what is said of them, and what is never shown."""

import json
import re
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from intake import desks
from intake.desks import CENTRE, ON_PAPER, OTHER, SCHOOL, TRANSFER, expert, moment
from running import Asker, InProcess

NOBODYS = "01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d11"  # written out: xdist needs the same names in every process

PAGE = {"accept": "text/html"}
PDF = b"%PDF-1.7\nletter"
WHO = {
    "acting": "self",
    "name": "Nguyễn Thị Bình",
    "id_number": "0011 9000 0001",
    "born": "5/9/1985",
    "phone": "0912 345 678",
    "street": "12 đường Hoa Ban",
}
FORM = {
    "pupil_name": "Nguyễn Gia Hân",
    "pupil_born": "1/2/2010",
    "pupil_id_number": "001310000077",
    "answer-from_school": "tran phu",
    "answer-from_type": "public",
    "answer-to_school": "Trường THPT Lê Lợi",
    "answer-to_type": "public",
    "answer-grade": "11",
    "answer-reason": "moved_home",
    "answer-subjects": ["physics", "biology"],
    "answer-documents": ["application"],
}
WHAT = {"decided_by": SCHOOL, "content": "Xin chuyển trường <b>cho con</b>", "delivery": "desk", "notify": "sms"}


async def get(asker: Asker, path: str, status: int = 200, **headers: str) -> str:
    answer = await asker.client.get(path, headers=asker.said | PAGE | headers)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
    return answer.text


async def send(asker: Asker, path: str, files: Any = None, **form: Any) -> httpx2.Response:
    return await asker.client.post(path, data=form, files=files, headers=asker.said | PAGE)


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no {name} in {html[:2000]}"
    return (
        found[1]
        .replace("&#34;", '"')
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
    )


def officer(intake: Asker, unit: str = SCHOOL) -> Asker:
    return intake.by("desk_officer", "case_officer", unit=unit)


# For everybody


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    "path", ["/", "/thu-tuc", f"/thu-tuc/{TRANSFER}", "/tra-cuu", "/huong-dan", "/dang-nhap", f"/nop-ho-so/{TRANSFER}"]
)
async def test_pages_for_everybody(intake: InProcess, path: str, language: str) -> None:
    html = await get(intake, path, accept_language=language, **{"accept-language": language})
    assert f'<html lang="{language}">' in html
    assert not re.search(r"\{\{|\{%|Undefined|None<", html)


async def test_words_without_diacritics_find_it_first(intake: InProcess) -> None:
    html = await get(intake, "/thu-tuc?q=chuyen truong")
    assert re.findall(r'href="/thu-tuc/([^"]+)"', html)[0] == TRANSFER


async def test_what_is_not_known_is_said_to_be_unknown(intake: InProcess) -> None:
    html = await get(intake, f"/thu-tuc/{TRANSFER}")
    assert "chưa rõ" in html and "08 ngày làm việc" in html and "không nhận hồ sơ giấy" in html


@pytest.mark.parametrize(
    "path", ["/thu-tuc/9.999999", "/tra-cuu/7QK2M-9X0TD-4", f"/da-nop/{NOBODYS}", f"/huong-dan/{NOBODYS}"]
)
async def test_what_is_not_there_is_a_page_that_helps(intake: InProcess, path: str) -> None:
    answer = await intake.client.get(path, headers=PAGE)
    assert answer.status_code in (404, 409) and "Về trang đầu" in answer.text


# Submitting online


async def wizard(intake: InProcess, **what: str) -> httpx2.Response:
    """Through all steps without a script; the answer to the last."""
    html = await get(intake, f"/nop-ho-so/{TRANSFER}")
    for step, answers in (("who", WHO), ("what", WHAT | what), ("form", FORM), ("files", {}), ("check", {})):
        answer = await send(
            intake, f"/nop-ho-so/{TRANSFER}", told=hidden(html, "told"), step=step, go="next", **answers
        )
        html = answer.text
    return answer


async def test_a_dossier_is_submitted_step_by_step(intake: InProcess) -> None:
    answer = await wizard(intake)
    assert answer.status_code == 303, answer.text[:3000]
    html = await get(intake, answer.headers["location"])
    tracking = re.search(r'class="code">([0-9A-Z-]{13})<', html)
    assert tracking and "<svg" in html
    await intake.heard()
    followed = await get(intake, f"/tra-cuu/{tracking[1]}")
    assert "Đã nộp, chờ tiếp nhận" in followed and "Nguyễn Thị Bình" not in followed
    id = answer.headers["location"].rsplit("/", 1)[1]
    whole = await officer(intake).read(f"/applications/{id}")
    assert whole["applicant"]["id_number"] == "001190000001" and whole["applicant"]["born"] == "1985-09-05"
    assert whole["concerns"]["born"] == "2010-02-01" and whole["concerns"]["id_number"] == "001310000077"
    told = {"from_school": OTHER, "to_school": SCHOOL, "grade": 11, "subjects": ["physics", "biology"]}
    assert whole["answers"] | told == whole["answers"]
    page = await get(officer(intake), f"/ho-so/{id}")
    assert "Xin chuyển trường &lt;b&gt;cho con&lt;/b&gt;" in page
    for words in ("Nguyễn Gia Hân", "01/02/2010", "Trường THPT Trần Phú", "Gia đình chuyển nơi ở", "Sinh học"):
        assert words in page, words


async def test_submitting_twice_is_submitting_once(intake: InProcess) -> None:
    html = await get(intake, f"/nop-ho-so/{TRANSFER}")
    for step, answers in (("who", WHO), ("what", WHAT), ("form", FORM), ("files", {})):
        html = (
            await send(intake, f"/nop-ho-so/{TRANSFER}", told=hidden(html, "told"), step=step, go="next", **answers)
        ).text
    last = {"told": hidden(html, "told"), "step": "check", "go": "next"}
    places = {(await send(intake, f"/nop-ho-so/{TRANSFER}", **last)).headers["location"] for _ in range(3)}
    assert len(places) == 1


@pytest.mark.parametrize(
    ("step", "wrong", "says"),
    [
        ("who", WHO | {"name": ""}, "Hãy nhập họ và tên"),
        ("who", WHO | {"acting": ""}, "Hãy chọn ai nộp hồ sơ"),
        ("who", WHO | {"id_number": "12"}, "Số định danh có 12 chữ số"),
        ("who", WHO | {"phone": "", "email": ""}, "Hãy cho số điện thoại hoặc thư điện tử"),
        ("who", WHO | {"email": "không phải"}, "ten@vidu.vn"),
        ("who", WHO | {"born": "31/2/2000"}, "05/09/2010"),
        ("who", WHO | {"acting": "other"}, "Hãy nhập họ và tên người được ủy quyền"),
        ("what", WHAT | {"decided_by": "ubnd-tinh"}, "Hãy chọn đơn vị"),
        ("what", WHAT | {"content": ""}, "Hãy viết ông/bà đề nghị điều gì"),
        ("what", WHAT | {"delivery": "drone"}, "Hãy chọn một mục"),
        ("form", FORM | {"pupil_name": ""}, "Hãy nhập họ và tên"),
        ("form", FORM | {"pupil_born": ""}, "05/09/2010"),
        ("form", FORM | {"pupil_id_number": "123"}, "Số định danh có 12 chữ số"),
        ("form", FORM | {"answer-grade": "9"}, "Phải là số từ 10 đến 12"),
        ("form", FORM | {"answer-grade": "mười"}, "Phải là số từ 10 đến 12"),
        ("form", FORM | {"answer-reason": ""}, "Hãy trả lời mục «Vì sao chuyển trường?»"),
        ("form", FORM | {"answer-reason": "<script>"}, "Hãy chọn một mục trong danh sách"),
        ("form", FORM | {"answer-from_school": "Kim Liên"}, "Không có đơn vị nào tên như vậy"),
        ("form", FORM | {"answer-from_school": "nguyen"}, "Có nhiều nơi tên như vậy"),
        ("form", FORM | {"answer-from_school": ""}, "hoặc mục «Trường trong tỉnh đang học»"),
        ("form", FORM | {"answer-subjects": ["alchemy"]}, "Hãy chọn một mục trong danh sách"),
    ],
)
async def test_what_is_wrong_is_said_beside_it(intake: InProcess, step: str, wrong: dict[str, str], says: str) -> None:
    answer = await send(intake, f"/nop-ho-so/{TRANSFER}", told="{}", step=step, go="next", **wrong)
    assert answer.status_code == 422 and answer.text.count(says) >= 2  # above the form and beside the field
    assert 'aria-invalid="true"' in answer.text


async def test_nothing_of_an_earlier_step_is_skipped_by_asking_for_a_later_one(intake: InProcess) -> None:
    answer = await send(intake, f"/nop-ho-so/{TRANSFER}", told="{}", step="check", go="next")
    assert answer.status_code == 422 and "Ai đang nộp hồ sơ?" in answer.text


@pytest.mark.parametrize(
    "told",
    [
        "",
        "{",
        "[]",
        '{"answers":{"grade":["1"],"subjects":"x","y":[]}}',
        '{"answers":{"x":1}}',
        '{"x":1}',
        '{"files":[{"digest":"../../etc/passwd"}]}',
        '{"name":"' + "x" * 400 + '"}',
    ],
)
async def test_a_form_that_was_tampered_with_is_no_failure(intake: InProcess, told: str) -> None:
    for step in ("who", "what", "form", "files", "check", "nowhere"):
        answer = await send(intake, f"/nop-ho-so/{TRANSFER}", told=told, step=step, go="next")
        assert answer.status_code in (200, 400, 422)


async def test_files_are_kept_from_step_to_step_and_judged_by_what_they_are(intake: InProcess) -> None:
    path = f"/nop-ho-so/{TRANSFER}"
    sent = [("file-0", ("Đơn.pdf", PDF, "application/pdf")), ("file-1", ("run.exe", b"MZ\x00\x01", "application/pdf"))]
    answer = await send(intake, path, files=sent, told="{}", step="files", go="next")
    assert answer.status_code == 422
    assert "run.exe: Chỉ nhận" in answer.text and "Bỏ: Đơn.pdf" in answer.text
    again = await send(intake, path, told=hidden(answer.text, "told"), step="files", go="next")
    assert again.status_code == 200 and "Đơn.pdf" in again.text
    held = re.search(r'name="drop" value="([0-9a-f]{64})"', answer.text)
    assert held
    dropped = await send(intake, path, told=hidden(answer.text, "told"), step="files", go="more", drop=held[1])
    assert "Đơn.pdf" not in dropped.text


async def test_what_cannot_be_done_online_has_no_form(intake: InProcess) -> None:
    assert (await intake.client.get("/nop-ho-so/9.999999", headers=PAGE)).status_code in (404, 409)


async def test_a_parent_who_submits_for_a_child_does_not_give_the_own_number_as_the_childs(intake: InProcess) -> None:
    html = await get(intake, f"/nop-ho-so/{TRANSFER}")
    for step, answers in (("who", WHO), ("what", WHAT), ("form", FORM | {"pupil_id_number": "001190000001"})):
        told = hidden(html, "told")
        answer = await send(intake, f"/nop-ho-so/{TRANSFER}", told=told, step=step, go="next", **answers)
        html = answer.text
    assert answer.status_code == 422 and html.count("số định danh của người nộp") == 2


async def test_the_form_offers_the_school_that_decides_and_shows_whole_names_to_check(intake: InProcess) -> None:
    told = json.dumps({"decided_by": SCHOOL})
    form = await send(intake, f"/nop-ho-so/{TRANSFER}", told=told, step="what", go="form")
    assert 'id="answer-to_school" name="answer-to_school" type="text" value="Trường THPT Lê Lợi"' in form.text
    answer = await send(
        intake, f"/nop-ho-so/{TRANSFER}", told=hidden(form.text, "told"), step="form", go="next", **FORM
    )
    check = await send(intake, f"/nop-ho-so/{TRANSFER}", told=hidden(answer.text, "told"), step="files", go="next")
    for words in ("Trường THPT Trần Phú", "Nguyễn Gia Hân", "Vật lí", "Gia đình chuyển nơi ở"):
        assert words in check.text, words


async def test_a_procedure_without_a_form_of_its_own_asks_for_none(intake: InProcess) -> None:
    html = await get(intake, "/nop-ho-so/2.002857")
    assert "Chi tiết" not in html and "Chi tiết" in await get(intake, f"/nop-ho-so/{TRANSFER}")
    answer = await send(intake, "/nop-ho-so/2.002857", told="{}", step="form", go="next")
    assert answer.status_code == 200 and "Giấy tờ kèm theo" in answer.text


# Following


async def test_a_register_number_can_be_guessed_so_it_opens_no_paper(intake: InProcess) -> None:
    told = await desks.in_process(intake)
    await intake.heard()
    by_number = await intake.client.get("/tra-cuu", params={"code": told["code"].lower()}, headers=PAGE)
    assert by_number.headers["location"] == f"/tra-cuu/{told['code']}"
    html = await get(intake, by_number.headers["location"])
    assert "Đang giải quyết" in html and "Hẹn trả" in html
    assert told["tracking"] not in html and ".pdf" not in html and told["id"] not in html
    secret = await get(intake, f"/tra-cuu/{told['tracking']}")
    paper = re.search(r'href="(/applications/[^"]+receipt\.pdf[^"]+)"', secret)
    assert paper
    answer = await intake.client.get(paper[1].replace("&amp;", "&"))
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")


async def test_a_code_that_is_none_is_said_beside_the_field(intake: InProcess) -> None:
    answer = await intake.client.get("/tra-cuu", params={"code": "7QK2M-9X0TD-0<x>"}, headers=PAGE)
    assert answer.status_code == 404 and "Không tìm thấy hồ sơ" in answer.text and "<x>" not in answer.text


# At the desk


@pytest.mark.parametrize("path", ["/ban-lam-viec", "/so-theo-doi", "/ho-so-moi", "/danh-muc", f"/ho-so/{NOBODYS}"])
async def test_officers_pages_are_for_officers(intake: InProcess, path: str) -> None:
    await get(intake, path, 401)
    await get(intake.by("leadership"), path, 403)


async def test_a_dossier_is_only_for_the_units_that_have_to_do_with_it(intake: InProcess) -> None:
    id = (await desks.submitted(intake))["id"]
    await get(officer(intake, OTHER), f"/ho-so/{id}", 403)
    assert "Nguyễn Thị Bình" in await get(intake.by("auditor"), f"/ho-so/{id}")


@pytest.mark.parametrize("state", sorted(desks.IN))
async def test_only_what_may_be_done_now_is_offered(intake: InProcess, state: str) -> None:
    told = await desks.IN[state](intake)
    asker = officer(intake)
    html = await get(asker, f"/ho-so/{told['id']}")
    offered = set(re.findall(rf'href="/ho-so/{told["id"]}/([a-z-]+)"', html))
    assert offered <= set(told["may"])
    for action in offered:
        assert '<form method="post"' in await get(asker, f"/ho-so/{told['id']}/{action}")
    for action in {"receive", "hand-over-result", "supply"} - offered:
        answer = await asker.client.get(f"/ho-so/{told['id']}/{action}", headers=asker.said | PAGE)
        assert answer.status_code == 303 and "motcua_flash" in answer.headers["set-cookie"]


async def test_a_whole_life_by_forms(intake: InProcess) -> None:
    id = (await desks.submitted(intake))["id"]
    asker = officer(intake)

    async def do(action: str, **form: Any) -> None:
        html = await get(asker, f"/ho-so/{id}/{action}")
        filled = {"number": hidden(html, "number"), "key": hidden(html, "key"), **form}
        answer = await send(asker, f"/ho-so/{id}/{action}", **filled)
        assert answer.status_code == 303, f"{action}: {re.sub(r'<[^>]+>', ' ', answer.text)[-3000:]}"

    await do("receive")
    await do("assign", to_unit=SCHOOL, role="expert", note="Xem giúp")
    await do("consult", body="so-gddt", question="Trường hợp này có được chuyển không?")
    html = await get(asker, f"/ho-so/{id}/answer-consultation")
    asked = re.search(r'<option value="([0-9a-f-]{36})"', html)
    assert asked
    await do("answer-consultation", consultation=asked[1], opinion="agrees", answer="Đồng ý")
    await do("ask-supplement", wanted="Học bạ\nGiấy giới thiệu", reason="Còn thiếu")
    await do("supply", complete="yes", documents="Học bạ\nGiấy giới thiệu")
    await do("correct", name="Nguyễn Thị Ngọc Bình", phone="0912 345 678", id_number="001190000001", reason="Gõ sót")
    await do("resolve", outcome="granted", document_number="12/QĐ")
    await do("hand-over-result", way="desk", taken_by="Trần Gia Bảo")
    html = await get(asker, f"/ho-so/{id}")
    for each in ("Nguyễn Thị Ngọc Bình", "Học bạ", "Giấy giới thiệu", "Xem giúp", "Đồng ý", "12/QĐ", "Đã trả kết quả"):
        assert each in html
    assert "anonymous" not in html, "a citizen has a role here, and no name of ours"
    for paper in re.findall(r'href="(/applications/[^"]+\.pdf)"', html):
        answer = await asker.client.get(paper, headers=asker.said)
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF"), paper


async def test_somebody_elses_change_is_told_and_nothing_typed_is_lost(intake: InProcess) -> None:
    id = (await desks.in_process(intake))["id"]
    asker = officer(intake)
    html = await get(asker, f"/ho-so/{id}/ask-supplement")
    seen = {"number": hidden(html, "number"), "key": hidden(html, "key")}
    await expert(intake).ok(f"/applications/{id}/consult", body="so-gddt", question="Hỏi trước")
    typed = {"wanted": "Học bạ bản chính", "reason": "Còn thiếu"}
    answer = await send(asker, f"/ho-so/{id}/ask-supplement", **seen, **typed)
    assert answer.status_code == 409
    for each in ("Hồ sơ vừa được người khác cập nhật", "Lấy ý kiến cơ quan khác", "Hỏi trước", "Học bạ bản chính"):
        assert each in answer.text
    seen = {"number": hidden(answer.text, "number"), "key": hidden(answer.text, "key")}
    assert (await send(asker, f"/ho-so/{id}/ask-supplement", **seen, **typed)).status_code == 303


async def test_what_the_rules_forbid_says_what_to_do_instead(intake: InProcess) -> None:
    id = (await desks.supplement_asked(intake))["id"]
    await expert(intake).ok(f"/applications/{id}/supply", complete=True)
    answer = await send(officer(intake), f"/ho-so/{id}/ask-supplement", wanted="Nữa", reason="Quên mất")
    assert answer.status_code == 409
    assert "Chỉ được yêu cầu bổ sung một lần" in answer.text and "Giải quyết tiếp" in answer.text


@pytest.mark.parametrize(
    ("action", "form", "says"),
    [
        ("ask-supplement", {"wanted": "", "reason": "Vì thế"}, "mỗi dòng một mục"),
        ("ask-supplement", {"wanted": "Học bạ", "reason": ""}, "Hãy ghi lý do"),
        ("assign", {"to_unit": ""}, "Hãy chọn đơn vị nhận"),
        ("consult", {"body": "", "question": "Hỏi"}, "Hãy chọn cơ quan được hỏi"),
        ("stop", {"ground": "citizens_wish", "happened_at": "hôm qua"}, "05/09/2026 08:30"),
    ],
)
async def test_what_is_missing_from_an_action(intake: InProcess, action: str, form: dict[str, str], says: str) -> None:
    id = (await desks.in_process(intake))["id"]
    answer = await send(officer(intake), f"/ho-so/{id}/{action}", **form)
    assert answer.status_code == 422 and answer.text.count(says) >= 2


async def test_what_came_earlier_keeps_both_times(intake: InProcess) -> None:
    asker = officer(intake, CENTRE)
    yesterday = moment("2026-08-20 14:30")
    form = {"procedure": ON_PAPER, "channel": "desk", "name": "Vàng A Sử", "key": uuid4().hex}
    late = {"happened_at": f"{yesterday:%d/%m/%Y %H:%M}", "late_reason": "Mất điện"}
    answer = await send(asker, "/ho-so-moi", **form, **late)
    assert answer.status_code == 303, answer.text[-3000:]
    html = await get(asker, answer.headers["location"])
    assert "20/08/2026 14:30" in html and "Nhập muộn" in html and "Mất điện" in html


async def test_papers_for_an_online_procedure_are_guided_and_then_entered_together(intake: InProcess) -> None:
    asker = officer(intake)
    form = {"procedure": TRANSFER, "channel": "desk", "name": "Vàng A Sử", "decided_by": SCHOOL, "key": uuid4().hex}
    answer = await send(asker, "/ho-so-moi", **form)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/huong-dan/")
    html = await get(asker, answer.headers["location"])
    offer = re.search(r'href="(/ho-so-moi\?procedure=[^"]+channel=assisted[^"]+)"', html)
    assert offer and "Căn cứ" in html
    html = await get(asker, offer[1].replace("&amp;", "&"))
    together = form | {"channel": "assisted", "visit": hidden(html, "visit"), "key": hidden(html, "key")}
    answer = await send(asker, "/ho-so-moi", **together)
    assert answer.headers["location"].startswith("/ho-so/")
    assert "Nhập giúp" not in await get(intake, "/huong-dan/" + hidden(html, "visit"))
    paper = await intake.client.get(f"/visits/{hidden(html, 'visit')}/guidance.pdf")
    assert paper.content.startswith(b"%PDF")


async def test_who_decides_must_be_said(intake: InProcess) -> None:
    form = {"procedure": TRANSFER, "channel": "assisted", "name": "Vàng A Sử", "key": uuid4().hex}
    answer = await send(officer(intake, CENTRE), "/ho-so-moi", **form)
    assert answer.status_code == 422 and "Hãy chọn đơn vị" in answer.text


async def test_the_desk_shows_what_waits_and_the_register_the_days(intake: InProcess) -> None:
    waiting, working = await desks.submitted(intake), await desks.in_process(intake)
    await intake.heard()
    asker = officer(intake)
    assert waiting["tracking"] in await get(asker, "/ban-lam-viec?queue=submitted")
    assert working["code"] in await get(asker, "/ban-lam-viec?queue=in_process")
    assert working["code"] in await get(asker, "/so-theo-doi")
    assert working["code"] not in await get(asker, "/so-theo-doi?since=01/01/2020&until=2/1/2020")
    assert "Hãy nhập ngày như" in await get(asker, "/so-theo-doi?since=x", 422)
    found = await asker.client.get("/tim-ho-so", params={"code": working["code"]}, headers=asker.said | PAGE)
    assert found.headers["location"] == f"/ho-so/{working['id']}"
    lost = await asker.client.get("/tim-ho-so", params={"code": "<x>"}, headers=asker.said | PAGE)
    assert lost.headers["location"] == "/ban-lam-viec"


# The operator


async def test_the_catalogue_and_its_history(intake: InProcess) -> None:
    operator = intake.by("operator")
    assert "thủ tục đang có hiệu lực" in await get(operator, "/danh-muc")
    html = await get(operator, "/danh-muc/1.012953")
    assert "<del>20 ngày làm việc</del>" in html and "<ins>15 ngày làm việc</ins>" in html
    await get(officer(intake), "/danh-muc", 403)


async def test_the_catalogue_is_held_against_the_national_one(intake: InProcess) -> None:
    operator = intake.by("operator")
    export = b'[{"code":"2.002854","effective_from":"2026-05-10","name_vi":"T\\u00ean m\\u1edbi"}]'
    answer = await send(operator, "/danh-muc/doi-chieu", files={"export": ("n.json", export)}, do="look")
    assert answer.status_code == 200 and "Chưa cập nhật" in answer.text and "Thừa" in answer.text
    for bad in (b"", b"[{]", b'[{"code":"x"}]', b"\x00\xff"):
        answer = await send(operator, "/danh-muc/doi-chieu", files={"export": ("n.json", bad)}, do="look")
        assert answer.status_code == 422 and "error-summary" in answer.text
    assert (await send(officer(intake), "/danh-muc/doi-chieu", do="look")).status_code == 403
