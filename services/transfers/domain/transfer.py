"""One case: a pupil who changes schools.

    undescribed ─▶ requested ─▶ begun ─▶ open ─▶ granted ─▶ completed
                                  │        └─▶ refused
                                  └─▶ refused (by rule, or the pupil's claim was refused)
    closed: from any of them but the last ones, because the dossier ended in intake

What comes from the policy comes to [] or to an event in every state; what people say is refused with its reason.
"""

import datetime as dt
from typing import Any

from kernel.calendar import local
from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.transfers import (
    ClassChosen,
    ConsultationDrafted,
    ConsultationIssued,
    FactsCorrected,
    PlaceHeld,
    PlaceReason,
    PupilElsewhere,
    PupilSchoolConfirmed,
    ReplyArrived,
    StepDue,
    StepEnded,
    StepEscalated,
    StepOpened,
    TransferBegun,
    TransferClosed,
    TransferCompleted,
    TransferDecided,
    TransferRaised,
    TransferRequested,
    TransferUndescribed,
)
from services.transfers.domain.case import Transfer, evolve
from services.transfers.domain.commands import (
    Begin,
    ChooseClass,
    Close,
    Command,
    Compose,
    ConfirmSchool,
    CorrectFacts,
    Deny,
    Describe,
    EndStep,
    Escalate,
    Grant,
    HearReply,
    IssueConsultation,
    NoteDue,
    NoteElsewhere,
    NotePlace,
    Proceed,
    Raise,
    Redraft,
    Reopen,
    Request,
    TurnAway,
    Undescribed,
)
from services.transfers.domain.consulting import consult
from services.transfers.domain.deciding import class_missing, decided_already, end_step, not_open
from services.transfers.domain.dossier import about, class_stream
from services.transfers.domain.judging import begun, correct, look_into, make_special, note_elsewhere
from services.transfers.domain.steps import dropped, follow, granted, opened, refused

initial = Transfer()

# Decide


def decide(command: Command, state: Transfer) -> list[Event]:
    match command:
        case Request() | Undescribed():
            return [_asked(command)] if state.phase == "none" else []
        case Begin():
            return _begin(command, state)
        case Proceed():
            return follow([], state, command.at)
        case Deny():
            return _deny(command, state)
        case NoteElsewhere():
            return note_elsewhere(command, state)
        case NotePlace():
            return _note_place(command, state)
        case Grant():
            waits = state.decided_already and state.to_class == command.class_id
            return follow([granted(state, state.rule, command.at)], state, command.at) if waits and state.rule else []
        case Reopen():
            return _reopen(command, state)
        case Close():
            return _close(command, state)
        case NoteDue() | Escalate():
            return _time(command, state)
        case Describe():
            return _describe(command, state)
        case ChooseClass():
            return _choose(command, state)
        case Raise():
            return make_special(command, state)
        case CorrectFacts():
            return correct(command, state)
        case ConfirmSchool() | TurnAway():
            return look_into(command, state)
        case EndStep():
            return end_step(command, state)
        case Compose() | Redraft() | IssueConsultation() | HearReply():
            return consult(command, state)


def _asked(command: Request | Undescribed) -> Event:
    if isinstance(command, Undescribed):
        return TransferUndescribed(
            application=command.application,
            procedure=command.procedure,
            received_by=command.received_by,
            decided_by=command.decided_by,
            applicant=command.applicant,
            submitted_at=command.submitted_at,
            tracking=command.tracking,
            entered_late=command.entered_late,
        )
    return TransferRequested(
        application=command.application,
        procedure=command.procedure,
        received_by=command.received_by,
        decided_by=command.decided_by,
        facts=command.facts,
        pupil=command.pupil,
        who=command.who,
        applicant=command.applicant,
        submitted_at=command.submitted_at,
        tracking=command.tracking,
        entered_late=command.entered_late,
    )


def _begin(command: Begin, state: Transfer) -> list[Event]:
    if state.phase == "undescribed" and state.received_at is None:
        undescribed = TransferUndescribed(
            application=state.application,
            procedure=state.procedure,
            received_by=state.received_by,
            decided_by=state.decided_by,
            applicant=state.applicant,
            submitted_at=state.submitted_at,
            code=command.code,
            received_at=command.received_at,
            entered_late=state.entered_late,
        )
        return [undescribed]
    if state.phase != "requested":
        return []
    return begun(command.known, command.code, command.received_at, state)


def _deny(command: Deny, state: Transfer) -> list[Event]:
    if state.phase != "begun" or state.received_at is None:
        return []
    cited = command.known.rules(local(state.received_at).date()).cited
    return [refused(state, "already_transferring", cited["one_request"], command.at)]


def _note_place(command: NotePlace, state: Transfer) -> list[Event]:
    waits = state.phase in {"begun", "open"} and command.class_id == state.to_class
    if not waits or command.held == state.held:
        return []
    return [_held(command.held, command.at, state, command.why, late=command.late)]


def _held(held: bool, at: dt.datetime, state: Transfer, why: PlaceReason = "", *, late: bool = False) -> Event:
    return PlaceHeld(**about(state), to_class=state.to_class, held=held, noted_at=at, why=why, late=late)


def _reopen(command: Reopen, state: Transfer) -> list[Event]:
    planned, run = state.planned("accept"), state.run("accept")
    if not (state.decided_already and planned and run):
        return []
    if (command.class_id, command.turn) != (state.to_class, run.turn):
        return []
    lost = [_held(False, command.at, state)] if state.held else []
    return [*lost, opened(planned, state, command.at)]


def _close(command: Close, state: Transfer) -> list[Event]:
    """A dossier that intake granted because this case was goes on to its records and its placement."""
    over = state.phase in {"none", "refused", "completed", "closed"}
    if over or (state.phase == "granted" and command.granted):
        return []
    closed = TransferClosed(
        **about(state),
        ground=command.ground,
        closed_at=command.at,
        to_class=state.to_class,
        pupil=state.pupil if state.facts else None,
    )
    return [*dropped(state, command.at), closed]


def _time(command: NoteDue | Escalate, state: Transfer) -> list[Event]:
    run = state.run(command.step)
    if run is None or run.outcome is not None or run.turn != command.turn:
        return []
    what: dict[str, Any] = {**about(state), "step": run.step, "turn": run.turn, "due_at": command.due_at}
    if isinstance(command, NoteDue):
        return [] if run.due_at == command.due_at else [StepDue(**what)]
    above = command.known.above(run.unit)
    if run.escalated or not above:
        return []
    return [StepEscalated(**what, unit=run.unit, to_unit=above, escalated_at=command.at)]


def _describe(command: Describe, state: Transfer) -> list[Event]:
    if state.facts is not None and state.facts == command.facts:
        return []
    if state.phase != "undescribed":
        raise Rejected(
            "not_to_describe",
            Text("Hồ sơ này không chờ bổ sung thông tin.", "This dossier does not wait to be described."),
            instead=Text("Tải lại trang để xem tình trạng hiện tại.", "Reload the page to see how it stands."),
        )
    if not (command.facts.from_school or command.facts.to_school):
        raise Rejected(
            "no_school_of_ours",
            Text(
                "Phải chọn trường đi hoặc trường đến trong tỉnh.",
                "Name a school of the province, to leave or to enter.",
            ),
            instead=Text("Chọn trường trong danh sách.", "Choose a school from the list."),
        )
    requested = TransferRequested(
        application=state.application,
        procedure=state.procedure,
        received_by=state.received_by,
        decided_by=state.decided_by,
        facts=command.facts,
        pupil=command.pupil,
        who=command.who,
        applicant=state.applicant,
        submitted_at=state.submitted_at,
        tracking=command.tracking,
        described_by=command.by,
        entered_late=state.entered_late,
    )
    if state.received_at is None:
        return [requested]
    return [requested, *begun(command.known, state.code, state.received_at, evolve(state, requested))]


def _choose(command: ChooseClass, state: Transfer) -> list[Event]:
    if not command.name.strip():
        raise class_missing()
    if state.phase not in {"begun", "open"} or not state.to_school or state.facts is None:
        raise not_open()
    to_class = class_stream(state.to_school, state.year, state.facts.grade, command.name)
    if to_class == state.to_class:
        return []
    if state.decided_already:
        raise decided_already()
    return [
        ClassChosen(
            **about(state),
            to_class=to_class,
            submitted_at=state.submitted_at,
            chosen_at=command.at,
            chosen_by=command.by,
            was_class=state.to_class,
            entered_late=state.entered_late,
        )
    ]


transfer: Decider[Transfer] = Decider(
    "transfer",
    initial,
    decide,
    evolve,
    (
        TransferUndescribed,
        TransferRequested,
        TransferBegun,
        TransferRaised,
        FactsCorrected,
        PupilElsewhere,
        PupilSchoolConfirmed,
        ClassChosen,
        PlaceHeld,
        StepOpened,
        StepEnded,
        StepDue,
        StepEscalated,
        TransferDecided,
        TransferCompleted,
        TransferClosed,
        ConsultationDrafted,
        ConsultationIssued,
        ReplyArrived,
    ),
)
