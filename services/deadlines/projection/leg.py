"""A row a step of a transfer: until when it is due, and how it ended."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from kernel.handlers import Row, View
from schemas.deadlines import LegFinished, LegMoved, LegOverdue, LegStarted
from schemas.event import Event, Recorded
from services.deadlines.domain.leg import still_overdue


class LegRow(Row, frozen=True, kw_only=True):
    """One step as it stands. `alarm_at` is its due date while it is open and nobody said that it has passed.
    `late_days` and `late_minutes` are working days and office minutes; None is in time."""

    stream: str
    transfer: str
    application: str
    step: str
    turn: int
    unit: str
    days: int
    started_at: dt.datetime
    due_at: dt.datetime
    rule: str
    open: bool = True
    overdue: bool = False
    outcome: str = ""
    finished_at: dt.datetime | None = None
    late_days: int | None = None
    late_minutes: int | None = None
    alarm_at: dt.datetime | None = None


def _started(row: LegRow | None, recorded: Recorded) -> LegRow:
    event: Any = recorded.event
    return LegRow(
        stream=recorded.stream,
        transfer=event.transfer,
        application=event.application,
        step=event.step,
        turn=event.turn,
        unit=event.unit,
        days=event.days,
        started_at=event.started_at,
        due_at=event.due_at,
        rule=event.rule.basis,
        alarm_at=event.due_at,
    )


def _finished(row: LegRow, event: Any) -> LegRow:
    late = event.late
    return replace(
        row,
        open=False,
        outcome=event.outcome,
        finished_at=event.finished_at,
        overdue=late is not None,
        late_days=late and late.days,
        late_minutes=late and late.minutes,
    )


_CHANGES: Mapping[type[Event], Callable[[LegRow, Any], LegRow]] = {
    LegMoved: lambda row, event: replace(row, due_at=event.due_at, overdue=still_overdue(row.overdue, event)),
    LegOverdue: lambda row, event: replace(row, overdue=True),
    LegFinished: _finished,
}


def _changed(row: LegRow | None, recorded: Recorded) -> LegRow | None:
    if row is None:
        return None
    after = _CHANGES[type(recorded.event)](row, recorded.event)
    return replace(after, alarm_at=after.due_at if after.open and not after.overdue else None)


leg = View("leg", LegRow, {LegStarted: _started, **dict.fromkeys(_CHANGES, _changed)})
