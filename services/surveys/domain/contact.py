"""Whom to ask about a result, one stream a dossier: due, invited, reached, perhaps reminded, or skipped with a ground.

That somebody is invited is said before the invitation leaves, and that it left after. After a crash between the two
nobody knows whether it did: the next turn revokes it and sends another, so that one of them can be used, and only one.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import TypeAlias

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.surveys import Carrier, ContactDue, ContactInvited, ContactReached, ContactSkipped, SkipGround

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Let an applicant be asked about the result that they were given."""

    application: str
    unit: str
    handed_over_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Invite:
    """Say that an invitation is about to leave. `turn` is one more than the last."""

    campaign: str
    invitation: str
    turn: int
    carrier: Carrier
    reminder: bool
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """It left."""

    turn: int
    proof: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Skip:
    """Do not ask, or not any more."""

    ground: SkipGround
    at: dt.datetime


Command: TypeAlias = Ask | Invite | Reach | Skip

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """`turn` counts the invitations, the last of which is `invitation`; `reached` is the last turn that left."""

    due: bool = False
    application: str = ""
    unit: str = ""
    handed_over_at: dt.datetime | None = None
    campaign: str = ""
    invitation: str = ""
    turn: int = 0
    reached: int = 0
    skipped: str = ""


initial = Contact()


def decide(command: Command, state: Contact) -> list[Event]:
    match command:
        case Ask():
            if state.due:
                return []
            return [
                ContactDue(application=command.application, unit=command.unit, handed_over_at=command.handed_over_at)
            ]
        case _ if not state.due:
            raise Rejected(
                "nobody_to_ask", Text("Hồ sơ này chưa trả kết quả.", "No result of this dossier was handed over.")
            )
        case Invite():
            return _invited(command, state)
        case Reach(turn=turn):
            if turn > state.turn:
                raise Rejected("not_invited", Text("Chưa có lời mời này.", "There is no such invitation yet."))
            if turn <= state.reached:
                return []
            return [
                ContactReached(application=state.application, turn=turn, proof=command.proof, reached_at=command.at)
            ]
        case Skip():
            if state.skipped:
                return []
            return [ContactSkipped(application=state.application, ground=command.ground, skipped_at=command.at)]


def _invited(command: Invite, state: Contact) -> list[Event]:
    if command.turn <= state.turn:
        return []
    if command.turn > state.turn + 1:
        raise Rejected("turn_left_out", Text("Lời mời trước đó chưa có.", "The invitation before this one is missing."))
    # A desk may still print a slip for somebody without an address.
    if state.skipped and not (state.skipped == "no_address" and command.carrier == "slip"):
        raise Rejected("skipped", Text("Người này không được mời nữa.", "This person is not invited any more."))
    return [
        ContactInvited(
            application=state.application,
            campaign=command.campaign,
            invitation=command.invitation,
            turn=command.turn,
            carrier=command.carrier,
            reminder=command.reminder,
            invited_at=command.at,
        )
    ]


def evolve(state: Contact, event: Event) -> Contact:
    match event:
        case ContactDue():
            return replace(
                state, due=True, application=event.application, unit=event.unit, handed_over_at=event.handed_over_at
            )
        case ContactInvited():
            return replace(state, campaign=event.campaign, invitation=event.invitation, turn=event.turn)
        case ContactReached():
            return replace(state, reached=event.turn)
        case ContactSkipped():
            return replace(state, skipped=event.ground)
        case _:
            return state


contact: Decider[Contact] = Decider(
    "contact", initial, decide, evolve, (ContactDue, ContactInvited, ContactReached, ContactSkipped)
)
