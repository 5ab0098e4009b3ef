"""Rebuilding: what comes out equals the live views, row for row, and nobody who reads sees half of it."""

import asyncio
from functools import partial
from typing import Any

import msgspec
import pytest

import toy
from kernel import feed, parked
from kernel.rebuild import _Build, rebuild
from kernel.relay import Relay
from kernel.service import Service, new_stream
from kernel.views import Mismatch
from toy import ACTOR, Add, Ask, Close, Drop, Move, ask, box


async def some_life(service: Service, other: Service, boxes: int = 40) -> list[str]:
    streams = [await toy.opened(service, f"U{n % 5}", weight=n) for n in range(boxes)]
    for n, stream in enumerate(streams):
        commands = [(), (Close(),), (Move("U9"), Add(3)), (Drop(),), (Close(), Drop())][n % 5]
        for command in commands:
            await service.do(box, stream, command, actor=ACTOR)
    for n in range(8):
        await other.do(ask, new_stream(ask), Ask(f"U{n % 3}"), actor=ACTOR)
    return streams


async def expected(service: Service, other: Service) -> dict[str, Any]:
    """Both views and the totals, worked out from the two stores by hand."""
    boxes: dict[str, list[Any]] = {}
    units: dict[str, list[int]] = {}
    for each in await service.pool.fetch("SELECT stream, type, data FROM truth.events ORDER BY row"):
        event = msgspec.json.decode(each["data"])
        match each["type"]:
            case "toy.opened":
                boxes[each["stream"]] = [event["unit"], event["weight"], "open"]
                units.setdefault(event["unit"], [0, 0])[0] += 1
            case "toy.moved":
                boxes[each["stream"]][0] = event["to"]
            case "toy.weighed":
                boxes[each["stream"]][1] = event["weight"]
            case "toy.closed":
                boxes[each["stream"]][2] = "closed"
            case "toy.dropped":
                del boxes[each["stream"]]
    for each in await other.pool.fetch("SELECT data FROM truth.events"):
        units.setdefault(msgspec.json.decode(each["data"])["unit"], [0, 0])[1] += 1
    sums: dict[tuple[str, str], list[int]] = {}
    for unit, weight, state in boxes.values():
        sums.setdefault((unit, state), [0, 0])[0] += 1
        sums[unit, state][1] += weight
    return {
        "box": sorted((stream, *row) for stream, row in boxes.items()),
        "per_unit": sorted((*key, *row) for key, row in sums.items()),
        "unit": sorted((unit, *row) for unit, row in units.items()),
    }


async def shown(service: Service) -> dict[str, Any]:
    found = await toy.rows(service.pool)
    return found | {"box": [row[:4] for row in found["box"]]}


async def test_a_rebuilt_view_equals_the_live_one_with_parked_and_re_sent_events(
    online: Service, other: Service
) -> None:
    toy.broken.add("U4")
    await some_life(online, other)
    await toy.publish(online, other)
    await toy.catch_up(online)  # the policy has answered by now: publish that too
    await toy.publish(online)
    await online.pool.execute("UPDATE truth.log SET published = 7")
    await toy.publish(online)
    await toy.catch_up(online)
    assert len(await parked.listed(online.pool)) > 8
    live = await toy.rows(online.pool)
    toy.broken.clear()  # mended, but not replayed yet
    read = await rebuild(toy.definition, online.settings)
    assert await toy.rows(online.pool) == live
    assert read > await online.pool.fetchval("SELECT count(*) FROM truth.events")
    await parked.replay(online)
    assert await shown(online) == await expected(online, other)
    replayed = await toy.rows(online.pool)
    await rebuild(toy.definition, online.settings)
    assert await toy.rows(online.pool) == replayed


async def test_a_rebuild_reacts_to_nothing(online: Service, other: Service) -> None:
    await some_life(online, other, 3)
    await toy.publish(online, other)
    await toy.catch_up(online)
    before = await online.pool.fetchval("SELECT count(*) FROM truth.events")
    await rebuild(toy.definition, online.settings)
    assert await online.pool.fetchval("SELECT count(*) FROM truth.events") == before


async def test_commands_and_hearing_go_on_during_a_rebuild_and_nothing_is_missing_after_it(
    online: Service, other: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BATCH", 50)
    streams = await some_life(online, other)
    await toy.publish(online, other)
    await toy.catch_up(online)
    stop = asyncio.Event()

    async def traffic() -> None:
        while not stop.is_set():
            streams.append(await toy.opened(online, "U1"))
            await online.do(box, streams[len(streams) // 2], Add(1), actor=ACTOR) if len(streams) % 3 else None
            await other.do(ask, new_stream(ask), Ask("U2"), actor=ACTOR)

    async def hearing() -> None:
        while not stop.is_set():
            await toy.catch_up(online)

    relays = [asyncio.create_task(Relay(each.name, each.settings).run()) for each in (online, other)]
    tasks = [asyncio.create_task(traffic()), asyncio.create_task(hearing())]
    for _ in range(2):
        await rebuild(toy.definition, online.settings)
    stop.set()
    await asyncio.gather(*tasks)
    for each in relays:
        each.cancel()
    await asyncio.gather(*relays, return_exceptions=True)
    for _ in range(2):  # what the policy answers to the first is in the second
        await toy.publish(online, other)
        await toy.catch_up(online)
    assert await shown(online) == await expected(online, other)


async def test_a_reader_never_sees_half_of_a_rebuild(online: Service, other: Service) -> None:
    """One statement reads rows and totals: they always agree, and never become fewer."""
    await some_life(online, other)
    await toy.publish(online, other)
    await toy.catch_up(online)
    both = "SELECT (SELECT count(*) FROM view.box) AS rows, (SELECT sum(boxes) FROM view.per_unit)::bigint AS total"
    truth = tuple(await online.pool.fetchrow(both))
    seen, stop = [], asyncio.Event()

    async def read(in_transaction: bool) -> None:
        while not stop.is_set():
            async with online.pool.acquire() as connection:
                if in_transaction:
                    async with connection.transaction(isolation="repeatable_read", readonly=True):
                        seen.append(tuple(await connection.fetchrow(both)))
                else:
                    seen.append(tuple(await connection.fetchrow(both)))

    readers = [asyncio.create_task(read(n == 0)) for n in range(2)]
    for _ in range(3):
        await rebuild(toy.definition, online.settings)
    stop.set()
    await asyncio.gather(*readers)
    assert set(seen) == {truth}
    assert len(seen) > 20


async def test_a_projection_that_raises_leaves_the_live_views_as_they_are(online: Service, other: Service) -> None:
    await some_life(online, other)
    await toy.publish(online, other)
    await toy.catch_up(online)
    live = await toy.rows(online.pool)
    toy.broken.add("U3")
    with pytest.raises(LookupError):
        await rebuild(toy.definition, online.settings)
    assert await toy.rows(online.pool) == live
    toy.broken.clear()
    await toy.opened(online, "U3")
    await toy.publish(online)
    await toy.catch_up(online)
    await rebuild(toy.definition, online.settings)
    assert await shown(online) == await expected(online, other)


async def test_a_replay_asked_for_during_a_rebuild_waits_and_loses_nothing(online: Service, other: Service) -> None:
    """A rebuild passes over what is parked; what is replayed into the old views meanwhile would be gone with them."""
    toy.broken.add("U4")
    await some_life(online, other)
    await toy.publish(online, other)
    await toy.catch_up(online)
    await toy.publish(online)
    await toy.catch_up(online)
    toy.broken.clear()
    replays: list[asyncio.Task[Any]] = []

    def at_first_sight(*_: int) -> None:
        if not replays:
            replays.append(asyncio.create_task(parked.replay(online)))

    await rebuild(toy.definition, online.settings, progress=at_first_sight)
    await asyncio.gather(*replays)
    assert await parked.listed(online.pool) == []
    assert await shown(online) == await expected(online, other)


async def test_two_rebuilds_at_once_take_turns(online: Service, other: Service) -> None:
    await some_life(online, other, 10)
    await toy.publish(online, other)
    await toy.catch_up(online)
    live = await toy.rows(online.pool)
    await asyncio.gather(*(rebuild(toy.definition, online.settings) for _ in range(2)))
    assert await toy.rows(online.pool) == live


async def test_indexes_are_there_again_after_a_rebuild(online: Service) -> None:
    names = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'view' ORDER BY 1"
    before = await online.pool.fetch(names)
    await rebuild(toy.definition, online.settings)
    assert await online.pool.fetch(names) == before


async def test_a_rebuild_of_a_topic_that_lost_messages_says_so_instead_of_waiting(online: Service) -> None:
    await toy.opened(online)
    await toy.publish(online)
    await toy.catch_up(online)
    live = await toy.rows(online.pool)
    await online.pool.execute("UPDATE truth.heard SET next_offset = next_offset + 5")
    with pytest.raises(feed.Lost):
        await asyncio.wait_for(rebuild(toy.definition, online.settings), 20)
    assert await toy.rows(online.pool) == live


async def test_a_view_that_was_changed_is_refused_until_it_is_rebuilt(online: Service) -> None:
    """tables.sql has a new column, and the live table does not."""
    await online.pool.execute("ALTER TABLE view.unit DROP COLUMN asked")
    changed = Service(toy.definition, online.settings)
    try:
        with pytest.raises(Mismatch):
            await changed.open()
    finally:
        await changed.close()
    await rebuild(toy.definition, online.settings)
    await asyncio.wait_for(_opens(partial(Service, toy.definition, online.settings)), 20)


async def _opens(make: Any) -> None:
    service = make()
    await service.open()
    await service.close()


async def test_what_is_heard_at_the_very_moment_of_the_swap_is_in_the_new_view(
    online: Service, other: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hearing waits from when the last range is known until the names are swapped."""
    await some_life(online, other, 10)
    await toy.publish(online, other)
    await toy.catch_up(online)
    await toy.publish(online)
    await toy.catch_up(online)
    late = await toy.opened(online, "late")
    await toy.publish(online)
    advance, hearing = _Build.advance, []
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def at_the_last_moment(self: Any, connections: Any, *reached: Any) -> int:
        if connections[0].is_in_transaction():
            hearing.append(asyncio.create_task(toy.catch_up(online)))

            async def waits_or_done() -> bool:
                return hearing[0].done() or bool(await online.pool.fetchval(waits))

            await toy.until(waits_or_done)
        return await advance(self, connections, *reached)

    monkeypatch.setattr(_Build, "advance", at_the_last_moment)
    await rebuild(toy.definition, online.settings)
    await asyncio.gather(*hearing)
    assert late in [row[0] for row in (await toy.rows(online.pool))["box"]]
    assert await shown(online) == await expected(online, other)
