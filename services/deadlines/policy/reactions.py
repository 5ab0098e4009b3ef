"""What deadlines does because of what it heard: clocks follow the dossiers of intake, apologies follow the clocks."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from kernel.handlers import Answer, Policy
from schemas.deadlines import (
    ApologyIssued,
    ApplicationAnswered,
    ApplicationOverdue,
    ClockEnded,
    DueDateMoved,
    LatenessForecast,
    OverdueLifted,
)
from schemas.event import Personal, Recorded
from schemas.intake import (
    ApplicationAssigned,
    ApplicationImported,
    ApplicationPassedOn,
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationWithdrawn,
    SupplementAsked,
    SupplementSupplied,
)
from services.deadlines.domain import apology as sorry
from services.deadlines.domain import clock as life
from services.deadlines.domain import wording
from services.deadlines.domain.apology import apology, apology_stream
from services.deadlines.domain.clock import clock, clock_stream
from services.deadlines.domain.counting import extended
from services.deadlines.domain.dossier import about
from services.deadlines.domain.rules import Known, local_rules
from services.deadlines.domain.running import ONE_STOP

# Clocks


def _to_clock(recorded: Recorded, *commands: life.Command) -> Sequence[Answer]:
    stream = clock_stream(recorded.stream)
    return [Answer(clock, stream, each) for each in commands]


def _received(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _to_clock(recorded, _start(recorded, event.subject, known))


def _start(recorded: Recorded, subject: Any, known: Known, moved: Sequence[Any] = ()) -> life.Start:
    event: Any = recorded.event
    return life.Start(
        known=known,
        application=recorded.stream,
        code=event.code,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        level=event.level,
        channel=event.channel,
        received_by=event.received_by,
        decided_by=event.decided_by,
        subject=subject,
        received_at=event.received_at,
        promise=event.promise,
        tracking=event.tracking,
        moved=tuple(moved),
    )


def _imported(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    commands: list[life.Command] = [_start(recorded, event.applicant.subject, known, event.promises)]
    noticed_at = event.imported_at
    if event.holder:
        stage = life.BeginStage(
            known=known,
            at=event.received_at,
            noticed_at=noticed_at,
            stage=max(1, event.stage),
            role="expert" if event.holder != event.received_by else ONE_STOP,
            unit=event.holder,
        )
        commands.append(stage)
    if event.status == "supplement_asked":
        commands.append(life.Pause(known=known, at=noticed_at, noticed_at=noticed_at, answer_by=event.answer_by))
    if event.outcome:
        at = event.resolved_at or noticed_at
        commands.append(life.Answer(known=known, at=at, noticed_at=noticed_at, outcome=event.outcome))
    return _to_clock(recorded, *commands)


def _asked(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    noticed_at = recorded.meta.recorded_at
    return _to_clock(
        recorded, life.Pause(known=known, at=event.asked_at, noticed_at=noticed_at, answer_by=event.answer_by)
    )


def _supplied(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if not event.complete:
        return ()
    noticed_at = recorded.meta.recorded_at
    return _to_clock(
        recorded, life.Resume(known=known, at=event.supplied_at, noticed_at=noticed_at, promise=event.promise)
    )


def _assigned(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    stage = life.BeginStage(
        known=known,
        at=event.assigned_at,
        noticed_at=recorded.meta.recorded_at,
        stage=event.stage,
        role=event.role,
        unit=event.to_unit,
        due_at=event.due_at,
    )
    return _to_clock(recorded, stage)


def _resolved(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    noticed_at = recorded.meta.recorded_at
    return _to_clock(
        recorded, life.Answer(known=known, at=event.resolved_at, noticed_at=noticed_at, outcome=event.outcome)
    )


def _stopped(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    noticed_at = recorded.meta.recorded_at
    return _to_clock(recorded, life.End(known=known, at=event.stopped_at, noticed_at=noticed_at, ground="stopped"))


def _withdrawn(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    noticed_at = recorded.meta.recorded_at
    return _to_clock(recorded, life.End(known=known, at=event.withdrawn_at, noticed_at=noticed_at, ground="withdrawn"))


def _passed_on(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _to_clock(
        recorded,
        life.PassOn(received_by=event.received_by, decided_by=event.decided_by, at=event.passed_on_at),
    )


# Apologies


def _to_apology(recorded: Recorded, command: sorry.Command) -> Sequence[Answer]:
    return [Answer(apology, apology_stream(recorded.stream), command)]


def _forecast(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _open(
        recorded, known, "forecast", event.notice_by, event.forecast_at, event.forecast_at, wording.of_forecast
    )


def _overdue(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _open(recorded, known, "breach", event.apologise_by, event.became_at, event.noticed_at, wording.of_breach)


def _open(
    recorded: Recorded,
    known: Known,
    cause: Any,
    issue_by: dt.datetime,
    became_at: dt.datetime,
    noticed_at: dt.datetime,
    words: Any,
) -> Sequence[Answer]:
    event: Any = recorded.event
    rules = local_rules(event.received_at, known)
    opened = sorry.Open(
        **about(event),
        clock=recorded.stream,
        cause=cause,
        due_at=event.due_at,
        issue_by=issue_by,
        became_at=became_at,
        noticed_at=noticed_at,
        subject=event.subject,
        rule=rules.apology.cited,
        reason=Personal(subject=event.subject, clear=words(event)),
        new_due_at=extended(max(event.due_at, noticed_at), rules, known.calendar),
    )
    return _to_apology(recorded, opened)


def _answered(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    at = event.answered_at
    if event.late is None:
        return _to_apology(recorded, sorry.Lapse(ground="answered_in_time", at=at))
    reason = Personal(subject=event.subject, clear=wording.ANSWERED)
    return _to_apology(recorded, sorry.Answered(answered_at=at, noticed_at=recorded.meta.recorded_at, reason=reason))


def _lifted(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _to_apology(recorded, sorry.Lapse(ground=event.ground, at=event.lifted_at))


def _moved(recorded: Recorded, known: Known) -> Sequence[Answer]:
    """A forecast was about the due date before; a broken promise stays one."""
    event: Any = recorded.event
    return _to_apology(recorded, sorry.Lapse(ground="moved", at=event.moved_at, only="forecast"))


def _ended(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _to_apology(recorded, sorry.Lapse(ground="ended", at=event.ended_at))


def _issued(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if event.new_due_at is None:
        return ()
    return [Answer(clock, event.clock, life.Reappoint(new_due_at=event.new_due_at, apology=recorded.stream))]


policy: Policy = {
    ApplicationReceived: _received,
    ApplicationImported: _imported,
    SupplementAsked: _asked,
    SupplementSupplied: _supplied,
    ApplicationAssigned: _assigned,
    ApplicationResolved: _resolved,
    ApplicationStopped: _stopped,
    ApplicationWithdrawn: _withdrawn,
    ApplicationPassedOn: _passed_on,
    LatenessForecast: _forecast,
    ApplicationOverdue: _overdue,
    ApplicationAnswered: _answered,
    OverdueLifted: _lifted,
    DueDateMoved: _moved,
    ClockEnded: _ended,
    ApologyIssued: _issued,
}
