"""One dossier's clock: its promise, its pauses, its stages, and what time brings.

What happens to a dossier comes from intake as commands with the moment at which it happened. What time brings comes by
`Notice(now)`, or with the next thing that happens: every transition is said once, with the moment at which it became
true. So a service that was away says afterwards what it missed, in the order in which it became true.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

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
    LapseGround,
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
    StageUse,
    SupplementLapsed,
)
from schemas.event import Event
from schemas.intake import Channel, Outcome, Promise
from schemas.people import Level
from services.deadlines.domain.counting import allowed, apologise_by, blamed, late, limits, recounted, used
from services.deadlines.domain.dossier import about, stream_of
from services.deadlines.domain.rules import Known, local_rules

ONE_STOP = "one_stop"

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

# State: structs, because a clock is folded by the hundred thousand, and a struct is made anew ten times faster

Phase: TypeAlias = Literal["none", "running", "paused", "answered", "ended"]
Said: TypeAlias = Literal["approaching", "overdue", "forecast", "stage", "broken", "lapsed"]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Who has the dossier now, since when, and until when."""

    number: int
    role: str
    unit: str
    started_at: dt.datetime
    due_at: dt.datetime | None


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A clock that was started. `started_at` is the receipt, or the last start from zero; `pauses` and `uses` are since
    then. `said` is what time brought and was said already of this promise."""

    application: str
    code: str
    procedure: str
    received_by: str
    decided_by: str
    subject: UUID
    received_at: dt.datetime
    first: Promise
    promise: Promise
    started_at: dt.datetime
    calendar: int
    stage: Stage
    warn_at: dt.datetime | None = None
    notice_by: dt.datetime | None = None
    phase: Phase = "running"
    pauses: tuple[Paused, ...] = ()
    answer_by: dt.datetime | None = None
    uses: tuple[StageUse, ...] = ()
    said: frozenset[Said] = frozenset()
    reappointed_at: dt.datetime | None = None


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier's clock; before its receipt there is nothing that runs."""

    running: Running | None = None


initial = Clock()

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
            said = [*_so_far(command, life), *_lifted(command.at, "moved", life, command.noticed_at)]
            return [*said, ClockPaused(**about(life), paused_at=command.at, answer_by=command.answer_by)]
        case Resume(), Running(phase="paused") as life:
            return _resume(command, life)
        case BeginStage(), life:
            return _begin_stage(command, life)
        case Answer(), life:
            return _answer(command, life)
        case End(), life:
            ended = ClockEnded(**about(life), ground=command.ground, ended_at=command.at)
            return [*_so_far(command, life), *_finish_stage(command.at, life, command.known), ended]

        case Notice(known=known, now=now), life:
            return _passed(now, now, life, known)
        case Recount(), life:
            return _recount(command, life)
        case Forecast(), Running(phase="running") as life:
            return _forecast(command, life)
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
    return _passed(command.at, command.noticed_at, state, command.known)


def _passed(until: dt.datetime, noticed_at: dt.datetime, state: Running, known: Known) -> list[Event]:
    """What became true before `until` and was not said yet, oldest first. A clock that stands brings one thing only:
    that no supplement came."""
    dossier, stage, promise = about(state), state.stage, state.promise
    times: dict[str, Any] = {"noticed_at": noticed_at}
    found: list[tuple[dt.datetime, Event]] = []

    def add(said: Said, at: dt.datetime | None, event: Any, **facts: Any) -> None:
        if at is not None and at < until and said not in state.said:
            found.append((at, event(**dossier, became_at=at, **times, **facts)))

    if state.phase == "paused":
        add("lapsed", state.answer_by, SupplementLapsed)
        return [event for _, event in found]
    who: dict[str, Any] = {"unit": stage.unit, "role": stage.role}
    add("approaching", state.warn_at, DueDateApproaching, due_at=promise.due_at, **who)
    add("stage", stage.due_at, StageOverdue, stage=stage.number, **who)
    if promise.due_at < until and "overdue" not in state.said:
        overdue = ApplicationOverdue(
            **dossier,
            **who,
            **times,
            due_at=promise.due_at,
            stages=(*state.uses, _use(promise.due_at, state, known)),
            became_at=promise.due_at,
            apologise_by=apologise_by(promise.due_at, local_rules(state.received_at, known), known.calendar),
            received_at=state.received_at,
            subject=state.subject,
        )
        found.append((promise.due_at, overdue))
    add("broken", state.reappointed_at, ReappointmentBroken, reappointed_at=state.reappointed_at)
    return [event for _, event in sorted(found, key=lambda each: each[0])]


def _lifted(at: dt.datetime, ground: LapseGround, state: Running, lifted_at: dt.datetime) -> list[Event]:
    """It was said to be overdue, but what is entered now had happened in time."""
    if "overdue" not in state.said or at > state.promise.due_at:
        return []
    return [OverdueLifted(**about(state), due_at=state.promise.due_at, ground=ground, lifted_at=lifted_at)]


def _use(until: dt.datetime, state: Running, known: Known) -> StageUse:
    stage = state.stage
    minutes = used(stage.started_at, until, state.pauses, known.calendar)
    share = allowed(state.promise, stage.number, state.started_at, known.calendar)
    return StageUse(
        stage=stage.number,
        role=stage.role,
        unit=stage.unit,
        used=minutes,
        allowed=share,
        over=0 if share is None else max(0, minutes - share),
    )


def _finish_stage(at: dt.datetime, state: Running, known: Known) -> list[Event]:
    return [StageFinished(**about(state), finished_at=at, use=_use(at, state, known))]


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
    return [*_so_far(command, state), *_finish_stage(command.at, state, command.known), started]


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
    uses = (*state.uses, _use(at, state, known))
    # While the clock stands nothing becomes late: only what was late before it stood.
    stands = state.phase == "paused"
    behind = None if stands and "overdue" not in state.said else late(state.promise.due_at, at, known.calendar)
    unit, role = blamed(uses) if behind else ("", "")
    kept = again is not None and at <= again
    return [
        *_so_far(command, state),
        *_lifted(at, "answered_in_time", state, command.noticed_at),
        *_finish_stage(at, state, known),
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


def _forecast(command: Forecast, state: Running) -> list[Event]:
    due_at, notice_by, outlook = state.promise.due_at, state.notice_by, command.outlook
    in_vain = {"forecast", "overdue"} & state.said or state.reappointed_at
    if notice_by is None or command.now > notice_by or outlook.expected_at <= due_at or in_vain:
        return []
    return [
        LatenessForecast(
            **about(state),
            due_at=due_at,
            notice_by=notice_by,
            unit=state.stage.unit,
            role=state.stage.role,
            outlook=outlook,
            forecast_at=command.now,
            received_at=state.received_at,
            subject=state.subject,
        )
    ]


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


# Evolve

_SAID: dict[type[Event], Said] = {
    DueDateApproaching: "approaching",
    ApplicationOverdue: "overdue",
    LatenessForecast: "forecast",
    StageOverdue: "stage",
    ReappointmentBroken: "broken",
    SupplementLapsed: "lapsed",
}


def evolve(state: Clock, event: Event) -> Clock:
    if isinstance(event, DueDateSet):
        return Clock(running=_set(event))
    return Clock(running=_evolve(state.running, event)) if state.running else state


def _set(event: DueDateSet) -> Running:
    return Running(
        **about(event),
        subject=event.subject,
        received_at=event.received_at,
        first=event.promise,
        promise=event.promise,
        started_at=event.received_at,
        calendar=event.calendar,
        warn_at=event.warn_at,
        notice_by=event.notice_by,
        stage=Stage(number=1, role=ONE_STOP, unit=event.received_by, started_at=event.received_at, due_at=None),
    )


def _evolve(state: Running, event: Event) -> Running:
    match event:
        case DueDateMoved():
            return _moved(state, event)
        case DueDateConfirmed():
            return replace(state, calendar=event.calendar)
        case ClockPaused():
            return replace(
                state,
                phase="paused",
                pauses=(*state.pauses, Paused(since=event.paused_at)),
                answer_by=event.answer_by,
                said=state.said - {"lapsed"},
            )
        case ClockResumed():
            closed = tuple(Paused(since=each.since, until=each.until or event.resumed_at) for each in state.pauses)
            return replace(state, phase="running", pauses=closed, answer_by=None)
        case StageStarted():
            stage = Stage(
                number=event.stage, role=event.role, unit=event.unit, started_at=event.started_at, due_at=event.due_at
            )
            return replace(state, stage=stage, said=state.said - {"stage"})
        case StageFinished():
            return replace(state, uses=(*state.uses, event.use))
        case ResponsibilityPassedOn():
            return replace(state, received_by=event.received_by, decided_by=event.decided_by)
        case Reappointed():
            return replace(state, reappointed_at=event.reappointed_at)
        case OverdueLifted():
            return replace(state, said=state.said - {"overdue"})
        case ApplicationAnswered():
            return replace(state, phase="answered")
        case ClockEnded():
            return replace(state, phase="ended")
        case _ if type(event) in _SAID:
            return replace(state, said=state.said | {_SAID[type(event)]})
        case _:
            return state


def _moved(state: Running, event: DueDateMoved) -> Running:
    """Another promise, of which nothing was said yet; that it is overdue stays said until it is lifted, and that a
    supplement lapsed is no matter of the promise. A start from zero forgets the pauses that ended and who used the time
    before."""
    restarts = event.cause == "supplement_restart"
    stage, stages = state.stage, event.promise.stages
    due_at = stages[stage.number - 1].due_at if 1 <= stage.number <= len(stages) else None
    return replace(
        state,
        promise=event.promise,
        calendar=event.calendar,
        warn_at=event.warn_at,
        notice_by=event.notice_by,
        said=state.said & ({"broken", "lapsed"} if restarts else {"broken", "lapsed", "overdue"}),
        started_at=event.moved_at if restarts else state.started_at,
        pauses=tuple(each for each in state.pauses if each.until is None) if restarts else state.pauses,
        uses=() if restarts else state.uses,
        stage=replace(stage, due_at=due_at, started_at=event.moved_at if restarts else stage.started_at),
    )


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
