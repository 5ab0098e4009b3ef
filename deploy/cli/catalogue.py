"""The catalogue of procedures, beside the national one."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.cli.console import err, out, print_json
from deploy.cli.here import intake_of
from deploy.cli.options import STATE, DryRun, Json, State, Url

app = typer.Typer(no_args_is_help=True, help="The catalogue of procedures, beside the national one.")
National = Annotated[Path, typer.Argument(help="The national catalogue as JSON or CSV.")]


@app.command("load")
def catalogue_load(url: Url = None, state: State = STATE, as_json: Json = False) -> None:
    """Load this installation's reviewed units and procedures. Safe to repeat.

    Example: `motcua catalogue load`
    """
    from deploy import catalogue  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    with Intake(url or intake_of(state)) as server:
        done = catalogue.load(server)
    if as_json:
        print_json(done)
        return
    for what, found in done.items():
        out.print(f"{what}: {found['changed']} loaded, {found['already']} were there already")


@app.command("diff")
def catalogue_diff(file: National, url: Url = None, state: State = STATE, as_json: Json = False) -> None:
    """Show what is missing, outdated or surplus: in our catalogue, and on each unit's electronic one-stop.

    Example: `motcua catalogue diff national.csv`
    """
    from deploy import catalogue  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    national = catalogue.read(file)
    with Intake(url or intake_of(state)) as server:
        found = catalogue.diff(server, national)
    if as_json:
        print_json(found)
    else:
        _print_differences(found)


@app.command("bring-in-line")
def catalogue_bring_in_line(
    file: National, url: Url = None, state: State = STATE, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Mend what differs: our catalogue first, then what each unit shows.

    Example: `motcua catalogue bring-in-line national.json --dry-run`
    """
    from deploy import catalogue  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    national = catalogue.read(file)
    with Intake(url or intake_of(state)) as server, err.status("bringing the catalogue in line"):
        done = catalogue.bring_in_line(server, national, dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    _print_differences(done["left"])
    verb = f"{len(done['differences'])} would be mended" if dry_run else f"{done['mended']} were mended"
    out.print(f"{verb}, {0 if dry_run else len(done['left'])} are left")


def _print_differences(found: list[dict[str, Any]]) -> None:
    table = Table("where", "what", "procedure", "name", "fields")
    for each in found:
        fields = ", ".join(each["fields"])
        table.add_row(each["unit"] or "catalogue", each["kind"], each["procedure"], each["name"][:80], fields)
    out.print(table if found else "everything is in line")
