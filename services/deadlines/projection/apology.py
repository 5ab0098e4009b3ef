"""A row an apology, with its text and letter sealed; and whom a dossier's letters go to."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from kernel.handlers import Row, View
from schemas.deadlines import (
    ApologyDelivered,
    ApologyDrafted,
    ApologyDue,
    ApologyIssued,
    ApologyLapsed,
    ApologyMissed,
    ApologyUndeliverable,
)
from schemas.event import Event, Recorded
from schemas.intake import ApplicationCorrected, ApplicationImported, ApplicationSubmitted


class ApologyRow(Row, frozen=True, kw_only=True):
    """An apology as it stands: due, issued, delivered, undeliverable or lapsed. `alarm_at` is its last moment while
    nobody has signed it and that was not said yet."""

    stream: str
    number: int
    clock: str
    application: str
    code: str
    procedure: str
    decided_by: str
    subject: UUID
    status: str
    cause: str
    due_at: dt.datetime
    issue_by: dt.datetime
    became_at: dt.datetime
    missed: bool = False
    drafts: int = 0
    reason: bytes | None = None
    new_due_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    letter_number: str = ""
    letter: bytes | None = None
    form: str = ""
    title: str = ""
    rule: str = ""
    way: str = ""
    position: str = ""
    issued_at: dt.datetime | None = None
    in_time: bool | None = None
    delivered_at: dt.datetime | None = None
    proof: str = ""
    undelivered: str = ""
    alarm_at: dt.datetime | None = None


def _due(row: ApologyRow | None, recorded: Recorded) -> ApologyRow:
    event: Any = recorded.event
    fresh = ApologyRow(
        stream=recorded.stream,
        number=recorded.number,
        clock=event.clock,
        application=event.application,
        code=event.code,
        procedure=event.procedure,
        decided_by=event.decided_by,
        subject=event.subject,
        status="due",
        cause=event.cause,
        due_at=event.due_at,
        issue_by=event.issue_by,
        became_at=event.became_at,
        rule=event.rule.basis,
    )
    if row and row.status == "due":  # the same one, with another cause and a last moment of its own
        moment = {"issue_by": event.issue_by, "became_at": event.became_at, "missed": False}
        return replace(row, cause=event.cause, due_at=event.due_at, **moment)
    return fresh


def _issued(row: ApologyRow, event: Any) -> ApologyRow:
    return replace(
        row,
        status="issued",
        letter_number=event.number,
        letter=event.letter.sealed,
        form=event.form,
        title=event.title,
        rule=event.rule.basis,
        new_due_at=event.new_due_at,
        way=event.way,
        position=event.position,
        issued_at=event.issued_at,
        in_time=event.in_time,
    )


_CHANGES: Mapping[type[Event], Callable[[ApologyRow, Any], ApologyRow]] = {
    ApologyDrafted: lambda row, event: replace(
        row,
        drafts=event.draft,
        reason=event.reason.sealed,
        new_due_at=event.new_due_at,
        answered_at=event.answered_at,
    ),
    ApologyIssued: _issued,
    ApologyMissed: lambda row, event: replace(row, missed=True),
    ApologyDelivered: lambda row, event: replace(
        row, status="delivered", way=event.way, delivered_at=event.delivered_at, proof=event.proof
    ),
    ApologyUndeliverable: lambda row, event: replace(row, status="undeliverable", undelivered=event.reason),
    ApologyLapsed: lambda row, event: replace(row, status="lapsed"),
}


def _step(row: ApologyRow | None, recorded: Recorded) -> ApologyRow | None:
    event: Any = recorded.event
    after = _due(row, recorded) if isinstance(event, ApologyDue) else row and _CHANGES[type(event)](row, event)
    if after is None:
        return None
    waits = after.status == "due" and not after.missed
    return replace(after, number=recorded.number, alarm_at=after.issue_by if waits else None)


apology = View("apology", ApologyRow, dict.fromkeys((ApologyDue, *_CHANGES), _step))


class Recipient(Row, frozen=True, kw_only=True):
    """Whom the letters about a dossier go to, sealed under `subject`'s key, and how they wished to be told."""

    stream: str
    subject: UUID
    applicant: bytes
    content: bytes | None = None
    notify: str = "none"


def _came(row: Recipient | None, recorded: Recorded) -> Recipient:
    event: Any = recorded.event
    return Recipient(
        stream=recorded.stream,
        subject=event.applicant.subject,
        applicant=event.applicant.sealed,
        content=event.content and event.content.sealed,
        notify=event.notify,
    )


def _corrected(row: Recipient | None, recorded: Recorded) -> Recipient | None:
    event: Any = recorded.event
    if row is None:
        return None
    applicant = event.applicant.sealed if event.applicant else row.applicant
    return replace(row, applicant=applicant, notify=event.notify or row.notify)


recipient = View(
    "recipient",
    Recipient,
    {ApplicationSubmitted: _came, ApplicationImported: _came, ApplicationCorrected: _corrected},
)
