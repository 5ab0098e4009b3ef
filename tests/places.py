"""Databases and topics of one's own on a ground that is shared: what the fixtures in conftest.py are made of, for tests
that need them for longer than one test."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from deploy import topics as topic_maker
from deploy.local import process
from deploy.local.ground import Ground
from kernel import database
from kernel.settings import Settings

PARTITIONS = 4


def free_port(beside: int = 0) -> int:
    """A port that is free, and the next `beside` too. Not one of those that the system gives to outgoing connections:
    a server that is killed and started again could find its port taken by a client."""
    while True:
        port = random.randrange(10_000, 32_000)
        if all(process.is_free(port + n) for n in range(beside + 1)):
            return port


def ports() -> tuple[int, int]:
    """For PostgreSQL and for Kafka, whose controller takes the next one."""
    return free_port(), free_port(beside=1)


async def delete_topics(kafka: str, chosen: Callable[[str], bool]) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    try:
        if names := [name for name in await client.list_topics() if chosen(name)]:
            await client.delete_topics(names)
    finally:
        await client.close()


@dataclass(frozen=True)
class Place:
    """Databases and topic names of one test; `ground` is what they are on."""

    settings: Settings
    ground: Ground

    async def connect(self, service: str) -> Any:
        """A connection of the service's own role; the caller closes it."""
        return await database.connect(service, self.settings)


def settings_on(ground: Ground, prefix: str, topics: str, **more: Any) -> Settings:
    return Settings(
        postgres=ground.postgres,
        postgres_password=ground.password,
        kafka=ground.kafka,
        database_prefix=prefix,
        topic_prefix=topics,
        partitions=PARTITIONS,
        session_key="only for the tests",
        vault_key="tests",
        tracking_key="only for the tests, and long enough",
        demo=True,
        **more,
    )


@asynccontextmanager
async def place_on(ground: Ground, templates: dict[str, str], folder: Path) -> AsyncIterator[Place]:
    mark = secrets.token_hex(4)
    numbers = {service: free_port() for service in Settings().ports}
    config = settings_on(ground, f"p_{mark}_", f"p.{mark}.", blobs=folder / "blobs", ports=numbers)
    await asyncio.gather(*(_copy(ground, config, service, template) for service, template in templates.items()))
    try:
        yield Place(config, ground)
    finally:
        await asyncio.gather(*(_drop(ground, config, service) for service in templates))


async def _copy(ground: Ground, config: Settings, service: str, template: str) -> None:
    """A role and a database of its name; what the template's role owns, this role may use as its own."""
    name = config.database_prefix + service
    connection = await asyncpg.connect(ground.admin)
    try:
        await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{ground.password}' IN ROLE {template}")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {name}")
        await connection.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    finally:
        await connection.close()


async def _drop(ground: Ground, config: Settings, service: str) -> None:
    name = config.database_prefix + service
    connection = await asyncpg.connect(ground.admin)
    try:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.execute(f"DROP ROLE {name}")
    finally:
        await connection.close()


@asynccontextmanager
async def topics_of(place: Place) -> AsyncIterator[list[str]]:
    services = list(place.settings.ports)
    await topic_maker.apply(place.settings, services)
    names = [place.settings.topic(service) for service in services]
    try:
        yield names
    finally:
        await delete_topics(place.settings.kafka, names.__contains__)
