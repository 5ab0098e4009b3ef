"""The result: grant or refuse, and hand it over."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from schemas.intake import Delivery, Ground, Outcome
from schemas.people import Document, Person
from schemas.rules import Cited
from services.intake.api.application.action import Action, Case
from services.intake.api.body import Words, example
from services.intake.domain.application.life import Command
from services.intake.domain.application.result import HandOverResult, Resolve


class ResolveBody(Action):
    path, says = "resolve", "Grant what was asked, or refuse it with the reason."
    roles = frozenset({"case_officer", "unit_head", "operator"})
    model_config = example(outcome="granted", document_number="35/QĐ-LL")

    outcome: Outcome
    ground: Ground | None = None
    reason: Words = ""
    document_number: Annotated[str, Field(max_length=60)] = ""
    results: Annotated[tuple[Document, ...], Field(max_length=20)] = ()

    def files(self) -> Sequence[Document]:
        return self.results

    async def command(self, case: Case) -> Command:
        id = case.state.procedure
        terms, since = await case.known.terms(id, case.state.terms_from)
        basis = "; ".join(terms.legal_basis) if terms else ""
        return Resolve(
            when=case.when,
            decided_by=case.state.decided_by,
            outcome=self.outcome,
            ground=self.ground,
            reason=case.maybe(self.reason),
            document_number=self.document_number,
            results=self.results,
            rule=Cited(pack="catalogue", version=since.isoformat(), name=id, basis=basis),
            refusal_rule=case.rules.refusal_cited,
        )


class HandOverResultBody(Action):
    path, says = "hand-over-result", "Give the result to the applicant, or to who acts for them."
    roles = frozenset({"desk_officer", "case_officer", "operator"})
    model_config = example(way="post", proof="EB123456789VN")

    way: Delivery
    taken_by: Person | None = None
    proof: Annotated[str, Field(max_length=60)] = ""

    async def command(self, case: Case) -> Command:
        return HandOverResult(when=case.when, way=self.way, taken_by=case.maybe(self.taken_by), proof=self.proof)
