"""Live: events that arrive while the worker runs, through a Faust agent into the view.

The peer is an empty Faust agent: the same Faust with the same settings and a body that only counts, in the fastest of
its forms (`stream.events()`, raw bytes, no acknowledgement by hand). Ours is the kernel's Worker: agent, buffer, hear,
rows and totals committed. Both run side by side on topics of their own, only one has something to do at a time, and
each round sends it the same burst. Nothing is ever behind at a start, so the bulk feed takes no part.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import faust

from bench import data
from bench.ground import Ground, as_row, producer, send
from bench.harness import Pair, Scale
from kernel.service import Service
from kernel.store import Draft
from kernel.worker import Worker

NAME = "live"
EVENTS = 15_000
HEARD = "SELECT coalesce(sum(next_offset), 0)::bigint FROM truth.heard WHERE topic = $1"


class Empty:
    """A Faust agent that counts and does nothing else."""

    def __init__(self, kafka: str, topic: str) -> None:
        self.seen, self.ready = 0, asyncio.Event()
        self._wanted, self._enough = 0, asyncio.Event()
        self.app = faust.App(
            f"{topic}.empty",
            broker=f"kafka://{kafka}",
            store="memory://",
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            consumer_auto_offset_reset="earliest",
            broker_commit_interval=1.0,
            stream_wait_empty=False,
            stream_buffer_maxsize=4096,
        )
        self.app.agent(self.app.topic(topic, key_serializer="raw", value_serializer="raw"))(self._agent)
        self.app.on_partitions_assigned.connect(self._assigned)

    async def _agent(self, stream: Any) -> None:
        async for _ in stream.events():
            self.seen += 1
            if self.seen == self._wanted:
                self._enough.set()

    async def until(self, wanted: int) -> None:
        """Wait until so many were counted."""
        self._wanted = wanted
        self._enough.clear()
        if self.seen < wanted:
            await self._enough.wait()

    async def _assigned(self, *_: Any, **__: Any) -> None:
        self.ready.set()


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    settings = ground.settings
    await ground.databases("bench")
    topic, plain = settings.topic("bench"), settings.topic("plain")
    await ground.topic(topic)
    await ground.topic(plain)
    service = Service(data.DEFINITION, settings)
    await service.open()
    worker, empty = Worker(service), Empty(settings.kafka, plain)
    running = asyncio.create_task(worker.run())
    await empty.app.start()
    made = data.drafts(scale.of(EVENTS))
    position = 0

    async def burst(sender: Any, name: str, drafts: list[Draft]) -> float:
        nonlocal position
        rows = [as_row(draft, number) for number, draft in enumerate(drafts, position + 1)]
        position += len(rows)
        started = time.perf_counter()
        await send(sender, name, rows)
        return started

    async def heard(sender: Any, drafts: list[Draft]) -> float:
        wanted = await service.pool.fetchval(HEARD, topic) + len(drafts)
        started = await burst(sender, topic, drafts)
        while await service.pool.fetchval(HEARD, topic) < wanted:
            if running.done():
                running.result()
            await asyncio.sleep(0.02)
        return time.perf_counter() - started

    async with producer(settings.kafka) as sender:
        await asyncio.wait_for(empty.ready.wait(), 60)
        await asyncio.wait_for(heard(sender, made[:1]), 60)  # awake: it hears

        async def ours() -> float:
            return len(made) / await heard(sender, made)

        async def peer() -> float:
            wanted = empty.seen + len(made)
            started = await burst(sender, plain, made)
            await empty.until(wanted)
            return len(made) / (time.perf_counter() - started)

        try:
            yield Pair(NAME, "Faust agent → hear → view ÷ an empty Faust agent", "events/s", 0.7, ours, peer)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await empty.app.stop()
            await service.close()
