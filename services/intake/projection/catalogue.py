"""Procedures, one line each and first day of its terms; and what each unit's electronic one-stop shows."""

import datetime as dt

from kernel.handlers import Key, Row, View
from schemas.event import Recorded
from schemas.intake import ProcedureAmended, ProcedureListed, ProcedurePublished, ProcedureTakenDown, ProcedureWithdrawn
from services.intake.projection.column import as_json


class ProcedureRow(Row, frozen=True, kw_only=True):
    """A procedure from a day on. The line in force on a day is the latest that is not later; where that is `withdrawn`,
    the procedure was not offered then. `terms` is the whole of it as JSON."""

    procedure: str
    effective_from: dt.date
    stream: str
    withdrawn: bool = False
    national_code: str = ""
    name_vi: str = ""
    name_en: str = ""
    level: str = ""
    field: str = ""
    authority: str = ""
    online_level: int | None = None
    fee_vnd: int | None = None
    official: bool = False
    confidence: str = ""
    terms: str = "{}"
    replaced_by: str = "[]"
    decision: str = ""
    number: int = 0


def _terms(row: ProcedureRow | None, recorded: Recorded) -> ProcedureRow:
    event: ProcedureListed | ProcedureAmended = recorded.event  # type: ignore[assignment]
    terms = event.terms
    return ProcedureRow(
        procedure=event.procedure,
        effective_from=event.effective_from,
        stream=recorded.stream,
        national_code=terms.national_code,
        name_vi=terms.name_vi,
        name_en=terms.name_en,
        level=terms.level,
        field=terms.field,
        authority=terms.authority,
        online_level=terms.online_level,
        fee_vnd=terms.fee_vnd,
        official=terms.official,
        confidence=terms.confidence,
        terms=as_json(terms),
        decision=event.decision,
        number=recorded.number,
    )


def _procedure_withdrawn(row: ProcedureRow | None, recorded: Recorded) -> ProcedureRow:
    event: ProcedureWithdrawn = recorded.event  # type: ignore[assignment]
    return ProcedureRow(
        procedure=event.procedure,
        effective_from=event.effective_from,
        stream=recorded.stream,
        withdrawn=True,
        replaced_by=as_json(event.replaced_by),
        decision=event.decision,
        number=recorded.number,
    )


def _by_procedure_and_day(recorded: Recorded) -> Key:
    event: ProcedureListed | ProcedureAmended | ProcedureWithdrawn = recorded.event  # type: ignore[assignment]
    return event.procedure, event.effective_from


procedure = View(
    table="procedure",
    row=ProcedureRow,
    evolve={ProcedureListed: _terms, ProcedureAmended: _terms, ProcedureWithdrawn: _procedure_withdrawn},
    key=_by_procedure_and_day,
    key_columns=("procedure", "effective_from"),
    shared=True,
)


class ShownRow(Row, frozen=True, kw_only=True):
    """A procedure on a unit's electronic one-stop, on the terms of `terms_from`."""

    unit: str
    procedure: str
    terms_from: dt.date
    published_on: dt.date


def _published(row: ShownRow | None, recorded: Recorded) -> ShownRow:
    event: ProcedurePublished = recorded.event  # type: ignore[assignment]
    return ShownRow(
        unit=event.unit, procedure=event.procedure, terms_from=event.terms_from, published_on=event.published_on
    )


def _taken_down(row: ShownRow | None, recorded: Recorded) -> None:
    return None


def _by_unit_and_procedure(recorded: Recorded) -> Key:
    event: ProcedurePublished | ProcedureTakenDown = recorded.event  # type: ignore[assignment]
    return event.unit, event.procedure


shown = View(
    table="shown",
    row=ShownRow,
    evolve={ProcedurePublished: _published, ProcedureTakenDown: _taken_down},
    key=_by_unit_and_procedure,
    key_columns=("unit", "procedure"),
    shared=True,
)
