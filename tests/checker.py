"""An auditor that shares no code with the kernel: was everything acknowledged kept, once, in order, and counted right?

It knows the tables and the wire format from their documentation only, and the toy service's events.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition


@dataclass(frozen=True)
class Acknowledged:
    """What a caller was told: this event, at this number of this stream."""

    stream: str
    number: int
    type: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Where:
    """A service's database (arguments for asyncpg) and its topic."""

    database: dict[str, Any]
    kafka: str
    topic: str
    partitions: int


async def problems(where: Where, acknowledged: Iterable[Acknowledged]) -> list[str]:
    """Everything that is wrong; nothing where all is well."""
    connection = await asyncpg.connect(**where.database)
    try:
        events = await connection.fetch("SELECT * FROM truth.events")
        seals = await connection.fetch("SELECT * FROM truth.seals ORDER BY position")
        queued = await connection.fetchval("SELECT count(*) FROM truth.outbox")
        parked = await connection.fetchval("SELECT count(*) FROM truth.parked")
        boxes = await connection.fetch("SELECT stream, unit, weight, state FROM view.box")
        totals = await connection.fetch("SELECT unit, state, boxes, weight FROM view.per_unit")
        units = await connection.fetch("SELECT unit, opened FROM view.unit")
    finally:
        await connection.close()
    records = await _topic(where)
    found = [f"{queued} events wait to be sealed"] if queued else []
    found += [f"{parked} events are parked"] if parked else []
    found += _kept(events, acknowledged)
    found += _numbered(events)
    found += _sealed(events, seals)
    found += _published(events, seals, records)
    found += _shown(records, boxes, totals, units)
    return found


async def _topic(where: Where) -> dict[int, list[Any]]:
    reader = AIOKafkaConsumer(bootstrap_servers=where.kafka, auto_offset_reset="earliest")
    await reader.start()
    try:
        places = [TopicPartition(where.topic, n) for n in range(where.partitions)]
        reader.assign(places)
        ends = await reader.end_offsets(places)
        found: dict[int, list[Any]] = {place.partition: [] for place in places}
        while any(len(found[place.partition]) < ends[place] for place in places):
            for place, records in (await reader.getmany(timeout_ms=500)).items():
                found[place.partition] += records
        return found
    finally:
        await reader.stop()


def _kept(events: list[Any], acknowledged: Iterable[Acknowledged]) -> list[str]:
    """Every acknowledged event is in the store, once."""
    stored = {(row["stream"], row["number"]): row for row in events}
    found = []
    for each in acknowledged:
        row = stored.get((each.stream, each.number))
        if row is None:
            found.append(f"lost: {each}")
            continue
        data = json.loads(row["data"])
        if row["type"] != each.type or any(data.get(name) != value for name, value in each.data.items()):
            found.append(f"changed: {each} became {row['type']} {data}")
    same = Counter((each.stream, each.number) for each in acknowledged)
    found += [f"acknowledged twice: {place}" for place, times in same.items() if times > 1]
    found += [f"stored twice: {id}" for id, times in Counter(row["id"] for row in events).items() if times > 1]
    return found


def _numbered(events: list[Any]) -> list[str]:
    numbers: dict[str, list[int]] = {}
    for row in events:
        numbers.setdefault(row["stream"], []).append(row["number"])
    return [
        f"{stream} has numbers {sorted(has)}"
        for stream, has in numbers.items()
        if sorted(has) != list(range(1, len(has) + 1))
    ]


def _sealed(events: list[Any], seals: list[Any]) -> list[str]:
    """Every event once, positions 1..N, a stream's numbers in order, leaves as documented (RFC 6962)."""
    found = []
    if [row["position"] for row in seals] != list(range(1, len(events) + 1)):
        found.append(f"{len(events)} events, {len(seals)} seals, or positions with holes")
    if Counter(row["row"] for row in seals) != Counter(row["row"] for row in events):
        found.append("what is sealed is not what is stored, each once")
        return found
    stored = {row["row"]: row for row in events}
    last: dict[str, int] = {}
    for seal in seals:
        event = stored[seal["row"]]
        if event["number"] != last.get(event["stream"], 0) + 1:
            found.append(f"{event['stream']} {event['number']} is sealed after {last.get(event['stream'], 0)}")
        last[event["stream"]] = event["number"]
        name = f"{event['id']} {event['stream']} {event['number']} {event['type']} {event['version']}\n".encode()
        if hashlib.sha256(b"\x00" + name + event["meta"] + b"\n" + event["data"]).digest() != seal["leaf"]:
            found.append(f"the leaf at {seal['position']} is not that of its event")
    return found


def _place(record: Any) -> dict[str, Any]:
    place: dict[str, Any] = json.loads(dict(record.headers)["ce_motcua"])
    return place


def _first(records: list[Any]) -> list[tuple[int, Any]]:
    """Each position's first record, in the order of the partition."""
    firsts: dict[int, Any] = {}
    for record in records:
        firsts.setdefault(_place(record)["position"], record)
    return list(firsts.items())


def _published(events: list[Any], seals: list[Any], records: dict[int, list[Any]]) -> list[str]:
    found = []
    stored = {row["row"]: row for row in events}
    by_position = {seal["position"]: stored[seal["row"]] for seal in seals if seal["row"] in stored}
    seen: set[int] = set()
    home: dict[bytes, int] = {}
    for partition, inside in records.items():
        firsts = _first(inside)
        seen.update(position for position, _ in firsts)
        found += [
            f"partition {partition} has {one} before {two}" for (one, _), (two, _) in pairwise(firsts) if one > two
        ]
        for position, record in firsts:
            place, event = _place(record), by_position.get(position)
            if home.setdefault(record.key, partition) != partition:
                found.append(f"{record.key!r} is in two partitions")
            if event is None:
                found.append(f"position {position} is on the topic and was never sealed")
            elif (place["id"], place["number"], place["meta"], record.value, record.key.decode()) != (
                str(event["id"]),
                event["number"],
                json.loads(event["meta"]),
                event["data"],
                event["stream"],
            ):
                found.append(f"position {position} is another event on the topic than in the store")
    if missing := set(by_position) - seen:
        found.append(f"never published: {sorted(missing)[:10]} … {len(missing)} in all")
    return found


def _shown(records: dict[int, list[Any]], boxes: list[Any], totals: list[Any], units: list[Any]) -> list[str]:
    """The views are what plain Python makes of the topic's first occurrences."""
    expected: dict[str, list[Any]] = {}
    opened: Counter[str] = Counter()
    for inside in records.values():
        for _, record in _first(inside):
            stream, data = record.key.decode(), json.loads(record.value)
            match dict(record.headers)["ce_type"].decode():
                case "toy.opened":
                    expected[stream] = [data["unit"], data["weight"], "open"]
                    opened[data["unit"]] += 1
                case "toy.moved":
                    expected[stream][0] = data["to"]
                case "toy.weighed":
                    expected[stream][1] = data["weight"]
                case "toy.closed":
                    expected[stream][2] = "closed"
                case "toy.dropped":
                    del expected[stream]
    sums: dict[tuple[str, str], list[int]] = {}
    for unit, weight, state in expected.values():
        sums.setdefault((unit, state), [0, 0])[0] += 1
        sums[unit, state][1] += weight
    found = []
    if {row["stream"]: [row["unit"], row["weight"], row["state"]] for row in boxes} != expected:
        found.append(f"{len(boxes)} boxes are shown; the topic says {len(expected)}, or others")
    if {(row["unit"], row["state"]): [row["boxes"], row["weight"]] for row in totals} != sums:
        found.append(f"totals are {[tuple(row) for row in totals]}; the topic says {sums}")
    if {row["unit"]: row["opened"] for row in units} != dict(opened):
        found.append(f"units are {[tuple(row) for row in units]}; the topic says {dict(opened)}")
    return found
