"""A unit: a school, a commune, an office, the centre. What it is called and how it is found has dates, because units
are renamed, merged and split, and figures are shown as organised then or now."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import uuid5

from pydantic import TypeAdapter

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.intake import UnitChanged, UnitClosed, UnitFacts, UnitMerged, UnitOpened, UnitSplit
from schemas.people import Place
from services.intake.domain.names import NAMESPACE

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenUnit:
    """Let a unit exist from a day on. `decision` is the document behind it, here and below."""

    unit: str
    effective_from: dt.date
    facts: UnitFacts
    decision: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeUnit:
    """Another name, address, hours or place in the organisation from a day on."""

    effective_from: dt.date
    facts: UnitFacts
    decision: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeUnit:
    """Make it part of another."""

    into: str
    effective_from: dt.date
    decision: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitUnit:
    """Divide it. Where it is itself among `into`, it goes on."""

    into: tuple[str, ...]
    effective_from: dt.date
    decision: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseUnit:
    """End it without a successor."""

    effective_from: dt.date
    decision: str = ""


Command: TypeAlias = OpenUnit | ChangeUnit | MergeUnit | SplitUnit | CloseUnit

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """What a unit is from a day on; None: it has ended."""

    day: dt.date
    facts: UnitFacts | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """`history` is ordered by day, one entry a day. `successors` says where it went, and on which day."""

    id: str = ""
    history: tuple[Since, ...] = ()
    successors: tuple[tuple[dt.date, tuple[str, ...]], ...] = ()


initial = Unit()


def facts_on(unit: Unit, day: dt.date) -> UnitFacts | None:
    """What the unit was on a day; None where it did not exist then."""
    found = None
    for each in unit.history:
        if each.day <= day:
            found = each.facts
    return found


def place(unit: str, facts: UnitFacts) -> Place:
    """Where to send a visitor."""
    return Place(
        unit=unit,
        name=facts.name,
        kind=facts.kind,
        address=facts.address,
        hours=facts.hours,
        how_to_find=facts.how_to_find,
        phone=facts.phone,
    )


def decide(command: Command, state: Unit) -> list[Event]:
    day, decision = command.effective_from, command.decision
    now = facts_on(state, day)
    match command:
        case OpenUnit(facts=facts) if now == facts:
            return []
        case OpenUnit() if now:
            raise Rejected(
                "already_open",
                Text("Đơn vị đã có.", "The unit exists already."),
                instead=Text("Thay đổi thông tin đơn vị.", "Change it."),
                unit=state.id,
            )
        case OpenUnit(facts=facts):
            return [UnitOpened(unit=state.id or command.unit, effective_from=day, facts=facts, decision=decision)]
        case MergeUnit(into=into) if (day, (into,)) in state.successors:
            return []
        case SplitUnit(into=parts) if (day, parts) in state.successors:
            return []
        case CloseUnit() if state.history and now is None:
            return []
        case _ if now is None:
            raise Rejected(
                "not_open",
                Text("Đơn vị không hoạt động vào ngày này.", "The unit does not exist on that day."),
                unit=state.id,
                day=day,
            )
        case ChangeUnit(facts=facts):
            changed = tuple(
                each.name for each in fields(UnitFacts) if getattr(now, each.name) != getattr(facts, each.name)
            )
            if not changed:
                return []
            return [UnitChanged(unit=state.id, effective_from=day, facts=facts, changed=changed, decision=decision)]
        case MergeUnit(into=into) if not into or into == state.id:
            raise Rejected("merges_with_itself", Text("Không sáp nhập vào chính mình.", "A unit can't join itself."))
        case MergeUnit(into=into):
            return [UnitMerged(unit=state.id, effective_from=day, into=into, decision=decision)]
        case SplitUnit(into=parts) if len(set(parts)) < 2:
            raise Rejected("not_a_split", Text("Chia tách phải có từ hai đơn vị.", "A split makes two units or more."))
        case SplitUnit(into=parts):
            return [UnitSplit(unit=state.id, effective_from=day, into=parts, decision=decision)]
        case CloseUnit():
            return [UnitClosed(unit=state.id, effective_from=day, decision=decision)]


def evolve(state: Unit, event: Event) -> Unit:
    match event:
        case UnitOpened() | UnitChanged():
            return _since(replace(state, id=event.unit), event.effective_from, event.facts)
        case UnitMerged():
            return _since(_into(state, event.effective_from, (event.into,)), event.effective_from, None)
        case UnitSplit():
            after = _into(state, event.effective_from, event.into)
            return after if event.unit in event.into else _since(after, event.effective_from, None)
        case UnitClosed():
            return _since(state, event.effective_from, None)
        case _:
            return state


unit: Decider[Unit] = Decider(
    "unit", initial, decide, evolve, (UnitOpened, UnitChanged, UnitMerged, UnitSplit, UnitClosed)
)


@lru_cache(maxsize=4096)
def unit_stream(id: str) -> str:
    return f"unit-{uuid5(NAMESPACE, 'unit ' + id)}"


def _since(state: Unit, day: dt.date, facts: UnitFacts | None) -> Unit:
    # What ends a unit ends all that was planned for it from that day on.
    others = [each for each in state.history if (each.day < day if facts is None else each.day != day)]
    return replace(state, history=tuple(sorted([*others, Since(day=day, facts=facts)], key=lambda each: each.day)))


def _into(state: Unit, day: dt.date, units: tuple[str, ...]) -> Unit:
    return replace(state, successors=(*state.successors, (day, units)))


def commands_of(data: Mapping[str, Any]) -> tuple[tuple[str, Command], ...]:
    """The (stream, command) pairs that bring about what units.toml says, by day. Given twice they change nothing.

    Raises KeyError, TypeError or ValueError for data that is not of that shape.
    """
    dated: list[tuple[dt.date, str, Command]] = []
    facts: dict[str, UnitFacts] = {}
    for each in data.get("unit", ()):
        said = {name: each[name] for name in each if name not in {"id", "from", "decision"}}
        facts[each["id"]] = TypeAdapter(UnitFacts).validate_python({**said, "invented": data.get("invented", False)})
        day, decision = each["from"], each["decision"]
        dated.append(
            (day, each["id"], OpenUnit(unit=each["id"], effective_from=day, facts=facts[each["id"]], decision=decision))
        )
    for each in sorted(data.get("change", ()), key=lambda each: each["from"]):
        said = {name: each[name] for name in each if name not in {"id", "from", "decision"}}
        facts[each["id"]] = replace(facts[each["id"]], **said)
        change = ChangeUnit(effective_from=each["from"], facts=facts[each["id"]], decision=each["decision"])
        dated.append((each["from"], each["id"], change))
    for each in data.get("merge", ()):
        merge = MergeUnit(into=each["into"], effective_from=each["from"], decision=each["decision"])
        dated.append((each["from"], each["id"], merge))
    for each in data.get("split", ()):
        split = SplitUnit(into=tuple(each["into"]), effective_from=each["from"], decision=each["decision"])
        dated.append((each["from"], each["id"], split))
    return tuple((unit_stream(id), command) for _, id, command in sorted(dated, key=lambda each: each[0]))
