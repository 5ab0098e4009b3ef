"""Put right what was written down wrongly."""

from typing import Annotated
from uuid import UUID, uuid4

from pydantic import Field

from kernel.decider import Rejected, Text
from schemas.intake import Change, Channel, Delivery, Notify
from schemas.people import Person
from services.intake.api.application.action import Action, Case
from services.intake.api.body import example
from services.intake.domain.application.correction import Correct
from services.intake.domain.application.life import Command


class CorrectBody(Action):
    path, says = "correct", "Put right what was written down wrongly; what was there stays on record."
    model_config = example(
        changes=[{"field": "delivery", "was": "desk", "now": "post"}],
        reason="Ghi nhầm cách nhận.",
        delivery="post",
    )

    correction: UUID | None = None
    changes: Annotated[tuple[Change, ...], Field(min_length=1, max_length=20)]
    reason: Annotated[str, Field(min_length=3, max_length=4000)]
    applicant: Person | None = None
    channel: Channel | None = None
    delivery: Delivery | None = None
    notify: Notify | None = None

    async def command(self, case: Case) -> Command:
        fields = tuple(dict.fromkeys(each.field for each in self.changes))
        given = {"applicant": self.applicant, "channel": self.channel, "delivery": self.delivery, "notify": self.notify}
        if unnamed := [name for name, value in given.items() if value and name not in fields]:
            raise Rejected(
                "change_not_named",
                Text("Mục được sửa phải ghi trong «changes».", "What is corrected is named in `changes`."),
                fields=unnamed,
            )
        return Correct(
            when=case.when,
            correction=self.correction or uuid4(),
            fields=fields,
            changes=case.personal(self.changes),
            reason=case.personal(self.reason),
            applicant=case.maybe(self.applicant),
            channel=self.channel,
            delivery=self.delivery,
            notify=self.notify,
        )
