"""Rush: ten thousand families want one of four hundred places, all at once. No bar: it was promised to be measured.

Ours is a dossier on its whole way: intake's store and relay, Kafka, the worker of transfers (`motcua run transfers`, a
process of its own in all roles, as in the demo), which opens a case, judges it by the rules, claims the pupil, asks for
the place, opens the head's step, and tells a case when it has a place and when it has to pass it on. They arrive in an
order that has nothing to do with their times of submission. The time runs from the first event that intake writes until
all that was said is heard, so every case holds or waits, and the views show it. What came of it is audited after each
round by fairness.py: no place given twice, not even for a moment, and all of them to the first by time of submission.
Intake's events are written as its api writes them, 100 a call, 16 calls at once; HTTP is measured by `intake`.

The peer is the naive way that is correct too: 16 connections, one transaction a request, which locks the class's row
(SELECT … FOR UPDATE), puts the request into a queue ordered by submission, and where that gives it a place takes it
from the last who has one. The same requests in the same order on the same PostgreSQL; its outcome is audited too. It
keeps no log of what happened, claims no pupil, judges nothing, and tells nobody: who wants to know has to look.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.dossiers import GRADE, OPENED, SAYS, SCHOOL, YEAR, Dossier, dossiers, hand_in, of_class
from bench.fairness import problems
from bench.ground import Ground
from bench.harness import Pair, Scale
from bench.load import Connection
from bench.servers import HOST, server
from kernel import database
from kernel.relay import Relay
from kernel.service import Service
from services.transfers.app import definition
from services.transfers.domain.dossier import transfer_stream
from services.transfers.domain.place import OpenClass, school_class

NAME = "rush"
REQUESTS, CLASSES, PLACES = 10_000, 10, 40
PORT = 8493
CONNECTIONS = 16
PATIENCE = 300.0
METRICS = b"GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n"
# All that intake said ($3 events) and all that transfers said of it is heard, in one look.
SETTLED = """
SELECT (SELECT coalesce(sum(next_offset), 0) FROM truth.heard WHERE topic = $1) = $3
    AND (SELECT coalesce(sum(next_offset), 0) FROM truth.heard WHERE topic = $2) = (SELECT position FROM truth.log)
    AND NOT EXISTS (SELECT FROM truth.outbox)
"""
RIVAL = """
DROP SCHEMA IF EXISTS rival CASCADE;
CREATE SCHEMA rival;
CREATE TABLE rival.class (id text PRIMARY KEY, places integer NOT NULL, kept integer NOT NULL DEFAULT 0);
CREATE TABLE rival.queue (
    id text COLLATE "C" PRIMARY KEY, class text NOT NULL, submitted_at timestamptz NOT NULL, kept boolean NOT NULL
);
CREATE INDEX ON rival.queue (class, submitted_at, id) WHERE kept;
"""
LOCK = "SELECT places, kept FROM rival.class WHERE id = $1 FOR UPDATE"
LAST = "SELECT submitted_at, id FROM rival.queue WHERE class = $1 AND kept ORDER BY submitted_at DESC, id DESC LIMIT 1"
QUEUE = "INSERT INTO rival.queue (id, class, submitted_at, kept) VALUES ($1, $2, $3, $4)"
PASS_ON = "UPDATE rival.queue SET kept = false WHERE id = $1"
KEEP = "UPDATE rival.class SET kept = kept + 1 WHERE id = $1"
RIVAL_UNFAIR = """
SELECT count(*) FROM (
    SELECT kept, row_number() OVER (PARTITION BY class ORDER BY submitted_at, id) <= places AS first
    FROM rival.queue JOIN (SELECT id AS class, places FROM rival.class) c USING (class)
) q WHERE kept <> first
"""


@dataclass
class Town:
    """Transfers running in a process of its own, intake's store with its relay here."""

    intake: Any
    transfers: Service
    topics: tuple[str, str]
    said: int = 0

    async def open(self, classes: Sequence[str]) -> None:
        for name in classes:
            command = OpenClass(school=SCHOOL, year=YEAR, grade=GRADE, name=name, places=PLACES, at=OPENED)
            await self.transfers.do(school_class, of_class(name), command, actor=SAYS)
        await self.settled()

    async def rush(self, made: Sequence[Dossier]) -> float:
        """Hand all of them in; answers the seconds until the last case holds or waits."""
        started = time.perf_counter()
        await hand_in(self.intake, made)
        self.said += 2 * len(made)
        await self.settled()
        return time.perf_counter() - started

    async def settled(self) -> None:
        end = time.perf_counter() + PATIENCE
        while not await self.transfers.pool.fetchval(SETTLED, *self.topics, self.said):
            if time.perf_counter() > end:
                raise TimeoutError(f"not all cases were settled in {PATIENCE:.0f} s")
            await asyncio.sleep(0.05)

    async def audit(self) -> None:
        """Raises RuntimeError where a place was given twice, or not to the first."""
        async with self.intake.acquire() as intake, self.transfers.pool.acquire() as transfers:
            if found := await problems(intake, transfers):
                raise RuntimeError(f"{len(found)} problems, the first is: {found[0]}")


@asynccontextmanager
async def town(ground: Ground) -> AsyncIterator[Town]:
    """Everything running, and proven to run by one dossier of a class that nobody else wants."""
    await ground.databases("intake", "transfers")
    settings = ground.settings
    for name in ("intake", "deadlines", "transfers"):
        await ground.topic(settings.topic(name))
    service = Service(definition, settings)
    intake = await database.pool("intake", settings, most=CONNECTIONS)
    relay = asyncio.create_task(Relay("intake", settings).run())
    try:
        async with server(PORT, "deploy.cli", "run", "transfers", environment=ground.environment("transfers", PORT)):
            await service.open()
            made = Town(intake, service, (settings.topic("intake"), settings.topic("transfers")))
            await made.open(["first"])
            await made.rush(dossiers(1, ["first"]))
            yield made
    finally:
        relay.cancel()
        with suppress(asyncio.CancelledError):
            await relay
        await intake.close()
        await service.close()


def names(round: int) -> list[str]:
    """The classes of one round."""
    return [f"{GRADE}A{round}-{n}" for n in range(CLASSES)]


async def naive(pool: Any, made: Sequence[Dossier]) -> float:
    """The peer; answers the seconds it took."""
    async with pool.acquire() as connection:
        await connection.execute(RIVAL)
        classes = sorted({each.to_class for each in made})
        await connection.executemany("INSERT INTO rival.class VALUES ($1, $2)", [(each, PLACES) for each in classes])
    left = iter(made)

    async def caller() -> None:
        async with pool.acquire() as connection:
            for each in left:
                async with connection.transaction():
                    await _request(connection, each.to_class, (each.submitted_at, transfer_stream(each.stream)))

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
    seconds = time.perf_counter() - started
    if await pool.fetchval(RIVAL_UNFAIR):
        raise RuntimeError("the peer was not fair")
    return seconds


async def _request(connection: Any, to_class: str, turn: tuple[Any, str]) -> None:
    places, kept = await connection.fetchrow(LOCK, to_class)
    keeps = kept < places
    if keeps:
        await connection.execute(KEEP, to_class)
    elif (last := await connection.fetchrow(LAST, to_class)) and turn < tuple(last):
        await connection.execute(PASS_ON, last["id"])
        keeps = True
    await connection.execute(QUEUE, turn[1], to_class, turn[0], keeps)


async def conflicts() -> int:
    """How often transfers has heard a batch again because somebody else wrote to the same stream first."""
    connection = await Connection.open(HOST, PORT)
    _, body = await connection.send(METRICS)
    connection.close()
    lines = [each for each in body.decode().splitlines() if each.startswith("motcua_heard_again_total{")]
    return int(sum(float(each.rsplit(" ", 1)[1]) for each in lines))


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    count = scale.of(REQUESTS)
    rounds = itertools.count(1)
    async with (
        town(ground) as here,
        asyncpg.create_pool(
            **ground.settings.database("transfers"), min_size=CONNECTIONS, max_size=CONNECTIONS
        ) as rival,
    ):

        async def once() -> float:
            classes = names(next(rounds))
            made = dossiers(count, classes)
            await here.open(classes)
            seconds = await here.rush(made)
            await here.audit()
            return seconds

        seconds, again = await once(), await conflicts()

        async def ours() -> float:
            return count / await once()

        async def peer() -> float:
            return count / await naive(rival, dossiers(count, names(0)))

        yield Pair(
            NAME,
            "requests heard, judged, given a place or a turn, and told ÷ one locking transaction each"
            f" ({count:,} for {CLASSES * PLACES} places, the first time: all settled after {seconds:.1f} s,"
            f" {again} batches heard again; no place given twice, all to the first by submission)",
            "requests/s",
            0,
            ours,
            peer,
        )
