"""Working time by hand-worked cases, and against a model that is slow and obviously right: minute by minute."""

import datetime as dt
import tomllib
from bisect import bisect_left
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel.calendar import (
    ZONE,
    Calendar,
    OutsideCalendar,
    add_days,
    add_time,
    closing,
    counted_from,
    days_between,
    due,
    load,
    local,
    next_working,
    time_between,
    working,
)
from kernel.calendars import SEED
from kernel.explain import explain

DATA = tomllib.loads(SEED.read_text("utf-8"))
VN = load(DATA)
THREE = dt.time(15)
# A small world for the model: two weeks with a holiday and a Saturday that is worked instead, odd office hours.
SMALL = Calendar(
    version="small",
    first=dt.date(2026, 8, 17),
    last=dt.date(2026, 9, 13),
    rest={dt.date(2026, 8, 31): "swap", dt.date(2026, 9, 1): "holiday", dt.date(2026, 9, 2): "holiday"},
    worked={dt.date(2026, 8, 22): "made up"},
    hours=((dt.time(8, 10), dt.time(11, 30)), (dt.time(13, 0), dt.time(16, 47))),
)


def at(day: int, month: int, year: int, hour: int = 10, minute: int = 0, second: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, second, tzinfo=ZONE)


# Golden cases


@pytest.mark.parametrize(
    ("received", "days", "cut_off", "expected"),
    [
        # Saturday 22/8/2026 is worked instead of Monday 31/8: a Monday-to-Friday calculator says Friday 28/8.
        (at(21, 8, 2026), 5, None, dt.date(2026, 8, 27)),
        (at(21, 8, 2026), 5, THREE, dt.date(2026, 8, 27)),
        # Over the National Day, both results: which one is a setting of the procedure.
        (at(28, 8, 2026, 15, 30), 3, THREE, dt.date(2026, 9, 8)),
        (at(28, 8, 2026, 15, 30), 3, None, dt.date(2026, 9, 7)),
        # The cut-off: the hour itself is before, a second later is after.
        (at(24, 8, 2026, 14, 59), 1, THREE, dt.date(2026, 8, 25)),
        (at(24, 8, 2026, 15, 0), 1, THREE, dt.date(2026, 8, 25)),
        (at(24, 8, 2026, 15, 0, 1), 1, THREE, dt.date(2026, 8, 26)),
        (at(24, 8, 2026, 15, 1), 1, THREE, dt.date(2026, 8, 26)),
        # 29/4/2024 rests, Saturday 4/5/2024 is worked (declared on 12/4/2024).
        (at(26, 4, 2024), 1, None, dt.date(2024, 5, 2)),
        (at(3, 5, 2024), 1, None, dt.date(2024, 5, 4)),
        # 2/5/2025 rests, Saturday 26/4/2025 is worked.
        (at(25, 4, 2025), 1, None, dt.date(2025, 4, 26)),
        (at(29, 4, 2025), 1, None, dt.date(2025, 5, 5)),
        # Tết 2025: Monday 27/1 to Friday 31/1. Tết 2026: Monday 16/2 to Friday 20/2.
        (at(24, 1, 2025), 1, None, dt.date(2025, 2, 3)),
        (at(13, 2, 2026), 1, None, dt.date(2026, 2, 23)),
        # 10/3 of the lunar year fell on Sunday 26/4/2026: Monday rests.
        (at(24, 4, 2026), 1, None, dt.date(2026, 4, 28)),
        # Swapped days at the turn of the year.
        (at(31, 12, 2025), 1, None, dt.date(2026, 1, 5)),
        (at(9, 1, 2026), 1, None, dt.date(2026, 1, 10)),
        (at(28, 12, 2018), 1, None, dt.date(2019, 1, 2)),
        (at(4, 1, 2019), 1, None, dt.date(2019, 1, 5)),
        # A dossier that comes on a Sunday: with a cut-off it counts as Monday's, without it Monday is day one.
        (at(23, 8, 2026), 1, THREE, dt.date(2026, 8, 25)),
        (at(23, 8, 2026), 1, None, dt.date(2026, 8, 24)),
        # At once means today, by closing time.
        (at(24, 8, 2026), 0, THREE, dt.date(2026, 8, 24)),
        (at(24, 8, 2026, 16), 0, THREE, dt.date(2026, 8, 25)),
    ],
)
def test_the_result_is_due_at_closing_time_of_the_day_worked_by_hand(received, days, cut_off, expected):
    assert local(due(received, days, "working_days", cut_off, VN)) == dt.datetime.combine(expected, dt.time(17), ZONE)


@pytest.mark.parametrize(
    ("received", "hours", "expected"),
    [
        (at(24, 8, 2026, 8, 0), 2, at(24, 8, 2026, 10, 0)),
        (at(24, 8, 2026, 10, 30), 2, at(24, 8, 2026, 14, 30)),  # over the noon rest
        (at(24, 8, 2026, 7, 30), 4, at(24, 8, 2026, 11, 30)),  # ends at noon, not after it
        (at(24, 8, 2026, 16, 0), 2, at(25, 8, 2026, 8, 30)),
        (at(24, 8, 2026, 22, 0), 1, at(25, 8, 2026, 8, 30)),
        (at(28, 8, 2026, 16, 0), 8, at(3, 9, 2026, 16, 30)),  # over the National Day
        (at(21, 8, 2026, 16, 0), 15, at(24, 8, 2026, 16, 0)),  # the made-up Saturday counts
    ],
)
def test_working_hours_run_while_the_office_is_open(received, hours, expected):
    assert due(received, hours, "working_hours", None, VN) == expected


def test_after_the_cut_off_working_hours_begin_the_next_morning():
    assert due(at(24, 8, 2026, 15, 30), 1, "working_hours", THREE, VN) == at(25, 8, 2026, 8, 30)


def test_due_dates_are_in_utc():
    assert due(at(24, 8, 2026), 1, "working_days", None, VN).tzinfo is dt.UTC


# The data file


@pytest.mark.parametrize("day", DATA["day"], ids=lambda each: str(each["date"]))
def test_every_day_of_the_file_says_where_it_comes_from(day):
    assert day["name"] and day["source"] and day["mark"] in {"H", "M", "L"}
    assert DATA["first"] <= day["date"] <= DATA["last"]
    assert day["rest"] or day["date"].isoweekday() in DATA["weekend"], "only a rest day can be worked instead"


@pytest.mark.parametrize("year", range(2018, 2028))
def test_every_year_has_its_holidays(year):
    names = [name for day, name in VN.rest.items() if day.year == year]
    new_year = [day for day, name in VN.rest.items() if day.year == year and "Nguyên Đán" in name]
    assert len({day for day in new_year if day.isoweekday() <= 5}) >= 3 and len(new_year) >= 5
    for holiday in ("Tết Dương lịch", "Giỗ Tổ", "Lao động", "Quốc khánh", "Giải phóng"):
        assert any(holiday in each for each in names), holiday


@pytest.mark.parametrize("year", range(2018, 2028))
def test_each_swap_gives_back_the_day_it_takes(year):
    rest = [d for d, name in VN.rest.items() if d.year == year and "hoán đổi" in name]
    assert rest == [d for d in VN.rest if d.year == year and VN.entries[d].swap]
    for day in rest:
        other = VN.entries[day].swap
        assert f"{day:%d/%m/%Y}" in VN.worked[other] and VN.entries[other].swap == day


def test_a_day_named_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        load({**DATA, "day": [*DATA["day"], DATA["day"][0]]})


def test_far_beyond_the_file_is_an_error_and_not_a_guess():
    with pytest.raises(OutsideCalendar):
        next_working(dt.date(2050, 1, 1), VN)
    with pytest.raises(OutsideCalendar):
        next_working(dt.date(1990, 1, 1), VN)


# Against the model

MINUTES = [
    moment
    for n in range((dt.date(2026, 9, 14) - dt.date(2026, 8, 17)).days * 24 * 60)
    for moment in [dt.datetime(2026, 8, 17, tzinfo=ZONE) + dt.timedelta(minutes=n)]
    if working(moment.date(), SMALL) and any(opens <= moment.time() < closes for opens, closes in SMALL.hours)
]
moments = st.integers(0, 13 * 24 * 60).map(lambda n: dt.datetime(2026, 8, 18, tzinfo=ZONE) + dt.timedelta(minutes=n))


def slow_days(day: dt.date, amount: int) -> dt.date:
    while amount or not working(day, SMALL):
        day += dt.timedelta(days=1)
        amount -= working(day, SMALL) and amount > 0
    return day


@settings(max_examples=600, deadline=None)
@given(begin=moments, minutes=st.integers(0, 2900))
@example(begin=at(21, 8, 2026, 16, 47), minutes=1)
@example(begin=at(22, 8, 2026, 11, 30), minutes=407)
def test_adding_office_time_agrees_with_counting_minutes(begin, minutes):
    expected = begin
    if minutes:
        expected = MINUTES[bisect_left(MINUTES, begin) + minutes - 1] + dt.timedelta(minutes=1)
    assert add_time(begin, dt.timedelta(minutes=minutes), SMALL) == expected


@settings(max_examples=600, deadline=None)
@given(begin=moments, end=moments)
def test_office_time_between_agrees_with_counting_minutes(begin, end):
    expected = max(0, bisect_left(MINUTES, end) - bisect_left(MINUTES, begin))
    assert time_between(begin, end, SMALL) == dt.timedelta(minutes=expected)


@settings(max_examples=600, deadline=None)
@given(begin=moments, amount=st.integers(0, 8))
def test_adding_days_agrees_with_walking(begin, amount):
    assert add_days(begin.date(), amount, SMALL) == slow_days(begin.date(), amount)


@settings(max_examples=400, deadline=None)
@given(begin=moments, minutes=st.integers(0, 2900))
def test_time_added_is_time_between(begin, minutes):
    amount = dt.timedelta(minutes=minutes)
    assert time_between(begin, add_time(begin, amount, SMALL), SMALL) == amount


days = st.dates(dt.date(2018, 1, 1), dt.date(2027, 12, 1))
times = st.times().map(lambda t: t.replace(tzinfo=None))
received = st.builds(lambda d, t: dt.datetime.combine(d, t, ZONE), days, times)


@settings(max_examples=350, deadline=None)
@given(received=received, amount=st.integers(0, 30))
def test_an_appointment_is_a_working_day_so_many_after_receipt(received, amount):
    for cut_off in (None, THREE, dt.time(17)):
        when = due(received, amount, "working_days", cut_off, VN)
        day, start = local(when).date(), counted_from(received, cut_off, VN)
        assert working(day, VN) and when == closing(when, 0, VN)
        assert days_between(start, day, VN) == amount or (amount == 0 and not working(start, VN))


@settings(max_examples=500, deadline=None)
@given(a=received, b=received, amount=st.integers(0, 30))
def test_who_comes_later_is_never_due_earlier(a, b, amount):
    early, late = sorted([a, b])
    for unit, cut_off in product(("working_days", "working_hours"), (None, THREE)):
        assert due(early, amount, unit, cut_off, VN) <= due(late, amount, unit, cut_off, VN)


@settings(max_examples=500, deadline=None)
@given(received=received, amount=st.integers(1, 20), cut_off=st.sampled_from([None, THREE]))
def test_the_explanation_ends_where_the_appointment_is_and_counts_as_many(received, amount, cut_off):
    lines = explain(received, amount, "working_days", cut_off, VN)
    assert lines[-1].day == local(due(received, amount, "working_days", cut_off, VN)).date()
    assert [each.number for each in lines if each.number] == list(range(1, amount + 1))
    assert [each.day for each in lines] == [lines[0].day + dt.timedelta(days=n) for n in range(len(lines))]
    assert lines[0].day == local(received).date()
    for each in lines:
        assert (each.number > 0) <= working(each.day, VN)
