"""What was asked for and supplied, and the appointments that were given."""

from typing import Any

import msgspec

from schemas.event import Recorded
from schemas.intake import AppointmentMoved, Promise, SupplementAsked, SupplementSupplied
from services.intake.projection.column import as_json, sealed
from services.intake.projection.line import ApplicationRow, changed


def asked(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: SupplementAsked = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="supplement_asked",
        asked_at=event.asked_at,
        wanted=sealed(event.wanted),
        asked_reason=sealed(event.reason),
        answer_by=event.answer_by,
        supplements_left=(row.supplements_left if row else 0) - 1,
    )


def supplied(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: SupplementSupplied = recorded.event  # type: ignore[assignment]
    changes: dict[str, Any] = {"supplied_at": event.supplied_at, "supplement_unchecked": not event.checked}
    if event.complete:
        changes["status"] = "in_process"
    if event.promise:
        promises = _promises(row)
        changes |= {"due_at": event.promise.due_at, "promises": as_json((*promises, event.promise))}
        if not promises:
            changes["first_due_at"] = event.promise.due_at
    if event.documents:
        before = msgspec.json.decode(row.documents) if row else []
        changes["documents"] = as_json((*before, *event.documents))
    return changed(row, recorded, **changes)


def moved(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: AppointmentMoved = recorded.event  # type: ignore[assignment]
    return changed(row, recorded, due_at=event.promise.due_at, promises=as_json((*_promises(row), event.promise)))


def _promises(row: ApplicationRow | None) -> list[Promise]:
    return msgspec.json.decode(row.promises, type=list[Promise]) if row else []
