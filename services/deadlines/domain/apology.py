"""The apology that is owed for one dossier: an obligation with a life of its own.

    due (forecast, then perhaps breach) ─▶ issued ─▶ delivered
       │ └─ missed: its last moment passed       └─▶ undeliverable ─▶ delivered at the desk
       └─▶ lapsed: not owed after all

There is one a dossier, so the answer is re-appointed once at most (NĐ 61/2018/NĐ-CP Điều 19 khoản 9, and since 7/2025
the rules under NĐ 118/2025/NĐ-CP).
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias
from uuid import UUID

from kernel.decider import Decider, Rejected, Text
from schemas.deadlines import (
    ApologyCause,
    ApologyDelivered,
    ApologyDrafted,
    ApologyDue,
    ApologyIssued,
    ApologyLapsed,
    ApologyMissed,
    ApologyUndeliverable,
    LapseGround,
    Letter,
    Way,
)
from schemas.event import Event, Personal
from schemas.rules import Cited
from services.deadlines.domain.dossier import about, stream_of
from services.deadlines.domain.rules import ApologyRule

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Let an apology be owed, and draft it at once."""

    application: str
    code: str
    procedure: str
    received_by: str
    decided_by: str
    clock: str
    cause: ApologyCause
    due_at: dt.datetime
    issue_by: dt.datetime
    became_at: dt.datetime
    noticed_at: dt.datetime
    subject: UUID
    rule: Cited
    reason: Personal[str]
    new_due_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Write another text. `draft` is the number it will have: one more than the last that its author saw."""

    draft: int
    reason: Personal[str]
    new_due_at: dt.datetime | None
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """It was answered late meanwhile: the apology stays owed, but names no new day."""

    answered_at: dt.datetime
    noticed_at: dt.datetime
    reason: Personal[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """Sign it. `rule` is the one in force on the day it is signed."""

    number: str
    rule: ApologyRule
    letter: Personal[Letter]
    new_due_at: dt.datetime | None
    way: Way
    at: dt.datetime
    signed_by: str
    position: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliver:
    """It reached the applicant, as far as we can know."""

    way: Way
    at: dt.datetime
    proof: str = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailDelivery:
    """It can't be delivered this way. `reason` is for an officer, and never says an address."""

    way: Way
    at: dt.datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lapse:
    """It is not owed any more. `only`: where this is its cause."""

    ground: LapseGround
    at: dt.datetime
    only: ApologyCause | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Say what became true by `now`."""

    now: dt.datetime


Command: TypeAlias = Open | Draft | Answered | Issue | Deliver | FailDelivery | Lapse | Notice

# State

FAR, NOBODY = dt.datetime(9999, 1, 1, tzinfo=dt.UTC), UUID(int=0)  # of an apology that is not owed yet
Status: TypeAlias = Literal["none", "due", "issued", "delivered", "undeliverable", "lapsed"]
SIGNED: frozenset[Status] = frozenset({"issued", "delivered", "undeliverable"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Apology:
    """What the next decision may depend on. `drafts` counts the texts; the last one is signed unless it is edited."""

    status: Status = "none"
    application: str = ""
    code: str = ""
    procedure: str = ""
    received_by: str = ""
    decided_by: str = ""
    clock: str = ""
    cause: ApologyCause = "breach"
    due_at: dt.datetime = FAR
    issue_by: dt.datetime = FAR
    subject: UUID = NOBODY
    rule: Cited | None = None
    drafts: int = 0
    reason: Personal[str] | None = None
    new_due_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    missed: bool = False
    number: str = ""
    letter: Personal[Letter] | None = None
    way: Way = "desk"
    issued_at: dt.datetime | None = None


initial = Apology()

# Decide


def decide(command: Command, state: Apology) -> list[Event]:
    match command, state.status:
        case Open(), "none" | "lapsed":
            return [_due(command), _first_draft(command, state)]
        case Open(cause="breach"), "due" if state.cause == "forecast":
            return [*_missed(command.became_at, command.noticed_at, state), _due(command)]
        case Open(), _:
            return []

        case Draft(draft=draft), "due":
            return _draft(command, state) if draft > state.drafts else []
        case Answered(), "due" if state.answered_at is None:
            return [
                ApologyDrafted(
                    **about(state),
                    draft=state.drafts + 1,
                    reason=command.reason,
                    new_due_at=None,
                    answered_at=command.answered_at,
                    drafted_at=command.noticed_at,
                )
            ]
        case Issue(), "due":
            return _issue(command, state)
        case Issue(number=number), _ if state.status in SIGNED and number == state.number:
            return []
        case Deliver(), "issued" | "undeliverable":
            return [
                ApologyDelivered(
                    **about(state), way=command.way, delivered_at=command.at, proof=command.proof, by=command.by
                )
            ]
        case FailDelivery(), "issued":
            return [ApologyUndeliverable(**about(state), way=command.way, reason=command.reason, failed_at=command.at)]
        case Lapse(), "due" if command.only in {None, state.cause}:
            return [ApologyLapsed(**about(state), ground=command.ground, lapsed_at=command.at)]
        case Notice(now=now), "due":
            return _missed(now, now, state)
        case ((Draft() | Issue()), _):
            raise _not_owed(state)
        case Deliver(), "none" | "due" | "lapsed":
            raise Rejected("not_signed", Text("Phiếu xin lỗi chưa được ký.", "The apology is not signed yet."))
        case _:
            return []


def _missed(until: dt.datetime, noticed_at: dt.datetime, state: Apology) -> list[Event]:
    """Its last moment passed and nobody had signed it: said once, even where it was seen later."""
    if state.missed or until <= state.issue_by:
        return []
    by = state.issue_by
    return [ApologyMissed(**about(state), issue_by=by, became_at=by, noticed_at=noticed_at)]


def _due(command: Open) -> Event:
    return ApologyDue(
        **about(command),
        clock=command.clock,
        cause=command.cause,
        due_at=command.due_at,
        issue_by=command.issue_by,
        became_at=command.became_at,
        noticed_at=command.noticed_at,
        subject=command.subject,
        rule=command.rule,
    )


def _first_draft(command: Open, state: Apology) -> Event:
    return ApologyDrafted(
        **about(command),
        draft=state.drafts + 1,
        reason=command.reason,
        new_due_at=command.new_due_at,
        drafted_at=command.noticed_at,
    )


def _draft(command: Draft, state: Apology) -> list[Event]:
    if command.draft > state.drafts + 1:
        raise Rejected(
            "no_such_draft",
            Text("Bản dự thảo đang có là số {last}.", "The last draft is number {last}.").of(last=state.drafts),
            instead=Text("Tải lại trang rồi sửa tiếp.", "Reload the page and edit again."),
        )
    _check_new_day(command.new_due_at, command.at, state)
    return [
        ApologyDrafted(
            **about(state),
            draft=command.draft,
            reason=command.reason,
            new_due_at=command.new_due_at,
            answered_at=state.answered_at,
            drafted_at=command.at,
            by=command.by,
        )
    ]


def _issue(command: Issue, state: Apology) -> list[Event]:
    _check_new_day(command.new_due_at, command.at, state)
    rule = command.rule
    return [
        *_missed(command.at, command.at, state),
        ApologyIssued(
            **about(state),
            clock=state.clock,
            number=command.number,
            form=rule.form,
            title=rule.title.vi,
            letter=command.letter,
            due_at=state.due_at,
            new_due_at=command.new_due_at,
            answered_at=state.answered_at,
            way=command.way,
            issued_at=command.at,
            in_time=command.at <= state.issue_by,
            signed_by=command.signed_by,
            position=command.position,
            rule=rule.cited,
        ),
    ]


def _check_new_day(new_due_at: dt.datetime | None, at: dt.datetime, state: Apology) -> None:
    """Raises Rejected for a new day that is missing, in vain, or not later than now and than the first one."""
    if state.answered_at is not None:
        if new_due_at is not None:
            raise Rejected(
                "already_answered",
                Text("Hồ sơ đã có kết quả, không hẹn lại nữa.", "It was answered meanwhile; name no new day."),
                answered_at=state.answered_at,
            )
        return
    if new_due_at is None:
        raise Rejected(
            "new_day_missing",
            Text("Phải ghi ngày hẹn trả mới.", "Name the new day of the appointment."),
            rule=state.rule.basis if state.rule else "",
        )
    if new_due_at <= max(at, state.due_at):
        raise Rejected(
            "new_day_too_early",
            Text(
                "Ngày hẹn mới phải sau hôm nay và sau ngày hẹn cũ.",
                "The new day has to be after today and after the old appointment.",
            ),
            due_at=state.due_at,
        )


def _not_owed(state: Apology) -> Rejected:
    if state.status in SIGNED:
        return Rejected(
            "apologised_already",
            Text(
                "Hồ sơ này đã được xin lỗi và hẹn lại một lần; không được hẹn lại lần thứ hai.",
                "This dossier was apologised for and re-appointed once; a second time is not allowed.",
            ),
            instead=Text("Giải quyết ngay và báo lãnh đạo.", "Answer it now, and tell the leadership."),
            rule=state.rule.basis if state.rule else "",
            number=state.number,
        )
    return Rejected("no_apology_owed", Text("Hồ sơ này không phải xin lỗi.", "No apology is owed for this dossier."))


# Evolve


def evolve(state: Apology, event: Event) -> Apology:
    match event:
        case ApologyDue():
            return replace(
                state,
                status="due",
                **about(event),
                clock=event.clock,
                cause=event.cause,
                due_at=event.due_at,
                issue_by=event.issue_by,
                subject=event.subject,
                rule=event.rule,
                missed=False,  # of this moment: that the notice of a forecast was missed is said, and another thing
            )
        case ApologyDrafted():
            return replace(
                state,
                drafts=event.draft,
                reason=event.reason,
                new_due_at=event.new_due_at,
                answered_at=event.answered_at,
            )
        case ApologyMissed():
            return replace(state, missed=True)
        case ApologyIssued():
            return replace(
                state,
                status="issued",
                number=event.number,
                letter=event.letter,
                new_due_at=event.new_due_at,
                way=event.way,
                issued_at=event.issued_at,
                rule=event.rule,
            )
        case ApologyDelivered():
            return replace(state, status="delivered")
        case ApologyUndeliverable():
            return replace(state, status="undeliverable")
        case ApologyLapsed():
            return replace(state, status="lapsed")
        case _:
            return state


apology: Decider[Apology] = Decider(
    "apology",
    initial,
    decide,
    evolve,
    (
        ApologyDue,
        ApologyDrafted,
        ApologyIssued,
        ApologyDelivered,
        ApologyUndeliverable,
        ApologyMissed,
        ApologyLapsed,
    ),
)


def apology_stream(clock: str) -> str:
    """The stream of the apology for a clock: one a dossier."""
    return stream_of("apology", clock)
