"""Very many promises are broken at one moment, and deadlines is killed between two pages of its timer, with apologies
on their way. What it said is read from its tables alone, with nothing of the kernel.
"""

import asyncio
import datetime as dt
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from kernel import wire
from places import Place
from reporting.lives import received, recorded
from running import Asker, Whole, until, whole
from schemas.event import encode

pytestmark = pytest.mark.xdist_group("promise")

MORNING = dt.datetime(2026, 8, 24, 3, tzinfo=dt.UTC)
DUE = MORNING + dt.timedelta(days=5)
AFTER = DUE + dt.timedelta(days=3)
COUNT = 2_500  # more than a page of the timer: a page is one transaction, so within one there is no middle
OVERDUE, OWED, DRAFTED = "deadlines.application_overdue", "deadlines.apology_due", "deadlines.apology_drafted"


@pytest_asyncio.fixture
async def truth(place: Place) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(**place.settings.database("deadlines"))
    yield connection
    await connection.close()


async def count(truth: Any, type: str) -> int:
    return int(await truth.fetchval("SELECT count(*) FROM truth.events WHERE type = $1", type))


async def said(truth: Any, type: str) -> list[tuple[str, Any]]:
    rows = await truth.fetch("SELECT stream, data FROM truth.events WHERE type = $1", type)
    return [(row["stream"], json.loads(row["data"])) for row in rows]


async def receive(place: Place, streams: list[str]) -> None:
    """Intake says of each that it was received in the morning, with one and the same promise."""
    settings = place.settings
    topic = settings.topic("intake")
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all") as producer:
        sent = []
        for position, stream in enumerate(streams, 1):
            line = recorded(stream, received(MORNING, subject=uuid4(), code=f"H99.2-260824-{position:04d}"), 1)
            row = {
                "position": position,
                "id": line.id,
                "stream": stream,
                "number": 1,
                "type": line.event.type,
                "version": line.event.version,
                "meta": msgspec.json.encode(line.meta),
            }
            told = await producer.send(
                topic,
                encode(line.event),
                stream.encode(),
                partition=wire.partition(stream, settings.partitions),
                headers=wire.headers(b"/motcua/intake", 1, row),
            )
            sent.append(told)
        await asyncio.gather(*sent)


@asynccontextmanager
async def deadlines(place: Place, log: Path, now: dt.datetime) -> AsyncIterator[Whole]:
    """The service from its start on, at this moment by the clock on the wall."""
    async with whole("deadlines", place.settings, log) as process:
        await process.ok("/demo/clock", now=now.isoformat())
        yield process


async def ticks(process: Asker) -> float:
    text = (await process.get("/metrics")).text
    [line] = [each for each in text.splitlines() if each.startswith("motcua_timer_ticks_total{")]
    return float(line.split()[-1])


async def test_thousands_overdue_at_one_moment_are_each_apologised_for_once_whenever_it_is_killed(
    place: Place, topics: Any, truth: Any, tmp_path: Path
) -> None:
    streams = [f"application-{uuid4()}" for _ in range(COUNT)]

    async def reached(type: str) -> None:
        async def all_said() -> bool:
            return await count(truth, type) >= COUNT

        await until(all_said, f"{type} of all")

    async with deadlines(place, tmp_path / "first.log", MORNING) as process:
        await receive(place, streams)
        await reached("deadlines.due_date_set")
        assert await count(truth, OVERDUE) == 0
        await process.ok("/demo/clock", now=AFTER.isoformat())
        await until(lambda: count(truth, OVERDUE), "the first to be overdue")
        await process.kill()
        assert 0 < await count(truth, OVERDUE) < COUNT, "it was not killed in the middle"
    async with deadlines(place, tmp_path / "second.log", AFTER) as process:
        await reached(OVERDUE)
        await reached(DRAFTED)
        looked = await ticks(process)  # a look is taken only once all is heard

        async def looked_again() -> bool:
            return await ticks(process) >= looked + 2

        await until(looked_again, "the timer to look again")

    overdue, owed = await said(truth, OVERDUE), await said(truth, OWED)
    assert Counter(event["application"] for _, event in overdue) == Counter(streams)
    assert Counter(event["application"] for _, event in owed) == Counter(streams)
    assert Counter(event["clock"] for _, event in owed) == Counter(stream for stream, _ in overdue)
    assert Counter(stream for stream, _ in await said(truth, DRAFTED)) == Counter(stream for stream, _ in owed)
    for _, event in (*overdue, *owed):
        became, noticed = (dt.datetime.fromisoformat(event[each]) for each in ("became_at", "noticed_at"))
        assert became == DUE <= noticed
    assert await truth.fetch("SELECT type, reason FROM truth.parked") == []
