"""An end without a result: stopped, or withdrawn by the applicant."""

from dataclasses import dataclass

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ApplicationStopped, ApplicationWithdrawn, StopGround
from schemas.rules import Cited
from services.intake.domain.application.dossier import Application
from services.intake.domain.when import When


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Stop processing without a decision."""

    when: When
    ground: StopGround
    reason: Personal[str] | None = None
    rule: Cited | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdraw:
    """Give the dossier back to the applicant, who wants it."""

    when: When
    reason: Personal[str] | None = None


def stop(command: Stop, state: Application) -> list[Event]:
    if command.ground == "no_supplement":
        over = state.answer_by and command.when.happened_at > state.answer_by
        if state.status != "supplement_asked" or not over:
            raise Rejected(
                "still_time_to_supply",
                Text("Người nộp vẫn còn hạn bổ sung.", "The applicant still has time to supply it."),
                answer_by=state.answer_by,
            )
        if state.unchecked_since:
            raise Rejected(
                "supplement_unchecked",
                Text("Người nộp đã bổ sung mà chưa ai kiểm tra.", "What the applicant sent was not looked at yet."),
                instead=Text("Kiểm tra rồi ghi đã đủ hay còn thiếu.", "Check it; say whether it is complete."),
                supplied_at=state.unchecked_since,
            )
    return [
        ApplicationStopped(
            received_by=state.received_by,
            decided_by=state.decided_by,
            stopped_at=command.when.happened_at,
            ground=command.ground,
            reason=command.reason,
            rule=command.rule,
            late_reason=command.when.reason,
        )
    ]


def withdraw(command: Withdraw, state: Application) -> list[Event]:
    return [
        ApplicationWithdrawn(
            received_by=state.received_by,
            decided_by=state.decided_by,
            withdrawn_at=command.when.happened_at,
            reason=command.reason,
            late_reason=command.when.reason,
        )
    ]
