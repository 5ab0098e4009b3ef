"""Working time in Việt Nam: which days count, when an appointment falls, and why. Pure arithmetic over a data file.

Days are counted as the Civil Code counts them (Bộ luật Dân sự 2015 Điều 147 and 148): the day of the event is not
counted, and a last day on a rest day ends on the next working day. A swap makes one working day rest and one Saturday
working; both are days of the data file, each with its source. Times are aware datetimes; answers are in UTC. Việt Nam
has kept UTC+7 without summer time since 1975, so the zone is written here and needs no database of zones.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal, NamedTuple, TypeAlias

from schemas.calendar import CalendarDay

ZONE = dt.timezone(dt.timedelta(hours=7), "Asia/Ho_Chi_Minh")
TimeUnit: TypeAlias = Literal["working_days", "working_hours"]
DAY = dt.timedelta(days=1)

# The table of working days reaches this far beyond the days of the data file, where only weekends are known.
_BEYOND = 2000


class OutsideCalendar(ValueError):
    """The calendar's data file does not reach that far. Add the years that are missing."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Which days and hours are worked. `first` and `last` are the days that somebody reviewed.

    `weekend` holds ISO weekdays (6 Saturday, 7 Sunday). `rest` and `worked` name the days that differ from the week.
    `hours` are the office's opening hours of a working day, in order, without overlap. `number` counts the changes
    that operators declared after the review.
    """

    version: str
    number: int = 0
    first: dt.date
    last: dt.date
    weekend: frozenset[int] = frozenset({6, 7})
    rest: Mapping[dt.date, str] = field(default_factory=dict)
    worked: Mapping[dt.date, str] = field(default_factory=dict)
    hours: tuple[tuple[dt.time, dt.time], ...] = ((dt.time(7, 30), dt.time(11, 30)), (dt.time(13, 30), dt.time(17, 0)))

    @cached_property
    def ordinals(self) -> list[int]:
        """The working days as proleptic ordinals, ascending: counting and adding are one bisection each."""
        start, end = self.first.toordinal() - _BEYOND, self.last.toordinal() + _BEYOND
        return [day for day in range(start, end) if working(dt.date.fromordinal(day), self)]

    @cached_property
    def spans(self) -> tuple[tuple[dt.timedelta, dt.timedelta], ...]:
        """The opening hours as distances from midnight."""
        return tuple((_since_midnight(opens), _since_midnight(closes)) for opens, closes in self.hours)

    @cached_property
    def full_day(self) -> dt.timedelta:
        return sum((closes - opens for opens, closes in self.spans), dt.timedelta())


@dataclass(frozen=True, kw_only=True, slots=True)
class Paused:
    """When a clock stood; None: it stands still."""

    since: dt.datetime
    until: dt.datetime | None = None


class Late(NamedTuple):
    """Working days after the due day up to and with the day of the answer, and office minutes between the moments."""

    days: int
    minutes: int


Why: TypeAlias = Literal["receipt", "after_cut_off", "counted", "made_up", "weekend", "holiday", "paused"]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One day of an explanation: its number among the counted days (0: not counted), the office minutes that counted
    (None where whole days are counted), and why."""

    day: dt.date
    number: int
    why: Why
    name: str = ""
    minutes: int | None = None


def load(data: Mapping[str, Any]) -> Calendar:
    """A calendar from its parsed data file. Raises KeyError, TypeError or ValueError for data that is not one."""
    days = data["day"]
    rest = {each["date"]: each["name"] for each in days if each["rest"]}
    worked = {each["date"]: each["name"] for each in days if not each["rest"]}
    if len(rest) + len(worked) != len(days):
        raise ValueError("a day is there twice")
    return Calendar(
        version=data["version"],
        first=data["first"],
        last=data["last"],
        weekend=frozenset(data["weekend"]),
        rest=rest,
        worked=worked,
        hours=tuple((dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)) for opens, closes in data["hours"]),
    )


def with_changes(calendar: Calendar, changes: Iterable[tuple[int, CalendarDay]]) -> Calendar:
    """The calendar after what operators declared: (number of the change, day), in their order. A later one wins."""
    changes = list(changes)
    number = changes[-1][0] if changes else 0
    last = {each.date: each for _, each in changes}
    said = {day: each for day, each in last.items() if each.kind != "as_before"}
    return replace(
        calendar,
        version=f"{calendar.version}+{number}" if number else calendar.version,
        number=number,
        rest={day: name for day, name in calendar.rest.items() if day not in said}
        | {day: each.name for day, each in said.items() if each.kind == "rest"},
        worked={day: name for day, name in calendar.worked.items() if day not in said}
        | {day: each.name for day, each in said.items() if each.kind == "worked"},
    )


def local(moment: dt.datetime) -> dt.datetime:
    """The same moment by the clock on the wall in Việt Nam."""
    return moment.astimezone(ZONE)


def working(day: dt.date, calendar: Calendar) -> bool:
    return day in calendar.worked or (day not in calendar.rest and day.isoweekday() not in calendar.weekend)


def next_working(day: dt.date, calendar: Calendar) -> dt.date:
    """The first working day after `day`."""
    return _nth(bisect_right(calendar.ordinals, day.toordinal()), calendar)


def add_days(day: dt.date, amount: int, calendar: Calendar) -> dt.date:
    """The `amount`-th working day after `day`, which itself is not counted; for 0, `day` or the next working day."""
    if amount == 0:
        return day if working(day, calendar) else next_working(day, calendar)
    return _nth(bisect_right(calendar.ordinals, day.toordinal()) + amount - 1, calendar)


def days_between(after: dt.date, until: dt.date, calendar: Calendar) -> int:
    """How many working days lie after `after` up to and with `until`; negative where `until` is earlier."""
    return bisect_right(calendar.ordinals, until.toordinal()) - bisect_right(calendar.ordinals, after.toordinal())


def closing(day: dt.date, calendar: Calendar) -> dt.datetime:
    """The end of the last office hour of a day."""
    return _at(day, calendar.spans[-1][1])


def counted_from(received: dt.datetime, cut_off: dt.time | None, calendar: Calendar) -> dt.date:
    """The day that counts as the day of receipt.

    With a cut-off, what comes after it, or on a day of rest, counts as received on the next working day (NĐ
    61/2018/NĐ-CP Điều 19: after 15:00; the hour itself is still before). Without one it is the day it came.
    """
    here = local(received)
    day = here.date()
    if cut_off is None:
        return day
    late = _since_midnight(here.time()) > _since_midnight(cut_off)
    return next_working(day, calendar) if late or not working(day, calendar) else day


def due(
    received: dt.datetime,
    amount: int,
    unit: TimeUnit,
    cut_off: dt.time | None,
    calendar: Calendar,
    pauses: Iterable[Paused] = (),
) -> dt.datetime:
    """When the result is due: at closing time of the last day, or so many working hours on.

    A pause that began before the end moves it: where days are counted by the working days after the day on which it
    began, up to and with the day on which it ended; where hours are counted by its office time. A pause that has not
    ended moves nothing yet.
    """
    start = counted_from(received, cut_off, calendar)
    begin = _at(start, dt.timedelta()) if start > local(received).date() else received
    days, time = amount, dt.timedelta(hours=amount)

    def end() -> dt.datetime:
        if unit == "working_days":
            return closing(add_days(start, days, calendar), calendar)
        return add_time(begin, time, calendar)

    due_at = end()
    for each in pauses:
        if each.until is None or each.since > due_at:
            continue
        since = max(each.since, begin)
        days += max(0, days_between(max(local(since).date(), start), local(each.until).date(), calendar))
        time += time_between(since, each.until, calendar)
        due_at = end()
    return due_at


def late(due_at: dt.datetime, answered: dt.datetime, calendar: Calendar) -> Late:
    """How much working time lies between a due moment and a later answer."""
    days = days_between(local(due_at).date(), local(answered).date(), calendar)
    return Late(days=max(0, days), minutes=time_between(due_at, answered, calendar) // dt.timedelta(minutes=1))


def add_time(begin: dt.datetime, amount: dt.timedelta, calendar: Calendar) -> dt.datetime:
    """The first moment by which `amount` of office time has passed since `begin`."""
    here = local(begin)
    midnight = dt.timedelta()
    day, since = here.date(), _since_midnight(here.time())
    if amount <= midnight:
        return begin.astimezone(dt.UTC)
    left = amount
    if working(day, calendar):
        rest_of_day = _worked_after(since, calendar)
        if left <= rest_of_day:
            return _at(day, _walk(since, left, calendar))
        left -= rest_of_day
    # Whole days are skipped by number; the last one is walked, so that it ends at closing time, not the next morning.
    whole = -(-left // calendar.full_day) - 1
    last = add_days(day, whole + 1, calendar)
    return _at(last, _walk(midnight, left - whole * calendar.full_day, calendar))


def time_between(begin: dt.datetime, end: dt.datetime, calendar: Calendar) -> dt.timedelta:
    """Office time that passed from `begin` to `end`; zero where `end` is not later."""
    if end <= begin:
        return dt.timedelta()
    first, last = local(begin), local(end)
    total = days_between(first.date(), last.date(), calendar) * calendar.full_day
    if working(first.date(), calendar):
        total += _worked_after(_since_midnight(first.time()), calendar)
    if working(last.date(), calendar):
        total -= _worked_after(_since_midnight(last.time()), calendar)
    return total


def deal_out(
    begin: dt.datetime, end: dt.datetime, weights: Sequence[int], calendar: Calendar
) -> tuple[dt.datetime, ...]:
    """Where each share of the office time between two moments ends. Not all weights may be 0."""
    total, office = sum(weights), time_between(begin, end, calendar)
    return tuple(
        end if so_far == total else add_time(begin, office * so_far / total, calendar) for so_far in accumulate(weights)
    )


def explain(
    received: dt.datetime,
    amount: int,
    unit: TimeUnit,
    cut_off: dt.time | None,
    calendar: Calendar,
    pauses: Sequence[Paused] = (),
) -> tuple[Counted, ...]:
    """Day by day from receipt to due date, what was counted and what was skipped, and why."""
    came, start = local(received).date(), counted_from(received, cut_off, calendar)
    due_at = due(received, amount, unit, cut_off, calendar, pauses)
    begin = _at(start, dt.timedelta()) if start > came else received
    ended = [each for each in pauses if each.until is not None and each.since <= due_at]
    return tuple(_explained(came, start, begin, due_at, unit, calendar, ended))


def _explained(
    came: dt.date,
    start: dt.date,
    begin: dt.datetime,
    due_at: dt.datetime,
    unit: TimeUnit,
    calendar: Calendar,
    pauses: Sequence[Paused],
) -> Iterator[Counted]:
    number, day = 0, came
    while day <= local(due_at).date():
        minutes = None
        if unit == "working_hours":
            opens, closes = max(begin, _at(day, dt.timedelta())), min(due_at, _at(day + DAY, dt.timedelta()))
            stood = ((max(each.since, opens), min(each.until or closes, closes)) for each in pauses)
            minutes = _minutes(opens, closes, calendar) - sum(_minutes(*each, calendar) for each in stood)
        counts = bool(minutes) if unit == "working_hours" else day > start
        if day in calendar.rest:
            yield Counted(day=day, number=0, why="holiday", name=calendar.rest[day], minutes=minutes)
        elif not working(day, calendar):
            yield Counted(day=day, number=0, why="weekend", minutes=minutes)
        elif day < start:
            yield Counted(day=day, number=0, why="after_cut_off", minutes=minutes)
        elif counts and unit == "working_days" and any(_stands(each, day) for each in pauses):
            yield Counted(day=day, number=0, why="paused")
        elif counts:
            number += 1
            made_up = calendar.worked.get(day, "")
            why: Why = "made_up" if made_up else "counted"
            yield Counted(day=day, number=number, why=why, name=made_up, minutes=minutes)
        elif day == came:
            yield Counted(day=day, number=0, why="receipt", minutes=minutes)
        else:
            yield Counted(day=day, number=0, why="receipt" if day == start else "paused", minutes=minutes)
        day += DAY


def _stands(pause: Paused, day: dt.date) -> bool:
    """A pause takes the days after the one on which it began, up to and with the one on which it ended."""
    return pause.until is not None and local(pause.since).date() < day <= local(pause.until).date()


def _minutes(begin: dt.datetime, end: dt.datetime, calendar: Calendar) -> int:
    return time_between(begin, end, calendar) // dt.timedelta(minutes=1)


def _nth(index: int, calendar: Calendar) -> dt.date:
    if not 0 < index < len(calendar.ordinals):
        raise OutsideCalendar(f"calendar {calendar.version} covers {calendar.first} to {calendar.last}")
    return dt.date.fromordinal(calendar.ordinals[index])


def _at(day: dt.date, since: dt.timedelta) -> dt.datetime:
    return (dt.datetime.combine(day, dt.time(), ZONE) + since).astimezone(dt.UTC)


def _since_midnight(time: dt.time) -> dt.timedelta:
    return dt.timedelta(hours=time.hour, minutes=time.minute, seconds=time.second, microseconds=time.microsecond)


def _worked_after(since: dt.timedelta, calendar: Calendar) -> dt.timedelta:
    """Office time left of a working day."""
    return sum(
        (closes - max(opens, since) for opens, closes in calendar.spans if since < closes),
        dt.timedelta(),
    )


def _walk(since: dt.timedelta, amount: dt.timedelta, calendar: Calendar) -> dt.timedelta:
    """Where in the day `amount` of office time after `since` ends; there must be as much left."""
    for opens, closes in calendar.spans:
        begin = max(opens, since)
        if begin + amount <= closes and since < closes:
            return begin + amount
        amount -= max(closes - begin, dt.timedelta())
    raise AssertionError("less office time left than asked for")
