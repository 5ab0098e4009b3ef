"""Bulk projection: a topic heard from its beginning into a view with totals, as a worker does that is far behind.

The peer is limit.py. Ours is the bulk feed into `Service.hear` as the worker fetches gaps:
offsets in the transaction, repeats dropped, poison told apart, rows folded by the view's own function, totals as sums
of contributions. After the warm-up both sides' tables are compared, row for row.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench import data, limit
from bench.ground import Ground, ends, fill_topic
from bench.harness import Pair, Scale
from kernel import feed
from kernel.service import Service, make_views

NAME = "projection"
EVENTS = 100_000
WHAT = "confluent-kafka drain, COPY and merge"
SAME = (
    "SELECT count(*) FROM (SELECT * FROM view.{table} EXCEPT SELECT * FROM rival.{table}) a FULL JOIN"
    " (SELECT * FROM rival.{table} EXCEPT SELECT * FROM view.{table}) b ON false"
)


@asynccontextmanager
async def filled(ground: Ground, scale: Scale) -> AsyncIterator[tuple[Service, str, dict[int, int]]]:
    """A running service and its topic with all events in it; with the peer's tables in the schema `rival`."""
    settings = ground.settings
    await ground.databases("bench")
    topic = settings.topic("bench")
    await ground.topic(topic)
    await fill_topic(settings.kafka, topic, data.drafts(scale.of(EVENTS)))
    service = Service(data.DEFINITION, settings)
    await service.open()
    try:
        async with service.pool.acquire() as connection:
            await connection.execute("CREATE SCHEMA rival")
            await make_views(connection, data.DEFINITION, "rival")
        yield service, topic, await ends(settings.kafka, topic)
    finally:
        await service.close()


async def drain(service: Service, topic: str, until: dict[int, int]) -> float:
    """Limit: everything in the topic into the schema `rival`."""
    await service.pool.execute("TRUNCATE rival.dossier, rival.dossier_total")
    return await limit.project(service.pool, service.settings.kafka, topic, until, "rival")


async def check_same(pool: Any) -> None:
    """Raises RuntimeError where both sides did not come to the same tables."""
    for table in ("dossier", "dossier_total"):
        if await pool.fetchval(SAME.format(table=table)):
            raise RuntimeError(f"{table}: ours and the peer's differ")
        if not await pool.fetchval(f"SELECT count(*) FROM view.{table}"):
            raise RuntimeError(f"{table} is empty")


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    async with filled(ground, scale) as (service, topic, until):
        checked = False

        async def ours() -> float:
            await service.pool.execute("TRUNCATE view.dossier, view.dossier_total, truth.heard")
            started = time.perf_counter()
            async with feed.consumer(service.settings) as reader:
                spans = {(topic, partition): (0, end) for partition, end in until.items()}
                await feed.hear_all(reader, spans, service.hear)
            return sum(until.values()) / (time.perf_counter() - started)

        async def peer() -> float:
            nonlocal checked
            rate = await drain(service, topic, until)
            if not checked:
                await check_same(service.pool)
                checked = True
            return rate

        yield Pair(NAME, f"bulk feed heard into rows and totals ÷ {WHAT}", "events/s", 0.5, ours, peer)
