"""What transfers does because of what it heard: the right command to the right stream, never one that is refused."""

from dataclasses import replace as with_
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kernel.decider import Decider, fold
from kernel.handlers import Answer
from schemas.event import Actor, Event, Meta, Personal, Recorded
from schemas.intake import (
    ApplicationNotAccepted,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    ApplicationWithdrawn,
)
from schemas.transfers import Facts
from services.transfers.domain import commands as case
from services.transfers.domain import document as letter
from services.transfers.domain import place
from services.transfers.domain import pupil as who
from services.transfers.domain.dossier import document_stream, pupil_stream
from services.transfers.domain.rules import Known, Unit
from services.transfers.domain.transfer import transfer
from services.transfers.policy import policy
from strategies import of
from transfers.samples import (
    APPLICATION,
    CLASS,
    CLASS_2,
    DECIDERS,
    DOCUMENT,
    FROM,
    HISTORIES,
    KNOWN,
    LIVES,
    PLACES,
    PUPIL,
    PUPILS,
    REPLY_ID,
    TO,
    TRANSFER,
    UNKNOWN,
    all_events,
    at,
    facts,
    history,
)
from transfers.world import World
from transfers.world import facts as answers_of

NOW = at(24, 9, 30)
STATES: dict[str, list[Any]] = {
    each.name: [fold(each, life[:n]) for life in HISTORIES[each.name] for n in range(len(life) + 1)]
    for each in DECIDERS
}


def recorded(event: Event, stream: str = TRANSFER, number: int = 1) -> Recorded:
    meta = Meta(actor=Actor(id="system", roles=()), happened_at=NOW, recorded_at=NOW)
    return Recorded(id=UUID(int=7), stream=stream, number=number, meta=meta, event=event)


def heard(event: Event, stream: str = TRANSFER) -> list[Answer]:
    return list(policy[type(event)](recorded(event, stream), KNOWN))


def said(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(type(each.command).__name__, each.stream) for each in answers]


def last(decider: Decider[Any], life: tuple[Any, ...], kind: str) -> Event:
    return [each for each in history(decider, *life) if type(each).__name__ == kind][-1]


def of_life(life: str, kind: str) -> Event:
    return last(DECIDERS[0], LIVES[life], kind)


# Dossiers


def submitted(**changes: Any) -> ApplicationSubmitted:
    world = World()
    application = world.submit(PUPIL, answers_of(), 1)
    return replace(world.streams[application][0], **changes)


def test_a_dossier_of_the_procedure_opens_its_case_with_what_its_form_says():
    event = submitted(
        answers={"from_school": FROM, "to_school": TO, "grade": 11, "subjects": ("physics",)}, tracking="ab" * 32
    )
    [answer] = heard(event, APPLICATION)
    assert (answer.stream, type(answer.command)) == (TRANSFER, case.Request)
    assert answer.command.facts == Facts(from_school=FROM, to_school=TO, grade=11, subjects=("physics",))
    assert (answer.command.pupil, answer.command.submitted_at) == (PUPIL, event.submitted_at)
    assert answer.command.tracking == "ab" * 32


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"grade": 10},
        {"from_school": FROM, "to_school": TO},
        {"from_school": FROM, "to_school": TO, "grade": 5},
        {"from_school": FROM, "to_school": TO, "grade": "mười"},
        {"from_school": FROM, "to_school": TO, "grade": 10, "color": "red"},
        {"from_school": FROM, "to_school": TO, "grade": 10, "reason": "just so"},
        {"from_school": FROM, "to_school": TO, "grade": 10, "to_type": "unknown"},
        {"from_school": FROM, "to_school": "x" * 61, "grade": 10},
    ],
)
def test_a_form_that_can_not_be_read_is_for_an_officer_to_describe(answers):
    assert said(heard(submitted(answers=answers), APPLICATION)) == [("Undescribed", TRANSFER)]


@pytest.mark.parametrize(
    ("levels", "opens"), [(("lower_secondary",), False), (("lower_secondary", "upper_secondary"), True), ((), True)]
)
def test_a_dossier_of_the_same_procedure_at_another_level_is_none_of_ours(levels, opens):
    unit = Unit(name="Trường", levels=frozenset(levels))
    known = Known(rules=KNOWN.rules, units={TO: unit}, department=KNOWN.department)
    event = submitted(answers={}, concerns=None)
    assert bool(policy[type(event)](recorded(event, APPLICATION), known)) is opens


def test_a_dossier_that_does_not_say_whom_it_is_about_is_for_an_officer_to_describe():
    assert said(heard(submitted(concerns=None), APPLICATION)) == [("Undescribed", TRANSFER)]


@pytest.mark.parametrize(
    ("procedure", "day", "is_transfer"),
    [
        ("2.002478", at(9, 23, month=5), True),
        ("2.002854", at(9, 23, month=5), False),
        ("2.002854", at(10, 0, month=5), True),
        ("2.002478", at(10, 0, month=5), True),
        ("2.002479", at(24), False),
    ],
)
def test_only_dossiers_of_the_procedures_of_the_day_are_transfers(procedure, day, is_transfer):
    event = submitted(procedure=procedure, submitted_at=day)
    assert bool(heard(event, APPLICATION)) is is_transfer


def test_what_was_handed_in_under_the_old_procedure_and_received_under_the_new_rules_begins():
    world = World()
    application = world.submit(PUPIL, answers_of(), 1)
    world.receive(application)
    received = replace(world.streams[application][1], procedure="2.002478", received_at=at(10, 8, month=5))
    assert said(heard(received, APPLICATION)) == [("Begin", TRANSFER)]
    other = replace(received, procedure="3.000465")
    assert heard(other, APPLICATION) == []


@pytest.mark.parametrize(
    ("event", "ground", "granted"),
    [
        (ApplicationWithdrawn(received_by=TO, decided_by=TO, withdrawn_at=NOW), "withdrawn", False),
        (
            ApplicationNotAccepted(
                procedure="2.002854",
                received_by=TO,
                decided_by=TO,
                not_accepted_at=NOW,
                ground="incomplete",
                reason=Personal(subject=PUPIL, clear="Thiếu học bạ"),
                rule=KNOWN.rules(NOW.date()).cited["steps"],
            ),
            "not_accepted",
            False,
        ),
        (ApplicationStopped(received_by=TO, decided_by=TO, stopped_at=NOW, ground="no_supplement"), "stopped", False),
        (
            ApplicationResolved(
                procedure="2.002854", received_by=TO, decided_by=TO, resolved_at=NOW, outcome="granted"
            ),
            "resolved",
            True,
        ),
        (
            ApplicationResolved(
                procedure="2.002854", received_by=TO, decided_by=TO, resolved_at=NOW, outcome="refused"
            ),
            "resolved",
            False,
        ),
    ],
)
def test_a_dossier_that_ends_closes_its_case(event, ground, granted):
    [answer] = heard(event, APPLICATION)
    assert (answer.stream, answer.command) == (TRANSFER, case.Close(ground=ground, at=NOW, granted=granted))
    if hasattr(event, "procedure"):
        assert heard(replace(event, procedure="3.000465"), APPLICATION) == [], "no dossier of ours"


# Cases, claims and places


@pytest.mark.parametrize(
    ("life", "kind", "answers"),
    [
        ("begun", "TransferBegun", [("Claim", pupil_stream(PUPIL)), ("Ask", CLASS)]),
        ("away", "TransferBegun", [("Claim", pupil_stream(PUPIL))]),
        ("barred", "TransferBegun", []),
        ("barred", "TransferDecided", [("Free", pupil_stream(PUPIL)), ("GiveBack", CLASS)]),
        ("another_class", "ClassChosen", [("Ask", CLASS_2), ("GiveBack", CLASS)]),
        ("accepted", "StepEnded", [("Take", CLASS)]),
        ("records_done", "StepEnded", []),
        ("refused", "StepEnded", []),
        ("refused", "TransferDecided", [("Free", pupil_stream(PUPIL)), ("GiveBack", CLASS)]),
        ("granted", "TransferDecided", []),
        ("closed", "TransferClosed", [("Free", pupil_stream(PUPIL)), ("GiveBack", CLASS)]),
        ("completed", "TransferCompleted", [("Move", pupil_stream(PUPIL))]),
        ("open", "StepOpened", []),
        ("consulting", "StepOpened", [("Compose", TRANSFER)]),
        ("confirmed", "PupilSchoolConfirmed", [("CorrectSchool", pupil_stream(PUPIL))]),
        ("corrected", "FactsCorrected", [("Compose", TRANSFER)]),
        ("issued", "ConsultationIssued", [("Queue", document_stream(DOCUMENT))]),
    ],
)
def test_what_a_case_says_is_answered(life, kind, answers):
    assert said(heard(of_life(life, kind))) == answers


@pytest.mark.parametrize(
    ("life", "kind", "command"),
    [
        ("reserved", "PlaceReserved", case.NotePlace(class_id=CLASS, held=True, at=NOW)),
        ("displaced", "PlacePassedOn", case.NotePlace(class_id=CLASS, held=False, at=NOW, why="earlier")),
        (
            "displaced_late",
            "PlacePassedOn",
            case.NotePlace(class_id=CLASS, held=False, at=NOW, why="earlier", late=True),
        ),
        ("fewer", "PlacePassedOn", case.NotePlace(class_id=CLASS, held=False, at=NOW, why="fewer")),
        ("taken", "PlaceTaken", case.Grant(class_id=CLASS, at=NOW)),
        ("refused", "PlaceRefused", case.Reopen(class_id=CLASS, turn=1, at=NOW)),
    ],
)
def test_what_a_class_says_is_told_to_the_case(life, kind, command):
    [answer] = heard(last(DECIDERS[2], PLACES[life], kind), CLASS)
    assert (answer.stream, answer.command) == (TRANSFER, command)


@pytest.mark.parametrize(
    ("life", "kind", "command"),
    [
        ("claimed", "PupilClaimed", case.Proceed),
        ("claimed_twice", "ClaimRefused", case.Deny),
        ("not_there", "ClaimRefused", case.NoteElsewhere),
        ("put_right", "PupilClaimed", case.Proceed),
    ],
)
def test_what_is_said_of_a_claim_is_told_to_its_own_case(life, kind, command):
    event: Any = last(DECIDERS[1], PUPILS[life], kind)
    [answer] = heard(event, pupil_stream(PUPIL))
    assert (answer.stream, type(answer.command)) == (event.transfer, command)


def test_the_place_is_asked_for_with_the_time_of_submission_and_taken_in_its_turn():
    ask: Any = heard(of_life("begun", "TransferBegun"))[1].command
    assert ask == place.Ask(class_id=CLASS, school=TO, transfer=TRANSFER, submitted_at=at(23, 21))
    take: Any = heard(of_life("accepted_again", "StepEnded"))[0].command
    assert take == place.Take(class_id=CLASS, school=TO, transfer=TRANSFER, turn=2)


def test_a_case_that_was_never_described_frees_nobody():
    undescribed = of_life("undescribed", "TransferUndescribed")
    closed = DECIDERS[0].decide(case.Close(ground="withdrawn", at=NOW), fold(DECIDERS[0], [undescribed]))
    assert heard(closed[0]) == []


def test_a_pupil_moves_as_the_case_says():
    [answer] = heard(of_life("completed", "TransferCompleted"))
    assert answer.command == who.Move(transfer=TRANSFER, from_school=FROM, to_school=TO, to_class=CLASS, at=at(27))


# Letters and time


def test_the_answer_goes_back_to_whoever_asked_in_answer_to_their_letter():
    queue: Any = heard(all_events()["transfers.opinion_given"], "opinion-x")[0].command
    assert isinstance(queue, letter.Queue)
    assert (queue.kind, queue.document, queue.response_to, queue.source) == ("reply", REPLY_ID, DOCUMENT, "opinion-x")
    assert (queue.from_unit, queue.to_unit) == ("so-gddt", TO)


def test_until_when_a_step_is_due_and_that_it_is_late_is_told_to_the_case():
    world = World()
    world.intake[APPLICATION] = "received"
    for late, command in ((False, case.NoteDue), (True, case.Escalate)):
        world.count(APPLICATION, "accept", late=late)
        [answer] = heard(world.streams[f"clock-{TRANSFER}"][-1], "clock-x")
        assert (answer.stream, type(answer.command)) == (TRANSFER, command)


# Never refused


@pytest.mark.parametrize("event_type", policy, ids=lambda each: each.type)
@settings(max_examples=60, deadline=None, derandomize=True)
@forall(data=st.data())
def test_no_event_in_any_state_is_answered_by_a_command_that_is_refused(event_type, data):
    """A policy's command that raises would park its event and all behind it."""
    good = [each for lives in HISTORIES.values() for life in lives for each in life if type(each) is event_type]
    event = data.draw(st.one_of(of(event_type), *([st.sampled_from(good)] if good else [])))
    stream = data.draw(st.sampled_from([TRANSFER, APPLICATION, CLASS, "", "application-?"]))
    for known in (KNOWN, UNKNOWN):
        for answer in policy[event_type](recorded(event, stream), known):
            for state in data.draw(st.permutations(STATES[answer.decider.name]))[:25]:
                new = answer.decider.decide(answer.command, state)
                after = fold(answer.decider, new, state)
                assert answer.decider.decide(answer.command, after) == []


def test_a_wrong_class_name_asks_for_a_place_in_a_class_that_nobody_opened():
    lost = with_(facts(), to_class="  lớp nào cũng được ")
    request: Any = LIVES["begun"][0]
    events = history(transfer, with_(request, facts=lost), LIVES["begun"][1])
    ask: Any = heard(events[-1])[1]
    assert ask.stream.startswith("class-") and ask.stream != CLASS
    assert place.decide(ask.command, place.initial)
