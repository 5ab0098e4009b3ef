"""The apology for a dossier: given what is owed and what was done, when somebody acts or time passes, then what is said
or why not."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from deadlines.samples import (
    ANSWERED,
    APOLOGIES,
    APOLOGY,
    CLOCK,
    DELIVER,
    DELIVER_BY_HAND,
    DRAFT,
    DUE,
    FAIL,
    HEAD,
    ISSUE,
    ISSUE_ANSWERED,
    ISSUE_LATE,
    LAPSE,
    LAPSE_FORECAST,
    MISSED,
    NEW_DUE,
    OFFICER,
    OPEN_BREACH,
    OPEN_FORECAST,
    RULE,
    draft,
    history,
    issue,
    on,
)
from kernel.decider import Rejected, fold
from schemas.deadlines import (
    ApologyDelivered,
    ApologyDrafted,
    ApologyDue,
    ApologyIssued,
    ApologyLapsed,
    ApologyMissed,
    ApologyUndeliverable,
)
from schemas.event import Event
from services.deadlines.domain.apology import Apology, Command, Notice, apology, apology_stream

SIGNED = ["issued", "delivered", "undeliverable", "handed_over", "issued_for_an_answered_one", "issued_late"]
NOT_OWED = ["none", "lapsed", "forecast_lapsed"]


def given(*commands: Command) -> Apology:
    return fold(apology, history(apology, *commands))


def when(command: Command, *before: Command) -> list[Event]:
    return list(apology.decide(command, given(*before)))


def refused(command: Command, *before: Command) -> Rejected:
    with pytest.raises(Rejected) as found:
        apology.decide(command, given(*before))
    return found.value


def only(kind: type[Event], events: list[Event]) -> Any:
    """The one event of this kind."""
    [found] = [each for each in events if type(each) is kind]
    return found


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(each) for each in events]


# Owed


def test_a_broken_promise_is_owed_an_apology_that_is_drafted_at_once():
    due, first = when(OPEN_BREACH)
    assert isinstance(due, ApologyDue) and isinstance(first, ApologyDrafted)
    assert (due.cause, due.due_at, due.issue_by, due.became_at) == ("breach", DUE, on(28, 17), DUE)
    assert (due.rule, due.clock) == (RULE.cited, CLOCK)
    assert (first.draft, first.new_due_at, first.by) == (1, NEW_DUE, "")


def test_a_dossier_has_one_apology_however_often_it_is_asked_for():
    assert when(OPEN_BREACH, OPEN_BREACH) == []
    assert when(OPEN_FORECAST, OPEN_FORECAST) == []
    assert when(OPEN_FORECAST, OPEN_BREACH) == [], "a breach is not made a forecast again"
    assert apology_stream(CLOCK) == APOLOGY != apology_stream("clock-2")


def test_a_forecast_that_comes_true_before_anybody_apologised_missed_its_moment_and_is_owed_as_a_breach():
    missed, due = when(OPEN_BREACH, OPEN_FORECAST)
    assert isinstance(missed, ApologyMissed) and isinstance(due, ApologyDue)
    assert (missed.issue_by, missed.became_at, missed.noticed_at) == (on(26, 17), on(26, 17), OPEN_BREACH.noticed_at)
    assert (due.cause, due.issue_by) == ("breach", on(28, 17))
    assert given(OPEN_FORECAST, OPEN_BREACH).drafts == 1, "the draft that was written stays"
    assert when(OPEN_BREACH, OPEN_FORECAST, OPEN_BREACH) == []


def test_a_missed_notice_and_a_missed_apology_for_the_breach_are_two_things_and_each_is_said_once():
    seen = Notice(now=on(27, 8))
    assert [each.issue_by for each in when(seen, OPEN_FORECAST)] == [on(26, 17)]
    assert kinds(when(OPEN_BREACH, OPEN_FORECAST, seen)) == [ApologyDue], "the notice is not missed a second time"
    again = only(ApologyMissed, when(MISSED, OPEN_FORECAST, seen, OPEN_BREACH))
    assert (again.issue_by, again.became_at) == (on(28, 17), on(28, 17))
    assert when(Notice(now=on(9, 8, month=9)), OPEN_FORECAST, seen, OPEN_BREACH, MISSED) == []


@pytest.mark.parametrize("life", SIGNED)
def test_who_was_apologised_to_for_a_forecast_is_owed_no_second_apology_for_the_breach(life):
    assert when(OPEN_BREACH, *APOLOGIES[life]) == []


# Missed


def test_the_last_moment_missed_is_said_once_and_the_apology_stays_owed():
    assert when(Notice(now=on(28, 17)), OPEN_BREACH) == [], "the last minute is still in time"
    missed = only(ApologyMissed, when(MISSED, OPEN_BREACH))
    assert (missed.issue_by, missed.became_at, missed.noticed_at) == (on(28, 17), on(28, 17), on(29, 8))
    assert when(Notice(now=on(3, 8, month=9)), OPEN_BREACH, MISSED) == []
    assert kinds(when(ISSUE_LATE, OPEN_BREACH, MISSED)) == [ApologyIssued]


def test_signed_late_before_anybody_noticed_it_was_missed_nevertheless():
    missed, issued = when(ISSUE_LATE, OPEN_BREACH)
    assert isinstance(missed, ApologyMissed) and isinstance(issued, ApologyIssued)
    assert (missed.became_at, missed.noticed_at, issued.in_time) == (on(28, 17), ISSUE_LATE.at, False)


@pytest.mark.parametrize("life", [*SIGNED, *NOT_OWED])
def test_what_is_signed_or_not_owed_is_not_missed(life):
    assert when(Notice(now=on(9, 8, month=10)), *APOLOGIES[life]) == []


# Drafts


def test_an_officer_writes_another_draft_and_the_last_one_counts():
    written = only(ApologyDrafted, when(DRAFT, OPEN_BREACH))
    assert (written.draft, written.by) == (2, OFFICER)
    assert given(OPEN_BREACH, DRAFT).reason == DRAFT.reason
    assert when(DRAFT, OPEN_BREACH, DRAFT) == []


def test_a_draft_upon_one_that_is_not_there_is_refused():
    assert refused(draft(4, on(28, 8)), OPEN_BREACH).code == "no_such_draft"


@pytest.mark.parametrize(
    ("new_due_at", "code"),
    [(None, "new_day_missing"), (DUE, "new_day_too_early"), (on(28, 8), "new_day_too_early")],
)
def test_the_new_day_is_there_and_later_than_today_and_than_the_first(new_due_at, code):
    assert refused(draft(2, on(28, 8), new_due_at), OPEN_BREACH).code == code
    assert refused(issue(on(28, 8), new_due_at), OPEN_BREACH).code == code
    if code == "new_day_missing":
        assert refused(issue(on(28, 8), new_due_at), OPEN_BREACH).rule == RULE.cited.basis


def test_before_the_breach_the_new_day_is_later_than_the_first_one_still():
    assert refused(issue(on(25, 9), on(27, 16)), OPEN_FORECAST).code == "new_day_too_early"
    assert kinds(when(issue(on(25, 9)), OPEN_FORECAST)) == [ApologyIssued]


# Answered meanwhile


def test_answered_meanwhile_it_stays_owed_but_names_no_new_day():
    written = only(ApologyDrafted, when(ANSWERED, OPEN_BREACH, DRAFT))
    assert (written.draft, written.new_due_at, written.answered_at) == (3, None, on(28, 10))
    assert when(ANSWERED, OPEN_BREACH, ANSWERED) == []
    assert refused(issue(on(28, 11)), OPEN_BREACH, ANSWERED).code == "already_answered"
    assert refused(draft(3, on(28, 11)), OPEN_BREACH, ANSWERED).code == "already_answered"
    issued = only(ApologyIssued, when(ISSUE_ANSWERED, OPEN_BREACH, ANSWERED))
    assert (issued.new_due_at, issued.answered_at, issued.in_time) == (None, on(28, 10), True)


@pytest.mark.parametrize("life", [*SIGNED, *NOT_OWED])
def test_an_answer_changes_nothing_where_nothing_is_left_to_write(life):
    assert when(replace(ANSWERED, answered_at=on(5, 9, month=9)), *APOLOGIES[life]) == []


# Signed


def test_the_head_signs_and_the_letter_says_by_which_rule_and_whether_in_time():
    issued = only(ApologyIssued, when(ISSUE, OPEN_BREACH, DRAFT))
    assert (issued.number, issued.form, issued.title) == ("1/PXL-GDDT", RULE.form, RULE.title.vi)
    assert (issued.due_at, issued.new_due_at, issued.in_time) == (DUE, NEW_DUE, True)
    assert (issued.signed_by, issued.rule, issued.clock, issued.letter) == (HEAD, RULE.cited, CLOCK, ISSUE.letter)
    assert when(ISSUE, OPEN_BREACH, DRAFT, ISSUE) == []


@pytest.mark.parametrize("life", SIGNED)
def test_a_second_apology_with_a_second_new_day_is_refused_with_the_article(life):
    second = refused(issue(on(4, 9, month=9), on(10, 17, month=9), number="2/PXL-GDDT"), *APOLOGIES[life])
    assert (second.code, second.rule) == ("apologised_already", RULE.cited.basis)
    assert second.instead and second.facts["number"] == "1/PXL-GDDT"
    assert refused(draft(9, on(4, 9, month=9)), *APOLOGIES[life]).code == "apologised_already"


@pytest.mark.parametrize("life", NOT_OWED)
def test_nobody_apologises_where_nothing_is_owed(life):
    assert refused(ISSUE, *APOLOGIES[life]).code == "no_apology_owed"
    assert refused(DRAFT, *APOLOGIES[life]).code == "no_apology_owed"


# Delivered


def test_it_is_delivered_once():
    assert only(ApologyDelivered, when(DELIVER, OPEN_BREACH, ISSUE)).proof == "250 queued"
    assert when(DELIVER, OPEN_BREACH, ISSUE, DELIVER) == []
    assert when(FAIL, OPEN_BREACH, ISSUE, DELIVER) == []


def test_what_could_not_be_delivered_is_handed_over_at_the_desk():
    failed = only(ApologyUndeliverable, when(FAIL, OPEN_BREACH, ISSUE))
    assert (failed.way, failed.failed_at) == ("email", FAIL.at)
    assert when(FAIL, OPEN_BREACH, ISSUE, FAIL) == []
    handed = only(ApologyDelivered, when(DELIVER_BY_HAND, OPEN_BREACH, ISSUE, FAIL))
    assert (handed.way, handed.by) == ("desk", OFFICER)


@pytest.mark.parametrize("life", [*NOT_OWED, "due", "forecast", "answered"])
def test_nothing_is_delivered_before_it_is_signed(life):
    assert refused(DELIVER, *APOLOGIES[life]).code == "not_signed"


# Lapsed


def test_an_apology_lapses_where_it_was_answered_in_time_after_all():
    lapsed = only(ApologyLapsed, when(LAPSE, OPEN_BREACH))
    assert (lapsed.ground, lapsed.lapsed_at) == ("answered_in_time", on(28, 8))
    assert when(LAPSE, OPEN_BREACH, LAPSE) == []


def test_another_due_date_ends_what_is_owed_for_a_forecast_but_not_for_a_breach():
    assert kinds(when(LAPSE_FORECAST, OPEN_FORECAST)) == [ApologyLapsed]
    assert when(LAPSE_FORECAST, OPEN_BREACH) == []
    assert when(LAPSE_FORECAST, OPEN_FORECAST, OPEN_BREACH) == []


def test_after_it_lapsed_a_breach_is_owed_again_with_a_draft_and_a_last_moment_of_its_own():
    due, written = when(OPEN_BREACH, OPEN_FORECAST, Notice(now=on(26, 18)), LAPSE_FORECAST)
    assert (due.cause, written.draft) == ("breach", 2)
    life = (OPEN_FORECAST, Notice(now=on(26, 18)), LAPSE_FORECAST, OPEN_BREACH)
    assert only(ApologyMissed, when(MISSED, *life)).issue_by == on(28, 17)


@pytest.mark.parametrize("life", SIGNED)
def test_what_was_signed_does_not_lapse(life):
    assert when(LAPSE, *APOLOGIES[life]) == []


def test_moments_are_kept_as_they_were_and_not_as_they_were_seen():
    late = replace(OPEN_BREACH, noticed_at=DUE + dt.timedelta(days=3))
    due = only(ApologyDue, when(late))
    assert (due.became_at, due.noticed_at) == (DUE, DUE + dt.timedelta(days=3))
