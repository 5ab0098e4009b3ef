"""Working time: how many intervals one core counts a second, over the reviewed calendar.

An interval is one appointment (receipt and amount given, `due` answers the moment; half in working days, half in
working hours, both with the 15:00 cut-off) or one measurement (`time_between` of two moments, as lateness and the pace
of a unit take it). Two measurements come to one appointment. Amounts are 1 to 40 working days, which is what
procedures of education have; nothing is remembered from one interval to the next.

The peer is what a straightforward programmer writes: walk day by day, look each day up in two sets, clip its office
hours. It comes to the same answers (checked before anything is timed). Processor time, not wall time: both sides only
count.
"""

import datetime as dt
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.ground import Ground
from bench.harness import Pair, Scale
from kernel.calendar import ZONE, Calendar, TimeUnit, due, time_between
from kernel.calendars import seed

NAME = "working_time"
INTERVALS = 60_000
PROMISED = 100_000  # intervals a second that were promised
CUT_OFF = dt.time(15)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Interval:
    begin: dt.datetime
    end: dt.datetime
    amount: int
    unit: TimeUnit | None  # None: the time between is measured


def intervals(count: int) -> list[Interval]:
    """The same for the same count."""
    dice = random.Random(20260822)
    made = []
    for n in range(count):
        begin = dt.datetime(2018, 1, 1, tzinfo=ZONE) + dt.timedelta(seconds=dice.randrange(9 * 365 * 86_400))
        days = dice.randint(1, 40)
        unit: TimeUnit | None = (None, "working_days", None, None, "working_hours", None)[n % 6]
        made.append(
            Interval(
                begin=begin,
                end=begin + dt.timedelta(days=days * 7 / 5, seconds=dice.randrange(86_400)),
                amount=days * (8 if unit == "working_hours" else 1),
                unit=unit,
            )
        )
    return made


class DayByDay:
    """The peer."""

    def __init__(self, calendar: Calendar) -> None:
        self.rest = set(calendar.rest)
        self.worked = set(calendar.worked)
        self.weekend = calendar.weekend
        self.hours = calendar.hours

    def working(self, day: dt.date) -> bool:
        return day in self.worked or (day.isoweekday() not in self.weekend and day not in self.rest)

    def office(self, day: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
        if not self.working(day):
            return []
        return [
            (dt.datetime.combine(day, opens, ZONE), dt.datetime.combine(day, closes, ZONE))
            for opens, closes in self.hours
        ]

    def time_between(self, begin: dt.datetime, end: dt.datetime) -> dt.timedelta:
        total, day = dt.timedelta(), begin.date()
        while day <= end.date():
            for opens, closes in self.office(day):
                since, until = max(opens, begin), min(closes, end)
                if since < until:
                    total += until - since
            day += DAY
        return total

    def due(self, received: dt.datetime, amount: int, unit: TimeUnit) -> dt.datetime:
        day = received.date()
        if received.timetz().replace(tzinfo=None) > CUT_OFF or not self.working(day):
            day += DAY
            while not self.working(day):
                day += DAY
            received = dt.datetime.combine(day, dt.time(), ZONE)
        if unit == "working_days":
            while amount:
                day += DAY
                amount -= self.working(day)
            return dt.datetime.combine(day, self.hours[-1][1], ZONE)
        left = dt.timedelta(hours=amount)
        while True:
            for opens, closes in self.office(day):
                since = max(opens, received)
                if since < closes:
                    if left <= closes - since:
                        return since + left
                    left -= closes - since
            day += DAY


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    """Raises RuntimeError where the two sides do not come to the same answers."""
    calendar = seed()
    walk = DayByDay(calendar)
    made = intervals(scale.of(INTERVALS))

    def by_table(each: Interval) -> dt.datetime | dt.timedelta:
        if each.unit is None:
            return time_between(each.begin, each.end, calendar)
        return due(each.begin, each.amount, each.unit, CUT_OFF, calendar)

    def by_walking(each: Interval) -> dt.datetime | dt.timedelta:
        if each.unit is None:
            return walk.time_between(each.begin, each.end)
        return walk.due(each.begin, each.amount, each.unit)

    if any(by_table(each) != by_walking(each) for each in made):
        raise RuntimeError("the two sides do not count the same")

    def rate(count: Callable[[Interval], object]) -> float:
        started = time.process_time()
        for each in made:
            count(each)
        return len(made) / (time.process_time() - started)

    yield Pair(
        NAME,
        f"appointments and lateness by table ({rate(by_table):,.0f} at first, {PROMISED:,} promised) ÷ day by day",
        "intervals/s a core",
        10,
        lambda: rate(by_table),
        lambda: rate(by_walking),
    )
