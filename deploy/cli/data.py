"""Dossiers that are taken over from another system, and people who are erased."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deploy.cli.console import out, print_json, progress_bars
from deploy.cli.here import finish, intake_of, me, settings_of
from deploy.cli.options import STATE, DryRun, Json, State, Url
from deploy.trouble import Trouble

if TYPE_CHECKING:
    from kernel.settings import Settings


app = typer.Typer()


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

    from deploy.importing import export, sending  # noqa: PLC0415
    from deploy.importing.mapping import read_mapping  # noqa: PLC0415
    from deploy.importing.report import summary, write_report  # noqa: PLC0415
    from deploy.operator import Intake  # noqa: PLC0415

    plan = read_mapping(mapping)
    plan = replace(plan, system=system) if system else plan
    rows = export.read(file, plan)
    with Intake(url or intake_of(state)) as server, progress_bars() as progress:
        result = sending.run(server, rows, plan, dry_run=dry_run, progress=progress)
    wrong = report or file.with_name(f"{file.name}.wrong.csv")
    if result.wrong:
        write_report(wrong, result.wrong)
    if as_json:
        print_json(summary(result) | {"report": str(wrong) if result.wrong else None})
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
    config = settings_of(state)
    if identity == "-":
        identity = typer.prompt("Identity number", hide_input=True)
    if not yes:
        typer.confirm("This can't be undone. Erase this person?", abort=True)
    if finish(_erase(config, subject, identity, reason)):
        out.print("The person is erased; services that had the key open forget it within a minute.")
    else:
        raise Trouble("There is no key of this person: nothing of them is here, or they were erased before.")


async def _erase(config: "Settings", subject: str | None, identity: str | None, reason: str) -> bool:
    from uuid import UUID  # noqa: PLC0415

    from kernel import database  # noqa: PLC0415
    from kernel.vault import Vault, WrongKey  # noqa: PLC0415

    pool = await database.pool(database.VAULT, config, most=2)
    try:
        vault = Vault(pool, config)
        await vault.open()
        person = UUID(subject) if subject else await vault.known(identity or "")
        return person is not None and await vault.erase(person, by=me(), reason=reason)
    except WrongKey as error:
        raise Trouble(str(error)) from None
    except ValueError:
        raise Trouble(f"{subject} is not a subject, which is a UUID: name the person by --identity instead.") from None
    finally:
        await pool.close()
