"""The toy service in three processes under load, with a supervisor that starts again what has ended."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition

from checker import Acknowledged, Where, problems

TESTS = Path(__file__).parents[1]
ROLES = ("api", "relay", "worker")
PATIENCE = 40.0  # seconds to wait for anything


class City:
    """Three processes, their callers, and what the callers were told."""

    def __init__(self, place: Any, folder: Path) -> None:
        self.settings, self.ground, self.folder = place.settings, place.ground, folder
        self.url = f"http://127.0.0.1:{self.settings.ports['intake']}"
        self.acknowledged: list[Acknowledged] = []
        self.refused = 0
        self.restarts = dict.fromkeys(ROLES, 0)
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._callers: list[asyncio.Task[None]] = []
        self._loaded = True

    # processes

    async def start(self) -> None:
        for role in ROLES:
            await self._spawn(role)
            self._tasks.append(asyncio.create_task(self._supervise(role)))
        await self.until(self._answers, "the api answers")

    async def _spawn(self, role: str, name: str = "") -> None:
        given = self.settings.model_dump()
        environment = {
            f"MOTCUA_{name.upper()}": json.dumps(value) if isinstance(value, dict) else str(value)
            for name, value in given.items()
            if name not in ("postgres_password", "session_key", "vault_key", "tracking_key")
        } | {
            "MOTCUA_POSTGRES_PASSWORD": self.settings.postgres_password.get_secret_value(),
            "MOTCUA_SESSION_KEY": "a key for tests only",
            "MOTCUA_VAULT_KEY": "another for tests only",
            "MOTCUA_TRACKING_KEY": "one more, and a long one, for tests only",
            "PYTHONPATH": f"{TESTS}:{TESTS.parent}",
        }
        with (self.folder / f"{role}.log").open("ab") as log:
            self._running[name or role] = await asyncio.create_subprocess_exec(
                sys.executable,
                str(TESTS / "faults" / "role.py"),
                role,
                env=os.environ | environment,
                stdout=log,
                stderr=log,
                cwd=TESTS.parent,
            )

    async def _supervise(self, role: str) -> None:
        while True:
            await self._running[role].wait()
            self.restarts[role] += 1
            await asyncio.sleep(0.3)
            await self._spawn(role)

    def kill(self, role: str) -> None:
        self._running[role].send_signal(signal.SIGKILL)

    async def spare(self, role: str) -> None:
        """One more process of this role, that no supervisor looks after."""
        await self._spawn(role, "spare")

    async def admin(self) -> Any:
        return await asyncpg.connect(self.ground.admin)

    async def stop(self) -> None:
        for task in (*self._tasks, *self._callers):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._callers, return_exceptions=True)
        for process in self._running.values():
            if process.returncode is None:
                process.kill()
            await process.wait()

    # load

    def load(self, callers: int = 6, pace: float = 0.0) -> None:
        """`pace` is how many seconds a caller thinks before each command."""
        self._loaded = True
        self._callers = [asyncio.create_task(self._call(random.Random(n), pace)) for n in range(callers)]

    async def unload(self) -> None:
        """Every caller goes on until its last command was answered."""
        self._loaded = False
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._callers)

    async def _call(self, dice: random.Random, pace: float) -> None:
        mine: list[tuple[str, int, int]] = []  # stream, number, weight
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session:
            while self._loaded:
                await asyncio.sleep(pace)
                if mine and dice.random() < 0.5:
                    which = dice.randrange(len(mine))
                    stream, number, weight = mine[which]
                    path = f"/boxes/{stream.removeprefix('box-')}/add?weight=1"
                    answer = await self._say(session, path, None)
                    assert (answer["number"], answer["weight"]) == (number + 1, weight + 1), "said once, done once"
                    mine[which] = (stream, number + 1, weight + 1)
                    told = Acknowledged(stream, number + 1, "toy.weighed", {"weight": weight + 1})
                else:
                    unit = f"U{dice.randrange(4)}"
                    answer = await self._say(session, "/boxes", {"unit": unit, "weight": 3, "name": "Bình"})
                    mine.append((answer["stream"], 1, 3))
                    told = Acknowledged(answer["stream"], 1, "toy.opened", {"unit": unit, "weight": 3})
                self.acknowledged.append(told)

    async def _say(self, session: aiohttp.ClientSession, path: str, body: Any) -> Any:
        """Say a command until it is answered, each time with the same key."""
        headers = {"idempotency-key": str(uuid4())}
        while True:
            try:
                async with session.post(self.url + path, json=body, headers=headers) as answer:
                    if answer.status in (200, 201):
                        return await answer.json()
                    assert answer.status == 503, f"{answer.status} {await answer.text()}\n{self.logs()}"
            except (aiohttp.ClientError, TimeoutError):
                pass
            self.refused += 1
            await asyncio.sleep(0.1)

    async def more(self, count: int) -> None:
        """Wait until so many more commands were acknowledged."""
        wanted = len(self.acknowledged) + count

        async def enough() -> bool:
            for each in self._callers:
                if each.done():
                    each.result()
            return len(self.acknowledged) >= wanted

        await self.until(enough, f"{count} more acknowledged")

    # quiet

    async def until(self, condition: Any, what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not await condition():  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"never: {what}\n{self.logs()}") from None

    def logs(self) -> str:
        """The last words of every process."""
        return "\n".join(
            f"--- {role}\n{(self.folder / f'{role}.log').read_text(errors='replace')[-3000:]}" for role in ROLES
        )

    async def _answers(self) -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(self.url + "/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def heard(self) -> int:
        connection = await asyncpg.connect(**self.settings.database("intake"))
        try:
            return int(await connection.fetchval("SELECT coalesce(sum(next_offset), 0) FROM truth.heard"))
        finally:
            await connection.close()

    async def _quiet(self) -> bool:
        """Everything is sealed, published and heard."""
        connection = await asyncpg.connect(**self.settings.database("intake"))
        try:
            done = await connection.fetchval(
                "SELECT published = (SELECT count(*) FROM truth.events) AND position = published FROM truth.log"
            )
            rows = await connection.fetch("SELECT partition, next_offset FROM truth.heard WHERE topic = $1", self.topic)
        finally:
            await connection.close()
        if not done:
            return False
        places = [TopicPartition(self.topic, n) for n in range(self.settings.partitions)]
        reader = AIOKafkaConsumer(bootstrap_servers=self.settings.kafka)
        await reader.start()
        try:
            ends = {place.partition: end for place, end in (await reader.end_offsets(places)).items()}
        finally:
            await reader.stop()
        heard = {row["partition"]: row["next_offset"] for row in rows}
        return all(heard.get(partition, 0) == end for partition, end in ends.items())

    @property
    def topic(self) -> str:
        return str(self.settings.topic("intake"))

    async def audit(self) -> list[str]:
        """End the load, wait for quiet, and have everything checked."""
        await self.unload()
        await self.until(self._quiet, "everything is published and heard")
        where = Where(self.settings.database("intake"), self.settings.kafka, self.topic, self.settings.partitions)
        return await problems(where, self.acknowledged)


@pytest_asyncio.fixture
async def city(breakable_place: Any, tmp_path: Path) -> AsyncIterator[City]:
    made = City(breakable_place, tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
