"""Answers that meet in one stream: from one batch, from many partitions at once, from one day to the next."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

import toy
from kernel import folds, metrics, store
from kernel.handlers import Answer
from kernel.service import Service
from kernel.views import Views
from toy import ACTOR, Add, Asked, box, message

pytestmark = pytest.mark.usefixtures("heavier")

FOREIGN = "foreign"


@pytest.fixture
def heavier(service: Service, second: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is asked, the box whose stream the unit names gets heavier by one. No view is shown: they take turns."""

    def answer(recorded: Any, _: Any) -> list[Any]:
        return [Answer(box, recorded.event.unit, Add(1))]

    for each in (service, second):
        monkeypatch.setattr(each, "definition", replace(toy.definition, policy={Asked: answer}))
        monkeypatch.setattr(each, "views", Views(()))
    yield


def asked(stream: str, count: int, start: int = 0) -> list[Any]:
    return [message(start + n, f"ask-{uuid4()}", Asked(unit=stream)) for n in range(count)]


async def weight(service: Service, stream: str) -> int:
    return int((await service.state(box, stream))[0].weight)


def again() -> float:
    return float(metrics.again.labels(toy.NAME, "Conflict")._value.get())


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The events that were read for a fold."""
    found: list[Any] = []
    decode = store.decode

    def noted(*arguments: Any) -> Any:
        found.append(decode(*arguments))
        return found[-1]

    monkeypatch.setattr(store, "decode", noted)
    return found


async def test_many_answers_to_one_stream_in_one_batch_are_one_append(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, calls, append = await toy.opened(service), 0, store.append

    async def counted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return await append(*arguments)

    monkeypatch.setattr(store, "append", counted)
    await service.hear(FOREIGN, 0, asked(stream, 300))
    assert (await weight(service, stream), calls) == (301, 1)
    rows = await service.pool.fetch("SELECT number FROM truth.events WHERE stream = $1 ORDER BY row", stream)
    assert [row["number"] for row in rows] == list(range(1, 302)), "in their order, for the relay"


async def test_many_partitions_that_answer_to_one_stream_at_once_try_again_once(
    service: Service, second: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, before = await toy.opened(service), again()
    monkeypatch.setattr("kernel.service.TRIES", 2)
    parts = range(24)
    await asyncio.gather(*((service, second)[part % 2].hear(FOREIGN, part, asked(stream, 20)) for part in parts))
    assert await weight(service, stream) == 1 + 20 * len(parts)
    assert again() > before, "they did meet"
    assert await service.pool.fetchval("SELECT count(*) FROM truth.parked") == 0


async def test_a_long_stream_is_read_on_from_where_it_was_read_last(service: Service, read: list[Any]) -> None:
    stream = await toy.opened(service)
    await service.hear(FOREIGN, 0, asked(stream, folds.LONG))
    await service.hear(FOREIGN, 0, asked(stream, 1, folds.LONG))
    read.clear()
    await service.hear(FOREIGN, 0, asked(stream, 1, folds.LONG + 1))
    assert len(read) == 2, "the last that was known, and what is new"
    assert await weight(service, stream) == folds.LONG + 3


async def test_what_another_process_wrote_meanwhile_is_counted(service: Service, second: Service) -> None:
    stream, start = await toy.opened(service), 0
    for each in (service, second, service, second):
        await each.hear(FOREIGN, 0, asked(stream, folds.LONG, start))
        await each.do(box, stream, Add(1), actor=ACTOR)
        start += folds.LONG
    assert await weight(service, stream) == 1 + 4 * folds.LONG + 4


async def test_what_was_decided_but_never_committed_is_forgotten(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await toy.opened(service)
    await service.hear(FOREIGN, 0, asked(stream, folds.LONG + 5))
    write = service.views.write

    async def cut(*_: Any) -> None:
        raise OSError("cut off")

    for n in range(3):
        monkeypatch.setattr(service.views, "write", cut)
        with pytest.raises(OSError, match="cut off"):
            await service.hear(FOREIGN, 0, asked(stream, 3, folds.LONG + 5 + n))
        monkeypatch.setattr(service.views, "write", write)
        await service.hear(FOREIGN, 0, asked(stream, 1, folds.LONG + 5 + n))
    assert await weight(service, stream) == 1 + folds.LONG + 5 + 3


async def test_a_database_that_was_put_back_to_an_earlier_day_is_noticed(service: Service, read: list[Any]) -> None:
    stream = await toy.opened(service)
    await service.hear(FOREIGN, 0, asked(stream, folds.LONG + 9))
    await service.hear(FOREIGN, 1, asked(stream, 1))
    await service.pool.execute("DELETE FROM truth.events WHERE stream = $1 AND number > 50", stream)
    await service.hear(FOREIGN, 2, asked(stream, folds.LONG + 20))
    assert await weight(service, stream) == 50 + folds.LONG + 20
    rows = await service.pool.fetch("SELECT number FROM truth.events WHERE stream = $1 ORDER BY number", stream)
    assert [row["number"] for row in rows] == list(range(1, 50 + folds.LONG + 21))
    await service.hear(FOREIGN, 3, asked(stream, 1))
    await service.pool.execute("UPDATE truth.events SET id = gen_random_uuid() WHERE stream = $1", stream)
    read.clear()
    await service.hear(FOREIGN, 4, asked(stream, 1))
    assert len(read) > folds.LONG, "another history than the one that was known"


async def test_only_so_many_streams_are_kept(
    service: Service, read: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folds, "MOST", 2)
    streams = [await toy.opened(service) for _ in range(3)]
    for n, stream in enumerate(streams):
        await service.hear(FOREIGN, n, [*asked(stream, folds.LONG)])
        await service.hear(FOREIGN, n, asked(stream, 1, folds.LONG))
    for n, stream in reversed(list(enumerate(streams))):
        read.clear()
        await service.hear(FOREIGN, n, asked(stream, 1, folds.LONG + 1))
        assert (len(read) > folds.LONG) == (n == 0), "the one asked for longest ago is read anew"
