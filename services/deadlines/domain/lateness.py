"""What time brings to a clock: that its end is near, that it is late or will be, and to whose stage that is laid."""

import datetime as dt
from typing import Any

from schemas.deadlines import (
    ApplicationOverdue,
    DueDateApproaching,
    LapseGround,
    LatenessForecast,
    Outlook,
    OverdueLifted,
    ReappointmentBroken,
    StageFinished,
    StageOverdue,
    StageUse,
    SupplementLapsed,
)
from schemas.event import Event
from services.deadlines.domain.counting import allowed, apologise_by, used
from services.deadlines.domain.dossier import about
from services.deadlines.domain.rules import Known, local_rules
from services.deadlines.domain.running import Running, Said


def passed(until: dt.datetime, noticed_at: dt.datetime, state: Running, known: Known) -> list[Event]:
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
            stages=(*state.uses, use(promise.due_at, state, known)),
            became_at=promise.due_at,
            apologise_by=apologise_by(promise.due_at, local_rules(state.received_at, known), known.calendar),
            received_at=state.received_at,
            subject=state.subject,
        )
        found.append((promise.due_at, overdue))
    add("broken", state.reappointed_at, ReappointmentBroken, reappointed_at=state.reappointed_at)
    return [event for _, event in sorted(found, key=lambda each: each[0])]


def lifted(at: dt.datetime, ground: LapseGround, state: Running, lifted_at: dt.datetime) -> list[Event]:
    """It was said to be overdue, but what is entered now had happened in time."""
    if "overdue" not in state.said or at > state.promise.due_at:
        return []
    return [OverdueLifted(**about(state), due_at=state.promise.due_at, ground=ground, lifted_at=lifted_at)]


def use(until: dt.datetime, state: Running, known: Known) -> StageUse:
    """What the stage under way has used of the office time until then."""
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


def finish_stage(at: dt.datetime, state: Running, known: Known) -> list[Event]:
    """The unit that has the dossier is done with it."""
    return [StageFinished(**about(state), finished_at=at, use=use(at, state, known))]


def forecast(outlook: Outlook, now: dt.datetime, state: Running) -> list[Event]:
    """It will probably be late, said while that can still be told in time, and once a promise."""
    due_at, notice_by = state.promise.due_at, state.notice_by
    in_vain = {"forecast", "overdue"} & state.said or state.reappointed_at
    if notice_by is None or now > notice_by or outlook.expected_at <= due_at or in_vain:
        return []
    return [
        LatenessForecast(
            **about(state),
            due_at=due_at,
            notice_by=notice_by,
            unit=state.stage.unit,
            role=state.stage.role,
            outlook=outlook,
            forecast_at=now,
            received_at=state.received_at,
            subject=state.subject,
        )
    ]
