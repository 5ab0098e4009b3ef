"""Batch append: many events at once, as an import or a burst of requests brings them.

The peer is the limit: asyncpg's binary COPY of the same rows (payload as bytea) into a table of the same definition
as truth.events, unique (stream, number) included, in one transaction. It has no outbox, checks nothing and can't say
which command had a conflict.

Ours is `store.append`, 200 commands a call as the kernel's Batcher sends them, one commit a call.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench import data
from bench.ground import Ground
from bench.harness import Pair, Scale
from kernel import database, store

NAME = "batch"
EVENTS = 40_000
CALL = 200
COLUMNS = ("id", "stream", "number", "type", "version", "meta", "data")


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    await ground.databases("bench")
    pool = await database.pool("bench", ground.settings)
    await pool.execute("CREATE TABLE copied (LIKE truth.events INCLUDING ALL)")
    made = data.drafts(scale.of(EVENTS))
    appends = data.appends(made)
    rows = [tuple(getattr(draft, name) for name in COLUMNS) for draft in made]

    async def ours() -> float:
        await pool.execute("TRUNCATE truth.events, truth.outbox")
        started = time.perf_counter()
        for start in range(0, len(appends), CALL):
            if set(await store.append(pool, appends[start : start + CALL])) != {"appended"}:
                raise RuntimeError("an append was refused")
        return len(appends) / (time.perf_counter() - started)

    async def peer() -> float:
        await pool.execute("TRUNCATE copied")
        started = time.perf_counter()
        await pool.copy_records_to_table("copied", records=rows, columns=COLUMNS)
        return len(rows) / (time.perf_counter() - started)

    try:
        yield Pair(NAME, "batches of 200 appended ÷ COPY of the same rows", "events/s", 0.2, ours, peer)
    finally:
        await pool.close()
