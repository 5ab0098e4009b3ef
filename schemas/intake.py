"""What intake says: applications, visits that led to none, procedures, units and the numbers of the register.

The docstring of an event is the fact in plain words, and the glossary. Two units are in every event about an
application: `received_by`, the place that receives, and `decided_by`, the body that decides (they are not the same:
NĐ 61/2018/NĐ-CP Điều 3). Times are aware datetimes; when it happened and when it was written down are in the event's
Meta, and `late_reason` says why the two differ where someone entered it afterwards.

Texts that officers write about somebody's dossier are that person's data too, so they are sealed under the
applicant's key; what must be counted has a short `ground` beside it.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from pydantic import ConfigDict, Field

from schemas.event import Event, Personal, event
from schemas.people import Document, Level, Person, Place
from schemas.rules import Cited

Channel: TypeAlias = Literal["desk", "post", "hired_service", "authorised", "online", "assisted", "national_portal"]
"""How a dossier comes. `assisted`: an officer types it in online with the person present."""
Delivery: TypeAlias = Literal["desk", "post", "online"]
Notify: TypeAlias = Literal["none", "email", "sms", "phone"]
Authority: TypeAlias = Literal["province_department", "province_committee", "school", "commune"]
TimeUnit: TypeAlias = Literal["working_days", "working_hours"]
AtSupplement: TypeAlias = Literal["restart", "pause"]
"""When the supplement is complete the time starts again from zero, or goes on with what was left."""
CutOff: TypeAlias = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|none)?$")]
"""A time of the day; "none": none at all, "": nothing is said."""
Outcome: TypeAlias = Literal["granted", "refused"]
Ground: TypeAlias = Literal[
    "incomplete", "not_entitled", "wrong_authority", "duplicate", "false_papers", "conditions_not_met", "other"
]
"""Why a dossier was not accepted or was refused, coarse enough to be counted."""
StopGround: TypeAlias = Literal["citizens_wish", "no_supplement", "procedure_ended"]
Status: TypeAlias = Literal[
    "none",
    "drafted",
    "submitted",
    "in_process",
    "supplement_asked",
    "resolved",
    "handed_over",
    "not_accepted",
    "stopped",
    "withdrawn",
]
UnitKind: TypeAlias = Literal["service_centre", "department", "office", "school", "commune", "committee"]
"""`office` is a room of the Department; `committee` the provincial People's Committee."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageDue:
    """One stage of the work: who has it (a role such as "one_stop", "expert", "head"), until when, and the weight by
    which the time was dealt out."""

    role: str
    due_at: dt.datetime
    weight: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """An appointment for the result, with all that it was counted from, so that it can be counted again.

    `amount` is in `unit`. `counted_from` is the day that counts as the day of receipt (after the cut-off it is the
    next working day). `calendar` is the version of the working-time calendar. `at_supplement` says what a supplement
    does to the clock; `warn_before` from how many working days (or hours, as `unit` is) before the end on the dossier
    is approaching, 0 where only the rule packs say so.
    """

    due_at: dt.datetime
    amount: int
    unit: TimeUnit
    counted_from: dt.date
    cut_off: str
    calendar: str
    rule: Cited
    stages: tuple[StageDue, ...] = ()
    at_supplement: AtSupplement = "restart"
    warn_before: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that was wrong: which field, what it said, what it says now."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    field: Annotated[str, Field(min_length=1, max_length=60)]
    was: Annotated[str, Field(max_length=4000)]
    now: Annotated[str, Field(max_length=4000)]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessingTime:
    """How long a procedure may take. `case` is "" for the ordinary case ("within_province" for a transfer, say)."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    amount: Annotated[int, Field(ge=0, le=1000)]
    unit: TimeUnit = "working_days"
    case: Annotated[str, Field(max_length=60)] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A share of the processing time: `weight` parts of the sum of all weights."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    role: Annotated[str, Field(min_length=1, max_length=60)]
    weight: Annotated[int, Field(ge=0, le=1000)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """A procedure as it stands from a day on. Unknown is None or empty, never zero; fees are in đồng.

    `at_supplement`, `close_after` (working days without a supplement, 0: never) and `cut_off` are the rule packs' where
    nothing is said here; `warn_before` as in Promise. `online_level` is 1–4 (4 is "toàn trình", 2–3 "một phần").
    `official` is False where nobody has confirmed the procedure: such a one is never shown as the law. `assumed` names
    the fields that a province filled in by itself.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    national_code: Annotated[str, Field(max_length=20, pattern=r"^([0-9]\.[0-9]{6})?$", examples=["2.002854"])] = ""
    name_vi: Annotated[str, Field(min_length=1, max_length=600)]
    name_en: Annotated[str, Field(max_length=600)] = ""
    level: Level = "any"
    field: Annotated[str, Field(max_length=200)] = ""
    authority: Authority = "province_department"
    documents: tuple[Annotated[str, Field(max_length=1000)], ...] = ()
    fee_vnd: Annotated[int, Field(ge=0, le=10**12)] | None = None
    times: tuple[ProcessingTime, ...] = ()
    cut_off: CutOff = ""
    at_supplement: AtSupplement | None = None
    close_after: Annotated[int, Field(ge=0, le=1000)] | None = None
    warn_before: Annotated[int, Field(ge=0, le=1000)] = 0
    stages: tuple[Stage, ...] = ()
    online_level: Annotated[int, Field(ge=1, le=4)] | None = None
    legal_basis: tuple[Annotated[str, Field(max_length=300)], ...] = ()
    confidence: Literal["H", "M", "L"] = "L"
    official: bool = False
    source: Annotated[str, Field(max_length=2000)] = ""
    assumed: tuple[Annotated[str, Field(max_length=60)], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Guidance:
    """What a visitor was told: where to go (with hours), whether and how it can be done online, in two languages."""

    to: tuple[Place, ...]
    online: bool
    assisted: bool
    vi: str
    en: str


# The life of an application


@event("intake.application_drafted", version=1)
class ApplicationDrafted(Event, frozen=True, kw_only=True):
    """Somebody saved a dossier to finish it later. Nothing has been promised to anyone.

    `tracking`, here and wherever a dossier opens, is the look-up digest of its tracking code ("": it has none).
    """

    procedure: str
    received_by: str
    decided_by: str
    drafted_at: dt.datetime
    applicant: Personal[Person]
    content: Personal[str] | None = None
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None
    tracking: str = ""


@event("intake.application_submitted", version=1)
class ApplicationSubmitted(Event, frozen=True, kw_only=True):
    """A dossier was handed in and waits to be checked by the place that receives.

    `procedure` is our own id of it, `terms_from` the first day of the terms it is judged by. `authorised` is who acts
    for the applicant; `assisted_by` the officer who typed it in; `visit` the visit to a desk that led here. `answers`
    are those to the procedure's own form, in codes that say nothing of who it is; `concerns` is the person whom it is
    about, where that is not the applicant (a pupil, say).
    """

    procedure: str
    procedure_name: str
    terms_from: dt.date
    received_by: str
    decided_by: str
    channel: Channel
    submitted_at: dt.datetime
    applicant: Personal[Person]
    rule: Cited
    authorised: Personal[Person] | None = None
    content: Personal[str] | None = None
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None
    sets: int = 1
    delivery: Delivery = "desk"
    notify: Notify = "none"
    visit: UUID | None = None
    assisted_by: str = ""
    portal_code: str = ""
    late_reason: str = ""
    tracking: str = ""
    answers: dict[str, str | int | tuple[str, ...]] = msgspec.field(default_factory=dict)
    concerns: Personal[Person] | None = None


@event("intake.application_received", version=1)
class ApplicationReceived(Event, frozen=True, kw_only=True):
    """A dossier was accepted for processing, with a receipt and an appointment. Every clock starts here.

    `subject` names the applicant's key; who they are is in ApplicationSubmitted. A supplement may be asked until
    `supplement_by`, `supplement_times` times in all.
    """

    code: str
    procedure: str
    procedure_name: str
    level: Level
    field: str
    authority: Authority
    terms_from: dt.date
    received_by: str
    decided_by: str
    channel: Channel
    received_at: dt.datetime
    promise: Promise
    supplement_by: dt.datetime
    subject: UUID
    rule: Cited
    supplement_times: int = 1
    officer: str = ""
    fee_vnd: int | None = None
    late_reason: str = ""
    tracking: str = ""


@event("intake.application_not_accepted", version=1)
class ApplicationNotAccepted(Event, frozen=True, kw_only=True):
    """The place that receives did not accept the dossier, and told the applicant why in writing."""

    procedure: str
    received_by: str
    decided_by: str
    not_accepted_at: dt.datetime
    ground: Ground
    reason: Personal[str]
    rule: Cited
    late_reason: str = ""


@event("intake.supplement_asked", version=1)
class SupplementAsked(Event, frozen=True, kw_only=True):
    """The applicant was asked, in writing and once for all, to complete the dossier. `items` counts what is missing."""

    request: UUID
    received_by: str
    decided_by: str
    asked_at: dt.datetime
    items: int
    wanted: Personal[tuple[str, ...]]
    reason: Personal[str]
    rule: Cited
    contact: str = ""
    answer_by: dt.datetime | None = None
    late_reason: str = ""


@event("intake.supplement_supplied", version=1)
class SupplementSupplied(Event, frozen=True, kw_only=True):
    """The applicant brought what was asked. Where the dossier is complete the clock starts from zero, and `promise` is
    the new appointment, kept beside the first; or it goes on, then the deadlines service says the new due date.

    Only an officer says that it is complete. What an applicant sends alone is not `checked` yet; where an officer finds
    later that it was all, `supplied_at` is still when it came, and `confirmed_at` when the officer said so.
    """

    request: UUID
    received_by: str
    decided_by: str
    supplied_at: dt.datetime
    complete: bool
    promise: Promise | None = None
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None
    late_reason: str = ""
    checked: bool = True
    confirmed_at: dt.datetime | None = None


@event("intake.appointment_moved", version=1)
class AppointmentMoved(Event, frozen=True, kw_only=True):
    """The appointment is another one now, because its due date moved by law: days of the calendar changed, or the clock
    went on after a supplement. It is kept beside the first."""

    received_by: str
    decided_by: str
    promise: Promise
    moved_at: dt.datetime


@event("intake.consultation_asked", version=1)
class ConsultationAsked(Event, frozen=True, kw_only=True):
    """Another body was asked for its opinion, to be given by `answer_by`."""

    consultation: UUID
    received_by: str
    decided_by: str
    body: str
    asked_at: dt.datetime
    answer_by: dt.datetime
    question: Personal[str]
    late_reason: str = ""


@event("intake.consultation_answered", version=1)
class ConsultationAnswered(Event, frozen=True, kw_only=True):
    """The body that was consulted answered; `late` when it was after its limit."""

    consultation: UUID
    received_by: str
    decided_by: str
    body: str
    answered_at: dt.datetime
    late: bool
    opinion: Literal["agrees", "disagrees", "other"]
    answer: Personal[str]
    document_number: str = ""
    late_reason: str = ""


@event("intake.consultation_overdue", version=1)
class ConsultationOverdue(Event, frozen=True, kw_only=True):
    """The body named here did not answer within its limit."""

    consultation: UUID
    received_by: str
    decided_by: str
    body: str
    answer_by: dt.datetime
    noticed_at: dt.datetime


@event("intake.application_assigned", version=1)
class ApplicationAssigned(Event, frozen=True, kw_only=True):
    """The dossier went from one unit to the next that works on it: a line of the control slip.

    `stage` counts from 1. `giver` and `receiver` are officers' ids, never names. `due_at` is the end of this stage.
    """

    received_by: str
    decided_by: str
    stage: int
    role: str
    from_unit: str
    to_unit: str
    assigned_at: dt.datetime
    due_at: dt.datetime | None = None
    giver: str = ""
    receiver: str = ""
    note: Personal[str] | None = None
    late_reason: str = ""


@event("intake.application_passed_on", version=1)
class ApplicationPassedOn(Event, frozen=True, kw_only=True):
    """Another unit took over the receiving or the deciding, because units merged, split or swapped duties."""

    received_by: str
    decided_by: str
    was_received_by: str
    was_decided_by: str
    passed_on_at: dt.datetime
    reason: str
    late_reason: str = ""


@event("intake.application_resolved", version=1)
class ApplicationResolved(Event, frozen=True, kw_only=True):
    """The body that decides granted or refused what was asked; a refusal says why. The processing clock stops."""

    procedure: str
    received_by: str
    decided_by: str
    resolved_at: dt.datetime
    outcome: Outcome
    ground: Ground | None = None
    reason: Personal[str] | None = None
    document_number: str = ""
    results: tuple[Document, ...] = ()
    rule: Cited | None = None
    late_reason: str = ""


@event("intake.result_handed_over", version=1)
class ResultHandedOver(Event, frozen=True, kw_only=True):
    """The applicant has the result. `proof` is a postal or delivery number, never a name."""

    received_by: str
    decided_by: str
    handed_over_at: dt.datetime
    way: Delivery
    taken_by: Personal[Person] | None = None
    proof: str = ""
    late_reason: str = ""


@event("intake.application_stopped", version=1)
class ApplicationStopped(Event, frozen=True, kw_only=True):
    """Processing stopped without a decision: at the citizen's wish, or because no supplement came in its time."""

    received_by: str
    decided_by: str
    stopped_at: dt.datetime
    ground: StopGround
    reason: Personal[str] | None = None
    rule: Cited | None = None
    late_reason: str = ""


@event("intake.application_withdrawn", version=1)
class ApplicationWithdrawn(Event, frozen=True, kw_only=True):
    """The applicant took the dossier back."""

    received_by: str
    decided_by: str
    withdrawn_at: dt.datetime
    reason: Personal[str] | None = None
    late_reason: str = ""


@event("intake.application_corrected", version=1)
class ApplicationCorrected(Event, frozen=True, kw_only=True):
    """Something written down was wrong. `changes` say what, from what, to what; the earlier event stays as it was."""

    correction: UUID
    received_by: str
    decided_by: str
    corrected_at: dt.datetime
    fields: tuple[str, ...]
    changes: Personal[tuple[Change, ...]]
    reason: Personal[str]
    applicant: Personal[Person] | None = None
    channel: Channel | None = None
    delivery: Delivery | None = None
    notify: Notify | None = None
    late_reason: str = ""


@event("intake.application_imported", version=1)
class ApplicationImported(Event, frozen=True, kw_only=True):
    """A dossier in flight came over from another one-stop system's export, in the state that it had there.

    `system` and `key` name the line it came from. `promise` is the first appointment as it was given; `promises` are
    those that followed a supplement, oldest first. A supplement may still be asked `supplements_left` times.
    """

    system: str
    key: str
    code: str
    procedure: str
    procedure_name: str
    level: Level
    field: str
    authority: Authority
    terms_from: dt.date
    received_by: str
    decided_by: str
    channel: Channel
    status: Literal["in_process", "supplement_asked", "resolved"]
    received_at: dt.datetime
    imported_at: dt.datetime
    promise: Promise
    applicant: Personal[Person]
    rule: Cited
    promises: tuple[Promise, ...] = ()
    supplements_left: int = 0
    supplement_by: dt.datetime | None = None
    answer_by: dt.datetime | None = None
    holder: str = ""
    stage: int = 0
    outcome: Outcome | None = None
    resolved_at: dt.datetime | None = None
    content: Personal[str] | None = None
    documents: tuple[Document, ...] = ()
    delivery: Delivery = "desk"
    notify: Notify = "none"
    tracking: str = ""


# Visits that did not become a dossier there and then


@event("intake.visitor_guided", version=1)
class VisitorGuided(Event, frozen=True, kw_only=True):
    """Somebody came to a place that does not receive this procedure, and was told in detail where to go."""

    unit: str
    procedure: str
    channel: Channel
    came_at: dt.datetime
    guidance: Guidance
    rule: Cited


@event("intake.paper_refused", version=1)
class PaperRefused(Event, frozen=True, kw_only=True):
    """Somebody brought a paper dossier for a procedure that is taken online only; they were guided, and offered help
    to submit it online at once."""

    unit: str
    procedure: str
    channel: Channel
    came_at: dt.datetime
    level: int
    guidance: Guidance
    rule: Cited


# Procedures


@event("intake.procedure_listed", version=1)
class ProcedureListed(Event, frozen=True, kw_only=True):
    """A procedure is offered from a day on, on these terms."""

    procedure: str
    effective_from: dt.date
    terms: Terms
    decision: str = ""


@event("intake.procedure_amended", version=1)
class ProcedureAmended(Event, frozen=True, kw_only=True):
    """A procedure has new terms from a day on. Dossiers that came earlier are still judged by the old ones."""

    procedure: str
    effective_from: dt.date
    terms: Terms
    changed: tuple[str, ...]
    decision: str = ""


@event("intake.procedure_withdrawn", version=1)
class ProcedureWithdrawn(Event, frozen=True, kw_only=True):
    """A procedure is not offered any more from a day on; `replaced_by` says what is, where something is."""

    procedure: str
    effective_from: dt.date
    replaced_by: tuple[str, ...] = ()
    decision: str = ""


@event("intake.procedure_published", version=1)
class ProcedurePublished(Event, frozen=True, kw_only=True):
    """A unit's electronic one-stop shows the procedure on the terms of `terms_from`."""

    procedure: str
    unit: str
    terms_from: dt.date
    published_on: dt.date


@event("intake.procedure_taken_down", version=1)
class ProcedureTakenDown(Event, frozen=True, kw_only=True):
    """A unit's electronic one-stop does not show the procedure any more."""

    procedure: str
    unit: str
    taken_down_on: dt.date
    reason: str = ""


# Units


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitFacts:
    """A unit as it stands from a day on. `codes` are its agency ids by form ("2019": "12.H99", "2020": "H99.12").

    `parent` is the unit it belongs to. `levels` are the levels of education that it decides about; empty: all.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: UnitKind
    parent: Annotated[str, Field(max_length=60)] = ""
    codes: dict[str, str] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()
    address: Annotated[str, Field(max_length=300)] = ""
    hours: Annotated[str, Field(max_length=300)] = ""
    how_to_find: Annotated[str, Field(max_length=600)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    invented: bool = False


@event("intake.unit_opened", version=1)
class UnitOpened(Event, frozen=True, kw_only=True):
    """A unit exists from a day on."""

    unit: str
    effective_from: dt.date
    facts: UnitFacts
    decision: str = ""


@event("intake.unit_changed", version=1)
class UnitChanged(Event, frozen=True, kw_only=True):
    """A unit has another name, address, hours or place in the organisation from a day on."""

    unit: str
    effective_from: dt.date
    facts: UnitFacts
    changed: tuple[str, ...]
    decision: str = ""


@event("intake.unit_merged", version=1)
class UnitMerged(Event, frozen=True, kw_only=True):
    """A unit became part of another on a day; its open dossiers pass to `into`."""

    unit: str
    effective_from: dt.date
    into: str
    decision: str = ""


@event("intake.unit_split", version=1)
class UnitSplit(Event, frozen=True, kw_only=True):
    """A unit was divided on a day. It goes on itself where it is among `into`, else it has ended."""

    unit: str
    effective_from: dt.date
    into: tuple[str, ...]
    decision: str = ""


@event("intake.unit_closed", version=1)
class UnitClosed(Event, frozen=True, kw_only=True):
    """A unit ended on a day without a successor."""

    unit: str
    effective_from: dt.date
    decision: str = ""


# The register's numbers


@event("intake.numbers_taken", version=1)
class NumbersTaken(Event, frozen=True, kw_only=True):
    """The numbers `first` to `last` of a unit's day were given out. A number is never given twice, used or not."""

    unit: str
    on: dt.date
    request: UUID
    first: int
    last: int
