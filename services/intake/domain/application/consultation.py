"""Another body's opinion: asked, answered, or late."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ConsultationAnswered, ConsultationAsked, ConsultationOverdue
from services.intake.domain.application.dossier import Application, Consultation
from services.intake.domain.when import When


@dataclass(frozen=True, kw_only=True, slots=True)
class Consult:
    """Ask another body for its opinion."""

    when: When
    consultation: UUID
    body: str
    answer_by: dt.datetime
    question: Personal[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerConsultation:
    """Enter the opinion that came back."""

    when: When
    consultation: UUID
    opinion: Literal["agrees", "disagrees", "other"]
    answer: Personal[str]
    document_number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NameLateConsultee:
    """Write down that a body let its limit pass."""

    when: When
    consultation: UUID


def consult(command: Consult, state: Application) -> list[Event]:
    if any(each.id == command.consultation for each in state.consultations):
        return []
    if command.answer_by <= command.when.happened_at:
        raise Rejected("no_time_to_answer", Text("Hạn trả lời đã qua.", "The limit to answer is in the past."))
    if command.body in {state.decided_by, state.received_by}:
        raise Rejected("asks_itself", Text("Không lấy ý kiến chính mình.", "A body does not consult itself."))
    return [
        ConsultationAsked(
            consultation=command.consultation,
            received_by=state.received_by,
            decided_by=state.decided_by,
            body=command.body,
            asked_at=command.when.happened_at,
            answer_by=command.answer_by,
            question=command.question,
            late_reason=command.when.reason,
        )
    ]


def consulted(command: AnswerConsultation | NameLateConsultee, state: Application) -> list[Event]:
    found = next((each for each in state.consultations if each.id == command.consultation), None)
    if found is None:
        raise Rejected("not_consulted", Text("Không có lần lấy ý kiến này.", "There was no such consultation."))
    happened_at = command.when.happened_at
    match command:
        case _ if found.answered:
            return []
        case AnswerConsultation():
            return [
                ConsultationAnswered(
                    consultation=found.id,
                    received_by=state.received_by,
                    decided_by=state.decided_by,
                    body=found.body,
                    answered_at=happened_at,
                    late=happened_at > found.answer_by,
                    opinion=command.opinion,
                    answer=command.answer,
                    document_number=command.document_number,
                    late_reason=command.when.reason,
                )
            ]
        case NameLateConsultee() if found.named_late:
            return []
        case NameLateConsultee() if happened_at > found.answer_by:
            return [overdue(found, happened_at, state)]
        case NameLateConsultee():
            raise Rejected(
                "not_late_yet",
                Text("Cơ quan được hỏi vẫn còn hạn.", "The body that was asked still has time."),
                answer_by=found.answer_by,
            )


def overdue(consultation: Consultation, noticed_at: dt.datetime, state: Application) -> Event:
    return ConsultationOverdue(
        consultation=consultation.id,
        received_by=state.received_by,
        decided_by=state.decided_by,
        body=consultation.body,
        answer_by=consultation.answer_by,
        noticed_at=noticed_at,
    )
