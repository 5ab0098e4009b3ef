"""Relay: what was appended gets its sealed position and its Merkle leaf, and goes to Kafka, acknowledged.

The peer is the limit: the same rows read from the same table in pages of 5,000 and sent by aiokafka's `send_batch`
with the same key, value and headers, the same producer settings, the next page read while the last one is sent;
nothing is sealed, no checkpoint is moved.

Ours is `Relay.run`, from the moment the outbox is filled until its checkpoint covers the last event.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bench import data
from bench.ground import Ground, fill_events, producer, send
from bench.harness import Pair, Scale
from kernel import database
from kernel.relay import Relay

NAME = "relay"
EVENTS = 60_000
PAGE = 5_000
READ = (
    "SELECT row AS position, id, stream, number, type, version, meta, data FROM truth.events"
    " WHERE row > $1 ORDER BY row LIMIT $2"
)


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    settings = ground.settings
    await ground.databases("bench")
    topic, plain = settings.topic("bench"), settings.topic("plain")
    await ground.topic(topic)
    await ground.topic(plain)
    pool = await database.pool("bench", settings)
    made = data.drafts(scale.of(EVENTS))
    async with pool.acquire() as connection:
        await fill_events(connection, made)
    await pool.execute("ANALYZE truth.events")
    running = asyncio.create_task(Relay("bench", settings).run())

    async def ours() -> float:
        before = await pool.fetchval("SELECT published FROM truth.log")
        await pool.execute("DELETE FROM truth.seals")
        await pool.execute("INSERT INTO truth.outbox (row) SELECT row FROM truth.events ORDER BY row")
        await pool.execute("NOTIFY appended")
        started = time.perf_counter()
        while await pool.fetchval("SELECT published FROM truth.log") < before + len(made):
            if running.done():
                running.result()
            await asyncio.sleep(0.01)
        return len(made) / (time.perf_counter() - started)

    async with producer(settings.kafka) as sender:

        async def peer() -> float:
            started = time.perf_counter()
            page = await pool.fetch(READ, 0, PAGE)
            while page:
                sent = asyncio.create_task(send(sender, plain, page))
                page = await pool.fetch(READ, page[-1]["position"], PAGE)
                await sent
            return len(made) / (time.perf_counter() - started)

        try:
            yield Pair(
                NAME,
                "sealed, sent and acknowledged ÷ the same rows in pages of 5,000 by send_batch, unsealed",
                "events/s",
                0.6,
                ours,
                peer,
            )
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await pool.close()
