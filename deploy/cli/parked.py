"""Events that could not be heard: what they are, hear them again, give them up."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from deploy.cli.console import out, print_json
from deploy.cli.here import check_service, finish, me, settings_of
from deploy.cli.options import STATE, Json, Service, State
from deploy.trouble import Trouble

if TYPE_CHECKING:
    from kernel.settings import Settings


app = typer.Typer(no_args_is_help=True, help="Events that could not be heard.")


@app.command("list")
def parked_list(service: Service, state: State = STATE, as_json: Json = False) -> None:
    """Show what could not be heard, and why.

    Example: `motcua parked list reporting`
    """
    config = settings_of(state)
    check_service(service)
    rows = finish(_parked(config, service))
    if as_json:
        print_json(rows)
        return
    table = Table("topic", "partition", "offset", "stream", "type", "reason", "since")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table if rows else f"{service} has heard everything")


async def _parked(config: "Settings", service: str) -> list[dict[str, Any]]:
    from kernel import database, parked  # noqa: PLC0415

    connection = await database.connect(service, config)
    try:
        return await parked.listed(connection)
    finally:
        await connection.close()


@app.command("replay")
def parked_replay(service: Service, state: State = STATE, as_json: Json = False) -> None:
    """Hear again what is parked, after its cause was mended. What still can't be heard stays.

    Example: `motcua parked replay reporting`
    """
    config = settings_of(state)
    check_service(service)
    heard, still = finish(_replay(config, service))
    if as_json:
        print_json({"heard": heard, "parked": still})
    else:
        out.print(f"{heard} heard, {still} still parked")


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


@app.command("drop")
def parked_drop(
    service: Service,
    stream: Annotated[str, typer.Argument(help="The stream whose first parked event is given up.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept beside the event and in the log.")],
    state: State = STATE,
) -> None:
    """Give the first parked event of a stream up for good, so that those behind it can be replayed.

    Example: `motcua parked drop reporting application-018f… --reason "made by a test"`
    """
    config = settings_of(state)
    check_service(service)
    found = finish(_drop(config, service, stream, reason))
    if found is None:
        raise Trouble(f"Nothing of {stream} is parked in {service}: see `motcua parked list {service}`.")
    out.print(f"{found['type']} of {stream} was dropped; now run `motcua parked replay {service}`", soft_wrap=True)


async def _drop(config: "Settings", service: str, stream: str, reason: str) -> dict[str, Any] | None:
    from kernel import database, logs, parked  # noqa: PLC0415

    logs.set_up(json=config.log_json)
    connection = await database.connect(service, config)
    try:
        return await parked.drop(connection, stream, reason=reason, by=me())
    finally:
        await connection.close()
