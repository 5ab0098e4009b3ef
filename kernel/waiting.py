"""What is held beside the log, because nobody may ever join it with what the log says.

kept      what a person has begun: one value a key, until it is done with or too old
waiting   what waits to be said together with others of its box: under a random key, without a time or an order

`Service.do(…, waiting=Waiting(…))` puts a value among those that wait in the transaction that appends the command's
events, so there is one of it for each command that won and none for one that lost. Values are sealed by whoever puts
them, and padded by `padded`: their length tells nothing.

What is taken out by `take` leaves no trace in the table: the rows that stay are written anew under new keys, shuffled,
into another file, so that neither a row's place (ctid) nor the transaction that wrote it (xmin) tells when it came.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec

BLOCK = 2048  # bytes: a usual value fills one
PATIENCE = "2s"  # that taking waits for others (a backup, say), while whoever puts something waits behind it

KEEP = (
    "INSERT INTO truth.kept (key, value, until) VALUES ($1, $2, $3)"
    " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, until = EXCLUDED.until"
)
COUNTS = "SELECT box, count(*) AS n FROM truth.waiting GROUP BY box ORDER BY box"
TAKE = "SELECT box, value FROM truth.waiting WHERE box = ANY($1::text[])"
STAY = "SELECT box, value FROM truth.waiting WHERE NOT box = ANY($1::text[])"


class Waiting(msgspec.Struct, frozen=True):
    """A value that waits in a box. `forget` is the key of what was kept until now and is done with."""

    box: str
    value: bytes
    forget: UUID | None = None


def padded(value: bytes) -> bytes:
    """The value in as many whole blocks as it needs, twice as many each time, so that its length tells hardly
    anything."""
    size = BLOCK
    while size < len(value) + 1:
        size *= 2
    return value + b"\x01" + b"\x00" * (size - len(value) - 1)


def unpadded(value: bytes) -> bytes:
    return value.rstrip(b"\x00")[:-1]


# Kept


async def keep(connection: Any, key: UUID, value: bytes, until: dt.datetime) -> None:
    """Keep a value in the place of an earlier one."""
    await connection.execute(KEEP, key, value, until)


async def kept(connection: Any, key: UUID) -> bytes | None:
    """What is kept under a key; None: nothing, or no more."""
    found: bytes | None = await connection.fetchval("SELECT value FROM truth.kept WHERE key = $1", key)
    return found


async def forget(connection: Any, key: UUID) -> None:
    await connection.execute("DELETE FROM truth.kept WHERE key = $1", key)


async def sweep(connection: Any, now: dt.datetime) -> None:
    """Forget what was kept too long."""
    await connection.execute("DELETE FROM truth.kept WHERE until < $1", now)


# Waiting


async def counts(connection: Any) -> dict[str, int]:
    """How many wait in each box."""
    return {row["box"]: row["n"] for row in await connection.fetch(COUNTS)}


async def hold(connection: Any) -> None:
    """Nobody else puts or takes anything until this transaction ends. Raises asyncpg.LockNotAvailableError where
    somebody reads for long: try again later, so that nobody waits behind."""
    await connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    await connection.execute("LOCK TABLE truth.waiting IN ACCESS EXCLUSIVE MODE")
    await connection.execute("SET LOCAL lock_timeout = DEFAULT")


async def take(connection: Any, boxes: Sequence[str]) -> list[tuple[str, bytes]]:
    """Take everything out of these boxes, in this transaction, which has called `hold`; answers (box, value), in no
    order. Call it once a transaction."""
    taken = [(row["box"], row["value"]) for row in await connection.fetch(TAKE, list(boxes))]
    stay = [(uuid4(), row["box"], row["value"]) for row in await connection.fetch(STAY, list(boxes))]
    chance = secrets.SystemRandom()
    chance.shuffle(taken)
    chance.shuffle(stay)
    await connection.execute("TRUNCATE truth.waiting")
    if stay:
        await connection.copy_records_to_table("waiting", schema_name="truth", records=stay)
    return taken
