"""A clock as it stands: its promise, its pauses, who has the dossier, what was said of it. Each event changes it."""

import datetime as dt
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.calendar import Paused
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
    ResponsibilityPassedOn,
    StageFinished,
    StageOverdue,
    StageStarted,
    StageUse,
    SupplementLapsed,
)
from schemas.event import Event
from schemas.intake import Promise
from services.deadlines.domain.dossier import about

ONE_STOP = "one_stop"

# Structs, because a clock is folded by the hundred thousand, and a struct is made anew ten times faster

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
