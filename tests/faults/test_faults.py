"""Processes are killed in the middle of load. Afterwards nothing acknowledged is lost and nothing is counted twice."""

import asyncio
import signal
from typing import Any

import pytest

from deploy.local import ground


async def test_a_killed_process_of_each_role_loses_nothing(city: Any) -> None:
    """The relay, the worker and the api, one after the other, each twice."""
    city.load()
    await city.more(100)
    for role in ("relay", "worker", "api") * 2:
        city.kill(role)
        await city.more(60)
    assert await city.audit() == []
    assert city.restarts == {"relay": 2, "worker": 2, "api": 2}


async def test_a_killed_postgres_loses_nothing_that_was_acknowledged(city: Any) -> None:
    city.load()
    await city.more(100)
    for _ in range(2):
        await asyncio.to_thread(ground.kill, city.ground, "postgres", signal.SIGKILL)
        await asyncio.to_thread(ground.restart, city.ground, "postgres")
        await city.more(100)
    assert await city.audit() == []
    assert city.refused, "while it was away callers were told so"


async def test_intake_goes_on_without_kafka_for_longer_than_a_request_may_take(city: Any) -> None:
    """The relay's producer gives up on its batches meanwhile; a new one sends them."""
    city.load(2, pace=0.05)  # how long it lasts is what counts here, not how much comes
    await city.more(50)
    await asyncio.to_thread(ground.kill, city.ground, "kafka", signal.SIGKILL)
    try:
        refused = city.refused
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < 13:
            await city.more(20)
        assert city.refused == refused, "nobody was turned away"
    finally:
        await asyncio.to_thread(ground.restart, city.ground, "kafka")
    await city.more(20)
    assert await city.audit() == []


@pytest.mark.parametrize("stop", [signal.SIGSTOP])
async def test_a_relay_that_froze_and_wakes_up_after_another_has_led_disturbs_nothing(city: Any, stop: int) -> None:
    """A second relay can't lead while the first one's connection is open; when that is cut, the first is a zombie."""
    city.load()
    await city.more(50)
    frozen = city._running["relay"]
    frozen.send_signal(stop)
    connection = await city.admin()
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND d.datname = $1",
            city.settings.database("intake")["database"],
        )
    finally:
        await connection.close()
    await city.spare("relay")
    await city.more(80)
    frozen.send_signal(signal.SIGCONT)
    await city.more(80)
    assert await city.audit() == []
