"""A database and a role for each service and for the vault; nobody else may connect to it."""

from collections.abc import Iterable

import asyncpg

from kernel.database import VAULT
from kernel.settings import Settings


def names(config: Settings) -> list[str]:
    """Every service that this installation has, and the vault."""
    return [*config.ports, VAULT]


async def ensure(admin: str, config: Settings, services: Iterable[str]) -> list[str]:
    """Make what is missing, as the superuser of `admin`; answers the databases made now. Safe to run again."""
    made = []
    password = config.postgres_password.get_secret_value().replace("'", "''")
    connection = await asyncpg.connect(admin)
    try:
        for service in services:
            name = config.database_prefix + service
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
                await connection.execute(f"""CREATE ROLE "{name}" LOGIN""")
            await connection.execute(f"""ALTER ROLE "{name}" PASSWORD '{password}'""")
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f"""CREATE DATABASE "{name}" OWNER "{name}" TEMPLATE template0""")
                made.append(name)
            await connection.execute(f"""REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC""")
    finally:
        await connection.close()
    return made
