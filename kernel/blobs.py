"""Files, named by the SHA-256 of their content. Streamed in and out, never executed, never overwritten, and sealed
where they lie: under a key of their own each, made of the installation's vault key.

A file is sent before anybody knows whose it is, and two people may send the same one, so it is no one person's key: who
takes a disk or a backup reads nothing, and erasing a person does not erase a file. What lies there in clear from an
earlier version is still read.

    MARK · salt (16 bytes) · pieces: AES-256-GCM of 64 KiB each, numbered, the last one marked as the last
"""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.settings import Settings

MARK = b"motcua-1"  # no file of a type that is taken begins so
SALT, PIECE, TAG = 16, 64 << 10, 16  # bytes

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


class Damaged(Exception):
    """The file is not what was stored: the disk damaged it, or somebody did, or it was stored under another
    MOTCUA_VAULT_KEY. Take it from a backup."""


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


def key(config: Settings) -> bytes:
    """What the files of an installation are sealed under."""
    return config.vault_key.get_secret_value().encode()


async def put(folder: Path, chunks: AsyncIterator[bytes], *, most: int, key: bytes) -> Blob:
    """Store what comes; the same content is stored once. Raises TooLarge, UnknownType, and leaves nothing then."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    half = folder / f".{secrets.token_hex(8)}"
    digest, size, start = hashlib.sha256(), 0, b""
    try:
        with half.open("xb") as file:
            sealed = _Sealed(file, key)
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise TooLarge
                start = start or chunk[:16]
                digest.update(chunk)
                await asyncio.to_thread(sealed.write, chunk)
            kind = media_type(start)
            sealed.end()
        name = digest.hexdigest()
        target = path(folder, name)
        target.parent.mkdir(exist_ok=True)
        half.replace(target)
        return Blob(name, size, kind)
    finally:
        half.unlink(missing_ok=True)


def keep(target: Path, content: bytes, key: bytes) -> None:
    """Store a file of any type under a name; what is there already stays."""
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.parent / f".{secrets.token_hex(8)}"
    try:
        with half.open("xb") as file:
            sealed = _Sealed(file, key)
            sealed.write(content)
            sealed.end()
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)


def path(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


def size_and_type(folder: Path, digest: str, key: bytes) -> Blob | None:
    """A stored file, or None where there is none of this digest. Raises Damaged."""
    found = path(folder, digest)
    if not found.is_file():
        return None
    try:
        return Blob(digest, size(found), media_type(next(read(found, key), b"")[:16]))
    except UnknownType:  # nothing of such a type was ever stored
        raise Damaged(digest) from None


def checked(found: Path, key: bytes, digest: str) -> Iterator[bytes]:
    """The content of a stored file, to be given out, once it is known that all of it is what was stored. Raises
    Damaged at once, before anything is given out."""
    whole = hashlib.sha256()
    for piece in read(found, key):
        whole.update(piece)
    if whole.hexdigest() != digest:
        raise Damaged(digest)
    return read(found, key)


def size(found: Path) -> int:
    """How many bytes of content a stored file has."""
    with found.open("rb") as file:
        whole = os.fstat(file.fileno()).st_size
        if file.read(len(MARK)) != MARK:
            return whole
    pieces = whole - len(MARK) - SALT
    return pieces - TAG * -(-pieces // (PIECE + TAG))


def read(found: Path, key: bytes) -> Iterator[bytes]:
    """The content of a stored file, piece by piece. Raises Damaged; what was yielded before is as it was stored."""
    with found.open("rb") as file:
        if (mark := file.read(len(MARK))) != MARK:
            yield mark
            while clear := file.read(PIECE):
                yield clear
            return
        cipher = _cipher(key, file.read(SALT))
        piece = file.read(PIECE + TAG)
        for number in count():
            following = file.read(PIECE + TAG)
            try:
                yield cipher.decrypt(_nonce(number, last=not following), piece, None)
            except InvalidTag:
                raise Damaged(found.name) from None
            if not following:
                return
            piece = following


class _Sealed:
    """A file that is being sealed as it is written. Nobody but its owner may read it."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = os.urandom(SALT)
        os.fchmod(file.fileno(), 0o600)
        file.write(MARK + salt)
        self._file, self._cipher = file, _cipher(key, salt)
        self._held, self._number = b"", 0

    def write(self, content: bytes) -> None:
        held = memoryview(self._held + content)
        while len(held) > PIECE:  # the last piece waits for the end, which marks it
            self._put(held[:PIECE], last=False)
            held = held[PIECE:]
        self._held = bytes(held)

    def end(self) -> None:
        """Put the last piece, and all of it on the disk."""
        self._put(self._held, last=True)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _put(self, piece: bytes | memoryview, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, None))
        self._number += 1


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"motcua files").derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    """Each piece has its own, so none can be left out, moved or cut off unseen."""
    return number.to_bytes(11) + bytes([last])


def saved_as(name: str) -> dict[str, str]:
    """Headers by which a browser saves a file under its own name, whatever that is, and never shows or runs it."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name).strip(" .") or "file"
    return {
        "content-disposition": f"attachment; filename=\"{plain[:100]}\"; filename*=UTF-8''{quote(name[:200], safe='')}",
        "content-security-policy": "sandbox",
        "cache-control": "no-store",
    }
