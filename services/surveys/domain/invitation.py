"""An invitation: what one token opens. It is used once, or never.

    issued ─▶ used          (opened, or typed in from paper a first time, on the way)
       └─▶ revoked

What was answered is never in this stream; see box.py. What is looked up before a command and travels in it: whether
the campaign takes answers now.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.surveys import (
    Carrier,
    FirstEntryMade,
    InvitationIssued,
    InvitationOpened,
    InvitationRevoked,
    InvitationUsed,
    RevokeGround,
    Way,
)

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """Let one person of a cell answer, until the end of the day `ends`."""

    campaign: str
    cell: tuple[str, ...]
    carrier: Carrier
    ends: dt.date
    at: dt.datetime
    printing: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """The questionnaire is opened. `takes`: the campaign takes answers at this moment."""

    takes: bool
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EnterFirst:
    """An officer typed in a sheet of paper of which no first entry is kept."""

    by: str
    takes: bool
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Take the answers that go with this invitation. `entered_by`: the officers who typed in a sheet of paper, each
    another one; the first is who made the first entry."""

    way: Way
    takes: bool
    at: dt.datetime
    entered_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Revoke:
    ground: RevokeGround
    at: dt.datetime


Command: TypeAlias = Issue | Open | EnterFirst | Use | Revoke

# State

Status: TypeAlias = Literal["none", "issued", "used", "revoked"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """What the next decision may depend on. `entered_by` is who made the first entry from paper, "": nobody."""

    status: Status = "none"
    campaign: str = ""
    cell: tuple[str, ...] = ()
    ends: dt.date = dt.date.min
    opened: bool = False
    entered_by: str = ""
    ground: RevokeGround | None = None


initial = Invitation()

UNKNOWN = Text("Không có phiếu khảo sát nào với mã này.", "There is no questionnaire with this code.")
USED = Text(
    "Phiếu này đã được gửi. Mỗi mã chỉ trả lời được một lần.",
    "This questionnaire was sent already. Each code can be used once.",
)
REVOKED = Text("Mã này không còn dùng được.", "This code can't be used any more.")
BY_ANOTHER = Text("Lần nhập này phải do người khác thực hiện.", "Somebody else has to type it in this time.")
ASK_ANOTHER = Text("Nhờ một đồng nghiệp nhập lại phiếu này.", "Ask a colleague to type it in again.")
OVER = Text("Đợt khảo sát này không còn nhận câu trả lời.", "This survey takes no answers any more.")

# Decide


def decide(command: Command, state: Invitation) -> list[Event]:
    match command, state.status:
        case Issue(), "none":
            return [
                InvitationIssued(
                    campaign=command.campaign,
                    cell=command.cell,
                    carrier=command.carrier,
                    ends=command.ends,
                    issued_at=command.at,
                    printing=command.printing,
                )
            ]
        case Issue(), _:
            return []
        case _, "none":
            raise Rejected("invitation_unknown", UNKNOWN)
        case Revoke(ground=ground), "issued":
            return [InvitationRevoked(campaign=state.campaign, cell=state.cell, ground=ground, revoked_at=command.at)]
        case Use(), "used":
            return []
        case Revoke(), _:
            return []
        case _, "revoked":
            raise Rejected(
                "invitation_revoked",
                REVOKED,
                instead=Text(
                    "Có thể đã có phiếu khác thay cho phiếu này; hãy dùng phiếu mới nhất.",
                    "Another one may have come in its place; use the latest.",
                ),
            )
        case _, "used":
            raise Rejected("invitation_used", USED)
        case ((Open() | EnterFirst() | Use()), _) if not command.takes:
            raise Rejected("invitation_expired", OVER)
        case Open(), _ if not state.opened:
            return [InvitationOpened(campaign=state.campaign, cell=state.cell, opened_at=command.at)]
        case EnterFirst(by=by), _ if state.entered_by != by:
            return [FirstEntryMade(campaign=state.campaign, cell=state.cell, entered_by=by, entered_at=command.at)]
        case Use(), _:
            _check_entered(command, state)
            return [
                InvitationUsed(
                    campaign=state.campaign,
                    cell=state.cell,
                    way=command.way,
                    used_at=command.at,
                    entered_by=command.entered_by,
                )
            ]
        case _:
            return []


def _check_entered(command: Use, state: Invitation) -> None:
    """Raises Rejected for a sheet of paper that two officers have not typed in, the one of the first entry first."""
    if command.way != "paper":
        return
    officers = command.entered_by
    if not state.entered_by or officers[:1] != (state.entered_by,) or len(officers) < 2:
        raise Rejected(
            "entered_once",
            Text("Phiếu giấy phải được hai người nhập.", "A sheet of paper has to be typed in by two people."),
        )
    if len(set(officers)) != len(officers):
        raise Rejected("entered_by_the_same", BY_ANOTHER, instead=ASK_ANOTHER)


# Evolve


def evolve(state: Invitation, event: Event) -> Invitation:
    match event:
        case InvitationIssued():
            if state.status != "none":
                return state
            return replace(state, status="issued", campaign=event.campaign, cell=event.cell, ends=event.ends)
        case InvitationOpened():
            return replace(state, opened=True)
        case FirstEntryMade():
            return replace(state, entered_by=event.entered_by)
        case InvitationUsed():
            return replace(state, status="used", campaign=event.campaign, cell=event.cell)
        case InvitationRevoked():
            if state.status == "used":
                return state
            return replace(state, status="revoked", campaign=event.campaign, cell=event.cell, ground=event.ground)
        case _:
            return state


invitation: Decider[Invitation] = Decider(
    "invitation",
    initial,
    decide,
    evolve,
    (InvitationIssued, InvitationOpened, FirstEntryMade, InvitationUsed, InvitationRevoked),
)
