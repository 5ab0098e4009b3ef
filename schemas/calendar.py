"""What is said about working time: days that turn out different from the reviewed calendar. Said by deadlines; every
service that counts days hears it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field

from schemas.event import Event, event

DayKind: TypeAlias = Literal["rest", "worked", "as_before"]
"""`as_before`: as the reviewed calendar has it, whatever was said since."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarDay:
    """One day, what it is now, and what it is called ("Quốc khánh", "làm bù ngày 31/8")."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    date: dt.date
    kind: DayKind
    name: Annotated[str, Field(min_length=2, max_length=200, examples=["Nghỉ bù Quốc khánh"])]


@event("deadlines.calendar_changed", version=1)
class CalendarChanged(Event, frozen=True, kw_only=True):
    """The competent body declared days of rest or make-up days. `number` counts the changes from 1; a swap is one
    change with two days. Due dates that have such a day before them are counted again and name this change."""

    number: int
    days: tuple[CalendarDay, ...]
    basis: str
    changed_at: dt.datetime
