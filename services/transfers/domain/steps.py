"""The steps of a case: which can be done now, what follows when one ends, and when the case is granted or complete.

Each function answers the events that follow; whoever decides puts them after its own (`follow`).
"""

import datetime as dt
from collections.abc import Sequence

from schemas.event import Event, Personal
from schemas.rules import Cited
from schemas.transfers import (
    PlannedStep,
    StepEnded,
    StepOpened,
    StepOutcome,
    TransferCompleted,
    TransferDecided,
    TransferGround,
)
from services.transfers.domain.case import Run, Transfer, evolve
from services.transfers.domain.dossier import about


def follow(events: Sequence[Event], state: Transfer, at: dt.datetime) -> list[Event]:
    """These events and what follows from them: steps that can be done now, the grant, the end."""
    for each in events:
        state = evolve(state, each)
    following = _follows(state, at)
    return [*events, *(follow(following, state, at) if following else ())]


def _follows(state: Transfer, at: dt.datetime) -> list[Event]:
    if state.phase in {"begun", "open"}:
        ready = [each for each in state.before if _can_open(each, state)]
        if ready:
            return [opened(each, state, at) for each in ready]
        all_done = all(state.is_done(each.step) for each in state.before)
        if all_done and state.rule and not (state.planned("accept") and state.to_class):
            return [granted(state, state.rule, at)]
    if state.phase == "granted":
        after = [each for each in state.steps if each not in state.before]
        if ready := [each for each in after if _can_open(each, state)]:
            return [opened(each, state, at) for each in ready]
        if all(state.is_done(each.step) for each in after):
            return [
                TransferCompleted(**about(state), pupil=state.pupil, completed_at=at, to_class=state.to_class),
            ]
    return []


def _can_open(planned: PlannedStep, state: Transfer) -> bool:
    run = state.run(planned.step)
    return (run is None or run.outcome == "dropped") and all(state.is_done(each) for each in planned.after)


def opened(planned: PlannedStep, state: Transfer, at: dt.datetime) -> Event:
    run = state.run(planned.step)
    return StepOpened(
        **about(state),
        step=planned.step,
        turn=run.turn + 1 if run else 1,
        unit=planned.unit,
        days=planned.days,
        opened_at=at,
        rule=planned.rule,
    )


def ended(
    run: Run,
    outcome: StepOutcome,
    state: Transfer,
    at: dt.datetime,
    *,
    by: str = "",
    document_number: str = "",
    note: Personal[str] | None = None,
    to_class: str = "",
) -> Event:
    return StepEnded(
        **about(state),
        step=run.step,
        turn=run.turn,
        unit=run.unit,
        outcome=outcome,
        ended_at=at,
        by=by,
        document_number=document_number,
        note=note,
        to_class=to_class,
    )


def dropped(state: Transfer, at: dt.datetime, but: str = "") -> list[Event]:
    """Nobody has to do any more what can still be done (`but` one step)."""
    return [ended(each, "dropped", state, at) for each in state.runs if each.outcome is None and each.step != but]


def granted(state: Transfer, rule: Cited, at: dt.datetime) -> Event:
    """The decision is of the moment at which the head decided, also where the class answered later. `rule`: by which
    the case was begun."""
    run = state.run("accept")
    return TransferDecided(
        **about(state),
        procedure=state.procedure,
        decided_by=state.decides,
        outcome="granted",
        decided_at=run.ended_at if run and run.ended_at else at,
        rule=rule,
        to_class=state.to_class,
        pupil=state.pupil,
    )


def refused(
    state: Transfer,
    ground: TransferGround,
    rule: Cited,
    at: dt.datetime,
    *,
    decided_by: str = "",
    reason: Personal[str] | None = None,
    document_number: str = "",
) -> Event:
    return TransferDecided(
        **about(state),
        procedure=state.procedure,
        decided_by=decided_by or state.decides,
        outcome="refused",
        decided_at=at,
        rule=rule,
        ground=ground,
        reason=reason,
        document_number=document_number,
        to_class=state.to_class,
        pupil=state.pupil,
    )
