"""What everything stands on: one Kafka and one PostgreSQL, with their secrets and data in a state folder.

    ground = start(Path(".state/demo"), postgres_port=25432, kafka_port=29092)
    ...
    stop(ground)

`python -m deploy.local.ground --state .state/try up|status|down|remove` does the same by hand.
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from deploy.local import kafka, postgres
from deploy.local.process import Progress, check_disk, died, send, silent, wait_until
from deploy.trouble import Trouble, of_os

T = TypeVar("T")
Part = Literal["kafka", "postgres"]
PARTS: tuple[Part, ...] = ("kafka", "postgres")
READY = 60.0  # seconds; a loaded machine needs ten


@dataclass(frozen=True)
class Ground:
    """Where Kafka and PostgreSQL are. `postgres` and `kafka` are host:port, `admin` is a superuser's DSN."""

    state: Path
    postgres: str
    kafka: str
    password: str
    admin: str
    bundled: bool
    durable: bool


def secret(state: Path, name: str) -> str:
    """A random secret of this state folder: made once, readable by its owner only."""
    path = state / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = path.with_name(f"{name}.{os.getpid()}")
        half.touch(0o600)
        half.write_text(secrets.token_urlsafe(32), encoding="ascii")
        half.rename(path)
    return path.read_text(encoding="ascii")


def at(state: Path, *, postgres_port: int, kafka_port: int, bundled: bool = False, durable: bool = True) -> Ground:
    """The ground of a state folder, whether it runs or not."""
    password = secret(state, "postgres")
    return Ground(
        state=state,
        postgres=f"127.0.0.1:{postgres_port}",
        kafka=f"127.0.0.1:{kafka_port}",
        password=password,
        admin=f"postgresql://{postgres.ADMIN}:{password}@127.0.0.1:{postgres_port}/{postgres.ADMIN}",
        bundled=bundled,
        durable=durable,
    )


def start(
    state: Path,
    *,
    postgres_port: int,
    kafka_port: int,
    bundled: bool = False,
    durable: bool = True,
    progress: Progress = silent,
) -> Ground:
    """Bring both up and wait until both answer. What already runs from this folder on these ports is kept.

    `bundled` uses only the Java and PostgreSQL that pip brought. `durable=False` turns PostgreSQL's fsync off: for
    tests, where a crash of the machine does not count. Raises Trouble.
    """
    state = state.resolve()
    check_disk(state)
    ground = at(state, postgres_port=postgres_port, kafka_port=kafka_port, bundled=bundled, durable=durable)
    try:
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(restart, ground, part, progress) for part in PARTS]
            for job in jobs:
                job.result()
    except BaseException:
        stop(ground)
        raise
    return ground


def restart(ground: Ground, part: Part, progress: Progress = silent) -> None:
    """Bring one part up where it is down, and wait until it answers. Raises Trouble."""
    if part == "kafka":
        _start_kafka(ground, progress)
        log = ground.state / "kafka" / "kafka.log"
    else:
        _start_postgres(ground, progress)
        log = postgres.home(ground.state) / "postgres.log"
    if not wait_until(lambda: pid(ground, part) is None or run(_answers(ground, part)), READY):
        raise Trouble(f"{part} did not answer in {READY:.0f} seconds: read {log}, or try again on a quieter machine.")
    if pid(ground, part) is None:
        raise died(part, log, ground.state)


def _start_kafka(ground: Ground, progress: Progress) -> None:
    folder, jars = ground.state / "kafka", ground.state.parent / "kafka-jars"
    kafka.start(folder, jars, _port(ground, "kafka"), bundled=ground.bundled, progress=progress)


def _start_postgres(ground: Ground, progress: Progress) -> None:
    postgres.start(
        ground.state,
        _port(ground, "postgres"),
        ground.password,
        bundled=ground.bundled,
        durable=ground.durable,
        progress=progress,
    )


def _port(ground: Ground, part: Part) -> int:
    return int((ground.kafka if part == "kafka" else ground.postgres).rsplit(":", 1)[1])


async def _answers(ground: Ground, part: Part) -> bool:
    port = _port(ground, part)
    return await (kafka.answers(port) if part == "kafka" else postgres.answers(port, ground.password))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a coroutine from any thread, also from inside somebody's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def pid(ground: Ground, part: Part) -> int | None:
    """The process of a part, None where it does not run."""
    return kafka.pid(ground.state / "kafka") if part == "kafka" else postgres.pid(ground.state)


def kill(ground: Ground, part: Part, sig: int) -> None:
    """Send a signal, and wait until the process and all its children are gone."""
    running = pid(ground, part)
    if running and not send(running, sig, seconds=60):
        raise Trouble(f"{part} did not end on signal {sig}: end process {running} by hand.")


def stop(ground: Ground) -> None:
    """Kafka first: nothing it does needs PostgreSQL, and what hears it is gone by now."""
    kafka.stop(ground.state / "kafka")
    postgres.stop(ground.state)


def remove(ground: Ground) -> None:
    """Stop both and delete the state folder and all that belongs to it."""
    stop(ground)
    postgres.remove(ground.state)
    shutil.rmtree(ground.state, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.ground", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".state/try"))
    parser.add_argument("--postgres-port", type=int, default=25442)
    parser.add_argument("--kafka-port", type=int, default=29192)
    parser.add_argument("--bundled", action="store_true", default=os.environ.get("MOTCUA_BUNDLED") == "1")
    parser.add_argument("--careless", action="store_true", help="fsync off")
    parser.add_argument("what", choices=["up", "status", "down", "remove"])
    given = parser.parse_args(arguments)
    ports = {"postgres_port": given.postgres_port, "kafka_port": given.kafka_port}
    try:
        if given.what == "up":
            start(given.state, **ports, bundled=given.bundled, durable=not given.careless, progress=_line)
        ground = at(given.state.resolve(), **ports, bundled=given.bundled, durable=not given.careless)
        if given.what == "down":
            stop(ground)
        if given.what == "remove":
            remove(ground)
            return 0
    except (Trouble, OSError) as error:
        trouble = error if isinstance(error, Trouble) else of_os(error)
        if trouble is None:
            raise
        print(trouble, file=sys.stderr)
        return 1
    print(
        json.dumps(asdict(ground) | {part: [getattr(ground, part), pid(ground, part)] for part in PARTS}, default=str)
    )
    return 0


def _line(what: str, done: int, of: int) -> None:
    print(f"{what} {done}/{of}" if of else what, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
