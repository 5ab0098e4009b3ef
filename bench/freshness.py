"""Freshness: how long after its answer a new application is to be seen in the view. No peer and no bar: two figures.

Intake runs whole in one process (answers, relay, worker), as in the demo. One citizen after another hands in a dossier
at a steady rate, far below the limit; a watcher asks the view every millisecond for those that are not there yet. The
time runs from the moment the client has read the answer.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from bench.ground import Ground
from bench.harness import Delay, Scale
from bench.intake import intake, submissions
from bench.load import Connection
from bench.servers import HOST
from kernel import database

NAME = "freshness"
COUNT = 1_500
RATE = 100  # a second
WARM_UP = 200
MOST = 30.0  # seconds until the last one must be there


async def delay(ground: Ground, scale: Scale) -> Delay:
    requests = submissions(WARM_UP + scale.of(COUNT))
    async with intake(ground, "all") as port:
        view = await database.connect("intake", ground.settings)
        connection = await Connection.open(HOST, port)
        try:
            await _shown(view, connection, requests[:WARM_UP])  # the worker has its partitions when all are there
            times = await _shown(view, connection, requests[WARM_UP:])
        finally:
            connection.close()
            await view.close()
    return Delay(NAME, f"from the answer to a POST until the view shows it, at {RATE} a second", times)


async def _shown(view: Any, connection: Connection, requests: Sequence[bytes]) -> list[float]:
    """Hand these in, and wait until the view has them: for each the milliseconds from its answer."""
    answered: dict[str, float] = {}
    seen: dict[str, float] = {}

    async def citizens() -> None:
        started = time.perf_counter()
        for number, each in enumerate(requests):
            await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            status, body = await connection.send(each)
            if status != 201:
                raise RuntimeError(f"intake answered {status}: {body.decode(errors='replace')}")
            answered[f"application-{json.loads(body)['id']}"] = time.perf_counter()

    async def watcher() -> None:
        end = time.perf_counter() + len(requests) / RATE + MOST
        while len(seen) < len(requests):
            if time.perf_counter() > end:
                raise TimeoutError(f"{len(requests) - len(seen)} of {len(requests)} never came into the view")
            waiting = [stream for stream in answered if stream not in seen]
            rows = await view.fetch("SELECT stream FROM view.application WHERE stream = ANY($1::text[])", waiting)
            now = time.perf_counter()
            seen.update((row["stream"], now) for row in rows)
            await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as group:
        group.create_task(citizens())
        group.create_task(watcher())
    return [(seen[stream] - at) * 1_000 for stream, at in answered.items()]
