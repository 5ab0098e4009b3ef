"""A clock's life: given what happened to a dossier, when something happens or time passes, then what is said of it."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from deadlines.samples import (
    ANSWER,
    ANSWER_AGAIN_LATE,
    ANSWER_LATE,
    APOLOGY,
    BEGIN,
    BEGIN_HEAD,
    CENTRE,
    CHANGED,
    DUE,
    ELSEWHERE,
    EXPERTS,
    FAR_DAY,
    FORECAST,
    HEAD_OFFICE,
    KNOWN,
    LIVES,
    MOVED_ELSEWHERE,
    NEW_DUE,
    NO_SUPPLEMENT,
    OUTLOOK,
    OVERDUE,
    PASS_ON,
    PAUSE,
    PROMISE,
    REAPPOINT,
    RECEIVED,
    RECOUNT,
    RECOUNT_IN_VAIN,
    RESTART,
    START,
    STORM,
    WITHDRAWN,
    answer,
    begin,
    history,
    notice,
    on,
    pause,
    resume,
    start,
)
from intake.samples import promised
from kernel.decider import fold
from schemas.deadlines import (
    ApplicationAnswered,
    ApplicationOverdue,
    ClockEnded,
    ClockPaused,
    ClockResumed,
    DueDateApproaching,
    DueDateConfirmed,
    DueDateMoved,
    DueDateSet,
    Late,
    LatenessForecast,
    OverdueLifted,
    Reappointed,
    ReappointmentBroken,
    ReappointmentKept,
    StageFinished,
    StageOverdue,
    StageStarted,
    SupplementLapsed,
)
from schemas.event import Event
from services.deadlines.domain.clock import Command, Forecast, PassOn, Reappoint, Recount, clock, clock_stream
from services.deadlines.domain.running import Clock

MINUTE = dt.timedelta(minutes=1)
OVERDUE_TWICE = (START, BEGIN, notice(on(26, 16, 30)), begin(on(27, 8), 3, "head", HEAD_OFFICE), OVERDUE)
TRANSITIONS = (DueDateApproaching, ApplicationOverdue, StageOverdue, SupplementLapsed, ReappointmentBroken)


def given(*commands: Command) -> Clock:
    return fold(clock, history(clock, *commands))


def when(command: Command, *before: Command) -> list[Event]:
    return list(clock.decide(command, given(*before)))


def only(kind: type[Event], events: list[Event]) -> Any:
    """The one event of this kind."""
    [found] = [each for each in events if type(each) is kind]
    return found


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(each) for each in events]


# The promise


def test_a_received_dossier_is_due_as_its_receipt_says_and_knows_when_to_warn_and_to_look_ahead():
    due, stage = when(START)
    assert (due.promise.due_at, due.warn_at) == (on(27, 17), on(26, 17))
    assert (due.notice_by, due.forecast_from) == (on(26, 17), on(24, 17))
    assert (stage.stage, stage.role, stage.unit, stage.due_at) == (1, "one_stop", CENTRE, PROMISE.stages[0].due_at)


def test_a_time_of_one_day_leaves_no_time_for_a_warning_or_a_notice():
    short = promised(on(24, 18), "urgent")  # counts as received on the 25th
    due = only(DueDateSet, when(start(short, on(26, 17, 30))))
    assert (due.warn_at, due.notice_by, due.forecast_from) == (None, None, None)


def test_lateness_is_looked_for_from_receipt_where_the_time_is_short():
    received = on(24, 9)
    due = only(DueDateSet, when(start(promised(received, "urgent"), received)))
    assert (due.notice_by, due.forecast_from) == (on(25, 17), received)


def test_receiving_it_twice_starts_one_clock():
    assert when(START, START) == []
    assert clock_stream(START.application) == clock_stream(START.application) != clock_stream("application-2")


def test_before_receipt_nothing_runs():
    for command in (PAUSE, RESTART, BEGIN, ANSWER, WITHDRAWN, PASS_ON, OVERDUE, RECOUNT, FORECAST, REAPPOINT):
        assert when(command) == []


def test_an_imported_dossier_keeps_the_last_appointment_that_the_other_system_gave():
    first, _, moved = when(start(ELSEWHERE, on(19, 10), moved=(MOVED_ELSEWHERE,)))
    assert first.promise == ELSEWHERE
    assert (moved.was, moved.promise, moved.cause) == (ELSEWHERE.due_at, MOVED_ELSEWHERE, "imported")
    assert only(ApplicationOverdue, when(notice(on(29, 8)), *LIVES["imported"])).due_at == MOVED_ELSEWHERE.due_at


def test_what_another_system_promised_stays_whatever_the_calendar_does():
    assert kinds(when(RECOUNT, *LIVES["imported"])) == [DueDateConfirmed]


# What time brings


def test_nothing_is_said_before_its_time_and_the_last_minute_is_still_in_time():
    assert when(notice(on(22, 9)), START) == []
    assert ApplicationOverdue not in kinds(when(notice(DUE), START, BEGIN))
    assert ApplicationOverdue in kinds(when(notice(DUE + MINUTE), START, BEGIN))


def test_overdue_is_said_once_with_the_moment_it_became_true_and_the_moment_it_was_seen():
    overdue = only(ApplicationOverdue, when(OVERDUE, START, BEGIN))
    assert (overdue.became_at, overdue.noticed_at, overdue.apologise_by) == (DUE, on(28, 7), on(28, 17))
    assert (overdue.unit, overdue.role) == (EXPERTS, "expert")
    assert when(notice(on(28, 12)), START, BEGIN, OVERDUE) == []


def test_after_an_outage_all_that_was_missed_is_said_in_the_order_in_which_it_became_true():
    events = when(notice(on(8, 8, month=9)), START, BEGIN, REAPPOINT)
    assert kinds(events) == [StageOverdue, DueDateApproaching, ApplicationOverdue, ReappointmentBroken]
    assert [each.became_at for each in events] == [PROMISE.stages[1].due_at, on(26, 17), DUE, NEW_DUE]
    assert {each.noticed_at for each in events} == {on(8, 8, month=9)}


def test_what_happens_says_first_what_time_had_brought():
    events = when(ANSWER_LATE, START, BEGIN)
    assert kinds(events) == [
        *(StageOverdue, DueDateApproaching, ApplicationOverdue),
        *(StageFinished, ApplicationAnswered),
    ]
    assert only(ApplicationOverdue, events).became_at == DUE


def test_a_stage_is_overdue_while_the_dossier_is_still_in_time():
    stage = only(StageOverdue, when(notice(on(26, 16, 30)), START, BEGIN))
    assert (stage.stage, stage.unit, stage.became_at) == (2, EXPERTS, PROMISE.stages[1].due_at)
    assert kinds(when(notice(on(26, 16, 30)), START, BEGIN, BEGIN_HEAD)) == []


def test_each_stage_can_be_overdue_by_itself():
    expert, head = (each for each in history(clock, *OVERDUE_TWICE) if isinstance(each, StageOverdue))
    assert (expert.stage, head.stage) == (2, 3)


def test_an_answer_in_time_that_was_entered_late_lifts_the_overdue():
    late_entry = answer(on(27, 16), noticed_at=on(28, 8))
    events = when(late_entry, START, BEGIN, OVERDUE)
    lifted = only(OverdueLifted, events)
    assert (lifted.due_at, lifted.ground, lifted.lifted_at) == (DUE, "answered_in_time", on(28, 8))
    assert only(ApplicationAnswered, events).late is None


def test_a_supplement_that_was_asked_in_time_and_entered_late_lifts_the_overdue():
    events = when(pause(on(27, 16)), START, BEGIN, OVERDUE)
    assert kinds(events) == [OverdueLifted, ClockPaused]
    assert only(OverdueLifted, events).ground == "moved"


# Lateness


def test_an_answer_in_time_is_not_late_and_is_laid_to_nobody():
    answered = only(ApplicationAnswered, when(ANSWER, START, BEGIN, BEGIN_HEAD))
    assert (answered.late, answered.late_unit, answered.late_role, answered.late_again) == (None, "", "", None)


@pytest.mark.parametrize(
    ("at", "days", "minutes"),
    [
        (on(27, 18), 0, 0),  # after closing on the day itself
        (on(28, 10), 1, 150),
        (on(29, 10), 1, 450),  # a Saturday: the Friday was lost whole
        (on(7, 9, month=9), 4, 3 * 450 + 90),  # past the weekend and the holiday
    ],
)
def test_lateness_is_counted_in_working_days_and_office_minutes(at, days, minutes):
    assert only(ApplicationAnswered, when(answer(at), START, BEGIN)).late == Late(days=days, minutes=minutes)


def test_lateness_is_kept_against_the_lawful_day_and_against_the_one_that_the_apology_named():
    answered = only(ApplicationAnswered, when(ANSWER_AGAIN_LATE, START, BEGIN, OVERDUE, REAPPOINT))
    assert (answered.due_at, answered.late) == (DUE, Late(days=4, minutes=1440))
    assert (answered.reappointed_at, answered.late_again) == (NEW_DUE, Late(days=1, minutes=90))


def test_a_kept_re_appointment_does_not_hide_the_first_lateness():
    events = when(ANSWER_LATE, *LIVES["reappointed"])
    answered, kept = only(ApplicationAnswered, events), only(ReappointmentKept, events)
    assert (answered.late, answered.late_again) == (Late(days=1, minutes=150), None)
    assert (kept.reappointed_at, kept.answered_at) == (NEW_DUE, on(28, 10))


def test_a_re_appointment_is_kept_to_the_last_minute_and_broken_after_it_once():
    assert when(notice(NEW_DUE), *LIVES["reappointed"]) == []
    broken = only(ReappointmentBroken, when(notice(NEW_DUE + MINUTE), *LIVES["reappointed"]))
    assert broken.became_at == NEW_DUE
    assert when(notice(on(9, 9, month=9)), *LIVES["broken"][:-1]) == []
    assert ReappointmentKept not in kinds(when(ANSWER_AGAIN_LATE, *LIVES["broken"][:-1]))


def test_a_dossier_is_re_appointed_once():
    again = Reappoint(new_due_at=on(10, 17, month=9), apology=APOLOGY)
    assert when(again, *LIVES["reappointed"]) == []
    assert only(Reappointed, when(REAPPOINT, *LIVES["overdue"])).due_at == DUE


def test_a_late_answer_is_laid_to_the_stage_that_overran_its_share_most():
    # The experts take until the 28th, the head half a day of his.
    late = when(answer(on(28, 15)), START, BEGIN, begin(on(28, 10), 3, "head", HEAD_OFFICE))
    answered = only(ApplicationAnswered, late)
    assert (answered.late_unit, answered.late_role) == (EXPERTS, "expert")
    # The experts hand over in time; the head sits on it for a week.
    late = when(ANSWER_AGAIN_LATE, START, BEGIN, BEGIN_HEAD)
    answered = only(ApplicationAnswered, late)
    assert (answered.late_unit, answered.late_role) == (HEAD_OFFICE, "head")


def test_each_stage_says_what_it_used_of_its_share_in_office_minutes():
    one_stop, expert, head = only(ApplicationAnswered, when(ANSWER, START, BEGIN, BEGIN_HEAD)).stages
    assert (one_stop.used, one_stop.allowed, one_stop.over) == (270 + 90, 504, 0)
    assert (expert.used, expert.allowed, expert.over) == (360 + 450 + 450 + 90, 1512, 0)
    assert (head.used, head.allowed, head.over) == (360 + 390, 504, 246)


# Supplements


def test_after_a_supplement_the_clock_starts_again_from_zero():
    state = given(*LIVES["restarted"])
    moved = only(DueDateMoved, history(clock, *LIVES["restarted"]))
    assert (moved.was, moved.promise.due_at, moved.cause) == (DUE, promised(on(26, 9)).due_at, "supplement_restart")
    assert state.running and (state.running.started_at, state.running.uses) == (on(26, 9), ())
    answered = only(ApplicationAnswered, clock.decide(answer(on(26, 11)), state))
    assert (answered.used, answered.late) == (120, None), "what was used before the restart is forgotten"


def test_a_clock_that_only_stood_goes_on_and_the_holiday_in_between_is_nobodys():
    events = when(resume(on(3, 9, month=9)), START, BEGIN, PAUSE)
    moved = only(DueDateMoved, events)
    # Three days were left on the 24th: the 4th, 7th and 8th of September.
    assert (moved.promise.due_at, moved.cause) == (on(8, 17, month=9), "supplement_pause")
    assert only(ClockResumed, events).resumed_at == on(3, 9, month=9)
    answered = only(
        ApplicationAnswered, when(answer(on(3, 10, month=9)), START, BEGIN, PAUSE, resume(on(3, 9, month=9)))
    )
    assert answered.stages[1].used == 360 + 90 + 60, "the pause is nobody's time"


def test_while_the_clock_stands_nothing_becomes_late_but_the_supplement_lapses_once():
    assert when(notice(on(10, 8, month=9)), START, BEGIN, PAUSE) == []
    lapsed = only(SupplementLapsed, when(NO_SUPPLEMENT, START, BEGIN, PAUSE))
    assert (lapsed.became_at, lapsed.noticed_at) == (on(14, 17, month=9), on(15, 8, month=9))
    assert when(notice(on(16, 8, month=9)), START, BEGIN, PAUSE, NO_SUPPLEMENT) == []


def test_a_lapsed_supplement_is_said_once_although_the_calendar_changes_meanwhile():
    lives = (START, BEGIN, PAUSE, NO_SUPPLEMENT, RECOUNT)
    assert DueDateMoved in kinds(history(clock, *lives))
    assert when(notice(on(16, 8, month=9)), *lives) == []


# The calendar


def test_a_new_day_of_rest_before_the_due_date_moves_it_and_names_the_day():
    moved = only(DueDateMoved, when(RECOUNT, START, BEGIN))
    assert (moved.was, moved.promise.due_at, moved.cause) == (DUE, on(28, 17), "calendar")
    assert (moved.days, moved.calendar, moved.promise.calendar) == ((STORM.date,), 1, CHANGED.calendar.version)
    assert (moved.warn_at, moved.promise.stages[-1].due_at) == (on(27, 17), on(28, 17))
    assert when(RECOUNT, START, BEGIN, RECOUNT) == []


def test_a_change_that_moves_nothing_is_confirmed_once():
    confirmed = only(DueDateConfirmed, when(RECOUNT_IN_VAIN, START, BEGIN))
    assert (confirmed.due_at, confirmed.days, confirmed.calendar) == (DUE, (FAR_DAY.date,), 1)
    assert when(RECOUNT_IN_VAIN, *LIVES["confirmed"]) == []


def test_a_day_of_rest_declared_afterwards_lifts_the_overdue_where_the_new_day_is_still_to_come():
    events = when(Recount(known=CHANGED, now=on(28, 8), days=(STORM.date,)), *LIVES["overdue"])
    assert kinds(events) == [OverdueLifted, DueDateMoved]
    assert only(OverdueLifted, events).ground == "moved"
    after = Recount(known=CHANGED, now=on(3, 8, month=9), days=(STORM.date,))
    assert kinds(when(after, *LIVES["overdue"])) == [DueDateMoved], "it is overdue by the new day too"


# Forecasts


def test_a_forecast_says_why_and_until_when_it_has_to_be_told():
    forecast = only(LatenessForecast, when(FORECAST, START, BEGIN))
    assert (forecast.outlook, forecast.notice_by, forecast.unit) == (OUTLOOK, on(26, 17), EXPERTS)
    assert when(FORECAST, START, BEGIN, FORECAST) == []


def test_nothing_is_forecast_in_vain():
    in_time = Forecast(outlook=replace(OUTLOOK, expected_at=DUE), now=on(25, 8))
    assert when(in_time, START, BEGIN) == [], "expected in time"
    assert when(Forecast(outlook=OUTLOOK, now=on(26, 18)), START, BEGIN) == [], "too late for a notice"
    assert when(FORECAST, START, PAUSE) == [], "it stands"
    assert when(FORECAST, *LIVES["overdue"]) == [], "it is overdue already"
    assert when(FORECAST, START, BEGIN, REAPPOINT) == [], "it was re-appointed already"


# Ends


@pytest.mark.parametrize("life", ["in_time", "late", "withdrawn", "stopped"])
def test_after_its_end_a_clock_says_nothing_but_who_is_responsible(life):
    for command in (PAUSE, RESTART, BEGIN_HEAD, ANSWER_LATE, WITHDRAWN, OVERDUE, RECOUNT, FORECAST, REAPPOINT):
        assert when(command, *LIVES[life]) == []
    assert len(when(PASS_ON, *LIVES[life])) == 1


def test_a_withdrawn_dossier_is_neither_late_nor_answered():
    events = when(WITHDRAWN, START, BEGIN)
    assert kinds(events) == [StageFinished, ClockEnded]
    assert only(ClockEnded, events).ground == "withdrawn"


def test_whoever_takes_over_is_named_in_all_that_follows():
    [passed_on] = when(PASS_ON, START)
    assert (passed_on.was_decided_by, passed_on.decided_by) == ("so-gddt", "so-gddt-moi")
    assert {each.decided_by for each in when(OVERDUE, START, PASS_ON)} == {"so-gddt-moi"}
    assert when(PassOn(received_by=CENTRE, decided_by="so-gddt", at=on(24, 10)), START) == []


class NoticedOftenOrOnce(RuleBasedStateMachine):
    """One dossier, heard by a service that looks all the time and by one that looks only at the end.

    What happens is the same for both. Where all of it is entered when it happens, both say the same transitions; what
    is entered late or moved by the calendar may make the first say something and lift it again. Lateness never differs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.often = history(clock, START)
        self.once = history(clock, START)
        self.now = self.last = RECEIVED
        self.known = KNOWN
        self.in_order = True

    @property
    def running(self) -> Any:
        return fold(clock, self.once).running

    def happens(self, command: Command) -> None:
        if not isinstance(command, PassOn | Reappoint | Forecast):
            command = replace(command, known=self.known)
        for heard in (self.often, self.once):
            heard.extend(clock.decide(command, fold(clock, heard)))

    def moment(self, entered_late: bool) -> dt.datetime:
        """When it happened: now, or halfway between the last happening and now."""
        at = self.last + (self.now - self.last) / 2 if entered_late else self.now
        self.in_order &= at == self.now
        self.last = at
        return at

    @rule(hours=st.sampled_from([1, 5, 24, 72, 200]))
    def time_passes(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)

    @rule()
    def one_looks(self) -> None:
        self.often += clock.decide(replace(notice(self.now), known=self.known), fold(clock, self.often))

    @precondition(lambda self: self.running.phase == "running")
    @rule(late=st.booleans(), days=st.sampled_from([None, 2, 20]))
    def a_supplement_is_asked(self, late: bool, days: int | None) -> None:
        at = self.moment(late)
        self.happens(pause(at, at + dt.timedelta(days=days) if days else None))

    @precondition(lambda self: self.running.phase == "paused")
    @rule(late=st.booleans(), restarts=st.booleans())
    def the_supplement_comes(self, late: bool, restarts: bool) -> None:
        at = self.moment(late)
        self.happens(resume(at, promised(at) if restarts else None))

    @precondition(lambda self: self.running.phase == "running" and self.running.stage.number < 3)
    @rule(late=st.booleans())
    def the_next_stage_begins(self, late: bool) -> None:
        stage = self.running.stage.number + 1
        self.happens(begin(self.moment(late), stage, PROMISE.stages[stage - 1].role, f"unit-{stage}"))

    @precondition(lambda self: self.running.reappointed_at is None and self.running.phase == "running")
    @rule()
    def an_apology_names_a_new_day(self) -> None:
        new_due_at = max(self.now, self.running.promise.due_at) + dt.timedelta(days=3)
        self.happens(Reappoint(new_due_at=new_due_at, apology=APOLOGY))

    @precondition(lambda self: self.known is KNOWN)
    @rule()
    def the_calendar_changes(self) -> None:
        self.known, self.in_order = CHANGED, False
        self.happens(Recount(known=CHANGED, now=self.now, days=(STORM.date,)))

    def teardown(self) -> None:
        self.now += dt.timedelta(hours=1)
        self.happens(answer(self.moment(entered_late=False)))
        assert only(ApplicationAnswered, self.often) == only(ApplicationAnswered, self.once)
        if self.in_order:
            assert transitions(self.often) == transitions(self.once)
        for heard in (self.often, self.once):
            nothing_is_said_twice(heard)


def transitions(events: list[Event]) -> set[tuple[str, dt.datetime]]:
    return {(each.type, each.became_at) for each in events if isinstance(each, TRANSITIONS)}


def nothing_is_said_twice(events: list[Event]) -> None:
    """Of one promise (of one pause, of one stage) each transition is said once, unless it was lifted in between."""
    forgets: dict[type[Event], tuple[type[Event], ...]] = {
        DueDateApproaching: (DueDateMoved,),
        ApplicationOverdue: (DueDateMoved, OverdueLifted),
        StageOverdue: (DueDateMoved, StageStarted),
        SupplementLapsed: (ClockPaused,),
        ReappointmentBroken: (),
    }
    said: set[type[Event]] = set()
    for each in events:
        assert type(each) not in said, f"{each.type} was said twice"
        said -= {kind for kind, by in forgets.items() if isinstance(each, by)}
        said |= {type(each)} & set(TRANSITIONS)


TestNoticedOftenOrOnce = NoticedOftenOrOnce.TestCase
TestNoticedOftenOrOnce.settings = settings(max_examples=150, stateful_step_count=15, deadline=None, derandomize=True)
