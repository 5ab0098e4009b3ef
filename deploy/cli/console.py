"""What a command prints: lines, bars while it works, JSON for programs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from deploy.local.process import Progress

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def progress_bars() -> Iterator["Progress"]:
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


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str, indent=2))
