"""Appending: one writer gets a number, keys are answered once, nothing is left behind by what was refused."""

import asyncio
from typing import Any
from uuid import uuid4

from kernel import store
from kernel.service import Service, new_stream
from kernel.store import Append, Draft
from schemas.event import Event, encode
from toy import Closed, Opened, Weighed, box


def entry(stream: str, number: int, *events: Event, key: str | None = None, says: bytes = b"") -> Append:
    drafts = [
        Draft(uuid4(), stream, number + n, each.type, each.version, b"{}", encode(each))
        for n, each in enumerate(events)
    ]
    return Append(drafts[0].id, drafts, key, says)


A = Opened(unit="A")


async def stored(service: Service) -> list[tuple[str, int]]:
    rows = await service.pool.fetch("SELECT stream, number FROM truth.events ORDER BY row")
    return [tuple(row) for row in rows]


async def test_a_conflict_is_told_apart_stream_by_stream_within_one_batch(service: Service) -> None:
    await store.append(service.pool, [entry("box-1", 1, A)])
    outcomes = await store.append(
        service.pool, [entry("box-1", 1, A), entry("box-2", 1, A), entry("box-1", 2, Closed()), entry("box-2", 1, A)]
    )
    assert outcomes == ["conflict", "appended", "appended", "conflict"]
    assert await stored(service) == [("box-1", 1), ("box-1", 2), ("box-2", 1)]


async def test_of_a_refused_command_with_several_events_nothing_is_stored(service: Service) -> None:
    await store.append(service.pool, [entry("box-1", 1, A)])
    outcomes = await store.append(
        service.pool, [entry("box-1", 1, A, Weighed(weight=2), Closed()), entry("box-2", 1, A, Closed())]
    )
    assert outcomes == ["conflict", "appended"]
    assert await stored(service) == [("box-1", 1), ("box-2", 1), ("box-2", 2)]
    assert await service.pool.fetchval("SELECT count(*) FROM truth.outbox") == 3


async def test_the_same_key_twice_in_one_batch_appends_once(service: Service) -> None:
    outcomes = await store.append(service.pool, [entry("box-1", 1, A, key="k"), entry("box-2", 1, A, key="k")])
    assert sorted(outcomes) == ["appended", "repeated"]
    assert len(await stored(service)) == 1


async def test_the_same_key_from_many_processes_at_once_appends_once(service: Service) -> None:
    calls = [store.append(service.pool, [entry(f"box-{n}", 1, A, key="k")]) for n in range(10)]
    outcomes = [one for (one,) in await asyncio.gather(*calls)]
    assert sorted(outcomes) == ["appended"] + ["repeated"] * 9
    assert len(await stored(service)) == 1


async def test_a_key_whose_command_lost_leaves_no_answer_behind(service: Service) -> None:
    await store.append(service.pool, [entry("box-1", 1, A)])
    outcomes = await store.append(
        service.pool, [entry("box-1", 1, A, key="lost"), entry("box-2", 1, A, Closed(), key="won")]
    )
    assert outcomes == ["conflict", "appended"]
    answers = await service.pool.fetch("SELECT key, stream, first, last FROM truth.answers")
    assert [tuple(each) for each in answers] == [("won", "box-2", 1, 2)]


async def test_rows_are_in_the_order_of_numbers_in_every_stream(service: Service) -> None:
    """The order of sealing is the order of rows, so this is what keeps a stream's events in order everywhere."""
    events = (A, Weighed(weight=2), Weighed(weight=3), Closed())
    streams = [f"box-{uuid4()}" for _ in range(40)]
    await store.append(service.pool, [entry(stream, 1, *events) for stream in reversed(streams)])
    await asyncio.gather(*(store.append(service.pool, [entry(s, 5, *events) for s in streams[n::4]]) for n in range(4)))
    numbers: dict[str, list[int]] = {}
    for stream, number in await stored(service):
        numbers.setdefault(stream, []).append(number)
    assert set(map(tuple, numbers.values())) == {tuple(range(1, 9))}


async def test_every_event_stored_is_queued_once_for_sealing(service: Service) -> None:
    await store.append(service.pool, [entry(f"box-{n}", 1, A, Closed(), key=f"{n % 3}") for n in range(9)])
    queued = await service.pool.fetch("SELECT row FROM truth.outbox ORDER BY row")
    rows = await service.pool.fetch("SELECT row FROM truth.events ORDER BY row")
    assert queued == rows
    assert len(rows) == 6


async def test_two_processes_that_append_to_the_same_streams_in_any_order_never_wait_for_one_another_for_ever(
    service: Service,
) -> None:
    streams = [f"box-{n}" for n in range(30)]

    async def batch(order: int, key: str) -> list[str]:
        return await store.append(service.pool, [entry(s, 1, A, key=f"{key}{s}") for s in streams[::order]])

    outcomes: list[Any] = await asyncio.gather(*(batch(1 if n % 2 else -1, f"{n % 3}") for n in range(10)))
    assert sum(one == "appended" for each in outcomes for one in each) == len(streams)


async def test_new_streams_are_named_after_their_decider() -> None:
    assert new_stream(box).startswith("box-")
