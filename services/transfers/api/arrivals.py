"""What arrived over the exchange and waits for a person, over HTTP: what it says, and its files as downloads."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from pathlib import Path as Folder
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import BaseModel

from kernel import blobs
from kernel.access import Staff, own
from kernel.decider import Text
from kernel.edoc.edxml import read
from kernel.edoc.message import Attachment, Envelope, Malformed, unpacked
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor
from services.transfers.api.access import CLERKS, check_acts, check_sees
from services.transfers.api.reading import row_of
from services.transfers.domain import arrival as aside
from services.transfers.domain.arrival import arrival, arrival_stream
from services.transfers.projection.exchange import ArrivalRow
from services.transfers.projection.exchange import arrival as arrival_view

router = APIRouter(tags=["Liên thông văn bản / Document exchange"])
MOST = 200
ARRIVALS = """
SELECT * FROM view.arrival WHERE ($1 = '' OR unit = $1) AND ($2 OR settled_at IS NULL)
ORDER BY arrived_at DESC LIMIT $3
"""


class ArrivalTold(BaseModel):
    """Something that arrived and waits for a person; `fault` is technical and says nothing of anybody."""

    arrival: UUID
    unit: str
    reason: Literal["unreadable", "unknown", "answer_to_be_read", "change_asked"]
    size: int
    sender: str
    document_id: str
    response_to: str
    number: str
    application: str
    fault: str
    arrived_at: dt.datetime
    settled_at: dt.datetime | None


class FileTold(BaseModel):
    """A file of an arrival. `media_type` is what it holds, not what its sender called it."""

    number: int
    name: str
    media_type: str
    size: int


class Message(BaseModel):
    """What an arrival says, for a person to read."""

    readable: bool
    sender: str = ""
    subject: str = ""
    text: str = ""
    signer: str = ""
    promulgated_on: dt.date | None = None
    files: list[FileTold] = []


async def listed(service: Service, unit: str = "", *, settled: bool = False) -> list[ArrivalTold]:
    """What waits for a person, the latest first."""
    return [_arrival(ArrivalRow(**row)) for row in await service.pool.fetch(ARRIVALS, unit, settled, MOST)]


def _arrival(row: ArrivalRow) -> ArrivalTold:
    same = set(ArrivalTold.model_fields) - {"number", "application"}
    return ArrivalTold(
        number=row.letter_number,
        application=row.application.partition("-")[2],
        **{name: getattr(row, name) for name in same},
    )


async def find(service: Service, id: UUID) -> ArrivalRow:
    """What was set aside, as of now. Raises 404."""
    row: ArrivalRow | None = await row_of(service, arrival_view, arrival_stream(id))
    if row is None:
        raise HTTPException(404, Text("Không có văn bản đến này.", "There is no such arrival."))
    return row


async def settle(service: Service, actor: Actor, id: UUID, asked: Asked) -> None:
    """It was looked at. Raises Rejected, 403, 404."""
    row = await find(service, id)
    check_acts(actor, CLERKS, {row.unit})
    command = aside.Settle(by=actor.id, at=service.clock.now())
    await service.do(arrival, row.stream, command, actor=actor, key=asked.key, fingerprint=asked.fingerprint)


def kept(service: Service, digest: str) -> Folder:
    """Where what was set aside lies, as it came."""
    return service.settings.blobs / "arrivals" / f"{digest}.edxml"


async def _content(service: Service, row: ArrivalRow) -> bytes:
    """What came, as it came. Raises 404 where its file is gone, Damaged where it is another one."""
    path = kept(service, row.digest)
    if not path.is_file():
        raise HTTPException(404, Text("Tệp đã lưu không còn.", "The file that was kept is gone."))
    key = blobs.key(service.settings)
    return await asyncio.to_thread(lambda: b"".join(blobs.checked(path, key, row.digest)))


async def message(service: Service, row: ArrivalRow) -> Message:
    """What an arrival says, as far as it can be read."""
    said = await _read(service, row)
    if said is None:
        return Message(readable=False)
    header = said.header
    return Message(
        readable=True,
        sender=header.sender.name,
        subject=header.subject,
        text=header.content,
        signer=header.signer.name if header.signer else "",
        promulgated_on=header.promulgation.on,
        files=[
            FileTold(number=number, name=each.name, media_type=_type(each), size=len(each.content))
            for number, each in enumerate(await asyncio.to_thread(_unpacked, said.attachments), 1)
        ],
    )


async def _files(service: Service, row: ArrivalRow) -> list[Attachment]:
    said = await _read(service, row)
    return await asyncio.to_thread(_unpacked, said.attachments) if said else []


async def _read(service: Service, row: ArrivalRow) -> Envelope | None:
    """The message of an arrival; None where it is a status or can't be read."""
    content = await _content(service, row)
    try:
        said = await asyncio.to_thread(read, content)
    except Malformed:
        return None
    return said if isinstance(said, Envelope) else None


def _unpacked(attachments: Sequence[Attachment]) -> list[Attachment]:
    """The files as their authors saved them; one whose packing is broken as it came."""
    found = []
    for each in attachments:
        try:
            found.append(unpacked(each))
        except Malformed:
            found.append(each)
    return found


def _type(file: Attachment) -> str:
    try:
        return blobs.media_type(file.content[:16])
    except blobs.UnknownType:
        return "application/octet-stream"


@router.get("/arrivals", summary="What arrived and waits for a person (staff)")
async def get_arrivals(
    service: Here, actor: Staff, unit: Annotated[str, Query(max_length=60)] = "", settled: bool = False
) -> list[ArrivalTold]:
    return await listed(service, own(actor, unit), settled=settled)


@router.get("/arrivals/{id}/message", summary="What an arrival says, and its files (staff of its unit)")
async def get_message(service: Here, actor: Staff, id: UUID) -> Message:
    """`readable` is false for what is no message: then there is only its content."""
    row = await find(service, id)
    check_sees(actor, {row.unit})
    return await message(service, row)


@router.get("/arrivals/{id}/files/{number}", summary="A file of an arrival, as its author saved it")
async def get_file(service: Here, actor: Staff, id: UUID, number: Annotated[int, Path(ge=1, le=50)]) -> Response:
    """Always a download. What it holds decides its type: one that is not known is bytes, whatever its sender said."""
    row = await find(service, id)
    check_sees(actor, {row.unit})
    found = await _files(service, row)
    if number > len(found):
        raise HTTPException(404)
    each = found[number - 1]
    return Response(each.content, media_type=_type(each), headers=blobs.saved_as(each.name))


@router.get("/arrivals/{id}/content", summary="What arrived, as it came", response_class=Response)
async def get_content(service: Here, actor: Staff, id: UUID) -> Response:
    row = await find(service, id)
    check_sees(actor, {row.unit})
    content = await _content(service, row)
    headers = blobs.saved_as(f"{row.digest[:12]}.edxml")
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.post("/arrivals/{id}/settle", summary="It was looked at (officers of the unit, operator)")
async def post_settle(service: Here, actor: Staff, asked: Ask, id: UUID) -> ArrivalTold:
    await settle(service, actor, id, asked)
    return _arrival(await find(service, id))
