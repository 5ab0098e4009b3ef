"""What intake shows: the register of dossiers (one line each), procedures by day, what each electronic one-stop shows,
units, and visits that led to no dossier. Every function is total: any event may meet any row, or none.

Personal data stays sealed in the rows; whoever may read it opens it with the subject's key. A dossier's lists (its
appointments, hand-overs, consultations, papers) are JSON text in its line, because they are always read whole.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from kernel.calendar_view import calendar
from kernel.handlers import Key, Row, Total, View
from schemas.event import Event, Personal, Recorded
from schemas.intake import (
    ApplicationAssigned,
    ApplicationCorrected,
    ApplicationDrafted,
    ApplicationImported,
    ApplicationNotAccepted,
    ApplicationPassedOn,
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    AppointmentMoved,
    ConsultationAnswered,
    ConsultationAsked,
    ConsultationOverdue,
    PaperRefused,
    ProcedureAmended,
    ProcedureListed,
    ProcedurePublished,
    ProcedureTakenDown,
    ProcedureWithdrawn,
    Promise,
    ResultHandedOver,
    Status,
    SupplementAsked,
    SupplementSupplied,
    UnitChanged,
    UnitClosed,
    UnitFacts,
    UnitMerged,
    UnitOpened,
    UnitSplit,
    VisitorGuided,
)

Step: TypeAlias = Callable[[Any, Recorded], Any]
_json = msgspec.json.Encoder()

# The national portal's ten statuses. 6 (financial duty asked) has no event here: fees are paid outside intake.
PORTAL: Mapping[Status, int] = {
    "none": 0,
    "drafted": 0,
    "submitted": 1,
    "not_accepted": 3,
    "in_process": 4,
    "supplement_asked": 5,
    "withdrawn": 7,
    "stopped": 8,
    "resolved": 9,
    "handed_over": 10,
}


# The register: one line a dossier


class ApplicationRow(Row, frozen=True, kw_only=True):
    """A dossier as it stands. `applicant` is the sealed Person under `subject`'s key. `due_at` is the appointment that
    holds, `first_due_at` the first, which nothing moves. `number` is the dossier's last event: what a person saw.
    `tracking` is the look-up digest of its tracking code, never the code."""

    stream: str
    number: int
    tracking: str = ""
    code: str = ""
    status: Status = "none"
    portal_status: int = 0
    procedure: str = ""
    procedure_name: str = ""
    terms_from: dt.date | None = None
    level: str = ""
    field: str = ""
    received_by: str = ""
    decided_by: str = ""
    channel: str = ""
    delivery: str = ""
    notify: str = ""
    subject: UUID | None = None
    applicant: bytes | None = None
    authorised: bytes | None = None
    content: bytes | None = None
    documents: str = "[]"
    file_names: bytes | None = None
    results: str = "[]"
    sets: int = 1
    fee_vnd: int | None = None
    visit: UUID | None = None
    assisted_by: str = ""
    portal_code: str = ""
    submitted_at: dt.datetime | None = None
    received_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    first_due_at: dt.datetime | None = None
    promises: str = "[]"
    supplement_by: dt.datetime | None = None
    supplements_left: int = 0
    asked_at: dt.datetime | None = None
    wanted: bytes | None = None
    asked_reason: bytes | None = None
    answer_by: dt.datetime | None = None
    supplied_at: dt.datetime | None = None
    supplement_unchecked: bool = False
    stage: int = 0
    role: str = ""
    holder: str = ""
    officer: str = ""
    stage_due_at: dt.datetime | None = None
    hand_overs: str = "[]"
    consultations: str = "[]"
    opinions_awaited: int = 0
    outcome: str = ""
    ground: str = ""
    reason: bytes | None = None
    document_number: str = ""
    resolved_at: dt.datetime | None = None
    handed_over_at: dt.datetime | None = None
    way: str = ""
    ended_at: dt.datetime | None = None
    corrected: int = 0
    late_entries: int = 0
    late_reason: str = ""
    imported_from: str = ""
    rule_pack: str = ""
    rule_version: str = ""
    rule: str = ""
    updated_at: dt.datetime | None = None


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the control slip. `left_at` is when it went on; `verdict` "before", "on" or "after" time then."""

    number: int
    stage: int
    role: str
    from_unit: str
    unit: str
    giver: str
    receiver: str
    came_at: dt.datetime
    due_at: dt.datetime | None = None
    left_at: dt.datetime | None = None
    verdict: str = ""
    note: Personal[str] | None = None


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """One consultation: who was asked, until when, and what came of it."""

    id: UUID
    body: str
    asked_at: dt.datetime
    answer_by: dt.datetime
    answered_at: dt.datetime | None = None
    opinion: str = ""
    late: bool = False
    document_number: str = ""


def _row(row: ApplicationRow | None, recorded: Recorded, **changes: Any) -> ApplicationRow:
    """The line after this event: what the event changes, and what every event changes."""
    late_reason = getattr(recorded.event, "late_reason", "")
    status: Status = changes.get("status", row.status if row else "none")
    always = {
        "number": recorded.number,
        "tracking": getattr(recorded.event, "tracking", "") or (row.tracking if row else ""),
        "updated_at": recorded.meta.happened_at,
        "portal_status": PORTAL[status],
        "late_entries": (row.late_entries if row else 0) + bool(late_reason),
        "late_reason": late_reason or (row.late_reason if row else ""),
    }
    if row is None:
        return ApplicationRow(stream=recorded.stream, **{**always, **changes})
    return msgspec.structs.replace(row, **{**always, **changes})


def _drafted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationDrafted = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="drafted",
        procedure=event.procedure,
        received_by=event.received_by,
        decided_by=event.decided_by,
        subject=event.applicant.subject,
        applicant=_sealed(event.applicant),
        content=_sealed(event.content),
        documents=_text(event.documents),
        file_names=_sealed(event.file_names),
    )


def _submitted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationSubmitted = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="submitted",
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        terms_from=event.terms_from,
        received_by=event.received_by,
        decided_by=event.decided_by,
        channel=event.channel,
        delivery=event.delivery,
        notify=event.notify,
        subject=event.applicant.subject,
        applicant=_sealed(event.applicant),
        authorised=_sealed(event.authorised),
        content=_sealed(event.content),
        documents=_text(event.documents),
        file_names=_sealed(event.file_names),
        sets=event.sets,
        visit=event.visit,
        assisted_by=event.assisted_by,
        portal_code=event.portal_code,
        submitted_at=event.submitted_at,
    )


def _received(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationReceived = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="in_process",
        code=event.code,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        terms_from=event.terms_from,
        level=event.level,
        field=event.field,
        received_by=event.received_by,
        decided_by=event.decided_by,
        channel=event.channel,
        subject=event.subject,
        fee_vnd=event.fee_vnd,
        received_at=event.received_at,
        due_at=event.promise.due_at,
        first_due_at=event.promise.due_at,
        promises=_text((event.promise,)),
        supplement_by=event.supplement_by,
        supplements_left=event.supplement_times,
        officer=event.officer,
        rule_pack=event.rule.pack,
        rule_version=event.rule.version,
        rule=event.rule.basis,
    )


def _imported(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationImported = recorded.event  # type: ignore[assignment]
    promises = (event.promise, *event.promises)
    return _row(
        row,
        recorded,
        status=event.status,
        code=event.code,
        procedure=event.procedure,
        procedure_name=event.procedure_name,
        terms_from=event.terms_from,
        level=event.level,
        field=event.field,
        received_by=event.received_by,
        decided_by=event.decided_by,
        channel=event.channel,
        delivery=event.delivery,
        notify=event.notify,
        subject=event.applicant.subject,
        applicant=_sealed(event.applicant),
        content=_sealed(event.content),
        documents=_text(event.documents),
        submitted_at=event.received_at,
        received_at=event.received_at,
        due_at=promises[-1].due_at,
        first_due_at=event.promise.due_at,
        promises=_text(promises),
        supplement_by=event.supplement_by,
        supplements_left=event.supplements_left,
        answer_by=event.answer_by,
        stage=event.stage,
        holder=event.holder,
        outcome=event.outcome or "",
        resolved_at=event.resolved_at,
        imported_from=f"{event.system} {event.key}",
        rule_pack=event.rule.pack,
        rule_version=event.rule.version,
        rule=event.rule.basis,
    )


def _not_accepted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationNotAccepted = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="not_accepted",
        ground=event.ground,
        reason=_sealed(event.reason),
        ended_at=event.not_accepted_at,
    )


def _asked(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: SupplementAsked = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="supplement_asked",
        asked_at=event.asked_at,
        wanted=_sealed(event.wanted),
        asked_reason=_sealed(event.reason),
        answer_by=event.answer_by,
        supplements_left=(row.supplements_left if row else 0) - 1,
    )


def _supplied(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: SupplementSupplied = recorded.event  # type: ignore[assignment]
    changes: dict[str, Any] = {"supplied_at": event.supplied_at, "supplement_unchecked": not event.checked}
    if event.complete:
        changes["status"] = "in_process"
    if event.promise:
        promises = _promises(row)
        changes |= {"due_at": event.promise.due_at, "promises": _text((*promises, event.promise))}
        if not promises:
            changes["first_due_at"] = event.promise.due_at
    if event.documents:
        before = msgspec.json.decode(row.documents) if row else []
        changes["documents"] = _text((*before, *event.documents))
    return _row(row, recorded, **changes)


def _moved(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: AppointmentMoved = recorded.event  # type: ignore[assignment]
    return _row(row, recorded, due_at=event.promise.due_at, promises=_text((*_promises(row), event.promise)))


def _consulted(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ConsultationAsked = recorded.event  # type: ignore[assignment]
    asked = Opinion(id=event.consultation, body=event.body, asked_at=event.asked_at, answer_by=event.answer_by)
    return _opinions(row, recorded, [*_opinions_of(row), asked])


def _answered(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ConsultationAnswered = recorded.event  # type: ignore[assignment]
    change = {
        "answered_at": event.answered_at,
        "opinion": event.opinion,
        "late": event.late,
        "document_number": event.document_number,
    }
    return _opinions(row, recorded, _with(_opinions_of(row), event.consultation, change))


def _consultee_late(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ConsultationOverdue = recorded.event  # type: ignore[assignment]
    return _opinions(row, recorded, _with(_opinions_of(row), event.consultation, {"late": True}))


def _assigned(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationAssigned = recorded.event  # type: ignore[assignment]
    line = HandOver(
        number=recorded.number,
        stage=event.stage,
        role=event.role,
        from_unit=event.from_unit,
        unit=event.to_unit,
        giver=event.giver,
        receiver=event.receiver,
        came_at=event.assigned_at,
        due_at=event.due_at,
        note=event.note,
    )
    return _row(
        row,
        recorded,
        stage=event.stage,
        role=event.role,
        holder=event.to_unit,
        officer=event.receiver,
        stage_due_at=event.due_at,
        hand_overs=_text([*_left(row, event.assigned_at), line]),
    )


def _passed_on(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationPassedOn = recorded.event  # type: ignore[assignment]
    return _row(row, recorded, received_by=event.received_by, decided_by=event.decided_by)


def _resolved(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationResolved = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="resolved",
        outcome=event.outcome,
        ground=event.ground or "",
        reason=_sealed(event.reason),
        document_number=event.document_number,
        results=_text(event.results),
        resolved_at=event.resolved_at,
        hand_overs=_text(_left(row, event.resolved_at)),
    )


def _handed_over(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ResultHandedOver = recorded.event  # type: ignore[assignment]
    at = event.handed_over_at
    return _row(row, recorded, status="handed_over", handed_over_at=at, way=event.way, ended_at=at)


def _stopped(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationStopped = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="stopped",
        ground=event.ground,
        reason=_sealed(event.reason),
        ended_at=event.stopped_at,
        hand_overs=_text(_left(row, event.stopped_at)),
    )


def _withdrawn(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationWithdrawn = recorded.event  # type: ignore[assignment]
    return _row(
        row,
        recorded,
        status="withdrawn",
        reason=_sealed(event.reason),
        ended_at=event.withdrawn_at,
        hand_overs=_text(_left(row, event.withdrawn_at)),
    )


def _corrected(row: ApplicationRow | None, recorded: Recorded) -> ApplicationRow:
    event: ApplicationCorrected = recorded.event  # type: ignore[assignment]
    now: dict[str, Any] = {"channel": event.channel, "delivery": event.delivery, "notify": event.notify}
    changes = {name: value for name, value in now.items() if value}
    if event.applicant:
        changes |= {"applicant": _sealed(event.applicant), "subject": event.applicant.subject}
    return _row(row, recorded, corrected=(row.corrected if row else 0) + 1, **changes)


def _promises(row: ApplicationRow | None) -> list[Promise]:
    return msgspec.json.decode(row.promises, type=list[Promise]) if row else []


def _opinions_of(row: ApplicationRow | None) -> list[Opinion]:
    return msgspec.json.decode(row.consultations, type=list[Opinion]) if row else []


def _with(opinions: list[Opinion], id: UUID, change: Mapping[str, Any]) -> list[Opinion]:
    return [msgspec.structs.replace(each, **change) if each.id == id else each for each in opinions]


def _opinions(row: ApplicationRow | None, recorded: Recorded, opinions: list[Opinion]) -> ApplicationRow:
    awaited = sum(each.answered_at is None for each in opinions)
    return _row(row, recorded, consultations=_text(opinions), opinions_awaited=awaited)


def _left(row: ApplicationRow | None, at: dt.datetime) -> list[HandOver]:
    """The control slip with its last line closed: the dossier left there, before, on or after its time."""
    lines = msgspec.json.decode(row.hand_overs, type=list[HandOver]) if row else []
    if lines and lines[-1].left_at is None:
        lines[-1] = msgspec.structs.replace(lines[-1], left_at=at, verdict=_verdict(lines[-1].due_at, at))
    return lines


def _verdict(due_at: dt.datetime | None, at: dt.datetime) -> str:
    """On time is the day itself, by the calendar on the wall in Việt Nam, up to the hour that was promised."""
    if due_at is None:
        return ""
    if at > due_at:
        return "after"
    hanoi = dt.timezone(dt.timedelta(hours=7))
    return "on" if at.astimezone(hanoi).date() == due_at.astimezone(hanoi).date() else "before"


def _text(value: Any) -> str:
    return _json.encode(value).decode()


def _sealed(value: Personal[Any] | None) -> bytes | None:
    return value.sealed if value else None


APPLICATION: dict[type[Event], Step] = {
    ApplicationDrafted: _drafted,
    ApplicationSubmitted: _submitted,
    ApplicationReceived: _received,
    ApplicationNotAccepted: _not_accepted,
    SupplementAsked: _asked,
    SupplementSupplied: _supplied,
    AppointmentMoved: _moved,
    ConsultationAsked: _consulted,
    ConsultationAnswered: _answered,
    ConsultationOverdue: _consultee_late,
    ApplicationAssigned: _assigned,
    ApplicationPassedOn: _passed_on,
    ApplicationResolved: _resolved,
    ResultHandedOver: _handed_over,
    ApplicationStopped: _stopped,
    ApplicationWithdrawn: _withdrawn,
    ApplicationCorrected: _corrected,
    ApplicationImported: _imported,
}


def _by_state(row: ApplicationRow) -> Iterable[tuple[Key, tuple[int, ...]]]:
    if row.status not in {"none", "drafted"}:
        yield (row.received_by, row.decided_by, row.status), (1,)


def _by_day(row: ApplicationRow) -> Iterable[tuple[Key, tuple[int, ...]]]:
    """What a desk counts a day: received and finished, each on its own day in Việt Nam."""
    if row.received_at:
        yield (row.received_by, row.procedure, _day(row.received_at)), (1, int(row.channel in _ONLINE), 0)
    finished = row.resolved_at or row.ended_at
    if row.received_at and finished:
        yield (row.received_by, row.procedure, _day(finished)), (0, 0, 1)


_ONLINE = frozenset({"online", "assisted", "national_portal"})


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(dt.timezone(dt.timedelta(hours=7))).date()


application_view = View(
    table="application",
    row=ApplicationRow,
    evolve=APPLICATION,
    totals=(
        Total("application_by_state", ("received_by", "decided_by", "status"), ("dossiers",), _by_state),
        Total("application_by_day", ("received_by", "procedure", "day"), ("received", "online", "finished"), _by_day),
    ),
)


# Procedures: one line a procedure and first day of its terms


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
        terms=_text(terms),
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
        replaced_by=_text(event.replaced_by),
        decision=event.decision,
        number=recorded.number,
    )


def _by_procedure_and_day(recorded: Recorded) -> Key:
    event: ProcedureListed | ProcedureAmended | ProcedureWithdrawn = recorded.event  # type: ignore[assignment]
    return event.procedure, event.effective_from


procedure_view = View(
    table="procedure",
    row=ProcedureRow,
    evolve={ProcedureListed: _terms, ProcedureAmended: _terms, ProcedureWithdrawn: _procedure_withdrawn},
    key=_by_procedure_and_day,
    key_columns=("procedure", "effective_from"),
    shared=True,
)


# What each unit's electronic one-stop shows


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


shown_view = View(
    table="shown",
    row=ShownRow,
    evolve={ProcedurePublished: _published, ProcedureTakenDown: _taken_down},
    key=_by_unit_and_procedure,
    key_columns=("unit", "procedure"),
    shared=True,
)


# Units: one line each, with its history


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
        return msgspec.structs.replace(unchanged, successors=_text(event.into), number=recorded.number)
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
        codes=_text(facts.codes),
        address=facts.address,
        hours=facts.hours,
        how_to_find=facts.how_to_find,
        phone=facts.phone,
        invented=facts.invented,
        effective_from=latest.day if latest else None,
        ended_on=None if last.facts else last.day,
        successors=_text(last.into) if last.into or row is None else row.successors,
        history=_text(history),
        number=recorded.number,
    )


unit_view = View(
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


# Visits


class VisitRow(Row, frozen=True, kw_only=True):
    """A visit that led to no dossier there and then; `application` is the stream of the one that followed, if any."""

    visit: str
    kind: str = ""
    unit: str = ""
    procedure: str = ""
    channel: str = ""
    came_at: dt.datetime | None = None
    day: dt.date | None = None
    level: int | None = None
    guidance: str = "{}"
    rule: str = ""
    application: str = ""


def _guided(row: VisitRow | None, recorded: Recorded) -> VisitRow:
    event: VisitorGuided = recorded.event  # type: ignore[assignment]
    return _visited(row, recorded, event, kind="guided")


def _refused(row: VisitRow | None, recorded: Recorded) -> VisitRow:
    event: PaperRefused = recorded.event  # type: ignore[assignment]
    return _visited(row, recorded, event, kind="paper_refused", level=event.level)


def _visited(row: VisitRow | None, recorded: Recorded, event: VisitorGuided | PaperRefused, **changes: Any) -> VisitRow:
    return VisitRow(
        visit=recorded.stream,
        unit=event.unit,
        procedure=event.procedure,
        channel=event.channel,
        came_at=event.came_at,
        day=_day(event.came_at),
        guidance=_text(event.guidance),
        rule=event.rule.basis,
        application=row.application if row else "",
        **changes,
    )


def _followed(row: VisitRow | None, recorded: Recorded) -> VisitRow | None:
    key = _by_visit(recorded)
    if key is None:
        return row
    # The two streams travel in different partitions: the dossier may be heard before the visit that led to it.
    row = row or VisitRow(visit=key[0])
    return msgspec.structs.replace(row, application=recorded.stream)


def _by_visit(recorded: Recorded) -> Key | None:
    match recorded.event:
        case ApplicationSubmitted(visit=None):
            return None
        case ApplicationSubmitted(visit=visit):
            return (f"visit-{visit}",)
        case _:
            return (recorded.stream,)


def _visits_by_day(row: VisitRow) -> Iterable[tuple[Key, tuple[int, ...]]]:
    if row.day:
        yield (
            (row.unit, row.procedure, row.day),
            (
                int(row.kind == "guided"),
                int(row.kind == "paper_refused"),
                int(row.application != ""),
            ),
        )


visit_view = View(
    table="visit",
    row=VisitRow,
    evolve={VisitorGuided: _guided, PaperRefused: _refused, ApplicationSubmitted: _followed},
    key=_by_visit,
    key_columns=("visit",),
    shared=True,
    totals=(
        Total("visit_by_day", ("unit", "procedure", "day"), ("guided", "paper_refused", "followed"), _visits_by_day),
    ),
)

views = (calendar, application_view, procedure_view, shown_view, unit_view, visit_view)
