"""One process of one service, in one or all of its roles: answer requests, hear events and what time brings, relay."""

import asyncio
import contextlib
import gc
import importlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Literal, TypeAlias

import structlog
import uvicorn

from kernel import logs
from kernel import rebuild as rebuilding
from kernel.relay import Relay
from kernel.service import Definition, Service
from kernel.settings import SHORTEST, Settings, settings
from kernel.timer import Timer
from kernel.web import Pulse, build

log = structlog.get_logger()

GRACE = 8.0  # seconds from the first sign of the end to its certainty

Role: TypeAlias = Literal["all", "api", "worker", "relay"]


def definition(service: str) -> Definition:
    """A service's wiring, by its name. Raises ModuleNotFoundError where there is no such service."""
    return importlib.import_module(f"services.{service}.app").definition  # type: ignore[no-any-return]


def main(service: str, role: Role = "all") -> None:
    """Run until told to stop (SIGINT, SIGTERM)."""
    config = settings()
    logs.set_up(json=config.log_json)
    wiring = definition(service)
    calm_collector()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(serve(wiring, config, role, ending=_end_soon))


def calm_collector() -> None:
    """Collect garbage seldom: events make many objects and few cycles, and looking for those took a quarter of the
    time of hearing in bulk."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(400_000, 20, 50)


def _end_soon(code: int) -> None:
    """End this process in GRACE seconds whatever still hangs: Faust's consumers have threads that may never stop, and
    all that was acknowledged is committed."""
    timer = threading.Timer(GRACE, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop  # noqa: PLC0415 -- where it does not exist, the standard loop serves

    return uvloop.new_event_loop()


async def serve(
    wiring: Definition, config: Settings, role: Role = "all", *, ending: Callable[[int], None] = lambda code: None
) -> None:
    """Run the roles of a service until cancelled or one of them fails. `ending` is told when that begins, with the exit
    code that it means."""
    service = Service(wiring, config)
    if role in ("all", "api"):
        for name in SHORTEST:  # at once, rather than at the first request
            config.key(name)
    await service.open()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(each, stop.set)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = []
            if role in ("all", "api"):
                tasks.append(group.create_task(_api(service)))
            if role in ("all", "relay"):
                tasks.append(group.create_task(Relay(service.name, config).run()))
            if role in ("all", "worker"):
                from kernel.worker import Worker  # noqa: PLC0415 -- Faust takes a second to import

                tasks.append(group.create_task(Worker(service).run()))
                if wiring.duties:
                    tasks.append(group.create_task(Timer(service).run()))
                tasks.extend(group.create_task(errand(service)) for errand in wiring.errands)
            if not config.demo and not config.public_address and role in ("all", "api"):
                log.warning("set MOTCUA_PUBLIC_ADDRESS: this would go on paper", address=config.address(wiring.name))
            log.info("running", service=service.name, role=role)
            await stop.wait()
            ending(0)
            for task in tasks:
                task.cancel()
    except BaseException:
        ending(1)
        raise
    finally:
        await service.close()


class _Server(uvicorn.Server):
    """Uvicorn without signal handling of its own: one place decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


async def _api(service: Service) -> None:
    pulse = Pulse()
    app = build(service, live=pulse)
    server = _Server(
        uvicorn.Config(
            app,
            host=service.settings.host,
            port=service.settings.ports[service.name],
            log_config=None,
            access_log=False,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
            server_header=False,
            h11_max_incomplete_event_size=64 << 10,
        )
    )
    listening = asyncio.create_task(pulse.listen(service))
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True  # answer what is under way first
        await serving
        raise
    finally:
        listening.cancel()


async def rebuild(service: str, progress: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Rebuild a service's views; answers how many messages were read."""
    return await rebuilding.rebuild(definition(service), settings(), progress=progress)
