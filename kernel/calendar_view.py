"""What operators declared of working time, as a view of one row. Every service that counts days keeps it."""

from typing import Any

import msgspec

from kernel.calendar import Declared
from kernel.handlers import Key, Row, View
from schemas.calendar import CalendarChanged
from schemas.event import Recorded

_days = msgspec.json.Decoder(list[Declared])


class CalendarRow(Row, frozen=True, kw_only=True):
    """All changes so far; `days` is JSON: [[number, {date, kind, name}, basis], …], oldest first."""

    id: str
    number: int
    days: str


def read_days(text: str) -> list[Declared]:
    """What a row's `days` say."""
    return _days.decode(text)


def _changed(row: CalendarRow | None, recorded: Recorded) -> CalendarRow:
    event: Any = recorded.event
    days = [*(read_days(row.days) if row else ()), *(Declared(event.number, each, event.basis) for each in event.days)]
    return CalendarRow(id="vietnam", number=event.number, days=msgspec.json.encode(days).decode())


def _the_one(recorded: Recorded) -> Key:
    return ("vietnam",)


calendar = View("calendar", CalendarRow, {CalendarChanged: _changed}, key=_the_one, key_columns=("id",), shared=True)
