"""Why a due date is that day: every reason with what it rests on, by hand. The property tests are beside those of due
dates (test_calendar.py, test_calendar_pauses.py)."""

import datetime as dt

import pytest

from kernel.calendar import Declared, Entry, Paused, with_changes
from kernel.explain import Counted, explain
from schemas.calendar import CalendarDay
from tests.kernel.test_calendar import THREE, VN, at


def on(day: dt.date, lines: tuple[Counted, ...]) -> Counted:
    return next(each for each in lines if each.day == day)


def test_the_explanation_of_the_national_day_names_every_reason():
    lines = explain(at(28, 8, 2026, 15, 30), 3, "working_days", THREE, VN)
    assert [(each.day.day, each.number, each.why) for each in lines] == [
        (28, 0, "after_cut_off"),
        (29, 0, "weekend"),
        (30, 0, "weekend"),
        (31, 0, "swapped"),
        (1, 0, "holiday"),
        (2, 0, "holiday"),
        (3, 0, "receipt"),
        (4, 1, "counted"),
        (5, 0, "weekend"),
        (6, 0, "weekend"),
        (7, 2, "counted"),
        (8, 3, "counted"),
    ]


# Swaps: BNV and BLĐTBXH, the announcements in kernel/calendars/vietnam.toml


@pytest.mark.parametrize(
    ("received", "amount", "rest", "worked", "ministry"),
    [
        pytest.param(at(25, 4, 2025), 5, dt.date(2025, 5, 2), dt.date(2025, 4, 26), "Lao động", id="2025"),
        pytest.param(at(21, 8, 2026), 8, dt.date(2026, 8, 31), dt.date(2026, 8, 22), "Nội vụ", id="2026"),
    ],
)
def test_a_swapped_day_names_the_saturday_that_is_worked_instead_and_the_other_way_round(
    received, amount, rest, worked, ministry
):
    lines = explain(received, amount, "working_days", None, VN)
    off, made_up = on(rest, lines), on(worked, lines)
    assert (off.why, off.number, off.entry.swap) == ("swapped", 0, worked)
    assert (made_up.why, made_up.number, made_up.entry.swap) == ("made_up", 1, rest)
    for each in (off, made_up):
        assert ministry in each.entry.basis and (each.entry.mark, each.entry.change) == ("H", 0)


def test_a_holiday_beside_a_swap_is_no_swapped_day_and_names_the_labour_code():
    lines = explain(at(21, 8, 2026), 8, "working_days", None, VN)
    for day in (1, 2):
        found = on(dt.date(2026, 9, day), lines)
        assert (found.why, found.entry.swap) == ("holiday", None) and "Bộ luật Lao động" in found.entry.basis


def test_a_saturday_that_is_not_worked_instead_of_a_day_is_a_weekend():
    assert on(dt.date(2026, 8, 29), explain(at(21, 8, 2026), 8, "working_days", None, VN)).why == "weekend"
    assert "188/1999" in VN.weekend_basis


def declared(number: int, *days: tuple[dt.date, str]) -> list[Declared]:
    made = [CalendarDay(date=day, kind=kind, name="khai báo") for day, kind in days]
    return [Declared(number, each, f"Công điện {number}") for each in made]


MON, TUE, SAT = dt.date(2026, 10, 5), dt.date(2026, 10, 6), dt.date(2026, 10, 10)


@pytest.mark.parametrize(
    ("changes", "why", "entry"),
    [
        (declared(1, (MON, "rest"), (SAT, "worked")), "swapped", Entry(basis="Công điện 1", change=1, swap=SAT)),
        (declared(1, (MON, "rest")), "holiday", Entry(basis="Công điện 1", change=1)),
        (declared(1, (MON, "rest"), (TUE, "rest"), (SAT, "worked")), "holiday", Entry(basis="Công điện 1", change=1)),
        # The later change is the one that counts, and what is as before rests on nothing.
        (
            declared(1, (MON, "rest"), (SAT, "worked")) + declared(2, (MON, "rest")),
            "holiday",
            Entry(basis="Công điện 2", change=2),
        ),
        (declared(1, (MON, "rest"), (SAT, "worked")) + declared(2, (MON, "as_before")), "counted", None),
    ],
)
def test_a_declared_day_names_its_change_and_its_basis(changes, why, entry):
    found = on(MON, explain(at(2, 10, 2026), 5, "working_days", None, with_changes(VN, changes)))
    assert (found.why, found.entry) == (why, entry)


def test_a_day_on_which_a_clock_stood_names_the_pause():
    pause = Paused(since=at(24, 8, 2026), until=at(26, 8, 2026))
    lines = explain(at(21, 8, 2026), 5, "working_days", None, VN, [pause])
    assert [(each.day.day, each.pause) for each in lines if each.why == "paused"] == [(25, pause), (26, pause)]


# Hours, and what is due at once


def test_the_minutes_of_an_explanation_in_hours_with_a_pause():
    pauses = [Paused(since=at(24, 8, 2026, 9), until=at(26, 8, 2026, 9))]
    lines = explain(at(24, 8, 2026, 8), 2, "working_hours", None, VN, pauses)
    assert [(each.day.day, each.number, each.why, each.minutes) for each in lines] == [
        (24, 1, "counted", 60),
        (25, 0, "paused", 0),
        (26, 2, "counted", 60),
    ]


def test_what_is_due_at_once_counts_no_day():
    lines = explain(at(5, 9, 2026), 0, "working_days", None, VN)
    assert [(each.day.day, each.number, each.why) for each in lines] == [
        (5, 0, "weekend"),
        (6, 0, "weekend"),
        (7, 0, "receipt"),
    ]
