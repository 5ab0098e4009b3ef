"""A row a step, each time it was opened: for inboxes."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from msgspec.structs import replace

from kernel.handlers import Key, Row, Total, View
from schemas.event import Event, Recorded
from schemas.transfers import StepDue, StepEnded, StepEscalated, StepOpened

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]


class StepRow(Row, frozen=True, kw_only=True):
    """One opening of a step. `status` is open, or how it ended; `to_unit` who was told that it is overdue."""

    stream: str
    step: str
    turn: int
    application: str
    from_school: str
    to_school: str
    unit: str
    days: int
    status: str
    opened_at: dt.datetime
    due_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    escalated_at: dt.datetime | None = None
    to_unit: str = ""
    note: bytes | None = None


def _opened(row: StepRow | None, recorded: Recorded) -> StepRow:
    event: Any = recorded.event
    return StepRow(
        stream=recorded.stream,
        step=event.step,
        turn=event.turn,
        application=event.application,
        from_school=event.from_school,
        to_school=event.to_school,
        unit=event.unit,
        days=event.days,
        status="open",
        opened_at=event.opened_at,
    )


_STEP_CHANGES: Mapping[type[Event], Callable[[StepRow, Any], StepRow]] = {
    StepDue: lambda row, event: replace(row, due_at=event.due_at),
    StepEscalated: lambda row, event: replace(row, escalated_at=event.escalated_at, to_unit=event.to_unit),
    StepEnded: lambda row, event: replace(
        row, status=event.outcome, ended_at=event.ended_at, note=event.note and event.note.sealed
    ),
}


def _step_changed(row: StepRow | None, recorded: Recorded) -> StepRow | None:
    return row and _STEP_CHANGES[type(recorded.event)](row, recorded.event)


def _of_step(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (recorded.stream, event.step, event.turn)


def _work(row: StepRow) -> Shares:
    """What an open step adds to what its unit has before it."""
    if row.status == "open":
        yield (row.unit, row.step), (1, int(row.escalated_at is not None))


step = View(
    "step",
    StepRow,
    {StepOpened: _opened, **dict.fromkeys(_STEP_CHANGES, _step_changed)},
    key=_of_step,
    key_columns=("stream", "step", "turn"),
    totals=(Total("work", ("unit", "step"), ("open", "escalated"), _work),),
)
