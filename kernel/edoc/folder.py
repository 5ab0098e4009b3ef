"""Documents by a watched folder, for a document office whose system takes files and gives files.

    outbox/   what leaves: one whole file a message, to be taken away by the other side
    sent/     an empty mark for each of them, so that what is sent again is not put there again
    inbox/    what arrives: the other side puts a whole file there (write elsewhere on the same disk, then rename)
    failed/   an empty mark for each message that could not be used

What was acknowledged is kept by whoever heard it, so its file is deleted: people's papers don't lie here for ever. What
leaves stays until the other side takes it away; where it keeps it then, and how long, is its own affair.

A file is there whole or not at all: it is written under a name that begins with a dot, flushed to the disk, renamed.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from kernel.edoc.message import LARGEST
from kernel.post import Refused, Unreachable

P = ParamSpec("P")
R = TypeVar("R")
MOST = 200
_NAME = re.compile(r"[^./\\\0][^/\\\0]{0,200}\.(edxml|xml)", re.IGNORECASE)


class Folder:
    """One organisation's folder; it and its four are made where they lack."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def send(self, id: str, message: bytes, kind: str = "edoc") -> None:
        await self._try(self._send, id, message, kind)

    async def received(self) -> Sequence[str]:
        return await self._try(self._received)

    async def fetch(self, id: str) -> bytes:
        return await self._try(self._fetch, id)

    async def acknowledge(self, id: str, *, good: bool = True) -> None:
        await self._try(self._acknowledge, id, good)

    async def _try(self, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        try:
            return await asyncio.to_thread(work, *arguments, **named)
        except OSError as error:
            raise Unreachable(f"the folder of documents can't be used ({type(error).__name__})") from None

    def _send(self, id: str, message: bytes, kind: str) -> None:
        name = f"{kind}-{hashlib.sha256(id.encode()).hexdigest()[:40]}.edxml"
        mark = self._in("sent") / name
        if mark.exists():
            return
        outbox = self._in("outbox")
        part = outbox / f".{name}"
        with part.open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        part.replace(outbox / name)
        _flush(outbox)
        mark.touch()  # last: a crash before it sends twice, which is harmless; the other order could lose it
        _flush(mark.parent)

    def _received(self) -> list[str]:
        with os.scandir(self._in("inbox")) as found:
            there = [
                (each.stat().st_mtime_ns, each.name) for each in found if _NAME.fullmatch(each.name) and each.is_file()
            ]
        return [name for _, name in sorted(there)[:MOST]]

    def _fetch(self, id: str) -> bytes:
        path = self._in("inbox") / _checked(id)
        if not path.is_file():
            raise Refused("there is no such file")
        if path.stat().st_size > LARGEST:
            raise Refused("the file is too large")
        return path.read_bytes()

    def _acknowledge(self, id: str, good: bool) -> None:
        path = self._in("inbox") / _checked(id)
        if not good:
            (self._in("failed") / id).touch()  # first: the other side is told, also where the deletion fails
        path.unlink(missing_ok=True)  # acknowledged before
        _flush(path.parent)

    def _in(self, name: str) -> Path:
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _checked(id: str) -> str:
    if not _NAME.fullmatch(id):
        raise Refused("this is no name of a file in the inbox")
    return id


def _flush(folder: Path) -> None:
    """A rename is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
