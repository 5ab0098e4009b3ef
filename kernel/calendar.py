"""Working time in Việt Nam: which days count, and when an appointment falls. Pure arithmetic over a data file.

Days are counted as the Civil Code counts them (Bộ luật Dân sự 2015 Điều 147 and 148): the day of the event is not
counted, and a last day on a rest day ends on the next working day. A swap makes one working day rest and one Saturday
working; both are days of the data file, each with its source. Times are aware datetimes; answers are in UTC. Việt Nam
has kept UTC+7 without summer time since 1975, so the zone is written here and needs no database of zones.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
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

# Inside, a moment is a day's proleptic ordinal and the microseconds since its midnight in Việt Nam: whole numbers are
# several times faster to count with than dates and timedeltas.
_ZERO = dt.datetime(1970, 1, 1, tzinfo=ZONE).astimezone(dt.UTC)
_ZERO_DAY = dt.date(1970, 1, 1).toordinal()
_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE


class OutsideCalendar(ValueError):
    """The calendar's data file does not reach that far. Add the years that are missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What a day rests on that differs from the week: the document, how sure we are of it (H, M, L; "" where it was
    declared), the number of the change that declared it (0: it was reviewed), and the other day where it is one half
    of a swap."""

    basis: str
    mark: str = ""
    change: int = 0
    swap: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Which days and hours are worked. `first` and `last` are the days that somebody reviewed.

    `weekend` holds ISO weekdays (6 Saturday, 7 Sunday). `rest` and `worked` name the days that differ from the week.
    `entries` say what those days rest on, `weekend_basis` what the week does. `hours` are the office's opening hours of
    a working day, in order, without overlap. `number` counts the changes that operators declared after the review.
    """

    version: str
    number: int = 0
    first: dt.date
    last: dt.date
    weekend: frozenset[int] = frozenset({6, 7})
    rest: Mapping[dt.date, str] = field(default_factory=dict)
    worked: Mapping[dt.date, str] = field(default_factory=dict)
    entries: Mapping[dt.date, Entry] = field(default_factory=dict)
    weekend_basis: str = ""
    hours: tuple[tuple[dt.time, dt.time], ...] = ((dt.time(7, 30), dt.time(11, 30)), (dt.time(13, 30), dt.time(17, 0)))

    @cached_property
    def table_from(self) -> int:
        """The ordinal of the first day of the tables."""
        return self.first.toordinal() - _BEYOND

    @cached_property
    def ordinals(self) -> list[int]:
        """The working days as proleptic ordinals, ascending: the n-th one is a look-up."""
        days = range(self.table_from, self.last.toordinal() + _BEYOND)
        return [day for day in days if working(dt.date.fromordinal(day), self)]

    @cached_property
    def before(self) -> list[int]:
        """How many working days lie before each day from `table_from` on: counting is a difference of two look-ups."""
        worked = set(self.ordinals)
        days = range(self.table_from, self.last.toordinal() + _BEYOND)
        return list(accumulate((day in worked for day in days), initial=0))

    @cached_property
    def closings(self) -> list[dt.datetime]:
        """Closing time of each of those working days: a hundred thousand appointments share some hundreds of them."""
        return [_moment(day, self.spans[-1][1]) for day in self.ordinals]

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The opening hours in microseconds since midnight."""
        return tuple((_since_midnight(opens), _since_midnight(closes)) for opens, closes in self.hours)

    @cached_property
    def office(self) -> int:
        """The office time of a whole day in microseconds."""
        return sum(closes - opens for opens, closes in self.spans)

    @cached_property
    def full_day(self) -> dt.timedelta:
        return dt.timedelta(microseconds=self.office)


@dataclass(frozen=True, kw_only=True, slots=True)
class Paused:
    """When a clock stood; None: it stands still."""

    since: dt.datetime
    until: dt.datetime | None = None


class Late(NamedTuple):
    """Working days after the due day up to and with the day of the answer, and office minutes between the moments."""

    days: int
    minutes: int


class Declared(NamedTuple):
    """A day as an operator declared it: by which change, and on what basis."""

    number: int
    day: CalendarDay
    basis: str = ""


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
        entries={
            each["date"]: Entry(basis=each["source"], mark=each["mark"], swap=each.get("swap"))
            for each in days
            if "source" in each
        },
        weekend_basis=data.get("weekend_basis", ""),
        hours=tuple((dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)) for opens, closes in data["hours"]),
    )


def with_changes(calendar: Calendar, changes: Iterable[Declared]) -> Calendar:
    """The calendar after what operators declared, in their order. A later one wins."""
    changes = list(changes)
    number = changes[-1].number if changes else 0
    last = {each.day.date: each for each in changes}
    said = {date: each for date, each in last.items() if each.day.kind != "as_before"}
    swaps = _swaps(changes)
    return replace(
        calendar,
        version=f"{calendar.version}+{number}" if number else calendar.version,
        number=number,
        rest={date: name for date, name in calendar.rest.items() if date not in said}
        | {date: each.day.name for date, each in said.items() if each.day.kind == "rest"},
        worked={date: name for date, name in calendar.worked.items() if date not in said}
        | {date: each.day.name for date, each in said.items() if each.day.kind == "worked"},
        entries={
            **calendar.entries,
            **{
                date: Entry(basis=each.basis, change=each.number, swap=swaps.get((each.number, date)))
                for date, each in said.items()
            },
        },
    )


def _swaps(changes: Iterable[Declared]) -> dict[tuple[int, dt.date], dt.date]:
    """(Change, day) to the other day of the swap. A change that has as many days of rest as days that are worked swaps
    them, in their order."""
    by_change: dict[int, tuple[list[dt.date], list[dt.date]]] = {}
    for each in changes:
        if each.day.kind != "as_before":
            by_change.setdefault(each.number, ([], []))[each.day.kind == "worked"].append(each.day.date)
    found: dict[tuple[int, dt.date], dt.date] = {}
    for number, (rest, worked) in by_change.items():
        for one, other in zip(sorted(rest), sorted(worked), strict=True) if len(rest) == len(worked) else ():
            found |= {(number, one): other, (number, other): one}
    return found


def local(moment: dt.datetime) -> dt.datetime:
    """The same moment by the clock on the wall in Việt Nam."""
    return moment.astimezone(ZONE)


def working(day: dt.date, calendar: Calendar) -> bool:
    return day in calendar.worked or (day not in calendar.rest and day.isoweekday() not in calendar.weekend)


def next_working(day: dt.date, calendar: Calendar) -> dt.date:
    """The first working day after `day`."""
    return add_days(day, 1, calendar)


def add_days(day: dt.date, amount: int, calendar: Calendar) -> dt.date:
    """The `amount`-th working day after `day`, which itself is not counted; for 0, `day` or the next working day.

    A negative amount goes back: between the answer and `day` lie as many working days, `day` counted if it is one.
    """
    return dt.date.fromordinal(_add_days(day.toordinal(), amount, calendar))


def days_between(after: dt.date, until: dt.date, calendar: Calendar) -> int:
    """How many working days lie after `after` up to and with `until`; negative where `until` is earlier."""
    return _days_until(until.toordinal(), calendar) - _days_until(after.toordinal(), calendar)


def closing(moment: dt.datetime, days: int, calendar: Calendar) -> dt.datetime:
    """Closing time of the working day that is so many after the day of a moment, as in `add_days`."""
    return calendar.closings[_index(_split(moment)[0], days, calendar)]


def counted_from(received: dt.datetime, cut_off: dt.time | None, calendar: Calendar) -> dt.date:
    """The day that counts as the day of receipt.

    With a cut-off, what comes after it, or on a day of rest, counts as received on the next working day (NĐ
    61/2018/NĐ-CP Điều 19: after 15:00; the hour itself is still before). Without one it is the day it came.
    """
    return dt.date.fromordinal(_receipt(received, cut_off, calendar)[1])


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
    began, up to and with the day on which it ended (the next working day, where it ended after the cut-off or the last
    office hour, or on a day of rest); where hours are counted by its office time. A pause that has not ended moves
    nothing yet. Pauses come in their order and do not overlap.
    """
    came, start = _receipt(received, cut_off, calendar)
    if unit == "working_days":
        return _due_by_days(start, amount, cut_off, calendar, pauses)
    begin = _moment(start, 0) if start > came else received
    return _due_by_hours(begin, amount, calendar, pauses)


def _due_by_days(
    start: int, amount: int, cut_off: dt.time | None, calendar: Calendar, pauses: Iterable[Paused]
) -> dt.datetime:
    if amount == 0:  # what is due at once on a day of rest is due on the next working day: pauses count from there
        start = _add_days(start, 0, calendar)
    due_at, counted = calendar.closings[_index(start, amount, calendar)], start
    for each in pauses:
        if each.until is None or each.since >= due_at:
            continue
        began, ended = max(_split(each.since)[0], counted), _went_on(each.until, cut_off, calendar)
        amount += max(0, _days_until(ended, calendar) - _days_until(began, calendar))
        due_at, counted = calendar.closings[_index(start, amount, calendar)], max(counted, ended)
    return due_at


def went_on(until: dt.datetime, cut_off: dt.time | None, calendar: Calendar) -> dt.date:
    """The working day on which a clock goes on that stood until then."""
    return dt.date.fromordinal(_went_on(until, cut_off, calendar))


def _went_on(until: dt.datetime, cut_off: dt.time | None, calendar: Calendar) -> int:
    day, since = _split(until)
    closed = calendar.spans[-1][1] if cut_off is None else min(calendar.spans[-1][1], _since_midnight(cut_off))
    return _add_days(day, 1 if since > closed else 0, calendar)


def _due_by_hours(begin: dt.datetime, amount: int, calendar: Calendar, pauses: Iterable[Paused]) -> dt.datetime:
    office = amount * _HOUR
    due_at = _add_office(begin, office, calendar)
    for each in pauses:
        if each.until is None or each.since >= due_at:
            continue
        office += _office_between(max(each.since, begin), each.until, calendar)
        due_at = _add_office(begin, office, calendar)
    return due_at


def late(due_at: dt.datetime, answered: dt.datetime, calendar: Calendar) -> Late:
    """How much working time lies between a due moment and a later answer."""
    days = days_between(local(due_at).date(), local(answered).date(), calendar)
    return Late(days=max(0, days), minutes=time_between(due_at, answered, calendar) // dt.timedelta(minutes=1))


def add_time(begin: dt.datetime, amount: dt.timedelta, calendar: Calendar) -> dt.datetime:
    """The first moment by which `amount` of office time has passed since `begin`."""
    return _add_office(begin, amount // dt.timedelta(microseconds=1), calendar)


def time_between(begin: dt.datetime, end: dt.datetime, calendar: Calendar) -> dt.timedelta:
    """Office time that passed from `begin` to `end`; zero where `end` is not later."""
    return dt.timedelta(0, 0, _office_between(begin, end, calendar))


def deal_out(
    begin: dt.datetime, end: dt.datetime, weights: Sequence[int], calendar: Calendar
) -> tuple[dt.datetime, ...]:
    """Where each share of the office time between two moments ends. Not all weights may be 0."""
    total, since = sum(weights), _office_until(begin, calendar)
    office = max(0, _office_until(end, calendar) - since)
    ends = []
    for so_far in accumulate(weights):
        share = _nearest(office * so_far, total)
        ends.append(
            end if so_far == total else _when(since + share, calendar) if share > 0 else begin.astimezone(dt.UTC)
        )
    return tuple(ends)


def _receipt(received: dt.datetime, cut_off: dt.time | None, calendar: Calendar) -> tuple[int, int]:
    """The day on which it came, and the day that counts as the day of receipt."""
    came, since = _split(received)
    if cut_off is None:
        return came, came
    return came, _add_days(came, 1 if since > _since_midnight(cut_off) else 0, calendar)


def _split(moment: dt.datetime) -> tuple[int, int]:
    gap = moment - _ZERO
    return gap.days + _ZERO_DAY, gap.seconds * 1_000_000 + gap.microseconds


def _moment(day: int, since: int) -> dt.datetime:
    return _ZERO + dt.timedelta(day - _ZERO_DAY, 0, since)


def _since_midnight(time: dt.time) -> int:
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000_000 + time.microsecond


def _days_until(day: int, calendar: Calendar) -> int:
    """How many working days of the table come up to and with `day`."""
    index = day - calendar.table_from + 1
    if not 0 < index < len(calendar.before):
        raise _outside(calendar)
    return calendar.before[index]


def _add_days(day: int, amount: int, calendar: Calendar) -> int:
    return calendar.ordinals[_index(day, amount, calendar)]


def _index(day: int, amount: int, calendar: Calendar) -> int:
    """Which working day of the table is the `amount`-th after `day`."""
    until = _days_until(day, calendar)
    if amount == 0 and calendar.ordinals[until - 1] != day:
        amount = 1
    index = until + amount - 1
    if not 0 <= index < len(calendar.ordinals):
        raise _outside(calendar)
    return index


def _office_until(moment: dt.datetime, calendar: Calendar) -> int:
    """Office microseconds from the beginning of the table."""
    gap = moment - _ZERO
    index = gap.days + _ZERO_DAY - calendar.table_from
    if not 0 <= index < len(calendar.before) - 1:
        raise _outside(calendar)
    days = calendar.before[index]
    office = days * calendar.office
    if calendar.before[index + 1] > days:
        since = gap.seconds * 1_000_000 + gap.microseconds
        for opens, closes in calendar.spans:
            if since <= opens:
                break
            office += min(since, closes) - opens
    return office


def _office_between(begin: dt.datetime, end: dt.datetime, calendar: Calendar) -> int:
    return _office_until(end, calendar) - _office_until(begin, calendar) if end > begin else 0


def _add_office(begin: dt.datetime, office: int, calendar: Calendar) -> dt.datetime:
    return _when(_office_until(begin, calendar) + office, calendar) if office > 0 else begin.astimezone(dt.UTC)


def _when(office: int, calendar: Calendar) -> dt.datetime:
    """The first moment by which so much office time has passed since the beginning of the table."""
    # Reckoned from the last microsecond, so that a day's last one ends at closing time and not the next morning.
    index, left = divmod(office - 1, calendar.office)
    if index >= len(calendar.ordinals):
        raise _outside(calendar)
    for opens, closes in calendar.spans:
        if left < closes - opens:
            return _moment(calendar.ordinals[index], opens + left + 1)
        left -= closes - opens
    raise AssertionError("a day with less office time than a day has")


def _nearest(amount: int, parts: int) -> int:
    """A part of a positive amount, to the nearest whole; a half to the even one, as timedeltas are divided."""
    whole, left = divmod(amount, parts)
    return whole + (2 * left + (whole & 1) > parts)


def _outside(calendar: Calendar) -> OutsideCalendar:
    return OutsideCalendar(f"calendar {calendar.version} covers {calendar.first} to {calendar.last}")
