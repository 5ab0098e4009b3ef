"""A process that is killed in the middle of letting answers go (SIGKILL, in the transaction): they are let go once."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from places import Place
from running import in_process, until, whole
from services.surveys.app import definition
from surveys.field import ready
from surveys.samples import LATE
from surveys.test_answering import GOOD, LATE_TOO

pytestmark = pytest.mark.xdist_group("surveys")
SLOW = """
CREATE FUNCTION truth.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.type = 'surveys.answers_released' THEN PERFORM pg_sleep(300); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER slow AFTER INSERT ON truth.events FOR EACH ROW EXECUTE FUNCTION truth.slow();
"""
SLEEPS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


async def test_a_process_killed_while_it_lets_answers_go_lets_them_go_once(
    place: Place, topics: list[str], tmp_path: Path
) -> None:
    async with in_process(definition, place.settings) as running:
        field = await ready(running)
        stream = await field.open()
        for token in await field.issue(stream, LATE, 9):
            assert (await field.answer(token, GOOD | LATE_TOO)).status_code == 201
    owner: Any = await place.connect("surveys")
    try:
        await owner.execute(SLOW)
        async with whole("surveys", place.settings, tmp_path / "first.log") as first:
            (row, *_) = await until(lambda: owner.fetch(SLEEPS), "the answers to be let go")
            await first.kill()
        admin = await asyncpg.connect(place.ground.admin)
        await admin.execute("SELECT pg_terminate_backend($1)", row["pid"])
        await admin.close()
        assert await owner.fetchval("SELECT count(*) FROM truth.waiting") == 9, "all or nothing"
        assert not await owner.fetch("SELECT FROM truth.events WHERE type = 'surveys.answers_released'")
        await owner.execute("DROP TRIGGER slow ON truth.events")
        async with whole("surveys", place.settings, tmp_path / "second.log"):
            await until(lambda: owner.fetchval("SELECT count(*) = 9 FROM view.sheet"), "the sheets to be seen")
        assert await owner.fetchval("SELECT count(*) FROM truth.waiting") == 0
        assert len(await owner.fetch("SELECT FROM truth.events WHERE type = 'surveys.answers_released'")) == 1
    finally:
        await owner.close()
