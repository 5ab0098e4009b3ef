"""A service that runs, for tests.

in_process   the api alone, asked without a socket; `heard` brings the views up to what was said, without Kafka
whole        a process of its own in all roles, over real HTTP, Kafka and PostgreSQL

Both are asked through an `Asker`: who asks is one of its words.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from kernel import logs, wire
from kernel.identity import Signer
from kernel.relay import NEXT_PAGE
from kernel.service import Definition, Service
from kernel.settings import Settings
from kernel.web import Pulse, build
from kernel.wire import Message
from schemas.event import Actor

PATIENCE = 60.0
PAGE = 5_000


@dataclass
class Asker:
    """Somebody who asks a service. `said` are the headers that go with every question."""

    client: httpx2.AsyncClient
    key: str
    said: dict[str, str] = field(default_factory=dict)

    def by(self, *roles: str, unit: str = "", id: str = "") -> "Asker":
        """The same service, asked by an officer with a session of these roles."""
        actor = Actor(id=id or f"test:{roles[0]}", roles=roles, unit=unit)
        token = Signer(self.key.encode()).issue(actor, time.time())
        return self.with_(authorization=f"Bearer {token}")

    def with_(self, **headers: str) -> "Asker":
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return Asker(self.client, self.key, self.said | more)

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        return await self.client.get(path, params=query or None, headers=self.said)

    async def post(self, path: str, **body: Any) -> httpx2.Response:
        return await self.client.post(path, json=body, headers=self.said)

    async def send(self, path: str, content: bytes, kind: str = "application/json") -> httpx2.Response:
        return await self.client.post(path, content=content, headers=self.said | {"content-type": kind})

    async def ok(self, path: str, **body: Any) -> Any:
        """The answer to a command that must be allowed."""
        answer = await self.post(path, **body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def read(self, path: str, **query: Any) -> Any:
        """The answer to a question that must be allowed."""
        answer = await self.get(path, **query)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


@dataclass
class Whole(Asker):
    """A process of its own that answers, and may be killed."""

    process: asyncio.subprocess.Process = field(kw_only=True)

    async def kill(self) -> None:
        """End it at once, without a last word (SIGKILL)."""
        self.process.kill()
        await self.process.wait()


@dataclass
class InProcess(Asker):
    """The api of a service in this process."""

    service: Service = field(kw_only=True)
    _last: int = field(default=0, init=False)
    _offset: int = field(default=0, init=False)

    async def heard(self, *others: Service) -> None:
        """Until everything that was said is in the views; others hear it too."""
        service, topic = self.service, self.service.settings.topic(self.service.name)
        epoch = await service.pool.fetchval("SELECT truth.take_over()")
        await service.pool.fetchval("SELECT truth.seal($1, 1000000)", epoch)
        source = f"/motcua/{service.name}".encode()
        while rows := await service.pool.fetch(NEXT_PAGE, self._last, PAGE):
            messages = [
                Message(n, dict(wire.headers(source, 1, row)), row["data"]) for n, row in enumerate(rows, self._offset)
            ]
            for hearer in (service, *others):
                self._offset = await hearer.hear(topic, 0, messages)
            self._last = rows[-1]["position"]
        assert not await service.pool.fetch("SELECT type, reason FROM truth.parked"), "an event could not be heard"


@asynccontextmanager
async def in_process(wiring: Definition, settings: Settings) -> AsyncIterator[InProcess]:
    """The service's api without a socket; what fails inside is answered as 500, as over a socket."""
    logs.set_up(json=True)
    service = Service(wiring, settings)
    await service.open()
    pulse = Pulse()
    listening = asyncio.create_task(pulse.listen(service))
    transport = httpx2.ASGITransport(app=build(service, live=pulse), raise_app_exceptions=False)
    try:
        async with httpx2.AsyncClient(
            transport=transport, base_url=f"http://{wiring.name}", timeout=PATIENCE
        ) as client:
            yield InProcess(client, settings.session_key.get_secret_value(), service=service)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await service.close()


@asynccontextmanager
async def whole(name: str, settings: Settings, log: Path) -> AsyncIterator[Whole]:
    """The service as a process of its own in all roles: ready when it is given, ended when it is given back. What it
    says goes to `log`."""
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            f"from kernel.run import main; main({name!r})",
            env=os.environ | environment(settings),
            cwd=Path(__file__).parents[1],
            stdout=said,
            stderr=said,
        )
    url = f"http://{settings.host}:{settings.ports[name]}"

    async def ready(client: httpx2.AsyncClient) -> bool:
        assert process.returncode is None, f"{name} ended; {log} says why"
        try:
            return (await client.get("/readyz")).is_success
        except httpx2.TransportError:
            return False

    try:
        async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE) as client:
            await until(lambda: ready(client), f"{name} to be ready; {log} says why")
            yield Whole(client, settings.session_key.get_secret_value(), process=process)
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)


def environment(settings: Settings) -> dict[str, str]:
    """These settings, as a process reads them."""

    def text(value: Any) -> str:
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        return json.dumps(value) if isinstance(value, dict | bool) else str(value)

    return {f"MOTCUA_{name.upper()}": text(value) for name, value in settings if value is not None}


async def until(true: Callable[[], Awaitable[Any]], what: str = "it") -> Any:
    """The first answer that is true. Looks again and again, so nobody has to know how long it takes."""
    deadline = time.monotonic() + PATIENCE
    while not (found := await true()):
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        await asyncio.sleep(0.02)
    return found
