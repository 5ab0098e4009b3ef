"""Who may decide in a head's place, and on which days: one stream a unit."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from kernel.calendar import local
from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.transfers import DelegationEnded, DelegationGiven

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegate:
    """Let the deputy `to` decide in the place of the head `by`, from `starts` until `ends`, both included."""

    delegation: UUID
    unit: str
    by: str
    to: str
    starts: dt.date
    ends: dt.date
    number: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EndDelegation:
    """Take a delegation back: it does not hold from `at` on."""

    delegation: UUID
    by: str
    at: dt.datetime


Command: TypeAlias = Delegate | EndDelegation

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegation:
    """One delegation. `ended_at`: None until it is taken back."""

    delegation: UUID
    unit: str
    by: str
    to: str
    starts: dt.date
    ends: dt.date
    number: str
    ended_at: dt.datetime | None = None

    def holds(self, deputy: str, at: dt.datetime) -> bool:
        """May this deputy decide at this moment? Days are those of the wall calendar in Việt Nam."""
        return (
            self.to == deputy
            and self.starts <= local(at).date() <= self.ends
            and (self.ended_at is None or at < self.ended_at)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegations:
    given: tuple[Delegation, ...] = ()

    def of(self, deputy: str, at: dt.datetime) -> Delegation | None:
        """The delegation under which a deputy may decide at this moment, if there is one."""
        return next((each for each in self.given if each.holds(deputy, at)), None)


initial = Delegations()


def decide(command: Command, state: Delegations) -> list[Event]:
    known = {each.delegation: each for each in state.given}
    match command:
        case Delegate(delegation=id):
            return [] if id in known else _given(command, state)
        case EndDelegation(delegation=id) if id not in known:
            raise Rejected("no_such_delegation", Text("Không có ủy quyền này.", "There is no such delegation."))
        case EndDelegation(delegation=id):
            if known[id].ended_at is not None:
                return []
            return [DelegationEnded(delegation=id, unit=known[id].unit, by=command.by, ended_at=command.at)]


def _given(command: Delegate, state: Delegations) -> list[Event]:
    if command.to == command.by:
        raise Rejected(
            "delegated_to_oneself",
            Text("Không thể ủy quyền cho chính mình.", "Nobody can delegate to themselves."),
            instead=Text("Chọn một cấp phó.", "Choose a deputy."),
        )
    if command.ends < command.starts:
        raise Rejected(
            "ends_before_it_starts",
            Text("Ngày cuối phải từ ngày đầu trở đi.", "The last day is before the first."),
            instead=Text("Sửa lại ngày đầu hoặc ngày cuối.", "Correct one of the two days."),
        )
    for each in state.given:
        overlaps = each.starts <= command.ends and command.starts <= each.ends
        if each.to == command.to and each.ended_at is None and overlaps:
            raise Rejected(
                "delegated_already",
                Text("Cấp phó này đã được ủy quyền trong các ngày đó.", "This deputy has those days already."),
                instead=Text(
                    "Thu hồi ủy quyền cũ trước, hoặc chọn ngày khác.", "End the old one, or choose other days."
                ),
                number=each.number,
            )
    return [
        DelegationGiven(
            delegation=command.delegation,
            unit=command.unit,
            by=command.by,
            to=command.to,
            starts=command.starts,
            ends=command.ends,
            number=command.number,
            given_at=command.at,
        )
    ]


def evolve(state: Delegations, event: Event) -> Delegations:
    match event:
        case DelegationGiven():
            given = Delegation(
                delegation=event.delegation,
                unit=event.unit,
                by=event.by,
                to=event.to,
                starts=event.starts,
                ends=event.ends,
                number=event.number,
            )
            return Delegations(given=(*state.given, given))
        case DelegationEnded(delegation=id, ended_at=at):
            return Delegations(given=tuple(replace(e, ended_at=at) if e.delegation == id else e for e in state.given))
        case _:
            return state


delegation: Decider[Delegations] = Decider("delegation", initial, decide, evolve, (DelegationGiven, DelegationEnded))
