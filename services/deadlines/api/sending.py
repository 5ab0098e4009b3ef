"""Signed apologies on their way: by e-mail or SMS, as the applicant chose, until they are taken or refused.

Sending is at least once: the message has the apology's id, so that the one who gets it twice sees one. One process
sends at a time, by an advisory lock.
"""

import asyncio
from collections.abc import Mapping
from typing import TypeAlias
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from kernel import database
from kernel.clock import monotonic
from kernel.post import Attachment, Message, Post, Refused, Unreachable, open_post
from kernel.service import Service, poisonous, reason_of
from schemas.deadlines import Letter
from schemas.event import Actor
from services.deadlines.api import letter as letters_of
from services.deadlines.api.apology import find, letter_of
from services.deadlines.domain import apology as sorry
from services.deadlines.domain.apology import apology

log = structlog.get_logger()
FILE = "Phiếu xin lỗi.pdf"
POLL, SOON, LATE = 1.0, 5.0, 900.0  # seconds
Again: TypeAlias = tuple[float, float]
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('motcua.post'))"  # a pool's connections are given back as they are
SELF = Actor(id="motcua:deadlines", roles=("system",))
WAITING = (
    "SELECT stream, way, code FROM view.apology WHERE status = 'issued' AND way = ANY($1::text[]) ORDER BY issue_by"
)


async def send(service: Service) -> None:
    """Send what was signed, until cancelled."""
    ways = open_post(service.settings)
    again: dict[str, Again] = {}
    while ways:
        try:
            await send_waiting(service, ways, again)
        except database.OUTAGE as error:
            log.warning("sending waits", reason=type(error).__name__)
        await asyncio.sleep(POLL)


async def send_waiting(service: Service, ways: Mapping[str, Post], again: dict[str, Again]) -> None:
    """Send each letter that waits, unless it is not its turn yet (`again`: from when on, and the wait after that). One
    that can't be sent now does not hold up the others. Raises what the database is to blame for."""
    async with service.pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(LOCK):
            return
        for row in await connection.fetch(WAITING, list(ways)):
            stream = row["stream"]
            since, wait = again.get(stream, (0.0, SOON))
            if since > monotonic():
                continue
            with bound_contextvars(application=row["code"]):
                again.pop(stream, None)
                if not await _sent(service, ways[row["way"]], stream, wait):
                    again[stream] = (monotonic() + wait, min(wait * 2, LATE))


async def _sent(service: Service, post: Post, stream: str, wait: float) -> bool:
    """Whether nothing is left to do for a letter; if not, the log says why. Raises what the database is to blame
    for."""
    try:
        await _one(service, post, stream)
    except Exception as error:
        if not poisonous(error):
            raise
        reason = str(error) if isinstance(error, Unreachable) else reason_of(error)
        log.warning("an apology could not be sent yet", stream=stream, reason=reason, again_in=wait)
        return False
    return True


async def _one(service: Service, post: Post, stream: str) -> None:
    state, _ = await service.state(apology, stream)
    if state.status != "issued" or state.letter is None or state.issued_at is None:
        return  # sent a moment ago: the view follows
    (letter,) = await service.vault.unseal([(state.letter, Letter)])
    id, now = UUID(stream.partition("-")[2]), service.clock.now
    try:
        if letter is None:
            raise Refused("erased")
        printed = await letter_of(service, await find(service, id))
        sms = state.way == "sms"
        files = () if sms else (Attachment(name=FILE, content=await asyncio.to_thread(letters_of.pdf, printed)),)
        message = Message(
            id=id,
            to=letter.phone if sms else letter.email,
            name=letter.addressee,
            subject=printed.title,
            text=letters_of.short(printed) if sms else letters_of.text(printed),
            written_at=state.issued_at,
            attachments=files,
        )
        sent = await post.send(message)
        command: sorry.Command = sorry.Deliver(way=state.way, at=now(), proof=sent.proof)
    except Refused as error:
        command = sorry.FailDelivery(way=state.way, at=now(), reason=str(error))
    await service.do(apology, stream, command, actor=SELF)
