"""The mapping file: which column of an export is which field of a dossier, and what its words stand for."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deploy.trouble import Trouble

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


def field_of(where: str) -> str:
    """The mapping's field of a place that a problem names: `documents.0.title` is about documents."""
    parts = where.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in FIELDS), where)
