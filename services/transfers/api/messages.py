"""Letters as messages of the document exchange, and the statuses that are said of them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import structlog

from kernel.calendar import local
from kernel.edoc.exchange import Exchange, sealed
from kernel.edoc.message import (
    Attachment,
    Code,
    DocumentType,
    Envelope,
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
from kernel.service import Service
from schemas.event import Actor
from services.transfers.api.letter import Official
from services.transfers.domain.document import Document

log = structlog.get_logger()
SELF = Actor(id="motcua:transfers", roles=("system",))
LETTER = DocumentType(type=1, name="Công văn")


def once(state: Document) -> str:
    """What a repeat of this sending is known by; sent anew by a person it is another one, of the same document."""
    return f"{state.document} {state.requeued}" if state.requeued else str(state.document)


def organisation(units: Mapping[str, Any], unit: str) -> Organisation:
    row = units[unit]
    return Organisation(id=row["organ"], name=row["name"], address=row["address"], telephone=row["phone"])


def _code(number: str) -> Code:
    first, _, rest = number.partition("/")
    return Code(number=first, notation=rest or "-")


def envelope(
    state: Document,
    letter: Official,
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


def sealed_for(message: Envelope | Status, service: Service) -> bytes:
    """A message as it leaves. A wrong key file is tried again: an operator mends it. Raises Unreachable, Malformed."""
    try:
        return sealed(message, service.settings)
    except (OSError, ValueError):
        raise Unreachable("the key that MOTCUA_EDOC_SIGNER names can't be used") from None


async def say(
    service: Service,
    way: Exchange,
    sender: Organisation,
    receiver: Organisation,
    about: Document,
    code: StatusCode,
    at: dt.datetime,
) -> None:
    """Tell the other side how far its document is. Said twice, at the same moment, it is one status. One that is
    refused for good is not repeated, and holds up no letter."""
    said = Status(
        sender=sender,
        response_for=ResponseFor(organ_id=receiver.id, code=about.number, document_id=str(about.document)),
        code=code,
        at=at.replace(microsecond=0),
    )
    try:
        await way.send(said.id, sealed_for(said, service), "status")
    except Refused as error:
        log.warning("a status was refused", document=said.response_for.document_id, code=code.value, reason=str(error))
