"""What a service's errands have in common: they go in turns, one process at a time, and what fails is tried again, ever
more seldom, without holding up the rest."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from kernel import database
from kernel.clock import monotonic
from kernel.post import Unreachable
from kernel.service import reason_of

log = structlog.get_logger()


class Again(dict[str, tuple[float, float]]):
    """What failed: from when on it is tried again, and how long the wait after that is. `soon` seconds at first, twice
    as long each time, never longer than `late`."""

    def __init__(self, soon: float, late: float) -> None:
        super().__init__()
        self.soon, self.late = soon, late

    def waits(self, key: str) -> bool:
        return key in self and self[key][0] > monotonic()

    def later(self, key: str, error: Exception) -> dict[str, Any]:
        """Try this again later; answers why and when, for the log."""
        wait = self[key][1] if key in self else self.soon
        self[key] = (monotonic() + wait, min(wait * 2, self.late))
        return {"reason": str(error) if isinstance(error, Unreachable) else reason_of(error), "again_in": wait}


async def in_turns(turn: Callable[[], Awaitable[Any]], *, every: float, waits: str) -> None:
    """Take a turn every so many seconds, until cancelled. While the database is away it only `waits`, and says so."""
    while True:
        try:
            await turn()
        except database.OUTAGE as error:
            log.warning(waits, reason=type(error).__name__)
        await asyncio.sleep(every)


async def alone(connection: Any, name: str) -> bool:
    """Whether no other process is at this errand; then it is ours until the connection's transaction ends. (A pool's
    connections are given back as they are, so a session's lock would stay.)"""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtext($1))", f"motcua.{name}"))
