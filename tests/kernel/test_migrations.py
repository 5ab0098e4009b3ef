"""Migrations: each once, in order, whoever runs them and however often; never edited after they ran."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from deploy.local import databases
from kernel import database
from kernel.settings import Settings


@pytest_asyncio.fixture
async def empty(config: Settings, ground: Any) -> Any:
    """A database in which nothing has run."""
    found = config.model_copy(update={"database_prefix": f"{config.database_prefix}m_"})
    await databases.ensure(ground.admin, found, ["intake"])
    yield found
    connection = await asyncpg.connect(ground.admin)
    await connection.execute(f"DROP DATABASE {found.database_prefix}intake WITH (FORCE)")
    await connection.execute(f"DROP ROLE {found.database_prefix}intake")
    await connection.close()


async def test_run_by_many_at_once_each_migration_runs_once(empty: Settings) -> None:
    applied = await asyncio.gather(*(database.migrate("intake", empty) for _ in range(4)))
    names = sorted(path.name for path in (database.MIGRATIONS / "service").glob("*.sql"))
    assert sorted(name for each in applied for name in each) == names
    assert await database.migrate("intake", empty) == []


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations, where a test may change them."""
    folder = tmp_path / "migrations"
    shutil.copytree(database.MIGRATIONS, folder)
    monkeypatch.setattr(database, "MIGRATIONS", folder)
    return folder / "service"


async def test_a_migration_that_was_edited_after_it_ran_is_refused(empty: Settings, copied: Path) -> None:
    await database.migrate("intake", empty)
    first = copied / "0001_truth.sql"
    first.write_text(first.read_text(encoding="utf-8") + "-- only a comment\n", encoding="utf-8")
    with pytest.raises(database.Edited, match="0001_truth"):
        await database.migrate("intake", empty)


async def test_a_migration_that_fails_leaves_nothing_of_any(empty: Settings, copied: Path) -> None:
    (copied / "0998_good.sql").write_text("CREATE TABLE public.good (x integer);", encoding="utf-8")
    (copied / "0999_bad.sql").write_text("CREATE TABLE public.bad (x nonsense);", encoding="utf-8")
    with pytest.raises(asyncpg.PostgresError):
        await database.migrate("intake", empty)
    connection = await database.connect("intake", empty)
    assert await connection.fetchval("SELECT to_regclass('public.good')") is None
    await connection.close()
    (copied / "0999_bad.sql").unlink()
    assert (await database.migrate("intake", empty))[-1] == "0998_good.sql"


async def test_what_has_not_run_yet_is_named(empty: Settings, copied: Path) -> None:
    await database.migrate("intake", empty)
    (copied / "0999_next.sql").write_text("SELECT 1;", encoding="utf-8")
    connection = await database.connect("intake", empty)
    assert await database.pending("intake", connection) == ["0999_next.sql"]
    await connection.close()
