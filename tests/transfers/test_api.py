"""Transfers over HTTP: what officers, leadership and applicants may say and see."""

import re
from typing import Any
from uuid import UUID

import pytest

from intake.desks import DEPARTMENT
from kernel.tracking import codes
from running import Asker
from services.transfers.api.letter import notation
from services.transfers.api.messages import SELF
from services.transfers.api.reading import shown
from services.transfers.api.reference import PACKS, known
from services.transfers.domain.commands import Escalate
from services.transfers.domain.dossier import transfer_stream
from services.transfers.domain.transfer import transfer
from services.transfers.projection.dossier import TRANSFERS
from transfers.conftest import FACTS, FROM, NOW, PUPIL, TO, Town, steps, turn

pytestmark = pytest.mark.xdist_group("transfers")
ELSEWHERE = "thpt-nam-khe"


async def ended(who: Asker, town: Town, id: str, step: str, how: str, **more: Any) -> Any:
    case = await town.case(id)
    told = await who.ok(f"/transfers/{id}/steps/{step}/{how}", turn=turn(case, step), **more)
    await town.heard()
    return told


async def test_a_dossier_without_facts_waits_to_be_described_and_is_judged_then(town):
    told = await town.received()
    case = await town.case(told["id"])
    assert case["status"] == "undescribed"
    path = f"/transfers/{told['id']}/describe"
    stranger = await town.head(ELSEWHERE).post(path, facts=FACTS, pupil=PUPIL)
    assert stranger.status_code == 403
    wrong = await town.head().post(path, facts=FACTS | {"grade": 9, "more": 1}, pupil={})
    assert wrong.status_code == 422
    assert {each["where"] for each in wrong.json()["errors"]} >= {"body.facts.grade", "body.facts.more"}
    nowhere = await town.head().post(path, facts=FACTS | {"to_school": "thpt-nowhere"}, pupil=PUPIL)
    assert nowhere.status_code == 422, "its steps would be nobody's"
    await town.head().ok(path, facts=FACTS, pupil=PUPIL)
    await town.heard()
    case = await town.case(told["id"])
    assert case["status"] == "open" and case["pupil"] == PUPIL["name"] and case["rule"]["basis"]
    assert case["findings"] and all(each["rule"]["basis"] for each in case["findings"])


async def test_the_receiving_head_decides_and_the_pupil_moves_once(town):
    id = await town.asked()
    assert {each["application"] for each in await town.head().read("/inbox")} >= {id}
    await ended(town.head(), town, id, "accept", "consent", document_number="12/QĐ")
    await ended(town.head(FROM), town, id, "records", "done")
    await ended(town.head(), town, id, "placement", "done")
    case = await town.case(id)
    assert case["status"] == "completed"
    pupil = await town.transfers.service.pool.fetchrow(
        "SELECT p.* FROM view.pupil p JOIN view.transfer t USING (pupil) WHERE t.application = $1", f"application-{id}"
    )
    assert (pupil["school"], pupil["claim"], pupil["moves"]) == (TO, "", 1)


async def test_a_pupil_with_an_open_request_is_refused_a_second_one_by_its_rule(town):
    first = await town.asked()
    town.pupils -= 1
    second = await town.asked()
    assert (await town.case(first))["status"] == "open"
    case = await town.case(second)
    assert (case["status"], case["ground"]) == ("refused", "already_transferring")
    assert case["decision"]["basis"]


async def test_only_the_head_of_a_steps_unit_ends_it_and_refusing_needs_a_reason(town):
    id = await town.asked()
    path = f"/transfers/{id}/steps/accept"
    assert (await town.transfers.post(f"{path}/consent", turn=1)).status_code == 401
    assert (await town.head(FROM).post(f"{path}/consent", turn=1)).status_code == 403
    clerk = town.transfers.by("desk_officer", unit=TO)
    assert (await clerk.post(f"{path}/consent", turn=1)).status_code == 403
    assert (await town.head().post(f"{path}/consent", turn=2)).status_code == 404, "this turn was never opened"
    assert (await town.head().post(f"/transfers/{id}/steps/flies/consent", turn=1)).status_code == 422
    silent = await town.head().post(f"{path}/refuse", turn=1, reason=" ")
    assert (silent.status_code, silent.json()["code"]) == (422, "http_422")
    await town.head().ok(f"{path}/refuse", turn=1, reason="Lớp đã ổn định sĩ số.")
    await town.heard()
    case = await town.case(id)
    assert (case["status"], case["ground"], case["reason"]) == ("refused", "head_refused", "Lớp đã ổn định sĩ số.")


async def test_an_officer_raises_a_case_with_a_reason_and_edits_the_letter_in_turn(town):
    id = await town.asked()
    await town.head().ok(f"/transfers/{id}/raise", reason="Hoàn cảnh gia đình đặc biệt.")
    await town.heard()
    case = await town.case(id)
    assert case["special"] and "raised" in case["grounds"] and steps(case)["consult"] == "open"
    assert case["raised"] == "Hoàn cảnh gia đình đặc biệt."
    text = {"subject": "xin ý kiến về một học sinh", "text": "Kính đề nghị Sở xem xét."}
    await town.head().ok(f"/transfers/{id}/consultation/draft", draft=2, **text)
    late = await town.transfers.by("case_officer", unit=TO).post(f"/transfers/{id}/consultation/draft", draft=2, **text)
    assert (late.status_code, late.json()["code"]) == (409, "another_draft")
    draft = await town.head().get(f"/transfers/{id}/consultation.pdf")
    assert draft.content.startswith(b"%PDF")
    await town.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    again = await town.head().post(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    assert (again.status_code, again.json()["code"]) == (409, "issued_already")


async def test_an_answer_that_came_on_paper_is_entered_by_the_head_with_its_scan_and_marked_on_every_page(town):
    id = await town.asked(from_type="private", reason="no_equivalent_private")
    path, body = f"/transfers/{id}/reply", await town.on_paper()
    early = await town.head().post(path, **body)
    assert early.status_code == 409
    await town.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    assert (await town.head(FROM).post(path, **body)).status_code == 403
    for role in ("desk_officer", "case_officer"):
        assert (await town.transfers.by(role, unit=TO).post(path, **body)).status_code == 403, "the head answers for it"
    for missing in ("number", "signed_on", "signer", "scan"):
        less = {name: value for name, value in body.items() if name != missing}
        assert (await town.head().post(path, **less)).status_code == 422, missing
    for wrong in ({"signed_on": "2026-08-22"}, {"signed_on": "2026-08-20"}, {"scan": "0" * 64}):
        assert (await town.head().post(path, **(body | wrong))).status_code == 422, wrong
    case = await town.head().ok(path, **body)
    assert steps(case)["consult"] == "consented" and steps(case)["accept"] == "open"
    assert (case["reply"]["by_hand"], case["reply"]["signed_on"]) == ("test:unit_head", "2026-08-21")
    scan = await town.head().get(f"{path}/scan")
    assert scan.content == b"%PDF-1.7 ban chup" and scan.headers["content-disposition"].startswith("attachment;")
    assert (await town.head(ELSEWHERE).get(f"{path}/scan")).status_code == 403
    page = (await town.head().with_(accept="text/html").get(f"/chuyen-truong/{id}")).text
    assert "do test:unit_head nhập tay ngày 21/08/2026" in plain(page)
    await town.heard()
    tracking = codes(town.transfers.service).of(UUID(id))
    family = plain((await town.transfers.get("/theo-doi", ma=tracking)).text)
    assert "nhập tay ngày 21/08/2026" in family and "test:unit_head" not in family


def plain(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub("<[^>]*>", " ", page).split())


async def test_a_head_enters_the_paper_on_the_page_with_its_scan(town):
    id = await town.asked(from_type="private", reason="no_equivalent_private")
    await town.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    form = town.head().with_(accept="text/html")
    assert 'name="scan"' in (await form.get(f"/chuyen-truong/{id}")).text
    clerk = town.transfers.by("desk_officer", unit=TO).with_(accept="text/html")
    assert 'name="scan"' not in (await clerk.get(f"/chuyen-truong/{id}")).text
    said = await town.on_paper(signed_on="21/08/2026")
    typed = {name: value for name, value in said.items() if name != "scan"}
    where = f"/chuyen-truong/{id}/reply"
    nothing = await form.client.post(where, data=typed, files={"scan": ("", b"")}, headers=form.said)
    assert nothing.status_code == 422 and "Bản chụp văn bản" in nothing.text
    strange = await form.client.post(where, data=typed, files={"scan": ("a.exe", b"MZ")}, headers=form.said)
    assert strange.status_code == 415
    sent = await form.client.post(where, data=typed, files={"scan": ("a.pdf", b"%PDF-1.7 x")}, headers=form.said)
    assert sent.status_code == 303, sent.text
    assert (await town.case(id))["reply"]["scan"]["media_type"] == "application/pdf"


async def test_classes_are_opened_by_their_head_and_seen_by_all(town):
    body = {"school": TO, "year": 2026, "grade": 12, "name": "12A5", "places": 2}
    assert (await town.head(FROM).post("/classes", **body)).status_code == 403
    assert (await town.transfers.post("/classes", **body)).status_code == 401
    nowhere = await town.transfers.by("operator").post("/classes", **(body | {"school": "thpt-nowhere"}))
    assert nowhere.status_code == 422
    opened = await town.head().ok("/classes", **body)
    assert opened["changed"] and not (await town.head().ok("/classes", **body))["changed"]
    await town.heard()
    [room] = [each for each in await town.transfers.read("/classes", grade=12) if each["name"] == "12A5"]
    assert (room["places"], room["free"]) == (2, 2)
    id = await town.asked(grade=12, to_class="12A5")
    await town.heard()
    assert (await town.case(id))["held"]
    fewer = await town.head().ok(f"/classes/{room['id']}/places", places=0)
    assert fewer["changed"]
    await town.heard()
    assert not (await town.case(id))["held"]
    assert (await town.head().post(f"/classes/{'class-' + '0' * 36}/places", places=1)).status_code == 422


async def test_the_applicant_sees_the_steps_by_tracking_code_and_no_names(town):
    id = await town.asked()
    tracking = codes(town.transfers.service).of(UUID(id))
    assert (await town.transfers.get(f"/transfers/{id}")).status_code == 401
    seen = await town.transfers.with_(motcua_tracking=tracking).read(f"/transfers/{id}")
    assert seen["pupil"] is None and seen["documents"] == [] and seen["steps"]
    assert (await town.head(ELSEWHERE).get(f"/transfers/{id}")).status_code == 403
    assert (await town.head().get("/transfers/00000000-0000-0000-0000-000000000000")).status_code == 404


async def test_who_is_told_of_an_overdue_step_may_read_its_case_and_not_act_in_it(town):
    id = await town.asked()
    above = town.transfers.by("case_officer", unit=DEPARTMENT)
    assert (await above.get(f"/transfers/{id}")).status_code == 403
    service = town.transfers.service
    late = Escalate(known=await known(service), step="accept", turn=1, due_at=NOW, at=NOW)
    await service.do(transfer, transfer_stream(f"application-{id}"), late, actor=SELF)
    assert (await above.read(f"/transfers/{id}"))["pupil"]
    page = await above.with_(accept="text/html").get(f"/chuyen-truong/{id}")
    assert page.status_code == 200
    assert (await above.post(f"/transfers/{id}/raise", reason="Xin xem xét.")).status_code == 403


async def test_what_is_wrong_on_a_page_is_named_as_the_page_names_it(town):
    id = await town.asked()
    head = town.head().with_(accept="text/html")
    wrong = await head.send(f"/chuyen-truong/{id}/raise", b"reason=a", "application/x-www-form-urlencoded")
    assert wrong.status_code == 422 and "Lý do: Cần ít nhất 3 ký tự" in wrong.text
    parts = b'--x\r\ncontent-disposition: form-data; name="reason"\r\n\r\nXin\x00 xem\r\n--x--\r\n'
    raised = await head.send(f"/chuyen-truong/{id}/raise", parts, "multipart/form-data; boundary=x")
    assert raised.status_code == 303 and (await town.case(id))["raised"] == "Xin xem"
    strange = await head.send(f"/lien-thong/{id}/bay", b"", "application/x-www-form-urlencoded")
    assert strange.status_code == 404


async def test_a_place_in_a_list_that_no_database_holds_is_refused(town):
    for day in ("0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00"):
        wrong = await town.head().get("/transfers", after=f"{day}~transfer-{'0' * 8}-0000-0000-0000-{'0' * 12}")
        assert wrong.status_code == 422


async def test_a_delegation_is_given_by_the_leadership_for_its_days(town):
    body = {"to": "deputy", "starts": "2026-08-24", "ends": "2026-08-20"}
    assert (await town.head(DEPARTMENT).post("/delegations", **body)).status_code == 403
    wrong = await town.leadership.post("/delegations", **body)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "ends_before_it_starts")
    [given] = await town.leadership.ok("/delegations", **(body | {"ends": "2026-08-28"}))
    assert not given["holds"], "its days have not come yet"
    [ended_] = await town.leadership.ok(f"/delegations/{given['delegation']}/end")
    assert ended_["ended_at"]


async def test_figures_are_sums_of_cases_and_every_rule_names_its_article(town):
    count = await town.transfers.service.pool.fetchval("SELECT count(*) FROM view.transfer")
    for by in ("month", "school", "kind", "special", "outcome"):
        rows = await town.leadership.read("/statistics", by=by)
        assert sum(each["cases"] for each in rows) == count
    rules = await town.transfers.read("/rules", on="2026-05-09")
    assert all(each["rule"]["basis"] and each["mark"] in "HML" for each in rules)
    before = {each["rule"]["pack"] for each in rules if each["in_force"]}
    after = {each["rule"]["pack"] for each in await town.transfers.read("/rules", on="2026-05-10") if each["in_force"]}
    assert "2026" in after and "2026" not in before
    assert (await town.transfers.get("/rules", on="1950-01-01")).status_code == 409


async def test_a_rebuilt_view_equals_the_live_one_row_for_row(town):
    await town.heard()
    service = town.transfers.service
    for view in service.definition.views:
        if view.shared or view.table == "dossier":
            continue  # these hear intake's events
        names = view.row.__struct_fields__
        columns = ", ".join(names)
        live = [tuple(row) for row in await service.pool.fetch(f"SELECT {columns} FROM view.{view.table}")]
        rows: dict[Any, Any] = {}
        streams = await service.pool.fetch("SELECT DISTINCT stream FROM truth.events")
        for each in streams:
            rows |= shown(view, await service.history(each["stream"]))
        again = [tuple(getattr(row, name) for name in names) for row in rows.values()]
        assert sorted(live, key=lambda row: tuple(map(str, row))) == sorted(
            again, key=lambda row: tuple(map(str, row))
        ), view.table


def test_the_dossiers_that_are_kept_are_those_of_the_rule_packs():
    named = {id for pack in PACKS for entry in pack.get("procedures", ()) for id in entry["ids"]}
    assert named == TRANSFERS


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Sở Giáo dục và Đào tạo tỉnh Sơn Hà", "SGDĐT-VP"),
        ("Trường THPT Lê Lợi", "THPTLL-VP"),
        ("", "VB-VP"),
    ],
)
def test_a_units_letters_are_numbered_under_its_own_letters(name, letters):
    assert notation(name) == letters
