"""One letter on the document exchange: queued, sent, how far it is on the other side, or a dead letter.

queued ─▶ sent ─▶ statuses (01 arrived … 06 done)
  ▲ └─▶ failed ─▶ requeued by a person
  └──────┘         (02, the other side refused it, is a failure too)
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias
from uuid import UUID

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.transfers import (
    DocumentFailed,
    DocumentQueued,
    DocumentRequeued,
    DocumentSent,
    DocumentStatus,
    StatusCode,
)

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """Let a signed letter wait for the exchange. `source` is the stream that has its text."""

    document: UUID
    application: str
    kind: Literal["consultation", "reply"]
    source: str
    from_unit: str
    to_unit: str
    number: str
    at: dt.datetime
    response_to: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkSent:
    """The exchange took it."""

    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteStatus:
    """The other side said how far it is: at `said_at`, noticed here at `at`. A repeat is told by code and `said_at`."""

    code: StatusCode
    said_at: dt.datetime
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Fail:
    """The exchange refused it for good. `reason` is technical and never says anything of a person."""

    reason: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Requeue:
    """Send a dead letter anew, as the same document."""

    by: str
    at: dt.datetime


Command: TypeAlias = Queue | MarkSent | NoteStatus | Fail | Requeue

# State

NO_DOCUMENT = UUID(int=0)  # of a document that nothing was said of yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """`statuses` are those that were said: (code, said at). `requeued` counts how often a person sent it anew."""

    phase: Literal["none", "queued", "sent", "failed"] = "none"
    document: UUID = NO_DOCUMENT
    application: str = ""
    kind: Literal["consultation", "reply"] = "consultation"
    source: str = ""
    from_unit: str = ""
    to_unit: str = ""
    number: str = ""
    response_to: UUID | None = None
    statuses: frozenset[tuple[StatusCode, dt.datetime]] = frozenset()
    requeued: int = 0


initial = Document()
REFUSED_THERE = "02"


def decide(command: Command, state: Document) -> list[Event]:
    match command, state.phase:
        case Queue(), "none":
            return [
                DocumentQueued(
                    document=command.document,
                    application=command.application,
                    kind=command.kind,
                    source=command.source,
                    from_unit=command.from_unit,
                    to_unit=command.to_unit,
                    number=command.number,
                    queued_at=command.at,
                    response_to=command.response_to,
                )
            ]
        case MarkSent(), "queued" | "failed":
            return [
                DocumentSent(
                    document=state.document,
                    application=state.application,
                    from_unit=state.from_unit,
                    to_unit=state.to_unit,
                    sent_at=command.at,
                )
            ]
        case NoteStatus(), "queued" | "sent" | "failed":
            return _status(command, state)
        case Fail(), "queued":
            return [_failed(command.reason, command.at, state)]
        case Requeue(), "failed":
            return [
                DocumentRequeued(
                    document=state.document, application=state.application, by=command.by, requeued_at=command.at
                )
            ]
        case Requeue(), "none" | "sent":
            raise Rejected(
                "not_failed",
                Text("Văn bản này không bị trục liên thông từ chối.", "The exchange did not refuse this document."),
                instead=Text("Xem tình trạng trong sổ văn bản.", "See how far it is in the log of documents."),
            )
        case _:
            return []


def _status(command: NoteStatus, state: Document) -> list[Event]:
    if (command.code, command.said_at) in state.statuses:
        return []
    status = DocumentStatus(
        document=state.document,
        application=state.application,
        code=command.code,
        said_at=command.said_at,
        noticed_at=command.at,
    )
    refused = command.code == REFUSED_THERE and state.phase != "failed"
    return [status, _failed("status 02: the other side refused it", command.at, state)] if refused else [status]


def _failed(reason: str, at: dt.datetime, state: Document) -> Event:
    return DocumentFailed(document=state.document, application=state.application, reason=reason, failed_at=at)


def evolve(state: Document, event: Event) -> Document:
    match event:
        case DocumentQueued():
            return Document(
                phase="queued",
                document=event.document,
                application=event.application,
                kind=event.kind,
                source=event.source,
                from_unit=event.from_unit,
                to_unit=event.to_unit,
                number=event.number,
                response_to=event.response_to,
                statuses=state.statuses,
            )
        case DocumentRequeued():
            return replace(state, phase="queued", requeued=state.requeued + 1)
        case DocumentSent():
            return replace(state, phase="sent")
        case DocumentFailed():
            return replace(state, phase="failed")
        case DocumentStatus(code=code, said_at=said_at):
            return replace(state, statuses=state.statuses | {(code, said_at)})
        case _:
            return state


document: Decider[Document] = Decider(
    "document",
    initial,
    decide,
    evolve,
    (DocumentQueued, DocumentSent, DocumentStatus, DocumentFailed, DocumentRequeued),
)
