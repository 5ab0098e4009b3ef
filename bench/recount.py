"""Recount: a swap is declared, and every open due date that has one of its days before it is counted again.

Ours is the timer's duty (`Timer.do`): find what the change touches, fold each history, decide, and append that the due
date moved, with the change as its cause. Each round declares the swap, or takes it back, over 20,000 open clocks.

The peer is the naive way: the calendar's table is changed, then one loop over the open dossiers, each read by its key,
walked day by day (working_time.py) and written by a transaction of its own: the new due date and a line that says why.
It keeps no history and deals out no stages. It is measured over fewer dossiers than ours, because its rate does not
depend on how many there are.

Told beside the ratio, taken once: the whole way of 100,000 open clocks with the relay, the worker and the timer in one
process, as in the demo. The time runs from the command until the store holds all moves, and until no row of the view
knows the calendar of before.
"""

import asyncio
import datetime as dt
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from bench.clocks import AMOUNT, fill, fill_truth, lives, moment
from bench.ground import Ground
from bench.harness import Pair, Scale
from bench.working_time import DayByDay
from kernel import database
from kernel.calendar import ZONE, Declared, with_changes
from kernel.calendars import seed
from kernel.relay import Relay
from kernel.service import Service
from kernel.timer import Timer
from kernel.worker import Worker
from schemas.calendar import CalendarDay, DayKind
from schemas.event import Actor
from services.deadlines.app import definition
from services.deadlines.domain.calendar import STREAM, ChangeCalendar, calendar
from services.deadlines.policy.duties import duties

NAME = "recount"
OPEN, ROUND, SAMPLE = 100_000, 20_000, 2_000
DAYS = (18, 19, 20, 21)
NOW = moment(21, 17, 30)
SWAP: Sequence[tuple[dt.date, DayKind]] = ((dt.date(2026, 8, 25), "rest"), (dt.date(2026, 9, 12), "worked"))
BASIS = "Thông báo hoán đổi ngày làm việc"
RECOUNT = next(each for each in duties if each.name == "recount")
BEHIND = "SELECT count(*) FROM view.clock WHERE calendar < 1"
MOVED = "SELECT count(*) FROM truth.events WHERE type = 'deadlines.due_date_moved'"
# Both counts read a whole table. They are asked only when these, which cost nothing, say that it may be so by now.
APPENDED = "SELECT max(row) FROM truth.events"
HEARD = "SELECT coalesce(sum(next_offset), 0) FROM truth.heard WHERE topic = $1"
FEWER = """
WITH kept AS (SELECT stream FROM view.clock ORDER BY stream LIMIT $1),
gone AS (DELETE FROM view.clock WHERE stream NOT IN (SELECT stream FROM kept))
SELECT count(*) FROM kept
"""
RIVAL = """
CREATE SCHEMA rival;
CREATE TABLE rival.dossier (stream text PRIMARY KEY, received_at timestamptz NOT NULL, due_at timestamptz NOT NULL);
CREATE TABLE rival.move (stream text, at timestamptz DEFAULT now(), was timestamptz, due_at timestamptz, why text);
INSERT INTO rival.dossier SELECT stream, received_at, due_at FROM view.clock;
ANALYZE rival.dossier;
"""


def swap(number: int) -> tuple[CalendarDay, ...]:
    """The days of change `number`: the swap, and every second time as it was."""
    return tuple(CalendarDay(date=day, kind=kind if number % 2 else "as_before", name="Hoán đổi") for day, kind in SWAP)


@asynccontextmanager
async def filled(ground: Ground, opened: int) -> AsyncIterator[Service]:
    """Deadlines with so many open clocks, all of which the swap moves."""
    settings = ground.settings
    await ground.databases("deadlines")
    for each in definition.hears:
        await ground.topic(settings.topic(each))
    service = Service(definition, settings)
    await service.open()
    service.clock.set(NOW)
    try:
        made = lives(opened, DAYS, NOW)
        async with service.pool.acquire() as connection:
            await fill(connection, made)
            await fill_truth(connection, made)
            await connection.execute("ANALYZE view.clock, truth.events")
        yield service
    finally:
        await service.close()


async def whole_way(service: Service) -> tuple[float, float]:
    """Declare change 1 to the running service; answers the seconds until the store has all moves, and the view."""
    roles = (Relay(service.name, service.settings).run(), Worker(service).run(), Timer(service).run())
    tasks = [asyncio.create_task(each) for each in roles]
    ask, topic = service.pool.fetchval, service.settings.topic(service.name)
    opened, before = await ask("SELECT count(*) FROM view.clock"), await ask(APPENDED)
    command = ChangeCalendar(reviewed=seed(), number=1, days=swap(1), basis=BASIS, at=service.clock.now())
    try:
        started = time.perf_counter()
        await service.do(calendar, STREAM, command, actor=Actor(id="bench", roles=("operator",)))
        while await ask(APPENDED) - before <= opened or await ask(MOVED) < opened:
            await _step(tasks)
        stored = time.perf_counter() - started
        while await ask(HEARD, topic) <= opened or await ask(BEHIND):
            await _step(tasks)
        return stored, time.perf_counter() - started
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _step(tasks: Sequence[asyncio.Task[None]]) -> None:
    for each in tasks:
        if each.done():
            each.result()
    await asyncio.sleep(0.2)


async def declared(service: Service, number: int) -> None:
    """The view knows of change `number`, on top of those before."""
    days = [Declared(each, day, BASIS) for each in range(1, number + 1) for day in swap(each)]
    await service.pool.execute(
        "UPDATE view.calendar SET number = $1, days = $2", number, msgspec.json.encode(days).decode()
    )


async def naive(connection: Any, streams: Iterator[str], number: int, count: int) -> float:
    """The peer over the next `count` dossiers; answers its rate."""
    walk = DayByDay(with_changes(seed(), [Declared(number, each) for each in swap(number)]))
    started = time.perf_counter()
    for _ in range(count):
        async with connection.transaction():
            row = await connection.fetchrow("SELECT * FROM rival.dossier WHERE stream = $1 FOR UPDATE", next(streams))
            due_at = walk.due(row["received_at"].astimezone(ZONE), AMOUNT, "working_days")
            await connection.execute("UPDATE rival.dossier SET due_at = $2 WHERE stream = $1", row["stream"], due_at)
            await connection.execute(
                "INSERT INTO rival.move (stream, was, due_at, why) VALUES ($1, $2, $3, $4)",
                row["stream"],
                row["due_at"],
                due_at,
                BASIS,
            )
    return count / (time.perf_counter() - started)


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    async with filled(ground, scale.of(OPEN)) as service:
        stored, shown = await whole_way(service)
        opened = await service.pool.fetchval(FEWER, scale.of(ROUND))
        await service.pool.execute(RIVAL)
        await service.pool.execute("ANALYZE view.clock, truth.events")
        connection = await database.connect(service.name, service.settings)
        streams = itertools.cycle([row["stream"] for row in await connection.fetch("SELECT stream FROM rival.dossier")])
        numbers = itertools.count(2)

        async def ours() -> float:
            number, before = next(numbers), await service.pool.fetchval(MOVED)
            await declared(service, number)
            started = time.perf_counter()
            await Timer(service).do(connection, RECOUNT, NOW)
            seconds = time.perf_counter() - started
            if await service.pool.fetchval(MOVED) != before + opened:
                raise RuntimeError("not every due date moved")
            return float(opened / seconds)

        async def peer() -> float:
            return await naive(connection, streams, 1, scale.of(SAMPLE))

        try:
            yield Pair(
                NAME,
                "due dates counted again and appended with their cause ÷ one loop, one transaction each"
                f" ({scale.of(OPEN):,} in one process: all in the store {stored:.0f} s after the declaration,"
                f" all in the view after {shown:.0f} s)",
                "due dates/s",
                5,
                ours,
                peer,
            )
        finally:
            await connection.close()
