"""Documents on the exchange, consultations at the Department, and who may decide there in whose place."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.handlers import Key, Row, View
from schemas.event import Event, Recorded
from schemas.transfers import (
    ArrivalSetAside,
    ArrivalSettled,
    DelegationEnded,
    DelegationGiven,
    DocumentFailed,
    DocumentQueued,
    DocumentRequeued,
    DocumentSent,
    DocumentStatus,
    OpinionAsked,
    OpinionGiven,
)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A status that the other side gave."""

    code: str
    said_at: dt.datetime
    noticed_at: dt.datetime


class DocumentRow(Row, frozen=True, kw_only=True):
    """A letter on the exchange. `status` is queued, sent or failed; `code` the latest status that the other side said;
    `statuses` all of them (JSON)."""

    stream: str
    document: UUID
    application: str
    kind: str
    source: str
    from_unit: str
    to_unit: str
    letter_number: str
    status: str
    queued_at: dt.datetime
    response_to: UUID | None = None
    sent_at: dt.datetime | None = None
    code: str = ""
    said_at: dt.datetime | None = None
    statuses: str = "[]"
    failed_at: dt.datetime | None = None
    failure: str = ""
    requeued: int = 0


_said = msgspec.json.Decoder(list[Said])


def read_statuses(text: str) -> list[Said]:
    """Statuses as a row keeps them, in the order in which they were noticed."""
    return _said.decode(text)


def _queued(row: DocumentRow | None, recorded: Recorded) -> DocumentRow:
    event: Any = recorded.event
    return DocumentRow(
        stream=recorded.stream,
        document=event.document,
        application=event.application,
        kind=event.kind,
        source=event.source,
        from_unit=event.from_unit,
        to_unit=event.to_unit,
        letter_number=event.number,
        status="queued",
        queued_at=event.queued_at,
        response_to=event.response_to,
    )


def _status(row: DocumentRow, event: Any) -> DocumentRow:
    fresh = Said(code=event.code, said_at=event.said_at, noticed_at=event.noticed_at)
    statuses = [*read_statuses(row.statuses), fresh]
    latest = max(statuses, key=lambda each: (each.said_at, each.code))  # said in one second: the farther one
    return replace(row, statuses=msgspec.json.encode(statuses).decode(), code=latest.code, said_at=latest.said_at)


_CHANGES: Mapping[type[Event], Callable[[DocumentRow, Any], DocumentRow]] = {
    DocumentSent: lambda row, event: replace(row, status="sent", sent_at=event.sent_at, failure=""),
    DocumentStatus: _status,
    DocumentFailed: lambda row, event: replace(row, status="failed", failed_at=event.failed_at, failure=event.reason),
    DocumentRequeued: lambda row, event: replace(row, status="queued", requeued=row.requeued + 1),
}


def _changed(row: DocumentRow | None, recorded: Recorded) -> DocumentRow | None:
    return row and _CHANGES[type(recorded.event)](row, recorded.event)


document = View("document", DocumentRow, {DocumentQueued: _queued, **dict.fromkeys(_CHANGES, _changed)})


class OpinionRow(Row, frozen=True, kw_only=True):
    """A consultation at the Department: asked, or given. Letters are sealed under the pupil's key."""

    stream: str
    document: UUID
    application: str
    from_unit: str
    to_unit: str
    letter_number: str
    pupil: UUID
    text: bytes
    arrived_at: dt.datetime
    status: str = "asked"
    opinion: str = ""
    reply: UUID | None = None
    reply_number: str = ""
    reply_text: bytes | None = None
    given_at: dt.datetime | None = None
    signed_by: str = ""
    position: str = ""
    delegation: str = ""


def _asked(row: OpinionRow | None, recorded: Recorded) -> OpinionRow:
    event: Any = recorded.event
    return OpinionRow(
        stream=recorded.stream,
        document=event.document,
        application=event.application,
        from_unit=event.from_unit,
        to_unit=event.to_unit,
        letter_number=event.number,
        pupil=event.pupil,
        text=event.text.sealed,
        arrived_at=event.arrived_at,
    )


def _given(row: OpinionRow | None, recorded: Recorded) -> OpinionRow | None:
    event: Any = recorded.event
    return row and replace(
        row,
        status="given",
        opinion=event.opinion,
        reply=event.reply,
        reply_number=event.number,
        reply_text=event.text.sealed,
        given_at=event.given_at,
        signed_by=event.signed_by,
        position=event.position,
        delegation=event.delegation,
    )


opinion = View("opinion", OpinionRow, {OpinionAsked: _asked, OpinionGiven: _given})


class DelegationRow(Row, frozen=True, kw_only=True):
    """`deputy` may decide in the place of `head` from `starts` to `ends`, unless it was taken back before."""

    stream: str
    delegation: UUID
    unit: str
    head: str
    deputy: str
    starts: dt.date
    ends: dt.date
    letter_number: str
    given_at: dt.datetime
    ended_at: dt.datetime | None = None


def _let(row: DelegationRow | None, recorded: Recorded) -> DelegationRow:
    event: Any = recorded.event
    return DelegationRow(
        stream=recorded.stream,
        delegation=event.delegation,
        unit=event.unit,
        head=event.by,
        deputy=event.to,
        starts=event.starts,
        ends=event.ends,
        letter_number=event.number,
        given_at=event.given_at,
    )


def _taken_back(row: DelegationRow | None, recorded: Recorded) -> DelegationRow | None:
    event: Any = recorded.event
    return row and replace(row, ended_at=event.ended_at)


def _of_delegation(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (recorded.stream, event.delegation)


delegation = View(
    "delegation",
    DelegationRow,
    {DelegationGiven: _let, DelegationEnded: _taken_back},
    key=_of_delegation,
    key_columns=("stream", "delegation"),
)


class ArrivalRow(Row, frozen=True, kw_only=True):
    """Something that arrived and waits for a person, or was looked at (`settled_at`)."""

    stream: str
    arrival: UUID
    unit: str
    reason: str
    digest: str
    size: int
    sender: str
    document_id: str
    response_to: str
    letter_number: str
    application: str
    fault: str
    arrived_at: dt.datetime
    settled_at: dt.datetime | None = None
    settled_by: str = ""


def _aside(row: ArrivalRow | None, recorded: Recorded) -> ArrivalRow:
    event: Any = recorded.event
    return ArrivalRow(
        stream=recorded.stream,
        arrival=event.arrival,
        unit=event.unit,
        reason=event.reason,
        digest=event.digest,
        size=event.size,
        sender=event.sender,
        document_id=event.document_id,
        response_to=event.response_to,
        letter_number=event.number,
        application=event.application,
        fault=event.fault,
        arrived_at=event.arrived_at,
    )


def _settled(row: ArrivalRow | None, recorded: Recorded) -> ArrivalRow | None:
    event: Any = recorded.event
    return row and replace(row, settled_at=event.settled_at, settled_by=event.by)


arrival = View("arrival", ArrivalRow, {ArrivalSetAside: _aside, ArrivalSettled: _settled})
