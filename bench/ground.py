"""Where it is measured: a PostgreSQL and a Kafka of the bench's own, durable, and what is made on them."""

import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from deploy.local import databases
from deploy.local import ground as local
from kernel import database, wire
from kernel.settings import Settings
from kernel.store import Draft

STATE = Path(".state/bench")
POSTGRES_PORT = 25452
KAFKA_PORT = 29292
PREFIX = "motcua_bench_"
TOPICS = "motcua.bench."
PARTITIONS = 12
SOURCE = b"/motcua/bench"
SECRET = "of the bench only, and nobody else's"
INSERT = (
    "INSERT INTO truth.events (id, stream, number, type, version, meta, data) SELECT * FROM"
    " unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::smallint[], $6::bytea[], $7::bytea[])"
)


@dataclass(frozen=True)
class Ground:
    """Where both are (host:port), a superuser's DSN and the password that the services' roles get."""

    postgres: str
    kafka: str
    admin: str
    password: str = ""

    @property
    def settings(self) -> Settings:
        return Settings(
            postgres=self.postgres,
            postgres_password=SecretStr(self.password),
            kafka=self.kafka,
            database_prefix=PREFIX,
            topic_prefix=TOPICS,
            partitions=PARTITIONS,
            session_key=SecretStr(SECRET),
            vault_key=SecretStr(SECRET),
            tracking_key=SecretStr(SECRET),
        )

    def environment(self, service: str, port: int) -> dict[str, str]:
        """What a process of this service is told."""
        settings = self.settings
        return {
            "MOTCUA_POSTGRES": settings.postgres,
            "MOTCUA_POSTGRES_PASSWORD": self.password,
            "MOTCUA_KAFKA": settings.kafka,
            "MOTCUA_DATABASE_PREFIX": settings.database_prefix,
            "MOTCUA_TOPIC_PREFIX": settings.topic_prefix,
            "MOTCUA_SESSION_KEY": SECRET,
            "MOTCUA_VAULT_KEY": SECRET,
            "MOTCUA_TRACKING_KEY": SECRET,
            "MOTCUA_PORTS": json.dumps({service: port}),
        }

    async def databases(self, *services: str) -> None:
        """Empty databases for these services and for the vault, migrated."""
        await self._drop_databases(PREFIX + each for each in (*services, database.VAULT))
        await databases.ensure(self.admin, self.settings, (*services, database.VAULT))
        for service in (*services, database.VAULT):
            await database.migrate(service, self.settings)

    async def _drop_databases(self, names: Iterable[str]) -> None:
        admin = await asyncpg.connect(self.admin)
        try:
            for name in names:
                await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                await admin.execute(f'DROP ROLE IF EXISTS "{name}"')
            await admin.execute("CHECKPOINT")
        finally:
            await admin.close()

    async def topic(self, name: str, partitions: int = PARTITIONS) -> None:
        """An empty topic of this name."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            if name in await admin.list_topics():
                await admin.delete_topics([name])
                while name in await admin.list_topics():
                    pass
            await admin.create_topics([NewTopic(name, partitions, 1)])
            while len((await admin.describe_topics([name]))[0]["partitions"]) < partitions:
                pass
        finally:
            await admin.close()

    async def clean(self) -> None:
        """Drop every database, role and topic of the bench."""
        admin = await asyncpg.connect(self.admin)
        rows = await admin.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", PREFIX)
        await admin.close()
        await self._drop_databases(row["datname"] for row in rows)
        client = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await client.start()
        try:
            if ours := [name for name in await client.list_topics() if name.startswith(TOPICS)]:
                await client.delete_topics(ours)
        finally:
            await client.close()


@asynccontextmanager
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer as the relay's; zstd is the best of aiokafka's codecs here (faster and smaller than its lz4)."""
    each = AIOKafkaProducer(
        bootstrap_servers=kafka,
        enable_idempotence=True,
        acks="all",
        compression_type="zstd",
        max_batch_size=512 << 10,
    )
    await each.start()
    try:
        yield each
    finally:
        await each.stop()


async def send(producer: AIOKafkaProducer, topic: str, rows: Iterable[Any]) -> None:
    """Send rows as the relay would, in batches as large as may be, and wait until all are acknowledged."""
    batches: dict[int, Any] = {}
    waiting = []
    for row in rows:
        stream = row["stream"]
        partition = wire.partition(stream, PARTITIONS)
        key, headers = stream.encode(), wire.headers(SOURCE, 1, row)
        batch = batches.get(partition)
        if batch is None:
            batch = batches[partition] = producer.create_batch()
        if batch.append(key=key, value=row["data"], timestamp=None, headers=headers) is None:
            waiting.append(await producer.send_batch(batch, topic, partition=partition))
            batch = batches[partition] = producer.create_batch()
            batch.append(key=key, value=row["data"], timestamp=None, headers=headers)
    for partition, batch in batches.items():
        waiting.append(await producer.send_batch(batch, topic, partition=partition))
    for each in waiting:
        await each


async def fill_topic(kafka: str, topic: str, made: Sequence[Draft], first: int = 1) -> None:
    """Put events into a topic as if they had been sealed and relayed, at positions from `first` on."""
    async with producer(kafka) as sender:
        await send(sender, topic, (as_row(draft, position) for position, draft in enumerate(made, first)))


def as_row(draft: Draft, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "id": draft.id,
        "stream": draft.stream,
        "number": draft.number,
        "type": draft.type,
        "version": draft.version,
        "meta": draft.meta,
        "data": draft.data,
    }


async def fill_events(connection: Any, made: Sequence[Draft]) -> None:
    """Put events into truth.events, without an outbox, in this order."""
    for start in range(0, len(made), 5_000):
        await connection.execute(INSERT, *columns(made[start : start + 5_000]))


def columns(made: Sequence[Draft]) -> list[list[Any]]:
    return [
        [getattr(draft, name) for draft in made]
        for name in ("id", "stream", "number", "type", "version", "meta", "data")
    ]


async def ends(kafka: str, topic: str) -> dict[int, int]:
    """The offset after the last message of each partition."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka)
    await reader.start()
    try:
        found = await reader.end_offsets([TopicPartition(topic, n) for n in range(PARTITIONS)])
        return {tp.partition: offset for tp, offset in found.items()}
    finally:
        await reader.stop()


@contextmanager
def ground() -> Iterator[Ground]:
    """The bench's own PostgreSQL and Kafka, durable as in production; stopped at the end.

    For work on the bench itself the environment may name ones that already run: MOTCUA_BENCH_POSTGRES (host:port),
    MOTCUA_BENCH_KAFKA and MOTCUA_BENCH_ADMIN (a superuser's DSN).
    """
    if postgres := os.environ.get("MOTCUA_BENCH_POSTGRES"):
        yield Ground(postgres, os.environ["MOTCUA_BENCH_KAFKA"], os.environ["MOTCUA_BENCH_ADMIN"])
        return
    found = local.start(STATE, postgres_port=POSTGRES_PORT, kafka_port=KAFKA_PORT, durable=True)
    try:
        yield Ground(found.postgres, found.kafka, found.admin, found.password)
    finally:
        local.stop(found)
