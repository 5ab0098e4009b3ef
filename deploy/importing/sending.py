"""Send the lines in batches, and sort out what intake says to each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from deploy.importing.export import Row, text_of
from deploy.importing.line import line_of
from deploy.importing.mapping import Plan, field_of
from deploy.importing.report import Result, Wrong
from deploy.local.process import Progress, silent
from deploy.operator import Refused

MOST_LINES = 200
MOST_BYTES = 400_000  # of one batch; intake takes a megabyte at once
# Which field a refusal of the whole line is about, by its code.
ABOUT = {
    "unknown_procedure": "procedure", "not_offered": "procedure", "time_unknown": "procedure", "bad_code": "code",
    "in_the_future": "received_at", "outcome_missing": "outcome", "unknown_unit": "received_by",
    "before_it_came": "due_at", "outside_calendar": "received_at", "erased": "applicant.id_number",
}  # fmt: skip


class Server(Protocol):
    def post(self, path: str, body: Any = None) -> Any: ...


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
        if any(text_of(row.cells.get(plan.columns.get(name, ""))) in words for name, words in plan.skip.items()):
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
        yield Wrong(row, plan.columns.get(field_of(each["where"]), each["where"]), f"{each['what']}.")
    if not problem.get("errors"):
        about = ABOUT.get(problem.get("code", ""), "")
        detail, instead = problem.get("detail", "It was refused."), problem.get("instead", "")
        if about == "received_by" and f"“{line.get('decided_by')}”" in detail:
            about = "decided_by"
        words = about in ("procedure", "received_by", "decided_by")
        add = f" Or say what it stands for in [values.{about}] of the mapping." if words else ""
        yield Wrong(row, plan.columns.get(about, ""), f"{detail} {instead}".strip() + add)
