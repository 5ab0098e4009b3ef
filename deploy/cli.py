"""The `motcua` command. What a command needs is imported when it runs, so that --help answers at once."""

import asyncio
import datetime as dt
import json
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from deploy.trouble import Trouble, of_os

if TYPE_CHECKING:
    from deploy.local.process import Progress
    from kernel.settings import Settings

T = TypeVar("T")

app = typer.Typer(
    name="motcua", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False, rich_markup_mode="markdown",
    help="One-stop administrative procedures for a provincial Department of Education.",
)  # fmt: skip
db = typer.Typer(no_args_is_help=True, help="The services' databases.")
topics_app = typer.Typer(no_args_is_help=True, help="The services' topics.")
catalogue_app = typer.Typer(no_args_is_help=True, help="The catalogue of procedures, beside the national one.")
survey_app = typer.Typer(no_args_is_help=True, help="Surveys, for whoever checks them.")
parked_app = typer.Typer(no_args_is_help=True, help="Events that could not be heard.")
app.add_typer(db, name="db")
app.add_typer(topics_app, name="topics")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(survey_app, name="survey")
app.add_typer(parked_app, name="parked")

out, err = Console(highlight=False), Console(stderr=True, highlight=False)


class Role(StrEnum):
    """What one process of a service does."""

    all = "all"
    api = "api"
    worker = "worker"
    relay = "relay"


State = Annotated[Path, typer.Option(help="Folder of all data, logs and secrets.", envvar="MOTCUA_STATE")]
PostgresPort = Annotated[int, typer.Option(help="Port of the private PostgreSQL.")]
KafkaPort = Annotated[int, typer.Option(help="Port of the private Kafka; the one above it is taken too.")]
MailboxPort = Annotated[
    int, typer.Option(help="Port of the mailbox that stands in for mail and SMS; the one above it is taken too.")
]
ExchangePort = Annotated[int, typer.Option(help="Port of the document exchange that stands in for the province's.")]
Bundled = Annotated[
    bool, typer.Option(help="Use only the Java and PostgreSQL that pip brought.", envvar="MOTCUA_BUNDLED")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Service = Annotated[str, typer.Argument(help="Name of a service, such as intake.")]
Url = Annotated[str | None, typer.Option(help="Address of intake; by default the installation's own.")]
National = Annotated[Path, typer.Argument(help="The national catalogue as JSON or CSV.")]

STATE = Path(".state/demo")
POSTGRES_PORT = 25432  # both outside what systems give to outgoing connections, so that a restart finds them free
KAFKA_PORT = 29092
MAILBOX_PORT = 8425
EXCHANGE_PORT = 8427


# --- running ---------------------------------------------------------------------------------------------------------


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


class _Demo(NamedTuple):
    """What the demo shows."""

    weeks: int
    life: bool
    mailbox_port: int
    exchange_port: int


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
    await _migrate(config, databases.names(config))
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

    _check_service(service)
    try:
        kernel_run.main(service, role.value)
    except Guessable as error:
        raise Trouble(str(error)) from None


# --- looking after ---------------------------------------------------------------------------------------------------


@app.command()
def doctor(
    state: State = STATE,
    postgres_port: PostgresPort = POSTGRES_PORT,
    kafka_port: KafkaPort = KAFKA_PORT,
    bundled: Bundled = False,
    as_json: Json = False,
) -> None:
    """Check this machine for what Motcua needs; the exit code is 1 where something is wrong.

    Example: `motcua doctor --json`
    """
    from deploy.doctor import examine  # noqa: PLC0415
    from kernel.settings import settings  # noqa: PLC0415

    ports = {"postgres": postgres_port, "kafka": kafka_port, **settings().ports}
    findings = examine(state.resolve(), ports, bundled=bundled)
    if as_json:
        _print_json([each._asdict() for each in findings])
    else:
        colour = {"ok": "green", "later": "yellow", "wrong": "red"}
        table = Table("", "", Column("found", overflow="fold"), box=None)
        for each in findings:
            table.add_row(each.item, f"[{colour[each.status]}]{each.status}[/]", each.found)
        out.print(table)
    if any(each.status == "wrong" for each in findings):
        raise typer.Exit(1)


@db.command("migrate")
def db_migrate(
    service: Annotated[str | None, typer.Argument(help="Only this service, or vault.")] = None,
    state: State = STATE,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring the databases up to date. Safe to repeat, and to run twice at once.

    Example: `motcua db migrate --dry-run`
    """
    from deploy.local import databases  # noqa: PLC0415

    config = _settings(state)
    services = [service] if service else databases.names(config)
    done = _await(_pending(config, services) if dry_run else _migrate(config, services))
    if as_json:
        _print_json(done)
        return
    verb = "would apply" if dry_run else "applied"
    for name, applied in done.items():
        out.print(f"[bold]{name}[/]", f"{verb} {', '.join(applied)}" if applied else "is up to date")


@topics_app.command("apply")
def topics_apply(state: State = STATE, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Create the topics that are missing; a topic with another number of partitions is refused.

    Example: `motcua topics apply --dry-run --json`
    """
    from deploy import topics  # noqa: PLC0415

    config = _settings(state)
    if dry_run:
        missing = [name for name, found in _await(topics.plan(config, config.ports)).items() if found is None]
    else:
        missing = _await(topics.apply(config, config.ports))
    if as_json:
        _print_json({"would_create" if dry_run else "created": missing})
    else:
        out.print(
            f"{'would create' if dry_run else 'created'} {', '.join(missing)}" if missing else "all topics are there"
        )


@app.command()
def rebuild(service: Service, state: State = STATE) -> None:
    """Rebuild a service's views from its events while it goes on working.

    Example: `motcua rebuild reporting`
    """
    from kernel import run as kernel_run  # noqa: PLC0415

    _settings(state)
    _check_service(service)
    with progress_bars() as progress:
        read = _await(kernel_run.rebuild(service, lambda done, of: progress(f"rebuilding {service}", done, of)))
    out.print(f"{service} was rebuilt from {read} events")


@survey_app.command("repeat")
def survey_repeat(
    frame: Annotated[Path, typer.Argument(help="The frame as it was exported (CSV).")],
    draw: Annotated[Path, typer.Argument(help="The draw as it was exported (JSON).")],
    as_json: Json = False,
) -> None:
    """Draw a survey's sample again, without the system that drew it; the exit code is 1 where it differs.

    Example: `motcua survey repeat frame.csv draw.json`
    """
    from deploy import surveying  # noqa: PLC0415

    try:
        differences = surveying.repeat(frame.read_bytes(), draw.read_bytes())
    except OSError as error:
        raise of_os(error) or Trouble(str(error)) from None
    if as_json:
        _print_json({"same": not differences, "differences": differences})
    else:
        for line in differences or ["Drawn again, it is the same sample."]:
            out.print(line, markup=False, soft_wrap=True)
    if differences:
        raise typer.Exit(1)


@app.command("what-if")
def what_if(
    since: Annotated[str, typer.Option(help="First day of the answers to look at, such as 2026-01-01.")],
    until: Annotated[str, typer.Option(help="Last day.")],
    rest: Annotated[list[str] | None, typer.Option(help="A day that would be a day of rest. May be repeated.")] = None,
    worked: Annotated[list[str] | None, typer.Option(help="A day that would be worked. May be repeated.")] = None,
    amount: Annotated[
        list[str] | None, typer.Option(help="PROCEDURE=AMOUNT: another processing time, in its own unit.")
    ] = None,
    more: Annotated[int, typer.Option(help="Added to every other processing time.", min=-60, max=60)] = 0,
    cut_off: Annotated[str, typer.Option(help="15:00, none, or nothing to leave it as it was.")] = "",
    rules: Annotated[
        Path | None, typer.Option(help="A rule pack: in the place of the one of its name, or on top of all.")
    ] = None,
    state: State = STATE,
    as_json: Json = False,
) -> None:
    """Replay answered dossiers under another calendar, processing time or rule pack: what would have been late?

    Nothing is written. What a procedure says of itself wins over a rule pack.
    Example: `motcua what-if --since 2026-01-01 --until 2026-12-31 --amount 2.002854=5`
    """
    from deploy import what_if as world  # noqa: PLC0415

    config = _settings(state)
    first, last = _day(since), _day(until)
    if cut_off not in {"", "none"}:
        _time(cut_off)
    amounts = world.read_amounts(amount or [])
    with progress_bars() as progress:
        figures = _await(
            world.run(
                config,
                first,
                last,
                rest=[_day(each) for each in rest or []],
                worked=[_day(each) for each in worked or []],
                amounts=amounts,
                more=more,
                cut_off=cut_off,
                rules=world.read_rules(rules) if rules else None,
                done=lambda done: progress("replaying", done, 0),
            )
        )
    if as_json:
        _print_json(figures)
        return
    table = Table("procedure", "answered", "late", "would be late", "newly late", "no longer late")
    names = ("answered", "late", "late_then", "newly_late", "no_longer_late")
    for procedure, line in figures["by_procedure"].items():
        table.add_row(procedure, *(str(line[name]) for name in names))
    table.add_row("all", *(str(figures[name]) for name in names))
    out.print(table)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Trouble(f"“{text}” is not a day such as 2026-09-02.") from None


def _time(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError:
        raise Trouble(f"“{text}” is not a time of the day such as 15:00, or none.") from None


@parked_app.command("list")
def parked_list(service: Service, state: State = STATE, as_json: Json = False) -> None:
    """Show what could not be heard, and why.

    Example: `motcua parked list reporting`
    """
    config = _settings(state)
    _check_service(service)
    rows = _await(_parked(config, service))
    if as_json:
        _print_json(rows)
        return
    table = Table("topic", "partition", "offset", "stream", "type", "reason", "since")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table if rows else f"{service} has heard everything")


@parked_app.command("replay")
def parked_replay(service: Service, state: State = STATE, as_json: Json = False) -> None:
    """Hear again what is parked, after its cause was mended. What still can't be heard stays.

    Example: `motcua parked replay reporting`
    """
    config = _settings(state)
    _check_service(service)
    heard, still = _await(_replay(config, service))
    if as_json:
        _print_json({"heard": heard, "parked": still})
    else:
        out.print(f"{heard} heard, {still} still parked")


@parked_app.command("drop")
def parked_drop(
    service: Service,
    stream: Annotated[str, typer.Argument(help="The stream whose first parked event is given up.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept beside the event and in the log.")],
    state: State = STATE,
) -> None:
    """Give the first parked event of a stream up for good, so that those behind it can be replayed.

    Example: `motcua parked drop reporting application-018f… --reason "made by a test"`
    """
    config = _settings(state)
    _check_service(service)
    found = _await(_drop(config, service, stream, reason))
    if found is None:
        raise Trouble(f"Nothing of {stream} is parked in {service}: see `motcua parked list {service}`.")
    out.print(f"{found['type']} of {stream} was dropped; now run `motcua parked replay {service}`", soft_wrap=True)


# --- an operator's work ----------------------------------------------------------------------------------------------


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The other system's export: CSV, XLSX or XES.")],
    mapping: Annotated[Path, typer.Option(help="Which column is which field: TOML, as in deploy/demo/import/.")],
    url: Url = None,
    system: Annotated[str | None, typer.Option(help="Name of the other system, instead of the mapping's.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where wrong rows go; FILE.wrong.csv by default.")] = None,
    state: State = STATE,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take over dossiers in flight from another one-stop. Safe to repeat; the exit code is 1 where rows are wrong.

    Example: `motcua import export.csv --mapping mapping.toml --dry-run`
    """
    from dataclasses import replace  # noqa: PLC0415

    from deploy import importing  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    plan = importing.read_mapping(mapping)
    plan = replace(plan, system=system) if system else plan
    rows = importing.read(file, plan)
    with Intake(url or _intake(state)) as server, progress_bars() as progress:
        result = importing.run(server, rows, plan, dry_run=dry_run, progress=progress)
    wrong = report or file.with_name(f"{file.name}.wrong.csv")
    if result.wrong:
        importing.report(wrong, result.wrong)
    if as_json:
        _print_json(importing.summary(result) | {"report": str(wrong) if result.wrong else None})
    else:
        counts = Table("rows", "imported", "would import", "already there", "not in flight", "wrong", box=None)
        numbers = (result.rows, result.imported, result.would_import, result.already, result.skipped)
        counts.add_row(*map(str, (*numbers, result.wrong_rows)))
        out.print(counts)
        for each in result.wrong[:10]:
            out.print(f"row {each.row.number}, {each.column or 'the whole row'}: {each.reason}", markup=False)
        if result.wrong:
            out.print(f"The wrong rows are in {wrong}: mend them there, and import that file.", soft_wrap=True)
    if result.wrong:
        raise typer.Exit(1)


@catalogue_app.command("load")
def catalogue_load(url: Url = None, state: State = STATE, as_json: Json = False) -> None:
    """Load this installation's reviewed units and procedures. Safe to repeat.

    Example: `motcua catalogue load`
    """
    from deploy import catalogue  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    with Intake(url or _intake(state)) as server:
        done = catalogue.load(server)
    if as_json:
        _print_json(done)
        return
    for what, found in done.items():
        out.print(f"{what}: {found['changed']} loaded, {found['already']} were there already")


@catalogue_app.command("diff")
def catalogue_diff(file: National, url: Url = None, state: State = STATE, as_json: Json = False) -> None:
    """Show what is missing, outdated or surplus: in our catalogue, and on each unit's electronic one-stop.

    Example: `motcua catalogue diff national.csv`
    """
    from deploy import catalogue  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    national = catalogue.read(file)
    with Intake(url or _intake(state)) as server:
        found = catalogue.diff(server, national)
    if as_json:
        _print_json(found)
    else:
        _print_differences(found)


@catalogue_app.command("bring-in-line")
def catalogue_bring_in_line(
    file: National, url: Url = None, state: State = STATE, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Mend what differs: our catalogue first, then what each unit shows.

    Example: `motcua catalogue bring-in-line national.json --dry-run`
    """
    from deploy import catalogue  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    national = catalogue.read(file)
    with Intake(url or _intake(state)) as server, err.status("bringing the catalogue in line"):
        done = catalogue.bring_in_line(server, national, dry_run=dry_run)
    if as_json:
        _print_json(done)
        return
    _print_differences(done["left"])
    verb = f"{len(done['differences'])} would be mended" if dry_run else f"{done['mended']} were mended"
    out.print(f"{verb}, {0 if dry_run else len(done['left'])} are left")


@app.command()
def erase(
    subject: Annotated[str | None, typer.Argument(help="The person's subject, a UUID.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept beside the destroyed key.")] = ...,  # type: ignore[assignment]
    identity: Annotated[str | None, typer.Option(help="The person's identity number; - asks for it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    state: State = STATE,
) -> None:
    """Erase a person: their key is destroyed, and nobody can read their data again, in events, views or backups.

    Example: `motcua erase --identity - --reason "request 12/YC of 24/11/2026"`
    """
    if (subject is None) == (identity is None):
        raise Trouble("Name one person: by SUBJECT, or by --identity.")
    config = _settings(state)
    if identity == "-":
        identity = typer.prompt("Identity number", hide_input=True)
    if not yes:
        typer.confirm("This can't be undone. Erase this person?", abort=True)
    if _await(_erase(config, subject, identity, reason)):
        out.print("The person is erased; services that had the key open forget it within a minute.")
    else:
        raise Trouble("There is no key of this person: nothing of them is here, or they were erased before.")


@app.command()
def contracts(
    folder: Annotated[Path | None, typer.Option(help="Where they go; schemas/published by default.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write what others build on: a JSON Schema of each event's each version, an AsyncAPI document of each topic.

    Example: `motcua contracts --dry-run`
    """
    from deploy import contracts as published  # noqa: PLC0415

    stale = published.publish(folder or published.PUBLISHED, dry_run=dry_run)
    if as_json:
        _print_json({"would_write" if dry_run else "written": stale})
        return
    verb = "would write" if dry_run else "wrote"
    out.print(f"{verb} {', '.join(stale)}" if stale else "all contracts are up to date", soft_wrap=True)


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Only these measurements; all by default.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Two short rounds: to see that it runs.")] = False,
    as_json: Json = False,
) -> None:
    """Measure this system against the bare libraries it stands on, and print the ratios.

    Example: `motcua bench append batch --json`
    """
    from bench import main as measuring  # noqa: PLC0415

    flags = ["--quick"] * quick + ["--json"] * as_json
    raise typer.Exit(measuring.main([*flags, *(names or [])]))


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


# --- shared by the commands ------------------------------------------------------------------------------------------


async def _migrate(config: "Settings", services: list[str]) -> dict[str, list[str]]:
    from kernel import database  # noqa: PLC0415

    return {service: await database.migrate(service, config) for service in services}


async def _pending(config: "Settings", services: list[str]) -> dict[str, list[str]]:
    from kernel import database  # noqa: PLC0415

    found = {}
    for service in services:
        connection = await database.connect(service, config)
        try:
            found[service] = await database.pending(service, connection)
        finally:
            await connection.close()
    return found


async def _parked(config: "Settings", service: str) -> list[dict[str, Any]]:
    from kernel import database, parked  # noqa: PLC0415

    connection = await database.connect(service, config)
    try:
        return await parked.listed(connection)
    finally:
        await connection.close()


async def _replay(config: "Settings", service: str) -> tuple[int, int]:
    from kernel import parked  # noqa: PLC0415
    from kernel.run import definition  # noqa: PLC0415
    from kernel.service import Service as Running  # noqa: PLC0415

    running = Running(definition(service), config)
    await running.open()
    try:
        return await parked.replay(running)
    finally:
        await running.close()


async def _drop(config: "Settings", service: str, stream: str, reason: str) -> dict[str, Any] | None:
    from kernel import database, logs, parked  # noqa: PLC0415

    logs.set_up(json=config.log_json)
    connection = await database.connect(service, config)
    try:
        return await parked.drop(connection, stream, reason=reason, by=_me())
    finally:
        await connection.close()


async def _erase(config: "Settings", subject: str | None, identity: str | None, reason: str) -> bool:
    from uuid import UUID  # noqa: PLC0415

    from kernel import database  # noqa: PLC0415
    from kernel.vault import Vault, WrongKey  # noqa: PLC0415

    pool = await database.pool(database.VAULT, config, most=2)
    try:
        vault = Vault(pool, config)
        await vault.open()
        person = UUID(subject) if subject else await vault.known(identity or "")
        return person is not None and await vault.erase(person, by=_me(), reason=reason)
    except WrongKey as error:
        raise Trouble(str(error)) from None
    except ValueError:
        raise Trouble(f"{subject} is not a subject, which is a UUID: name the person by --identity instead.") from None
    finally:
        await pool.close()


def _me() -> str:
    import getpass  # noqa: PLC0415

    return f"cli:{getpass.getuser()}"


def _intake(state: Path) -> str:
    """Where the installation's intake is."""
    config = _settings(state)
    return f"http://{config.host}:{config.ports['intake']}"


def _print_differences(found: list[dict[str, Any]]) -> None:
    table = Table("where", "what", "procedure", "name", "fields")
    for each in found:
        fields = ", ".join(each["fields"])
        table.add_row(each["unit"] or "catalogue", each["kind"], each["procedure"], each["name"][:80], fields)
    out.print(table if found else "everything is in line")


def _settings(state: Path) -> "Settings":
    """The settings of the environment, or of the installation in the state folder."""
    from deploy import installation  # noqa: PLC0415
    from kernel.settings import settings  # noqa: PLC0415

    installation.use(state)
    settings.cache_clear()
    return settings()


def _check_service(service: str) -> None:
    from importlib.util import find_spec  # noqa: PLC0415

    from kernel.settings import settings  # noqa: PLC0415

    if service not in settings().ports or find_spec(f"services.{service}") is None:
        raise Trouble(f"There is no service {service}: choose one of {', '.join(settings().ports)}.")


def _await(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, with an absent PostgreSQL or Kafka told in one sentence."""
    from aiokafka.errors import KafkaConnectionError  # noqa: PLC0415
    from asyncpg import InvalidCatalogNameError, InvalidPasswordError  # noqa: PLC0415

    from kernel.settings import settings  # noqa: PLC0415

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it would log each refusal; ours is one sentence
    try:
        return asyncio.run(work)
    except KafkaConnectionError:
        raise Trouble(f"Kafka does not answer at {settings().kafka}: start it, or set MOTCUA_KAFKA.") from None
    except ConnectionRefusedError:
        raise Trouble(
            f"PostgreSQL does not answer at {settings().postgres}: start it, or set MOTCUA_POSTGRES."
        ) from None
    except (InvalidCatalogNameError, InvalidPasswordError) as error:
        raise Trouble(
            f"PostgreSQL refuses ({error}): create the databases and roles, or set MOTCUA_POSTGRES_PASSWORD."
        ) from None


@contextmanager
def progress_bars() -> "Iterator[Progress]":
    """One bar a kind of work, by the words it is reported with."""
    from rich import progress as rich_progress  # noqa: PLC0415

    with rich_progress.Progress(
        rich_progress.TextColumn("{task.description}"), rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(), rich_progress.TimeElapsedColumn(), console=err, transient=True,
    ) as bars:  # fmt: skip
        tasks: dict[str, rich_progress.TaskID] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=None)
            bars.update(tasks[what], completed=done, total=of or None)

        yield progress


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str, indent=2))


def main() -> None:
    """Run a command; what a person can put right is told in one sentence, without a traceback."""
    try:
        app()
    except (Trouble, OSError) as error:
        trouble = error if isinstance(error, Trouble) else of_os(error)
        if trouble is None:
            raise
        err.print(str(trouble), markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
