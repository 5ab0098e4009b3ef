"""The result: granted or refused, here or where the case itself is kept, and handed over."""

import datetime as dt
from dataclasses import dataclass

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ApplicationResolved, Delivery, Ground, Outcome, ResultHandedOver
from schemas.people import Document, Person
from schemas.rules import Cited
from services.intake.domain.application.consultation import overdue
from services.intake.domain.application.dossier import Application
from services.intake.domain.when import When


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolve:
    """Grant or refuse, in the name of `decided_by`. `refusal_rule` says how one is refused."""

    when: When
    decided_by: str
    outcome: Outcome
    refusal_rule: Cited
    ground: Ground | None = None
    reason: Personal[str] | None = None
    document_number: str = ""
    results: tuple[Document, ...] = ()
    rule: Cited | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclude:
    """Take over what was decided where the case itself is kept. It comes from a service, so it is never refused: where
    the dossier has ended meanwhile nothing is left to conclude."""

    at: dt.datetime
    outcome: Outcome
    rule: Cited
    ground: Ground | None = None
    reason: Personal[str] | None = None
    document_number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOverResult:
    """Give the result to the applicant, or to who acts for them."""

    when: When
    way: Delivery
    taken_by: Personal[Person] | None = None
    proof: str = ""


def resolve(command: Resolve, state: Application) -> list[Event]:
    if state.described:
        raise Rejected(
            "decided_elsewhere",
            Text(
                "Hồ sơ này có mẫu riêng; quyết định ở đó là kết quả của hồ sơ.",
                "This dossier has a form of its own; what is decided there is its result.",
            ),
            instead=Text("Quyết định ở trang Chuyển trường.", "Decide it on the page of transfers."),
            dossier=state.code,
        )
    if command.decided_by != state.decided_by:
        raise Rejected(
            "other_body_decides",
            Text("Cơ quan khác có thẩm quyền quyết định.", "Another body decides this dossier."),
            decided_by=state.decided_by,
        )
    if command.outcome == "refused" and (command.ground is None or command.reason is None):
        raise Rejected(
            "refused_without_reason",
            Text("Từ chối phải nêu lý do bằng văn bản.", "A refusal gives its reason in writing."),
            rule=command.refusal_rule.basis,
        )
    at = command.when.happened_at
    waiting = [each for each in state.consultations if not each.answered]
    in_time = [each.body for each in waiting if at <= each.answer_by]
    if in_time:
        raise Rejected(
            "opinion_awaited",
            Text("Còn chờ ý kiến trong hạn của: {bodies}.", "An opinion is still due from: {bodies}.").of(
                bodies=", ".join(in_time)
            ),
            instead=Text("Nhập ý kiến, hoặc chờ hết hạn.", "Enter the opinion, or wait for its limit."),
            bodies=in_time,
        )
    return [
        *(overdue(each, at, state) for each in waiting if not each.named_late),
        ApplicationResolved(
            procedure=state.procedure,
            received_by=state.received_by,
            decided_by=state.decided_by,
            resolved_at=at,
            outcome=command.outcome,
            ground=command.ground,
            reason=command.reason,
            document_number=command.document_number,
            results=command.results,
            rule=command.rule,
            late_reason=command.when.reason,
        ),
    ]


def conclude(command: Conclude, state: Application) -> list[Event]:
    waiting = [each for each in state.consultations if not each.answered and not each.named_late]
    return [
        *(overdue(each, command.at, state) for each in waiting if command.at > each.answer_by),
        ApplicationResolved(
            procedure=state.procedure,
            received_by=state.received_by,
            decided_by=state.decided_by,
            resolved_at=command.at,
            outcome=command.outcome,
            ground=command.ground,
            reason=command.reason,
            document_number=command.document_number,
            rule=command.rule,
        ),
    ]


def hand_over(command: HandOverResult, state: Application) -> list[Event]:
    return [
        ResultHandedOver(
            received_by=state.received_by,
            decided_by=state.decided_by,
            handed_over_at=command.when.happened_at,
            way=command.way,
            taken_by=command.taken_by,
            proof=command.proof,
            late_reason=command.when.reason,
        )
    ]
