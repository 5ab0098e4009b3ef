"""What waits beside the log: put there by commands that won, in their transaction; taken without leaving a trace."""

import asyncio
import datetime as dt
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from kernel import store, waiting
from kernel.service import Service, new_stream
from kernel.store import Append, Draft
from kernel.waiting import Waiting
from schemas.event import Event, encode
from toy import ACTOR, Close, Closed, Open, Opened, Weighed, box

A = Opened(unit="A")
NOON = dt.datetime(2026, 8, 21, 5, tzinfo=dt.UTC)


def entry(stream: str, number: int, *events: Event, key: str | None = None, held: Waiting | None = None) -> Append:
    drafts = [
        Draft(uuid4(), stream, number + n, each.type, each.version, b"{}", encode(each))
        for n, each in enumerate(events)
    ]
    return Append(drafts[0].id, drafts, key, waiting=held)


async def values(service: Service) -> list[bytes]:
    return sorted(row["value"] for row in await service.pool.fetch("SELECT value FROM truth.waiting"))


async def count(service: Service) -> int:
    return int(await service.pool.fetchval("SELECT count(*) FROM truth.events"))


async def test_fifty_at_once_put_one_value(service: Service, second: Service) -> None:
    stream = new_stream(box)
    await service.do(box, stream, Open(unit="A"), actor=ACTOR)

    async def close(n: int) -> int:
        one = (service, second)[n % 2]
        done = await one.do(box, stream, Close(), actor=ACTOR, waiting=Waiting("b", f"{n}".encode()))
        return len(done.events)

    assert sum(await asyncio.gather(*(close(n) for n in range(50)))) == 1
    assert len(await values(service)) == 1


@pytest.mark.parametrize("key", [None, "k"])
async def test_who_lost_the_race_put_nothing_and_the_others_of_the_batch_did(service: Service, key: str | None) -> None:
    """With a key among them the whole batch goes the other way, by the database's own function."""
    await store.append(service.pool, [entry("box-1", 1, A)])
    outcomes = await store.append(
        service.pool,
        [
            entry("box-1", 1, A, held=Waiting("b", b"lost")),
            entry("box-2", 1, A, held=Waiting("b", b"won")),
            entry("box-3", 1, A, key=key),
        ],
    )
    assert outcomes == ["conflict", "appended", "appended"]
    assert await values(service) == [b"won"]


async def test_several_events_of_one_command_put_one_value(service: Service) -> None:
    held = Waiting("b", b"one")
    assert await store.append(service.pool, [entry("box-1", 1, A, Weighed(weight=2), Closed(), held=held)]) == [
        "appended"
    ]
    assert await values(service) == [b"one"]


async def test_a_repeated_key_puts_nothing_more(service: Service) -> None:
    for name in ("first", "second"):
        await store.append(service.pool, [entry(f"box-{name}", 1, A, key="k", held=Waiting("b", name.encode()))])
    assert await values(service) == [b"first"]


async def test_where_a_value_cant_be_written_its_events_are_not_there_either(service: Service) -> None:
    await service.pool.execute("ALTER TABLE truth.waiting ADD CONSTRAINT broken CHECK (box <> 'broken')")
    try:
        stream = new_stream(box)
        with pytest.raises(asyncpg.CheckViolationError):
            await service.do(box, stream, Open(unit="A"), actor=ACTOR, waiting=Waiting("broken", b"x"))
        assert await service.history(stream) == [] and await count(service) == 0
        whole = new_stream(box)
        await asyncio.gather(
            service.do(box, stream, Open(unit="A"), actor=ACTOR, waiting=Waiting("broken", b"x")),
            service.do(box, whole, Open(unit="A"), actor=ACTOR, waiting=Waiting("b", b"y")),
            return_exceptions=True,
        )
        assert len(await service.history(whole)) == 1, "it harms nobody who was appended with it"
        assert await values(service) == [b"y"]
    finally:
        await service.pool.execute("ALTER TABLE truth.waiting DROP CONSTRAINT broken")


async def test_what_was_kept_is_forgotten_by_who_won_alone(service: Service) -> None:
    mine, other = uuid4(), uuid4()
    for key in (mine, other):
        await waiting.keep(service.pool, key, b"half", NOON)
    await store.append(service.pool, [entry("box-1", 1, A)])
    await store.append(
        service.pool,
        [
            entry("box-1", 1, A, held=Waiting("b", b"lost", other)),
            entry("box-2", 1, A, held=Waiting("b", b"won", mine)),
        ],
    )
    assert await waiting.kept(service.pool, mine) is None
    assert await waiting.kept(service.pool, other) == b"half"


async def test_the_later_value_is_kept_until_it_is_too_old(service: Service) -> None:
    key = uuid4()
    await waiting.keep(service.pool, key, b"one", NOON)
    await waiting.keep(service.pool, key, b"two", NOON + dt.timedelta(days=1))
    await waiting.sweep(service.pool, NOON + dt.timedelta(hours=1))
    assert await waiting.kept(service.pool, key) == b"two"
    await waiting.sweep(service.pool, NOON + dt.timedelta(days=2))
    assert await waiting.kept(service.pool, key) is None
    await waiting.forget(service.pool, key)


async def rows(service: Service) -> list[Any]:
    return list(
        await service.pool.fetch("SELECT key, box, value, xmin::text, ctid::text FROM truth.waiting ORDER BY ctid")
    )


async def test_what_stays_is_written_anew_under_other_keys_in_another_order(service: Service) -> None:
    for n in range(60):
        name = "full" if n % 2 else "few"
        await store.append(service.pool, [entry(f"box-{n}", 1, A, held=Waiting(name, b"%d" % n))])
    before = await rows(service)
    file = await service.pool.fetchval("SELECT pg_relation_filepath('truth.waiting')")
    async with service.pool.acquire() as connection, connection.transaction():
        await waiting.hold(connection)
        assert await waiting.counts(connection) == {"few": 30, "full": 30}
        taken = await waiting.take(connection, ["full"])
    assert {name for name, _ in taken} == {"full"} and len(taken) == 30
    assert [value for _, value in taken] != [each["value"] for each in before if each["box"] == "full"]
    after = await rows(service)
    assert {each["value"] for each in after} == {each["value"] for each in before if each["box"] == "few"}
    assert not {each["key"] for each in after} & {each["key"] for each in before}
    assert len({each["xmin"] for each in after}) == 1
    assert [each["value"] for each in after] != [each["value"] for each in before if each["box"] == "few"]
    assert await service.pool.fetchval("SELECT pg_relation_filepath('truth.waiting')") != file


async def test_what_is_taken_in_a_transaction_that_fails_is_there_again(service: Service) -> None:
    await store.append(service.pool, [entry("box-1", 1, A, held=Waiting("b", b"x"))])
    with pytest.raises(ZeroDivisionError):
        async with service.pool.acquire() as connection, connection.transaction():
            await waiting.hold(connection)
            assert await waiting.take(connection, ["b"])
            raise ZeroDivisionError
    assert await values(service) == [b"x"]


async def test_a_long_reader_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", "50ms")
    async with service.pool.acquire() as backup, backup.transaction():
        await backup.fetch("SELECT * FROM truth.waiting")
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with service.pool.acquire() as connection, connection.transaction():
                await waiting.hold(connection)
        await asyncio.wait_for(store.append(service.pool, [entry("box-1", 1, A, held=Waiting("b", b"x"))]), timeout=5)


@pytest.mark.parametrize("size", [0, 1, waiting.BLOCK - 1, waiting.BLOCK, 5_000])
def test_a_padded_value_comes_back_and_its_length_is_one_of_few(size: int) -> None:
    value = b"\x00" * size
    assert waiting.unpadded(waiting.padded(value)) == value
    assert len(waiting.padded(value)) in {waiting.BLOCK * 2**n for n in range(4)}
    assert len(waiting.padded(b"")) == len(waiting.padded(b"x" * 1500))
