"""Lists: what a unit has before it, and its cases."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from kernel.access import Staff, own
from kernel.service import Service
from kernel.web import Here
from schemas.people import Person
from services.transfers.api.reading import opened

router = APIRouter(tags=["Chuyển trường / Transfers"])
MOST = 200
WORK = ("code", "step", "turn", "unit", "from_school", "to_school", "kind", "special", "opened_at", "due_at", "to_unit")
LINE = ("code", "status", "kind", "special", "from_school", "to_school", "submitted_at", "outcome")
INBOX = """
SELECT s.*, t.code, t.special, t.kind, t.pupil, t.who, t.submitted_at, t.held, t.to_class, t.consultation
FROM view.step s JOIN view.transfer t ON t.stream = s.stream
WHERE s.status = 'open' AND ($1 = '' OR s.unit = $1)
ORDER BY s.due_at NULLS LAST, s.opened_at, s.stream LIMIT $2
"""
ESCALATED = """
SELECT s.*, t.code, t.special, t.kind, t.pupil, t.who, t.submitted_at, t.held, t.to_class, t.consultation
FROM view.step s JOIN view.transfer t ON t.stream = s.stream
WHERE s.status = 'open' AND s.to_unit <> '' AND ($1 = '' OR s.to_unit = $1) ORDER BY s.due_at, s.stream LIMIT $2
"""
ATTENTION = """
SELECT * FROM view.transfer WHERE status = 'open' AND (elsewhere IS NOT NULL OR lost_at IS NOT NULL)
AND ($1 = '' OR from_school = $1 OR to_school = $1 OR received_by = $1) ORDER BY submitted_at LIMIT $2
"""
CASES = """
SELECT * FROM view.transfer
WHERE ($1 = '' OR from_school = $1 OR to_school = $1 OR received_by = $1 OR decided_by = $1)
AND ($2 = '' OR status = $2) AND (submitted_at, stream) < ($3, $4)
ORDER BY submitted_at DESC, stream DESC LIMIT $5
"""
Status = Literal["undescribed", "requested", "open", "granted", "completed", "refused", "closed"]


class Work(BaseModel):
    """An open step. `pupil` is null where the person was erased. `waits`: the head can't act before something else
    happens (a class with a place, or the leadership's answer)."""

    application: UUID
    code: str
    step: str
    turn: int
    unit: str
    pupil: str | None
    from_school: str
    to_school: str
    kind: str
    special: bool
    opened_at: dt.datetime
    due_at: dt.datetime | None
    overdue: bool
    to_unit: str
    waits: Literal["", "class", "place", "answer"]


class CaseLine(BaseModel):
    """A case in a list."""

    application: UUID
    code: str
    status: Status
    kind: str
    special: bool
    from_school: str
    to_school: str
    submitted_at: dt.datetime
    outcome: str


class Attention(CaseLine):
    """A case that a person should look at: `elsewhere`, the pupil is known at another school; or it lost the place that
    was kept for it, at `lost_at`, for `place_why` (`place_late`: to one that was entered late)."""

    elsewhere: str | None
    lost_at: dt.datetime | None
    place_why: str
    place_late: bool


class Cases(BaseModel):
    """A page of cases, the newest first. `next`: ask for the next page with it; "" at the end."""

    cases: list[CaseLine]
    next: str


async def work(service: Service, unit: str = "", *, escalated: bool = False, most: int = MOST) -> list[Work]:
    """Open steps of a unit ("" : of all), the nearest due first; or those that were told to it as overdue."""
    rows = await service.pool.fetch(ESCALATED if escalated else INBOX, unit, most)
    people = await opened(service, *((row["pupil"], row["who"], Person) for row in rows))
    now = service.clock.now()
    return [
        Work(
            application=UUID(row["application"].partition("-")[2]),
            pupil=person.name if person else None,
            overdue=row["due_at"] is not None and row["due_at"] < now,
            waits=_waits(row),
            **{name: row[name] for name in WORK},
        )
        for row, person in zip(rows, people, strict=True)
    ]


def _waits(row: Any) -> Literal["", "class", "place", "answer"]:
    if row["step"] == "consult":
        return "answer" if row["consultation"] else ""
    if row["step"] != "accept":
        return ""
    return "class" if not row["to_class"] else "" if row["held"] else "place"


async def cases(
    service: Service, unit: str = "", status: str = "", after: tuple[dt.datetime, str] | None = None, most: int = 50
) -> list[Any]:
    """Cases of a unit ("" : of all), the newest first."""
    before, stream = after or (dt.datetime(9999, 1, 1, tzinfo=dt.UTC), "")
    found: list[Any] = await service.pool.fetch(CASES, unit, status, before, stream, most)
    return found


async def attention(service: Service, unit: str = "") -> list[Attention]:
    """Cases that a person should look at, of a unit ("" : of all)."""
    more = ("elsewhere", "lost_at", "place_why", "place_late")
    rows = await service.pool.fetch(ATTENTION, unit, MOST)
    return [Attention(**line(row).model_dump(), **{name: row[name] for name in more}) for row in rows]


def line(row: Any) -> CaseLine:
    return CaseLine(
        application=UUID(row["application"].partition("-")[2]),
        **{name: row[name] for name in LINE},
    )


@router.get("/inbox", summary="Open steps of a unit, the nearest due first (staff)")
async def get_inbox(
    service: Here, actor: Staff, unit: Annotated[str, Query(max_length=60)] = "", escalated: bool = False
) -> list[Work]:
    """Officers see their own unit's; `escalated=true`: what was told to it as overdue elsewhere."""
    return await work(service, own(actor, unit), escalated=escalated)


@router.get("/inbox/attention", summary="Cases that a person should look at (staff)")
async def get_attention(
    service: Here, actor: Staff, unit: Annotated[str, Query(max_length=60)] = ""
) -> list[Attention]:
    """Pupils who are known at another school, and cases that lost the place that was kept for them."""
    return await attention(service, own(actor, unit))


@router.get("/transfers", summary="Cases of a unit, the newest first (staff)")
async def get_transfers(
    service: Here,
    actor: Staff,
    unit: Annotated[str, Query(max_length=60)] = "",
    status: Status | None = None,
    after: Annotated[str, Query(max_length=120, pattern=r"^([0-9TZ:.+-]+~transfer-[0-9a-f-]{36})?$")] = "",
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Cases:
    """`GET /transfers?status=open`. Officers see their own unit's."""
    rows = await cases(service, own(actor, unit), status or "", cursor(after), size + 1)
    page = rows[:size]
    last = f"{page[-1]['submitted_at'].isoformat()}~{page[-1]['stream']}" if len(rows) > size else ""
    return Cases(cases=[line(each) for each in page], next=last.replace("+00:00", "Z"))


def cursor(text: str) -> tuple[dt.datetime, str] | None:
    """Where a page goes on. Raises a field error where it can't be read."""
    if not text:
        return None
    at, _, stream = text.partition("~")
    try:
        moment = dt.datetime.fromisoformat(at)
        if not 1900 <= moment.year < 2200:  # beyond that the database has no such moment in every zone
            raise ValueError
    except ValueError:
        raise RequestValidationError([{"type": "datetime_parsing", "loc": ("query", "after")}]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC), stream
