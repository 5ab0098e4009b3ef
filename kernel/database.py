"""Connections and migrations. Numbered SQL, applied once each under a lock; an edited file is refused."""

import hashlib
from pathlib import Path
from typing import Any

import asyncpg

from kernel.settings import Settings, settings

MIGRATIONS = Path(__file__).with_name("migrations")
VAULT = "vault"

# What the database or the network did, not what was asked of them: worth another try. (asyncpg calls some cut
# connections an error of its own.)
OUTAGE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Edited(Exception):
    """A migration that already ran was edited. Restore the file and write the change as the next number."""


async def connect(service: str, config: Settings | None = None) -> Any:
    return await asyncpg.connect(**(config or settings()).database(service))


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """One that is given back as it is. Nothing here leaves settings, cursors or session locks behind in a pool, so the
    statement that would clear them, a round trip for every use, is not sent."""

    def get_reset_query(self) -> str:
        return ""


async def pool(service: str, config: Settings, *, most: int = 12) -> Any:
    """A pool that is warm at once: the first requests should not pay for connecting."""
    return await asyncpg.create_pool(
        **config.database(service),
        min_size=2,
        max_size=most,
        connection_class=_Connection,
        server_settings={"application_name": f"motcua {service}", "jit": "off"},
    )


async def migrate(service: str, config: Settings | None = None) -> list[str]:
    """Bring one database up to date; answers the names that were applied now. Safe to run twice at once."""
    folder = MIGRATIONS / (VAULT if service == VAULT else "service")
    connection = await connect(service, config)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('motcua.migrate'))")
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS public.migration"
                " (name text PRIMARY KEY, sha256 text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
            )
            done = dict(await connection.fetch("SELECT name, sha256 FROM public.migration"))
            applied = []
            for path in sorted(folder.glob("*.sql")):
                text = path.read_text(encoding="utf-8")
                digest = hashlib.sha256(text.encode()).hexdigest()
                if path.name in done:
                    if done[path.name] != digest:
                        raise Edited(f"{path.name} was edited after it ran; restore it and add the next number instead")
                    continue
                await connection.execute(text)
                await connection.execute("INSERT INTO public.migration VALUES ($1, $2)", path.name, digest)
                applied.append(path.name)
            return applied
    finally:
        await connection.close()


async def pending(service: str, connection: Any) -> list[str]:
    """Names of migrations that this program knows and the database lacks."""
    folder = MIGRATIONS / (VAULT if service == VAULT else "service")
    done = {each["name"] for each in await connection.fetch("SELECT name FROM public.migration")}
    return [path.name for path in sorted(folder.glob("*.sql")) if path.name not in done]
