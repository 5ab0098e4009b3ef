"""The control slip: who had the dossier from when to when, and whether it went on in time."""

import datetime as dt

import msgspec

from kernel.calendar import local
from schemas.event import Personal, Recorded
from schemas.intake import ApplicationAssigned, ApplicationPassedOn
from services.intake.projection.column import as_json
from services.intake.projection.line import ApplicationRow, changed


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the control slip. `left_at` is when it went on; `verdict` "before", "on" or "after" time then."""

    number: int
    stage: int
    role: str
    from_unit: str
    unit: str
    giver: str
    receiver: str
    came_at: dt.datetime
    due_at: dt.datetime | None = None
    left_at: dt.datetime | None = None
    verdict: str = ""
    note: Personal[str] | None = None


def assigned(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationAssigned = recorded.event  # type: ignore[assignment]
    line = HandOver(
        number=recorded.number,
        stage=event.stage,
        role=event.role,
        from_unit=event.from_unit,
        unit=event.to_unit,
        giver=event.giver,
        receiver=event.receiver,
        came_at=event.assigned_at,
        due_at=event.due_at,
        note=event.note,
    )
    return changed(
        row,
        recorded,
        stage=event.stage,
        role=event.role,
        holder=event.to_unit,
        officer=event.receiver,
        stage_due_at=event.due_at,
        hand_overs=as_json([*left(row, event.assigned_at), line]),
    )


def passed_on(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationPassedOn = recorded.event  # type: ignore[assignment]
    return changed(row, recorded, received_by=event.received_by, decided_by=event.decided_by)


def left(row: ApplicationRow | None, at: dt.datetime) -> list[HandOver]:
    """The control slip with its last line closed: the dossier left there, before, on or after its time."""
    lines = msgspec.json.decode(row.hand_overs, type=list[HandOver]) if row else []
    if lines and lines[-1].left_at is None:
        lines[-1] = msgspec.structs.replace(lines[-1], left_at=at, verdict=verdict(lines[-1].due_at, at))
    return lines


def verdict(due_at: dt.datetime | None, at: dt.datetime) -> str:
    """Before, on or after time; "" where nothing was due. On time is the day itself, by the calendar on the wall in
    Việt Nam, up to the hour that was promised."""
    if due_at is None:
        return ""
    if at > due_at:
        return "after"
    return "on" if local(at).date() == local(due_at).date() else "before"
