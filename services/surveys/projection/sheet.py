"""Answers that were let go, one row a sheet, and what they add up to."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.handlers import Key, Row, Total, View
from schemas.event import Event, Recorded
from schemas.surveys import Answers, AnswersReleased, AnswersVoided

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]


class SheetRow(Row, frozen=True, kw_only=True):
    """What one person ticked. `cell` and `answers` are JSON. `campaign` is "": it was voided before it was seen."""

    sheet: UUID
    campaign: str = ""
    questionnaire: str = ""
    edition: int = 0
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
        questionnaire=event.questionnaire,
        edition=event.edition,
        cell=msgspec.json.encode(event.cell).decode(),
        answers=msgspec.json.encode(event.sheets[0].answers).decode(),
        week=event.week,
        void=row is not None and row.void,
    )


def _voided(row: SheetRow | None, recorded: Recorded) -> SheetRow:
    event: Any = recorded.event
    return replace(row or SheetRow(sheet=event.sheets[0]), void=True)


_answers = msgspec.json.Decoder(Answers)
SHEET = ""
"""The question under which a total counts whole sheets."""


def _told(row: SheetRow) -> Shares:
    """Each answer once, each of several options too, and the sheet itself; nothing of what is void."""
    if row.void or not row.campaign:
        return
    yield (row.campaign, row.cell, SHEET, ""), (1,)
    for question, answer in _answers.decode(row.answers).items():
        for each in answer if isinstance(answer, tuple) else (answer,):
            yield (row.campaign, row.cell, question, str(each)), (1,)


sheet = View(
    "sheet",
    SheetRow,
    {AnswersReleased: _released, AnswersVoided: _voided},
    key=_of_sheet,
    key_columns=("sheet",),
    totals=(Total("tally", ("campaign", "cell", "question", "answer"), ("n",), _told),),
    shared=True,
    apart=_one_by_one,
)
