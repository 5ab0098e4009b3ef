"""Every command on a dossier over HTTP: who may, on whose, when, and what is said to who may not."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from intake import desks
from intake.conftest import TODAY, on
from intake.desks import DEPARTMENT, OTHER, SCHOOL, TRANSFER
from services.intake.api.application.life import ACTIONS


@dataclass(frozen=True)
class Act:
    """A command: the state it is good for, what it leads to, a role that may, one that may not, a state that is wrong
    for it. `names` is a field that holds a consultation of the dossier."""

    path: str
    state: str
    after: str
    role: str = "case_officer"
    not_role: str = "leadership"
    wrong: str = "handed_over"
    code: str = "not_in_this_state"
    body: dict[str, Any] = field(default_factory=dict)
    names: str = ""
    days_later: int = 0

    def of(self, id: str) -> dict[str, Any]:
        return self.body | ({self.names: id} if self.names else {})


REASON = {"reason": "Lý do ghi bằng văn bản."}
DESK = {"role": "desk_officer", "not_role": "case_officer"}
ACTS = (
    Act("receive", "submitted", "in_process", code="not_submitted", **DESK),
    Act("refuse-receipt", "submitted", "not_accepted", body={"ground": "other", **REASON}, **DESK),
    Act("ask-supplement", "in_process", "supplement_asked", body={"wanted": ["Học bạ"], **REASON}),
    Act("supply", "supplement_asked", "in_process"),
    Act("consult", "in_process", "in_process", body={"body": DEPARTMENT, "question": "Ý kiến?"}),
    Act(
        "answer-consultation",
        "consulted",
        "in_process",
        body={"opinion": "agrees", "answer": "Đồng ý"},
        names="consultation",
    ),
    Act("name-late-consultee", "consulted", "in_process", names="consultation", days_later=20),
    Act("assign", "in_process", "in_process", body={"to_unit": SCHOOL, "receiver": "gv-1"}),
    Act(
        "pass-on",
        "in_process",
        "in_process",
        role="operator",
        not_role="unit_head",
        body={"received_by": OTHER, "decided_by": OTHER, **REASON},
    ),
    Act(
        "resolve",
        "in_process",
        "resolved",
        not_role="desk_officer",
        body={"outcome": "refused", "ground": "other", **REASON},
    ),
    Act("hand-over-result", "resolved", "handed_over", not_role="unit_head", wrong="in_process", body={"way": "desk"}),
    Act("stop", "in_process", "stopped"),
    Act("withdraw", "in_process", "withdrawn"),
    Act(
        "correct",
        "in_process",
        "in_process",
        wrong="",
        body={"changes": [{"field": "delivery", "was": "desk", "now": "post"}], "delivery": "post", **REASON},
    ),
)
EACH = pytest.mark.parametrize("act", ACTS, ids=lambda each: each.path)


def officer(intake: Any, act: Act, unit: str = SCHOOL) -> Any:
    return intake.by(act.role, unit="" if act.role == "operator" else unit)


def test_every_command_is_tried_here():
    assert {each.path for each in ACTS} == {each.path for each in ACTIONS}


@EACH
async def test_who_may_does_it_and_it_is_on_record(intake, act):
    before = await desks.IN[act.state](intake)
    path = f"/applications/{before['id']}"
    with on(intake, intake.service.clock.now() + dt.timedelta(days=act.days_later)):
        asker = officer(intake, act).with_(if_match=f'"{before["number"]}"')
        answer = await asker.post(f"{path}/{act.path}", **act.of(before["id"]))
    after = answer.json()
    assert (answer.status_code, after["status"], after["number"]) == (200, act.after, before["number"] + 1)
    assert answer.headers["etag"] == f'"{after["number"]}"'
    last = (await intake.by("auditor").read(path))["history"][-1]
    assert (last["number"], last["actor"], last["roles"]) == (after["number"], f"test:{act.role}", [act.role])


@EACH
async def test_said_twice_it_is_done_once(intake, act):
    before = await desks.IN[act.state](intake)
    path = f"/applications/{before['id']}/{act.path}"
    with on(intake, intake.service.clock.now() + dt.timedelta(days=act.days_later)):
        asker = officer(intake, act).with_(idempotency_key=str(uuid4()))
        first = await asker.ok(path, **act.of(before["id"]))
        again = await asker.post(path, **act.of(before["id"]))
        assert (again.json(), again.headers["idempotent-replayed"]) == (first, "true")
        other = await asker.post(path, **act.of(before["id"]), late_reason="khác")
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")


@EACH
async def test_who_has_not_signed_in_is_asked_to(intake, act, a):
    before = await a(act.state)
    answer = await intake.post(f"/applications/{before['id']}/{act.path}", **act.of(before["id"]))
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in")


@EACH
async def test_another_role_may_not(intake, act, a):
    before = await a(act.state)
    answer = await intake.by(act.not_role, unit=SCHOOL).post(
        f"/applications/{before['id']}/{act.path}", **act.of(before["id"])
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@EACH
@pytest.mark.parametrize("unit", [OTHER, ""], ids=["other", "none"])
async def test_another_units_dossier_is_not_touched(intake, act, unit, a):
    before = await a(act.state)
    role = "unit_head" if act.role == "operator" else act.role
    answer = (
        await intake.by(role, unit=unit)
        .with_(accept_language="en")
        .post(f"/applications/{before['id']}/{act.path}", **act.of(before["id"]))
    )
    assert answer.status_code == 403
    if act.role != "operator":
        assert answer.json()["detail"] == "This dossier belongs to another unit."


@EACH
async def test_an_unknown_dossier_is_not_found(intake, act):
    answer = await officer(intake, act).post(f"/applications/{uuid4()}/{act.path}", **act.of(str(uuid4())))
    assert (answer.status_code, answer.json()["detail"]) == (404, "Không có hồ sơ này.")


@pytest.mark.parametrize("act", [each for each in ACTS if each.wrong], ids=lambda each: each.path)
async def test_in_the_wrong_state_it_is_refused_and_says_what_to_do(intake, act, a):
    before = await a(act.wrong)
    path = f"/applications/{before['id']}/{act.path}"
    for language, said in (("vi", "Hồ sơ"), ("en", "received" if act.code == "not_submitted" else "dossier")):
        asker = officer(intake, act).with_(accept_language=language)
        answer = await asker.post(path, **act.of(before["id"]))
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, act.code)
        assert said in told["detail"]
        assert told.get("instead") or act.code == "not_submitted"


@EACH
async def test_a_stale_number_is_refused_clearly_in_both_languages(intake, act, a):
    before = await a(act.state)
    path = f"/applications/{before['id']}/{act.path}"
    for language, said in (("vi", "người khác cập nhật"), ("en", "Someone else has just changed this")):
        asker = officer(intake, act).with_(if_match=f'"{before["number"] - 1}"', accept_language=language)
        answer = await asker.post(path, **act.of(before["id"]))
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
        assert said in answer.json()["detail"]
    now = await intake.by("auditor").read(f"/applications/{before['id']}")
    assert now["summary"]["number"] == before["number"], "what was refused has changed nothing"


@pytest.fixture
def a(intake: Any) -> Any:
    """A dossier in a state, that no test of this module changes: one of each is enough."""

    async def find(state: str) -> Any:
        if state not in KEPT:
            KEPT[state] = await desks.IN[state](intake)
        return KEPT[state]

    return find


KEPT: dict[str, Any] = {}


async def test_of_two_officers_who_saw_the_same_only_one_acts(intake):
    seen = await desks.in_process(intake)
    asker = desks.expert(intake).with_(if_match=f'"{seen["number"]}"')
    path = f"/applications/{seen['id']}"
    answers = await asyncio.gather(
        asker.post(f"{path}/resolve", outcome="granted"), *(asker.post(f"{path}/stop", **REASON) for _ in range(9))
    )
    assert sorted(each.status_code for each in answers) == [200] + [409] * 9
    assert len((await desks.desk(intake).read(path))["history"]) == seen["number"] + 1


async def test_a_citizen_acts_with_the_tracking_code_alone_however_it_is_typed(intake):
    mine, other = await desks.submitted(intake), await desks.submitted(intake)
    typed = mine["tracking"].replace("-", "").lower()
    for code, status in ((other["tracking"], 401), ("", 401), (typed, 200)):
        answer = await intake.with_(motcua_tracking=code).post(f"/applications/{mine['id']}/withdraw")
        assert answer.status_code == status


@pytest.mark.parametrize("path", ["receive", "resolve", "assign", "pass-on", "correct", "ask-supplement", "consult"])
async def test_a_tracking_code_opens_only_what_is_the_citizens(intake, path, a):
    act = next(each for each in ACTS if each.path == path)
    mine = await a(act.state)
    asker = intake.with_(motcua_tracking=mine["tracking"])
    assert (await asker.post(f"/applications/{mine['id']}/{path}", **act.of(mine["id"]))).status_code == 401


async def test_a_second_supplement_is_refused_with_the_rule(intake):
    id = (await desks.supplement_asked(intake))["id"]
    await desks.desk(intake).ok(f"/applications/{id}/supply")
    answer = await desks.expert(intake).post(f"/applications/{id}/ask-supplement", wanted=["Giấy khác"], **REASON)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "supplement_once")
    assert "118/2025" in told["rule"]


async def test_a_supplement_that_is_not_complete_starts_no_clock(intake):
    before = await desks.supplement_asked(intake)
    path = f"/applications/{before['id']}"
    after = await desks.desk(intake).ok(f"{path}/supply", complete=False)
    assert (after["status"], after["promise"]) == ("supplement_asked", before["promise"])


async def test_only_an_officer_says_that_a_supplement_is_complete(intake):
    before = await desks.supplement_asked(intake)
    path, code = f"/applications/{before['id']}", before["tracking"]
    papers = [{"title": "Học bạ (bản chính)"}]
    for asker in (
        intake,
        desks.desk(intake, OTHER),
        desks.expert(intake, OTHER),
    ):  # another unit's officer who has the code is an applicant here
        sent = await asker.with_(motcua_tracking=code).ok(f"{path}/supply", complete=True, documents=papers)
        assert (sent["status"], sent["promise"]) == ("supplement_asked", before["promise"])
        assert sent["supplement_unchecked"]
    seen = (await intake.by("auditor").read(path))["history"][-1]["data"]["supplied_at"]
    await intake.heard()
    (line,) = (await desks.desk(intake).read("/applications", code=before["code"]))["entries"]
    assert line["supplement_unchecked"] and (await intake.read(f"/track/{code}"))["supplement_unchecked"]
    with on(intake, TODAY.replace(day=26)):
        told = await desks.desk(intake).ok(f"{path}/supply", complete=True)
        assert (told["status"], told["promise"]["counted_from"]) == ("in_process", "2026-08-21")
        assert (await intake.by("auditor").read(path))["history"][-1]["data"]["supplied_at"] == seen
    await intake.heard()
    assert not (await desks.desk(intake).read("/applications", code=before["code"]))["entries"][0][
        "supplement_unchecked"
    ]


async def test_nothing_is_resolved_while_an_opinion_is_awaited(intake):
    id = (await desks.consulted(intake))["id"]
    answer = await desks.expert(intake).post(f"/applications/{id}/resolve", outcome="granted")
    assert (answer.status_code, answer.json()["code"]) == (409, "opinion_awaited")
    assert DEPARTMENT in answer.json()["detail"]


async def test_a_refusal_needs_its_reason(intake):
    id = (await desks.in_process(intake))["id"]
    answer = await desks.expert(intake).post(f"/applications/{id}/resolve", outcome="refused")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused_without_reason")


async def test_a_decision_names_the_terms_that_it_rests_on(intake):
    id = (await desks.resolved(intake))["id"]
    rule = (await intake.by("auditor").read(f"/applications/{id}"))["history"][-1]["data"]["rule"]
    assert rule == {"pack": "catalogue", "version": "2026-05-10", "name": TRANSFER, "basis": "15/2026/TT-BGDĐT"}


async def test_a_stop_names_the_rule_on_supplements_only_where_it_rests_on_it(intake):
    id = (await desks.in_process(intake))["id"]
    await desks.expert(intake).ok(f"/applications/{id}/stop", **REASON)
    assert (await intake.by("auditor").read(f"/applications/{id}"))["history"][-1]["data"]["rule"] is None


async def test_a_closing_for_want_of_a_supplement_waits_for_its_day(intake):
    id = (await desks.supplement_asked(intake))["id"]
    path = f"/applications/{id}/stop"
    answer = await desks.expert(intake).post(path, ground="no_supplement")
    assert (answer.status_code, answer.json()["code"]) == (409, "still_time_to_supply")
    with on(intake, TODAY.replace(month=9, day=30)):
        assert (await desks.expert(intake).ok(path, ground="no_supplement"))["status"] == "stopped"
    rule = (await intake.by("auditor").read(f"/applications/{id}"))["history"][-1]["data"]["rule"]
    assert rule["name"] == "supplement_once"


async def test_what_happened_before_the_dossier_came_is_refused(intake):
    id = (await desks.in_process(intake))["id"]
    answer = await desks.expert(intake).post(
        f"/applications/{id}/stop", happened_at="2026-08-20T08:00:00+07:00", late_reason="Ghi lại"
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "before_it_came")


@pytest.mark.parametrize("field", ["code", "received_at", "decided_by", "promise"])
async def test_what_the_log_rests_on_is_not_corrected(intake, field, a):
    id = (await a("in_process"))["id"]
    change = {"field": field, "was": "a", "now": "b"}
    answer = await desks.desk(intake).post(f"/applications/{id}/correct", changes=[change], **REASON)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_correctable")


async def test_a_correction_changes_only_what_it_names(intake, a):
    id = (await a("in_process"))["id"]
    change = {"field": "delivery", "was": "desk", "now": "post"}
    answer = await desks.desk(intake).post(
        f"/applications/{id}/correct", changes=[change], applicant={"name": "Người khác"}, **REASON
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "change_not_named")


@pytest.mark.parametrize("path", ["consult", "assign", "pass-on"])
async def test_a_unit_that_does_not_exist_is_told(intake, path, a):
    id = (await a("in_process"))["id"]
    act = next(each for each in ACTS if each.path == path)
    nowhere = {name: "khong-co" for name in ("body", "to_unit", "received_by") if name in act.body}
    answer = await officer(intake, act).post(f"/applications/{id}/{path}", **act.body | nowhere)
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_unit")
