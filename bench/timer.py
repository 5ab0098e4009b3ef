"""The timer: what has fallen due, among a million open clocks.

Ours is the duty's look as the timer takes it (`Duty.find` in pages of 2,000, by the index on what comes next). The peer
is the naive way, a job that looks through all that is open: one statement with the same condition over the same table,
in one piece, while the session has no indexes. PostgreSQL may share that scan among its workers; a job that fetched
all rows to check them itself would be slower by far, so this is the peer at its best. Both answer the same rows
(checked).

Told beside the ratio: what a look costs when nothing is due, which is what happens twice a second; and the seconds it
takes to settle all of it (look, read each history, fold, decide, append; `Timer.do`), once, in the usual pages. The
clocks that are due have their histories in the store; of the others, whose histories nobody reads, only the rows exist.
"""

import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench.clocks import MULTIPLY, fill, fill_truth, lives, moment, with_indexes, without_indexes
from bench.ground import Ground
from bench.harness import Pair, Scale
from kernel import database
from kernel.service import Service
from kernel.timer import PAGE, START, Timer
from services.deadlines.app import definition
from services.deadlines.policy.duties import duties

NAME = "timer"
OPEN, DUE = 1_000_000, 5_000
LOOKS = 20
NOW = moment(26, 17, 30)  # half an hour after closing time of the day on which those of 17 August are due
CLOCKS = next(each for each in duties if each.name == "clocks")
NO_INDEX = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
SCAN = "SELECT alarm_at AS at, stream FROM view.clock WHERE alarm_at < $1"
OVERDUE = "SELECT count(*) FROM truth.events WHERE type = 'deadlines.application_overdue'"


async def look(connection: Any, now: Any) -> set[str]:
    """All that is due, page by page."""
    found: set[str] = set()
    after = START
    while page := await connection.fetch(CLOCKS.find, now, *after, PAGE):
        found.update(row["stream"] for row in page)
        after = page[-1]["at"], page[-1]["stream"]
        if len(page) < PAGE:
            break
    return found


@asynccontextmanager
async def filled(ground: Ground, opened: int, due: int) -> AsyncIterator[Service]:
    """Deadlines with so many open clocks, so many of them due."""
    await ground.databases("deadlines")
    service = Service(definition, ground.settings)
    await service.open()
    service.clock.set(NOW)
    try:
        others = lives(due, (18, 19, 20, 21, 22, 24, 25, 26), NOW)
        fallen = lives(due, (17,), moment(26, 16))
        async with service.pool.acquire() as connection:
            made = await without_indexes(connection)
            await fill(connection, others)
            await connection.execute(MULTIPLY, (opened - 2 * due) // due, timeout=600)
            await fill(connection, fallen)
            await with_indexes(connection, made)
            await fill_truth(connection, fallen)
            await connection.execute("ANALYZE truth.events")
        yield service
    finally:
        await service.close()


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    due = scale.of(DUE)
    async with filled(ground, scale.of(OPEN), due) as service:
        opened = await service.pool.fetchval("SELECT count(*) FROM view.clock WHERE phase IN ('running', 'paused')")
        connection = await database.connect(service.name, service.settings)
        naive = await database.connect(service.name, service.settings)
        for each in NO_INDEX:
            await naive.execute(f"SET {each} = off")
        if await look(connection, NOW) != {row["stream"] for row in await naive.fetch(SCAN, NOW)}:
            raise RuntimeError("the two sides do not find the same clocks")
        idle = []
        for _ in range(LOOKS):
            started = time.perf_counter()
            if await look(connection, moment(26, 16, 59)):
                raise RuntimeError("something was due before its time")
            idle.append(time.perf_counter() - started)
        started = time.perf_counter()
        await Timer(service).do(connection, CLOCKS, NOW)
        settled = time.perf_counter() - started
        if await service.pool.fetchval(OVERDUE) != due:
            raise RuntimeError("not every clock that was due was settled")

        async def ours() -> float:
            started = time.perf_counter()
            found = await look(connection, NOW)
            return len(found) / (time.perf_counter() - started)

        async def peer() -> float:
            started = time.perf_counter()
            found = await naive.fetch(SCAN, NOW)
            return len(found) / (time.perf_counter() - started)

        try:
            yield Pair(
                NAME,
                f"the {due:,} due of {opened:,} open clocks found by the duty's index ÷ by one scan of all"
                f" (nothing due: {statistics.median(idle) * 1_000:.1f} ms; all {due:,} settled in {settled:.1f} s)",
                "due clocks found/s",
                10,
                ours,
                peer,
            )
        finally:
            await connection.close()
            await naive.close()
