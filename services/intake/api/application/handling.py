"""With whom a dossier is: hand it on to the next unit, or pass it on to other bodies."""

from typing import Annotated

from pydantic import Field

from services.intake.api.application.action import Action, Case
from services.intake.api.body import Id, Words, example
from services.intake.api.reference import local_day
from services.intake.domain.application.handling import Assign, PassOn
from services.intake.domain.application.life import Command


class AssignBody(Action):
    path, says = "assign", "Hand it over to the unit that works on it next."
    model_config = example(to_unit="thpt-le-loi", role="expert", receiver="gv-017")

    to_unit: Id
    role: Annotated[str, Field(min_length=1, max_length=60)] = "expert"
    stage: Annotated[int, Field(ge=1, le=50)] | None = None
    receiver: Annotated[str, Field(max_length=60)] = ""
    note: Words = ""

    async def command(self, case: Case) -> Command:
        await case.known.unit(self.to_unit, local_day(case.when.happened_at))
        stage = self.stage or case.state.stage + 1
        stages = case.state.promise.stages if case.state.promise else ()
        return Assign(
            when=case.when,
            stage=stage,
            role=self.role,
            to_unit=self.to_unit,
            due_at=stages[stage - 1].due_at if stage <= len(stages) else None,
            giver=case.actor.id,
            receiver=self.receiver,
            note=case.maybe(self.note),
        )


class PassOnBody(Action):
    path, says = "pass-on", "Let other units receive and decide, because units merged, split or swapped duties."
    roles = frozenset({"operator"})
    model_config = example(received_by="thpt-nam-khe", decided_by="thpt-nam-khe", reason="Sáp nhập trường.")

    received_by: Id
    decided_by: Id
    reason: Annotated[str, Field(min_length=3, max_length=500)]

    async def command(self, case: Case) -> Command:
        for each in (self.received_by, self.decided_by):
            await case.known.unit(each, local_day(case.when.happened_at))
        return PassOn(when=case.when, received_by=self.received_by, decided_by=self.decided_by, reason=self.reason)
