"""Another body's opinion: ask for it, enter it, name who is late."""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import Field

from services.intake.api.application.action import Action, Case
from services.intake.api.body import Id, example
from services.intake.api.reference import local_day
from services.intake.domain import appointment
from services.intake.domain.application.consultation import AnswerConsultation, Consult, NameLateConsultee
from services.intake.domain.application.life import Command


class ConsultBody(Action):
    path, says = "consult", "Ask another body for its opinion."
    model_config = example(body="so-gddt", question="Đề nghị cho ý kiến về trường hợp chuyển trường này.")

    consultation: UUID | None = None
    body: Id
    question: Annotated[str, Field(min_length=3, max_length=4000)]

    async def command(self, case: Case) -> Command:
        at = case.when.happened_at
        await case.known.unit(self.body, local_day(at))
        return Consult(
            when=case.when,
            consultation=self.consultation or uuid4(),
            body=self.body,
            answer_by=appointment.answer_by(case.rules.consultation_within, await case.known.calendar(), at),
            question=case.personal(self.question),
        )


class AnswerConsultationBody(Action):
    path, says = "answer-consultation", "Enter the opinion that came back."
    model_config = example(
        consultation="01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d10", opinion="agrees", answer="Đồng ý.", document_number="12/CV"
    )

    consultation: UUID
    opinion: Literal["agrees", "disagrees", "other"]
    answer: Annotated[str, Field(min_length=1, max_length=4000)]
    document_number: Annotated[str, Field(max_length=60)] = ""

    async def command(self, case: Case) -> Command:
        return AnswerConsultation(
            when=case.when,
            consultation=self.consultation,
            opinion=self.opinion,
            answer=case.personal(self.answer),
            document_number=self.document_number,
        )


class NameLateConsulteeBody(Action):
    path, says = "name-late-consultee", "Write down that a body let its limit pass."
    model_config = example(consultation="01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d10")

    consultation: UUID

    async def command(self, case: Case) -> Command:
        return NameLateConsultee(when=case.when, consultation=self.consultation)
