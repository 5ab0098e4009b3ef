"""The register of dossiers: one line each."""

from collections.abc import Callable

from kernel.handlers import Total, View
from schemas.event import Event, Recorded
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
    ConsultationAnswered,
    ConsultationAsked,
    ConsultationOverdue,
    ResultHandedOver,
    SupplementAsked,
    SupplementSupplied,
)
from services.intake.projection.consultation import answered, consulted, consultee_late
from services.intake.projection.ending import corrected, handed_over, resolved, stopped, withdrawn
from services.intake.projection.figures import by_day, by_state
from services.intake.projection.line import ApplicationRow
from services.intake.projection.receipt import drafted, imported, not_accepted, received, submitted
from services.intake.projection.slip import assigned, passed_on
from services.intake.projection.supplement import asked, moved, supplied

STEPS: dict[type[Event], Callable[[ApplicationRow | None, Recorded], ApplicationRow]] = {
    ApplicationDrafted: drafted,
    ApplicationSubmitted: submitted,
    ApplicationReceived: received,
    ApplicationNotAccepted: not_accepted,
    SupplementAsked: asked,
    SupplementSupplied: supplied,
    AppointmentMoved: moved,
    ConsultationAsked: consulted,
    ConsultationAnswered: answered,
    ConsultationOverdue: consultee_late,
    ApplicationAssigned: assigned,
    ApplicationPassedOn: passed_on,
    ApplicationResolved: resolved,
    ResultHandedOver: handed_over,
    ApplicationStopped: stopped,
    ApplicationWithdrawn: withdrawn,
    ApplicationCorrected: corrected,
    ApplicationImported: imported,
}


application = View(
    table="application",
    row=ApplicationRow,
    evolve=STEPS,
    totals=(
        Total("application_by_state", ("received_by", "decided_by", "status"), ("dossiers",), by_state),
        Total("application_by_day", ("received_by", "procedure", "day"), ("received", "online", "finished"), by_day),
    ),
)
