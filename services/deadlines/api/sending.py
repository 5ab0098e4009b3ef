"""Signed apologies on their way: by e-mail or SMS, as the applicant chose, until they are taken or refused.

Sending is at least once: the message has the apology's id, so that the one who gets it twice sees one. One process
sends at a time, by an advisory lock.
"""

import asyncio
from uuid import UUID

import structlog

from kernel import apology as letters_of
from kernel import database
from kernel.clock import monotonic
from kernel.post import Attachment, Message, Post, Refused, Unreachable, open_post
from kernel.service import Service
from schemas.deadlines import Letter
from schemas.event import Actor
from services.deadlines.api.apology import find, letter_of
from services.deadlines.domain import apology as sorry
from services.deadlines.domain.apology import apology

log = structlog.get_logger()
POLL, SOON, LATE = 1.0, 5.0, 900.0  # seconds
SELF = Actor(id="motcua:deadlines", roles=("system",))
WAITING = "SELECT stream, way FROM view.apology WHERE status = 'issued' AND way = ANY($1::text[]) ORDER BY issue_by"


async def send(service: Service) -> None:
    """Send what was signed, until cancelled."""
    ways = open_post(service.settings)
    again: dict[str, tuple[float, float]] = {}
    while ways:
        try:
            async with service.pool.acquire() as connection:
                if await connection.fetchval("SELECT pg_try_advisory_lock(hashtext('motcua.post'))"):
                    for row in await connection.fetch(WAITING, list(ways)):
                        await _one(service, ways[row["way"]], row["stream"], again)
        except database.OUTAGE as error:
            log.warning("sending waits", reason=type(error).__name__)
        await asyncio.sleep(POLL)


async def _one(service: Service, post: Post, stream: str, again: dict[str, tuple[float, float]]) -> None:
    due, wait = again.get(stream, (0.0, SOON))
    if due > monotonic():
        return
    state, _ = await service.state(apology, stream)
    if state.status != "issued" or state.letter is None or state.issued_at is None:
        return  # sent a moment ago: the view follows
    (letter,) = await service.vault.unseal([(state.letter, Letter)])
    id, now = UUID(stream.partition("-")[2]), service.clock.now
    try:
        if letter is None:
            raise Refused("erased")
        row = await find(service, id)
        printed = await letter_of(service, row)
        pdf = await asyncio.to_thread(letters_of.pdf, printed)
        sms = state.way == "sms"
        message = Message(
            id=id,
            to=letter.phone if sms else letter.email,
            name=letter.addressee,
            subject=printed.title,
            text=letters_of.short(printed) if sms else letters_of.text(printed),
            written_at=state.issued_at,
            attachments=() if sms else (Attachment(name="Phiếu xin lỗi.pdf", content=pdf),),
        )
        sent = await post.send(message)
    except Refused as error:
        command: sorry.Command = sorry.FailDelivery(way=state.way, at=now(), reason=str(error))
    except Unreachable as error:
        again[stream] = (monotonic() + wait, min(wait * 2, LATE))
        log.warning("an apology could not be sent yet", stream=stream, reason=str(error), again_in=wait)
        return
    else:
        command = sorry.Deliver(way=state.way, at=now(), proof=sent.proof)
    again.pop(stream, None)
    await service.do(apology, stream, command, actor=SELF)
