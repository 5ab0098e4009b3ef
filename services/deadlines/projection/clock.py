"""A row a dossier's clock, and what each finished stage used."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.calendar import Paused, local
from kernel.handlers import Key, Row, Total, View
from schemas.deadlines import (
    ApplicationAnswered,
    ApplicationOverdue,
    ClockEnded,
    ClockPaused,
    ClockResumed,
    DueDateApproaching,
    DueDateConfirmed,
    DueDateMoved,
    DueDateSet,
    LatenessForecast,
    OverdueLifted,
    Reappointed,
    ReappointmentBroken,
    ReappointmentKept,
    ResponsibilityPassedOn,
    StageFinished,
    StageOverdue,
    StageStarted,
    SupplementLapsed,
)
from schemas.event import Event, Recorded
from schemas.intake import Promise

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]
_promise = msgspec.json.Decoder(Promise)
_pauses = msgspec.json.Decoder(list[tuple[dt.datetime, dt.datetime | None]])


class ClockRow(Row, frozen=True, kw_only=True):
    """A clock as it stands. `phase` is running, paused, answered or ended. `due_at` is the lawful due date,
    `first_due_at` what the receipt says, `reappointed_at` what an apology named. `alarm_at` is when time brings the
    next thing that was not said yet. `pauses` (JSON: [[since, until], …], null: it stands still) are those since
    `started_at`. `late` and `again` are lateness against the first and the second, in working days and office minutes;
    None is in time. `kept` says of a re-appointment "kept" or "broken". `tracking` is the look-up digest of the
    dossier's tracking code, never the code."""

    stream: str
    application: str
    tracking: str
    code: str
    procedure: str
    procedure_name: str
    level: str
    channel: str
    received_by: str
    decided_by: str
    subject: UUID
    received_at: dt.datetime
    first_promise: str
    promise: str
    first_due_at: dt.datetime
    due_at: dt.datetime
    due_on: dt.date
    started_at: dt.datetime
    calendar: int
    phase: str = "running"
    warn_at: dt.datetime | None = None
    notice_by: dt.datetime | None = None
    forecast_from: dt.datetime | None = None
    pauses: str = "[]"
    paused_at: dt.datetime | None = None
    answer_by: dt.datetime | None = None
    lapsed: bool = False
    stage: int = 1
    role: str = ""
    unit: str = ""
    stage_started_at: dt.datetime | None = None
    stage_due_at: dt.datetime | None = None
    stage_late: bool = False
    approaching: bool = False
    overdue: bool = False
    expected_at: dt.datetime | None = None
    reappointed_at: dt.datetime | None = None
    kept: str = ""
    answered_at: dt.datetime | None = None
    outcome: str = ""
    late_days: int | None = None
    late_minutes: int | None = None
    again_days: int | None = None
    again_minutes: int | None = None
    late_unit: str = ""
    late_role: str = ""
    ended_at: dt.datetime | None = None
    alarm_at: dt.datetime | None = None


def read_promise(text: str) -> Promise:
    """A promise as a row keeps it."""
    return _promise.decode(text)


def _write(promise: Promise) -> str:
    return msgspec.json.encode(promise).decode()


def read_pauses(text: str) -> list[Paused]:
    """The pauses of a clock as a row keeps them."""
    return [Paused(since=since, until=until) for since, until in _pauses.decode(text)]


def _write_pauses(pauses: Iterable[tuple[dt.datetime, dt.datetime | None]]) -> str:
    return msgspec.json.encode(list(pauses)).decode()


def _set(row: ClockRow | None, recorded: Recorded) -> ClockRow:
    event: Any = recorded.event
    promise = _write(event.promise)
    return ClockRow(
        stream=recorded.stream,
        application=event.application,
        tracking=event.tracking,
        code=event.code,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        level=event.level,
        channel=event.channel,
        received_by=event.received_by,
        decided_by=event.decided_by,
        subject=event.subject,
        received_at=event.received_at,
        first_promise=promise,
        promise=promise,
        first_due_at=event.promise.due_at,
        due_at=event.promise.due_at,
        due_on=local(event.promise.due_at).date(),
        started_at=event.received_at,
        calendar=event.calendar,
        warn_at=event.warn_at,
        notice_by=event.notice_by,
        forecast_from=event.forecast_from,
        unit=event.received_by,
        stage_started_at=event.received_at,
    )


def _moved(row: ClockRow, event: Any) -> ClockRow:
    restarts = event.cause == "supplement_restart"
    stages = event.promise.stages
    return replace(
        row,
        promise=_write(event.promise),
        due_at=event.promise.due_at,
        due_on=local(event.promise.due_at).date(),
        calendar=event.calendar,
        warn_at=event.warn_at,
        notice_by=event.notice_by,
        forecast_from=event.forecast_from,
        started_at=event.moved_at if restarts else row.started_at,
        pauses=_write_pauses(each for each in _pauses.decode(row.pauses) if not each[1]) if restarts else row.pauses,
        stage_started_at=event.moved_at if restarts else row.stage_started_at,
        stage_due_at=stages[row.stage - 1].due_at if 1 <= row.stage <= len(stages) else None,
        stage_late=False,
        approaching=False,
        overdue=row.overdue and not restarts,
        expected_at=None,
    )


def _answered(row: ClockRow, event: Any) -> ClockRow:
    late, again = event.late, event.late_again
    return replace(
        row,
        phase="answered",
        answered_at=event.answered_at,
        outcome=event.outcome,
        overdue=late is not None,
        late_days=late and late.days,
        late_minutes=late and late.minutes,
        again_days=again and again.days,
        again_minutes=again and again.minutes,
        late_unit=event.late_unit,
        late_role=event.late_role,
    )


def _paused(row: ClockRow, event: Any) -> ClockRow:
    pauses = _write_pauses([*_pauses.decode(row.pauses), (event.paused_at, None)])
    return replace(
        row, phase="paused", pauses=pauses, paused_at=event.paused_at, answer_by=event.answer_by, lapsed=False
    )


def _resumed(row: ClockRow, event: Any) -> ClockRow:
    pauses = _write_pauses((since, until or event.resumed_at) for since, until in _pauses.decode(row.pauses))
    return replace(row, phase="running", pauses=pauses, paused_at=None, answer_by=None)


def _stage_started(row: ClockRow, event: Any) -> ClockRow:
    return replace(
        row,
        stage=event.stage,
        role=event.role,
        unit=event.unit,
        stage_started_at=event.started_at,
        stage_due_at=event.due_at,
        stage_late=False,
    )


_CHANGES: Mapping[type[Event], Callable[[ClockRow, Any], ClockRow]] = {
    DueDateMoved: _moved,
    DueDateConfirmed: lambda row, event: replace(row, calendar=event.calendar),
    ClockPaused: _paused,
    ClockResumed: _resumed,
    SupplementLapsed: lambda row, event: replace(row, lapsed=True),
    DueDateApproaching: lambda row, event: replace(row, approaching=True),
    LatenessForecast: lambda row, event: replace(row, expected_at=event.outlook.expected_at),
    ApplicationOverdue: lambda row, event: replace(row, overdue=True),
    OverdueLifted: lambda row, event: replace(row, overdue=False),
    ApplicationAnswered: _answered,
    ClockEnded: lambda row, event: replace(row, phase="ended", ended_at=event.ended_at),
    ResponsibilityPassedOn: lambda row, event: replace(row, received_by=event.received_by, decided_by=event.decided_by),
    StageStarted: _stage_started,
    StageOverdue: lambda row, event: replace(row, stage_late=True),
    Reappointed: lambda row, event: replace(row, reappointed_at=event.reappointed_at),
    ReappointmentKept: lambda row, event: replace(row, kept="kept"),
    ReappointmentBroken: lambda row, event: replace(row, kept="broken"),
}


def _changed(row: ClockRow | None, recorded: Recorded) -> ClockRow | None:
    return row and _CHANGES[type(recorded.event)](row, recorded.event)


def alarm_at(row: ClockRow) -> dt.datetime | None:
    """When time brings the next thing that was not said yet; None: nothing more."""
    if row.phase == "paused":
        return None if row.lapsed else row.answer_by
    if row.phase != "running":
        return None
    waits = (
        None if row.approaching else row.warn_at,
        None if row.stage_late else row.stage_due_at,
        None if row.overdue else row.due_at,
        None if row.kept else row.reappointed_at,
    )
    return min((each for each in waits if each), default=None)


def _alarmed(step: Callable[[Any, Recorded], ClockRow | None]) -> Callable[[Any, Recorded], ClockRow | None]:
    def stepped(row: Any, recorded: Recorded) -> ClockRow | None:
        after = step(row, recorded)
        return after and replace(after, alarm_at=alarm_at(after))

    return stepped


def open_now(row: ClockRow) -> Shares:
    """What a clock adds to what its unit has before it."""
    if row.phase in {"running", "paused"}:
        figures = (1, int(row.phase == "paused"), int(row.approaching and not row.overdue), int(row.overdue))
        yield (row.decided_by, row.unit), figures


clock = View(
    "clock",
    ClockRow,
    {DueDateSet: _alarmed(_set), **dict.fromkeys(_CHANGES, _alarmed(_changed))},
    totals=(Total("load", ("decided_by", "unit"), ("open", "paused", "approaching", "overdue"), open_now),),
)


# Finished stages: what a unit usually needs in a role


class FinishedStage(Row, frozen=True, kw_only=True):
    """What one stage of one dossier used, in office minutes."""

    stream: str
    number: int
    day: dt.date
    unit: str
    role: str
    used: int


def _finished(row: FinishedStage | None, recorded: Recorded) -> FinishedStage:
    event: Any = recorded.event
    return FinishedStage(
        stream=recorded.stream,
        number=recorded.number,
        day=local(event.finished_at).date(),
        unit=event.use.unit,
        role=event.use.role,
        used=event.use.used,
    )


def pace(row: FinishedStage) -> Shares:
    """What a finished stage adds to its unit's pace."""
    yield (row.unit, row.role, row.day), (1, row.used)


finished_stage = View(
    "finished_stage",
    FinishedStage,
    {StageFinished: _finished},
    key=lambda recorded: (recorded.stream, recorded.number),
    key_columns=("stream", "number"),
    totals=(Total("pace", ("unit", "role", "day"), ("finished", "used"), pace),),
)
