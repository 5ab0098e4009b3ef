"""The national catalogue of procedures, as it was exported, held against a running intake's own.

A JSON file is a list of procedures (or {"national": [...]}) as the API takes them. A CSV has a heading of the same
names: lists are divided by "|", `times` is "8 working_days | 5 working_days within_province", `withdrawn` is "yes", and
an empty cell means that the national catalogue does not say.
"""

import csv
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from deploy.operator import Refused
from deploy.trouble import Trouble

NAMES = (
    "code", "effective_from", "name_vi", "level", "field", "authority", "documents", "fee_vnd", "times", "online_level",
    "legal_basis", "decision", "withdrawn",
)  # fmt: skip
REQUIRED = ("code", "effective_from", "name_vi")
ROUNDS = 4  # the catalogue, the one-stops, and what a view had not heard yet
HEARD = 20.0  # seconds


class Server(Protocol):
    def post(self, path: str, body: Any = None) -> Any: ...
    def get(self, path: str) -> Any: ...


def read(path: Path) -> list[dict[str, Any]]:
    """The procedures of a file. Raises Trouble where it is not one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Trouble(f"There is no file {path}: check its name.") from None
    except UnicodeDecodeError:
        raise Trouble(f"{path.name} is not UTF-8: save it again as UTF-8.") from None
    return _json(path, text) if path.suffix.lower() == ".json" else _csv(path, text)


def _json(path: Path, text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Trouble(f"{path.name} is not JSON ({error}): export it again.") from None
    found = found.get("national") if isinstance(found, dict) else found
    if not isinstance(found, list):
        raise Trouble(f"{path.name} is not a list of procedures: put them between [ and ].")
    return found


def _csv(path: Path, text: str) -> list[dict[str, Any]]:
    first = text.split("\n", 1)[0]
    rows = list(csv.DictReader(text.splitlines(keepends=True), delimiter=max(",;\t", key=first.count)))
    heading = set(rows[0]) if rows else set()
    if missing := [name for name in REQUIRED if name not in heading]:
        raise Trouble(f"{path.name} has no column {', '.join(missing)}: name its columns {', '.join(NAMES)}.")
    if strange := [str(name) for name in heading if name not in NAMES]:
        raise Trouble(f"{path.name} has a column “{strange[0]}” that is not known: use {', '.join(NAMES)}.")
    try:
        return [_procedure(row) for row in rows]
    except ValueError as error:
        raise Trouble(f"{path.name}: {error}.") from None


def _procedure(row: Mapping[str, str]) -> dict[str, Any]:
    """Raises ValueError."""
    found: dict[str, Any] = {name: text.strip() for name, text in row.items() if text and text.strip()}
    for name in ("documents", "legal_basis", "times"):
        if name in found:
            found[name] = [each.strip() for each in found[name].split("|") if each.strip()]
    for name in ("fee_vnd", "online_level"):
        if name in found:
            if not found[name].isdigit():
                raise ValueError(f"{name} of {row['code']} is “{found[name]}”: write a whole number")
            found[name] = int(found[name])
    if "times" in found:
        found["times"] = [_time(each, row["code"]) for each in found["times"]]
    if "withdrawn" in found:
        found["withdrawn"] = found["withdrawn"].lower() in ("yes", "true", "1", "x")
    return found


def _time(text: str, code: str) -> dict[str, Any]:
    amount, _, rest = text.partition(" ")
    unit, _, case = rest.partition(" ")
    if not amount.isdigit() or not unit:
        raise ValueError(f"times of {code} is “{text}”: write it as 8 working_days")
    return {"amount": int(amount), "unit": unit, "case": case}


def load(server: Server) -> dict[str, Any]:
    """Load the reviewed files of the installation; units first, for procedures are shown on them."""
    try:
        return {what: server.post(f"/{what}/load") for what in ("units", "catalogue")}
    except Refused as error:
        raise error.trouble() from None


def diff(server: Server, national: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(_post(server, "/catalogue/diff", {"national": national})["differences"])


def bring_in_line(server: Server, national: list[dict[str, Any]], *, dry_run: bool) -> dict[str, Any]:
    """Mend the differences, round by round: the catalogue first, then what the units show. Answers what differed at
    first, how much was mended, and what is left for a person."""
    body = {"national": national, "dry_run": dry_run}
    first = answer = _post(server, "/catalogue/bring-in-line", body)
    mended = answer["mended"]
    for _ in range(ROUNDS):
        if dry_run or not answer["mended"]:
            break
        _heard(server)
        answer = _post(server, "/catalogue/bring-in-line", body)
        mended += answer["mended"]
    left = answer["differences"] if dry_run else diff(server, national) if mended else answer["differences"]
    return {"differences": first["differences"], "mended": mended, "left": left}


def _heard(server: Server) -> None:
    """Until what was said is published, and a moment for the views to hear it."""
    until = time.monotonic() + HEARD
    while time.monotonic() < until:
        state = server.get("/readyz")
        if not state.get("unpublished") and not state.get("unsealed"):
            break
        time.sleep(0.2)
    time.sleep(1.5)


def _post(server: Server, path: str, body: Any) -> Any:
    try:
        return server.post(path, body)
    except Refused as error:
        if error.status == 413:
            raise Trouble(
                "The file is larger than intake takes at once: start intake with a larger MOTCUA_MAX_BODY (bytes)."
            ) from None
        raise error.trouble() from None
