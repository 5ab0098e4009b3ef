"""The limit of a projection: a topic drained by confluent-kafka (librdkafka, in C) and merged by the database in sets.

Every message is decoded into columns by msgspec, COPYed in binary into an unlogged stage table and merged by one
statement: rows by INSERT … SELECT … GROUP BY … ON CONFLICT, totals from what that changed. A thread drains and decodes
the next lot while the database merges the last one. It writes the same rows and totals as ours, down to the last
number (the bench checks that), but it knows no offsets, no repeats, no poison, no order but the topic's, and it must
be written again by hand for each view.
"""

import asyncio
import time
from typing import Any

import msgspec
from confluent_kafka import Consumer, TopicPartition

LOT = 20_000
TIMEOUT = 30.0
STAGE = """
CREATE UNLOGGED TABLE IF NOT EXISTS stage (
    seq bigint, stream text, unit text, status text, amount bigint
)
"""
MERGE = """
WITH fresh AS (
    SELECT stream, min(unit) AS unit, (array_agg(status ORDER BY seq DESC))[1] AS status,
           count(*) AS events, sum(amount)::bigint AS amount
    FROM stage GROUP BY stream
), old AS (
    SELECT d.unit, d.status, d.events, d.amount FROM fresh JOIN {schema}.dossier d USING (stream)
), put AS (
    INSERT INTO {schema}.dossier AS d SELECT * FROM fresh
    ON CONFLICT (stream) DO UPDATE SET status = EXCLUDED.status, events = d.events + EXCLUDED.events,
                                       amount = d.amount + EXCLUDED.amount
    RETURNING d.unit, d.status, d.events, d.amount
)
INSERT INTO {schema}.dossier_total AS t
SELECT unit, status, sum(n), sum(events), sum(amount) FROM (
    SELECT unit, status, 1 AS n, events, amount FROM put
    UNION ALL SELECT unit, status, -1, -events, -amount FROM old
) AS changed GROUP BY unit, status
ON CONFLICT (unit, status) DO UPDATE SET dossiers = t.dossiers + EXCLUDED.dossiers,
    events = t.events + EXCLUDED.events, amount = t.amount + EXCLUDED.amount
"""
COLUMNS = ("seq", "stream", "unit", "status", "amount")

Lot = list[tuple[int, str, str, str, int]]


class _Columns(msgspec.Struct):
    """What the view needs of an event: the decoder skips the rest."""

    unit: str
    status: str
    amount: int


_decoder = msgspec.json.Decoder(_Columns)


async def project(pool: Any, kafka: str, topic: str, ends: dict[int, int], schema: str) -> float:
    """Drain the topic up to `ends` into the tables of a schema; answers events a second."""
    merge = MERGE.format(schema=schema)
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "bench-limit",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "queued.min.messages": 200_000,
            "fetch.message.max.bytes": 4 << 20,
            "fetch.max.bytes": 16 << 20,
        }
    )
    left = sum(ends.values())
    started = time.perf_counter()
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    merging: asyncio.Task[None] | None = None
    seq = 0
    try:
        async with pool.acquire() as connection:
            await connection.execute(STAGE)
            while left:
                lot = await asyncio.to_thread(_drain, consumer, min(LOT, left), seq)
                seq += len(lot)
                left -= len(lot)
                if merging:
                    await merging
                merging = asyncio.create_task(_merge(connection, merge, lot))
            if merging:
                await merging
            return seq / (time.perf_counter() - started)
    finally:
        consumer.close()


def _drain(consumer: Consumer, most: int, seq: int) -> Lot:
    found: list[Any] = []
    while len(found) < most:
        if not (more := consumer.consume(most - len(found), TIMEOUT)):
            raise TimeoutError("the topic ended early")
        found += more
    lot = []
    for message in found:
        seq += 1
        event = _decoder.decode(message.value())
        lot.append((seq, message.key().decode(), event.unit, event.status, event.amount))
    return lot


async def _merge(connection: Any, merge: str, lot: Lot) -> None:
    async with connection.transaction():
        await connection.copy_records_to_table("stage", records=lot, columns=COLUMNS)
        await connection.execute(merge)
        await connection.execute("TRUNCATE stage")
