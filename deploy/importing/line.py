"""From a row of an export to the line that intake is sent."""

import datetime as dt
from typing import Any

from deploy.importing.export import Row, text_of
from deploy.importing.mapping import MOMENTS, NUMBERS, REQUIRED, Plan


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
    text = text_of(cell)
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
