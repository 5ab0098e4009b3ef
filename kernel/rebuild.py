"""Rebuild a service's views beside the live ones, catch up, swap by rename. It projects and never reacts.

    1. Make `view_next` from tables.sql, its indexes left for later.
    2. Read all topics from their beginning up to where the live views are, again and again until little is missing.
    3. In one transaction: hold the heard offsets still, read the rest, build indexes, swap the names.

What is parked live is passed over, so that the new view equals the live one, row for row.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import structlog

from kernel import feed, wire
from kernel.service import Definition, make_views
from kernel.settings import Settings
from kernel.views import Views
from kernel.wire import Message

log = structlog.get_logger()

NEXT, OLD = "view_next", "view_old"
FEW = 2_000  # messages left, from which the swap may begin
PARKED = 'SELECT topic, partition, "offset" FROM truth.parked'

Place = tuple[str, int]


class _Build:
    """How far the new views are."""

    def __init__(self, definition: Definition, reader: Any, progress: Callable[[int, int], None]) -> None:
        self.views = Views(definition.views, NEXT)
        self.wanted = {event.type for event in self.views.wanted}
        self.reader, self.progress = reader, progress
        self.done: dict[Place, int] = {}
        self.last: dict[Place, int] = {}
        self.events = 0

    async def advance(
        self, connections: Sequence[Any], heard: dict[Place, int], parked: set[tuple[str, int, int]]
    ) -> int:
        """Read up to `heard`, a partition written by each of these connections; answers how many messages that were."""
        spans = {place: (self.done.get(place, 0), until) for place, until in heard.items()}
        total = sum(until - start for start, until in spans.values())
        before = self.events
        free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        for each in connections:
            free.put_nowait(each)

        async def project(topic: str, partition: int, messages: list[Message]) -> None:
            events = [wire.recorded(each) for each in self._fresh((topic, partition), messages, parked)]
            connection = await free.get()
            try:
                async with connection.transaction():  # the turn at a shared view lasts as long
                    stage = await self.views.stage(connection, events)
                    for recorded in events:
                        stage.take(recorded)
                    await self.views.write(connection, stage)
            finally:
                free.put_nowait(connection)
            self.done[topic, partition] = messages[-1].offset + 1
            self.events += len(messages)
            self.progress(self.events - before, total)

        await feed.hear_all(self.reader, spans, project)
        return total

    def _fresh(self, place: Place, messages: list[Message], parked: set[tuple[str, int, int]]) -> list[Message]:
        fresh = []
        last = self.last.get(place, 0)
        for each in messages:
            position = each.position
            if position > last:
                last = position
                if each.type in self.wanted and (*place, each.offset) not in parked:
                    fresh.append(each)
        self.last[place] = last
        return fresh


async def rebuild(
    definition: Definition, settings: Settings, *, progress: Callable[[int, int], None] = lambda done, of: None
) -> int:
    """Rebuild a service's views while it goes on working; answers how many messages were read.

    Raises whatever a projection raises: the live views are then untouched.
    """
    async with AsyncExitStack() as stack:

        async def connect(**options: str) -> Any:
            made = await asyncpg.connect(**settings.database(definition.name), server_settings=options | {"jit": "off"})
            stack.push_async_callback(made.close)
            return made

        connection = await connect()
        await connection.execute("SELECT pg_advisory_lock(hashtext('motcua.rebuild'))")
        await connection.execute(f"DROP SCHEMA IF EXISTS {NEXT} CASCADE; CREATE SCHEMA {NEXT}")
        await make_views(connection, definition, NEXT)
        indexes = await _set_indexes_aside(connection)
        # A rebuild that dies starts over, and the swap's commit is waited for: it makes all before it durable.
        writers = [await connect(synchronous_commit="off") for _ in range(feed.AT_ONCE)]
        build = _Build(definition, await stack.enter_async_context(feed.consumer(settings)), progress)
        await build.views.prepare(connection)
        while await build.advance(writers, *await _reached(connection)) > FEW:
            pass
        for index in indexes:
            await connection.execute(index)
        await connection.execute(f"ANALYZE {', '.join(f'{NEXT}.{t}' for t in await _tables(connection))}")
        async with connection.transaction():
            await connection.execute("LOCK TABLE truth.heard IN EXCLUSIVE MODE")
            await build.advance([connection], *await _reached(connection))
            await connection.execute(
                f"ALTER SCHEMA view RENAME TO {OLD}; ALTER SCHEMA {NEXT} RENAME TO view; DROP SCHEMA {OLD} CASCADE"
            )
        log.info("rebuilt", service=definition.name, messages=build.events)
        return build.events


async def _reached(connection: Any) -> tuple[dict[Place, int], set[tuple[str, int, int]]]:
    """Where the live views are, and what is parked, at one moment."""
    async with connection.transaction(isolation="repeatable_read") if not connection.is_in_transaction() else _Same():
        heard = await feed.heard(connection)
        parked = {(r["topic"], r["partition"], r["offset"]) for r in await connection.fetch(PARKED)}
    return heard, parked


class _Same:
    """Already in a transaction that holds everything still."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


async def _set_indexes_aside(connection: Any) -> list[str]:
    """Drop the new schema's plain indexes; answers the statements that make them again."""
    rows = await connection.fetch(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = $1 AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conname = i.indexname AND c.connamespace = $1::regnamespace)",
        NEXT,
    )
    for row in rows:
        await connection.execute(f'DROP INDEX {NEXT}."{row["indexname"]}"')
    return [row["indexdef"] for row in rows]


async def _tables(connection: Any) -> list[str]:
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", NEXT)
    return [row["tablename"] for row in rows]
