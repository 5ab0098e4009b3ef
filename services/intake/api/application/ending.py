"""An end without a result: stop, or withdraw."""

from schemas.intake import StopGround
from services.intake.api.access import OFFICERS
from services.intake.api.application.action import Action, Case
from services.intake.api.body import Words, example
from services.intake.domain.application.ending import Stop, Withdraw
from services.intake.domain.application.life import Command


class StopBody(Action):
    path, says = "stop", "Stop processing: at the citizen's wish, or because no supplement came in its time."
    roles = frozenset({"citizen", *OFFICERS})
    model_config = example(ground="citizens_wish", reason="Theo đề nghị của người nộp.")

    ground: StopGround = "citizens_wish"
    reason: Words = ""

    async def command(self, case: Case) -> Command:
        closes = self.ground == "no_supplement"
        return Stop(
            when=case.when,
            ground=self.ground,
            reason=case.maybe(self.reason),
            rule=case.rules.supplement.cited if closes else None,
        )


class WithdrawBody(Action):
    path, says = "withdraw", "Give it back to the applicant, who wants it."
    roles = frozenset({"citizen", *OFFICERS})
    model_config = example(reason="Gia đình không chuyển nữa.")

    reason: Words = ""

    async def command(self, case: Case) -> Command:
        return Withdraw(when=case.when, reason=case.maybe(self.reason))
