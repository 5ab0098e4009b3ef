"""The files of dossiers: sent before the dossier names them, stored under their digest, given out as downloads."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from kernel import blobs
from kernel.decider import Rejected, Text
from kernel.service import Service
from kernel.upload import download, store
from kernel.web import Here, may
from schemas.event import Actor
from schemas.people import Document
from services.intake.api.access import OFFICERS

router = APIRouter(tags=["Tệp đính kèm / Attachments"])


class Stored(BaseModel):
    """A file that was taken: name it so in a dossier's documents."""

    digest: str
    size: int
    media_type: str


def check_stored(service: Service, documents: Sequence[Document]) -> None:
    """Every file that a dossier names has been sent before, and is what it says it is. Raises Rejected."""
    for each in documents:
        if each.digest:
            found = blobs.size_and_type(service.settings.blobs, each.digest, blobs.key(service.settings))
            if found is None or (found.size, found.media_type) != (each.size, each.media_type):
                raise Rejected(
                    "file_missing",
                    Text("Tệp «{title}» chưa được tải lên.", "The file “{title}” has not been sent.").of(
                        title=each.title
                    ),
                    instead=Text("Tải tệp lên trước.", "Send the file to /attachments first."),
                )


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
    return await download(service, digest, digest[:12])
