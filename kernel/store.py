"""Read streams and append to them. The usual append, one event a command and no key, is one statement; the rules of
all others are in the database's own `truth.append`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from kernel.waiting import Waiting
from schemas.event import Event, Meta, Recorded, decode

_meta = msgspec.json.Decoder(Meta)
Past: TypeAlias = tuple[UUID, Event]
"""An event by its id, without what only a reader of the history needs."""

READ = (
    "SELECT stream, number, id, type, version, meta, data FROM truth.events"
    " WHERE stream = ANY($1::text[]) ORDER BY stream, number"
)
PAST = "SELECT stream, id, type, version, data FROM truth.events WHERE stream = ANY($1::text[]) ORDER BY stream, number"
# LATERAL: one look-up by key a stream, whatever the planner believes about how long they are.
PAST_ON = (
    "SELECT e.* FROM unnest($1::text[], $2::int[]) AS k(stream, number) CROSS JOIN LATERAL"
    " (SELECT stream, id, type, version, data FROM truth.events"
    " WHERE events.stream = k.stream AND events.number >= k.number ORDER BY number) e"
)
ONE_EACH = (
    "WITH won AS ("
    " INSERT INTO truth.events (id, stream, number, type, version, meta, data) SELECT * FROM"
    " unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::smallint[], $6::bytea[], $7::bytea[])"
    " AS e(id, stream, number) ORDER BY e.stream, e.number"  # one order: no deadlocks
    " ON CONFLICT (stream, number) DO NOTHING RETURNING row"
    ") INSERT INTO truth.outbox (row) SELECT row FROM won"
)
# The same, with what waits (kernel/waiting.py) of those that won, in no order.
_HELD = (
    " put AS (INSERT INTO truth.waiting (key, box, value)"
    " SELECT gen_random_uuid() AS key, h.box, h.value FROM held h WHERE {won} ORDER BY 1),"
    " gone AS (DELETE FROM truth.kept k USING held h WHERE k.key = h.forget AND {won})"
)
ONE_EACH_HELD = (
    ONE_EACH.partition(" RETURNING row")[0]
    + " RETURNING row, id), held AS (SELECT * FROM unnest($8::uuid[], $9::text[], $10::bytea[], $11::uuid[])"
    " AS h(id, box, value, forget)),"
    + _HELD.format(won="h.id IN (SELECT id FROM won)")
    + " INSERT INTO truth.outbox (row) SELECT row FROM won"
)
LOST = (
    "SELECT command, 'conflict' AS outcome"
    " FROM unnest($1::uuid[], $2::text[], $3::int[]) WITH ORDINALITY AS n(id, stream, number, command)"
    " WHERE NOT EXISTS (SELECT FROM truth.events e WHERE e.stream = n.stream AND e.number = n.number AND e.id = n.id)"
)
APPEND = "SELECT command, outcome FROM truth.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
APPEND_HELD = (
    f"WITH lost AS MATERIALIZED ({APPEND}),"
    " held AS (SELECT * FROM unnest($12::int[], $13::text[], $14::bytea[], $15::uuid[])"
    " AS h(command, box, value, forget)),"
    + _HELD.format(won="h.command NOT IN (SELECT command FROM lost)")
    + " SELECT command, outcome FROM lost"
)


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
    """One command's events, of one stream, in order; with the key under which it was asked for, if any, and what waits
    from now on if it wins."""

    id: UUID
    drafts: Sequence[Draft]
    key: str | None = None
    fingerprint: bytes = b""
    waiting: Waiting | None = None


async def read(connection: Any, streams: Iterable[str]) -> dict[str, list[Recorded]]:
    """Each stream's events in order; a stream that does not exist has none."""
    found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
    for row in await connection.fetch(READ, list(found)):
        found[row["stream"]].append(recorded(row))
    return found


async def past(connection: Any, streams: Iterable[str]) -> dict[str, list[Past]]:
    """Each stream's events in order, for a fold: who said them and when is not read, which is half of the work."""
    found: dict[str, list[Past]] = {stream: [] for stream in streams}
    return _put_in(found, await connection.fetch(PAST, list(found))) if found else found


async def past_on(connection: Any, numbers: Mapping[str, int]) -> dict[str, list[Past]]:
    """Each stream's events from a number on, in order, for a fold."""
    found: dict[str, list[Past]] = {stream: [] for stream in numbers}
    rows = await connection.fetch(PAST_ON, list(numbers), list(numbers.values())) if numbers else ()
    return _put_in(found, rows)


def _put_in(found: dict[str, list[Past]], rows: Iterable[Any]) -> dict[str, list[Past]]:
    for stream, id, type, version, data in rows:
        found[stream].append((id, decode(type, version, data)))
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
    columns = (
        [draft.id for draft in drafts],
        [draft.stream for draft in drafts],
        [draft.number for draft in drafts],
        [draft.type for draft in drafts],
        [draft.version for draft in drafts],
        [draft.meta for draft in drafts],
        [draft.data for draft in drafts],
    )
    rows: Sequence[Any] = ()
    more: Sequence[Any]
    held = [(n, each.id, each.waiting) for n, each in enumerate(appends, 1) if each.waiting is not None]
    if len(drafts) == len(appends) and all(each.key is None for each in appends):
        more = ([id for _, id, _ in held], *_values(held)) if held else ()
        if await connection.execute(ONE_EACH_HELD if held else ONE_EACH, *columns, *more) != f"INSERT 0 {len(drafts)}":
            rows = await connection.fetch(LOST, *columns[:3])
    else:
        more = ([n for n, _, _ in held], *_values(held)) if held else ()
        rows = await connection.fetch(
            APPEND_HELD if held else APPEND,
            [each.id for each in appends],
            [each.key for each in appends],
            [each.fingerprint for each in appends],
            [index for index, each in enumerate(appends, 1) for _ in each.drafts],
            *columns,
            *more,
        )
    outcomes = ["appended"] * len(appends)
    for row in rows:
        outcomes[row["command"] - 1] = row["outcome"]
    return outcomes


def _values(held: Iterable[tuple[int, UUID, Waiting]]) -> tuple[list[Any], list[Any], list[Any]]:
    """Boxes, values, and what to forget."""
    waiting = [each for _, _, each in held]
    return [each.box for each in waiting], [each.value for each in waiting], [each.forget for each in waiting]
