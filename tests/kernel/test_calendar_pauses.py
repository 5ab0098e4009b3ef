"""Pauses, changes of the calendar, lateness and explanations: by hand, and against a slow model.

Sources: BLLĐ = Bộ luật Lao động 2019 Điều 112 (holidays), BNV = the announcement of the swap by Bộ Nội vụ (before 2025
Bộ Lao động - Thương binh và Xã hội); both are in kernel/calendars/vietnam.toml. How days are counted is Bộ luật Dân sự
2015 Điều 147 and 148, the cut-off is NĐ 61/2018/NĐ-CP Điều 19.
"""

import datetime as dt
from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate, islice, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.calendar import (
    ZONE,
    Declared,
    OutsideCalendar,
    Paused,
    add_days,
    add_time,
    closing,
    counted_from,
    days_between,
    deal_out,
    due,
    late,
    local,
    time_between,
    with_changes,
    working,
)
from kernel.calendars import UNREVIEWED_YEARS, seed
from kernel.explain import explain
from schemas.calendar import CalendarDay
from tests.kernel.test_calendar import MINUTES, SMALL, THREE, VN, at, moments

MINUTE = dt.timedelta(minutes=1)


def paused(since: dt.datetime, until: dt.datetime | None) -> Paused:
    return Paused(since=since, until=until)


# Pauses by hand


@pytest.mark.parametrize(
    ("received", "days", "pauses", "expected"),
    [
        pytest.param(
            at(24, 8, 2026), 3, [(at(25, 8, 2026), at(25, 8, 2026, 16))], dt.date(2026, 8, 27), id="within a day: none"
        ),
        pytest.param(
            at(24, 8, 2026), 3, [(at(25, 8, 2026, 16), at(26, 8, 2026, 8))], dt.date(2026, 8, 28), id="one night: a day"
        ),
        # From Friday 28/8 to Thursday 3/9 only Thursday is a working day (31/8 BNV, 1/9 and 2/9 BLLĐ).
        pytest.param(
            at(26, 8, 2026), 3, [(at(28, 8, 2026), at(3, 9, 2026))], dt.date(2026, 9, 4), id="over the National Day"
        ),
        # From Friday 13/2 to Monday 23/2/2026: Tết takes the whole week (BLLĐ).
        pytest.param(
            at(12, 2, 2026), 2, [(at(13, 2, 2026), at(23, 2, 2026))], dt.date(2026, 2, 24), id="over Tết 2026"
        ),
        # From Friday 21/8 to Monday 24/8: Saturday 22/8 is worked (BNV), so two days.
        pytest.param(
            at(20, 8, 2026), 2, [(at(21, 8, 2026), at(24, 8, 2026))], dt.date(2026, 8, 25), id="over a made-up Saturday"
        ),
        pytest.param(
            at(24, 8, 2026),
            3,
            [(at(25, 8, 2026), at(26, 8, 2026)), (at(27, 8, 2026), at(28, 8, 2026))],
            dt.date(2026, 9, 3),
            id="two pauses",
        ),
        pytest.param(at(24, 8, 2026), 3, [(at(25, 8, 2026), None)], dt.date(2026, 8, 27), id="not ended: none yet"),
        pytest.param(
            at(24, 8, 2026), 1, [(at(25, 8, 2026, 17, 1), at(28, 8, 2026))], dt.date(2026, 8, 25), id="after the end"
        ),
        pytest.param(
            at(24, 8, 2026), 1, [(at(25, 8, 2026, 16, 59), at(26, 8, 2026))], dt.date(2026, 8, 26), id="last minute"
        ),
        # Asked on the last day, supplied when the office is closed: it goes on the next working day (Monday 7/9).
        pytest.param(at(3, 9, 2026), 1, [(at(4, 9, 2026), at(6, 9, 2026))], dt.date(2026, 9, 7), id="until a Sunday"),
        pytest.param(at(3, 9, 2026), 1, [(at(4, 9, 2026), at(4, 9, 2026, 20))], dt.date(2026, 9, 7), id="until night"),
        # At once, come on a Saturday: due on Monday; stopped on Monday, so on the day on which it goes on.
        pytest.param(
            at(5, 9, 2026), 0, [(at(7, 9, 2026), at(9, 9, 2026))], dt.date(2026, 9, 9), id="at once, on a rest day"
        ),
    ],
)  # fmt: skip
def test_a_pause_moves_the_appointment_by_its_working_days(received, days, pauses, expected):
    over = [paused(*each) for each in pauses]
    when = due(received, days, "working_days", None, VN, over)
    assert local(when) == dt.datetime.combine(expected, dt.time(17), ZONE)
    lines = explain(received, days, "working_days", None, VN, over)
    assert lines[-1].day == expected
    assert [each.number for each in lines if each.number] == list(range(1, days + 1))


def test_what_is_supplied_after_the_cut_off_goes_on_the_next_working_day():
    asked, on_time, late = at(25, 8, 2026), at(26, 8, 2026, 15), at(26, 8, 2026, 15, 1)
    assert local(due(at(24, 8, 2026), 3, "working_days", THREE, VN, [paused(asked, on_time)])).day == 28
    # Monday 31/8 to Wednesday 2/9 are days of rest.
    assert local(due(at(24, 8, 2026), 3, "working_days", THREE, VN, [paused(asked, late)])).day == 3


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([(at(24, 8, 2026, 9), at(24, 8, 2026, 10, 30))], at(24, 8, 2026, 15, 0)),  # within the day: its 90 minutes
        ([(at(24, 8, 2026, 11, 30), at(24, 8, 2026, 13, 30))], at(24, 8, 2026, 11, 30)),  # over noon: nothing
        ([(at(24, 8, 2026, 9), at(25, 8, 2026, 9))], at(25, 8, 2026, 11, 30)),  # 7:30 stood, 2:30 are left
        # Two: 1:30 ran before the first, 1:00 between them, so 1:30 is left from 8:00 the next morning.
        (
            [(at(24, 8, 2026, 9), at(24, 8, 2026, 10)), (at(24, 8, 2026, 11), at(25, 8, 2026, 8))],
            at(25, 8, 2026, 9, 30),
        ),
        ([(at(24, 8, 2026, 14), at(24, 8, 2026, 15))], at(24, 8, 2026, 11, 30)),  # after the end
    ],
)  # fmt: skip
def test_a_pause_moves_working_hours_by_its_office_time(pauses, expected):
    over = [paused(*each) for each in pauses]
    assert due(at(24, 8, 2026, 7, 30), 4, "working_hours", None, VN, over) == expected


# Cut-offs


@pytest.mark.parametrize("cut_off", [dt.time(11), THREE, dt.time(16, 30), dt.time(17)])
def test_a_minute_before_and_at_the_cut_off_is_today_and_a_minute_after_is_tomorrow(cut_off):
    """NĐ 61/2018/NĐ-CP Điều 19: "after" 15:00, so the hour itself is still in time."""
    sharp = dt.datetime.combine(dt.date(2026, 8, 24), cut_off, ZONE)
    counted = [counted_from(sharp + minutes * MINUTE, cut_off, VN) for minutes in (-1, 0, 1)]
    assert counted == [dt.date(2026, 8, 24), dt.date(2026, 8, 24), dt.date(2026, 8, 25)]


@pytest.mark.parametrize(
    ("received", "counts_as"),
    [
        (at(24, 1, 2025, 15, 1), dt.date(2025, 2, 3)),  # BLLĐ: Tết 2025, 27/1 to 31/1
        (at(13, 2, 2026, 15, 1), dt.date(2026, 2, 23)),  # BLLĐ: Tết 2026, 16/2 to 20/2
        (at(25, 4, 2025, 15, 1), dt.date(2025, 4, 26)),  # BNV: Saturday 26/4/2025 for Friday 2/5
        (at(21, 8, 2026, 15, 1), dt.date(2026, 8, 22)),  # BNV: Saturday 22/8/2026 for Monday 31/8
        (at(9, 1, 2026, 15, 1), dt.date(2026, 1, 10)),  # BNV, not read: Saturday 10/1/2026 for Friday 2/1
        (at(10, 1, 2026, 15, 1), dt.date(2026, 1, 12)),  # a made-up Saturday has the cut-off too
    ],
)
def test_what_comes_after_the_cut_off_waits_for_the_next_day_the_office_is_open(received, counts_as):
    assert counted_from(received, THREE, VN) == counts_as


# Changes declared afterwards

SWAP = (
    Declared(1, CalendarDay(date=dt.date(2026, 8, 31), kind="rest", name="Nghỉ hoán đổi")),
    Declared(1, CalendarDay(date=dt.date(2026, 8, 22), kind="worked", name="Làm bù cho ngày 31/08/2026")),
)
BEFORE_SWAP = replace(
    VN,
    rest={day: name for day, name in VN.rest.items() if day != dt.date(2026, 8, 31)},
    worked={day: name for day, name in VN.worked.items() if day != dt.date(2026, 8, 22)},
)


def test_a_swap_declared_afterwards_moves_the_appointment_from_friday_28_8_to_thursday_27_8():
    after = with_changes(BEFORE_SWAP, SWAP)
    day = [local(due(at(21, 8, 2026), 5, "working_days", None, each)).date() for each in (BEFORE_SWAP, after, VN)]
    assert day == [dt.date(2026, 8, 28), dt.date(2026, 8, 27), dt.date(2026, 8, 27)]


def test_a_change_shows_in_the_version_and_none_does_not():
    assert with_changes(VN, []) == VN
    changed = with_changes(
        VN, [*SWAP, Declared(7, CalendarDay(date=dt.date(2026, 9, 4), kind="rest", name="Bão số 5"))]
    )
    assert (changed.version, changed.number) == (f"{VN.version}+7", 7)
    assert VN.number == 0 and "+" not in VN.version


def test_as_before_takes_a_change_back_but_counts_as_one():
    undone = with_changes(
        VN, [Declared(1, each) for each in storm("rest")] + [Declared(2, each) for each in storm("as_before")]
    )
    assert (undone.rest, undone.worked, undone.version) == (VN.rest, VN.worked, f"{VN.version}+2")
    holiday = CalendarDay(date=dt.date(2026, 9, 2), kind="worked", name="Trực")
    back = CalendarDay(date=dt.date(2026, 9, 2), kind="as_before", name="Nghỉ như cũ")
    assert working(holiday.date, with_changes(VN, [Declared(1, holiday)]))
    assert with_changes(VN, [Declared(1, holiday), Declared(2, back)]).rest[holiday.date] == "Quốc khánh"


def storm(kind) -> list[CalendarDay]:
    return [CalendarDay(date=dt.date(2026, 10, day), kind=kind, name="Bão số 9") for day in (5, 6)]


year = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
special = st.sampled_from([day for day in (*VN.rest, *VN.worked) if day.year == 2026])
changes = st.lists(st.tuples(st.one_of(year, special), st.sampled_from(["rest", "worked", "as_before"])), max_size=12)


@settings(max_examples=500, deadline=None)
@given(changes=changes)
def test_a_changed_calendar_is_the_one_that_somebody_would_have_written_by_hand(changes):
    rest, worked = dict(VN.rest), dict(VN.worked)
    for day, kind in changes:
        rest.pop(day, None), worked.pop(day, None)
        if kind == "as_before":
            rest |= {day: VN.rest[day]} if day in VN.rest else {}
            worked |= {day: VN.worked[day]} if day in VN.worked else {}
        else:
            (rest if kind == "rest" else worked)[day] = "khai báo"
    said = [Declared(n, CalendarDay(date=day, kind=kind, name="khai báo")) for n, (day, kind) in enumerate(changes, 1)]
    by_hand = replace(VN, rest=rest, worked=worked, number=len(changes))
    changed = with_changes(VN, said)
    assert replace(changed, version=VN.version, entries=VN.entries) == by_hand
    for day, _ in changes:
        assert working(day, changed) == (day in worked or (day not in rest and day.isoweekday() <= 5))


# Lateness


@pytest.mark.parametrize(
    ("answered", "days", "minutes"),
    [
        (at(27, 8, 2026, 17, 0), 0, 0),
        (at(27, 8, 2026, 20, 0), 0, 0),  # the office is closed: nobody worked meanwhile
        (at(28, 8, 2026, 7, 31), 1, 1),
        (at(28, 8, 2026, 13, 30, 59), 1, 240),
        (at(30, 8, 2026), 1, 450),  # on Sunday: Friday is what it is late by
        (at(3, 9, 2026, 8, 0), 2, 480),  # 31/8 BNV, 1/9 and 2/9 BLLĐ are not late days
        (at(26, 8, 2026), 0, 0),  # before it is due
    ],
)
def test_lateness_is_told_in_working_days_and_office_minutes(answered, days, minutes):
    assert late(at(27, 8, 2026, 17, 0), answered, VN) == (days, minutes)


# The years that nobody reviewed


def test_the_years_after_the_reviewed_ones_are_marked_as_expected():
    beyond = {day: name for day, name in seed().rest.items() if day > VN.last}
    assert {day.year for day in beyond} == {VN.last.year + n for n in range(1, UNREVIEWED_YEARS + 1)}
    assert all(name.endswith("(dự kiến)") for name in beyond.values())
    assert {day: name for day, name in seed().rest.items() if day <= VN.last} == VN.rest
    assert not any("(dự kiến)" in name for name in VN.rest.values())
    for each in range(VN.last.year + 1, VN.last.year + 1 + UNREVIEWED_YEARS):
        assert {dt.date(each, 1, 1), dt.date(each, 4, 30), dt.date(each, 5, 1), dt.date(each, 9, 2)} <= beyond.keys()
        assert sum(day.year == each and "Tết" in name and "Dương" not in name for day, name in beyond.items()) >= 5


def test_a_count_that_reaches_outside_the_table_is_an_error_and_not_cut_short():
    for outside in (at(1, 1, 1990), at(1, 1, 2050)):
        with pytest.raises(OutsideCalendar):
            days_between(*sorted([outside.date(), dt.date(2026, 1, 1)]), VN)
        with pytest.raises(OutsideCalendar):
            time_between(*sorted([outside, at(1, 1, 2026)]), VN)


# Against the model


def slow_due(received, amount, unit, cut_off, pauses):
    """Walks on: minute by minute past the minutes that stood, or day by day, one more for each day that stood."""
    start = received.date()
    if cut_off and (received.time() > cut_off or not working(start, SMALL)):
        start = walk(start, 1)
        received = dt.datetime.combine(start, dt.time(), ZONE)
    if unit == "working_hours":
        minutes = islice(MINUTES, bisect_left(MINUTES, received), None)
        running = (m for m in minutes if not any(p.since <= m < p.until for p in pauses))
        return received if amount == 0 else [next(running) for _ in range(amount * 60)][-1] + MINUTE
    first = start if working(start, SMALL) or amount else walk(start, 1)
    end = walk(first, amount)
    counted: set[dt.date] = set()
    for each in pauses:
        if each.since < dt.datetime.combine(end, SMALL.hours[-1][1], ZONE):
            on = each.until.date()
            closed = min(cut_off or SMALL.hours[-1][1], SMALL.hours[-1][1])
            while not working(on, SMALL) or (on == each.until.date() and each.until.time() > closed):
                on += dt.timedelta(days=1)
            stood = [each.since.date() + dt.timedelta(days=n) for n in range(1, 30)]
            more = {day for day in stood if first < day <= on and working(day, SMALL)} - counted
            counted |= more
            end = walk(end, len(more))
    return dt.datetime.combine(end, SMALL.hours[-1][1], ZONE)


def walk(day, amount):
    while amount:
        day += dt.timedelta(days=1)
        amount -= working(day, SMALL)
    return day


WAYS = tuple(product(("working_days", "working_hours"), (None, THREE)))  # each case is counted in all of them


EDGES = sorted({edge for span in SMALL.hours for edge in span} | {THREE})


def edge(moment):
    """The next moment at which the office opens, closes or cuts off."""
    days = (moment.date(), moment.date() + dt.timedelta(days=1))
    found = (dt.datetime.combine(day, each, ZONE) for day, each in product(days, EDGES))
    return next(each for each in found if each >= moment)


def moved(moment, minutes):
    """So many minutes later, as it falls or at the next edge: that is where rules differ."""
    later = minutes.map(lambda n: moment + n * MINUTE)
    return st.one_of(later, later.map(edge))


early = moved(at(18, 8, 2026, 0), st.integers(0, 8 * 24 * 60))
a_while = st.one_of(st.integers(1, 90), st.integers(1, 3000))


@st.composite
def receipts(draw):
    """A moment of receipt, and up to two pauses after it, in their order."""
    received = draw(early)
    found, moment = [], received
    for _ in range(draw(st.integers(0, 2))):
        since = draw(moved(moment, a_while))
        moment = draw(moved(since, a_while))
        found.append(paused(since, moment))
    return received, found


@settings(max_examples=800, deadline=None)
@given(case=receipts(), amount=st.integers(0, 12))
def test_an_appointment_with_pauses_agrees_with_walking(case, amount):
    received, pauses = case
    for unit, cut_off in WAYS:
        days = amount or int(unit == "working_hours")  # no procedure has 0 hours
        assert due(received, days, unit, cut_off, SMALL, pauses) == slow_due(received, days, unit, cut_off, pauses)


@settings(max_examples=500, deadline=None)
@given(case=receipts(), seconds=st.integers(0, 59), amount=st.integers(0, 12))
def test_an_explanation_with_pauses_ends_when_it_is_due_and_adds_up(case, seconds, amount):
    received, pauses = case
    received += dt.timedelta(seconds=seconds)
    for unit, cut_off in WAYS:
        adds_up(received, amount or int(unit == "working_hours"), unit, cut_off, pauses)


def adds_up(received, amount, unit, cut, pauses):
    lines = explain(received, amount, unit, cut, SMALL, pauses)
    assert lines[0].day == received.date()
    assert lines[-1].day == local(due(received, amount, unit, cut, SMALL, pauses)).date()
    assert all(b.day - a.day == dt.timedelta(days=1) for a, b in pairwise(lines))
    numbers = [each.number for each in lines if each.number]
    assert numbers == list(range(1, len(numbers) + 1))
    if unit == "working_days":
        assert len(numbers) == amount and all(each.minutes is None for each in lines)
    else:
        assert sum(each.minutes for each in lines) == amount * 60
        assert all((each.minutes > 0) == (each.number > 0) for each in lines)


@settings(max_examples=300, deadline=None)
@given(begin=moments, end=moments, weights=st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any))
def test_the_shares_of_a_time_add_up_to_it(begin, end, weights):
    begin, end = sorted([begin, end])
    ends = deal_out(begin, end, weights, SMALL)
    shares = [time_between(a, b, SMALL) for a, b in pairwise([begin, *ends])]
    office = time_between(begin, end, SMALL)
    assert ends[-1] == end and list(ends) == sorted(ends)
    assert sum(shares, dt.timedelta()) == office
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - office * weight / sum(weights)) <= dt.timedelta(microseconds=1)


sharp = st.integers(0, 13 * 24 * 3600 * 10**6).map(lambda n: at(18, 8, 2026, 0) + dt.timedelta(microseconds=n))


@settings(max_examples=1000, deadline=None)
@given(
    begin=sharp,
    end=sharp,
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any),
)
def test_shares_end_where_each_of_them_added_to_the_beginning_would_end(begin, end, weights):
    begin, end = sorted([begin, end])
    office, total = time_between(begin, end, SMALL), sum(weights)
    shares = [add_time(begin, office * so_far / total, SMALL) for so_far in accumulate(weights)]
    plain = [end if so_far == total else each for so_far, each in zip(accumulate(weights), shares, strict=True)]
    assert list(deal_out(begin, end, weights, SMALL)) == plain


@settings(max_examples=1000, deadline=None)
@given(
    moment=st.integers(0, 9 * 365 * 24 * 60).map(lambda n: at(1, 1, 2019, 0) + n * MINUTE),
    days=st.integers(-60, 60),
)
def test_closing_time_so_many_days_on_is_the_last_office_hour_of_that_day(moment, days):
    day = add_days(local(moment).date(), days, VN)
    assert closing(moment, days, VN) == dt.datetime.combine(day, VN.hours[-1][1], ZONE)


@settings(max_examples=1000, deadline=None)
@given(day=st.dates(dt.date(2019, 1, 1), dt.date(2027, 12, 31)), amount=st.integers(1, 60))
def test_going_back_so_many_days_is_the_way_that_was_gone(day, amount):
    assert days_between(add_days(day, -amount, VN), day, VN) == amount
