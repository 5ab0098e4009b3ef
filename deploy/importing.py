"""Dossiers in flight from another one-stop's export into a running intake: CSV, XLSX or XES by a mapping file.

    mapping = read_mapping(path)
    rows    = read(export, mapping)            each with the number that a spreadsheet shows
    result  = run(intake, rows, mapping, ...)  in batches; wrong rows are told and the others go on

Nothing is remembered here: a dossier is known by the other system's name and key, so an import that broke off is simply
started again. The report of wrong rows can be mended and imported as it is.
"""

import csv
import datetime as dt
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deploy.local.process import Progress, silent
from deploy.operator import Refused
from deploy.trouble import Trouble

MOST_LINES = 200
MOST_BYTES = 400_000  # of one batch; intake takes a megabyte at once
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ADDED = ("row", "wrong column", "what to do")  # the report's own columns

REQUIRED = ("key", "code", "procedure", "received_by", "decided_by", "received_at", "due_at", "applicant.name")
PLAIN = (
    "key", "code", "procedure", "received_by", "decided_by", "holder", "content", "delivery", "notify", "outcome",
    "status", "channel", "unit", "applicant.name", "applicant.id_number", "applicant.phone", "applicant.email",
    "applicant.kind", "applicant.address.street", "applicant.address.commune", "applicant.address.province",
)  # fmt: skip
MOMENTS = ("received_at", "due_at", "new_due_at", "resolved_at")
NUMBERS = ("amount", "stage")
OTHERS = ("applicant.born", "supplement_used", "documents")
FIELDS = frozenset((*PLAIN, *MOMENTS, *NUMBERS, *OTHERS))

# Which field a refusal of the whole line is about, by its code.
ABOUT = {
    "unknown_procedure": "procedure", "not_offered": "procedure", "time_unknown": "procedure", "bad_code": "code",
    "in_the_future": "received_at", "outcome_missing": "outcome", "unknown_unit": "received_by",
    "before_it_came": "due_at", "outside_calendar": "received_at", "erased": "applicant.id_number",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of an export: its cells by column, as they stand there. `number` is the spreadsheet's."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A mapping file, checked. `columns` and `fixed` are by field, `values` by field and then by the export's word."""

    system: str
    columns: Mapping[str, str]
    fixed: Mapping[str, Any]
    values: Mapping[str, Mapping[str, Any]]
    skip: Mapping[str, frozenset[str]]
    pad: Mapping[str, int]
    dates: tuple[str, ...]
    times: Mapping[str, dt.time]
    zone: ZoneInfo
    separator: str
    sheet: str


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


class Server(Protocol):
    def post(self, path: str, body: Any = None) -> Any: ...


# The mapping


def read_mapping(path: Path) -> Plan:
    """Raises Trouble where the file is not a mapping, with what to do."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Trouble(f"There is no mapping file {path}: write one, as in deploy/demo/import/.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Trouble(f"{path} is not TOML ({error}): mend it there.") from None

    def section(name: str) -> dict[str, Any]:
        found = data.get(name, {})
        if not isinstance(found, dict):
            raise Trouble(f"{path}: [{name}] must be a section: write the heading [{name}] and its entries below it.")
        return found

    columns, fixed, form = section("columns"), section("fixed"), section("format")
    for name in (*columns, *fixed, *section("values"), *section("skip"), *section("pad")):
        if name not in FIELDS:
            raise Trouble(
                f"{path} names a field “{name}” that a dossier does not have: use {', '.join(sorted(FIELDS))}."
            )
    if missing := [name for name in REQUIRED if name not in columns and name not in fixed]:
        raise Trouble(f"{path} says nothing of {', '.join(missing)}: name their columns in [columns], or set [fixed].")
    if not isinstance(data.get("system"), str) or not 0 < len(data["system"]) <= 60:
        raise Trouble(f'{path} does not name the system that the export is from: begin it with system = "its-name".')
    try:
        return Plan(
            system=data["system"],
            columns={name: str(column) for name, column in columns.items()},
            fixed=fixed,
            values={name: dict(words) for name, words in section("values").items()},
            skip={name: frozenset(map(str, words)) for name, words in section("skip").items()},
            pad={name: int(length) for name, length in section("pad").items()},
            dates=tuple(form.get("dates", ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"))),
            times={name: dt.time.fromisoformat(text) for name, text in form.get("times", {}).items()},
            zone=ZoneInfo(form.get("zone", "Asia/Ho_Chi_Minh")),
            separator=str(form.get("separator", ";")),
            sheet=str(form.get("sheet", "")),
        )
    except (ValueError, TypeError, ZoneInfoNotFoundError) as error:
        raise Trouble(f"{path} has a value that can't be used ({error}): mend it there.") from None


# Reading an export


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


# From a row to a line


def line_of(row: Row, plan: Plan) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The line that intake is sent, and what is wrong in the row: (column, what to do)."""
    line: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name, value in plan.fixed.items():
        _set(line, name, value)
    for name, column in plan.columns.items():
        try:
            value = _value(name, row.cells.get(column), plan)
        except ValueError as error:
            wrong.append((column, str(error)))
            continue
        if value not in (None, "", ()):
            _set(line, name, value)
        elif name in REQUIRED and name not in plan.fixed:
            wrong.append((column, "This is empty: fill it in."))
    return line, wrong


def _set(line: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")
    for part in above:
        line = line.setdefault(part, {})
    line[last] = value


def _value(name: str, cell: Any, plan: Plan) -> Any:
    """Raises ValueError with what to do."""
    text = _text(cell)
    words = plan.values.get(name)
    if words and text in words:
        return words[text]
    if not text:
        return None
    if words and name not in ("procedure", "received_by", "decided_by", "holder"):
        raise ValueError(f"“{text}” is not one of the words in [values.{name}] of the mapping: add it there.")
    if name in MOMENTS:
        return _moment(name, cell, text, plan).isoformat()
    if name == "applicant.born":
        return _moment(name, cell, text, plan).date().isoformat()
    if name in NUMBERS:
        if not text.isascii() or not text.isdigit():
            raise ValueError(f"“{text}” is not a whole number: write digits only.")
        return int(text)
    if name == "supplement_used":
        if text.lower() in ("1", "true", "x", "có", "yes", "đã yêu cầu"):
            return True
        if text.lower() in ("0", "false", "không", "no"):
            return False
        raise ValueError(f"“{text}” is neither yes nor no: write x or leave it empty, or add [values.supplement_used].")
    if name == "documents":
        return [{"title": each.strip(), "form": "copy"} for each in text.split(plan.separator) if each.strip()]
    return text.zfill(plan.pad[name]) if name in plan.pad and text.isdigit() else text


def _text(cell: Any) -> str:
    """What a cell says. A number that a spreadsheet took for one is written without its ".0"."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    # The apostrophe that our own report put before what looks like a formula.
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def _moment(name: str, cell: Any, text: str, plan: Plan) -> dt.datetime:
    found: dt.datetime | None = None
    only_day = False
    if isinstance(cell, dt.datetime):
        found, only_day = cell, cell.time() == dt.time() and cell.tzinfo is None
    elif isinstance(cell, dt.date):
        found, only_day = dt.datetime.combine(cell, dt.time()), True
    else:
        for form in plan.dates:
            try:
                found = dt.datetime.strptime(text, form)  # noqa: DTZ007
            except ValueError:
                continue
            only_day = not any(part in form for part in ("%H", "%I", "%X", "%c"))
            break
        else:
            found = _iso_moment(text)
            only_day = len(text) == len("2026-05-10")
    if found is None:
        raise ValueError(f"“{text}” is not a date of the form {' or '.join(plan.dates)}: mend it, or add its form.")
    if only_day:
        found = dt.datetime.combine(found.date(), plan.times.get(name, dt.time(17) if "due" in name else dt.time(8)))
    return found if found.tzinfo else found.replace(tzinfo=plan.zone)


def _iso_moment(text: str) -> dt.datetime | None:
    """What nobody can misread is taken whatever the forms are; our own report writes it."""
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


# Sending


def run(
    server: Server,
    rows: Sequence[Row],
    plan: Plan,
    *,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Result:
    """Send the rows in batches; what is wrong is kept in the result. Raises Trouble where intake stops answering."""
    result = Result(rows=len(rows))
    batch: list[tuple[Row, dict[str, Any]]] = []
    size = 0

    def send() -> None:
        nonlocal size
        if batch:
            _send(server, plan, batch, result, dry_run)
        batch.clear()
        size = 0

    for done, (row, line) in enumerate(_lines(rows, plan, result)):
        progress("importing", done, len(rows))
        if line is None:
            continue
        length = len(json.dumps(line))
        if len(batch) == MOST_LINES or size + length > MOST_BYTES:
            send()
        batch.append((row, line))
        size += length
    send()
    progress("importing", len(rows), len(rows))
    result.wrong.sort(key=lambda each: each.row.number)
    return result


def _lines(rows: Sequence[Row], plan: Plan, result: Result) -> Iterator[tuple[Row, dict[str, Any] | None]]:
    """Each row with its line; None where it is skipped, or wrong already."""
    keys: dict[str, int] = {}
    for row in rows:
        if any(_text(row.cells.get(plan.columns.get(name, ""))) in words for name, words in plan.skip.items()):
            result.skipped += 1
            yield row, None
            continue
        line, wrong = line_of(row, plan)
        key = line.get("key")
        if key in keys:
            reason = f"Row {keys[key]} has the same key: keep one of the two, or give this one a key of its own."
            wrong.append((plan.columns.get("key", ""), reason))
        elif key is not None:
            keys[str(key)] = row.number
        result.wrong += [Wrong(row, column, reason) for column, reason in wrong]
        yield row, None if wrong else line


def _send(
    server: Server, plan: Plan, batch: Sequence[tuple[Row, dict[str, Any]]], result: Result, dry_run: bool
) -> None:
    body = {"system": plan.system, "lines": [line for _, line in batch], "dry_run": dry_run}
    try:
        answer = server.post("/imports", body)
    except Refused as error:
        if error.status in (413, 422) and len(batch) > 1:  # which of them?
            for each in batch:
                _send(server, plan, [each], result, dry_run)
        elif error.status in (413, 422):
            result.wrong.append(Wrong(batch[0][0], "", str(error)))
        else:
            raise error.trouble() from None
        return
    for each in answer["lines"]:
        row, line = batch[each["index"]]
        if each["outcome"] == "wrong":
            result.wrong += _reasons(row, line, each["problem"], plan)
        else:
            setattr(result, each["outcome"], getattr(result, each["outcome"]) + 1)


def _reasons(row: Row, line: Mapping[str, Any], problem: Mapping[str, Any], plan: Plan) -> Iterator[Wrong]:
    for each in problem.get("errors", ()):
        yield Wrong(row, plan.columns.get(_field(each["where"]), each["where"]), f"{each['what']}.")
    if not problem.get("errors"):
        about = ABOUT.get(problem.get("code", ""), "")
        detail, instead = problem.get("detail", "It was refused."), problem.get("instead", "")
        if about == "received_by" and f"“{line.get('decided_by')}”" in detail:
            about = "decided_by"
        words = about in ("procedure", "received_by", "decided_by")
        add = f" Or say what it stands for in [values.{about}] of the mapping." if words else ""
        yield Wrong(row, plan.columns.get(about, ""), f"{detail} {instead}".strip() + add)


def _field(where: str) -> str:
    """The mapping's field of a place that a problem names: `documents.0.title` is about documents."""
    parts = where.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in FIELDS), where)


# The report


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


def report(path: Path, wrong: Sequence[Wrong], delimiter: str = ",") -> None:
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
            plain = [safe(_text(cells.get(column))) for column in columns]
            writer.writerow([*plain, number, safe(about), safe(what)])


def safe(text: str) -> str:
    """What a spreadsheet would take for a formula, as plain text."""
    return f"'{text}" if text.startswith(FORMULA) else text
