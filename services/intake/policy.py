"""What intake does because of what it heard: it closes a dossier whose supplement never came, and keeps
the appointment that the law moved. An appointment after a start from zero is intake's own."""

from collections.abc import Sequence
from typing import Any

from kernel.handlers import Answer, Policy
from schemas.deadlines import DueDateMoved, SupplementLapsed
from schemas.event import Recorded
from services.intake.domain.application import Close, MoveAppointment, application


def _lapsed(recorded: Recorded, known: None) -> Sequence[Answer]:
    event: Any = recorded.event
    return [Answer(application, event.application, Close(at=event.noticed_at, answer_by=event.became_at))]


def _moved(recorded: Recorded, known: None) -> Sequence[Answer]:
    event: Any = recorded.event
    if event.cause not in {"calendar", "supplement_pause"}:
        return ()
    return [Answer(application, event.application, MoveAppointment(promise=event.promise, at=event.moved_at))]


policy: Policy = {SupplementLapsed: _lapsed, DueDateMoved: _moved}
