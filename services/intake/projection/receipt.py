"""How a dossier came: drafted, submitted, received, taken over from another system, or not accepted."""

from schemas.event import Recorded
from schemas.intake import (
    ApplicationDrafted,
    ApplicationImported,
    ApplicationNotAccepted,
    ApplicationReceived,
    ApplicationSubmitted,
)
from services.intake.projection.column import as_json, sealed
from services.intake.projection.line import ApplicationRow, changed


def drafted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationDrafted = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="drafted",
        procedure=event.procedure,
        received_by=event.received_by,
        decided_by=event.decided_by,
        subject=event.applicant.subject,
        applicant=sealed(event.applicant),
        content=sealed(event.content),
        documents=as_json(event.documents),
        file_names=sealed(event.file_names),
    )


def submitted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationSubmitted = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="submitted",
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        terms_from=event.terms_from,
        received_by=event.received_by,
        decided_by=event.decided_by,
        channel=event.channel,
        delivery=event.delivery,
        notify=event.notify,
        subject=event.applicant.subject,
        applicant=sealed(event.applicant),
        authorised=sealed(event.authorised),
        content=sealed(event.content),
        documents=as_json(event.documents),
        file_names=sealed(event.file_names),
        sets=event.sets,
        visit=event.visit,
        assisted_by=event.assisted_by,
        portal_code=event.portal_code,
        submitted_at=event.submitted_at,
    )


def received(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationReceived = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="in_process",
        code=event.code,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        terms_from=event.terms_from,
        level=event.level,
        field=event.field,
        received_by=event.received_by,
        decided_by=event.decided_by,
        channel=event.channel,
        subject=event.subject,
        fee_vnd=event.fee_vnd,
        received_at=event.received_at,
        due_at=event.promise.due_at,
        first_due_at=event.promise.due_at,
        promises=as_json((event.promise,)),
        supplement_by=event.supplement_by,
        supplements_left=event.supplement_times,
        officer=event.officer,
        rule_pack=event.rule.pack,
        rule_version=event.rule.version,
        rule=event.rule.basis,
    )


def imported(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationImported = recorded.event  # type: ignore[assignment]
    promises = (event.promise, *event.promises)
    return changed(
        row,
        recorded,
        status=event.status,
        code=event.code,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        terms_from=event.terms_from,
        level=event.level,
        field=event.field,
        received_by=event.received_by,
        decided_by=event.decided_by,
        channel=event.channel,
        delivery=event.delivery,
        notify=event.notify,
        subject=event.applicant.subject,
        applicant=sealed(event.applicant),
        content=sealed(event.content),
        documents=as_json(event.documents),
        submitted_at=event.received_at,
        received_at=event.received_at,
        due_at=promises[-1].due_at,
        first_due_at=event.promise.due_at,
        promises=as_json(promises),
        supplement_by=event.supplement_by,
        supplements_left=event.supplements_left,
        answer_by=event.answer_by,
        stage=event.stage,
        holder=event.holder,
        outcome=event.outcome or "",
        resolved_at=event.resolved_at,
        imported_from=f"{event.system} {event.key}",
        rule_pack=event.rule.pack,
        rule_version=event.rule.version,
        rule=event.rule.basis,
    )


def not_accepted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationNotAccepted = recorded.event  # type: ignore[assignment]
    return changed(
        row,
        recorded,
        status="not_accepted",
        ground=event.ground,
        reason=sealed(event.reason),
        ended_at=event.not_accepted_at,
    )
