"""How one dossier stands: what its events say, folded."""

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from schemas.event import Event
from schemas.intake import (
    ApplicationAssigned,
    ApplicationCorrected,
    ApplicationDrafted,
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
    ConsultationAnswered,
    ConsultationAsked,
    ConsultationOverdue,
    Outcome,
    Promise,
    ResultHandedOver,
    Status,
    StopGround,
    SupplementAsked,
    SupplementSupplied,
)
from schemas.rules import Cited


@dataclass(frozen=True, kw_only=True, slots=True)
class Consultation:
    id: UUID
    body: str
    answer_by: dt.datetime
    answered: bool = False
    named_late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """What the next decision may depend on. `promises` holds every appointment given, the first one first. `described`:
    the procedure's own form was answered, so a case is kept of it elsewhere and is decided there."""

    status: Status = "none"
    procedure: str = ""
    procedure_name: str = ""
    terms_from: dt.date = dt.date.min
    received_by: str = ""
    decided_by: str = ""
    channel: Channel = "desk"
    subject: UUID | None = None
    drafted_at: dt.datetime | None = None
    submitted_at: dt.datetime | None = None
    code: str = ""
    received_at: dt.datetime | None = None
    promises: tuple[Promise, ...] = ()
    supplement_by: dt.datetime | None = None
    supplements_left: int = 0
    request: UUID | None = None
    asked_at: dt.datetime | None = None
    answer_by: dt.datetime | None = None
    asked_by_rule: Cited | None = None
    supplied_at: dt.datetime | None = None
    unchecked_since: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    consultations: tuple[Consultation, ...] = ()
    stage: int = 0
    holder: str = ""
    holder_receiver: str = ""
    outcome: Outcome | None = None
    stopped_for: StopGround | None = None
    corrections: frozenset[UUID] = frozenset()
    described: bool = False
    imported_from: tuple[str, str] = ("", "")

    @property
    def first_promise(self) -> Promise | None:
        return self.promises[0] if self.promises else None

    @property
    def promise(self) -> Promise | None:
        """The appointment that holds now."""
        return self.promises[-1] if self.promises else None


initial = Application()
OPEN: frozenset[Status] = frozenset({"in_process", "supplement_asked"})


def evolve(state: Application, event: Event) -> Application:
    match event:
        case ApplicationDrafted():
            return replace(
                state,
                status="drafted",
                procedure=event.procedure,
                received_by=event.received_by,
                decided_by=event.decided_by,
                drafted_at=event.drafted_at,
                subject=event.applicant.subject,
            )
        case ApplicationSubmitted():
            return replace(
                state,
                status="submitted",
                procedure=event.procedure,
                procedure_name=event.procedure_name,
                terms_from=event.terms_from,
                received_by=event.received_by,
                decided_by=event.decided_by,
                channel=event.channel,
                submitted_at=event.submitted_at,
                subject=event.applicant.subject,
                described=bool(event.answers),
            )
        case ApplicationReceived():
            return replace(
                state,
                status="in_process",
                code=event.code,
                procedure=event.procedure,
                procedure_name=event.procedure_name,
                terms_from=event.terms_from,
                received_by=event.received_by,
                decided_by=event.decided_by,
                channel=event.channel,
                received_at=event.received_at,
                promises=(event.promise,),
                supplement_by=event.supplement_by,
                supplements_left=event.supplement_times,
                subject=event.subject,
            )
        case ApplicationImported():
            return replace(
                state,
                status=event.status,
                code=event.code,
                procedure=event.procedure,
                procedure_name=event.procedure_name,
                terms_from=event.terms_from,
                received_by=event.received_by,
                decided_by=event.decided_by,
                channel=event.channel,
                submitted_at=event.received_at,
                received_at=event.received_at,
                promises=(event.promise, *event.promises),
                supplement_by=event.supplement_by,
                supplements_left=event.supplements_left,
                answer_by=event.answer_by,
                holder=event.holder,
                stage=event.stage,
                outcome=event.outcome,
                subject=event.applicant.subject,
                imported_from=(event.system, event.key),
            )
        case ApplicationNotAccepted():
            return replace(state, status="not_accepted")
        case SupplementAsked():
            return replace(
                state,
                status="supplement_asked",
                request=event.request,
                asked_at=event.asked_at,
                answer_by=event.answer_by,
                asked_by_rule=event.rule,
                supplements_left=state.supplements_left - 1,
            )
        case SupplementSupplied():
            return replace(
                state,
                status="in_process" if event.complete else state.status,
                supplied_at=event.supplied_at,
                unchecked_since=None if event.checked else event.supplied_at,
                confirmed_at=event.confirmed_at,
                promises=(*state.promises, event.promise) if event.promise else state.promises,
            )
        case AppointmentMoved():
            return replace(state, promises=(*state.promises, event.promise))
        case ConsultationAsked():
            asked = Consultation(id=event.consultation, body=event.body, answer_by=event.answer_by)
            return replace(state, consultations=(*state.consultations, asked))
        case ConsultationAnswered():
            return _consultation(state, event.consultation, answered=True)
        case ConsultationOverdue():
            return _consultation(state, event.consultation, named_late=True)
        case ApplicationAssigned():
            return replace(state, stage=event.stage, holder=event.to_unit, holder_receiver=event.receiver)
        case ApplicationPassedOn():
            return replace(state, received_by=event.received_by, decided_by=event.decided_by)
        case ApplicationResolved():
            return replace(state, status="resolved", outcome=event.outcome)
        case ResultHandedOver():
            return replace(state, status="handed_over")
        case ApplicationStopped():
            return replace(state, status="stopped", stopped_for=event.ground)
        case ApplicationWithdrawn():
            return replace(state, status="withdrawn")
        case ApplicationCorrected():
            return replace(
                state,
                corrections=state.corrections | {event.correction},
                channel=event.channel or state.channel,
            )
        case _:
            return state


def _consultation(state: Application, id: UUID, *, answered: bool = False, named_late: bool = False) -> Application:
    return replace(
        state,
        consultations=tuple(
            replace(each, answered=each.answered or answered, named_late=each.named_late or named_late)
            if each.id == id
            else each
            for each in state.consultations
        ),
    )
