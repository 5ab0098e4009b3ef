"""Hearing from a real Kafka: live by agents, in bulk when behind, through every outage, by one worker or several."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import toy
from kernel import feed
from kernel import worker as working
from kernel.relay import Relay
from kernel.service import Service
from kernel.worker import Worker
from toy import ACTOR, Add, box, running


def counted(service: Service, boxes: int) -> Callable[[], Any]:
    async def enough() -> bool:
        return bool(await service.pool.fetchval("SELECT coalesce(sum(boxes), 0) FROM view.per_unit") == boxes)

    return enough


async def test_what_is_done_is_shown_within_moments(online: Service) -> None:
    async with running(Relay(online.name, online.settings), Worker(online)):
        for n in range(1, 6):
            stream = await toy.opened(online, "A")
            await online.do(box, stream, Add(1), actor=ACTOR)
            await toy.until(counted(online, n))


async def test_what_was_missed_is_heard_in_bulk(online: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "BULK", 5)
    for _ in range(100):
        await toy.opened(online, "A")
    await toy.publish(online)
    async with running(Worker(online)):
        await toy.until(counted(online, 100))


async def test_a_lag_that_grows_while_running_is_read_in_bulk_and_the_live_feed_goes_on_after_it(
    online: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "BULK", 50)
    monkeypatch.setattr(working, "LOOK", 0.0)
    hear, open_, bulk, live = online.hear, asyncio.Event(), 0, 0

    async def held_up(topic: str, partition: int, messages: Any) -> int:
        nonlocal bulk, live
        await open_.wait()
        in_bulk = asyncio.current_task() is not draining[0]
        bulk, live = (bulk + len(messages), live) if in_bulk else (bulk, live + len(messages))
        return await hear(topic, partition, messages)

    draining: list[Any] = []
    drain = Worker._drain

    async def drained(self: Worker) -> None:
        draining.append(asyncio.current_task())
        await drain(self)

    monkeypatch.setattr(online, "hear", held_up)
    monkeypatch.setattr(Worker, "_drain", drained)
    async with running(Relay(online.name, online.settings), Worker(online)):
        await toy.opened(online, "A")  # the live feed has it, and is held up with it
        for _ in range(199):
            await toy.opened(online, "A")
        open_.set()
        await toy.until(counted(online, 200))
        assert bulk > live
        before = live
        await toy.opened(online, "A")
        await toy.until(counted(online, 201))
        assert live > before


async def test_two_workers_share_the_work_and_one_takes_over_from_the_other(online: Service) -> None:
    second = Service(toy.definition, online.settings)
    await second.open()
    async with running(Relay(online.name, online.settings), Worker(online), Worker(second)) as (_, first, _other):
        for _ in range(40):
            await toy.opened(online, "A")
        await toy.until(counted(online, 40))
        first.cancel()
        for _ in range(40):
            await toy.opened(online, "A")
        await toy.until(counted(online, 80), 60)
    await second.close()


async def test_an_outage_in_the_middle_of_catching_up_is_waited_for(
    online: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "BULK", 5)
    for _ in range(50):
        await toy.opened(online, "A")
    await toy.publish(online)
    hear, calls = online.hear, 0

    async def trouble(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls in (2, 3):
            raise ConnectionResetError("cut")
        return await hear(*arguments)

    monkeypatch.setattr(online, "hear", trouble)
    async with running(Worker(online)) as (worker,):
        await toy.until(counted(online, 50))
        assert not worker.done()
    assert calls > 3


async def test_a_worker_that_starts_before_kafka_waits_for_it(online: Service) -> None:
    """In a process that also serves, nobody may be turned away because Kafka is away."""
    config = online.settings
    online.settings = config.model_copy(update={"kafka": "127.0.0.1:9"})
    async with running(Worker(online)) as (worker,):
        done, _ = await asyncio.wait([worker], timeout=3)
        assert not done, worker.exception()
    online.settings = config


async def test_a_topic_that_lost_what_was_heard_is_told_and_not_passed_over(online: Service) -> None:
    """The next events would get offsets that were heard before, and be dropped in silence."""
    await toy.opened(online, "A")
    await toy.publish(online)
    await toy.catch_up(online)
    await online.pool.execute("UPDATE truth.heard SET next_offset = next_offset + 3")
    async with running(Worker(online)) as (worker,):
        with pytest.raises(feed.Lost):
            await asyncio.wait_for(asyncio.shield(worker), 20)


async def deaf(*_: Any) -> Any:
    await asyncio.sleep(3600)


async def test_what_the_live_feed_does_not_bring_is_fetched(online: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust's consumers may lose a partition, or die, without a word; the others go on."""
    monkeypatch.setattr(working, "STALLED", 3.0)
    monkeypatch.setattr(Worker, "_hear", deaf)
    async with running(Relay(online.name, online.settings), Worker(online)):
        for n in range(1, 3):
            await toy.opened(online, "A")
            await toy.until(counted(online, n), 20)


async def test_where_hearing_stands_still_the_process_is_ended(
    online: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "STALLED", 1.2)
    monkeypatch.setattr(online, "hear", deaf)
    await toy.opened(online, "A")
    await toy.publish(online)
    async with running(Worker(online)) as (worker,):
        with pytest.raises(ExceptionGroup) as ended:
            await asyncio.wait_for(asyncio.shield(worker), 20)
        assert ended.group_contains(working.Stalled)
