"""Opinions that were asked for."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from schemas.event import Recorded
from schemas.intake import ConsultationAnswered, ConsultationAsked, ConsultationOverdue
from services.intake.projection.column import as_json
from services.intake.projection.line import ApplicationRow, changed


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """One consultation: who was asked, until when, and what came of it."""

    id: UUID
    body: str
    asked_at: dt.datetime
    answer_by: dt.datetime
    answered_at: dt.datetime | None = None
    opinion: str = ""
    late: bool = False
    document_number: str = ""


def consulted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ConsultationAsked = recorded.event  # type: ignore[assignment]
    asked = Opinion(id=event.consultation, body=event.body, asked_at=event.asked_at, answer_by=event.answer_by)
    return _opinions(row, recorded, [*_opinions_of(row), asked])


def answered(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ConsultationAnswered = recorded.event  # type: ignore[assignment]
    change = {
        "answered_at": event.answered_at,
        "opinion": event.opinion,
        "late": event.late,
        "document_number": event.document_number,
    }
    return _opinions(row, recorded, _with(_opinions_of(row), event.consultation, change))


def consultee_late(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ConsultationOverdue = recorded.event  # type: ignore[assignment]
    return _opinions(row, recorded, _with(_opinions_of(row), event.consultation, {"late": True}))


def _opinions_of(row: ApplicationRow | None) -> list[Opinion]:
    return msgspec.json.decode(row.consultations, type=list[Opinion]) if row else []


def _with(opinions: list[Opinion], id: UUID, change: Mapping[str, Any]) -> list[Opinion]:
    return [msgspec.structs.replace(each, **change) if each.id == id else each for each in opinions]


def _opinions(row: ApplicationRow | None, recorded: Recorded, opinions: list[Opinion]) -> ApplicationRow:
    awaited = sum(each.answered_at is None for each in opinions)
    return changed(row, recorded, consultations=as_json(opinions), opinions_awaited=awaited)
