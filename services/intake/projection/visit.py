"""Visits that led to no dossier there and then."""

import datetime as dt
from typing import Any

import msgspec

from kernel.calendar import local
from kernel.handlers import Key, Row, Total, View
from schemas.event import Recorded
from schemas.intake import ApplicationSubmitted, PaperRefused, VisitorGuided
from services.intake.projection.column import as_json
from services.intake.projection.figures import Shares


class VisitRow(Row, frozen=True, kw_only=True):
    """A visit that led to no dossier there and then; `application` is the stream of the one that followed, if any."""

    visit: str
    kind: str = ""
    unit: str = ""
    procedure: str = ""
    channel: str = ""
    came_at: dt.datetime | None = None
    day: dt.date | None = None
    level: int | None = None
    guidance: str = "{}"
    rule: str = ""
    application: str = ""


def _guided(row: VisitRow | None, recorded: Recorded) -> VisitRow:
    event: VisitorGuided = recorded.event  # type: ignore[assignment]
    return _visited(row, recorded, event, kind="guided")


def _refused(row: VisitRow | None, recorded: Recorded) -> VisitRow:
    event: PaperRefused = recorded.event  # type: ignore[assignment]
    return _visited(row, recorded, event, kind="paper_refused", level=event.level)


def _visited(row: VisitRow | None, recorded: Recorded, event: VisitorGuided | PaperRefused, **changes: Any) -> VisitRow:
    return VisitRow(
        visit=recorded.stream,
        unit=event.unit,
        procedure=event.procedure,
        channel=event.channel,
        came_at=event.came_at,
        day=local(event.came_at).date(),
        guidance=as_json(event.guidance),
        rule=event.rule.basis,
        application=row.application if row else "",
        **changes,
    )


def _followed(row: VisitRow | None, recorded: Recorded) -> VisitRow | None:
    key = _by_visit(recorded)
    if key is None:
        return row
    # The two streams travel in different partitions: the dossier may be heard before the visit that led to it.
    row = row or VisitRow(visit=key[0])
    return msgspec.structs.replace(row, application=recorded.stream)


def _by_visit(recorded: Recorded) -> Key | None:
    match recorded.event:
        case ApplicationSubmitted(visit=None):
            return None
        case ApplicationSubmitted(visit=visit):
            return (f"visit-{visit}",)
        case _:
            return (recorded.stream,)


def _visits_by_day(row: VisitRow) -> Shares:
    if row.day:
        yield (
            (row.unit, row.procedure, row.day),
            (
                int(row.kind == "guided"),
                int(row.kind == "paper_refused"),
                int(row.application != ""),
            ),
        )


visit = View(
    table="visit",
    row=VisitRow,
    evolve={VisitorGuided: _guided, PaperRefused: _refused, ApplicationSubmitted: _followed},
    key=_by_visit,
    key_columns=("visit",),
    shared=True,
    totals=(
        Total("visit_by_day", ("unit", "procedure", "day"), ("guided", "paper_refused", "followed"), _visits_by_day),
    ),
)
