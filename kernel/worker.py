"""Kafka → hear. The only file that imports Faust.

Two feeds, one hear. Faust's agents bring live events one by one; they are buffered by partition and heard together, so
nothing waits for a batch to fill. What is missing before them (a start, a restart) shows as a gap, and a gap is read in
bulk straight from the broker. So is a lag that has grown long while running; the live feed goes on after it. Faust's
own offsets are for lag displays; the database owns ours.
"""

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

import faust
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP

from kernel import database, feed
from kernel.clock import monotonic
from kernel.service import Gap, Service
from kernel.store import Conflict
from kernel.wire import Message

log = structlog.get_logger()

BULK = 5_000  # messages behind, from which reading in bulk is faster
LOOK = 1.0  # seconds between two looks at how far behind the live feed is
MOST_BUFFERED = 20_000
STALLED = 60.0  # seconds without progress although there is something to hear: the process ends itself
OUTAGE = (*database.OUTAGE, KafkaError, Conflict)

Place = tuple[str, int]
_names = itertools.count(1)


class Stalled(Exception):
    """There is something to hear and nothing was heard for a minute. Start this process again."""


class _Consumer(Consumer):
    """Faust's consumer, started at the database's offsets instead of the group's."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        worker: Worker = self.app.worker  # type: ignore[attr-defined]
        offsets = await worker.starts(self.assignment())
        for tp, offset in offsets.items():
            await self._seek(tp, offset)
        return offsets


class _Transport(Transport):
    Consumer = _Consumer


class _App(faust.App):
    worker: "Worker"


class Worker:
    """One service's hearing. `run` until cancelled; several may run at once and share the partitions."""

    def __init__(self, service: Service) -> None:
        self.service, self.settings = service, service.settings
        self.topics = [service.settings.topic(each) for each in service.definition.hears]
        self._buffers: dict[Place, list[Message]] = {}
        self._buffered, self._arrived, self._space = 0, asyncio.Event(), asyncio.Event()
        self._space.set()
        self._reader: AIOKafkaConsumer | None = None
        self._assigned: list[Place] = []
        self._next: dict[Place, int] = {}
        self._looked = 0.0
        self._folder = TemporaryDirectory(prefix="motcua-")  # Faust wants one, and keeps nothing in it
        self._app = self._faust()

    def _faust(self) -> Any:
        app = _App(
            f"{self.settings.topic_prefix}{self.service.name}",
            broker=f"kafka://{self.settings.kafka}",
            store="memory://",
            datadir=self._folder.name,
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            consumer_auto_offset_reset="earliest",
            consumer_metadata_max_age_ms=10_000,  # a broker that has just come back may not know its topics yet
            broker_commit_interval=1.0,
            broker_session_timeout=10.0,  # of a worker that was killed: until then nobody hears its partitions live
            broker_heartbeat_interval=3.0,
            stream_wait_empty=False,
            stream_buffer_maxsize=4096,
        )
        app.worker = self
        app.transport = _Transport([app.conf.broker[0]], app, app.loop)
        for topic in self.topics:
            channel = app.topic(topic, key_serializer="raw", value_serializer="raw")
            app.agent(channel, name=f"{topic}-{next(_names)}")(self._agent)
        return app

    async def _agent(self, stream: Any) -> None:
        async for event in stream.events():
            found = event.message
            self._buffers.setdefault((found.topic, found.partition), []).append(feed.message(found))
            self._buffered += 1
            self._arrived.set()
            if self._buffered > MOST_BUFFERED:
                self._space.clear()
                await self._space.wait()

    async def run(self) -> None:
        """Hear until cancelled. Raises Stalled where the process should be started again, Lost where the broker no
        longer holds what was heard: what comes next would get offsets that are taken for heard."""
        await self._reach()
        async with feed.consumer(self.settings) as reader:
            self._reader = reader
            try:
                await self._app.start()  # inside: a start that is cancelled leaves threads, which only stop ends
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._drain())
                    group.create_task(self._watch())
            finally:
                with suppress(Exception):
                    await asyncio.wait_for(self._app.stop(), 5)

    async def starts(self, assigned: set[TP]) -> dict[TP, int]:
        """Where to begin each partition: at the database's offset, or, when far behind, at the last message, so that
        the gap before it is read in bulk."""
        self._assigned = [(tp.topic, tp.partition) for tp in assigned]
        while True:
            try:
                heard, ends = await self._heard(), await feed.ends(self._need_reader(), self._assigned)
                break
            except OUTAGE as error:
                await self._wait(error)
        self._buffers.clear()
        self._buffered = 0
        self._space.set()
        found = {}
        for tp in assigned:
            expected, end = heard.get((tp.topic, tp.partition), 0), ends[tp.topic, tp.partition]
            found[tp] = end - 1 if end - expected > BULK else expected
        self._next = {(tp.topic, tp.partition): heard.get((tp.topic, tp.partition), 0) for tp in assigned}
        return found

    async def _reach(self) -> None:
        """Wait for Kafka: a process that also serves must not end because it is away."""
        while True:
            try:
                _nothing_lost(*await self._progress())
                return
            except OUTAGE as error:
                await self._wait(error)

    async def _wait(self, error: Exception, seconds: float = 1.0) -> None:
        log.warning("hearing waits", service=self.service.name, reason=f"{type(error).__name__}: {error}")
        await asyncio.sleep(seconds)

    async def _progress(self) -> tuple[dict[Place, int], dict[Place, int]]:
        """(next offset heard, end) of every partition."""
        heard = await self._heard()
        places = [(topic, p) for topic in self.topics for p in range(self.settings.partitions)]
        async with feed.consumer(self.settings) as reader:
            return heard, await feed.ends(reader, places)

    def _need_reader(self) -> AIOKafkaConsumer:
        assert self._reader is not None
        return self._reader

    async def _heard(self) -> dict[Place, int]:
        return await feed.heard(self.service.pool)

    async def _drain(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            for place in list(self._buffers):
                messages = self._buffers.pop(place, [])
                if messages:
                    await self._hear(place, messages)
                    self._buffered = max(0, self._buffered - len(messages))
                    self._space.set()

    async def _hear(self, place: Place, messages: list[Message]) -> None:
        """Hear these messages whatever it takes: gaps are fetched, outages are waited for."""
        wait = 0.1
        left = messages
        while left:
            try:
                try:
                    self._next[place] = expected = await self.service.hear(*place, left)
                    left = [message for message in left if message.offset >= expected]
                    if self._is_far_behind():
                        await self._catch_up(place)
                except Gap:
                    await self._catch_up(place)
            except OUTAGE as error:
                await self._wait(error, wait)
                wait = min(wait * 2, 5.0)

    def _is_far_behind(self) -> bool:
        """Is the live feed too slow for what comes in? By what its own fetches said of the ends."""
        if monotonic() - self._looked < LOOK:
            return False
        self._looked = monotonic()
        ends = {place: self._app.consumer.highwater(TP(*place)) for place in self._assigned}
        return sum((end or 0) - self._next.get(place, end or 0) for place, end in ends.items()) > BULK

    async def _catch_up(self, place: Place) -> None:
        """Read in bulk what is missing of a partition, whoever has it by now, and of all that are ours, up to the ends
        as they are now; let the live feed go on from there."""
        reader, ours = self._need_reader(), list(self._assigned)
        heard, ends = await self._heard(), await feed.ends(reader, {*ours, place})
        spans = {each: (heard.get(each, 0), end) for each, end in ends.items()}
        behind = sum(end - start for start, end in spans.values())
        log.info("catching up in bulk", service=self.service.name, behind=behind)
        await feed.hear_all(reader, spans, self.service.hear)
        for each in ours:
            await self._app.consumer.seek(TP(*each), ends[each])
            self._next[each] = ends[each]

    async def _watch(self) -> None:
        """Fetch in bulk what the live feed did not bring between two looks, whoever's it is: Faust's consumers may
        lose a partition, or die, without saying so. Raises Stalled where that does not help either."""
        heard: dict[Place, int] = {}
        ends: dict[Place, int] = {}
        since: dict[Place, float] = {}
        while True:
            await asyncio.sleep(STALLED / 12)
            before, ended = heard, ends
            try:
                heard, ends = await self._progress()
            except OUTAGE:
                since.clear()
                continue
            _nothing_lost(heard, ends)
            still = {place: at for place in ends if (at := heard.get(place, 0)) == before.get(place, 0)}
            stuck = {place: (at, ends[place]) for place, at in still.items() if at < ended.get(place, 0)}
            since = {place: since.get(place, monotonic()) for place in stuck}
            if any(monotonic() - start > STALLED for start in since.values()):
                raise Stalled(self.service.name)
            if stuck:
                log.warning("fetching what was not brought", service=self.service.name, partitions=len(stuck))
                with suppress(*OUTAGE):
                    async with asyncio.timeout(STALLED), feed.consumer(self.settings) as reader:
                        await feed.hear_all(reader, stuck, self.service.hear)


def _nothing_lost(heard: dict[Place, int], ends: dict[Place, int]) -> None:
    for (topic, partition), end in ends.items():
        if heard.get((topic, partition), 0) > end:
            raise feed.Lost(f"{topic}/{partition} ends at {end}, and {heard[topic, partition]} were heard")
