"""Signed apologies on their way: by e-mail or SMS, as the applicant chose, until they are taken or refused.

Sending is at least once: the message has the apology's id, so that the one who gets it twice sees one. One process
sends at a time, by an advisory lock.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from kernel.errand import Again, alone, in_turns
from kernel.post import Attachment, Message, Post, Refused, open_post
from kernel.service import Service, poisonous
from schemas.deadlines import Letter
from schemas.event import Actor
from services.deadlines.api import letter as letters_of
from services.deadlines.api.apology import find, letter_of
from services.deadlines.domain import apology as sorry
from services.deadlines.domain.apology import apology

log = structlog.get_logger()
FILE = "Phiếu xin lỗi.pdf"
POLL, SOON, LATE = 1.0, 5.0, 900.0  # seconds
SELF = Actor(id="motcua:deadlines", roles=("system",))
WAITING = (
    "SELECT stream, way, code FROM view.apology WHERE status = 'issued' AND way = ANY($1::text[]) ORDER BY issue_by"
)


async def send(service: Service) -> None:
    """Send what was signed, until cancelled."""
    ways, again = open_post(service.settings), Again(SOON, LATE)
    if ways:
        await in_turns(lambda: send_waiting(service, ways, again), every=POLL, waits="sending waits")


async def send_waiting(service: Service, ways: Mapping[str, Post], again: Again) -> None:
    """Send each letter that waits, unless it is not its turn yet. One that can't be sent now does not hold up the
    others. Raises what the database is to blame for."""
    async with service.pool.acquire() as connection, connection.transaction():
        if not await alone(connection, "post"):
            return
        for row in await connection.fetch(WAITING, list(ways)):
            stream = row["stream"]
            if again.waits(stream):
                continue
            with bound_contextvars(application=row["code"]):
                try:
                    await _one(service, ways[row["way"]], stream)
                except Exception as error:
                    if not poisonous(error):
                        raise
                    log.warning("an apology could not be sent yet", stream=stream, **again.later(stream, error))
                else:
                    again.pop(stream, None)


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
