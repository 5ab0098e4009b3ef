"""Looking after an installation: the machine, databases, topics, views, contracts, measurements."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from deploy.cli.console import out, print_json, progress_bars
from deploy.cli.here import check_service, finish, settings_of
from deploy.cli.options import (
    KAFKA_PORT,
    POSTGRES_PORT,
    STATE,
    Bundled,
    DryRun,
    Json,
    KafkaPort,
    PostgresPort,
    Service,
    State,
)

if TYPE_CHECKING:
    from kernel.settings import Settings


app = typer.Typer()
db = typer.Typer(no_args_is_help=True, help="The services' databases.")
topics_app = typer.Typer(no_args_is_help=True, help="The services' topics.")


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
        print_json([each._asdict() for each in findings])
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

    config = settings_of(state)
    services = [service] if service else databases.names(config)
    done = finish(_pending(config, services) if dry_run else migrate(config, services))
    if as_json:
        print_json(done)
        return
    verb = "would apply" if dry_run else "applied"
    for name, applied in done.items():
        out.print(f"[bold]{name}[/]", f"{verb} {', '.join(applied)}" if applied else "is up to date")


async def migrate(config: "Settings", services: list[str]) -> dict[str, list[str]]:
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


@topics_app.command("apply")
def topics_apply(state: State = STATE, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Create the topics that are missing; a topic with another number of partitions is refused.

    Example: `motcua topics apply --dry-run --json`
    """
    from deploy import topics  # noqa: PLC0415

    config = settings_of(state)
    if dry_run:
        missing = [name for name, found in finish(topics.plan(config, config.ports)).items() if found is None]
    else:
        missing = finish(topics.apply(config, config.ports))
    if as_json:
        print_json({"would_create" if dry_run else "created": missing})
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

    settings_of(state)
    check_service(service)
    with progress_bars() as progress:
        read = finish(kernel_run.rebuild(service, lambda done, of: progress(f"rebuilding {service}", done, of)))
    out.print(f"{service} was rebuilt from {read} events")


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
        print_json({"would_write" if dry_run else "written": stale})
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
