"""What every test may stand on: the real Kafka and PostgreSQL, and databases and topics of its own on them.

ground   one Kafka and one PostgreSQL for the whole run, shared by all its processes: the first starts them, the
         last stops them. Their ports and folders are the tests' own, so a demo may run beside them.
place    fresh, migrated databases for one test and the Settings that lead to them
topics   fresh topics for the same Settings
"""

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import pytest_asyncio

import browser
from deploy.local import databases
from deploy.local import ground as local
from deploy.local.ground import Ground
from kernel import database
from places import Place, delete_topics, place_on, ports, settings_on, topics_of

STATE = Path(__file__).parents[1] / ".state" / "test"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that break a ground share one process, so that only one such ground runs."""
    for item in items:
        if "breakable" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("breakable"))


# --- the ground ------------------------------------------------------------------------------------------------------


@contextmanager
def locked() -> Iterator[dict[str, Any]]:
    """What all processes of all test runs know about the ground, one at a time."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "shared.lock").open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = STATE / "shared.json"
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"users": []}
        known["users"] = [user for user in known["users"] if _runs(*user)]
        yield known
        path.write_text(json.dumps(known), encoding="utf-8")


def _runs(pid: int, born: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - born) < 1
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """One Kafka and one PostgreSQL for the whole run; without fsync, for no test cuts the machine's power."""
    me = [os.getpid(), psutil.Process().create_time()]
    with locked() as known:
        if not known["users"]:  # what an earlier run left behind may be anything
            local.stop(local.at(STATE, postgres_port=0, kafka_port=0))
            known["postgres"], known["kafka"] = ports()
        here = local.start(STATE, postgres_port=known["postgres"], kafka_port=known["kafka"], durable=False)
        if not known["users"]:
            local.run(_sweep(here))
        known["users"].append(me)
    try:
        yield here
    finally:
        with locked() as known:
            known["users"].remove(me)
            if not known["users"]:
                local.stop(here)


async def _sweep(ground: Ground) -> None:
    """Remove the places that killed runs left behind."""
    connection = await asyncpg.connect(ground.admin)
    try:
        for row in await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'p\\_%'"):
            await connection.execute(f"DROP DATABASE {row['datname']} WITH (FORCE)")
        for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'p\\_%'"):
            await connection.execute(f"DROP ROLE {row['rolname']}")
    finally:
        await connection.close()
    await delete_topics(ground.kafka, lambda name: name.startswith("p."))


@pytest.fixture(scope="session")
def breakable() -> Iterator[Ground]:
    """A Kafka and a PostgreSQL of this test process alone: for tests that kill them. They start and end healthy; a
    test that has killed a part brings it back with `ground.restart`."""
    state = STATE.with_name(f"test-breakable-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")
    local.stop(local.at(state, postgres_port=0, kafka_port=0))
    postgres, kafka = ports()
    here = local.start(state, postgres_port=postgres, kafka_port=kafka, durable=False)
    local.run(_sweep(here))
    yield here
    local.stop(here)


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """For a PostgreSQL and a Kafka that a test starts itself."""
    return ports()


@pytest_asyncio.fixture(scope="session", autouse=True)
async def chromium_until_the_end() -> AsyncIterator[None]:
    """Whoever needs Chromium first starts it, and it serves all tests of this process."""
    yield
    await browser.close()


# --- a place of one's own --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def templates(ground: Ground) -> dict[str, str]:
    """A migrated database a service, to copy from; made again whenever a migration has changed."""
    return local.run(_templates(ground))


@pytest_asyncio.fixture
async def place(ground: Ground, templates: dict[str, str], tmp_path: Path) -> AsyncIterator[Place]:
    """Fresh databases for every service and the vault. Topics are named, and made by the fixture `topics`."""
    async with place_on(ground, templates, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def topics(place: Place) -> AsyncIterator[list[str]]:
    """The topics of the place, empty; answers their names."""
    async with topics_of(place) as names:
        yield names


@pytest.fixture(scope="session")
def breakable_templates(breakable: Ground) -> dict[str, str]:
    return local.run(_templates(breakable))


@pytest_asyncio.fixture
async def breakable_place(
    breakable: Ground, breakable_templates: dict[str, str], tmp_path: Path
) -> AsyncIterator[Place]:
    """Fresh databases and topics on the breakable ground, whatever the test before has broken."""
    for part in local.PARTS:
        await asyncio.to_thread(local.restart, breakable, part)
    async with place_on(breakable, breakable_templates, tmp_path) as made, topics_of(made):
        yield made


async def _templates(ground: Ground) -> dict[str, str]:
    digest = hashlib.sha256()
    for path in sorted(database.MIGRATIONS.rglob("*.sql")):
        digest.update(path.read_bytes())
    config = settings_on(ground, f"t_{digest.hexdigest()[:8]}_", "unused.")
    services = databases.names(config)
    with locked():
        await databases.ensure(ground.admin, config, services)
        for service in services:
            await database.migrate(service, config)
    return {service: config.database_prefix + service for service in services}
