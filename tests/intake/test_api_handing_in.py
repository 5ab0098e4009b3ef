"""Handing a dossier in over HTTP: by whom, where, on which day, once."""

import asyncio
import datetime as dt
import re
from typing import Any
from uuid import uuid4

import pytest

from intake import desks
from intake.conftest import on
from intake.desks import CENTRE, OTHER, SCHOOL, TRANSFER, desk, moment, on_paper, transfer, types


def number(summary: Any) -> int:
    return int(re.fullmatch(r".*-(\d{4,})", summary["code"])[1])  # type: ignore[index]


async def test_a_citizen_hands_in_online_and_is_told_how_to_follow_it(intake):
    answer = await intake.post("/applications", **transfer())
    told = answer.json()
    assert (answer.status_code, told["status"], told["received_by"], told["code"]) == (201, "submitted", SCHOOL, "")
    assert answer.headers["location"] == f"/applications/{told['id']}"
    await intake.heard()
    assert (await intake.read(f"/track/{told['tracking']}"))["status"] == "submitted"


def draft(**changes: Any) -> dict[str, Any]:
    return {"procedure": TRANSFER, "applicant": desks.BINH, "content": "Xin chuyển"} | changes


async def test_a_draft_is_finished_later_and_handed_in_by_who_has_its_code(intake):
    answer = await intake.post("/drafts", **draft())
    told = answer.json()
    assert (answer.status_code, told["status"], told["may"]) == (201, "drafted", ["withdraw"])
    mine = intake.with_(motcua_tracking=told["tracking"])
    with on(intake, intake.service.clock.now() + dt.timedelta(days=1)):
        again = await mine.ok(f"/drafts/{told['id']}", **draft(decided_by=SCHOOL))
        assert (again["status"], again["number"], again["decided_by"]) == ("drafted", 2, SCHOOL)
        answer = await mine.post(f"/drafts/{told['id']}/submit", **transfer())
        after = answer.json()
        assert (answer.status_code, after["id"], after["status"]) == (201, told["id"], "submitted")
        assert answer.headers["location"] == f"/applications/{told['id']}"
        for path in ("", "/submit"):
            late = await mine.post(f"/drafts/{told['id']}{path}", **(transfer() if path else draft()))
            assert (late.status_code, late.json()["code"]) == (409, "not_in_this_state")
    whole = await intake.by("auditor").read(f"/applications/{told['id']}")
    assert types(whole) == ["application_drafted", "application_drafted", "application_submitted"]


async def test_a_draft_is_only_for_who_has_its_code(intake):
    told = await intake.ok("/drafts", **draft())
    other = (await intake.ok("/drafts", **draft()))["tracking"]
    for path, body in (("", draft()), ("/submit", transfer())):
        for asker in (intake, intake.with_(motcua_tracking=other)):
            answer = await asker.post(f"/drafts/{told['id']}{path}", **body)
            assert (answer.status_code, answer.json()["code"]) == (401, "sign_in")
        answer = await intake.with_(motcua_tracking=told["tracking"]).post(f"/drafts/{uuid4()}{path}", **body)
        assert answer.status_code == 404


@pytest.mark.parametrize("wrong", [{"procedure": "9.999999"}, {"decided_by": "nowhere"}, {"received_by": "nowhere"}])
async def test_a_draft_names_what_exists(intake, wrong):
    assert (await intake.post("/drafts", **draft(**wrong))).json()["code"].startswith("unknown_")


async def test_a_draft_is_waited_for_by_nobody(intake):
    told = await intake.ok("/drafts", **draft(decided_by=SCHOOL, received_by=SCHOOL))
    await intake.heard()
    before = (await desk(intake).read("/desk"))["by_state"]
    assert "drafted" not in before
    assert (await intake.read(f"/track/{told['tracking']}"))["status"] == "drafted"
    mine = intake.with_(motcua_tracking=told["tracking"])
    assert (await mine.ok(f"/applications/{told['id']}/withdraw"))["status"] == "withdrawn"


async def test_at_the_desk_it_is_received_at_once_with_code_and_appointment(intake):
    told = await desk(intake, CENTRE).ok("/applications", **on_paper())
    assert (told["status"], told["number"], told["decided_by"]) == ("in_process", 2, "so-gddt")
    assert re.fullmatch(r"H99\.2-260821-\d{4}", told["code"])
    # 10 working days from Friday 21/8: 22/8 is worked instead of 31/8, and 1/9 and 2/9 are holidays.
    assert told["first_promise"]["due_at"] == "2026-09-08T10:00:00Z"


@pytest.mark.parametrize("channel", ["desk", "post", "hired_service", "authorised", "assisted", "national_portal"])
async def test_officers_channels_are_closed_to_citizens(intake, channel):
    body = on_paper(channel=channel, authorised=desks.BINH)
    answer = await intake.post("/applications", **body)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in")
    assert (await intake.by("leadership").post("/applications", **body)).status_code == 403


@pytest.mark.parametrize("channel", ["desk", "post", "hired_service", "authorised"])
async def test_an_officer_enters_only_what_comes_to_the_own_desk(intake, channel):
    body = on_paper(channel=channel, authorised=desks.BINH)
    assert (await desk(intake, "xa-tan-lap").post("/applications", **body)).status_code == 403
    assert (await desk(intake, "").post("/applications", **body)).status_code == 403
    assert (await desk(intake, CENTRE).ok("/applications", **body))["channel"] == channel


async def test_an_officer_who_helps_a_citizen_of_another_place_does_not_receive_there(intake):
    told = await desk(intake, "xa-tan-lap").ok("/applications", **transfer(channel="assisted"))
    assert (told["received_by"], told["status"], told["code"]) == (SCHOOL, "submitted", "")


async def test_who_acts_for_another_is_named(intake):
    asker = desk(intake, CENTRE)
    answer = await asker.post("/applications", **on_paper(channel="authorised"))
    assert (answer.status_code, answer.json()["code"]) == (409, "who_acts_missing")
    told = await asker.ok("/applications", **on_paper(channel="authorised", authorised={"name": "Trần Văn An"}))
    history = (await asker.read(f"/applications/{told['id']}"))["history"]
    assert history[0]["data"]["authorised"]["name"] == "Trần Văn An"


# Guidance


async def test_paper_is_refused_with_an_offer_of_help_and_both_are_counted(intake):
    asker = desk(intake).with_(accept_language="en")
    answer = await asker.post("/applications", **transfer(channel="desk", received_by=SCHOOL))
    told = answer.json()
    assert (answer.status_code, told["code"], told["online"]) == (409, "online_only", True)
    assert "2009/SGDĐT-VP" in told["rule"]
    helped = await asker.ok("/applications", **transfer(channel=told["offer"]["channel"], visit=told["visit"]))
    assert helped["status"] == "in_process"
    first = (await asker.read(f"/applications/{helped['id']}"))["history"][0]["data"]
    assert (first["visit"], first["assisted_by"]) == (told["visit"], "test:desk_officer")


async def test_at_the_wrong_place_one_is_told_the_right_one_with_its_hours(intake):
    answer = await desk(intake, "so-gddt").post("/applications", **on_paper(received_by="so-gddt"))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "wrong_place")
    centre = (
        next(each for each in told["places"] if each["unit"] == CENTRE)
        if len(told["places"]) < 3
        else told["places"][0]
    )
    assert centre["name"] in told["detail"]
    assert "7 giờ 30" in centre["hours"]


async def test_the_same_visit_is_told_again_for_the_same_key(intake):
    asker = desk(intake).with_(idempotency_key=str(uuid4()))
    body = transfer(channel="desk", received_by=SCHOOL)
    first, again = await asker.post("/applications", **body), await asker.post("/applications", **body)
    assert first.json() == again.json()
    assert (await intake.get(f"/visits/{first.json()['visit']}/guidance.pdf")).content.startswith(b"%PDF-")


async def test_a_visit_that_never_was_is_not_named(intake):
    answer = await intake.post("/applications", **transfer(visit=str(uuid4())))
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_visit")


# Once


async def test_the_same_key_gives_the_same_answer(intake):
    asker = intake.with_(idempotency_key=str(uuid4()))
    first, again = [await asker.post("/applications", **transfer()) for _ in range(2)]
    assert first.json() == again.json()
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    other = await asker.post("/applications", **transfer(content="Việc khác"))
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_twenty_clicks_at_once_make_one_dossier_with_one_code(intake):
    asker = desk(intake, CENTRE)
    before = number(await asker.ok("/applications", **on_paper()))
    clicks = asker.with_(idempotency_key=str(uuid4()))
    told = await asyncio.gather(*(clicks.ok("/applications", **on_paper()) for _ in range(20)))
    assert {(each["id"], each["code"]) for each in told} == {(told[0]["id"], told[0]["code"])}
    assert number(told[0]) == before + 1
    assert number(await asker.ok("/applications", **on_paper())) == before + 2, "the other clicks took no number"


async def test_a_key_is_everybodys_own(intake):
    key = str(uuid4())
    one = await desk(intake).with_(idempotency_key=key).ok("/applications", **transfer())
    two = await intake.with_(idempotency_key=key).ok("/applications", **transfer())
    assert one["id"] != two["id"]


async def test_two_hundred_at_one_desk_have_consecutive_codes_without_gap(intake):
    asker = desk(intake, "xa-bac-son")
    body = on_paper(received_by="xa-bac-son")
    told = await asyncio.gather(*(asker.ok("/applications", **body) for _ in range(200)))
    assert sorted(map(number, told)) == list(range(1, 201))
    assert {each["code"][:-5] for each in told} == {"H99.62-260821"}


async def test_what_is_refused_takes_no_number(intake):
    asker = desk(intake, CENTRE)
    before = number(await asker.ok("/applications", **on_paper()))
    for wrong in ({"channel": "authorised"}, {"happened_at": "2026-08-20T08:00:00+07:00"}, {"visit": str(uuid4())}):
        assert (await asker.post("/applications", **on_paper(**wrong))).status_code == 409
    assert number(await asker.ok("/applications", **on_paper())) == before + 1


async def test_a_unit_without_an_agency_id_is_told_so(intake):
    facts = {"name": "UBND xã Mới", "kind": "commune"}
    await intake.by("operator").ok("/units/xa-moi/open", effective_from="2020-01-01", facts=facts)
    answer = await desk(intake, "xa-moi").post("/applications", **on_paper(received_by="xa-moi"))
    assert (answer.status_code, answer.json()["code"]) == (409, "unit_without_code")


# When


@pytest.mark.parametrize(
    ("when", "reason", "code"),
    [
        ("2026-08-21T11:00:00+07:00", "x", "in_the_future"),
        ("9999-12-31T23:59:59-12:00", "x", "in_the_future"),
        ("2026-07-20T08:00:00+07:00", "Quên", "too_late_to_enter"),
        ("2010-01-01T08:00:00+07:00", "Quên", "too_late_to_enter"),
        ("0001-01-01T00:00:00+14:00", "Quên", "too_late_to_enter"),
        ("2026-08-20T08:00:00+07:00", "", "late_without_reason"),
        ("2026-08-20T08:00:00+07:00", "   ", "late_without_reason"),
    ],
)
@pytest.mark.parametrize("where", ["handed in", "acted on"])
async def test_a_time_that_can_not_be_is_refused(intake, when, reason, code, where):
    said = {"happened_at": when, "late_reason": reason}
    if where == "handed in":
        answer = await desk(intake).post("/applications", **transfer(**said))
    else:
        id = (await desks.submitted(intake))["id"]
        answer = await desk(intake).post(f"/applications/{id}/receive", **said)
    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_a_citizen_does_not_choose_the_day_whose_rules_hold(intake):
    said = {"happened_at": "2026-08-20T08:00:00+07:00", "late_reason": "Tôi đã nộp hôm qua"}
    assert (await intake.post("/applications", **transfer(**said))).status_code == 403
    mine = await desks.supplement_asked(intake)
    citizen = intake.with_(motcua_tracking=mine["tracking"])
    assert (await citizen.post(f"/applications/{mine['id']}/supply", **said)).status_code == 403


async def test_a_late_entry_keeps_both_times(intake):
    asker = desk(intake, CENTRE)
    told = await asker.ok("/applications", **on_paper(happened_at="2026-08-20T08:00:00+07:00", late_reason="Mất điện"))
    for line in (await asker.read(f"/applications/{told['id']}"))["history"]:
        assert line["happened_at"] == "2026-08-20T01:00:00Z", "in UTC, as all times of the log"
        assert line["recorded_at"].startswith("2026-08-21T03:")
        assert line["data"]["late_reason"] == "Mất điện"


async def test_a_dossier_is_judged_by_the_terms_of_the_day_it_came(intake):
    """Transfers: until 9/5/2026 by Decision 51/2002, from 10/5/2026 by Circular 15/2026."""
    old, new = "2026-05-09T09:00:00+07:00", "2026-05-10T09:00:00+07:00"
    late: dict[str, Any] = {"late_reason": "Nhập lại", "channel": "assisted"}
    with on(intake, moment("2026-05-11 10:00")):
        centre, school = desk(intake, CENTRE), desk(intake)
        upper = {"procedure": "2.002478", "received_by": CENTRE, "applicant": desks.BINH}
        before = await centre.ok("/applications", **upper, **late, happened_at=old)
        after = await school.ok("/applications", **transfer(received_by=SCHOOL), **late, happened_at=new)
        near = await school.ok(
            "/applications", **transfer(received_by=SCHOOL, case="within_province"), **late, happened_at=new
        )
        refused = [
            await centre.post("/applications", **upper, **late, happened_at=new),
            await school.post("/applications", **transfer(received_by=SCHOOL), **late, happened_at=old),
        ]
        read = [await intake.by("auditor").read(f"/applications/{each['id']}") for each in (before, after)]
    assert [each["promise"]["amount"] for each in (before, after, near)] == [2, 8, 5]
    assert ["51/2002" in before["promise"]["basis"], "15/2026" in after["promise"]["basis"]] == [True, True]
    assert [(each.status_code, each.json()["code"]) for each in refused] == [(409, "not_offered")] * 2
    assert [each["history"][0]["data"]["terms_from"] for each in read] == ["2018-01-01", "2026-05-10"]


async def test_in_2019_the_pack_of_2019_holds_and_is_named(intake):
    body = {"procedure": "SH.012", "channel": "desk", "applicant": desks.BINH}
    with on(intake, moment("2019-09-11 10:00")):
        told = await desk(intake, CENTRE).ok("/applications", **body, received_by=CENTRE)
        elsewhere = await desk(intake, "xa-tan-lap").post("/applications", **body, received_by="xa-tan-lap")
        paper = await desk(intake, CENTRE).post("/applications", **body | {"procedure": "2.002478"}, received_by=CENTRE)
        received = (await intake.by("auditor").read(f"/applications/{told['id']}"))["history"][1]["data"]
    assert re.fullmatch(r"000\.00\.02\.H99-190911-\d{4}", told["code"])
    assert (received["rule"]["pack"], received["rule"]["name"]) == ("2019", "one_place_receives")
    assert "2293/SGDĐT-VP" in received["rule"]["basis"]
    assert [elsewhere.json()["code"], paper.json()["code"]] == ["wrong_place", "online_only"]
    with on(intake, moment("2018-10-05 10:00")):
        asker = desk(intake, CENTRE)
        taken = await asker.ok("/applications", **body | {"procedure": "2.002478"}, received_by=CENTRE)
        assert taken["status"] == "in_process", "until 8/10/2018 paper was taken"


async def test_before_the_first_rules_nothing_is_judged(intake):
    with on(intake, moment("2012-01-04 10:00")):
        answer = await intake.post("/applications", **transfer())
    assert (answer.status_code, answer.json()["code"]) == (409, "no_rules")


async def test_after_the_cut_off_the_next_working_day_counts(intake):
    with on(intake, moment("2026-08-28 15:30")):
        told = await desk(intake, CENTRE).ok("/applications", **on_paper())
    assert told["promise"]["counted_from"] == "2026-09-03", "31/8, 1/9 and 2/9 are days of rest"


# What is not right


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"procedure": "9.999999"}, "unknown_procedure"),
        ({"decided_by": "khong-co"}, "unknown_unit"),
        ({"decided_by": CENTRE}, "who_decides"),
        ({"decided_by": ""}, "who_decides"),
        ({"received_by": "khong-co"}, "unknown_unit"),
        ({"received_by": "xa-tan-hop"}, "unknown_unit"),  # merged on 1/7/2025
    ],
)
async def test_what_does_not_exist_is_told(intake, wrong, code):
    answer = await intake.post("/applications", **transfer(**wrong))
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.json()["instead"] or code == "who_decides" if "instead" in answer.json() else code == "who_decides"


@pytest.mark.parametrize(
    ("wrong", "where", "said"),
    [
        ({"applicant": {"name": ""}}, "body.applicant.name", "At least 1 characters"),
        ({"applicant": {"name": "A", "id_number": "12"}}, "body.applicant.id_number", "Not in the right form"),
        ({"sets": 0}, "body.sets", "Must be 1 or more"),
        ({"channel": "fax"}, "body.channel", "Only:"),
        ({"happened_at": "2026-08-20T08:00:00"}, "body.happened_at", "A time needs its zone, such as +07:00"),
        ({"happened_at": "hôm qua"}, "body.happened_at", "Must be a time such as 2026-05-10T08:30:00+07:00"),
        ({"code": "H99.2-260821-0001"}, "body.code", "This is not part of the form"),
        ({"documents": [{"title": "a", "size": 10**30}]}, "body.documents.0.size", "or less"),
    ],
)
async def test_a_wrong_field_is_named_and_never_repeated(intake, wrong, where, said):
    answer = await intake.with_(accept_language="en").post("/applications", **transfer(**wrong))
    [found] = answer.json()["errors"]
    assert (answer.status_code, found["where"]) == (422, where)
    assert said in found["what"]
    assert "hôm qua" not in answer.text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Not found"),
        ("vi", "Không tìm thấy"),
        ("en-GB,en;q=0.9,vi;q=0.8", "Not found"),
        ("fr, en; q=0.5, vi;q=0.9", "Không tìm thấy"),
        ("en;q=0", "Không tìm thấy"),
        ("enm", "Không tìm thấy"),
        ("*", "Không tìm thấy"),
        ("", "Không tìm thấy"),
        (";;q=,=,vi;q=x", "Không tìm thấy"),
        ("en;q=nan,\x7f", "Không tìm thấy"),
        ("en;q=1e999", "Không tìm thấy"),
        ("e" * 5000, "Không tìm thấy"),
    ],
)
async def test_problems_speak_the_readers_language_whatever_is_asked_for(intake, language, said):
    answer = await intake.with_(accept_language=language).get(f"/procedures/{TRANSFER}x")
    assert (answer.status_code, answer.json()["title"]) == (404, said)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == ("en" if said == "Not found" else "vi")


async def test_the_log_of_a_dossier_says_what_was_done(intake):
    told = await desks.handed_over(intake)
    read = await desk(intake).read(f"/applications/{told['id']}")
    assert types(read) == [
        "application_submitted",
        "application_received",
        "application_resolved",
        "result_handed_over",
    ]
    assert read["applicant"]["name"] == desks.BINH["name"]
    for asker, status in (
        (intake, 401),
        (intake.by("leadership"), 403),
        (desk(intake, OTHER), 403),
        (desk(intake, ""), 403),
    ):
        assert (await asker.get(f"/applications/{told['id']}")).status_code == status
