"""Events that could not be heard: list them, hear them again after the cause is mended, or drop them with a reason."""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from kernel.service import PARK_AGAIN, RETRY, TRIES, Service, poisonous, reason_of
from kernel.wire import Message

log = structlog.get_logger()
DROP = (
    'UPDATE truth.parked SET dropped = $2 WHERE (topic, partition, "offset") = (SELECT topic, partition, "offset"'
    ' FROM truth.parked WHERE stream = $1 AND dropped IS NULL ORDER BY topic, partition, "offset" LIMIT 1 FOR UPDATE)'
    ' RETURNING topic, partition, "offset", type, reason'
)
PARKED = (
    'SELECT "offset", headers, value, reason FROM truth.parked'
    ' WHERE topic = $1 AND partition = $2 AND "offset" = ANY($3::bigint[]) ORDER BY 1'
)


async def listed(connection: Any) -> list[dict[str, Any]]:
    """What is parked, oldest first; never the data."""
    rows = await connection.fetch(
        'SELECT topic, partition, "offset", stream, type, reason, at FROM truth.parked WHERE dropped IS NULL'
        ' ORDER BY at, topic, "offset"'
    )
    return [dict(row) for row in rows]


async def replay(service: Service) -> tuple[int, int]:
    """Hear everything parked again, stream by stream in order; answers (heard, still parked). Waits for a rebuild to
    end, because that passes over what is parked."""
    heard = still = 0
    rows = await service.pool.fetch(
        'SELECT topic, partition, array_agg("offset" ORDER BY "offset") AS offsets FROM truth.parked'
        " WHERE dropped IS NULL GROUP BY 1, 2"
    )
    for topic, partition, offsets in rows:
        try:
            left = await _hear_again(service, topic, partition, offsets, set())
        except Exception as error:
            if not poisonous(error):
                raise
            left = await _one_by_one(service, topic, partition, offsets)
        heard += len(offsets) - left
        still += left
    return heard, still


async def _one_by_one(service: Service, topic: str, partition: int, offsets: Sequence[int]) -> int:
    """The database refuses one of them: which one?"""
    left, behind = 0, set[str]()
    for offset in offsets:
        try:
            left += await _hear_again(service, topic, partition, [offset], behind)
        except Exception as error:
            if not poisonous(error):
                raise
            left += 1
            await service.pool.execute(PARK_AGAIN, topic, partition, offset, reason_of(error))
            stream = 'SELECT stream FROM truth.parked WHERE topic = $1 AND partition = $2 AND "offset" = $3'
            behind.add(await service.pool.fetchval(stream, topic, partition, offset))
    return left


async def _hear_again(service: Service, topic: str, partition: int, offsets: Sequence[int], behind: set[str]) -> int:
    """In one transaction; answers how many of these stay parked."""
    for attempt in range(TRIES):
        known = await service.known()
        try:
            async with service.pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock_shared(hashtext('motcua.rebuild'))")
                await service.lock(connection, topic, partition)
                rows = await connection.fetch(PARKED, topic, partition, offsets)
                reasons = {row["offset"]: row["reason"] for row in rows}
                messages = [Message(r["offset"], msgspec.msgpack.decode(r["headers"]), r["value"]) for r in rows]
                ours = [each for each in messages if each.position > 0]
                again = await service.take(connection, ours, set(behind), known)
                left = {each.message.offset: each.reason for each in again}
                left |= {each.offset: reasons[each.offset] for each in messages if each.position <= 0}
                await connection.execute(
                    'DELETE FROM truth.parked WHERE topic = $1 AND partition = $2 AND "offset" = ANY($3::bigint[])',
                    topic,
                    partition,
                    [offset for offset in reasons if offset not in left],
                )
                for offset, reason in left.items():
                    await connection.execute(PARK_AGAIN, topic, partition, offset, reason)
        except RETRY:
            if attempt == TRIES - 1:
                raise
        else:
            behind.update(each.stream for each in messages if each.offset in left)
            return len(left)
    raise AssertionError("unreachable")


async def drop(connection: Any, stream: str, *, reason: str, by: str) -> dict[str, Any] | None:
    """Give the first parked event of a stream up for good, so that those behind it can be replayed: no view will ever
    have it, rebuilt or not. Answers which one it was, None where nothing of the stream is parked."""
    found = await connection.fetchrow(DROP, stream, f"{by}: {reason}")
    if found is None:
        return None
    dropped = dict(found)
    log.warning("dropped", stream=stream, why=reason, by=by, **dropped)
    return dropped
