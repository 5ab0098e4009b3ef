"""What reporting shows: a row a dossier and a row a visit, totals that are sums of their contributions, and what units
and procedures are called by date. Every function is total: any event may meet any row, or none.

A dossier is always counted under the unit that decides it now and the channel as last corrected, on the days when
things happened (not when they were written down). So late entries and corrections move what was counted before.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from kernel.calendar import ZONE
from kernel.handlers import Key, Row, Total, View
from schemas.event import Event, Recorded
from schemas.intake import (
    ApplicationCorrected,
    ApplicationImported,
    ApplicationNotAccepted,
    ApplicationPassedOn,
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    AppointmentMoved,
    Channel,
    PaperRefused,
    ProcedureAmended,
    ProcedureListed,
    ProcedureWithdrawn,
    ResultHandedOver,
    Status,
    SupplementAsked,
    SupplementSupplied,
    UnitChanged,
    UnitClosed,
    UnitMerged,
    UnitOpened,
    UnitSplit,
    VisitorGuided,
)
from services.reporting.domain import Since, read_history

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]


def local_day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(ZONE).date()


# Dossiers


class Application(Row, frozen=True, kw_only=True):
    """A dossier that was handed in. `ended` says how it was finished: "granted", "refused", "stopped", "withdrawn"; a
    dossier that was never received is never finished. `taken_up_on` is when it stopped waiting to be looked at."""

    stream: str
    code: str = ""
    procedure: str
    procedure_name: str
    level: str = ""
    unit: str
    received_by: str
    channel: Channel
    status: Status
    submitted_at: dt.datetime
    submitted_on: dt.date
    taken_up_on: dt.date | None = None
    received_at: dt.datetime | None = None
    received_on: dt.date | None = None
    due_first: dt.datetime | None = None
    due_now: dt.datetime | None = None
    supplements: int = 0
    finished_at: dt.datetime | None = None
    finished_on: dt.date | None = None
    ended: str = ""
    not_accepted_on: dt.date | None = None
    ground: str = ""
    handed_over_at: dt.datetime | None = None


def _submitted(row: Application | None, recorded: Recorded) -> Application:
    event: Any = recorded.event
    return Application(
        stream=recorded.stream,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        unit=event.decided_by,
        received_by=event.received_by,
        channel=event.channel,
        status="submitted",
        submitted_at=event.submitted_at,
        submitted_on=local_day(event.submitted_at),
    )


def _received(row: Application | None, recorded: Recorded) -> Application:
    event: Any = recorded.event
    day = local_day(event.received_at)
    return Application(
        stream=recorded.stream,
        code=event.code,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        level=event.level,
        unit=event.decided_by,
        received_by=event.received_by,
        channel=event.channel,
        status="in_process",
        submitted_at=row.submitted_at if row else event.received_at,
        submitted_on=row.submitted_on if row else day,
        taken_up_on=day,
        received_at=event.received_at,
        received_on=day,
        due_first=event.promise.due_at,
        due_now=event.promise.due_at,
    )


def _imported(row: Application | None, recorded: Recorded) -> Application:
    event: Any = recorded.event
    came = _received(None, recorded)
    if event.promises:
        came = replace(came, due_now=event.promises[-1].due_at)
    came = replace(came, status=event.status, supplements=len(event.promises) + (event.status == "supplement_asked"))
    if event.outcome is None:
        return came
    return _finished(came, event.resolved_at or event.imported_at, "resolved", event.outcome)


def _not_accepted(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    if row is None:
        return None
    day = local_day(event.not_accepted_at)
    return replace(_held(row, event), status="not_accepted", taken_up_on=day, not_accepted_on=day, ground=event.ground)


def _asked(row: Application | None, recorded: Recorded) -> Application | None:
    if row is None:
        return None
    return replace(_held(row, recorded.event), status="supplement_asked", supplements=row.supplements + 1)


def _supplied(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    if row is None:
        return None
    row = _held(row, event)
    if event.complete:
        row = replace(row, status="in_process")
    return replace(row, due_now=event.promise.due_at) if event.promise else row


def _appointment_moved(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    return None if row is None else replace(_held(row, event), due_now=event.promise.due_at)


def _resolved(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    if row is None:
        return None
    row = _finished(_held(row, event), event.resolved_at, "resolved", event.outcome)
    return replace(row, ground=event.ground or "")


def _handed_over(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    if row is None:
        return None
    return replace(_held(row, event), status="handed_over", handed_over_at=event.handed_over_at)


def _stopped(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    if row is None:
        return None
    return replace(_finished(_held(row, event), event.stopped_at, "stopped", "stopped"), ground=event.ground)


def _withdrawn(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    if row is None:
        return None
    return _finished(_held(row, event), event.withdrawn_at, "withdrawn", "withdrawn")


def _passed_on(row: Application | None, recorded: Recorded) -> Application | None:
    return None if row is None else _held(row, recorded.event)


def _corrected(row: Application | None, recorded: Recorded) -> Application | None:
    event: Any = recorded.event
    return None if row is None else replace(_held(row, event), channel=event.channel or row.channel)


def _held(row: Application, event: Any) -> Application:
    """Who has it: every event about a dossier says so."""
    if (row.unit, row.received_by) == (event.decided_by, event.received_by):
        return row
    return replace(row, unit=event.decided_by, received_by=event.received_by)


def _finished(row: Application, at: dt.datetime, status: Status, ended: str) -> Application:
    day = local_day(at)
    if row.received_on is None:  # given up before it was received: it was never in progress
        return replace(row, status=status, taken_up_on=day)
    return replace(row, status=status, finished_at=at, finished_on=day, ended=ended)


ENDED: Mapping[str, tuple[int, ...]] = {
    "granted": (0, 1, 0, 0, 0, 0, 0),
    "refused": (0, 0, 1, 0, 0, 0, 0),
    "stopped": (0, 0, 0, 1, 0, 0, 0),
    "withdrawn": (0, 0, 0, 0, 1, 0, 0),
}
RECEIVED = (1, 0, 0, 0, 0, 0, 0)
NOT_ACCEPTED = (0, 0, 0, 0, 0, 1, 0)
WAITS = (0, 0, 0, 0, 0, 0, 1)
WAITS_NO_MORE = (0, 0, 0, 0, 0, 0, -1)


def happened(row: Application) -> Shares:
    """What a dossier adds to which day."""
    unit, procedure, channel = row.unit, row.procedure, row.channel
    if row.taken_up_on != row.submitted_on:
        yield (row.submitted_on, unit, procedure, channel), WAITS
        if row.taken_up_on:
            yield (row.taken_up_on, unit, procedure, channel), WAITS_NO_MORE
    if row.received_on:
        yield (row.received_on, unit, procedure, channel), RECEIVED
    if row.not_accepted_on:
        yield (row.not_accepted_on, unit, procedure, channel), NOT_ACCEPTED
    if row.finished_on:
        yield (row.finished_on, unit, procedure, channel), ENDED[row.ended]


def open_now(row: Application) -> Shares:
    """What a dossier adds to what is open."""
    if row.taken_up_on is None:
        yield (row.unit, row.procedure, row.channel), (0, 1)
    elif row.received_on and not row.finished_on:
        yield (row.unit, row.procedure, row.channel), (1, 0)


# Visits


class Visit(Row, frozen=True, kw_only=True):
    """Somebody who was told to go elsewhere, or whose paper dossier was refused (`refused`)."""

    stream: str
    unit: str
    procedure: str
    channel: Channel
    came_at: dt.datetime
    came_on: dt.date
    refused: bool


def _came(row: Visit | None, recorded: Recorded) -> Visit:
    event: Any = recorded.event
    return Visit(
        stream=recorded.stream,
        unit=event.unit,
        procedure=event.procedure,
        channel=event.channel,
        came_at=event.came_at,
        came_on=local_day(event.came_at),
        refused=isinstance(event, PaperRefused),
    )


def turned_away(row: Visit) -> Shares:
    """What a visit adds to its day."""
    yield (row.came_on, row.unit, row.procedure, row.channel), (0, 1) if row.refused else (1, 0)


# What units and procedures are called


class Unit(Row, frozen=True, kw_only=True):
    unit: str
    history: str


class Procedure(Row, frozen=True, kw_only=True):
    procedure: str
    history: str


def _unit(row: Unit | None, recorded: Recorded) -> Unit:
    event: Any = recorded.event
    now: Since
    match event:
        case UnitOpened() | UnitChanged():
            facts = event.facts
            now = Since(day=event.effective_from, name=facts.name, kind=facts.kind, parent=facts.parent)
        case UnitSplit() if event.unit in event.into:
            return row or Unit(unit=event.unit, history="[]")
        case UnitMerged():
            now = Since(day=event.effective_from, into=(event.into,))
        case _:
            now = Since(day=event.effective_from, into=getattr(event, "into", ()))
    # What ends a unit ends all that was planned for it from that day on.
    return Unit(unit=event.unit, history=_since(row.history if row else "[]", now, ends=not now.name))


def _procedure(row: Procedure | None, recorded: Recorded) -> Procedure:
    event: Any = recorded.event
    match event:
        case ProcedureWithdrawn():
            now = Since(day=event.effective_from, into=event.replaced_by)
        case _:
            terms = event.terms
            now = Since(
                day=event.effective_from, name=terms.name_vi, level=terms.level, online_level=terms.online_level
            )
    return Procedure(procedure=event.procedure, history=_since(row.history if row else "[]", now, ends=False))


def _since(history: str, now: Since, *, ends: bool) -> str:
    kept = [each for each in read_history(history) if (each.day < now.day if ends else each.day != now.day)]
    return msgspec.json.encode(sorted([*kept, now], key=lambda each: each.day)).decode()


def _of_unit(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (event.unit,)


def _of_procedure(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (event.procedure,)


DIMENSIONS = ("unit", "procedure", "channel")

application = View(
    "application",
    Application,
    {
        ApplicationSubmitted: _submitted,
        ApplicationReceived: _received,
        ApplicationImported: _imported,
        ApplicationNotAccepted: _not_accepted,
        SupplementAsked: _asked,
        SupplementSupplied: _supplied,
        AppointmentMoved: _appointment_moved,
        ApplicationPassedOn: _passed_on,
        ApplicationResolved: _resolved,
        ResultHandedOver: _handed_over,
        ApplicationStopped: _stopped,
        ApplicationWithdrawn: _withdrawn,
        ApplicationCorrected: _corrected,
    },
    totals=(
        Total(
            "tally",
            ("day", *DIMENSIONS),
            ("received", "granted", "refused", "stopped", "withdrawn", "not_accepted", "waiting"),
            happened,
        ),
        Total("standing", DIMENSIONS, ("in_progress", "waiting"), open_now),
    ),
)
visit = View(
    "visit",
    Visit,
    {VisitorGuided: _came, PaperRefused: _came},
    totals=(Total("visit_tally", ("day", *DIMENSIONS), ("guided", "paper_refused"), turned_away),),
)
_units: Mapping[type[Event], Any] = dict.fromkeys((UnitOpened, UnitChanged, UnitMerged, UnitSplit, UnitClosed), _unit)
_procedures: Mapping[type[Event], Any] = dict.fromkeys(
    (ProcedureListed, ProcedureAmended, ProcedureWithdrawn), _procedure
)
unit = View("unit", Unit, _units, key=_of_unit, key_columns=("unit",), shared=True)
procedure = View("procedure", Procedure, _procedures, key=_of_procedure, key_columns=("procedure",), shared=True)

views = (application, visit, unit, procedure)
