"""Receipt: accepted with a code and an appointment, or not accepted."""

import datetime as dt
from dataclasses import dataclass

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ApplicationNotAccepted, ApplicationReceived, Ground, Promise, Terms
from schemas.rules import Cited
from services.intake.domain.application.dossier import Application
from services.intake.domain.application.promise import check_promise
from services.intake.domain.register import is_code
from services.intake.domain.rules import Rules
from services.intake.domain.when import When


@dataclass(frozen=True, kw_only=True, slots=True)
class Receive:
    """Accept for processing: the receipt with its code and appointment."""

    when: When
    code: str
    terms: Terms
    rules: Rules
    promise: Promise
    supplement_by: dt.datetime
    officer: str = ""
    tracking: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseReceipt:
    """Do not accept the dossier, with a reason in writing."""

    when: When
    ground: Ground
    reason: Personal[str]
    rule: Cited


def receive(command: Receive, state: Application) -> list[Event]:
    received_at, terms = command.when.happened_at, command.terms
    if not is_code(command.code):
        raise Rejected("bad_code", Text("Mã hồ sơ không hợp lệ.", "That is not a dossier code."), dossier=command.code)
    check_promise(command.promise, received_at)
    assert state.subject is not None
    return [
        ApplicationReceived(
            code=command.code,
            procedure=state.procedure,
            procedure_name=state.procedure_name,
            level=terms.level,
            field=terms.field,
            authority=terms.authority,
            terms_from=state.terms_from,
            received_by=state.received_by,
            decided_by=state.decided_by,
            channel=state.channel,
            received_at=received_at,
            promise=command.promise,
            supplement_by=command.supplement_by,
            subject=state.subject,
            rule=command.rules.receiving_cited,
            supplement_times=command.rules.supplement.times,
            officer=command.officer,
            fee_vnd=terms.fee_vnd,
            late_reason=command.when.reason,
            tracking=command.tracking,
        )
    ]


def refuse_receipt(command: RefuseReceipt, state: Application) -> list[Event]:
    return [
        ApplicationNotAccepted(
            procedure=state.procedure,
            received_by=state.received_by,
            decided_by=state.decided_by,
            not_accepted_at=command.when.happened_at,
            ground=command.ground,
            reason=command.reason,
            rule=command.rule,
            late_reason=command.when.reason,
        )
    ]
