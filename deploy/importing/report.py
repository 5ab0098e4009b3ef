"""What an import came to; and the rows that were wrong, to be mended and imported as they are."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.importing.export import Row, text_of
from kernel.tables import safe

ADDED = ("row", "wrong column", "what to do")  # the report's own columns


@dataclass(frozen=True)
class Wrong:
    """A row that was not taken, the column it is about ("" for the whole row), and what to do."""

    row: Row
    column: str
    reason: str


@dataclass
class Result:
    """What an import came to. `skipped` rows are not in flight, by the mapping."""

    rows: int = 0
    imported: int = 0
    already: int = 0
    would_import: int = 0
    skipped: int = 0
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def wrong_rows(self) -> int:
        return len({each.row.number for each in self.wrong})


def summary(result: Result) -> dict[str, Any]:
    """For programs."""
    return {
        "rows": result.rows,
        "imported": result.imported,
        "would_import": result.would_import,
        "already": result.already,
        "skipped": result.skipped,
        "wrong": [{"row": w.row.number, "column": w.column, "what_to_do": w.reason} for w in result.wrong],
    }


def write_report(path: Path, wrong: Sequence[Wrong], delimiter: str = ",") -> None:
    """Write the wrong rows as they were, with what to do beside them: mend it, and import it again. A row that is wrong
    in two ways is there once."""
    by_row: dict[int, list[Wrong]] = {}
    for each in wrong:
        by_row.setdefault(each.row.number, []).append(each)
    columns = list(dict.fromkeys(column for each in wrong for column in each.row.cells if column not in ADDED))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([*map(safe, columns), *ADDED])
        for number, reasons in by_row.items():
            cells = reasons[0].row.cells
            about = "; ".join(dict.fromkeys(each.column for each in reasons if each.column))
            what = " ".join(each.reason for each in reasons)
            plain = [safe(text_of(cells.get(column))) for column in columns]
            writer.writerow([*plain, number, safe(about), safe(what)])
