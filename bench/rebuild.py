"""Rebuild: the view made again beside the live one from the whole topic, and swapped in by rename.

The peer is the same limit as a projection's (limit.py). Ours is `kernel.rebuild.rebuild`: all of it, with the schema,
the indexes, the catching up and the swap.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench import data
from bench.ground import Ground
from bench.harness import Pair, Scale
from bench.projection import WHAT, check_same, drain, filled
from kernel.rebuild import rebuild

NAME = "rebuild"
HEARD = "INSERT INTO truth.heard (topic, partition, next_offset) SELECT $1, * FROM unnest($2::int[], $3::bigint[])"


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    async with filled(ground, scale) as (service, topic, until):
        checked = False
        await service.pool.execute(HEARD, topic, list(until), list(until.values()))

        async def ours() -> float:
            started = time.perf_counter()
            read = await rebuild(data.DEFINITION, service.settings)
            return read / (time.perf_counter() - started)

        async def peer() -> float:
            nonlocal checked
            rate = await drain(service, topic, until)
            if not checked:
                await check_same(service.pool)
                checked = True
            return rate

        yield Pair(NAME, f"view rebuilt and swapped ÷ {WHAT}", "events/s", 0.4, ours, peer)
