"""Letters on their way between a unit and the Department, over the document exchange, and what comes back.

Sending is at least once: a letter keeps its DocumentId and a status its moment, so whoever gets one twice sees one. One
process exchanges at a time, by an advisory lock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import structlog

from kernel.clock import monotonic
from kernel.edoc.exchange import Exchange, open_exchange
from kernel.edoc.message import Malformed, StatusCode
from kernel.errand import Again, alone, in_turns
from kernel.post import Refused, Unreachable
from kernel.service import Service, poisonous
from services.transfers.api import letter as letters_of
from services.transfers.api import opinions
from services.transfers.api.case import ERASED
from services.transfers.api.consulting import printed as consultation_letter
from services.transfers.api.hearing import hear
from services.transfers.api.messages import SELF, envelope, once, organisation, say, sealed_for
from services.transfers.api.reading import row_of
from services.transfers.domain import document as sending
from services.transfers.domain.document import Document, document
from services.transfers.domain.dossier import document_stream
from services.transfers.projection.exchange import OpinionRow
from services.transfers.projection.exchange import opinion as opinion_view
from services.transfers.projection.transfer import TransferRow
from services.transfers.projection.transfer import transfer as transfer_view

log = structlog.get_logger()
POLL, SOON, LATE = 1.0, 2.0, 600.0  # seconds
MISSES = 3  # in a row, after which the exchange is left alone until the next turn: it may cost half a minute each
SWEEP = 300.0  # seconds between two looks for what came to units that wait for nothing
Ways: TypeAlias = Callable[[str], Exchange]
QUEUED = "SELECT stream FROM view.document WHERE status = 'queued' ORDER BY queued_at LIMIT 200"
UNITS = "SELECT unit, name, organ, kind, address, phone FROM view.unit WHERE organ <> ''"
WAITING = """
SELECT d.from_unit FROM view.document d JOIN view.transfer t ON t.consultation = d.document
WHERE d.kind = 'consultation' AND (t.opinion = '' OR d.code <> '06')
AND t.status IN ('open', 'granted', 'completed', 'refused')
"""


@dataclass
class Errand:
    """What one process remembers: from when on something is tried again, the last sweep, and how often in a row the
    exchange was not reached in this turn."""

    ways: Ways
    again: Again = field(default_factory=lambda: Again(SOON, LATE))
    swept: float = float("-inf")
    missed: int = 0


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
    await in_turns(lambda: turn(service, errand), every=POLL, waits="the exchange waits")


async def turn(service: Service, errand: Errand) -> None:
    """Send each letter that waits, then hear each organisation of ours. What fails is tried again later, ever more
    seldom, and holds up nothing else; an exchange that is not there is left alone until the next turn. Raises what the
    database is to blame for."""
    async with service.pool.acquire() as connection, connection.transaction():
        if not await alone(connection, "exchange"):
            return
        errand.missed = 0
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
    if errand.again.waits(key) or errand.missed >= MISSES:
        return
    try:
        await work()
    except Exception as error:
        if not poisonous(error):
            raise
        errand.missed = errand.missed + 1 if isinstance(error, Unreachable) else 0
        what = " ".join(key.split()[:2])  # a file's name is its sender's words
        log.warning("the exchange is tried again", what=what, **errand.again.later(key, error))
    else:
        errand.missed = 0
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
        sender, receiver = organisation(units, state.from_unit), organisation(units, state.to_unit)
        pdf = await asyncio.to_thread(letters_of.pdf, letter)
        message = envelope(state, letter, sender, receiver, asked, pdf)
        way = ways(sender.id)
        if asked is not None:
            await say(service, way, sender, receiver, asked, StatusCode.DONE, letter.written_at)
        await way.send(once(state), sealed_for(message, service))
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


# In


async def _poll(service: Service, errand: Errand, unit: str, units: Mapping[str, Any]) -> None:
    way = errand.ways(units[unit]["organ"])
    for id in await way.received():
        await _tried(errand, f"hear {unit} {id}", partial(hear, service, way, id, unit, units))
