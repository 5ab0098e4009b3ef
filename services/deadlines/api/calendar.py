"""The calendar, over HTTP: what it says of a month, what a change would move, and declaring a change."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from kernel import calendar as working_time
from kernel.access import Operator
from kernel.calendar import Calendar, Declared, with_changes
from kernel.calendars import Calendars, seed
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.calendar import CalendarDay
from schemas.event import Actor
from services.deadlines.domain.calendar import STREAM, ChangeCalendar, calendar, check_changes
from services.deadlines.domain.counting import recounted
from services.deadlines.projection.clock import read_pauses, read_promise

router = APIRouter(tags=["Lịch làm việc / Calendar"])
MOST_SHOWN = 200


class DayTold(BaseModel):
    """A day as it is counted: whether it is worked, and what it is called where it differs from the week."""

    day: dt.date
    worked: bool
    name: str


class Month(BaseModel):
    """A month of the calendar. `number` counts the changes that were declared after the review."""

    version: str
    number: int
    days: list[DayTold]


class ChangeBody(BaseModel):
    """Days that the competent body declared: a swap names both of its days. `number` is the number that the change
    will have, one more than the calendar's now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": 1,
                    "basis": "Thông báo 6150/TB-BLĐTBXH",
                    "days": [
                        {"date": "2026-12-31", "kind": "rest", "name": "Nghỉ hoán đổi"},
                        {"date": "2027-01-09", "kind": "worked", "name": "Làm bù ngày 31/12"},
                    ],
                }
            ]
        },
    )

    number: Annotated[int, Field(ge=1, le=100_000)]
    basis: Annotated[str, Field(min_length=3, max_length=300)]
    days: Annotated[tuple[CalendarDay, ...], Field(min_length=1, max_length=60)]


class Moved(BaseModel):
    code: str
    was: dt.datetime
    now: dt.datetime


class Preview(BaseModel):
    """What a change would move: how many open due dates, and the nearest ones. Nothing is written."""

    looked_at: int
    moved: int
    nearest: list[Moved]


TOUCHED = """
SELECT code, promise, pauses, started_at, due_at, stream FROM view.clock
WHERE phase IN ('running', 'paused') AND EXISTS (
    SELECT FROM unnest($1::date[]) AS d WHERE d BETWEEN (started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AND due_on
)
ORDER BY due_at LIMIT 20000
"""


async def preview(service: Service, days: tuple[CalendarDay, ...]) -> Preview:
    """What these days would move. Raises Rejected where one of them is so already."""
    changes = await service.keep(Calendars).changes()
    check_changes(days, seed(), changes)
    number = (changes[-1].number if changes else 0) + 1
    then = with_changes(seed(), [*changes, *(Declared(number, each) for each in days)])
    rows = await service.pool.fetch(TOUCHED, [each.date for each in days])
    found = [
        Moved(code=row["code"], was=row["due_at"], now=due) for row in rows if (due := _due(row, then)) != row["due_at"]
    ]
    return Preview(looked_at=len(rows), moved=len(found), nearest=found[:MOST_SHOWN])


def _due(row: Mapping[str, Any], calendar: Calendar) -> dt.datetime:
    return recounted(read_promise(row["promise"]), row["started_at"], read_pauses(row["pauses"]), calendar).due_at


async def change(service: Service, actor: Actor, body: ChangeBody, asked: Asked) -> int:
    """Declare a change; answers its number. Raises Rejected."""
    command = ChangeCalendar(
        reviewed=seed(), number=body.number, days=body.days, basis=body.basis.strip(), at=service.clock.now()
    )
    done = await service.do(calendar, STREAM, command, actor=actor, key=asked.key, fingerprint=asked.fingerprint)
    return done.state.number


async def month(service: Service, first: dt.date) -> Month:
    """The calendar of the month that begins with this day."""
    found = await service.keep(Calendars).now()
    days: list[Any] = []
    day = first
    while day.month == first.month:
        name = found.rest.get(day) or found.worked.get(day) or ""
        days.append(DayTold(day=day, worked=working_time.working(day, found), name=name))
        day += dt.timedelta(days=1)
    return Month(version=found.version, number=found.number, days=days)


@router.get("/calendar", summary="A month of the calendar")
async def get_calendar(
    service: Here, month_of: Annotated[dt.date | None, Query(ge=dt.date(2000, 1, 1), lt=dt.date(2100, 1, 1))] = None
) -> Month:
    """`GET /calendar?month_of=2026-08-01`"""
    day = month_of or working_time.local(service.clock.now()).date()
    return await month(service, day.replace(day=1))


@router.post("/calendar/preview", summary="What a change would move (operators)")
async def post_preview(service: Here, actor: Operator, body: ChangeBody) -> Preview:
    return await preview(service, body.days)


@router.post("/calendar", summary="Declare days of rest or make-up days (operators)")
async def post_calendar(service: Here, actor: Operator, asked: Ask, body: ChangeBody) -> dict[str, int]:
    """Open due dates that have such a day before them are counted again, each with this change as its cause."""
    return {"number": await change(service, actor, body, asked)}
