"""Receipt: accept a dossier, or do not."""

from typing import Annotated

from pydantic import Field

from kernel.decider import Rejected, Text
from schemas.intake import Ground
from services.intake.api.application.action import Action, Case
from services.intake.api.body import example
from services.intake.api.reference import local_day
from services.intake.domain import appointment
from services.intake.domain.application.life import Command
from services.intake.domain.application.receipt import Receive, RefuseReceipt


class ReceiveBody(Action):
    path, says = "receive", "Accept it for processing, with a receipt and an appointment."
    roles = frozenset({"desk_officer", "operator"})
    model_config = example(case="within_province")

    case: Annotated[str, Field(max_length=60)] = ""

    async def command(self, case: Case) -> Command:
        state, at = case.state, case.when.happened_at
        terms, since = await case.known.terms(state.procedure, state.terms_from)
        if terms is None or state.status != "submitted":
            raise Rejected(
                "not_submitted", Text("Hồ sơ không ở bước chờ tiếp nhận.", "It does not wait to be received.")
            )
        return Receive(
            when=case.when,
            code=await case.known.code(case.rules, state.received_by, local_day(at)),
            terms=terms,
            rules=case.rules,
            promise=appointment.promise(terms, since, case.rules, await case.known.calendar(), at, self.case),
            supplement_by=appointment.supplement_by(case.rules, await case.known.calendar(), at),
            officer=case.actor.id,
            tracking=case.tracking,
        )


class RefuseReceiptBody(Action):
    path, says = "refuse-receipt", "Do not accept it, with the reason in writing."
    roles = frozenset({"desk_officer", "operator"})
    model_config = example(ground="wrong_authority", reason="Không thuộc thẩm quyền của trường.")

    ground: Ground
    reason: Annotated[str, Field(min_length=3, max_length=4000)]

    async def command(self, case: Case) -> Command:
        return RefuseReceipt(
            when=case.when, ground=self.ground, reason=case.personal(self.reason), rule=case.rules.receiving_cited
        )
