"""What a dossier of intake brought with it: its papers, and who applied."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.handlers import Row, View
from schemas.event import Recorded
from schemas.intake import ApplicationCorrected, ApplicationReceived, ApplicationSubmitted

TRANSFERS = frozenset({"2.002478", "2.002854"})
"""The procedures that are transfers in any rule pack; a test holds this against the packs."""


class DossierRow(Row, frozen=True, kw_only=True):
    """The papers of a dossier, and who applied, sealed under `subject`'s key."""

    stream: str
    procedure: str
    procedure_name: str
    subject: UUID
    applicant: bytes
    documents: str
    submitted_at: dt.datetime
    code: str = ""


def _submitted(row: DossierRow | None, recorded: Recorded) -> DossierRow | None:
    event: Any = recorded.event
    if event.procedure not in TRANSFERS:
        return row
    return DossierRow(
        stream=recorded.stream,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        subject=event.applicant.subject,
        applicant=event.applicant.sealed,
        documents=msgspec.json.encode(event.documents).decode(),
        submitted_at=event.submitted_at,
    )


def _received(row: DossierRow | None, recorded: Recorded) -> DossierRow | None:
    event: Any = recorded.event
    return row and replace(row, code=event.code)


def _corrected(row: DossierRow | None, recorded: Recorded) -> DossierRow | None:
    event: Any = recorded.event
    return row and replace(row, applicant=event.applicant.sealed if event.applicant else row.applicant)


dossier = View(
    "dossier",
    DossierRow,
    {ApplicationSubmitted: _submitted, ApplicationReceived: _received, ApplicationCorrected: _corrected},
)
