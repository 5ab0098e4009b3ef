"""Letters on the exchange, the leadership's answer, delegations, numbers, and where a pupil goes to school."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from kernel.decider import Decider, Rejected, fold
from schemas.event import Event
from schemas.transfers import (
    ClaimRefused,
    DelegationEnded,
    DocumentFailed,
    DocumentRequeued,
    DocumentSent,
    DocumentStatus,
    LetterNumbered,
    OpinionGiven,
    PupilClaimed,
    PupilFreed,
    PupilMoved,
)
from services.transfers.domain.delegation import delegation
from services.transfers.domain.document import document
from services.transfers.domain.dossier import document_id, letters_stream, transfer_stream
from services.transfers.domain.letters import letters
from services.transfers.domain.opinion import opinion
from services.transfers.domain.pupil import pupil
from transfers.samples import (
    ARRIVED,
    ASK_OPINION,
    CLAIM,
    CLAIM_2,
    CLAIM_BACK,
    CLASS,
    DELEGATE,
    DELEGATED,
    DEPARTMENT,
    DEPUTY,
    DIRECTOR,
    DOCUMENT,
    END_DELEGATION,
    FAIL,
    FREE,
    FROM,
    GIVE,
    MOVE,
    NUMBER,
    NUMBER_2,
    OTHER,
    PUT_RIGHT,
    QUEUE,
    REFUSED_THERE,
    REPLY_ID,
    REQUEUE,
    SENT,
    THIRD,
    TO,
    TRANSFER,
    at,
    give,
    history,
)


def when(decider: Decider[Any], command: Any, *before: Any) -> list[Event]:
    return list(decider.decide(command, fold(decider, history(decider, *before))))


def refused(decider: Decider[Any], command: Any, *before: Any) -> Rejected:
    with pytest.raises(Rejected) as said:
        when(decider, command, *before)
    assert said.value.says.vi and said.value.says.en
    return said.value


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(each) for each in events]


# Where a pupil goes to school


def test_a_pupil_has_one_open_request():
    assert kinds(when(pupil, CLAIM)) == [PupilClaimed]
    [no] = when(pupil, CLAIM_2, CLAIM)
    assert (type(no), no.ground, no.held_by) == (ClaimRefused, "already_transferring", TRANSFER)
    assert when(pupil, CLAIM, CLAIM) == when(pupil, CLAIM_2, CLAIM, CLAIM_2) == []


def test_a_case_that_was_answered_is_not_answered_again_even_when_the_way_is_free():
    assert when(pupil, CLAIM_2, CLAIM, CLAIM_2, FREE) == when(pupil, CLAIM, CLAIM, FREE) == []


def test_a_request_that_ended_frees_the_pupil_and_only_its_own():
    assert kinds(when(pupil, FREE, CLAIM)) == [PupilFreed]
    assert when(pupil, replace(FREE, transfer=OTHER), CLAIM) == when(pupil, FREE) == []
    assert kinds(when(pupil, CLAIM_2, CLAIM, FREE)) == [PupilClaimed]


def test_a_pupil_moves_once_by_the_claim_that_is_open():
    [moved] = when(pupil, MOVE, CLAIM)
    assert (moved.from_school, moved.to_school, moved.to_class) == (FROM, TO, CLASS)
    assert when(pupil, MOVE, CLAIM, MOVE) == when(pupil, MOVE) == when(pupil, MOVE, CLAIM, FREE) == []
    assert when(pupil, replace(MOVE, transfer=OTHER), CLAIM) == []


def test_after_a_move_a_pupil_leaves_only_from_where_they_are():
    [no] = when(pupil, CLAIM_2, CLAIM, MOVE)
    assert (no.ground, no.at_school) == ("not_there", TO)
    assert kinds(when(pupil, CLAIM_BACK, CLAIM, MOVE)) == [PupilClaimed]
    corrected, claimed = when(pupil, PUT_RIGHT, CLAIM, MOVE, CLAIM_2)
    assert (corrected.was_school, corrected.school, claimed.transfer) == (TO, FROM, OTHER)
    assert when(pupil, PUT_RIGHT, CLAIM, MOVE, CLAIM_2, PUT_RIGHT) == when(pupil, PUT_RIGHT, CLAIM) == []
    [busy] = when(pupil, PUT_RIGHT, CLAIM, MOVE, CLAIM_2, CLAIM_BACK)
    assert busy.ground == "already_transferring", "what another open request rests on is not changed under it"
    back = replace(MOVE, transfer=THIRD, from_school=TO, to_school=FROM)
    assert kinds(when(pupil, back, CLAIM, MOVE, CLAIM_BACK)) == [PupilMoved]


# Documents


def test_a_letter_is_queued_once_and_sent_once():
    assert when(document, QUEUE, QUEUE) == when(document, SENT, QUEUE, SENT) == when(document, SENT) == []
    [sent] = when(document, SENT, QUEUE)
    assert (type(sent), sent.document) == (DocumentSent, DOCUMENT)


def test_a_status_is_told_by_its_code_and_the_time_of_saying_and_may_come_before_the_sending_is_noted():
    assert kinds(when(document, ARRIVED, QUEUE)) == [DocumentStatus]
    assert when(document, replace(ARRIVED, at=at(25)), QUEUE, SENT, ARRIVED) == []
    assert kinds(when(document, replace(ARRIVED, said_at=at(25)), QUEUE, SENT, ARRIVED)) == [DocumentStatus]
    assert when(document, ARRIVED) == []


def test_what_is_refused_for_good_lies_with_the_dead_letters_until_somebody_sends_it_anew():
    assert kinds(when(document, FAIL, QUEUE)) == [DocumentFailed]
    assert when(document, FAIL, QUEUE, FAIL) == when(document, FAIL, QUEUE, SENT) == []
    [again] = when(document, REQUEUE, QUEUE, FAIL)
    assert (type(again), again.document) == (DocumentRequeued, DOCUMENT)
    assert when(document, REQUEUE, QUEUE, FAIL, REQUEUE) == []
    assert refused(document, REQUEUE, QUEUE, SENT).code == "not_failed"


def test_what_the_other_side_refuses_is_a_dead_letter_too():
    assert kinds(when(document, REFUSED_THERE, QUEUE, SENT)) == [DocumentStatus, DocumentFailed]
    assert kinds(when(document, SENT, QUEUE, SENT, REFUSED_THERE, REQUEUE)) == [DocumentSent]
    assert when(document, REFUSED_THERE, QUEUE, SENT, REFUSED_THERE, REQUEUE) == []


def test_the_same_letter_has_the_same_id_whenever_it_is_sent():
    assert document_id(transfer_stream("a"), 1) == document_id(transfer_stream("a"), 1) != document_id("a", 2)


# The leadership


def test_a_consultation_arrives_once_and_is_answered_once():
    assert when(opinion, ASK_OPINION, ASK_OPINION) == []
    [given] = when(opinion, GIVE, ASK_OPINION)
    assert (given.reply, given.opinion, given.signed_by, given.delegation) == (REPLY_ID, "approved", DIRECTOR, "")
    assert when(opinion, GIVE, ASK_OPINION, GIVE) == []
    assert refused(opinion, give(opinion="refused"), ASK_OPINION, GIVE).code == "answered_already"
    assert refused(opinion, GIVE).code == "not_asked"


@pytest.mark.parametrize(
    ("when_", "may"),
    [
        (at(23, 23), False),
        (at(24, 0), True),
        (at(28, 23, 59), True),
        (at(29, 0), False),
    ],
)
def test_a_deputy_signs_from_the_first_to_the_last_day_of_the_delegation(when_, may):
    command = give(DEPUTY, when_, delegation=DELEGATED)
    if not may:
        assert refused(opinion, command, ASK_OPINION).code == "no_delegation"
        return
    [given] = when(opinion, command, ASK_OPINION)
    assert isinstance(given, OpinionGiven)
    assert given.delegation == str(DELEGATED.delegation)


@pytest.mark.parametrize(
    "delegated",
    [
        None,
        replace(DELEGATED, to="somebody-else"),
        replace(DELEGATED, unit="another-department"),
        replace(DELEGATED, ended_at=at(25, 7)),
    ],
)
def test_a_deputy_without_a_delegation_of_their_own_that_holds_signs_nothing(delegated):
    command = give(DEPUTY, at(25, 8), delegation=delegated)
    assert refused(opinion, command, ASK_OPINION).code == "no_delegation"


def test_delegations_are_given_once_and_end_at_once_when_they_are_taken_back():
    state = fold(delegation, history(delegation, DELEGATE, END_DELEGATION))
    assert state.of(DEPUTY, at(26, 11)) and state.of(DEPUTY, at(26, 12)) is None
    assert state.of("somebody-else", at(26, 11)) is None
    assert when(delegation, DELEGATE, DELEGATE) == when(delegation, END_DELEGATION, DELEGATE, END_DELEGATION) == []
    assert kinds(when(delegation, END_DELEGATION, DELEGATE)) == [DelegationEnded]
    assert refused(delegation, END_DELEGATION).code == "no_such_delegation"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": DIRECTOR}, "delegated_to_oneself"),
        ({"ends": dt.date(2026, 8, 23)}, "ends_before_it_starts"),
    ],
)
def test_a_delegation_makes_sense(changes, code):
    assert refused(delegation, replace(DELEGATE, **changes)).code == code


def test_the_same_days_are_delegated_once_and_again_after_they_were_taken_back():
    again = replace(DELEGATE, delegation=NUMBER.request, starts=dt.date(2026, 8, 28), ends=dt.date(2026, 8, 30))
    assert refused(delegation, again, DELEGATE).code == "delegated_already"
    assert when(delegation, again, DELEGATE, END_DELEGATION)
    assert when(delegation, replace(again, starts=dt.date(2026, 8, 29)), DELEGATE)
    assert when(delegation, replace(again, to="another-deputy"), DELEGATE)


# Numbers


def test_no_number_of_a_letter_is_given_twice():
    first, second = history(letters, NUMBER, NUMBER_2)
    assert isinstance(first, LetterNumbered)
    assert (first.number, second.number) == (1, 2)
    assert when(letters, NUMBER_2, NUMBER, NUMBER_2) == []
    assert letters_stream(TO, 2026) not in {letters_stream(DEPARTMENT, 2026), letters_stream(TO, 2027)}
