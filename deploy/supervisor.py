"""Services as children of one command: started in order, waited for, watched, stopped together.

Nothing is restarted silently: a service that dies is named, with its last lines, and everything stops. In production
systemd or Kubernetes does this work.
"""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local import process
from deploy.trouble import Trouble

STARTING = 60.0  # seconds that a service may take until it is ready
STOPPING = 10.0
LAST = 15
WATCH = 0.5  # seconds between looks at Kafka and PostgreSQL, which may be somebody else's children

Show = Callable[[str, str], None]  # (service, line)


@dataclass
class Child:
    """A running service, the task that reads what it says, and the last lines of that."""

    name: str
    process: asyncio.subprocess.Process
    reader: asyncio.Task[None]
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST))

    def why(self) -> Trouble:
        code = self.process.returncode or 0
        ending = f"was ended by signal {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        said = "\n".join(f"  {line}" for line in self.last)
        return Trouble(f"{self.name} {ending}; everything was stopped. Its last lines say why:\n{said}")


async def supervise(
    services: Mapping[str, str],
    command: Callable[[str], Sequence[str]],
    environment: Mapping[str, str],
    folder: Path,
    *,
    show: Show,
    others: Callable[[], Iterable[str]],
    work: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Run services (name → base URL) by their commands, then `work`, until SIGINT or SIGTERM.

    `others` names what these stand on and is no longer there. Raises Trouble where anything of this dies.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    children: list[Child] = []

    async def wait_and_work() -> None:
        for child in children:
            await _ready(child.name, services[child.name])
        await work()
        await stop.wait()

    tasks: list[asyncio.Task[Any]] = []
    try:
        for name in services:
            children.append(await _start(name, command(name), environment, folder, show))
        tasks += [asyncio.create_task(_until_dead(child)) for child in children]  # first, for they tell the cause
        tasks += [asyncio.create_task(each) for each in (_until_gone(others), stop.wait(), wait_and_work())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
                return
    finally:
        for task in tasks:
            task.cancel()
        await _stop(children, folder)
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_dead(child: Child) -> None:
    await child.process.wait()
    await child.reader
    raise child.why()


async def _until_gone(others: Callable[[], Iterable[str]]) -> None:
    while True:
        for name in others():
            raise Trouble(f"{name} is gone; everything was stopped. Read its log in the state folder.")
        await asyncio.sleep(WATCH)


async def _start(name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, show: Show) -> Child:
    mark = folder / f"{name}.pid"
    left = process.running(mark)
    if left:  # its supervisor was killed
        await asyncio.to_thread(process.end, left[0], signal.SIGTERM)
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"}, start_new_session=True, limit=1 << 20,
    )  # fmt: skip
    process.remember(mark, child.pid, name)
    last: deque[str] = deque(maxlen=LAST)
    return Child(name, child, asyncio.create_task(_read(name, child, folder / f"{name}.log", last, show)), last)


async def _read(name: str, child: asyncio.subprocess.Process, log: Path, last: deque[str], show: Show) -> None:
    assert child.stdout
    with log.open("w", encoding="utf-8") as out:
        async for raw in child.stdout:
            line = raw.decode(errors="replace").rstrip()
            print(line, file=out, flush=True)
            last.append(line)
            show(name, line)


async def _ready(name: str, url: str) -> None:
    """Until the service says that it is ready."""
    import httpx2  # noqa: PLC0415 - slow to import, and the other commands do not need it

    reason = "it did not answer"
    try:
        async with asyncio.timeout(STARTING), httpx2.AsyncClient(timeout=5) as client:
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    answer = await client.get(f"{url}/readyz")
                    if answer.status_code == 200:
                        return
                    reason = answer.text
                await asyncio.sleep(process.TICK)
    except TimeoutError:
        raise Trouble(f"{name} was not ready after {STARTING:.0f} seconds ({reason}): read its log.") from None


async def _stop(children: Iterable[Child], folder: Path) -> None:
    """Ask all to end at once, then insist."""
    await asyncio.gather(*(_end(child) for child in children))
    for child in children:
        (folder / f"{child.name}.pid").unlink(missing_ok=True)


async def _end(child: Child) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.process.terminate()
    try:
        await asyncio.wait_for(child.process.wait(), STOPPING)
    except TimeoutError:
        child.process.kill()
        await child.process.wait()
    await child.reader
