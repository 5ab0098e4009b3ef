"""A running toy service. Its databases are made once a process and emptied before each test."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio

import eggs
import toy
from deploy import topics
from deploy.local import databases
from deploy.local.ground import Ground
from kernel import database, logs
from kernel.service import Definition, Service
from kernel.settings import Settings

SERVICES = (toy.NAME, toy.OTHER, database.VAULT)
EMPTY = (
    "TRUNCATE truth.events, truth.outbox, truth.seals, truth.heard, truth.parked, truth.answers, truth.waiting,"
    " truth.kept RESTART IDENTITY;"
    "UPDATE truth.log SET epoch = 0, position = 0, published = 0;"
    "DROP SCHEMA IF EXISTS view_next CASCADE; DROP SCHEMA view CASCADE; CREATE SCHEMA view"
)


@pytest_asyncio.fixture(scope="session")
async def config(ground: Ground) -> AsyncIterator[Settings]:
    """Databases of this process; there are no topics."""
    mark = f"p_{secrets.token_hex(4)}_"
    found = Settings(
        postgres=ground.postgres,
        postgres_password=ground.password,
        kafka=ground.kafka,
        database_prefix=mark,
        topic_prefix=f"p.{mark}.",
        partitions=4,
        session_key="a key for tests only",
        vault_key="another for tests only",
        demo=True,
    )
    await databases.ensure(ground.admin, found, SERVICES)
    await asyncio.gather(*(database.migrate(service, found) for service in SERVICES))
    yield found
    connection = await asyncpg.connect(ground.admin)
    for service in SERVICES:
        await connection.execute(f"DROP DATABASE {mark}{service} WITH (FORCE)")
        await connection.execute(f"DROP ROLE {mark}{service}")
    await connection.close()


async def _running(definition: Definition, config: Settings) -> AsyncIterator[Service]:
    connection = await database.connect(definition.name, config)
    await connection.execute(EMPTY)
    await connection.close()
    running = Service(definition, config)
    await running.open()
    try:
        yield running
    finally:
        await running.close()


@pytest_asyncio.fixture
async def wired(config: Settings) -> Settings:
    """The same databases, and topics of this test."""
    found = config.model_copy(update={"topic_prefix": f"p.{secrets.token_hex(4)}."})
    await topics.apply(found, [toy.NAME, toy.OTHER])
    return found


@pytest_asyncio.fixture
async def online(wired: Settings) -> AsyncIterator[Service]:
    """The toy service, with topics."""
    async for running in _running(toy.definition, wired):
        yield running


@pytest_asyncio.fixture
async def nest(wired: Settings) -> AsyncIterator[Service]:
    """The service of moments, with topics; its clock stands at the beginning of the first of them."""
    eggs.forget()
    async for running in _running(eggs.definition, wired):
        running.clock.set(eggs.MORNING)
        yield running


@pytest_asyncio.fixture
async def other(wired: Settings) -> AsyncIterator[Service]:
    """The foreign service whose events the toy hears."""
    async for running in _running(toy.asking, wired):
        yield running


@pytest_asyncio.fixture
async def service(config: Settings) -> AsyncIterator[Service]:
    async for running in _running(toy.definition, config):
        yield running


@pytest_asyncio.fixture
async def second(service: Service) -> AsyncIterator[Service]:
    """Another process of the same service."""
    running = Service(toy.definition, service.settings)
    await running.open()
    yield running
    await running.close()


@pytest.fixture(scope="session", autouse=True)
def logged() -> None:
    """As it runs; the library's own default draws every traceback with all its variables."""
    logs.set_up(json=True)


@pytest.fixture(autouse=True)
def whole() -> Iterator[None]:
    """No projection is broken when a test begins, nor after it."""
    toy.broken.clear()
    yield
    toy.broken.clear()
