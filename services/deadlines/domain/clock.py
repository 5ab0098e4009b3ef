"""One dossier's clock: its promise, its pauses, its stages, and what time brings.

What happens to a dossier comes from intake as commands with the moment at which it happened. What time brings comes by
`Notice(now)`, or with the next thing that happens: every transition is said once, with the moment at which it became
true. So a service that was away says afterwards what it missed, in the order in which it became true.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from kernel.calendar import Paused
from kernel.decider import Decider
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
    EndGround,
    LatenessForecast,
    MoveCause,
    Outlook,
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
from schemas.event import Event
from schemas.intake import Channel, Outcome, Promise
from schemas.people import Level
from services.deadlines.domain.counting import blamed, late, limits, recounted
from services.deadlines.domain.dossier import about, stream_of
from services.deadlines.domain.lateness import finish_stage, forecast, lifted, passed, use
from services.deadlines.domain.rules import Known, local_rules
from services.deadlines.domain.running import ONE_STOP, Clock, Running, evolve, initial

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A dossier was received: let its clock run. `moved` are promises that another system gave after the first."""

    known: Known
    application: str
    code: str
    procedure: str
    procedure_name: str
    level: Level
    channel: Channel
    received_by: str
    decided_by: str
    subject: UUID
    received_at: dt.datetime
    promise: Promise
    tracking: str = ""
    moved: tuple[Promise, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A supplement was asked for: let the clock stand."""

    known: Known
    at: dt.datetime
    noticed_at: dt.datetime
    answer_by: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Resume:
    """The supplement is complete. With a new promise the clock starts again from zero, without one it goes on."""

    known: Known
    at: dt.datetime
    noticed_at: dt.datetime
    promise: Promise | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BeginStage:
    """A unit has the dossier now. `due_at` is the end of its share as intake said it."""

    known: Known
    at: dt.datetime
    noticed_at: dt.datetime
    stage: int
    role: str
    unit: str
    due_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The dossier was answered: stop the clock."""

    known: Known
    at: dt.datetime
    noticed_at: dt.datetime
    outcome: Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """It was withdrawn, or processing was stopped."""

    known: Known
    at: dt.datetime
    noticed_at: dt.datetime
    ground: EndGround


@dataclass(frozen=True, kw_only=True, slots=True)
class PassOn:
    """Other units receive and decide it now."""

    received_by: str
    decided_by: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Say what became true by `now`."""

    known: Known
    now: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """The calendar changed on `days`: count again."""

    known: Known
    now: dt.datetime
    days: tuple[dt.date, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """Say that it will probably be late, where the outlook says so."""

    outlook: Outlook
    now: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Reappoint:
    """An apology named a new day."""

    new_due_at: dt.datetime
    apology: str


Command: TypeAlias = (
    Start | Pause | Resume | BeginStage | Answer | End | PassOn | Notice | Recount | Forecast | Reappoint
)


# Decide


def decide(command: Command, state: Clock) -> list[Event]:
    match command, state.running:
        case Start(), None:
            return _start(command)
        case (Start(), _) | (_, None):
            return []
        case PassOn(), life:
            return _pass_on(command, life)
        case _, Running(phase="answered" | "ended"):
            return []

        case Pause(), Running(phase="running") as life:
            said = [*_so_far(command, life), *lifted(command.at, "moved", life, command.noticed_at)]
            return [*said, ClockPaused(**about(life), paused_at=command.at, answer_by=command.answer_by)]
        case Resume(), Running(phase="paused") as life:
            return _resume(command, life)
        case BeginStage(), life:
            return _begin_stage(command, life)
        case Answer(), life:
            return _answer(command, life)
        case End(), life:
            ended = ClockEnded(**about(life), ground=command.ground, ended_at=command.at)
            return [*_so_far(command, life), *finish_stage(command.at, life, command.known), ended]

        case Notice(known=known, now=now), life:
            return passed(now, now, life, known)
        case Recount(), life:
            return _recount(command, life)
        case Forecast(), Running(phase="running") as life:
            return forecast(command.outlook, command.now, life)
        case Reappoint(), life:
            return _reappoint(command, life)
        case _:
            return []


def _start(command: Start) -> list[Event]:
    said = about(command)
    known, promise = command.known, command.promise
    stages = promise.stages
    events: list[Event] = [
        DueDateSet(
            **said,
            procedure_name=command.procedure_name,
            level=command.level,
            channel=command.channel,
            subject=command.subject,
            received_at=command.received_at,
            promise=promise,
            calendar=known.number,
            **_limits(promise, command.received_at, command.received_at, known),
            tracking=command.tracking,
        ),
        StageStarted(
            **said,
            stage=1,
            role=stages[0].role if stages else ONE_STOP,
            unit=command.received_by,
            started_at=command.received_at,
            due_at=stages[0].due_at if stages else None,
        ),
    ]
    was = promise.due_at
    for each in command.moved:
        moved = DueDateMoved(
            **said,
            was=was,
            promise=each,
            cause="imported",
            moved_at=command.received_at,
            calendar=known.number,
            **_limits(each, command.received_at, command.received_at, known),
        )
        events.append(moved)
        was = each.due_at
    return events


def _limits(promise: Promise, started: dt.datetime, received: dt.datetime, known: Known) -> dict[str, Any]:
    found = limits(promise, started, local_rules(received, known), known.calendar)
    return {"warn_at": found.warn_at, "notice_by": found.notice_by, "forecast_from": found.forecast_from}


def _pass_on(command: PassOn, state: Running) -> list[Event]:
    if (command.received_by, command.decided_by) == (state.received_by, state.decided_by):
        return []
    return [
        ResponsibilityPassedOn(
            **about(state) | {"received_by": command.received_by, "decided_by": command.decided_by},
            was_received_by=state.received_by,
            was_decided_by=state.decided_by,
            passed_on_at=command.at,
        )
    ]


def _so_far(command: Pause | Resume | BeginStage | Answer | End, state: Running) -> list[Event]:
    """What time had brought when this happened."""
    return passed(command.at, command.noticed_at, state, command.known)


def _begin_stage(command: BeginStage, state: Running) -> list[Event]:
    stage = state.stage
    if (command.stage, command.role, command.unit) == (stage.number, stage.role, stage.unit):
        return []
    started = StageStarted(
        **about(state),
        stage=command.stage,
        role=command.role,
        unit=command.unit,
        started_at=command.at,
        due_at=command.due_at,
    )
    return [*_so_far(command, state), *finish_stage(command.at, state, command.known), started]


def _resume(command: Resume, state: Running) -> list[Event]:
    known, dossier = command.known, about(state)
    since = state.pauses[-1].since
    at = max(command.at, since)
    pauses = (*state.pauses[:-1], Paused(since=since, until=at))
    cause: MoveCause = "supplement_restart" if command.promise else "supplement_pause"
    promise = command.promise or recounted(state.promise, state.started_at, pauses, known.calendar)
    moved = DueDateMoved(
        **dossier,
        was=state.promise.due_at,
        promise=promise,
        cause=cause,
        moved_at=at,
        calendar=known.number,
        **_limits(promise, at if command.promise else state.started_at, state.received_at, known),
    )
    return [*_so_far(command, state), ClockResumed(**dossier, resumed_at=at), moved]


def _answer(command: Answer, state: Running) -> list[Event]:
    at, known, again = command.at, command.known, state.reappointed_at
    uses = (*state.uses, use(at, state, known))
    # While the clock stands nothing becomes late: only what was late before it stood.
    stands = state.phase == "paused"
    behind = None if stands and "overdue" not in state.said else late(state.promise.due_at, at, known.calendar)
    unit, role = blamed(uses) if behind else ("", "")
    kept = again is not None and at <= again
    return [
        *_so_far(command, state),
        *lifted(at, "answered_in_time", state, command.noticed_at),
        *finish_stage(at, state, known),
        *([ReappointmentKept(**about(state), reappointed_at=again, answered_at=at)] if again and kept else ()),
        ApplicationAnswered(
            **about(state),
            answered_at=at,
            outcome=command.outcome,
            due_at=state.promise.due_at,
            late=behind,
            stages=uses,
            subject=state.subject,
            late_unit=unit,
            late_role=role,
            reappointed_at=again,
            late_again=late(again, at, known.calendar) if again else None,
            used=sum(each.used for each in uses),
        ),
    ]


def _recount(command: Recount, state: Running) -> list[Event]:
    known, promise = command.known, state.promise
    if known.number <= state.calendar:
        return []
    counted = recounted(promise, state.started_at, state.pauses, known.calendar)
    if counted.due_at == promise.due_at:
        confirmed = DueDateConfirmed(
            **about(state),
            due_at=promise.due_at,
            calendar=known.number,
            days=command.days,
            confirmed_at=command.now,
        )
        return [confirmed]
    moved = DueDateMoved(
        **about(state),
        was=promise.due_at,
        promise=counted,
        cause="calendar",
        moved_at=command.now,
        calendar=known.number,
        days=command.days,
        **_limits(counted, state.started_at, state.received_at, known),
    )
    if "overdue" in state.said and command.now <= counted.due_at:
        return [OverdueLifted(**about(state), due_at=promise.due_at, ground="moved", lifted_at=command.now), moved]
    return [moved]


def _reappoint(command: Reappoint, state: Running) -> list[Event]:
    if state.reappointed_at is not None:  # the apology refuses a second one with its reason; here it is just so
        return []
    return [
        Reappointed(
            **about(state),
            due_at=state.promise.due_at,
            reappointed_at=command.new_due_at,
            apology=command.apology,
        )
    ]


clock: Decider[Clock] = Decider(
    "clock",
    initial,
    decide,
    evolve,
    (
        DueDateSet,
        DueDateMoved,
        DueDateConfirmed,
        ClockPaused,
        ClockResumed,
        SupplementLapsed,
        DueDateApproaching,
        LatenessForecast,
        ApplicationOverdue,
        OverdueLifted,
        ApplicationAnswered,
        ClockEnded,
        ResponsibilityPassedOn,
        StageStarted,
        StageOverdue,
        StageFinished,
        Reappointed,
        ReappointmentKept,
        ReappointmentBroken,
    ),
)


def clock_stream(application: str) -> str:
    """The stream of the clock of a dossier, by the dossier's stream: opening it twice is the same stream."""
    return stream_of("clock", application)
