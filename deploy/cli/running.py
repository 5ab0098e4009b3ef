"""Running: everything on this machine, the demo, one process of one service; and removing what ran."""

import asyncio
import json
import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from deploy.cli.console import err, out, progress_bars
from deploy.cli.here import check_service
from deploy.cli.options import (
    KAFKA_PORT,
    POSTGRES_PORT,
    STATE,
    Bundled,
    DryRun,
    KafkaPort,
    PostgresPort,
    Service,
    State,
)
from deploy.cli.upkeep import migrate
from deploy.trouble import Trouble

if TYPE_CHECKING:
    from kernel.settings import Settings


MailboxPort = Annotated[
    int, typer.Option(help="Port of the mailbox that stands in for mail and SMS; the one above it is taken too.")
]
ExchangePort = Annotated[int, typer.Option(help="Port of the document exchange that stands in for the province's.")]
MAILBOX_PORT = 8425
EXCHANGE_PORT = 8427
app = typer.Typer()


class Role(StrEnum):
    """What one process of a service does."""

    all = "all"
    api = "api"
    worker = "worker"
    relay = "relay"


class _Demo(NamedTuple):
    """What the demo shows."""

    weeks: int
    life: bool
    mailbox_port: int
    exchange_port: int


@app.command()
def up(
    state: State = STATE,
    postgres_port: PostgresPort = POSTGRES_PORT,
    kafka_port: KafkaPort = KAFKA_PORT,
    bundled: Bundled = False,
) -> None:
    """Run everything here: PostgreSQL, Kafka, all services, until Ctrl-C.

    Example: `motcua up --state .state/try --postgres-port 55500 --kafka-port 59200`
    """
    _up(state, postgres_port, kafka_port, bundled, demo=None)


@app.command()
def demo(
    state: State = STATE,
    postgres_port: PostgresPort = POSTGRES_PORT,
    kafka_port: KafkaPort = KAFKA_PORT,
    mailbox_port: MailboxPort = MAILBOX_PORT,
    exchange_port: ExchangePort = EXCHANGE_PORT,
    bundled: Bundled = False,
    weeks: Annotated[int, typer.Option(min=0, max=52, help="Weeks that the province has behind it; 0: none.")] = 8,
    life: Annotated[bool, typer.Option("--life/--no-life", help="Let new dossiers come while it runs.")] = True,
) -> None:
    """Like `up`, with one-click logins and an invented province that lives.

    Example: `motcua demo --weeks 2 --no-life`; a second run starts with what was there.
    """
    _up(state, postgres_port, kafka_port, bundled, demo=_Demo(weeks, life, mailbox_port, exchange_port))


def _up(state: Path, postgres_port: int, kafka_port: int, bundled: bool, *, demo: _Demo | None) -> None:
    from deploy import installation  # noqa: PLC0415
    from deploy.local import exchange, ground, mailbox, process  # noqa: PLC0415
    from kernel.settings import settings  # noqa: PLC0415

    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    state = state.resolve()
    ports = settings().ports
    with installation.alone(state):
        (state / "services").mkdir(exist_ok=True)
        for name, port in ports.items():
            if not process.running(state / "services" / f"{name}.pid"):
                process.check_port(port, f"""MOTCUA_PORTS='{json.dumps({**ports, name: port + 100})}'""")
        if demo and not process.running(state / "services" / "mailbox.pid"):
            for port in (demo.mailbox_port, demo.mailbox_port + 1):
                process.check_port(port, "--mailbox-port")
        if demo and not process.running(state / "services" / "exchange.pid"):
            process.check_port(demo.exchange_port, "--exchange-port")
        with progress_bars() as progress:
            here = ground.start(
                state, postgres_port=postgres_port, kafka_port=kafka_port, bundled=bundled, progress=progress
            )
        try:
            environment = installation.environment(here, demo=demo is not None, ports=ports)
            if demo:
                environment |= mailbox.environment(demo.mailbox_port) | exchange.environment(demo.exchange_port)
                environment |= {"MOTCUA_SURVEY_WAIT": "20"}  # an hour is long for who looks on
            installation.save(here, environment)
            os.environ.update(environment)
            settings.cache_clear()
            asyncio.run(_serve(here, settings(), environment, demo=demo))
        finally:
            with err.status("stopping Kafka and PostgreSQL"):
                ground.stop(here)


async def _serve(here: Any, config: "Settings", environment: dict[str, str], *, demo: _Demo | None) -> None:
    """Databases, topics, services, then the demo's people; until told to stop."""
    from deploy import supervisor, topics  # noqa: PLC0415
    from deploy.demo import province  # noqa: PLC0415
    from deploy.local import databases, ground  # noqa: PLC0415

    await databases.ensure(here.admin, config, databases.names(config))
    await migrate(config, databases.names(config))
    await topics.apply(config, config.ports)
    urls = {name: f"http://{config.host}:{port}" for name, port in config.ports.items()}
    commands = {name: [sys.executable, "-m", "deploy.cli", "run", name] for name in urls}
    if demo:
        urls["mailbox"] = f"http://127.0.0.1:{demo.mailbox_port + 1}"
        commands["mailbox"] = [sys.executable, "-m", "deploy.local.mailbox", str(here.state / "mailbox")]
        urls["exchange"] = f"http://127.0.0.1:{demo.exchange_port}"
        commands["exchange"] = [sys.executable, "-m", "deploy.local.exchange", str(here.state / "exchange")]

    async def work() -> None:
        if demo:
            await _people(urls, here.state, demo.weeks)
        for name, url in urls.items():
            out.print(f"[bold]{name}[/] {url}")
        if demo:
            for line in province.welcome(urls):
                out.print(line, markup=False, soft_wrap=True)
        out.print(f"Logs are in {here.state / 'services'}. Ctrl-C stops everything.", soft_wrap=True)
        if demo and demo.life:
            await _life(urls, here.state)

    def show(name: str, line: str) -> None:
        if not demo:
            out.print(f"[cyan]{name:>10}[/] │ ", end="")
            out.print(line, markup=False, soft_wrap=True)

    await supervisor.supervise(
        urls,
        commands.__getitem__,
        environment,
        here.state / "services",
        show=show,
        others=lambda: (part for part in ground.PARTS if ground.pid(here, part) is None),
        work=work,
    )


async def _life(urls: dict[str, str], state: Path) -> None:
    """What goes on by itself while the demo runs."""
    from deploy.demo import opinions, province  # noqa: PLC0415

    def told(line: str) -> None:
        err.print(f"not expected: {line}", markup=False)

    async with asyncio.TaskGroup() as group:
        group.create_task(province.trickle(urls["intake"], told=told))
        group.create_task(opinions.trickle(urls["surveys"], state / "mailbox", told=told))


async def _people(urls: dict[str, str], state: Path, weeks: int) -> None:
    """The demo's own part: the catalogue, and the weeks that the province has behind it."""
    from deploy.demo import families, opinions, province  # noqa: PLC0415

    with progress_bars() as progress:
        if weeks:
            progress("asking last year's pupils", 0, 1)
            await opinions.begin(urls["intake"], urls["surveys"], state)
            progress("asking last year's pupils", 1, 1)
        story = await province.live(
            urls["intake"], deadlines=urls["deadlines"], state=state, weeks=weeks, progress=progress
        )
    if not story.found:
        await families.ask(urls["intake"], urls["transfers"])
    if weeks:
        with err.status("people read their mail and answer"):
            await opinions.go_on(urls["intake"], urls["surveys"], state, state / "mailbox")
    for line in story.lines():
        out.print(line, markup=False, soft_wrap=True)


@app.command()
def run(
    service: Service,
    role: Annotated[Role, typer.Option(help="What this process does; all of it by default.")] = Role.all,
) -> None:
    """Run one process of one service; settings come from MOTCUA_… variables.

    Example: `MOTCUA_POSTGRES=db:5432 MOTCUA_KAFKA=k:9092 motcua run intake --role api`
    """
    from kernel import run as kernel_run  # noqa: PLC0415
    from kernel.settings import Guessable  # noqa: PLC0415

    check_service(service)
    try:
        kernel_run.main(service, role.value)
    except Guessable as error:
        raise Trouble(str(error)) from None


@app.command()
def remove(
    state: State = STATE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Stop what runs from a state folder, and delete it with all its data.

    Example: `motcua remove --state .state/try --dry-run`
    """
    from deploy import installation  # noqa: PLC0415
    from deploy.local import ground  # noqa: PLC0415

    if not state.is_dir():
        raise Trouble(f"{state} does not exist: name the folder with --state.")
    if dry_run:
        out.print(f"would delete {state.resolve()} with everything in it")
        return
    if not yes:
        typer.confirm(f"Delete {state.resolve()} with everything in it?", abort=True)
    with installation.alone(state):
        ground.remove(ground.at(state.resolve(), postgres_port=POSTGRES_PORT, kafka_port=KAFKA_PORT))
