"""From the store to a real Kafka: in order, at least once, as valid CloudEvents."""

import asyncio
import datetime as dt
import json
from itertools import chain
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from cloudevents.v1.kafka import KafkaMessage, from_binary

import toy
from kernel import feed, wire
from kernel import relay as relaying
from kernel.relay import Relay
from kernel.service import Service
from kernel.settings import Settings
from toy import ACTOR, Add, Close, box


async def topic(config: Settings, name: str = toy.NAME) -> dict[int, list[Any]]:
    """All records of a topic by partition."""
    reader = AIOKafkaConsumer(bootstrap_servers=config.kafka, auto_offset_reset="earliest")
    await reader.start()
    try:
        places = [TopicPartition(config.topic(name), n) for n in range(config.partitions)]
        reader.assign(places)
        ends = await reader.end_offsets(places)
        found: dict[int, list[Any]] = {place.partition: [] for place in places}
        while any(len(found[place.partition]) < ends[place] for place in places):
            for place, records in (await reader.getmany(timeout_ms=500)).items():
                found[place.partition] += records
        return found
    finally:
        await reader.stop()


async def records(config: Settings) -> list[Any]:
    return list(chain.from_iterable((await topic(config)).values()))


def positions(found: list[Any]) -> list[int]:
    return [int(json.loads(dict(record.headers)["ce_motcua"])["position"]) for record in found]


async def test_every_event_is_in_its_stream_s_partition_in_the_order_of_positions(online: Service) -> None:
    streams = [await toy.opened(online) for _ in range(30)]
    for stream in streams:
        await online.do(box, stream, Add(2), actor=ACTOR)
        await online.do(box, stream, Close(), actor=ACTOR)
    await toy.publish(online)
    found = await topic(online.settings)
    assert sorted(positions(list(chain.from_iterable(found.values())))) == list(range(1, 91))
    for partition, inside in found.items():
        assert positions(inside) == sorted(positions(inside))
        for record in inside:
            assert wire.partition(record.key.decode(), online.settings.partitions) == partition
    assert sum(bool(inside) for inside in found.values()) > 1


async def test_what_is_on_the_topic_is_a_valid_cloudevent_for_anybody_s_library(online: Service) -> None:
    stream = await toy.opened(online, "Trường số 1", person=toy.someone("Bình"))
    await toy.publish(online)
    (record,) = await records(online.settings)
    event = from_binary(
        KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value),
        data_unmarshaller=msgspec.json.decode,
    )
    (stored,) = await online.history(stream)
    assert event["specversion"] == "1.0"
    assert (event["id"], event["type"], event["subject"]) == (str(stored.id), "toy.opened", stream)
    assert event["source"] == "/motcua/intake"
    assert record.key == stream.encode()
    assert event.data["unit"] == "Trường số 1"
    assert all(name.islower() and name.isalnum() for name in event.get_attributes() if name != "datacontenttype")


async def test_what_is_heard_is_what_was_stored(online: Service) -> None:
    stream = await toy.opened(online, person=toy.someone("Bình"))
    await toy.publish(online)
    (record,) = await records(online.settings)
    heard = wire.recorded(feed.message(record))
    (stored,) = await online.history(stream)
    assert heard == msgspec.structs.replace(stored, position=1)


async def test_after_a_crash_between_sending_and_remembering_all_is_sent_again_and_counted_once(
    online: Service,
) -> None:
    for _ in range(20):
        await toy.opened(online, "A")
    await toy.publish(online)
    await online.pool.execute("UPDATE truth.log SET published = 5")
    await toy.publish(online)
    await toy.opened(online, "A")
    await toy.publish(online)
    found = positions(await records(online.settings))
    assert len(found) == 20 + 15 + 1
    await toy.catch_up(online)
    assert await online.pool.fetchval("SELECT boxes FROM view.per_unit") == 21
    assert await online.pool.fetchval("SELECT opened FROM view.unit") == 21


async def test_the_largest_event_that_is_accepted_is_published_and_heard(online: Service) -> None:
    stream = await toy.opened(online)
    await online.do(box, stream, toy.Move("B" * 899_000), actor=ACTOR)
    small = await toy.opened(online)
    await toy.publish(online)
    assert len(await records(online.settings)) == 3
    await toy.catch_up(online)
    assert await online.pool.fetchval("SELECT count(*) FROM view.box WHERE stream = $1", small) == 1


async def test_more_than_a_page_and_more_than_a_batch_are_published_in_order(
    online: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "PAGE", 30)
    monkeypatch.setattr(relaying, "BATCH_BYTES", 2_000)
    stream = await toy.opened(online, "A" * 400)
    await asyncio.gather(*(online.do(box, stream, Add(1), actor=ACTOR) for _ in range(50)))
    await asyncio.gather(*(toy.opened(online, "B" * 400) for _ in range(50)))
    await toy.publish(online)
    for inside in (await topic(online.settings)).values():
        assert positions(inside) == sorted(positions(inside))
    await toy.catch_up(online)
    assert await online.pool.fetchval("SELECT weight FROM view.box WHERE stream = $1", stream) == 51


async def test_no_two_batches_of_a_partition_are_under_way_at_once(
    online: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the first were lost and the second not, hearers would take the first for sent again."""
    monkeypatch.setattr(relaying, "BATCH_BYTES", 2_000)
    under_way: dict[int, Any] = {}
    send = AIOKafkaProducer.send_batch

    async def watched(self: Any, batch: Any, topic: str, *, partition: int) -> Any:
        assert partition not in under_way or under_way[partition].done()
        under_way[partition] = await send(self, batch, topic, partition=partition)
        return under_way[partition]

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", watched)
    stream = await toy.opened(online, "A" * 400)
    await asyncio.gather(*(online.do(box, stream, Add(1), actor=ACTOR) for _ in range(40)))
    await toy.publish(online)
    assert len(under_way) == 1


async def test_a_lost_wake_up_costs_only_time(online: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "_wake", lambda _: None)
    relay = asyncio.create_task(Relay(online.name, online.settings).run())
    await toy.opened(online)
    started = dt.datetime.now(dt.UTC)
    await toy.until(lambda: toy._published(online), 5)
    assert dt.datetime.now(dt.UTC) - started < dt.timedelta(seconds=4)
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
