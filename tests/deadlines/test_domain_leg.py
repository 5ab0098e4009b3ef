"""The clock of a step of a transfer: counted as promises are, overdue once, moved by the calendar, late or not."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from deadlines.samples import (
    APPLICATION,
    CHANGED,
    CHANGED_FAR,
    KNOWN,
    LEG_DUE,
    LEG_OVERDUE,
    RECOUNT_LEG,
    START_LEG,
    STORMY,
    TRANSFER,
    finish_leg,
    history,
    known,
    on,
)
from kernel.calendar import Declared, with_changes
from kernel.decider import fold
from schemas.calendar import CalendarDay
from schemas.deadlines import Late, LegFinished, LegMoved, LegOverdue, LegStarted
from services.deadlines.domain.leg import Notice, Recount, decide, leg, leg_stream
from services.deadlines.projection.leg import leg as view
from test_laws import remember

ABOUT: dict[str, Any] = {
    "transfer": TRANSFER,
    "application": APPLICATION,
    "step": "release",
    "turn": 1,
    "unit": "thpt-le-loi",
}


def given(*commands: Any) -> Any:
    return fold(leg, history(leg, *commands))


def test_a_step_that_is_opened_is_due_after_its_working_days():
    (started,) = decide(START_LEG, leg.initial)
    assert started == LegStarted(
        **ABOUT,
        days=3,
        started_at=START_LEG.opened_at,
        due_at=LEG_DUE,
        calendar=KNOWN.calendar.version,
        rule=START_LEG.rule,
    )


@pytest.mark.parametrize(
    ("opened", "days", "due"),
    [
        (on(20, 9), 1, on(21, 17)),
        (on(21, 10), 1, on(22, 17)),  # Saturday 22/8 is worked instead of Monday 31/8
        (on(21, 16, 30), 1, on(22, 17)),  # no cut-off: from one office to another the hour does not matter
        (on(23, 10), 1, on(24, 17)),  # opened on a Sunday
        (on(28, 10), 3, on(7, 17, month=9)),  # 31/8 to 2/9 are rest
        (on(24, 9), 0, on(24, 17)),
    ],
)
def test_days_of_rest_do_not_count_and_worked_saturdays_do(opened, days, due):
    (started,) = decide(replace(START_LEG, opened_at=opened, days=days), leg.initial)
    assert started.due_at == due


def test_opened_twice_is_opened_once_and_another_turn_is_another_leg():
    assert decide(replace(START_LEG, unit="elsewhere"), given(START_LEG)) == []
    assert leg_stream(TRANSFER, "release", 1) == leg_stream(TRANSFER, "release", 1)
    assert len({leg_stream(TRANSFER, step, turn) for step in ("release", "accept") for turn in (1, 2)}) == 4


def test_a_step_is_overdue_once_and_says_since_when_and_when_it_was_noticed():
    overdue = LegOverdue(**ABOUT, due_at=LEG_DUE, became_at=LEG_DUE, noticed_at=LEG_OVERDUE.now)
    assert decide(LEG_OVERDUE, given(START_LEG)) == [overdue]
    assert decide(Notice(now=on(30, 8)), given(START_LEG, LEG_OVERDUE)) == []
    assert decide(Notice(now=LEG_DUE), given(START_LEG)) == [], "the last minute is still in time"


@pytest.mark.parametrize(
    ("at", "outcome", "late"),
    [
        (LEG_DUE, "consented", None),
        (LEG_DUE + dt.timedelta(minutes=1), "done", Late(days=0, minutes=0)),
        (on(28, 8, 30), "done", Late(days=1, minutes=60)),
        (on(28, 8, 30), "dropped", None),
    ],
)
def test_a_step_that_ends_is_late_by_working_time_but_never_where_it_was_dropped(at, outcome, late):
    *before, finished = decide(finish_leg(at, outcome), given(START_LEG))
    assert finished == LegFinished(**ABOUT, outcome=outcome, finished_at=at, late=late)
    assert [type(each) for each in before] == ([LegOverdue] if late else []), "what nobody noticed is said now"


def test_what_had_ended_in_time_and_is_entered_later_is_not_late():
    (finished,) = decide(finish_leg(on(27, 16), noticed_at=on(28, 9)), given(START_LEG, LEG_OVERDUE))
    assert finished.late is None


def test_a_step_that_ended_is_over():
    over = given(START_LEG, finish_leg(on(26, 9)))
    for command in (START_LEG, LEG_OVERDUE, RECOUNT_LEG, finish_leg(on(28, 9))):
        assert decide(command, over) == []
    assert decide(finish_leg(on(26, 9)), leg.initial) == [], "a step that nobody opened"


def test_a_changed_calendar_moves_a_step_that_it_touches_and_no_other():
    (moved,) = decide(RECOUNT_LEG, given(START_LEG))
    assert moved == LegMoved(
        **ABOUT, due_at=on(28, 17), was_due_at=LEG_DUE, moved_at=RECOUNT_LEG.now, calendar=STORMY.version
    )
    assert decide(RECOUNT_LEG, given(START_LEG, RECOUNT_LEG)) == []
    assert decide(Recount(known=CHANGED_FAR, now=on(25, 8)), given(START_LEG)) == []


def test_an_overdue_step_whose_new_due_date_is_to_come_can_be_overdue_again_and_another_can_not():
    moved_on = given(START_LEG, LEG_OVERDUE, Recount(known=CHANGED, now=on(28, 9)))
    assert [type(each) for each in decide(Notice(now=on(29, 8)), moved_on)] == [LegOverdue]
    long_over = given(START_LEG, LEG_OVERDUE, Recount(known=CHANGED, now=on(5, 9, month=9)))
    assert decide(Notice(now=on(6, 8, month=9)), long_over) == []


def test_the_rows_alarm_is_its_due_date_until_somebody_said_that_it_passed():
    made_up = CalendarDay(date=dt.date(2026, 8, 29), kind="worked", name="x")
    back = known(with_changes(KNOWN.calendar, [Declared(1, made_up)]))
    lives = [
        ((START_LEG,), LEG_DUE),
        ((START_LEG, LEG_OVERDUE), None),
        ((START_LEG, RECOUNT_LEG), on(28, 17)),
        ((START_LEG, Recount(known=back, now=on(25, 8))), LEG_DUE),
        ((START_LEG, LEG_OVERDUE, Recount(known=CHANGED, now=on(28, 9))), on(28, 17)),
        ((START_LEG, LEG_OVERDUE, Recount(known=CHANGED, now=on(5, 9, month=9))), None),
        ((START_LEG, finish_leg(on(26, 9))), None),
    ]
    for life, alarm in lives:
        row = None
        for number, event in enumerate(history(leg, *life), 1):
            row = view.evolve[type(event)](row, remember(event, number))
        assert row.alarm_at == alarm, life
