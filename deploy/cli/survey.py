"""Surveys, for whoever checks them."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.console import out, print_json
from deploy.cli.options import Json
from deploy.trouble import Trouble, of_os

app = typer.Typer(no_args_is_help=True, help="Surveys, for whoever checks them.")


@app.command("repeat")
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
        print_json({"same": not differences, "differences": differences})
    else:
        for line in differences or ["Drawn again, it is the same sample."]:
            out.print(line, markup=False, soft_wrap=True)
    if differences:
        raise typer.Exit(1)
