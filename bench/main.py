"""Run the measurements, print the ratios.

motcua bench                      all of it, about ten minutes
motcua bench append relay         only these
motcua bench --quick              two short rounds: does it run, not how fast
motcua bench --json               {name: {ratio, min, max, bar, holds, what, …}} on standard output
"""

import argparse
import asyncio
import contextlib
import json
import logging
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import structlog
from rich.console import Console
from rich.table import Table

from bench.ground import Ground, ground
from bench.harness import FULL, QUICK, Delay, Failed, Outcome, Pair, Result, Scale, compare
from kernel.run import calm_collector

NAMES = (
    "intake", "append", "batch", "relay", "projection", "rebuild", "live", "working_time", "timer",
    "recount", "rush", "answers", "freshness",
)  # fmt: skip
LIBRARIES = (
    "aiokafka", "asyncpg", "confluent-kafka", "eventsourcing", "fastapi", "faust-streaming", "msgspec", "psycopg",
    "pydantic", "uvicorn", "uvloop",
)  # fmt: skip

Progress = Callable[[str], None]


def run(only: Sequence[str] = (), *, quick: bool = False, progress: Progress = lambda what: None) -> list[Outcome]:
    """Measure these (default: all) on a ground of the bench's own, and leave nothing running.

    Raises ValueError for a name that is not known.
    """
    if strange := set(only) - set(NAMES):
        raise ValueError(f"There is no measurement {', '.join(sorted(strange))}: choose from {', '.join(NAMES)}.")
    wanted = [name for name in NAMES if not only or name in only]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.basicConfig(level=logging.ERROR, force=True)
    calm_collector()  # as the services do; the peers gain by it too
    progress("starting PostgreSQL and Kafka")
    with ground() as here, asyncio.Runner(loop_factory=_loop) as runner:
        return runner.run(_run(here, wanted, QUICK if quick else FULL, progress))


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop  # noqa: PLC0415 -- the loop that the services run on

    return uvloop.new_event_loop()


async def _run(here: Ground, names: Iterable[str], scale: Scale, progress: Progress) -> list[Outcome]:
    Console(stderr=True, highlight=False).print(await machine(here), style="dim", markup=False, soft_wrap=True)
    await here.clean()
    found: list[Outcome] = []
    for name in names:
        progress(name)
        found.append(await measure(here, name, scale, progress))
    await here.clean()
    return found


async def measure(here: Ground, name: str, scale: Scale, progress: Progress = lambda what: None) -> Outcome:
    """One measurement, by its name. What can't be measured is told, and the others go on."""
    rounds = 0

    def step() -> None:
        nonlocal rounds
        rounds += 1
        progress(f"{name}, round {rounds} of {scale.rounds}" if rounds <= scale.rounds else name)

    try:
        module: Any = import_module(f"bench.{name}")
        if hasattr(module, "delay"):
            return await _delay(module.delay, here, scale)
        opened: AbstractAsyncContextManager[Pair] = module.pair(here, scale)
        async with opened as pair:
            return await compare(pair, scale.rounds, step)
    except Exception as error:
        logging.getLogger(__name__).debug("failed", exc_info=True)
        return Failed(name, _reason(error))


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


async def _delay(delay: Callable[[Ground, Scale], Any], here: Ground, scale: Scale) -> Delay:
    found: Delay = await delay(here, scale)
    return found


async def machine(here: Ground) -> str:
    """What it was measured on."""
    connection = await asyncpg.connect(here.admin)
    try:
        postgres = await connection.fetchval("SHOW server_version")
        durable = [await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    finally:
        await connection.close()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_cpu()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, load {psutil.getloadavg()[0]:.1f} before\n"
        f"{platform.python_implementation()} {platform.python_version()}, PostgreSQL {postgres}"
        f" (fsync {durable[0]}, synchronous_commit {durable[1]}), Kafka {_kafka()}\n{libraries}"
    )


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _kafka() -> str:
    from deploy.local import jars  # noqa: PLC0415

    return jars.KAFKA


def table(found: Sequence[Outcome]) -> Table:
    """One line a measurement."""
    made = Table("", "ours", "peer", "ratio", "min-max", "bar", "", box=None, padding=(0, 1))
    for column in (1, 2, 3, 5):
        made.columns[column].justify = "right"
    for each in found:
        match each:
            case Result():
                shown = each.as_json()
                made.add_row(
                    each.name, f"{shown['ours']:,}", f"{shown['peer']:,}", f"[bold]{each.ratio:.2f}[/]",
                    f"{min(each.ratios):.2f}-{max(each.ratios):.2f}", f"≥ {each.bar:g}" if each.bar else "none",
                    "" if not each.bar else "[green]holds[/]" if each.holds else "[red]missed[/]",
                )  # fmt: skip
            case Delay():
                made.add_row(each.name, f"p50 {each.percentile(0.5):.0f} ms", f"p99 {each.percentile(0.99):.0f} ms")
            case Failed():
                made.add_row(each.name, "", "", "", "", "", "[red]failed[/]")
    return made


def legend(found: Sequence[Outcome]) -> list[str]:
    """What each line of the table is, in a line."""
    return [
        f"{each.name}: {each.reason if isinstance(each, Failed) else each.what}"
        + (f" ({each.unit})" if isinstance(each, Result) else "")
        for each in found
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where something could not be measured (a missed bar is printed, not an error)."""
    parser = argparse.ArgumentParser("motcua bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(NAMES)}")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="the same, as an option")
    parser.add_argument("--quick", action="store_true", help="two short rounds: to see that it runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    console = Console(stderr=True, highlight=False)
    try:
        with console.status("…") as status:
            found = run([*given.names, *given.only], quick=given.quick, progress=status.update)
    except ValueError as error:
        console.print(str(error), markup=False)
        return 2
    if given.json:
        print(json.dumps({each.name: each.as_json() for each in found}, ensure_ascii=False, indent=2))
    else:
        printed = Console(highlight=False)
        printed.print(table(found))
        for line in legend(found):
            printed.print(line, style="dim", markup=False, soft_wrap=True)
    return int(any(isinstance(each, Failed) for each in found))


if __name__ == "__main__":
    sys.exit(main())
