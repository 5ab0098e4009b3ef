"""What units are called, what they belong to and their ids on the document exchange, as of the last that was said."""

from typing import Any

from kernel.handlers import Key, Row, View
from schemas.event import Recorded
from schemas.intake import UnitChanged, UnitOpened


class UnitRow(Row, frozen=True, kw_only=True):
    """A unit's name, kind and address; `parent` is the unit that it belongs to; `organ` is its agency id (QĐ
    20/2020/QĐ-TTg, "" where it has none), by which the document exchange knows it; `levels` are the levels of education
    that it decides about, with blanks between ("": all)."""

    unit: str
    name: str
    kind: str
    parent: str
    organ: str
    address: str
    phone: str
    levels: str


def _said(row: UnitRow | None, recorded: Recorded) -> UnitRow:
    event: Any = recorded.event
    facts = event.facts
    return UnitRow(
        unit=event.unit,
        name=facts.name,
        kind=facts.kind,
        parent=facts.parent,
        organ=facts.codes.get("2020", ""),
        address=facts.address,
        phone=facts.phone,
        levels=" ".join(facts.levels),
    )


def _of_unit(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (event.unit,)


unit = View("unit", UnitRow, {UnitOpened: _said, UnitChanged: _said}, key=_of_unit, key_columns=("unit",), shared=True)
