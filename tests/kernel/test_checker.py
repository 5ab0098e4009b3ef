"""The auditor itself: it finds each kind of damage, and nothing where all is well."""

from typing import Any

import msgspec
import pytest

import toy
from checker import Acknowledged, Where, problems
from kernel.service import Service
from toy import ACTOR, Add, box

DAMAGE = {
    "an event is lost": "DELETE FROM truth.events WHERE row = 3",
    "an event is changed": "UPDATE truth.events SET data = '{\"weight\":99}' WHERE type = 'toy.weighed'",
    "a number is missing": "UPDATE truth.events SET number = 7 WHERE type = 'toy.weighed'",
    "a seal is missing": "DELETE FROM truth.seals WHERE position = 2",
    "a position is skipped": "UPDATE truth.seals SET position = 90 WHERE position = 4",
    "an event is sealed for another": "UPDATE truth.seals SET row = 1 WHERE position = 2",
    "a leaf is wrong": "UPDATE truth.seals SET leaf = '\\x00' WHERE position = 2",
    "something waits": "INSERT INTO truth.outbox VALUES (99)",
    "a row is missing": "DELETE FROM view.box WHERE weight = 1",
    "a total is too high": "UPDATE view.per_unit SET boxes = boxes + 1",
    "a unit is counted twice": "UPDATE view.unit SET opened = opened * 2",
}


async def prepared(online: Service) -> tuple[Where, list[Acknowledged]]:
    streams = [await toy.opened(online, unit, weight=1) for unit in "AABC"]
    await online.do(box, streams[0], Add(4), actor=ACTOR)
    told = [Acknowledged(stream, 1, "toy.opened", {"weight": 1}) for stream in streams]
    told.append(Acknowledged(streams[0], 2, "toy.weighed", {"weight": 5}))
    await toy.publish(online)
    await toy.catch_up(online)
    config = online.settings
    database: dict[str, Any] = config.database("intake")
    return Where(database, config.kafka, config.topic("intake"), config.partitions), told


async def test_where_all_is_well_nothing_is_found_also_after_a_re_send(online: Service) -> None:
    where, told = await prepared(online)
    assert await problems(where, told) == []
    await online.pool.execute("UPDATE truth.log SET published = 1")
    await toy.publish(online)
    await toy.catch_up(online)
    assert await problems(where, told) == []


@pytest.mark.parametrize("kind", DAMAGE)
async def test_damage_is_found(online: Service, kind: str) -> None:
    where, told = await prepared(online)
    await online.pool.execute(DAMAGE[kind])
    assert await problems(where, told)


async def test_an_acknowledged_event_that_is_nowhere_is_found(online: Service) -> None:
    where, told = await prepared(online)
    assert await problems(where, [*told, Acknowledged("box-x", 1, "toy.opened", {})])
    assert await problems(where, [*told, told[0]]), "two callers were told the same number"


async def test_an_event_that_never_reached_the_topic_is_found(online: Service) -> None:
    where, told = await prepared(online)
    await toy.opened(online)
    await toy.seal(online)
    found = await problems(where, told)
    assert any(each.startswith("never published") for each in found), msgspec.json.encode(found)
