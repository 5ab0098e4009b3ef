"""The bulk feed: a range of one partition read straight from the broker, as fast as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from kernel.settings import Settings
from kernel.wire import Message

BATCH = 5_000
AT_ONCE = 3


class Lost(Exception):
    """The broker no longer holds offsets that were not heard yet. Publish again from the store, then rebuild."""


async def heard(connection: Any) -> dict[tuple[str, int], int]:
    """The next offset of each (topic, partition) that the service has heard of."""
    rows = await connection.fetch("SELECT topic, partition, next_offset FROM truth.heard")
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


@asynccontextmanager
async def consumer(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, for reading what one asks for."""
    each = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=4 << 20,
        fetch_max_bytes=16 << 20,
        fetch_max_wait_ms=50,  # what is asked for is there already; a long poll would only be waited out
    )
    await each.start()
    try:
        yield each
    finally:
        await each.stop()


async def ends(reader: AIOKafkaConsumer, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The offset after the last message of each (topic, partition)."""
    found = await reader.end_offsets([TopicPartition(*place) for place in places])
    return {(tp.topic, tp.partition): offset for tp, offset in found.items()}


async def ranges(
    reader: AIOKafkaConsumer, wanted: dict[tuple[str, int], tuple[int, int]]
) -> AsyncIterator[tuple[str, int, list[Message]]]:
    """All messages of each (topic, partition) from its first offset up to, not with, its last; in order within each.
    Raises Lost where the broker has dropped some of them."""
    left = {TopicPartition(*place): span for place, span in wanted.items() if span[0] < span[1]}
    if not left:
        return
    reader.assign(list(left))
    first, end = await reader.beginning_offsets(list(left)), await reader.end_offsets(list(left))
    for tp, (start, stop) in left.items():
        if first[tp] > start or end[tp] < stop:
            raise Lost(f"{tp.topic}/{tp.partition} holds {first[tp]} to {end[tp]}, wanted {start} to {stop}")
        reader.seek(tp, start)
    while left:
        found = await reader.getmany(*left, timeout_ms=1_000, max_records=BATCH)
        for tp, records in found.items():
            stop = left[tp][1]
            messages = [message(record) for record in records if record.offset < stop]
            if messages:
                yield tp.topic, tp.partition, messages
            if records[-1].offset >= stop - 1:
                del left[tp]
                reader.pause(tp)


async def hear_all(
    reader: AIOKafkaConsumer,
    wanted: dict[tuple[str, int], tuple[int, int]],
    hear: Callable[[str, int, list[Message]], Coroutine[Any, Any, Any]],
) -> None:
    """Hear ranges in bulk: each partition in order, a few partitions at once, so that one is read and folded while
    another is written. Raises what `ranges` and `hear` raise."""
    under_way: dict[tuple[str, int], asyncio.Task[Any]] = {}
    try:
        async for topic, partition, messages in ranges(reader, wanted):
            if before := under_way.pop((topic, partition), None):
                await before
            while len(under_way) >= AT_ONCE:
                done, _ = await asyncio.wait(under_way.values(), return_when=asyncio.FIRST_COMPLETED)
                for place in [each for each, task in under_way.items() if task in done]:
                    await under_way.pop(place)
            under_way[topic, partition] = asyncio.create_task(hear(topic, partition, messages))
        for task in under_way.values():
            await task
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


def message(record: Any) -> Message:
    """A consumed record (aiokafka's or Faust's) as a Message."""
    headers = record.headers
    return Message(record.offset, dict(headers) if headers else {}, record.value)
