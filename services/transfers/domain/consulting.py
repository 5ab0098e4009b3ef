"""The written consultation of a case: drafted from the facts, edited, issued once, and ended by its reply."""

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.transfers import ConsultationDrafted, ConsultationIssued, ReplyArrived
from services.transfers.domain.case import Run, Transfer
from services.transfers.domain.commands import Compose, HearReply, IssueConsultation, Redraft
from services.transfers.domain.deciding import not_open
from services.transfers.domain.dossier import about, document_id, transfer_stream
from services.transfers.domain.steps import dropped, ended, follow, refused
from services.transfers.domain.wording import consultation


def consult(command: Compose | Redraft | IssueConsultation | HearReply, state: Transfer) -> list[Event]:
    run = state.run("consult")
    is_open = run is not None and run.outcome is None and state.phase == "open"
    match command:
        case Compose():
            wanted = state.drafts == 0 or (state.stale and not state.drafted_by and state.document is None)
            return [_composed(command, state)] if is_open and wanted and state.facts else []
        case HearReply():
            awaited = is_open and command.document == state.document
            return _replied(command, run, state) if awaited and run else []
        case Redraft():
            return _redraft(command, is_open, state)
        case IssueConsultation():
            return _issue(command, run if is_open else None, state)


def _composed(command: Compose, state: Transfer) -> Event:
    known, facts = command.known, state.facts
    assert facts is not None
    text = consultation(
        facts,
        state.grounds,
        state.findings,
        code=state.code,
        from_name=known.name(facts.from_school) if facts.from_school else facts.from_name,
        to_name=known.name(facts.to_school) if facts.to_school else facts.to_name,
    )
    return ConsultationDrafted(
        **about(state), draft=state.drafts + 1, text=Personal(subject=state.pupil, clear=text), drafted_at=command.at
    )


def _redraft(command: Redraft, is_open: bool, state: Transfer) -> list[Event]:
    if command.draft == state.drafts and command.by == state.drafted_by:
        return []
    if not is_open or state.document is not None:
        raise issued_already(state) if state.document else not_open("consult")
    if command.draft != state.drafts + 1:
        raise Rejected(
            "another_draft",
            Text("Đã có bản dự thảo số {last}.", "There is a draft number {last}.").of(last=state.drafts),
            instead=Text("Tải lại trang rồi sửa tiếp trên bản mới.", "Reload the page and edit the new one."),
            last=state.drafts,
        )
    return [
        ConsultationDrafted(
            **about(state), draft=command.draft, text=command.text, drafted_at=command.at, by=command.by
        )
    ]


def _issue(command: IssueConsultation, run: Run | None, state: Transfer) -> list[Event]:
    if state.document is not None:
        if command.number == state.number:
            return []
        raise issued_already(state)
    if run is None:
        raise not_open("consult")
    if state.drafts == 0:
        raise Rejected(
            "not_drafted",
            Text("Văn bản xin ý kiến chưa có dự thảo.", "The letter was not drafted yet."),
            instead=Text("Tải lại trang để xem dự thảo rồi ký.", "Reload the page, read the draft, then sign it."),
        )
    return [
        ConsultationIssued(
            **about(state),
            document=document_id(transfer_stream(state.application), 1),
            number=command.number,
            from_unit=run.unit,
            to_unit=command.to_unit,
            text=command.text,
            issued_at=command.at,
            issued_by=command.by,
        )
    ]


def _replied(command: HearReply, run: Run, state: Transfer) -> list[Event]:
    arrived = ReplyArrived(
        **about(state),
        document=command.document,
        reply=command.reply,
        number=command.number,
        opinion=command.opinion,
        arrived_at=command.at,
        text=command.text,
        by=command.by,
        signed_on=command.signed_on,
        scan=command.scan,
        reason=command.reason,
    )
    approved, planned = command.opinion == "approved", state.planned("consult")
    outcome = ended(
        run,
        "consented" if approved else "refused",
        state,
        command.at,
        by=command.by,
        document_number=command.number,
    )
    if approved or planned is None:
        return follow([arrived, outcome], state, command.at)
    said = command.text.clear if command.text else None
    decided = refused(
        state,
        "not_consented",
        planned.rule,
        command.at,
        decided_by=state.leadership,
        reason=Personal(subject=state.pupil, clear=said.text) if said else None,
        document_number=command.number,
    )
    return [arrived, outcome, *dropped(state, command.at, but="consult"), decided]


def issued_already(state: Transfer) -> Rejected:
    return Rejected(
        "issued_already",
        Text("Văn bản xin ý kiến đã phát hành, số {number}.", "The letter was issued, number {number}.").of(
            number=state.number
        ),
        instead=Text("Chờ văn bản trả lời của Sở.", "Wait for the Department's answer."),
        number=state.number,
    )
