"""Answers that were let go, one row a sheet. What they add up to needs the questionnaire: api/counting.py."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.handlers import Key, Row, View
from schemas.event import Event, Recorded
from schemas.surveys import AnswersReleased, AnswersVoided


class SheetRow(Row, frozen=True, kw_only=True):
    """What one person ticked. `cell` and `answers` are JSON. `campaign` is "": it was voided before it was seen."""

    sheet: UUID
    campaign: str = ""
    cell: str = "[]"
    answers: str = "{}"
    week: dt.date = dt.date.min
    void: bool = False


def _one_by_one(event: Event) -> Sequence[Event]:
    """An event of many sheets as events of one each."""
    match event:
        case AnswersReleased(sheets=sheets) | AnswersVoided(sheets=sheets) if len(sheets) > 1:
            return [replace(event, sheets=(each,)) for each in sheets]
        case _:
            return [event]


def _of_sheet(recorded: Recorded) -> Key | None:
    match recorded.event:
        case AnswersReleased(sheets=(first, *_)):
            return (first.id,)
        case AnswersVoided(sheets=(id, *_)):
            return (id,)
        case _:
            return None


def _released(row: SheetRow | None, recorded: Recorded) -> SheetRow:
    event: Any = recorded.event
    return SheetRow(
        sheet=event.sheets[0].id,
        campaign=event.campaign,
        cell=msgspec.json.encode(event.cell).decode(),
        answers=msgspec.json.encode(event.sheets[0].answers).decode(),
        week=event.week,
        void=row is not None and row.void,
    )


def _voided(row: SheetRow | None, recorded: Recorded) -> SheetRow:
    event: Any = recorded.event
    return replace(row or SheetRow(sheet=event.sheets[0]), void=True)


sheet = View(
    "sheet",
    SheetRow,
    {AnswersReleased: _released, AnswersVoided: _voided},
    key=_of_sheet,
    key_columns=("sheet",),
    shared=True,
    apart=_one_by_one,
)
