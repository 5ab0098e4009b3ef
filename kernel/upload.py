"""A file that somebody sends, taken in: stored, or refused with what to do instead. And given out again."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import HTTPException, UploadFile
from fastapi.responses import StreamingResponse

from kernel import blobs
from kernel.decider import Text
from kernel.service import Service

CHUNK = 256 << 10


async def store(service: Service, file: UploadFile) -> blobs.Blob:
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


async def download(service: Service, digest: str, name: str) -> StreamingResponse:
    """A stored file, to be saved under this name. Raises HTTPException 404, Damaged."""
    folder, key = service.settings.blobs, blobs.key(service.settings)
    found = blobs.size_and_type(folder, digest, key)
    if found is None:
        raise HTTPException(404)
    content = await asyncio.to_thread(blobs.checked, blobs.path(folder, digest), key, digest)
    headers = blobs.saved_as(name) | {"content-length": str(found.size)}
    return StreamingResponse(content, media_type=found.media_type, headers=headers)
