"""The fixtures that other tests stand on: a place is fresh, its own, and closed to others."""

import asyncpg
import pytest

from deploy.topics import apply, plan
from deploy.trouble import Trouble


async def test_a_place_is_migrated_and_its_role_owns_it(place):
    connection = await place.connect("intake")
    try:
        assert await connection.fetchval("SELECT count(*) FROM truth.events") == 0
        await connection.execute("CREATE SCHEMA own; ALTER TABLE truth.events SET (fillfactor = 90); DROP SCHEMA view")
    finally:
        await connection.close()


async def test_no_service_may_connect_to_another_services_database(place):
    arguments = place.settings.database("intake") | {"database": place.settings.database("reporting")["database"]}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(**arguments)


async def test_topics_are_made_once_with_the_partitions_asked_for(place, topics):
    assert set((await plan(place.settings, ["intake"])).values()) == {place.settings.partitions}
    assert await apply(place.settings, ["intake"]) == []
    with pytest.raises(Trouble, match=f"MOTCUA_PARTITIONS={place.settings.partitions}"):
        await apply(place.settings.model_copy(update={"partitions": 7}), ["intake"])
