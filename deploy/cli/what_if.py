"""What would have been late in another world."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from deploy.cli.console import out, print_json, progress_bars
from deploy.cli.here import finish, settings_of
from deploy.cli.options import STATE, Json, State
from deploy.trouble import Trouble

app = typer.Typer()


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

    config = settings_of(state)
    first, last = _day(since), _day(until)
    if cut_off not in {"", "none"}:
        _time(cut_off)
    amounts = world.read_amounts(amount or [])
    with progress_bars() as progress:
        figures = finish(
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
        print_json(figures)
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
