"""The calendar in force: the reviewed seed, and on top of it what operators declared since, which every service that
counts days hears and keeps in a view of one row.
"""

import tomllib
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import holidays
import msgspec

from kernel.calendar import Calendar, load, with_changes
from kernel.clock import monotonic
from kernel.handlers import Key, Row, View
from kernel.service import Service
from schemas.calendar import CalendarChanged, CalendarDay
from schemas.event import Recorded

SEED = Path(__file__).with_name("calendars") / "vietnam.toml"
UNREVIEWED_YEARS = 3  # after the last reviewed one: an appointment may reach into them
FRESH = 0.5  # seconds
_days = msgspec.json.Decoder(list[tuple[int, CalendarDay]])


@cache
def seed() -> Calendar:
    """The reviewed days, and for the years after them the public holidays that the `holidays` package expects."""
    reviewed = load(tomllib.loads(SEED.read_text(encoding="utf-8")))
    years = range(reviewed.last.year + 1, reviewed.last.year + 1 + UNREVIEWED_YEARS)
    expected = holidays.country_holidays("VN", years=years, language="vi")
    rest = {day: f"{name} (dự kiến)" for day, name in expected.items()}
    return replace(reviewed, rest={**reviewed.rest, **rest})


class CalendarRow(Row, frozen=True, kw_only=True):
    """All changes so far; `days` is JSON: [[number, {date, kind, name}], …], oldest first."""

    id: str
    number: int
    days: str


def _changed(row: CalendarRow | None, recorded: Recorded) -> CalendarRow:
    event: Any = recorded.event
    days = [*(_days.decode(row.days) if row else ()), *((event.number, each) for each in event.days)]
    return CalendarRow(id="vietnam", number=event.number, days=msgspec.json.encode(days).decode())


def _the_one(recorded: Recorded) -> Key:
    return ("vietnam",)


calendar = View("calendar", CalendarRow, {CalendarChanged: _changed}, key=_the_one, key_columns=("id",), shared=True)


@lru_cache(maxsize=64)
def _with(days: str, until: int) -> Calendar:
    return with_changes(seed(), (each for each in _days.decode(days) if each[0] <= until))


class Calendars:
    """A service's calendar, looked up at most twice a second."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._row: tuple[float, int, str] = (0.0, 0, "[]")

    async def now(self) -> Calendar:
        """The calendar in force."""
        number, days = await self._changes()
        return _with(days, number)

    async def as_of(self, number: int) -> Calendar:
        """The calendar after that many changes."""
        _, days = await self._changes()
        return _with(days, number)

    async def changes(self) -> list[tuple[int, CalendarDay]]:
        """What was declared so far, oldest first, each with the number of its change."""
        return _days.decode((await self._changes())[1])

    async def _changes(self) -> tuple[int, str]:
        until, number, days = self._row
        if until < monotonic():
            row = await self._service.pool.fetchrow("SELECT number, days FROM view.calendar")
            number, days = (row["number"], row["days"]) if row else (0, "[]")
            self._row = (monotonic() + FRESH, number, days)
        return number, days
