"""The calendar in force: the reviewed days, and on top of them what operators declared since."""

import tomllib
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

import holidays

from kernel.calendar import Calendar, Declared, Entry, load, with_changes
from kernel.calendar_view import read_days
from kernel.clock import monotonic
from kernel.service import Service

SEED = Path(__file__).with_name("vietnam.toml")
UNREVIEWED_YEARS = 3  # after the last reviewed one: an appointment may reach into them
UNREVIEWED = Entry(basis="Bộ luật Lao động 2019 Điều 112 (dự kiến, chưa có thông báo)", mark="L")
FRESH = 0.5  # seconds


@cache
def seed() -> Calendar:
    """The reviewed days, and for the years after them the public holidays that the `holidays` package expects."""
    reviewed = load(tomllib.loads(SEED.read_text(encoding="utf-8")))
    years = range(reviewed.last.year + 1, reviewed.last.year + 1 + UNREVIEWED_YEARS)
    expected = holidays.country_holidays("VN", years=years, language="vi")
    return replace(
        reviewed,
        rest={**reviewed.rest, **{day: f"{name} (dự kiến)" for day, name in expected.items()}},
        entries={**reviewed.entries, **dict.fromkeys(expected, UNREVIEWED)},
    )


@lru_cache(maxsize=64)
def _with(days: str, until: int) -> Calendar:
    return with_changes(seed(), (each for each in read_days(days) if each.number <= until))


class Calendars:
    """A service's calendar."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._row: tuple[float, int, str] = (0.0, 0, "[]")

    async def now(self) -> Calendar:
        """The calendar in force, at most half a second old."""
        number, days = await self._changes()
        return _with(days, number)

    async def latest(self) -> Calendar:
        """The calendar in force, as the view has it now."""
        self._row = (0.0, *self._row[1:])
        return await self.now()

    async def as_of(self, number: int) -> Calendar:
        """The calendar after that many changes."""
        _, days = await self._changes()
        return _with(days, number)

    async def changes(self) -> list[Declared]:
        """What was declared so far, oldest first."""
        return read_days((await self._changes())[1])

    async def _changes(self) -> tuple[int, str]:
        until, number, days = self._row
        if until < monotonic():
            row = await self._service.pool.fetchrow("SELECT number, days FROM view.calendar")
            number, days = (row["number"], row["days"]) if row else (0, "[]")
            self._row = (monotonic() + FRESH, number, days)
        return number, days
