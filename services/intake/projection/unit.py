"""Units: one line each, with its history."""

import datetime as dt

import msgspec

from kernel.handlers import Row, View
from schemas.event import Recorded
from schemas.intake import UnitChanged, UnitClosed, UnitFacts, UnitMerged, UnitOpened, UnitSplit
from services.intake.projection.column import as_json


class UnitRow(Row, frozen=True, kw_only=True):
    """A unit with the latest facts told about it (they may begin later: `effective_from`) and, in `history`, all of
    them by day. `ended_on` and `successors` say when it ended and what it became."""

    stream: str
    unit: str = ""
    name: str = ""
    kind: str = ""
    parent: str = ""
    codes: str = "{}"
    address: str = ""
    hours: str = ""
    how_to_find: str = ""
    phone: str = ""
    invented: bool = False
    effective_from: dt.date | None = None
    ended_on: dt.date | None = None
    successors: str = "[]"
    history: str = "[]"
    number: int = 0


class UnitSince(msgspec.Struct, frozen=True, kw_only=True):
    """A unit from a day on; without facts it has ended."""

    day: dt.date
    facts: UnitFacts | None = None
    into: tuple[str, ...] = ()


def _unit_facts(row: UnitRow | None, recorded: Recorded) -> UnitRow:
    event: UnitOpened | UnitChanged = recorded.event  # type: ignore[assignment]
    return _unit(row, recorded, UnitSince(day=event.effective_from, facts=event.facts))


def _unit_merged(row: UnitRow | None, recorded: Recorded) -> UnitRow:
    event: UnitMerged = recorded.event  # type: ignore[assignment]
    return _unit(row, recorded, UnitSince(day=event.effective_from, into=(event.into,)))


def _unit_split(row: UnitRow | None, recorded: Recorded) -> UnitRow:
    event: UnitSplit = recorded.event  # type: ignore[assignment]
    if event.unit in event.into:
        # It goes on as it was, so its history says nothing new; where the rest went is still shown.
        unchanged = row or UnitRow(stream=recorded.stream, unit=event.unit)
        return msgspec.structs.replace(unchanged, successors=as_json(event.into), number=recorded.number)
    return _unit(row, recorded, UnitSince(day=event.effective_from, into=event.into))


def _unit_closed(row: UnitRow | None, recorded: Recorded) -> UnitRow:
    event: UnitClosed = recorded.event  # type: ignore[assignment]
    return _unit(row, recorded, UnitSince(day=event.effective_from))


def _history(row: UnitRow | None) -> list[UnitSince]:
    return msgspec.json.decode(row.history, type=list[UnitSince]) if row else []


def _unit(row: UnitRow | None, recorded: Recorded, since: UnitSince) -> UnitRow:
    """The line after `since` became known: as in the domain, what ends a unit ends what was planned after it."""
    name: str = recorded.event.unit  # type: ignore[attr-defined]
    kept = [e for e in _history(row) if (e.day < since.day if since.facts is None else e.day != since.day)]
    history = sorted([*kept, since], key=lambda each: each.day)
    known = [each for each in history if each.facts]
    latest, last = (known[-1] if known else None), history[-1]
    facts = latest.facts if latest and latest.facts else UnitFacts(name="", kind="office")
    return UnitRow(
        stream=recorded.stream,
        unit=name,
        name=facts.name,
        kind=facts.kind,
        parent=facts.parent,
        codes=as_json(facts.codes),
        address=facts.address,
        hours=facts.hours,
        how_to_find=facts.how_to_find,
        phone=facts.phone,
        invented=facts.invented,
        effective_from=latest.day if latest else None,
        ended_on=None if last.facts else last.day,
        successors=as_json(last.into) if last.into or row is None else row.successors,
        history=as_json(history),
        number=recorded.number,
    )


unit = View(
    table="unit",
    row=UnitRow,
    evolve={
        UnitOpened: _unit_facts,
        UnitChanged: _unit_facts,
        UnitMerged: _unit_merged,
        UnitSplit: _unit_split,
        UnitClosed: _unit_closed,
    },
)
