"""An export as it stands there: CSV, XLSX or XES."""

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.importing.mapping import Plan
from deploy.trouble import Trouble
from kernel.tables import FORMULA


@dataclass(frozen=True)
class Row:
    """One line of an export: its cells by column, as they stand there. `number` is the spreadsheet's."""

    number: int
    cells: Mapping[str, Any]


def read(path: Path, plan: Plan) -> list[Row]:
    """The rows of an export, by the ending of its name. Raises Trouble where it can't be read or lacks a column."""
    readers = {".csv": _csv, ".xlsx": _xlsx, ".xes": _xes}
    if path.suffix.lower() not in readers:
        raise Trouble(f"{path.name} is not CSV, XLSX or XES by its name: export it again as one of these.")
    if not path.is_file():
        raise Trouble(f"There is no file {path}: check its name.")
    rows = readers[path.suffix.lower()](path, plan)
    if not rows:
        raise Trouble(f"{path.name} has no row below its heading: export it again.")
    # A trace of XES has only the attributes that were written, so there a column may be missing in any row.
    there = dict.fromkeys(
        column for row in (rows if path.suffix.lower() == ".xes" else rows[:1]) for column in row.cells
    )
    for name, column in plan.columns.items():
        if column not in there:
            known = ", ".join(each for each in there if each)
            raise Trouble(f"{path.name} has no column “{column}”, which the mapping names for {name}: it has {known}.")
    return rows


def _csv(path: Path, _: Plan) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=heading.count)
            lines = csv.reader(file, delimiter=delimiter)
            return _table(lines, path)
    except UnicodeDecodeError:
        raise Trouble(f"{path.name} is not UTF-8: save it again as “CSV UTF-8”.") from None
    except csv.Error as error:
        raise Trouble(f"{path.name} is not CSV ({error}): export it again.") from None


def _xlsx(path: Path, plan: Plan) -> list[Row]:
    import zipfile  # noqa: PLC0415

    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Trouble(f"{path.name} is not an XLSX workbook ({error}): save it again as XLSX.") from None
    try:
        if plan.sheet and plan.sheet not in book.sheetnames:
            raise Trouble(f"{path.name} has no sheet “{plan.sheet}”: it has {', '.join(book.sheetnames)}.")
        return _table(book[plan.sheet or book.sheetnames[0]].iter_rows(values_only=True), path)
    finally:
        book.close()


def _table(lines: Iterable[Sequence[Any]], path: Path) -> list[Row]:
    """The rows below a heading; empty ones are left out, and keep their number."""
    counted = enumerate(lines, 1)
    heading = [str("" if each is None else each).strip() for each in next(counted, (1, ()))[1]]
    double = [name for name, count in Counter(heading).items() if name and count > 1]
    if double:
        raise Trouble(f"{path.name} has two columns “{double[0]}”: rename one of them.")
    return [
        Row(number, dict(zip(heading, (*line, *([""] * (len(heading) - len(line)))), strict=False)))
        for number, line in counted
        if any(cell not in (None, "") for cell in line)
    ]


def _xes(path: Path, _: Plan) -> list[Row]:
    """One row a case. A column is an attribute's last value among the case's events; `case:NAME` the case's own,
    `first:NAME` the first value."""
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415

    from defusedxml import DefusedXmlException  # noqa: PLC0415
    from defusedxml.ElementTree import iterparse  # noqa: PLC0415

    rows: list[Row] = []
    try:
        for _event, element in iterparse(path):
            if _local(element) != "trace":
                continue
            cells: dict[str, Any] = {f"case:{key}": value for key, value in _attributes(element)}
            for each in element:
                if _local(each) == "event":
                    for key, value in _attributes(each):
                        cells.setdefault(f"first:{key}", value)
                        cells[key] = value
            rows.append(Row(len(rows) + 1, cells))
            element.clear()
    except (ParseError, DefusedXmlException) as error:
        raise Trouble(f"{path.name} is not a safe XES file ({error}): export it again.") from None
    return rows


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _attributes(element: Any) -> Iterator[tuple[str, Any]]:
    for each in element:
        if _local(each) in ("string", "date", "int", "float", "boolean", "id") and each.get("key"):
            value = each.get("value", "")
            yield each.get("key"), _iso(value) if _local(each) == "date" else value


def _iso(text: str) -> Any:
    try:
        return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text


def text_of(cell: Any) -> str:
    """What a cell says. A number that a spreadsheet took for one is written without its ".0"."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    # The apostrophe that our own report put before what looks like a formula.
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text
