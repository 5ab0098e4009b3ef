"""The files of dossiers: sent before the dossier names them, stored under their digest, given out as downloads."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from kernel import blobs
from kernel.decider import Text
from kernel.web import Here, may
from schemas.event import Actor
from services.intake.api.application import OFFICERS

router = APIRouter(tags=["Tệp đính kèm / Attachments"])
CHUNK = 256 << 10


class Stored(BaseModel):
    """A file that was taken: name it so in a dossier's documents."""

    digest: str
    size: int
    media_type: str


async def store(service: Here, file: UploadFile) -> blobs.Blob:
    """Take a file in. Raises HTTPException 413, 415 with what to do."""

    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await file.read(CHUNK):
            yield chunk

    most = service.settings.max_attachment
    try:
        return await blobs.put(service.settings.blobs, chunks(), most=most, key=blobs.key(service.settings))
    except blobs.TooLarge:
        raise HTTPException(
            413,
            Text(
                f"Mỗi tệp tối đa {most >> 20} MiB. Hãy nén hoặc chia nhỏ.", f"A file may have {most >> 20} MiB at most."
            ),
        ) from None
    except blobs.UnknownType:
        raise HTTPException(
            415, Text("Chỉ nhận tệp PDF, PNG, JPEG hoặc DOCX.", "Only PDF, PNG, JPEG or DOCX files are taken.")
        ) from None


@router.post("/attachments", status_code=201, response_model=Stored, summary="Send a file")
async def post_attachment(service: Here, file: UploadFile) -> Stored:
    blob = await store(service, file)
    return Stored(digest=blob.digest, size=blob.size, media_type=blob.media_type)


@router.get("/attachments/{digest}", summary="Download a file (officers)")
async def get_attachment(
    service: Here, digest: str, _: Annotated[Actor, Depends(may(*OFFICERS, "auditor"))]
) -> StreamingResponse:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise HTTPException(404)
    key = blobs.key(service.settings)
    found = blobs.size_and_type(service.settings.blobs, digest, key)
    if found is None:
        raise HTTPException(404)
    return StreamingResponse(
        blobs.read(blobs.path(service.settings.blobs, digest), key),
        media_type=found.media_type,
        headers={
            "content-length": str(found.size),
            "content-disposition": f'attachment; filename="{digest[:12]}"',
            "content-security-policy": "sandbox",
        },
    )
