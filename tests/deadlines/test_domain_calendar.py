"""The calendar's changes and the numbers of letters: given, when, then."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from kernel.calendars import seed
from kernel.decider import Rejected, fold
from kernel.letters import TakeNumber
from schemas.calendar import CalendarDay
from services.deadlines.domain import calendar as c
from services.deadlines.domain import letters as n

NOW = dt.datetime(2026, 8, 24, 3, 0, tzinfo=dt.UTC)
REST = CalendarDay(date=dt.date(2026, 12, 31), kind="rest", name="Nghỉ hoán đổi")
WORKED = CalendarDay(date=dt.date(2027, 1, 9), kind="worked", name="Làm bù")


def change(number: int, *days: CalendarDay) -> c.ChangeCalendar:
    return c.ChangeCalendar(reviewed=seed(), number=number, days=days, basis="Thông báo 1", at=NOW)


FIRST = fold(c.calendar, c.decide(change(1, REST, WORKED), c.Changes()))


def test_a_swap_is_one_change_of_two_days():
    [event] = c.decide(change(1, REST, WORKED), c.Changes())
    assert (event.number, event.days, event.changed_at) == (1, (REST, WORKED), NOW)


def test_the_same_number_again_changes_nothing():
    assert c.decide(change(1, REST, WORKED), FIRST) == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (change(3, REST), "no_such_change"),
        (change(1, WORKED), "no_such_change"),  # somebody else's first change is in force
        (change(2), "no_days"),
        (change(2, REST, REST), "day_twice"),
        (change(2, CalendarDay(date=dt.date(2036, 1, 1), kind="rest", name="xa")), "day_too_far"),
        (change(2, CalendarDay(date=dt.date(2016, 1, 1), kind="rest", name="xa")), "day_too_far"),
    ],
)
def test_what_can_not_be_declared(command, code):
    with pytest.raises(Rejected) as refused:
        c.decide(command, FIRST)
    assert refused.value.code == code


def day(date: str, kind: Any) -> CalendarDay:
    return CalendarDay(date=dt.date.fromisoformat(date), kind=kind, name="khai báo")


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(day("2026-08-30", "rest"), id="a Sunday rests anyway"),
        pytest.param(day("2026-09-02", "rest"), id="a holiday rests anyway"),
        pytest.param(day("2026-08-31", "rest"), id="the other half of the reviewed swap"),
        pytest.param(day("2026-12-31", "rest"), id="declared before"),
        pytest.param(day("2026-08-22", "worked"), id="a Saturday that is worked already"),
        pytest.param(day("2026-09-03", "worked"), id="a working day"),
        pytest.param(day("2026-09-03", "as_before"), id="nothing was said of it"),
    ],
)
def test_a_day_that_would_change_nothing_is_refused_and_named(same):
    with pytest.raises(Rejected) as refused:
        c.decide(change(2, day("2026-09-04", "rest"), same), FIRST)
    assert (refused.value.code, refused.value.facts["days"]) == ("nothing_changes", [str(same.date)])
    assert f"{same.date:%d/%m/%Y}" in refused.value.says.vi and "04/09/2026" not in refused.value.says.vi


@pytest.mark.parametrize(
    "days",
    [
        [day("2026-12-31", "as_before"), day("2027-01-09", "as_before")],  # the swap is taken back
        [day("2027-01-09", "rest")],  # a Saturday that was to be worked
        [day("2026-09-02", "worked")],
    ],
)
def test_a_day_that_is_another_thing_now_may_be_declared(days):
    [event] = c.decide(change(2, *days), FIRST)
    assert event.days == tuple(days)


def test_numbers_of_letters_follow_each_other_and_none_is_given_twice():
    state, given = n.letters.initial, []
    for request in (1, 1, 2, 2, 3):
        events = n.letters.decide(TakeNumber(unit="so-gddt", year=2026, request=UUID(int=request)), state)
        state = fold(n.letters, events, state)
        given.append(state.last)
    assert given == [1, 1, 2, 2, 3]
    assert n.letters_stream("so-gddt", 2026) != n.letters_stream("so-gddt", 2027)
