"""The `motcua` command: its parts, and how it ends. What a command needs is imported when it runs, so that --help
answers at once."""

import sys

import typer

from deploy.cli import catalogue, data, parked, running, survey, upkeep, what_if
from deploy.cli.console import err
from deploy.trouble import Trouble, of_os

app = typer.Typer(
    name="motcua", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False, rich_markup_mode="markdown",
    help="One-stop administrative procedures for a provincial Department of Education.",
)  # fmt: skip
for _part in (running.app, upkeep.app, what_if.app, data.app):
    app.add_typer(_part)
app.add_typer(upkeep.db, name="db")
app.add_typer(upkeep.topics_app, name="topics")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(survey.app, name="survey")
app.add_typer(parked.app, name="parked")


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
