"""What intake does because of what it heard: it closes a dossier whose supplement never came, keeps the appointment
that the law moved (one after a start from zero is its own), and resolves a transfer's dossier as it was decided."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.handlers import Answer, Policy
from schemas.deadlines import DueDateMoved, SupplementLapsed
from schemas.event import Recorded
from schemas.intake import Ground
from schemas.transfers import TransferDecided, TransferGround
from services.intake.domain.application.life import application
from services.intake.domain.application.promise import MoveAppointment
from services.intake.domain.application.result import Conclude
from services.intake.domain.application.supplement import Close


def _lapsed(recorded: Recorded, known: None) -> Sequence[Answer]:
    event: Any = recorded.event
    return [Answer(application, event.application, Close(at=event.noticed_at, answer_by=event.became_at))]


def _moved(recorded: Recorded, known: None) -> Sequence[Answer]:
    event: Any = recorded.event
    if event.cause not in {"calendar", "supplement_pause"}:
        return ()
    return [Answer(application, event.application, MoveAppointment(promise=event.promise, at=event.moved_at))]


GROUNDS: Mapping[TransferGround, Ground] = {
    "head_refused": "other",
    "not_consented": "not_entitled",
    "already_transferring": "duplicate",
    "same_school": "conditions_not_met",
    "not_there": "conditions_not_met",
    "no_place": "conditions_not_met",
    "wrong_grade": "conditions_not_met",
    "private_to_public": "not_entitled",
    "documents_missing": "incomplete",
}


def _transferred(recorded: Recorded, known: None) -> Sequence[Answer]:
    """The reason stays sealed under the pupil's key, as it came."""
    event: Any = recorded.event
    refused = event.outcome == "refused"
    conclude = Conclude(
        at=event.decided_at,
        outcome=event.outcome,
        rule=event.rule,
        ground=GROUNDS.get(event.ground, "other") if refused else None,
        reason=event.reason if refused else None,
        document_number=event.document_number,
    )
    return [Answer(application, event.application, conclude)]


policy: Policy = {SupplementLapsed: _lapsed, DueDateMoved: _moved, TransferDecided: _transferred}
