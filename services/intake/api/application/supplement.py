"""A supplement: ask for it, send it."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import Field

from schemas.people import Document
from services.intake.api.access import OFFICERS, works_on
from services.intake.api.application.action import Action, Case
from services.intake.api.body import FileNames, example
from services.intake.domain import appointment
from services.intake.domain.application.life import Command
from services.intake.domain.application.supplement import AskSupplement, Supply, completed_at


class AskSupplementBody(Action):
    path, says = "ask-supplement", "Ask, once and completely, for what is missing."
    model_config = example(wanted=["Học bạ (bản chính)"], reason="Hồ sơ thiếu học bạ.", contact="0200 000 0201")

    request: UUID | None = None
    wanted: Annotated[
        tuple[Annotated[str, Field(min_length=2, max_length=500)], ...], Field(min_length=1, max_length=50)
    ]
    reason: Annotated[str, Field(min_length=3, max_length=4000)]
    contact: Annotated[str, Field(max_length=200)] = ""

    async def command(self, case: Case) -> Command:
        terms, _ = await case.known.terms(case.state.procedure, case.state.terms_from)
        closes = appointment.close_after(terms, case.rules)
        calendar = await case.known.calendar()
        return AskSupplement(
            when=case.when,
            request=self.request or uuid4(),
            items=len(self.wanted),
            wanted=case.personal(self.wanted),
            reason=case.personal(self.reason),
            rule=case.rules.supplement.cited,
            contact=self.contact,
            answer_by=appointment.answer_by(closes, calendar, case.when.happened_at) if closes else None,
        )


class SupplyBody(Action):
    """Only an officer of the dossier's units may say that it is complete: what an applicant sends waits for that word,
    and the new time counts from when the last of it came."""

    path, says = "supply", "Take in what was asked for; once an officer says it is complete, the clock starts again."
    roles = frozenset({"citizen", *OFFICERS})
    model_config = example(documents=[{"title": "Học bạ (bản chính)", "form": "original"}])

    complete: bool = True
    documents: Annotated[tuple[Document, ...], Field(max_length=50)] = ()
    file_names: FileNames = Field(default_factory=dict)

    def files(self) -> Sequence[Document]:
        return self.documents

    async def command(self, case: Case) -> Command:
        terms, since = await case.known.terms(case.state.procedure, case.state.terms_from)
        checked = works_on(case.actor, case.state)
        complete = self.complete and checked
        at, first = completed_at(case.state, case.when.happened_at, self.documents), case.state.first_promise
        given = first and (first.amount, first.unit)  # the same kind of case as when it came, whoever supplies it
        kind = next((each.case for each in terms.times if (each.amount, each.unit) == given), "") if terms else ""
        restarts = complete and (first is None or first.at_supplement == "restart")
        return Supply(
            when=case.when,
            complete=complete,
            rule=case.rules.supplement.cited,
            checked=checked,
            promise=appointment.promise(terms, since, case.rules, await case.known.calendar(), at, kind)
            if terms and restarts
            else None,
            documents=self.documents,
            file_names=case.maybe(self.file_names),
        )
