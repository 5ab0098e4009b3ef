"""Dossiers with a form of their own: handed in with it, read with it, decided where their case is kept."""

import datetime as dt
from typing import Any, get_args
from uuid import uuid4

import pytest

from intake import desks
from intake.conftest import on
from intake.desks import CENTRE, OTHER, SCHOOL, desk, expert, in_process, moment, transfer
from intake.samples import ASK, CITED, CONCLUDE, LATE, LIVES, RESOLVE, TURN_AWAY, given
from kernel.decider import Rejected
from reporting.lives import Teller, recorded
from schemas.event import Personal
from schemas.intake import ApplicationResolved, ConsultationOverdue
from schemas.transfers import TransferDecided, TransferGround
from services.intake.domain.application.life import decide
from services.intake.policy import GROUNDS, policy

FORM: dict[str, Any] = {
    "from_school": OTHER,
    "from_type": "public",
    "to_school": SCHOOL,
    "to_type": "public",
    "grade": 11,
    "reason": "moved_home",
    "subjects": ["physics", "chemistry", "biology", "informatics"],
    "documents": ["application", "summary"],
}
PUPIL = {"name": "Nguyễn Gia Hân", "id_number": "001310000077", "born": "2010-02-01"}


def described(**changes: Any) -> dict[str, Any]:
    return transfer(answers=FORM, concerns=PUPIL, **changes)


# The decision


def test_a_dossier_with_a_form_of_its_own_is_decided_elsewhere_and_says_where():
    with pytest.raises(Rejected) as refused:
        decide(RESOLVE, given(*LIVES["described"]))
    assert refused.value.instead and "Chuyển trường" in refused.value.instead.vi


def test_what_was_decided_elsewhere_is_the_result_with_its_rule_and_its_reason():
    [granted] = decide(CONCLUDE, given(*LIVES["described"]))
    assert isinstance(granted, ApplicationResolved)
    assert (granted.outcome, granted.document_number, granted.rule) == ("granted", "15/QĐ", CITED)
    [refused] = decide(TURN_AWAY, given(*LIVES["described"], ASK))
    assert isinstance(refused, ApplicationResolved)
    assert (refused.ground, refused.reason, refused.rule) == ("not_entitled", TURN_AWAY.reason, CITED)


def test_what_was_decided_elsewhere_names_a_body_that_still_owed_its_opinion():
    late = [type(each) for each in decide(CONCLUDE, given(*LIVES["consulting"]))]
    assert late == [ConsultationOverdue, ApplicationResolved]
    assert [type(each) for each in decide(CONCLUDE, given(*LIVES["consulting"], LATE))] == [ApplicationResolved]


# What transfers said


def decided(application: str, **changes: Any) -> TransferDecided:
    return TransferDecided(
        **{
            "application": application,
            "procedure": desks.TRANSFER,
            "from_school": OTHER,
            "to_school": SCHOOL,
            "decided_by": SCHOOL,
            "outcome": "granted",
            "decided_at": moment("2026-08-24 10:00").astimezone(dt.UTC),
            "rule": CITED,
            "document_number": "35/QĐ-LL",
            **changes,
        }
    )


def test_every_ground_of_a_refused_transfer_is_one_of_intake():
    assert set(GROUNDS) == set(get_args(TransferGround))


@pytest.mark.parametrize("life", list(LIVES))
@pytest.mark.parametrize("outcome", ["granted", "refused"])
def test_whatever_became_of_the_dossier_the_outcome_of_a_transfer_never_parks(life, outcome):
    event = decided("application-x", outcome=outcome, ground="no_place" if outcome == "refused" else None)
    [answer] = policy[TransferDecided](recorded("transfer-x", event, 1), None)
    events = answer.decider.decide(answer.command, given(*LIVES[life]))
    assert bool(events) == (given(*LIVES[life]).status in {"in_process", "supplement_asked"})


@pytest.fixture(scope="session")
def tellers() -> dict[str, Teller]:
    return {}


async def tell(intake: Any, tellers: dict[str, Teller], event: TransferDecided) -> None:
    teller = tellers.setdefault("transfers", Teller(intake.service, "transfers"))
    await teller.tell((f"transfer-{uuid4()}", event))
    await intake.heard()  # nothing was parked either


async def received(intake: Any) -> Any:
    return await desk(intake).ok("/applications", **described(channel="assisted", received_by=SCHOOL))


async def test_a_granted_transfer_resolves_its_dossier_with_the_number_of_the_decision(intake, tellers):
    told = await received(intake)
    await tell(intake, tellers, decided(f"application-{told['id']}"))
    whole = await expert(intake).read(f"/applications/{told['id']}")
    assert (whole["summary"]["status"], whole["history"][-1]["actor"]) == ("resolved", "motcua:intake")
    data = whole["history"][-1]["data"]
    assert (data["outcome"], data["document_number"], data["rule"]["basis"]) == ("granted", "35/QĐ-LL", CITED.basis)
    assert (await desk(intake).ok(f"/applications/{told['id']}/hand-over-result", way="desk"))[
        "status"
    ] == "handed_over"


async def test_a_refused_transfer_gives_its_ground_and_its_reason_under_the_pupils_key(intake, tellers):
    told = await received(intake)
    pupil = await intake.service.vault.living(PUPIL["id_number"])
    [event] = await intake.service.vault.seal(
        [
            decided(
                f"application-{told['id']}",
                outcome="refused",
                ground="head_refused",
                reason=Personal(subject=pupil, clear="Không còn tổ hợp môn phù hợp."),
            )
        ]
    )
    await tell(intake, tellers, event)
    await tell(intake, tellers, event)
    whole = await expert(intake).read(f"/applications/{told['id']}")
    data = whole["history"][-1]["data"]
    assert (data["outcome"], data["ground"], data["reason"]) == ("refused", "other", "Không còn tổ hợp môn phù hợp.")
    assert [each["type"] for each in whole["history"]].count("intake.application_resolved") == 1
    paper = await expert(intake).get(f"/applications/{told['id']}/papers/refusal.pdf")
    assert paper.status_code == 200 and paper.content.startswith(b"%PDF")


async def test_a_transfer_that_a_rule_refuses_needs_no_other_reason_than_its_article(intake, tellers):
    told = await received(intake)
    await tell(intake, tellers, decided(f"application-{told['id']}", outcome="refused", ground="same_school"))
    whole = await expert(intake).read(f"/applications/{told['id']}")
    data = whole["history"][-1]["data"]
    assert (data["ground"], data["reason"], data["rule"]["basis"]) == ("conditions_not_met", None, CITED.basis)
    assert (await expert(intake).get(f"/applications/{told['id']}/papers/refusal.pdf")).status_code == 200


async def test_what_was_taken_back_stays_taken_back(intake, tellers):
    told = await received(intake)
    await desk(intake).ok(f"/applications/{told['id']}/withdraw")
    await tell(intake, tellers, decided(f"application-{told['id']}"))
    await tell(intake, tellers, decided(f"application-{uuid4()}"))  # a dossier that nobody here knows
    whole = await expert(intake).read(f"/applications/{told['id']}")
    assert whole["summary"]["status"] == "withdrawn"


async def test_officers_can_not_decide_here_what_is_decided_there(intake):
    told = await received(intake)
    assert "resolve" not in told["may"] and "withdraw" in told["may"]
    answer = await expert(intake).post(f"/applications/{told['id']}/resolve", outcome="granted")
    assert (answer.status_code, answer.json()["code"]) == (409, "decided_elsewhere")
    assert "Chuyển trường" in answer.json()["instead"]
    plain = await in_process(intake)
    assert "resolve" in plain["may"]
    assert (await expert(intake).ok(f"/applications/{plain['id']}/resolve", outcome="granted"))["status"] == "resolved"


# Handing it in, and reading it


async def test_a_parent_hands_in_the_form_and_officers_read_it_with_whom_it_is_about(intake):
    told = await intake.ok("/applications", **described())
    whole = await expert(intake).read(f"/applications/{told['id']}")
    assert whole["answers"] == FORM
    assert (whole["concerns"]["name"], whole["concerns"]["born"]) == (PUPIL["name"], PUPIL["born"])
    assert whole["applicant"]["name"] == desks.BINH["name"]
    assert "answers" not in whole["history"][0]["data"] and "concerns" not in whole["history"][0]["data"]
    [submitted, *_] = await intake.service.history(f"application-{told['id']}")
    pupil = await intake.service.vault.living(PUPIL["id_number"])
    assert submitted.event.concerns.subject == pupil != submitted.event.applicant.subject
    stored = await intake.service.pool.fetchval(
        "SELECT string_agg(convert_from(data, 'UTF8'), '') FROM truth.events WHERE stream = $1",
        f"application-{told['id']}",
    )
    assert "Hân" not in stored and PUPIL["id_number"] not in stored and OTHER in stored


async def test_without_the_form_a_dossier_is_taken_as_ever(intake):
    told = await intake.ok("/applications", **transfer())
    whole = await expert(intake).read(f"/applications/{told['id']}")
    assert (whole["answers"], whole["concerns"]) == ({}, None)


async def test_a_draft_is_handed_in_with_the_form(intake):
    told = await intake.ok("/drafts", procedure=desks.TRANSFER, applicant=desks.BINH)
    mine = intake.with_(motcua_tracking=told["tracking"])
    await mine.ok(f"/drafts/{told['id']}/submit", **described())
    assert (await expert(intake).read(f"/applications/{told['id']}"))["answers"] == FORM


async def test_two_pupils_without_a_number_are_two_people(intake):
    pupil = {name: each for name, each in PUPIL.items() if name != "id_number"}
    subjects = set()
    for _ in range(2):
        told = await intake.ok("/applications", **(described() | {"concerns": pupil}))
        [submitted] = await intake.service.history(f"application-{told['id']}")
        subjects.add(submitted.event.concerns.subject)
    assert len(subjects) == 2


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"answers": FORM | {"grade": 9}}, "body.answers.grade", "Phải là số từ 10 đến 12"),
        ({"answers": FORM | {"shoe_size": 40}}, "body.answers.shoe_size", "không có trong mẫu"),
        ({"answers": FORM | {"to_school": "so-gddt"}}, "body.answers.to_school", "Hãy chọn một đơn vị"),
        ({"answers": FORM | {"grade": True}}, "body.answers.grade", ""),
        ({"answers": {}}, "body.answers.grade", "Hãy trả lời"),
        ({"concerns": None}, "body.concerns", "Hãy trả lời"),
        ({"concerns": {"name": "Hân"}}, "body.concerns.born", "Hãy trả lời"),
        ({"concerns": PUPIL | {"id_number": desks.BINH["id_number"]}}, "body.concerns.id_number", "của người nộp"),
        ({"concerns": PUPIL | {"id_number": "12"}}, "body.concerns.id_number", ""),
        ({"procedure": desks.ON_PAPER, "decided_by": "", "channel": "online"}, "body.answers", "không có mẫu riêng"),
    ],
)
async def test_a_form_that_is_wrong_is_told_where_and_what_to_do(intake, change, where, says):
    answer = await intake.post("/applications", **(described() | change))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "invalid"), told
    found = {each["where"]: each["what"] for each in told["errors"]}
    assert any(name.startswith(where) and says in what for name, what in found.items()), found


async def test_in_english_it_is_told_in_english(intake):
    asker = intake.with_(accept_language="en")
    answer = await asker.post("/applications", **(described() | {"answers": FORM | {"grade": 9}}))
    assert answer.json()["errors"][0]["what"] == "Must be a number from 10 to 12"


async def test_a_transfer_of_the_rules_before_has_the_papers_of_those_rules(intake):
    body = described(channel="desk", received_by=CENTRE, decided_by="") | {"procedure": "2.002478"}
    old = FORM | {"documents": ["application", "record", "admission", "introduction"]}
    with on(intake, moment("2019-12-20 10:00")):
        assert (await desk(intake, CENTRE).post("/applications", **body)).status_code in (409, 422)
        helped = body | {"channel": "assisted", "answers": old}
        told = await desk(intake, CENTRE).ok("/applications", **helped)
        assert (await expert(intake, "so-gddt").read(f"/applications/{told['id']}"))["answers"]["documents"][
            1
        ] == "record"
        answer = await desk(intake, CENTRE).post("/applications", **(helped | {"answers": FORM}))
        assert answer.json()["errors"][0]["where"] == "body.answers.documents"


async def test_programs_are_told_what_to_answer(intake):
    told = await intake.read(f"/procedures/{desks.TRANSFER}/form", decided_by=SCHOOL)
    assert told["concerns"] == "Học sinh chuyển trường" and "TT 15/2026" in told["basis"]
    assert {each["name"] for each in told["fields"]} == set(FORM) | {
        "from_name",
        "from_place",
        "to_name",
        "to_place",
        "to_class",
    }
    assert await intake.read(f"/procedures/{desks.ON_PAPER}/form") is None
    assert (await intake.get("/procedures/9.999999/form")).status_code in (404, 409)


async def test_an_erased_pupil_can_be_read_by_nobody_and_the_parent_still_can(intake):
    child = PUPIL | {"id_number": "001310000099"}
    told = await intake.ok("/applications", **(described() | {"concerns": child}))
    vault = intake.service.vault
    assert await vault.erase(await vault.known(child["id_number"]), by="test", reason="yêu cầu")
    whole = await expert(intake).read(f"/applications/{told['id']}")
    assert (whole["concerns"], whole["applicant"]["name"]) == (None, desks.BINH["name"])
    page = await expert(intake).client.get(
        f"/ho-so/{told['id']}", headers=expert(intake).said | {"accept": "text/html"}
    )
    assert page.status_code == 200 and "Hân" not in page.text
