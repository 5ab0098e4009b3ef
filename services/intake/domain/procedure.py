"""A procedure and its terms, dated: an application is judged by those in force on the day it came.

A procedure has our own id, which is the national code where there is one and stays when a code comes later.
"""

import datetime as dt
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TypeAlias
from uuid import uuid5

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.intake import (
    ProcedureAmended,
    ProcedureListed,
    ProcedurePublished,
    ProcedureTakenDown,
    ProcedureWithdrawn,
    Terms,
)
from services.intake.domain.names import NAMESPACE

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class ListProcedure:
    """Offer a procedure from a day on. `decision` is the document behind it."""

    procedure: str
    effective_from: dt.date
    terms: Terms
    decision: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AmendProcedure:
    """Give a procedure new terms from a day on."""

    effective_from: dt.date
    terms: Terms
    decision: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawProcedure:
    """Offer it no more from a day on."""

    effective_from: dt.date
    replaced_by: tuple[str, ...] = ()
    decision: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishProcedure:
    """Show it, on the terms of the day, on a unit's electronic one-stop."""

    unit: str
    on: dt.date


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeDownProcedure:
    """Show it there no more."""

    unit: str
    on: dt.date
    reason: str = ""


Command: TypeAlias = ListProcedure | AmendProcedure | WithdrawProcedure | PublishProcedure | TakeDownProcedure

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class InForce:
    """Terms from a day on; None: not offered from that day on."""

    since: dt.date
    terms: Terms | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Procedure:
    """`history` is ordered by day, one entry a day. `shown` maps a unit to the first day of the terms it shows."""

    id: str = ""
    history: tuple[InForce, ...] = ()
    shown: tuple[tuple[str, dt.date], ...] = ()


initial = Procedure()


def terms_on(procedure: Procedure, day: dt.date) -> InForce | None:
    """The terms in force on a day, with their first day; None where it was not offered then."""
    found = None
    for each in procedure.history:
        if each.since <= day:
            found = each
    return found if found and found.terms else None


def decide(command: Command, state: Procedure) -> list[Event]:
    match command:
        case ListProcedure(effective_from=day, terms=terms):
            now = terms_on(state, day)
            if now and now.terms == terms:
                return []
            if now:
                raise Rejected(
                    "already_listed",
                    Text("Thủ tục đã có trong danh mục.", "The procedure is in the catalogue already."),
                    instead=Text("Sửa đổi thủ tục.", "Amend it."),
                    since=now.since,
                )
            return [
                ProcedureListed(
                    procedure=state.id or command.procedure, effective_from=day, terms=terms, decision=command.decision
                )
            ]
        case AmendProcedure(effective_from=day, terms=terms):
            now = offered_on(state, day)
            assert now.terms
            changed = changed_fields(now.terms, terms)
            if not changed:
                return []
            return [
                ProcedureAmended(
                    procedure=state.id, effective_from=day, terms=terms, changed=changed, decision=command.decision
                )
            ]
        case WithdrawProcedure(effective_from=day):
            if state.history and terms_on(state, day) is None:
                return []
            offered_on(state, day)
            return [
                ProcedureWithdrawn(
                    procedure=state.id,
                    effective_from=day,
                    replaced_by=command.replaced_by,
                    decision=command.decision,
                )
            ]
        case PublishProcedure(unit=unit, on=day):
            now = offered_on(state, day)
            if (unit, now.since) in state.shown:
                return []
            return [ProcedurePublished(procedure=state.id, unit=unit, terms_from=now.since, published_on=day)]
        case TakeDownProcedure(unit=unit):
            if unit not in dict(state.shown):
                return []
            return [ProcedureTakenDown(procedure=state.id, unit=unit, taken_down_on=command.on, reason=command.reason)]


def evolve(state: Procedure, event: Event) -> Procedure:
    match event:
        case ProcedureListed() | ProcedureAmended():
            return _since(replace(state, id=event.procedure), event.effective_from, event.terms)
        case ProcedureWithdrawn():
            return _since(state, event.effective_from, None)
        case ProcedurePublished():
            shown = tuple(sorted({**dict(state.shown), event.unit: event.terms_from}.items()))
            return replace(state, shown=shown)
        case ProcedureTakenDown():
            return replace(state, shown=tuple(each for each in state.shown if each[0] != event.unit))
        case _:
            return state


procedure: Decider[Procedure] = Decider(
    "procedure",
    initial,
    decide,
    evolve,
    (ProcedureListed, ProcedureAmended, ProcedureWithdrawn, ProcedurePublished, ProcedureTakenDown),
)


@lru_cache(maxsize=4096)
def procedure_stream(id: str) -> str:
    return f"procedure-{uuid5(NAMESPACE, 'procedure ' + id)}"


def changed_fields(was: Terms, now: Terms) -> tuple[str, ...]:
    """The names of the fields that differ, in the order of Terms."""
    return tuple(each.name for each in fields(Terms) if getattr(was, each.name) != getattr(now, each.name))


def offered_on(state: Procedure, day: dt.date) -> InForce:
    """The terms in force on a day. Raises Rejected where it is not offered then."""
    now = terms_on(state, day)
    if now is None:
        raise Rejected(
            "not_listed",
            Text("Thủ tục không có hiệu lực vào ngày này.", "The procedure is not in force on that day."),
            instead=Text("Công bố thủ tục trước.", "List it first."),
            day=day,
        )
    return now


def _since(state: Procedure, day: dt.date, terms: Terms | None) -> Procedure:
    others = [each for each in state.history if each.since != day]
    history = sorted([*others, InForce(since=day, terms=terms)], key=lambda each: each.since)
    return replace(state, history=tuple(history))
