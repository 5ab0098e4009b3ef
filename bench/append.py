"""Append, 16 callers, one event a call, each call answered after its commit.

The peer is the `eventsourcing` library (the best known event store for Python on PostgreSQL), its own
PostgresApplicationRecorder called by 16 threads with a warm pool: the recorder alone, without its aggregates, mapper
or encoding, which is the fastest way into it. It has two documented ways to insert: statements in a pipeline under a
table lock, and `enable_db_functions`. Both are tried in the warm-up, each with 4 and with 16 connections, and the
fastest of the four is the peer.

Ours is what `Service.do` appends with: the kernel's Batcher over `store.append`, 16 coroutines. Both sides write the
same ids, numbers and bytes, check the expected number, and give the event a place in a log that a follower can read
(theirs notification_id, ours the outbox). No two callers share a stream, so nobody has conflicts; each caller has as
many events as the others, on both sides, so that sixteen are at it until the end. (The busiest stream is a tenth of all
events: with it whole, a third of our calls were of one caller who was left alone.)
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from bench import data
from bench.ground import PREFIX, Ground
from bench.harness import Pair, Scale
from kernel import database, store
from kernel.batch import Batcher
from kernel.store import Append, Draft

NAME = "append"
CALLERS = 16
EVENTS = 8_000
PEER_EVENTS = 3_000


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    await ground.databases("bench")
    pool = await database.pool("bench", ground.settings)
    made = data.drafts(scale.of(EVENTS))
    stores = [_datastore(ground, functions, size) for functions in (False, True) for size in (4, CALLERS)]
    recorders = [_recorder(each) for each in stores]
    theirs = _shares(made[: scale.of(PEER_EVENTS)])
    fastest: list[PostgresApplicationRecorder] = []

    async def ours() -> float:
        await pool.execute("TRUNCATE truth.events, truth.outbox")
        batcher: Batcher[Append, str] = Batcher(lambda batch: store.append(pool, batch))
        return await _ours(batcher, _shares(made))

    async def peer() -> float:
        if not fastest:
            rates = [await _peer(each, theirs) for each in recorders]
            fastest.append(recorders[rates.index(max(rates))])
        return await _peer(fastest[0], theirs)

    try:
        yield Pair(
            NAME,
            "16 callers appending one event each ÷ the eventsourcing library's recorder, 16 threads",
            "events/s",
            8,
            ours,
            peer,
        )
    finally:
        for each in stores:
            each.close()
        await pool.close()


def _shares(made: Sequence[Draft]) -> list[list[Draft]]:
    """Each caller's events: streams of its own, and as many as each other caller has."""
    shares: list[list[Draft]] = [[] for _ in range(CALLERS)]
    owner: dict[str, list[Draft]] = {}
    counts: dict[str, int] = {}
    for draft in made:
        counts[draft.stream] = counts.get(draft.stream, 0) + 1
    load = [0] * CALLERS
    for stream in sorted(counts, key=lambda s: (-counts[s], s)):
        least = load.index(min(load))
        load[least] += counts[stream]
        owner[stream] = shares[least]
    for draft in made:
        owner[draft.stream].append(draft)
    shortest = min(map(len, shares))
    return [share[:shortest] for share in shares]


async def _ours(batcher: Batcher[Append, str], shares: Sequence[Sequence[Draft]]) -> float:
    async def caller(share: Sequence[Draft]) -> None:
        for draft in share:
            if await batcher(Append(draft.id, [draft])) != "appended":
                raise RuntimeError("an append was refused")

    started = time.perf_counter()
    await asyncio.gather(*(caller(share) for share in shares))
    return sum(map(len, shares)) / (time.perf_counter() - started)


async def _peer(recorder: PostgresApplicationRecorder, shares: Sequence[Sequence[Draft]]) -> float:
    with recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute(f"TRUNCATE {recorder.events_table_name}")
    calls = [
        [[StoredEvent(UUID(d.stream[-36:]), d.number, d.type, d.data + d.meta)] for d in share] for share in shares
    ]

    def caller(share: Sequence[Sequence[StoredEvent]]) -> None:
        for events in share:
            recorder.insert_events(events)

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(CALLERS) as threads:
        started = time.perf_counter()
        await asyncio.gather(*(loop.run_in_executor(threads, caller, share) for share in calls))
        return sum(map(len, calls)) / (time.perf_counter() - started)


def _datastore(ground: Ground, functions: bool, size: int) -> PostgresDatastore:
    host, port = ground.postgres.rsplit(":", 1)
    name = f"{PREFIX}bench"
    return PostgresDatastore(name, host, port, name, ground.password, pool_size=size, enable_db_functions=functions)


def _recorder(datastore: PostgresDatastore) -> PostgresApplicationRecorder:
    recorder = PostgresApplicationRecorder(datastore)  # one table for all: so is the library's insert function
    recorder.create_table()
    datastore.pool.wait()
    return recorder
