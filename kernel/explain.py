"""Why a due date is the day it is: day by day from receipt, what was counted and what was skipped. Pure."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kernel.calendar import (
    DAY,
    ZONE,
    Calendar,
    Entry,
    Paused,
    TimeUnit,
    add_days,
    counted_from,
    due,
    local,
    time_between,
    went_on,
    working,
)

Why: TypeAlias = Literal["receipt", "after_cut_off", "counted", "made_up", "weekend", "holiday", "swapped", "paused"]
"""`swapped` is a day of rest for which another day is worked; `made_up` is the day that is worked instead."""

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One day of an explanation: its number among the counted days (0: not counted), the office minutes that counted
    (None where whole days are counted), and why. `entry` is the calendar's, where the day differs from the week and
    that is why; `name` is what the calendar calls it. `pause` is the pause that stood."""

    day: dt.date
    number: int
    why: Why
    name: str = ""
    entry: Entry | None = None
    pause: Paused | None = None
    minutes: int | None = None


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
    begin = _midnight(start) if start > came else received
    if amount == 0 and unit == "working_days":
        start = add_days(start, 0, calendar)
    stood = [
        _Stood(local(each.since).date(), went_on(each.until, cut_off, calendar), each)
        for each in pauses
        if each.until is not None and each.since < due_at
    ]
    return tuple(_explained(came, start, begin, due_at, unit, calendar, stood))


@dataclass(frozen=True, slots=True)
class _Stood:
    """A pause that ended: the day on which it began, and the working day on which the clock went on."""

    since: dt.date
    on: dt.date
    pause: Paused


def _explained(
    came: dt.date,
    start: dt.date,
    begin: dt.datetime,
    due_at: dt.datetime,
    unit: TimeUnit,
    calendar: Calendar,
    stood: Sequence[_Stood],
) -> Iterator[Counted]:
    number, day, so_far = 0, came, 0
    while day <= local(due_at).date():
        minutes = None
        if unit == "working_hours":
            # Rounded down in all, not day by day: the days' minutes add up to the hours.
            until = min(due_at, _midnight(day + DAY))
            minutes = _ran(begin, until, calendar, stood) // MINUTE - so_far
            so_far += minutes
        counts = bool(minutes) if unit == "working_hours" else day > start
        by = next((each.pause for each in stood if each.since < day <= each.on), None)
        entry = calendar.entries.get(day)
        if day in calendar.rest:
            why: Why = "swapped" if entry and entry.swap else "holiday"
            yield Counted(day=day, number=0, why=why, name=calendar.rest[day], entry=entry, minutes=minutes)
        elif not working(day, calendar):
            yield Counted(day=day, number=0, why="weekend", minutes=minutes)
        elif day < start:
            yield Counted(day=day, number=0, why="after_cut_off", minutes=minutes)
        elif counts and by and unit == "working_days":
            yield Counted(day=day, number=0, why="paused", pause=by)
        elif counts:
            number += 1
            made_up = calendar.worked.get(day, "")
            yield Counted(
                day=day,
                number=number,
                why="made_up" if made_up else "counted",
                name=made_up,
                entry=entry if made_up else None,
                minutes=minutes,
            )
        elif day == start:
            yield Counted(day=day, number=0, why="receipt", minutes=minutes)
        else:
            during = next((each.pause for each in stood if each.since <= day <= each.on), None)
            yield Counted(day=day, number=0, why="paused", pause=during, minutes=minutes)
        day += DAY


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZONE)


def _ran(begin: dt.datetime, end: dt.datetime, calendar: Calendar, stood: Sequence[_Stood]) -> dt.timedelta:
    """Office time between two moments in which no pause stood."""
    over = ((max(each.pause.since, begin), min(each.pause.until or end, end)) for each in stood)
    return time_between(begin, end, calendar) - sum((time_between(*each, calendar) for each in over), dt.timedelta())
