"""Letters on their way between a unit and the Department, over the document exchange, and what comes back.

Sending is at least once: a letter keeps its DocumentId and a status its moment, so whoever gets one twice sees one.
What arrives is written down first and acknowledged then; what can't be used by itself is set aside for a person, never
lost. One process exchanges at a time, by an advisory lock.
"""

import asyncio
import datetime as dt
import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import structlog

from kernel import database
from kernel.calendar import local
from kernel.clock import monotonic
from kernel.edoc.exchange import Exchange, open_exchange, sealed
from kernel.edoc.exchange import opened as read_message
from kernel.edoc.message import (
    Attachment,
    Business,
    Code,
    DocumentType,
    Envelope,
    Malformed,
    MessageHeader,
    Organisation,
    Promulgation,
    ResponseFor,
    Signer,
    Status,
    StatusCode,
    holdable,
)
from kernel.post import Refused, Unreachable
from kernel.service import Service, poisonous, reason_of
from schemas.event import Actor, Personal
from schemas.transfers import ArrivalReason, Consultation, Reply
from services.transfers.api import letter as letters_of
from services.transfers.api import opinions
from services.transfers.api.case import ERASED
from services.transfers.api.consulting import printed as consultation_letter
from services.transfers.api.documents import kept
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

log = structlog.get_logger()
POLL, SOON, LATE = 1.0, 2.0, 600.0  # seconds
SWEEP = 300.0  # seconds between two looks for what came to units that wait for nothing
Again: TypeAlias = dict[str, tuple[float, float]]
Ways: TypeAlias = Callable[[str], Exchange]
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('motcua.exchange'))"
SELF = Actor(id="motcua:transfers", roles=("system",))
LETTER = DocumentType(type=1, name="Công văn")
QUEUED = "SELECT stream FROM view.document WHERE status = 'queued' ORDER BY queued_at LIMIT 200"
UNITS = "SELECT unit, name, organ, kind, address, phone FROM view.unit WHERE organ <> ''"
WAITING = """
SELECT d.from_unit FROM view.document d JOIN view.transfer t ON t.consultation = d.document
WHERE d.kind = 'consultation' AND (t.opinion = '' OR d.code <> '06')
AND t.status IN ('open', 'granted', 'completed', 'refused')
"""


@dataclass
class Errand:
    """What one process remembers between two turns: from when on something is tried again, and the last sweep."""

    ways: Ways
    again: Again = field(default_factory=dict)
    swept: float = float("-inf")

    def waits(self, key: str) -> bool:
        return self.again.get(key, (0.0, SOON))[0] > monotonic()

    def later(self, key: str, error: Exception) -> None:
        wait = self.again.get(key, (0.0, SOON))[1]
        self.again[key] = (monotonic() + wait, min(wait * 2, LATE))
        reason = str(error) if isinstance(error, Unreachable) else reason_of(error)
        log.warning("the exchange is tried again", what=key, reason=reason, again_in=wait)


async def exchange(service: Service) -> None:
    """Send what was signed and hear what came, until cancelled; nothing where no exchange is set up."""
    config = service.settings
    if not config.edoc:
        return

    def way(organ: str) -> Exchange:
        found = open_exchange(config, organ)
        if found is None:
            raise Unreachable("no exchange is set up")
        return found

    errand = Errand(way)
    while True:
        try:
            await turn(service, errand)
        except database.OUTAGE as error:
            log.warning("the exchange waits", reason=type(error).__name__)
        await asyncio.sleep(POLL)


async def turn(service: Service, errand: Errand) -> None:
    """Send each letter that waits, then hear each organisation of ours. What fails is tried again later, ever more
    seldom, and holds up nothing else. Raises what the database is to blame for."""
    async with service.pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(LOCK):
            return
        units = {row["unit"]: row for row in await connection.fetch(UNITS)}
        for row in await connection.fetch(QUEUED):
            await _tried(errand, row["stream"], partial(_send, service, errand.ways, row["stream"], units))
        polled = {row["from_unit"] for row in await connection.fetch(WAITING)}
        polled |= {unit for unit, row in units.items() if row["kind"] == "department"}
        if monotonic() - errand.swept > SWEEP:
            errand.swept, polled = monotonic(), set(units)
        for unit in sorted(polled & set(units)):
            await _tried(errand, f"poll {unit}", partial(_poll, service, errand, unit, units))


async def _tried(errand: Errand, key: str, work: Callable[[], Awaitable[None]]) -> None:
    if errand.waits(key):
        return
    try:
        await work()
    except Exception as error:
        if not poisonous(error) and not isinstance(error, Unreachable):
            raise
        errand.later(key, error)
    else:
        errand.again.pop(key, None)


# Out


async def _send(service: Service, ways: Ways, stream: str, units: Mapping[str, Any]) -> None:
    state, _ = await service.state(document, stream)
    if state.phase != "queued":
        return  # sent a moment ago: the view follows
    now = service.clock.now
    command: sending.Command
    try:
        if state.from_unit not in units or state.to_unit not in units:
            raise Refused("no organisation id")
        letter, asked = await _letter(service, state)
        sender, receiver = _organisation(units, state.from_unit), _organisation(units, state.to_unit)
        envelope = _envelope(state, letter, sender, receiver, asked, await asyncio.to_thread(letters_of.pdf, letter))
        way = ways(sender.id)
        if asked is not None:
            await _say(service, way, sender, receiver, asked, StatusCode.DONE, letter.written_at)
        await way.send(_once(state), _sealed(envelope, service))
        command = sending.MarkSent(at=now())
    except (Refused, Malformed) as error:
        command = sending.Fail(reason=str(error)[:300], at=now())
    await service.do(document, stream, command, actor=SELF)


async def _letter(service: Service, state: Document) -> tuple[letters_of.Official, Document | None]:
    """A letter as it is printed, and the document that it answers. Raises Refused where its person was erased."""
    asked: Document | None = None
    if state.kind == "consultation":
        case: TransferRow | None = await row_of(service, transfer_view, state.source)
        if case is None:
            raise Refused("no text")
        letter = await consultation_letter(service, case)
    else:
        given: OpinionRow | None = await row_of(service, opinion_view, state.source)
        if given is None:
            raise Refused("no text")
        letter = await opinions.printed(service, given)
        if state.response_to:
            asked = (await service.state(document, document_stream(state.response_to)))[0]
    if letter.text == ERASED:
        raise Refused("erased")
    return letter, asked


def _once(state: Document) -> str:
    """What a repeat of this sending is known by; sent anew by a person it is another one, of the same document."""
    return f"{state.document} {state.requeued}" if state.requeued else str(state.document)


def _organisation(units: Mapping[str, Any], unit: str) -> Organisation:
    row = units[unit]
    return Organisation(id=row["organ"], name=row["name"], address=row["address"], telephone=row["phone"])


def _code(number: str) -> Code:
    first, _, rest = number.partition("/")
    return Code(number=first, notation=rest or "-")


def _envelope(
    state: Document,
    letter: letters_of.Official,
    sender: Organisation,
    receiver: Organisation,
    asked: Document | None,
    pdf: bytes,
) -> Envelope:
    response: tuple[ResponseFor, ...] = ()
    if asked is not None and asked.phase != "none":
        response = (ResponseFor(organ_id=receiver.id, code=asked.number, document_id=str(asked.document)),)
    header = MessageHeader(
        sender=sender,
        receivers=(receiver,),
        code=_code(state.number),
        promulgation=Promulgation(place=letter.place, on=local(letter.written_at).date()),
        type=LETTER,
        subject=holdable(letter.about),
        content=holdable(letter.text),
        signer=Signer(position=holdable(letter.position).replace("\n", " "), name=holdable(letter.signer))
        if letter.signer
        else None,
        response_for=response,
        document_id=str(state.document),
    )
    name = "Văn bản xin ý kiến.pdf" if state.kind == "consultation" else "Văn bản trả lời.pdf"
    return Envelope(header=header, attachments=(Attachment(name=name, content=pdf),))


def _sealed(message: Envelope | Status, service: Service) -> bytes:
    """A message as it leaves. A wrong key file is tried again: an operator mends it. Raises Unreachable, Malformed."""
    try:
        return sealed(message, service.settings)
    except (OSError, ValueError):
        raise Unreachable("the key that MOTCUA_EDOC_SIGNER names can't be used") from None


async def _say(
    service: Service,
    way: Exchange,
    sender: Organisation,
    receiver: Organisation,
    about: Document,
    code: StatusCode,
    at: dt.datetime,
) -> None:
    """Tell the other side how far its document is. Said twice, at the same moment, it is one status."""
    said = Status(
        sender=sender,
        response_for=ResponseFor(organ_id=receiver.id, code=about.number, document_id=str(about.document)),
        code=code,
        at=at.replace(microsecond=0),
    )
    await way.send(said.id, _sealed(said, service), "status")


# In


async def _poll(service: Service, errand: Errand, unit: str, units: Mapping[str, Any]) -> None:
    way = errand.ways(units[unit]["organ"])
    for id in await way.received():
        await _tried(errand, f"hear {unit} {id}", partial(_hear, service, way, id, unit, units))


async def _hear(service: Service, way: Exchange, id: str, unit: str, units: Mapping[str, Any]) -> None:
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
        await self.service.do(opinion, stream, command, actor=SELF)
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
        await self.service.do(transfer, case.stream, command, actor=SELF)
        after = await self._case(asked.application)
        at = (after and after.replied_at) or command.at
        for code in (StatusCode.RECEIVED, StatusCode.DONE):
            await self._tell(reply, reply.to_unit, reply.from_unit, code, at)

    async def _tell(self, about: Document, sender: str, receiver: str, code: StatusCode, at: dt.datetime) -> None:
        ours, theirs = _organisation(self.units, sender), _organisation(self.units, receiver)
        await _say(self.service, self.way, ours, theirs, about, code, at)

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
    await asyncio.to_thread(_keep, kept(service, digest), content)
    id = arrival_id(unit, digest)
    command = aside.SetAside(
        arrival=id, unit=unit, reason=reason, digest=digest, size=len(content), at=service.clock.now(), **more
    )
    await service.do(arrival, arrival_stream(id), command, actor=SELF)


def _keep(path: Path, content: bytes) -> None:
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.chmod(0o600)
    half.replace(path)
