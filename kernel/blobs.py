"""Files, named by the SHA-256 of their content. Streamed in and out, never executed, never overwritten."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

# What a file begins with, for the types that are taken. A file is what it holds, not what it is called.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
)


class TooLarge(Exception):
    """The file is larger than it may be. Send a smaller one, or several."""


class UnknownType(Exception):
    """The content is of no type that is taken: PDF, PNG, JPEG or DOCX."""


@dataclass(frozen=True)
class Blob:
    """A stored file: its digest in hexadecimal, its size in bytes, what it really is."""

    digest: str
    size: int
    media_type: str


def media_type(start: bytes) -> str:
    """What a file is, by how it begins. Raises UnknownType."""
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return name
    raise UnknownType


async def put(folder: Path, chunks: AsyncIterator[bytes], *, most: int) -> Blob:
    """Store what comes; the same content is stored once. Raises TooLarge, UnknownType, and leaves nothing then."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    half = folder / f".{secrets.token_hex(8)}"
    digest, size, start = hashlib.sha256(), 0, b""
    try:
        with half.open("xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise TooLarge
                start = start or chunk[:16]
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            kind = media_type(start)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        name = digest.hexdigest()
        target = path(folder, name)
        target.parent.mkdir(exist_ok=True)
        half.chmod(0o600)
        half.replace(target)
        return Blob(name, size, kind)
    finally:
        half.unlink(missing_ok=True)


def path(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


def size_and_type(folder: Path, digest: str) -> Blob | None:
    """A stored file, or None where there is none of this digest."""
    found = path(folder, digest)
    if not found.is_file():
        return None
    with found.open("rb") as file:
        return Blob(digest, found.stat().st_size, media_type(file.read(16)))
