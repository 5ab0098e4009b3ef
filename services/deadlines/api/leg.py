"""The steps of a transfer, over HTTP: until when each is due, and whether it was done in time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from kernel.access import Tracking
from kernel.service import Service
from kernel.tracking import codes
from kernel.web import Here, Who
from services.deadlines.api.access import check_sees
from services.deadlines.api.deadline import Lateness, find, units

router = APIRouter(tags=["Thời hạn / Deadlines"])
COLUMNS = "SELECT leg.*, clock.code FROM view.leg LEFT JOIN view.clock ON clock.application = leg.application"


class Leg(BaseModel):
    """One step of a transfer. `turn` counts how often it was opened; `late` is None while it is open, and in time."""

    application: UUID
    step: str
    turn: int
    unit: str
    days: int
    started_at: dt.datetime
    due_at: dt.datetime
    open: bool
    overdue: bool
    outcome: str
    finished_at: dt.datetime | None
    late: Lateness | None
    rule: str
    code: str


async def legs_of(service: Service, id: UUID) -> list[Leg]:
    """The steps of a dossier, in the order in which they were opened."""
    order = " WHERE leg.application = $1 ORDER BY leg.started_at, leg.due_at, leg.stream"
    return told(await service.pool.fetch(COLUMNS + order, f"application-{id}"))


async def open_legs(service: Service, unit: str, until: dt.date, most: int) -> list[Leg]:
    """The open steps of a unit ("" : of all) that are due up to a day, by the clock in Việt Nam, the earliest first."""
    found = await service.pool.fetch(
        COLUMNS + " WHERE leg.open AND ($1 = '' OR leg.unit = $1)"
        " AND leg.due_at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'"
        " ORDER BY leg.due_at, leg.stream LIMIT $3",
        unit,
        until,
        most,
    )
    return told(found)


def told(rows: Sequence[Mapping[str, Any]]) -> list[Leg]:
    """Rows as they are told."""
    return [
        Leg(
            **{name: row[name] for name in Leg.model_fields if name not in ("application", "late", "code")},
            application=UUID(row["application"].partition("-")[2]),
            late=None if row["late_days"] is None else Lateness(days=row["late_days"], minutes=row["late_minutes"]),
            code=row["code"] or "",
        )
        for row in rows
    ]


@router.get("/applications/{id}/legs", summary="The steps of a dossier that is a transfer")
async def legs(service: Here, actor: Who, id: UUID, motcua_tracking: Tracking = "") -> list[Leg]:
    """For officers of its units and of the units that have one of its steps, and for whoever has its tracking code. A
    dossier that is no transfer has none."""
    row = await find(service, id)
    found = await legs_of(service, id)
    check_sees(actor, units(row) | {each.unit for each in found}, tracks=codes(service).opens(motcua_tracking, id))
    return found
