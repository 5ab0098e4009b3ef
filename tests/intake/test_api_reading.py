"""What is read over HTTP: the register, what a desk has in hand, a dossier by its code."""

import asyncio
import json
from uuid import uuid4

import pypdfium2
import pytest
import zxingcpp

from intake import desks
from intake.conftest import on
from intake.desks import CENTRE, OTHER, SCHOOL, desk, moment, on_paper, transfer
from kernel.settings import Settings
from running import until


async def test_the_register_is_turned_page_by_page_newest_first(intake):
    unit = "xa-vinh-an"
    body = on_paper(received_by=unit)
    told = await asyncio.gather(*(desk(intake, unit).ok("/applications", **body) for _ in range(101)))
    await intake.heard()
    pages, after = [], {}
    while True:
        page = await desk(intake, unit).read("/applications", **after)
        pages.append([each["id"] for each in page["entries"]])
        if page["after"] is None:
            break
        after = {"after": page["after"]}
    assert [len(each) for each in pages] == [50, 50, 1]
    seen = [id for page in pages for id in page]
    assert seen == sorted(seen, reverse=True)
    assert set(seen) == {each["id"] for each in told}


async def test_officers_see_the_register_of_their_own_unit_only(intake):
    await desks.in_process(intake)
    await intake.heard()
    for asker, status in (
        (intake, 401),
        (intake.by("leadership"), 403),
        (desk(intake, OTHER), 403),
        (desk(intake, ""), 403),
        (desk(intake), 200),
        (intake.by("auditor"), 200),
        (intake.by("operator"), 200),
    ):
        assert (await asker.get("/applications", unit=SCHOOL)).status_code == status
    assert (await desk(intake, "").read("/applications"))["entries"] == []
    own = (await desk(intake).read("/applications"))["entries"]
    assert own
    assert all(SCHOOL in (each["received_by"], each["decided_by"], each["holder"]) for each in own)


async def test_the_register_is_narrowed(intake):
    told = await desk(intake, CENTRE).ok("/applications", **on_paper())
    await intake.heard()
    asker = desk(intake, CENTRE)
    for query, found in (
        ({"code": told["code"].lower()}, True),
        ({"code": told["tracking"].replace("-", " ").lower()}, True),
        ({"code": told["code"], "status": "in_process"}, True),
        ({"code": told["code"], "procedure": told["procedure"]}, True),
        ({"code": told["code"], "status": "resolved"}, False),
        ({"code": told["code"], "procedure": "2.002854"}, False),
        ({"code": "H99.2-260821-9999"}, False),
        ({"code": "'; DROP TABLE view.application; --"}, False),
    ):
        entries = (await asker.read("/applications", **query))["entries"]
        assert [each["id"] for each in entries] == [told["id"]] * found, query


@pytest.mark.parametrize(("since", "until", "found"), [("21", "21", True), ("22", "22", False), ("20", "20", False)])
async def test_a_day_of_the_register_is_a_day_in_viet_nam(intake, since, until, found):
    """In the morning before seven it is still yesterday in Greenwich."""
    with on(intake, moment("2026-08-21 06:30")):
        told = await desk(intake, CENTRE).ok("/applications", **on_paper())
    await intake.heard()
    query = {"since": f"2026-08-{since}", "until": f"2026-08-{until}", "code": told["code"]}
    assert bool((await desk(intake, CENTRE).read("/applications", **query))["entries"]) == found


@pytest.mark.parametrize("days", [("0001-01-01", "9999-12-31"), ("9999-12-31", "0001-01-01")])
async def test_the_register_of_all_time_is_asked_for(intake, days):
    since, until = days
    assert (await intake.by("operator").get("/applications", since=since, until=until)).status_code == 200
    paper = await intake.by("operator").get("/register.pdf", since=since, until=until, unit=CENTRE)
    assert paper.status_code in (200, 409)


@pytest.mark.parametrize("query", [{"since": "hôm qua"}, {"status": "x"}, {"after": "1"}, {"code": "a" * 41}])
async def test_a_question_that_is_wrong_is_told(intake, query):
    answer = await intake.by("operator").get("/applications", **query)
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, f"query.{next(iter(query))}")


async def test_a_desk_counts_what_it_has_in_hand(intake):
    unit = "xa-lam-thuong"
    asker = desk(intake, unit)
    told = [await asker.ok("/applications", **on_paper(received_by=unit)) for _ in range(3)]
    await asker.ok(f"/applications/{told[0]['id']}/withdraw")
    await intake.heard()
    figures = await asker.read("/desk")
    assert (figures["unit"], figures["by_state"], figures["overdue"]) == (unit, {"in_process": 2, "withdrawn": 1}, 0)
    with on(intake, moment("2026-12-01 10:00")):
        assert (await asker.read("/desk"))["overdue"] == 2
    assert (await desk(intake, OTHER).get("/desk", unit=unit)).status_code == 403
    assert (await intake.get("/desk")).status_code == 401


# Following by a code


async def test_a_tracking_code_is_read_however_it_was_written_down(intake):
    codes = []
    while not any(each in "".join(codes) for each in "0") or not any(each in "".join(codes) for each in "1"):
        codes = [*codes, (await desks.submitted(intake))["tracking"]]
    await intake.heard()
    for code in codes:
        plain = code.replace("-", "")
        for typed in (
            code.lower(),
            plain,
            " ".join(plain),
            plain.replace("0", "O").replace("1", "I"),
            plain.replace("0", "o").replace("1", "l"),
        ):
            assert (await intake.read(f"/track/{typed}"))["tracking"] == code


async def test_one_wrong_character_finds_nobody_else(intake):
    code = (await desks.submitted(intake))["tracking"]
    await intake.heard()
    for place, each in enumerate(code):
        if each != "-":
            wrong = code[:place] + ("7" if each != "7" else "8") + code[place + 1 :]
            answer = await intake.with_(accept_language="en").get(f"/track/{wrong}")
            assert (answer.status_code, "Check each character" in answer.text) == (404, True)


async def test_following_a_dossier_tells_nothing_about_a_person(intake):
    told = await desks.handed_over(intake)
    await intake.heard()
    answer = await intake.get(f"/track/{told['tracking']}")
    assert [each["type"] for each in answer.json()["steps"]][-1] == "intake.result_handed_over"
    for secret in (*desks.BINH.values(), "Xin chuyển trường", "test:"):
        assert secret not in answer.text


async def test_a_register_number_that_can_be_guessed_opens_nothing_more(intake):
    """The number is one more than the neighbour's: it shows how a dossier stands, never the code that lets one act."""
    told = await desks.in_process(intake)
    await intake.heard()
    answer = await intake.get(f"/track/{told['code'].lower()}")
    assert answer.json()["status"] == "in_process"
    assert told["tracking"] not in answer.text
    assert told["id"] not in answer.text
    own = await intake.read(f"/track/{told['tracking']}")
    assert (own["id"], own["tracking"]) == (told["id"], told["tracking"])


async def test_a_paper_is_for_who_holds_the_code(intake):
    told = await desks.in_process(intake)
    path = f"/applications/{told['id']}/papers"
    typed = told["tracking"].lower().replace("-", "")
    for name, code, status in (
        ("receipt", typed, 200),
        ("receipt", "", 401),
        ("receipt", told["code"], 422),
        ("control_slip", typed, 401),
        ("stop", typed, 404),
        ("nothing", typed, 422),
    ):
        assert (await intake.get(f"{path}/{name}.pdf", tracking=code)).status_code == status, (name, code)
    assert (await desk(intake, OTHER).get(f"{path}/receipt.pdf")).status_code == 403
    assert (await intake.get(f"/applications/{uuid4()}/papers/receipt.pdf")).status_code == 404


async def test_a_paper_is_printed_though_the_unit_came_later_than_the_dossier(intake):
    told = await desks.in_process(intake)
    new, operator = f"truong-{uuid4().hex[:6]}", intake.by("operator")
    facts = {"name": "Trường mới", "kind": "school", "codes": {"2020": "H99.12.197"}}
    await operator.ok(f"/units/{new}/open", effective_from="2026-09-01", facts=facts)
    path = f"/applications/{told['id']}"
    with on(intake, moment("2026-09-03 10:00")):
        await operator.ok(f"{path}/pass-on", received_by=new, decided_by=new, reason="Lập trường mới")
        assert (await operator.get(f"{path}/papers/control_slip.pdf")).content.startswith(b"%PDF-")


async def test_the_head_of_a_page_names_the_unit_of_who_is_signed_in_as_it_is_called_today(intake):
    new, operator = f"truong-{uuid4().hex[:6]}", intake.by("operator")
    facts = {"name": "Trường mới", "kind": "school", "codes": {"2020": "H99.12.198"}}
    await operator.ok(f"/units/{new}/open", effective_from="2026-08-01", facts=facts)
    await operator.ok(f"/units/{new}/change", effective_from="2026-09-01", facts=facts | {"name": "Trường đổi tên"})
    await intake.heard()
    officer = desk(intake, new).with_(accept="text/html")
    for day, name in (("2026-08-31", "Trường mới"), ("2026-09-01", "Trường đổi tên")):
        with on(intake, moment(f"{day} 10:00")):
            assert f"Cán bộ một cửa · {name}<" in (await officer.get("/ban-lam-viec")).text


def codes_on(page):
    picture = page.render(scale=3, grayscale=True)
    pixels = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
    return [each.text for each in zxingcpp.read_barcodes(pixels)]


@pytest.mark.parametrize("public", ["", "https://dichvucong.example", "https://tinh.example:8443/mot-cua/"])
async def test_a_forged_host_never_comes_on_paper(intake, monkeypatch, public):
    settings = intake.service.settings
    monkeypatch.setattr(intake.service, "settings", settings.model_copy(update={"public_address": public}))
    site = public.rstrip("/") or f"http://127.0.0.1:{settings.ports['intake']}"
    told = await desks.in_process(intake)
    guided = await desk(intake).post("/applications", **desks.transfer(channel="desk", received_by=SCHOOL))
    liar = intake.with_(host="evil.example", x_forwarded_host="evil.example", forwarded="host=evil.example")
    mine = {"tracking": told["tracking"]}
    for path, query, leads in (
        (f"/applications/{told['id']}/papers/receipt.pdf", mine, f"/tra-cuu/{told['tracking']}"),
        (f"/visits/{guided.json()['visit']}/guidance.pdf", {}, f"/thu-tuc/{desks.TRANSFER}"),
    ):
        page = pypdfium2.PdfDocument((await liar.get(path, **query)).content)[0]
        assert codes_on(page) == [site + leads] and "evil" not in page.get_textpage().get_text_bounded(), path
    page = await liar.get(f"/da-nop/{told['id']}", ma=told["tracking"])
    assert f'href="{site}/tra-cuu/{told["tracking"]}"' in page.text and "evil" not in page.text


@pytest.mark.parametrize(
    "wrong", ["dichvucong.example", "ftp://x.example", "https://x.example/?a=b", "https://a@x.example"]
)
def test_an_address_that_would_not_work_on_paper_is_refused(wrong):
    with pytest.raises(ValueError, match="public_address"):
        Settings(public_address=wrong)


# Reference data


@pytest.mark.parametrize("path", ["/procedures/2.002854", "/units/ttpvhcc"])
async def test_what_was_not_there_on_a_day_is_not_found(intake, path):
    assert (await intake.get(path)).status_code == 200
    for day in ("0001-01-01", "2015-12-31"):
        assert (await intake.get(path, on=day)).status_code == 404
    assert (await intake.get(path + "x")).status_code == 404
    assert (await intake.get(path, on="9999-12-31")).status_code == 200


async def test_procedures_are_found_without_accents(intake):
    names = {each["procedure"] for each in await intake.read("/procedures", q="chuyen TRUONG")}
    assert "2.002854" in names
    assert {each["procedure"] for each in await intake.read("/procedures", q="chuyen truong", on="2026-05-09")} >= {
        "2.002478",
        "2.002481",
    }
    assert await intake.read("/procedures", q="%'\"\\") == []


async def test_a_dossier_of_a_school_that_merged_goes_on_where_it_went(intake):
    operator, old, new = intake.by("operator"), f"truong-{uuid4().hex[:6]}", SCHOOL
    facts = {"name": "Trường cũ", "kind": "school", "codes": {"2020": "H99.12.199"}}
    await operator.ok(f"/units/{old}/open", effective_from="2020-01-01", facts=facts)
    open_ones = [await desks.submitted(intake, decided_by=old) for _ in range(3)]
    done = await intake.with_(motcua_tracking=open_ones[0]["tracking"]).ok(
        f"/applications/{open_ones[0]['id']}/withdraw"
    )
    await operator.ok(f"/units/{old}/merge", effective_from="2026-08-22", into=[new], decision="15/QĐ-UBND")
    await intake.heard()
    told = await operator.ok(f"/units/{old}/pass-on", into=new, reason="Sáp nhập trường", most=1)
    assert (told["passed"], told["refused"], told["left"]) == (1, [], 1)
    await intake.heard()
    told = await operator.ok(f"/units/{old}/pass-on", into=new, reason="Sáp nhập trường")
    assert (told["passed"], told["left"]) == (1, 0)
    for each in open_ones[1:]:
        whole = await desk(intake, new).read(f"/applications/{each['id']}")
        assert (whole["summary"]["received_by"], whole["summary"]["decided_by"]) == (new, new)
        assert whole["history"][-1]["data"]["was_decided_by"] == old
        assert (await desk(intake, old).get(f"/applications/{each['id']}")).status_code == 403
    assert (await desk(intake, old).read(f"/applications/{done['id']}"))["summary"]["received_by"] == old

    async def gone() -> bool:  # what is known of a unit may be a second old
        with on(intake, moment("2026-08-22 10:00")):
            answer = await intake.post("/applications", **transfer(decided_by=old))
        return answer.status_code == 409 and answer.json()["code"] == "unknown_unit"

    await until(gone, "the school to be gone")


@pytest.mark.parametrize(
    "path",
    [
        "/procedures/x/list",
        "/procedures/x/amend",
        "/procedures/x/counting",
        "/procedures/x/withdraw",
        "/procedures/x/publish",
        "/procedures/x/take-down",
        "/catalogue/load",
        "/catalogue/diff",
        "/catalogue/bring-in-line",
        "/units/x/open",
        "/units/x/change",
        "/units/x/merge",
        "/units/x/split",
        "/units/x/close",
        "/units/x/pass-on",
        "/units/load",
        "/imports",
    ],
)
async def test_only_operators_change_the_catalogue_the_units_and_import(intake, path):
    assert (await intake.post(path)).status_code == 401
    for role in ("desk_officer", "case_officer", "unit_head", "leadership", "auditor"):
        assert (await intake.by(role, unit=SCHOOL).post(path)).status_code == 403


async def test_loading_the_reviewed_files_again_changes_nothing(intake):
    for path in ("/units/load", "/catalogue/load"):
        told = await intake.by("operator").ok(path)
        assert (told["changed"], told["already"] > 50) == (0, True)


async def test_the_catalogue_is_brought_in_line_once(intake):
    operator, code = intake.by("operator"), "9.000001"
    national = [{"code": code, "effective_from": "2026-01-01", "name_vi": "Thủ tục thử", "authority": "school"}]

    async def mine(path: str, **more: object) -> list[str]:
        told = await operator.ok(path, national=national, **more)
        return [each["kind"] for each in told["differences"] if each["procedure"] == code]

    # Everything else would be surplus, so it is only looked at.
    assert await mine("/catalogue/diff") == ["missing"]
    assert await mine("/catalogue/bring-in-line", dry_run=True) == ["missing"]
    await intake.heard()
    assert await mine("/catalogue/diff") == ["missing"]
    terms = {"name_vi": "Thủ tục thử", "authority": "school", "national_code": code}
    path = f"/procedures/{code}"
    assert (await operator.ok(f"{path}/list", effective_from="2026-01-01", terms=terms))["changed"]
    assert not (await operator.ok(f"{path}/list", effective_from="2026-01-01", terms=terms))["changed"]
    await intake.heard()
    assert await mine("/catalogue/diff") == []
    answer = await operator.post("/catalogue/diff", national=[], on="0001-01-01")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_rules")


@pytest.mark.parametrize(
    "terms",
    [{"cut_off": "29:00"}, {"cut_off": "15:60"}, {"fee_vnd": 2**63}, {"fee_vnd": -1}, {"online_level": 5}],
)
async def test_terms_that_no_day_could_be_judged_by_are_refused(intake, terms):
    body = {"effective_from": "2026-01-01", "terms": {"name_vi": "x", "authority": "school"} | terms}
    assert (await intake.by("operator").post("/procedures/sai/list", **body)).status_code == 422


# Import


def line(name: str, **changes: object) -> dict[str, object]:
    return {
        "key": name,
        "code": "H99.12.101-260803-0007",
        "procedure": "2.002854",
        "received_by": SCHOOL,
        "decided_by": SCHOOL,
        "received_at": "2026-08-03T08:30:00+07:00",
        "due_at": "2026-08-13T17:00:00+07:00",
        "applicant": desks.BINH,
        **changes,
    }


async def test_an_import_said_twice_is_there_once(intake):
    operator, system = intake.by("operator"), uuid4().hex
    lines = [line(f"{n}") for n in range(5)]
    counts = []
    for dry in (True, False, False, True):
        told = await operator.ok("/imports", system=system, lines=lines, dry_run=dry)
        counts.append((told["imported"], told["already"], told["wrong"]))
    assert counts == [(0, 0, 0), (5, 0, 0), (0, 5, 0), (0, 5, 0)]
    both = await asyncio.gather(*(operator.ok("/imports", system=system, lines=[line("mới")]) for _ in range(5)))
    assert sum(each["imported"] for each in both) == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"procedure": "9.999999"}, "unknown_procedure"),
        ({"received_by": "khong-co"}, "unknown_unit"),
        ({"received_at": "2026-08-22T08:00:00+07:00", "due_at": "2026-09-22T08:00:00+07:00"}, "in_the_future"),
        ({"received_at": "2040-01-01T08:00:00+07:00", "due_at": "2040-02-01T08:00:00+07:00"}, "outside_calendar"),
        ({"received_at": "2012-01-01T08:00:00+07:00"}, "no_rules"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "invalid"),
        ({"due_at": "9999-12-31T23:59:59-12:00"}, "invalid"),
        ({"resolved_at": "9999-12-31T23:59:59-12:00", "status": "resolved", "outcome": "granted"}, "invalid"),
        ({"code": "không phải mã"}, "bad_code"),
        ({"due_at": "2026-08-01T08:30:00+07:00"}, "before_it_came"),
        ({"status": "resolved", "outcome": "granted", "resolved_at": "2026-08-01T08:30:00+07:00"}, "before_it_came"),
        ({"status": "resolved"}, "outcome_missing"),
        ({"outcome": "granted"}, "outcome_missing"),
        ({"amount": 10**30}, "invalid"),
        ({"key": None}, "invalid"),
        ({"applicant": {"name": "\ud800"}}, "invalid"),
        ({"key": "\ud800"}, "invalid"),
        ({"\ud800": "\ud800"}, "invalid"),
    ],
)
async def test_a_wrong_line_is_told_and_the_others_go_on(intake, wrong, code):
    lines = [line("trước"), line("sai", **wrong), line("sau")]
    body = {"system": uuid4().hex, "lines": lines}
    told = (await intake.by("operator").send("/imports", json.dumps(body).encode())).json()
    assert [each["outcome"] for each in told["lines"]] == ["imported", "wrong", "imported"]
    assert told["lines"][1]["problem"]["code"] == code
    await intake.heard()
