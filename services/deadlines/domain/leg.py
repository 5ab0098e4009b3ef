"""The clock of one step of a transfer: until when a unit has to do it, and whether it did.

A step has so many working days after the one on which it was opened, whatever the hour: it goes from one office to
another, so no cut-off of a desk moves it. What time brings is said once a due date, with the moment at which it became
true. A step that is opened again is another leg.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from kernel import calendar as working_time
from kernel.decider import Decider
from schemas.deadlines import LegFinished, LegMoved, LegOverdue, LegStarted
from schemas.event import Event
from schemas.rules import Cited
from services.deadlines.domain.counting import late
from services.deadlines.domain.dossier import stream_of
from services.deadlines.domain.rules import Known

DROPPED = "dropped"

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A step was opened: let its clock run."""

    known: Known
    transfer: str
    application: str
    step: str
    turn: int
    unit: str
    days: int
    opened_at: dt.datetime
    rule: Cited


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """The step ended, at a moment that may be entered later."""

    known: Known
    outcome: str
    at: dt.datetime
    noticed_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Say that it is overdue, where it is by `now`."""

    now: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """The calendar changed: count again."""

    known: Known
    now: dt.datetime


Command: TypeAlias = Start | Finish | Notice | Recount

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A leg that was started."""

    transfer: str
    application: str
    step: str
    turn: int
    unit: str
    days: int
    started_at: dt.datetime
    due_at: dt.datetime
    overdue: bool = False
    finished: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """One step's clock; before it is opened there is nothing that runs."""

    running: Running | None = None


initial = Leg()

# Decide


def decide(command: Command, state: Leg) -> list[Event]:
    match command, state.running:
        case Start(), None:
            return [
                LegStarted(
                    transfer=command.transfer,
                    application=command.application,
                    step=command.step,
                    turn=command.turn,
                    unit=command.unit,
                    days=command.days,
                    started_at=command.opened_at,
                    due_at=due_at(command.opened_at, command.days, command.known),
                    calendar=command.known.calendar.version,
                    rule=command.rule,
                )
            ]
        case (Start(), _) | (_, None) | (_, Running(finished=True)):
            return []
        case Finish(), life:
            return _finish(command, life)
        case Notice(now=now), life:
            return _passed(now, now, life)
        case Recount(), life:
            return _recount(command, life)
    return []


def due_at(opened_at: dt.datetime, days: int, known: Known) -> dt.datetime:
    """Closing time of the last of so many working days, counted as promises are."""
    return working_time.due(opened_at, days, "working_days", None, known.calendar)


def _finish(command: Finish, life: Running) -> list[Event]:
    dropped = command.outcome == DROPPED
    finished = LegFinished(
        **about(life),
        outcome=command.outcome,
        finished_at=command.at,
        late=None if dropped else late(life.due_at, command.at, command.known.calendar),
    )
    return [*([] if dropped else _passed(command.at, command.noticed_at, life)), finished]


def _passed(until: dt.datetime, noticed_at: dt.datetime, life: Running) -> list[Event]:
    if life.overdue or until <= life.due_at:
        return []
    return [LegOverdue(**about(life), due_at=life.due_at, became_at=life.due_at, noticed_at=noticed_at)]


def _recount(command: Recount, life: Running) -> list[Event]:
    counted = due_at(life.started_at, life.days, command.known)
    if counted == life.due_at:
        return []
    return [
        LegMoved(
            **about(life),
            due_at=counted,
            was_due_at=life.due_at,
            moved_at=command.now,
            calendar=command.known.calendar.version,
        )
    ]


ABOUT = ("transfer", "application", "step", "turn", "unit")


def about(said: Any) -> dict[str, Any]:
    """What every event of a leg repeats."""
    return {name: getattr(said, name) for name in ABOUT}


# Evolve


def evolve(state: Leg, event: Event) -> Leg:
    if isinstance(event, LegStarted):
        started = Running(**about(event), days=event.days, started_at=event.started_at, due_at=event.due_at)
        return Leg(running=started)
    return replace(state, running=_evolve(state.running, event)) if state.running else state


def _evolve(life: Running, event: Event) -> Running:
    match event:
        case LegMoved():
            return replace(life, due_at=event.due_at, overdue=still_overdue(life.overdue, event))
        case LegOverdue():
            return replace(life, overdue=True)
        case LegFinished():
            return replace(life, finished=True)
        case _:
            return life


def still_overdue(overdue: bool, event: LegMoved) -> bool:
    """What was overdue is so no longer where its new due date is yet to come."""
    return overdue and event.due_at < event.moved_at


leg: Decider[Leg] = Decider("leg", initial, decide, evolve, (LegStarted, LegMoved, LegOverdue, LegFinished))


def leg_stream(transfer: str, step: str, turn: int) -> str:
    """The stream of the clock of a step, by the transfer's stream: opening it twice is the same stream."""
    return stream_of("leg", f"{transfer} {step} {turn}")
