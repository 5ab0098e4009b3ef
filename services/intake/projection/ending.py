"""How a dossier ended, and what was put right afterwards."""

from typing import Any

from schemas.event import Recorded
from schemas.intake import (
    ApplicationCorrected,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationWithdrawn,
    ResultHandedOver,
)
from services.intake.projection.column import as_json, sealed
from services.intake.projection.line import ApplicationRow, changed
from services.intake.projection.slip import left


def resolved(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationResolved = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="resolved",
        outcome=event.outcome,
        ground=event.ground or "",
        reason=sealed(event.reason),
        document_number=event.document_number,
        results=as_json(event.results),
        resolved_at=event.resolved_at,
        hand_overs=as_json(left(row, event.resolved_at)),
    )


def handed_over(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ResultHandedOver = recorded.event  # type: ignore[assignment]
    at = event.handed_over_at
    return changed(row, recorded, status="handed_over", handed_over_at=at, way=event.way, ended_at=at)


def stopped(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationStopped = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="stopped",
        ground=event.ground,
        reason=sealed(event.reason),
        ended_at=event.stopped_at,
        hand_overs=as_json(left(row, event.stopped_at)),
    )


def withdrawn(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationWithdrawn = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="withdrawn",
        reason=sealed(event.reason),
        ended_at=event.withdrawn_at,
        hand_overs=as_json(left(row, event.withdrawn_at)),
    )


def corrected(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationCorrected = recorded.event  # type: ignore[assignment]
    now: dict[str, Any] = {"channel": event.channel, "delivery": event.delivery, "notify": event.notify}
    changes = {name: value for name, value in now.items() if value}
    if event.applicant:
        changes |= {"applicant": sealed(event.applicant), "subject": event.applicant.subject}
    return changed(row, recorded, corrected=(row.corrected if row else 0) + 1, **changes)
