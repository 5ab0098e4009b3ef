"""Answers that do not count: proposed with a reason by one person, agreed to by another, listed for ever.

    proposed ─▶ approved (by somebody else)
        └─────▶ refused

Nothing is taken away: voided answers stay in the log, and their voiding beside them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias
from uuid import UUID

from kernel.decider import Rejected, Text
from schemas.event import Event
from schemas.surveys import AnswersVoided, VoidingProposed, VoidingRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposeVoiding:
    """Ask that these answers do not count. Whether they are this campaign's is looked up before."""

    voiding: UUID
    sheets: tuple[UUID, ...]
    reason: str
    by: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveVoiding:
    """Agree that they do not count. Nobody agrees with themselves."""

    voiding: UUID
    by: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseVoiding:
    """Let them go on to count."""

    voiding: UUID
    reason: str
    by: str
    at: dt.datetime


Command: TypeAlias = ProposeVoiding | ApproveVoiding | RefuseVoiding


@dataclass(frozen=True, kw_only=True, slots=True)
class Voiding:
    """What was proposed, and what became of it."""

    sheets: tuple[UUID, ...]
    reason: str
    proposed_by: str
    settled: Literal["", "approved", "refused"] = ""


Voidings: TypeAlias = Mapping[UUID, Voiding]


def voided(voidings: Voidings) -> frozenset[UUID]:
    """The sheets that do not count."""
    return frozenset(sheet for each in voidings.values() if each.settled == "approved" for sheet in each.sheets)


def open_voidings(voidings: Voidings) -> list[UUID]:
    """What was proposed and waits for a second person."""
    return [id for id, each in voidings.items() if not each.settled]


def decide(command: Command, voidings: Voidings) -> list[Event]:
    known = voidings.get(command.voiding)
    match command:
        case ProposeVoiding():
            return [] if known else _proposed(command, voidings)
        case _ if known is None:
            raise Rejected(
                "no_such_voiding", Text("Không có đề nghị loại phiếu này.", "There is no such proposal to void.")
            )
        case ApproveVoiding():
            return _approved(command, known)
        case RefuseVoiding():
            if known.settled:
                return _settled_as("refused", known)
            return [
                VoidingRefused(
                    voiding=command.voiding, reason=command.reason, refused_by=command.by, refused_at=command.at
                )
            ]


def _proposed(command: ProposeVoiding, voidings: Voidings) -> list[Event]:
    if not command.sheets or not command.reason.strip():
        raise Rejected(
            "nothing_to_void",
            Text("Hãy chọn phiếu và nêu lý do.", "Choose the answers and say why."),
        )
    taken = {sheet for each in voidings.values() if each.settled != "refused" for sheet in each.sheets}
    if taken & set(command.sheets):
        raise Rejected(
            "voided_already",
            Text(
                "Có phiếu đã bị loại hoặc đang chờ duyệt loại.",
                "Some of these answers are voided already, or wait to be.",
            ),
            instead=Text("Bỏ các phiếu đó ra rồi gửi lại.", "Leave those out and send it again."),
        )
    return [
        VoidingProposed(
            voiding=command.voiding,
            sheets=tuple(dict.fromkeys(command.sheets)),
            reason=command.reason.strip(),
            proposed_by=command.by,
            proposed_at=command.at,
        )
    ]


def _approved(command: ApproveVoiding, known: Voiding) -> list[Event]:
    if known.settled:
        return _settled_as("approved", known)
    if command.by == known.proposed_by:
        raise Rejected(
            "own_proposal",
            Text("Người đề nghị không thể tự duyệt.", "Who proposed it can't approve it."),
            instead=Text("Nhờ một người khác có thẩm quyền duyệt.", "Ask another person to approve it."),
        )
    return [
        AnswersVoided(
            voiding=command.voiding,
            sheets=known.sheets,
            reason=known.reason,
            proposed_by=known.proposed_by,
            approved_by=command.by,
            voided_at=command.at,
        )
    ]


def _settled_as(wanted: Literal["approved", "refused"], known: Voiding) -> list[Event]:
    """Nothing where it was settled like this. Raises Rejected where it was settled the other way."""
    if known.settled == wanted:
        return []
    raise Rejected(
        "voiding_settled", Text("Đề nghị này đã được xử lý khác rồi.", "This proposal was settled the other way.")
    )


def evolve(voidings: Voidings, event: Event) -> Voidings:
    match event:
        case VoidingProposed(voiding=id):
            proposed = Voiding(sheets=event.sheets, reason=event.reason, proposed_by=event.proposed_by)
            return {**voidings, id: proposed}
        case AnswersVoided(voiding=id):
            approved = Voiding(
                sheets=event.sheets, reason=event.reason, proposed_by=event.proposed_by, settled="approved"
            )
            return {**voidings, id: approved}
        case VoidingRefused(voiding=id) if id in voidings:
            return {**voidings, id: replace(voidings[id], settled="refused")}
        case _:
            return voidings
