"""What comes over the document exchange: it is written down first and acknowledged then; what can't be used by itself
is set aside for a person, never lost."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel import blobs
from kernel.edoc.exchange import Exchange
from kernel.edoc.exchange import opened as read_message
from kernel.edoc.message import Business, Envelope, Malformed, Status, StatusCode
from kernel.post import Unreachable
from kernel.service import Service
from schemas.event import Personal
from schemas.transfers import ArrivalReason, Consultation, Reply
from services.transfers.api.arrivals import kept
from services.transfers.api.messages import SELF, organisation, say
from services.transfers.api.reading import row_of
from services.transfers.domain import arrival as aside
from services.transfers.domain import commands as life
from services.transfers.domain import document as sending
from services.transfers.domain import opinion as asking
from services.transfers.domain.arrival import arrival, arrival_id, arrival_stream
from services.transfers.domain.document import Document, document
from services.transfers.domain.dossier import document_stream, opinion_stream, transfer_stream
from services.transfers.domain.opinion import opinion
from services.transfers.domain.transfer import transfer
from services.transfers.projection.exchange import OpinionRow
from services.transfers.projection.exchange import opinion as opinion_view
from services.transfers.projection.transfer import TransferRow
from services.transfers.projection.transfer import transfer as transfer_view


async def hear(service: Service, way: Exchange, id: str, unit: str, units: Mapping[str, Any]) -> None:
    content = await way.fetch(id)  # refused (gone, or too large): asked for ever more seldom while it is offered
    try:
        message = read_message(content, service.settings)
    except Malformed as error:
        await _set_aside(service, unit, content, "unreadable", fault=str(error)[:300])
        await way.acknowledge(id, good=False)
        return
    heard = Heard(service, way, unit, units, content)
    if isinstance(message, Status):
        await heard.status(message)
    else:
        await heard.envelope(message)
    await way.acknowledge(id)


@dataclass(frozen=True)
class Heard:
    """One message that came for `unit`, and what is done because of it."""

    service: Service
    way: Exchange
    unit: str
    units: Mapping[str, Any]
    content: bytes

    async def status(self, said: Status) -> None:
        about = await self._document(said.response_for.document_id)
        recalled = said.code is StatusCode.RECALLED
        if about is None or not self._from(said.sender.id, about.from_unit if recalled else about.to_unit):
            await self._aside("unknown", said.sender.id, response_to=said.response_for.document_id)
            return
        command = sending.NoteStatus(code=said.code.value, said_at=said.at, at=self.service.clock.now())
        await self.service.do(document, document_stream(about.document), command, actor=SELF)
        if recalled:
            await self._aside("change_asked", said.sender.id, about.application, said.response_for.document_id)

    async def envelope(self, message: Envelope) -> None:
        header = message.header
        if message.trace.business.kind is not Business.NEW:
            about = await self._document(message.trace.business.document_id or header.document_id)
            await self._aside("change_asked", header.sender.id, about.application if about else "", message=message)
            return
        for each in header.response_for:
            asked = await self._document(each.document_id)
            if asked is not None and asked.from_unit == self.unit and self._from(header.sender.id, asked.to_unit):
                await self._answer(message, asked)
                return
        came = await self._document(header.document_id)
        good = came is not None and came.kind == "consultation" and came.to_unit == self.unit
        if came is None or not good or not self._from(header.sender.id, came.from_unit):
            await self._aside("unknown", header.sender.id, message=message)
            return
        await self._asked(message, came)

    async def _asked(self, message: Envelope, came: Document) -> None:
        header = message.header
        case = await self._case(came.application)
        if case is None or case.pupil is None:
            await self._aside("unknown", header.sender.id, message=message)
            return
        text = Consultation(
            subject=header.subject, text=header.content, signer=header.signer.name if header.signer else ""
        )
        command = asking.Ask(
            document=came.document,
            application=came.application,
            from_unit=came.from_unit,
            to_unit=came.to_unit,
            number=str(header.code),
            pupil=case.pupil,
            text=Personal(subject=case.pupil, clear=text),
            at=self.service.clock.now(),
        )
        stream = opinion_stream(came.document)
        await self.service.do(opinion, stream, command, actor=SELF, by_itself=True)
        row: OpinionRow | None = await row_of(self.service, opinion_view, stream)
        if row is not None:
            await self._tell(came, came.to_unit, came.from_unit, StatusCode.RECEIVED, row.arrived_at)

    async def _answer(self, message: Envelope, asked: Document) -> None:
        header = message.header
        reply = await self._document(header.document_id)
        given: OpinionRow | None = None
        if reply is not None and reply.kind == "reply" and reply.response_to == asked.document:
            given = await row_of(self.service, opinion_view, reply.source)
        case = await self._case(asked.application)
        if reply is None or given is None or not given.opinion or case is None or case.pupil is None:
            await self._aside("answer_to_be_read", header.sender.id, asked.application, message=message)
            return
        text = Reply(text=header.content, signer=header.signer.name if header.signer else "")
        command = life.HearReply(
            document=asked.document,
            reply=reply.document,
            number=str(header.code),
            opinion=given.opinion,  # type: ignore[arg-type]
            at=self.service.clock.now(),
            text=Personal(subject=case.pupil, clear=text),
        )
        await self.service.do(transfer, case.stream, command, actor=SELF, by_itself=True)
        after = await self._case(asked.application)
        at = (after and after.replied_at) or command.at
        for code in (StatusCode.RECEIVED, StatusCode.DONE):
            await self._tell(reply, reply.to_unit, reply.from_unit, code, at)

    async def _tell(self, about: Document, sender: str, receiver: str, code: StatusCode, at: dt.datetime) -> None:
        ours, theirs = organisation(self.units, sender), organisation(self.units, receiver)
        await say(self.service, self.way, ours, theirs, about, code, at)

    async def _document(self, id: str) -> Document | None:
        """The letter of ours with this DocumentId; None where there is none."""
        try:
            state, _ = await self.service.state(document, document_stream(UUID(id)))
        except ValueError:
            return None
        return state if state.phase != "none" else None

    async def _case(self, application: str) -> TransferRow | None:
        row: TransferRow | None = await row_of(self.service, transfer_view, transfer_stream(application))
        return row

    def _from(self, organ: str, unit: str) -> bool:
        return unit in self.units and self.units[unit]["organ"] == organ

    async def _aside(
        self,
        reason: ArrivalReason,
        sender: str,
        application: str = "",
        response_to: str = "",
        message: Envelope | None = None,
    ) -> None:
        header = message.header if message else None
        answered = header.response_for[0].document_id if header and header.response_for else response_to
        await _set_aside(
            self.service,
            self.unit,
            self.content,
            reason,
            sender=sender[:64],
            document_id=header.document_id[:300] if header else "",
            response_to=answered[:300],
            number=str(header.code)[:100] if header else "",
            application=application,
        )


async def _set_aside(service: Service, unit: str, content: bytes, reason: ArrivalReason, **more: str) -> None:
    """Keep what came, as it came, and say so. The same content for the same unit is one arrival."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        await asyncio.to_thread(blobs.keep, kept(service, digest), content, blobs.key(service.settings))
    except OSError as error:  # no outage of the database: other letters go on
        raise Unreachable(f"what arrived can't be kept ({type(error).__name__})") from None
    id = arrival_id(unit, digest)
    command = aside.SetAside(
        arrival=id, unit=unit, reason=reason, digest=digest, size=len(content), at=service.clock.now(), **more
    )
    await service.do(arrival, arrival_stream(id), command, actor=SELF)
