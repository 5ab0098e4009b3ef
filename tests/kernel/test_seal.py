"""Sealing: one gap-free order of everything, whatever commits late, and nobody else gives out positions meanwhile."""

import asyncio
import hashlib
from typing import Any

import pytest

import toy
from kernel import relay as relaying
from kernel.relay import Relay
from kernel.service import Service, new_stream
from toy import ACTOR, Add, Move, Open, box


async def seals(service: Service) -> list[tuple[int, str, int]]:
    rows = await service.pool.fetch(
        "SELECT position, stream, number FROM truth.seals JOIN truth.events USING (row) ORDER BY position"
    )
    return [tuple(row) for row in rows]


def assert_whole(found: list[tuple[int, str, int]]) -> None:
    """Positions 1..N, and every stream's numbers 1..n in their order."""
    assert [position for position, _, _ in found] == list(range(1, len(found) + 1))
    numbers: dict[str, list[int]] = {}
    for _, stream, number in found:
        numbers.setdefault(stream, []).append(number)
    assert all(each == list(range(1, len(each) + 1)) for each in numbers.values())


async def test_positions_have_no_gap_and_keep_the_order_of_numbers_under_many_writers(
    service: Service, second: Service
) -> None:
    streams = [await toy.opened(service) for _ in range(5)]
    epoch = await service.pool.fetchval("SELECT truth.take_over()")
    writing: list[asyncio.Task[Any]] = [
        asyncio.create_task(each.do(box, streams[n % 5], Add(1), actor=ACTOR))
        for n in range(60)
        for each in (service, second)
    ]
    writing += [asyncio.create_task(toy.opened(service, and_close=True)) for _ in range(60)]
    while not all(task.done() for task in writing):
        await service.pool.fetchval("SELECT truth.seal($1, 7)", epoch)
    outcomes = await asyncio.gather(*writing, return_exceptions=True)
    assert sum(isinstance(each, BaseException) for each in outcomes) == 0, "two processes are not too many"
    await toy.seal(service)
    found = await seals(service)
    assert len(found) == 5 + 120 + 120
    assert_whole(found)


async def test_a_long_foreign_transaction_holds_nothing_up(service: Service) -> None:
    async with service.pool.acquire() as connection:
        foreign = connection.transaction(isolation="repeatable_read")
        await foreign.start()
        await connection.execute("CREATE TABLE public.unrelated (x integer)")
        await toy.opened(service)
        assert await toy.seal(service) == 1
        await foreign.rollback()


async def test_what_commits_late_is_sealed_later_and_not_lost(service: Service) -> None:
    """Its row is older than those already sealed."""
    async with service.pool.acquire() as connection:
        late = connection.transaction()
        await late.start()
        await connection.execute(
            "SELECT truth.append(ARRAY[gen_random_uuid()], ARRAY[NULL], ARRAY[''::bytea], ARRAY[1],"
            " ARRAY[gen_random_uuid()], ARRAY['box-late'], ARRAY[1], ARRAY['toy.closed'], ARRAY[1::smallint],"
            " ARRAY['{}'::bytea], ARRAY['{}'::bytea])"
        )
        on_time = await toy.opened(service)
        assert await toy.seal(service) == 1
        await late.commit()
    assert await toy.seal(service) == 2
    assert await seals(service) == [(1, on_time, 1), (2, "box-late", 1)]
    rows = await service.pool.fetch("SELECT row FROM truth.seals ORDER BY position")
    assert rows[0]["row"] > rows[1]["row"]


async def test_what_is_rolled_back_leaves_no_gap_in_the_log(service: Service) -> None:
    await toy.opened(service)
    with pytest.raises(ZeroDivisionError):
        async with service.pool.acquire() as connection, connection.transaction():
            await connection.fetch("SELECT nextval(pg_get_serial_sequence('truth.events', 'row'))")
            raise ZeroDivisionError
    await toy.opened(service)
    assert await toy.seal(service) == 2
    assert_whole(await seals(service))


async def test_sealing_goes_on_in_pages(service: Service) -> None:
    for _ in range(10):
        await toy.opened(service)
    epoch = await service.pool.fetchval("SELECT truth.take_over()")
    assert [await service.pool.fetchval("SELECT truth.seal($1, 4)", epoch) for _ in range(4)] == [4, 8, 10, 10]


async def test_a_sequencer_that_was_taken_over_from_seals_nothing(service: Service) -> None:
    await toy.opened(service)
    old = await service.pool.fetchval("SELECT truth.take_over()")
    new = await service.pool.fetchval("SELECT truth.take_over()")
    assert await service.pool.fetchval("SELECT truth.seal($1, 10)", old) is None
    assert await seals(service) == []
    assert await service.pool.fetchval("SELECT truth.seal($1, 10)", new) == 1


async def test_two_sequencers_that_seal_at_once_give_no_position_twice(service: Service, second: Service) -> None:
    for _ in range(50):
        await toy.opened(service)
    epochs = [await service.pool.fetchval("SELECT truth.take_over()") for _ in range(2)]
    await asyncio.gather(
        *(
            each.pool.fetchval("SELECT truth.seal($1, 5)", epoch)
            for _ in range(10)
            for each, epoch in zip((service, second), epochs, strict=True)
        )
    )
    found = await seals(service)
    assert_whole(found)
    assert len(found) == 50


async def test_a_second_relay_waits_and_takes_over_when_the_first_is_gone(
    online: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "POLL", 0.05)
    relays = [Relay(online.name, online.settings) for _ in range(2)]
    tasks = [asyncio.create_task(each.run()) for each in relays]
    await toy.opened(online)
    await toy.until(lambda: published(online, 1))
    (leader,) = [n for n, each in enumerate(relays) if each._epoch]
    tasks[leader].cancel()
    await toy.opened(online)
    await toy.until(lambda: published(online, 2))
    tasks[1 - leader].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await online.pool.fetchval("SELECT epoch FROM truth.log") == 2


async def test_a_relay_that_is_told_to_stop_at_the_very_moment_of_an_append_stops(
    online: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is waited for comes and the end comes, at once: the end counts, or half a relay would hold the lead."""
    monkeypatch.setattr(relaying, "POLL", 60.0)
    relay = Relay(online.name, online.settings)
    task = asyncio.create_task(relay.run())
    await toy.opened(online)
    await toy.until(lambda: published(online, 1))
    await toy.until(lambda: waiting(relay._appended, relay._sealed))
    task.cancel()
    relay._appended.set()
    relay._sealed.set()
    await asyncio.wait([task], timeout=20)
    assert task.cancelled()


async def waiting(*events: asyncio.Event) -> bool:
    return all(each._waiters for each in events)  # type: ignore[attr-defined]


async def test_a_leader_whose_connection_is_cut_leads_again(online: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "POLL", 0.05)
    relay = asyncio.create_task(Relay(online.name, online.settings).run())
    for n in range(1, 4):
        await toy.opened(online)
        await toy.until(lambda n=n: published(online, n))  # type: ignore[misc]
        await online.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN"
            " (SELECT pid FROM pg_locks WHERE locktype = 'advisory') AND datname = current_database()"
        )
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    assert_whole(await seals(online))


async def published(service: Service, position: int) -> bool:
    return bool(await service.pool.fetchval("SELECT published >= $1 FROM truth.log", position))


async def test_a_leaf_is_what_anybody_can_work_out_from_the_event(service: Service) -> None:
    stream = new_stream(box)
    await service.do(box, stream, Open("Trường THPT Số 1\n", person=toy.someone("Bình")), actor=ACTOR)
    await service.do(box, stream, Move("B"), actor=ACTOR)
    await toy.seal(service)
    rows = await service.pool.fetch("SELECT * FROM truth.seals JOIN truth.events USING (row)")
    assert len(rows) == 2
    for row in rows:
        assert row["leaf"] == leaf(row)


def leaf(row: Any) -> bytes:
    named = f"{row['id']} {row['stream']} {row['number']} {row['type']} {row['version']}\n".encode()
    return hashlib.sha256(b"\x00" + named + row["meta"] + b"\n" + row["data"]).digest()


async def test_neither_meta_nor_data_holds_a_newline_of_its_own(service: Service) -> None:
    """Else two events could have one preimage."""
    await service.do(box, new_stream(box), Open("a\nb\rc\u2028"), actor=ACTOR)
    row = await service.pool.fetchrow("SELECT meta, data FROM truth.events")
    assert b"\n" not in row["meta"]
    assert b"\n" not in row["data"]
