"""A row a case, with its findings and steps."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.calendar import local
from kernel.handlers import Key, Row, Total, View
from schemas.event import Event, Recorded
from schemas.people import Document
from schemas.rules import Cited
from schemas.transfers import (
    ClassChosen,
    ConsultationDrafted,
    ConsultationIssued,
    Facts,
    FactsCorrected,
    Finding,
    PlaceHeld,
    PlannedStep,
    PupilElsewhere,
    PupilSchoolConfirmed,
    ReplyArrived,
    StepDue,
    StepEnded,
    StepEscalated,
    StepOpened,
    TransferBegun,
    TransferClosed,
    TransferCompleted,
    TransferDecided,
    TransferRaised,
    TransferRequested,
    TransferUndescribed,
)

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]


class StepState(msgspec.Struct, frozen=True, kw_only=True):
    """A planned step and how far it is. `status` is waiting, open, or how it ended; `turn` 0: not opened yet."""

    step: str
    unit: str
    days: int
    rule: Cited
    after: tuple[str, ...] = ()
    turn: int = 0
    status: str = "waiting"
    opened_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    to_unit: str = ""


class TransferRow(Row, frozen=True, kw_only=True):
    """A case as it stands. `status` is undescribed, requested, open, granted, completed, refused or closed. `facts`,
    `grounds`, `findings`, `steps`, `rule`, `decision` and `scan` (of an answer on paper that `replied_by` entered) are
    JSON. `held`: it has a place in `to_class`, lost it (`lost_at`), or (None) never had one; `place_why` it has or lost
    it, and `place_late`: who was submitted earlier was entered late. `elsewhere`: the school at which transfers know
    the pupil, while somebody has to look into it. What people wrote is sealed under the pupil's key."""

    stream: str
    number: int
    application: str
    tracking: str
    code: str = ""
    procedure: str
    received_by: str
    decided_by: str
    applicant: UUID
    submitted_at: dt.datetime
    status: str
    facts: str = ""
    pupil: UUID | None = None
    who: bytes | None = None
    from_school: str = ""
    to_school: str = ""
    to_class: str = ""
    held: bool | None = None
    kind: str = ""
    year: int = 0
    special: bool = False
    grounds: str = "[]"
    findings: str = "[]"
    steps: str = "[]"
    rule: str = ""
    received_at: dt.datetime | None = None
    raised: bytes | None = None
    drafts: int = 0
    draft: bytes | None = None
    consultation: UUID | None = None
    consultation_number: str = ""
    consultation_issued_at: dt.datetime | None = None
    opinion: str = ""
    reply_number: str = ""
    reply: bytes | None = None
    replied_at: dt.datetime | None = None
    replied_by: str = ""
    reply_signed_on: dt.date | None = None
    scan: str = ""
    reply_reason: bytes | None = None
    outcome: str = ""
    ground: str = ""
    reason: bytes | None = None
    decision: str = ""
    document_number: str = ""
    decided_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    entered_late: bool = False
    lost_at: dt.datetime | None = None
    place_why: str = ""
    place_late: bool = False
    elsewhere: str | None = None
    confirmed: bytes | None = None
    corrected_at: dt.datetime | None = None
    corrected_by: str = ""
    correction: bytes | None = None


_steps = msgspec.json.Decoder(list[StepState])
_facts = msgspec.json.Decoder(Facts)
_findings = msgspec.json.Decoder(list[Finding])
_document = msgspec.json.Decoder(Document)
_cited = msgspec.json.Decoder(Cited)


def read_steps(text: str) -> list[StepState]:
    """Steps as a row keeps them."""
    return _steps.decode(text)


def read_facts(text: str) -> Facts:
    """Facts as a row keeps them. Raises msgspec.DecodeError where there are none."""
    return _facts.decode(text)


def read_findings(text: str) -> list[Finding]:
    """Findings as a row keeps them."""
    return _findings.decode(text)


def read_cited(text: str) -> Cited | None:
    """A rule as a row keeps it; None for ""."""
    return _cited.decode(text) if text else None


def read_scan(text: str) -> Document | None:
    """The file of a paper as a row keeps it; None for ""."""
    return _document.decode(text) if text else None


def _write(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _came(row: TransferRow | None, recorded: Recorded) -> TransferRow:
    event: Any = recorded.event
    return TransferRow(
        stream=recorded.stream,
        number=recorded.number,
        application=event.application,
        tracking=event.tracking or (row.tracking if row else ""),
        procedure=event.procedure,
        received_by=event.received_by,
        decided_by=event.decided_by,
        applicant=event.applicant,
        submitted_at=event.submitted_at,
        status="undescribed",
        code=getattr(event, "code", ""),
        received_at=getattr(event, "received_at", None),
        entered_late=event.entered_late,
    )


def _requested(row: TransferRow | None, recorded: Recorded) -> TransferRow:
    event: Any = recorded.event
    return replace(
        row or _came(row, recorded),
        number=recorded.number,
        status="requested",
        facts=_write(event.facts),
        pupil=event.pupil,
        who=event.who.sealed,
        from_school=event.facts.from_school,
        to_school=event.facts.to_school,
    )


def _planned(steps: Iterable[PlannedStep], before: Iterable[StepState] = ()) -> str:
    """The plan, with how far those steps are that were in the plan before."""
    known = {each.step: each for each in before}
    states = [
        replace(known[each.step], unit=each.unit, days=each.days, rule=each.rule, after=each.after)
        if each.step in known
        else StepState(step=each.step, unit=each.unit, days=each.days, rule=each.rule, after=each.after)
        for each in steps
    ]
    gone = [each for name, each in known.items() if each.turn and name not in {one.step for one in states}]
    return _write([*states, *gone])


def _begun(row: TransferRow, event: Any) -> TransferRow:
    return replace(
        row,
        status="open",
        kind=event.kind,
        year=event.year,
        special=event.special,
        grounds=_write(event.grounds),
        findings=_write(event.findings),
        steps=_planned(event.steps),
        code=event.code,
        received_at=event.received_at,
        rule=_write(event.rule),
        from_school=event.from_school,
        to_school=event.to_school,
        to_class=event.to_class,
    )


def _raised(row: TransferRow, event: Any) -> TransferRow:
    grounds = [*msgspec.json.decode(row.grounds), "raised"]
    return replace(
        row,
        special=True,
        grounds=_write(list(dict.fromkeys(grounds))),
        steps=_planned(event.steps, read_steps(row.steps)),
        raised=event.reason.sealed,
    )


def _facts_corrected(row: TransferRow, event: Any) -> TransferRow:
    return replace(
        row,
        facts=_write(event.facts),
        kind=event.kind,
        special=event.special,
        grounds=_write(event.grounds),
        findings=_write(event.findings),
        steps=_planned(event.steps, read_steps(row.steps)),
        corrected_at=event.corrected_at,
        corrected_by=event.corrected_by,
        correction=event.reason.sealed,
    )


def _place(row: TransferRow, event: Any) -> TransferRow:
    return replace(
        row,
        to_class=event.to_class,
        held=event.held,
        lost_at=None if event.held else event.noted_at,
        place_why=event.why,
        place_late=event.late,
    )


def _one_step(row: TransferRow, event: Any, **changes: Any) -> TransferRow:
    steps = [
        replace(each, **changes) if each.step == event.step else each  # the plan names each step once
        for each in read_steps(row.steps)
    ]
    return replace(row, steps=_write(steps))


def _decided(row: TransferRow, event: Any) -> TransferRow:
    return replace(
        row,
        status=event.outcome,
        outcome=event.outcome,
        ground=event.ground or "",
        reason=event.reason and event.reason.sealed,
        decision=_write(event.rule),
        document_number=event.document_number,
        decided_at=event.decided_at,
        ended_at=event.decided_at if event.outcome == "refused" else row.ended_at,
        elsewhere=None,
    )


_CHANGES: Mapping[type[Event], Callable[[TransferRow, Any], TransferRow]] = {
    TransferBegun: _begun,
    TransferRaised: _raised,
    FactsCorrected: _facts_corrected,
    PupilElsewhere: lambda row, event: replace(row, elsewhere=event.at_school),
    PupilSchoolConfirmed: lambda row, event: replace(row, elsewhere=None, confirmed=event.reason.sealed),
    ClassChosen: lambda row, event: replace(
        row, to_class=event.to_class, held=None, lost_at=None, place_why="", place_late=False
    ),
    PlaceHeld: _place,
    StepOpened: lambda row, event: _one_step(
        row,
        event,
        unit=event.unit,
        days=event.days,
        turn=event.turn,
        status="open",
        opened_at=event.opened_at,
        due_at=None,
        ended_at=None,
        to_unit="",
    ),
    StepEnded: lambda row, event: _one_step(row, event, status=event.outcome, ended_at=event.ended_at),
    StepDue: lambda row, event: _one_step(row, event, due_at=event.due_at),
    StepEscalated: lambda row, event: _one_step(row, event, to_unit=event.to_unit),
    ConsultationDrafted: lambda row, event: replace(row, drafts=event.draft, draft=event.text.sealed),
    ConsultationIssued: lambda row, event: replace(
        row,
        draft=event.text.sealed,
        consultation=event.document,
        consultation_number=event.number,
        consultation_issued_at=event.issued_at,
    ),
    ReplyArrived: lambda row, event: replace(
        row,
        opinion=event.opinion,
        reply_number=event.number,
        reply=event.text and event.text.sealed,
        replied_at=event.arrived_at,
        replied_by=event.by,
        reply_signed_on=event.signed_on,
        scan=_write(event.scan) if event.scan else "",
        reply_reason=event.reason and event.reason.sealed,
    ),
    TransferDecided: _decided,
    TransferCompleted: lambda row, event: replace(row, status="completed", ended_at=event.completed_at),
    TransferClosed: lambda row, event: replace(
        row, status="closed", ground=event.ground, ended_at=event.closed_at, elsewhere=None
    ),
}


def _changed(row: TransferRow | None, recorded: Recorded) -> TransferRow | None:
    return row and replace(_CHANGES[type(recorded.event)](row, recorded.event), number=recorded.number)


def _cases(row: TransferRow) -> Shares:
    """What a case adds to the figures of the school that it goes to, and of the month in which it was asked for."""
    month = local(row.submitted_at).date().replace(day=1)
    outcome = "closed" if row.status == "closed" else row.outcome or "open"
    yield (month, row.to_school or row.from_school, row.kind, row.special, outcome), (1,)


transfer = View(
    "transfer",
    TransferRow,
    {TransferUndescribed: _came, TransferRequested: _requested, **dict.fromkeys(_CHANGES, _changed)},
    totals=(Total("cases", ("month", "school", "kind", "special", "outcome"), ("cases",), _cases),),
)
