"""Read streams and append to them. The rules of appending are in the database's own `truth.append`."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from schemas.event import Meta, Recorded, decode

_meta = msgspec.json.Decoder(Meta)

READ = (
    "SELECT stream, number, id, type, version, meta, data FROM truth.events"
    " WHERE stream = ANY($1::text[]) ORDER BY stream, number"
)
APPEND = "SELECT command, outcome FROM truth.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"


class Conflict(Exception):
    """Someone wrote to this stream first. Read it again and decide again."""


class Draft(msgspec.Struct, frozen=True):
    """An event as it will be stored."""

    id: UUID
    stream: str
    number: int
    type: str
    version: int
    meta: bytes
    data: bytes


class Append(msgspec.Struct, frozen=True):
    """One command's events, of one stream, in order; with the key under which it was asked for, if any."""

    id: UUID
    drafts: Sequence[Draft]
    key: str | None = None
    fingerprint: bytes = b""


async def read(connection: Any, streams: Iterable[str]) -> dict[str, list[Recorded]]:
    """Each stream's events in order; a stream that does not exist has none."""
    found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
    for row in await connection.fetch(READ, list(found)):
        found[row["stream"]].append(recorded(row))
    return found


def recorded(row: Any) -> Recorded:
    return Recorded(
        id=row["id"],
        stream=row["stream"],
        number=row["number"],
        meta=_meta.decode(row["meta"]),
        event=decode(row["type"], row["version"], row["data"]),
    )


async def append(connection: Any, appends: Sequence[Append]) -> list[str]:
    """Append all that can be; answers 'appended', 'conflict' or 'repeated' for each, in the same order."""
    drafts = [draft for each in appends for draft in each.drafts]
    rows = await connection.fetch(
        APPEND,
        [each.id for each in appends],
        [each.key for each in appends],
        [each.fingerprint for each in appends],
        [index for index, each in enumerate(appends, 1) for _ in each.drafts],
        [draft.id for draft in drafts],
        [draft.stream for draft in drafts],
        [draft.number for draft in drafts],
        [draft.type for draft in drafts],
        [draft.version for draft in drafts],
        [draft.meta for draft in drafts],
        [draft.data for draft in drafts],
    )
    outcomes = ["appended"] * len(appends)
    for row in rows:
        outcomes[row["command"] - 1] = row["outcome"]
    return outcomes
