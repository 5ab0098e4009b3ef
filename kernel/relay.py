"""From the outbox to Kafka: one sequencer a service gives every event its gap-free position, then sends in that order.

Two loops that never wait for one another's work: *seal* drains the queue inside the database; *publish* reads sealed
pages and moves the checkpoint only over what Kafka has acknowledged. After any doubt it starts again from the
checkpoint: sending twice is harmless (hearers drop a position they have), losing or reordering is not possible.
"""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kernel import database, metrics, wire
from kernel.settings import Settings

log = structlog.get_logger()

PAGE = 5_000
BATCH_BYTES = 512 << 10
POLL = 0.5  # seconds; only a lost wake-up waits so long
NEXT_PAGE = (
    "SELECT s.position, e.*"
    " FROM (SELECT position, row FROM truth.seals WHERE position > $1 ORDER BY position LIMIT $2) s"
    " CROSS JOIN LATERAL"
    " (SELECT id, stream, number, type, version, meta, data FROM truth.events WHERE events.row = s.row) e"
    " ORDER BY s.position"
)
LOCK = "SELECT pg_try_advisory_lock(hashtext('motcua.sequencer'))"


class Fenced(Exception):
    """A later sequencer has taken over; this one stops."""


class Relay:
    """The sequencer of one service. `run` until cancelled; a second one waits until the first is gone."""

    def __init__(self, service: str, settings: Settings) -> None:
        self.service, self.settings = service, settings
        self._topic = settings.topic(service)
        self._sealed, self._published, self._epoch = asyncio.Event(), 0, 0
        self._appended = asyncio.Event()

    async def run(self) -> None:
        while True:
            try:
                await self._lead()
            except (*database.OUTAGE, Fenced, KafkaError) as error:
                log.warning("relay starts again", service=self.service, reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(POLL)

    async def _lead(self) -> None:
        connection = await asyncpg.connect(**self.settings.database(self.service))
        reader = await asyncpg.connect(**self.settings.database(self.service))
        try:
            if not await connection.fetchval(LOCK):
                return
            self._epoch = await connection.fetchval("SELECT truth.take_over()")
            self._published = await connection.fetchval("SELECT published FROM truth.log")
            await connection.add_listener("appended", lambda *_: self._appended.set())
            log.info("relay leads", service=self.service, epoch=self._epoch, published=self._published)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._seal(connection))
                group.create_task(self._publish(reader))
        except* (*database.OUTAGE, Fenced, KafkaError) as errors:
            raise errors.exceptions[0]  # noqa: B904 -- the group holds nothing else worth reading
        finally:
            for each in (connection, reader):
                with suppress(*database.OUTAGE):
                    await each.close(timeout=2)

    async def _seal(self, connection: Any) -> None:
        last = 0
        while True:
            self._appended.clear()
            sealed = await connection.fetchval("SELECT truth.seal($1, $2)", self._epoch, PAGE)
            if sealed is None:
                raise Fenced
            metrics.sealed.labels(self.service).set(sealed)
            self._sealed.set()
            if sealed - last < PAGE:
                await _either(self._appended, POLL)
            last = sealed

    async def _publish(self, connection: Any) -> None:
        """Send pages for as long as the database answers; a new producer after any trouble with Kafka, because an
        idempotent one that let a batch expire is refused for ever (aiokafka issue 1017)."""
        while True:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.settings.kafka,
                enable_idempotence=True,
                acks="all",
                compression_type="zstd",
                max_batch_size=BATCH_BYTES,
                request_timeout_ms=10_000,
            )
            try:
                await producer.start()
                await self._publish_by(producer, connection)
            except (KafkaError, OSError) as error:
                log.warning("kafka does not take events; they wait", service=self.service, reason=repr(error))
                await asyncio.sleep(POLL)
            finally:
                # The sender first: `stop` alone would flush what waits, or leave it behind to be sent much later.
                for end in (producer._sender.close, producer.stop):
                    with suppress(Exception):
                        async with asyncio.timeout(5):
                            await end()

    async def _publish_by(self, producer: AIOKafkaProducer, connection: Any) -> None:
        page = await connection.fetch(NEXT_PAGE, self._published, PAGE)
        while True:
            if not page:
                self._sealed.clear()
                page = await connection.fetch(NEXT_PAGE, self._published, PAGE)
                if not page:
                    await _either(self._sealed, POLL * 4)
                    page = await connection.fetch(NEXT_PAGE, self._published, PAGE)
                continue
            acknowledged = asyncio.create_task(self._send(producer, page))
            last = page[-1]["position"]
            try:
                ahead = await connection.fetch(NEXT_PAGE, last, PAGE) if len(page) == PAGE else []
                await acknowledged
            finally:
                acknowledged.cancel()
            moved = await connection.execute("UPDATE truth.log SET published = $1 WHERE epoch = $2", last, self._epoch)
            if moved != "UPDATE 1":
                raise Fenced
            self._published = last
            metrics.published.labels(self.service).set(last)
            page = ahead

    async def _send(self, producer: AIOKafkaProducer, page: list[Any]) -> None:
        """Send a page, each partition's events in order, and wait until all are acknowledged. No partition has two
        batches under way: if the first were lost and the second not, its events would seem to be sent again."""
        source = f"/motcua/{self.service}".encode()
        batches: dict[int, Any] = {}
        waiting: dict[int, Any] = {}
        for row in page:
            stream = row["stream"]
            partition = wire.partition(stream, self.settings.partitions)
            key, headers = stream.encode(), wire.headers(source, self._epoch, row)
            batch = batches.get(partition)
            if batch is None:
                batch = batches[partition] = producer.create_batch()
            if batch.append(key=key, value=row["data"], timestamp=None, headers=headers) is None:
                if partition in waiting:
                    await waiting[partition]
                waiting[partition] = await producer.send_batch(batch, self._topic, partition=partition)
                batch = batches[partition] = producer.create_batch()
                batch.append(key=key, value=row["data"], timestamp=None, headers=headers)  # the first always fits
        for partition, batch in batches.items():
            if partition in waiting:
                await waiting[partition]
            waiting[partition] = await producer.send_batch(batch, self._topic, partition=partition)
        await asyncio.gather(*waiting.values())


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or so long. Not by `asyncio.wait_for`: until Python 3.12 it forgets to end where it is
    cancelled at the very moment of the event, and half a relay would keep the lead for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
