"""What transfers says: the cases of pupils who change schools, their steps, the places of classes, where a pupil goes
to school, and the letters that ask the Department's leadership for its consent.

The docstring of an event is the fact in plain words, and the glossary. Every event about a case says which dossier of
intake it belongs to and between which schools it is, so that a listener needs nothing else. A school of the province
is named by the id of its unit; one elsewhere has no id and is `""`. A pupil is named by the key that seals their data
(`pupil`), never otherwise; what officers write about somebody is sealed under that key too.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import ConfigDict, Field

from schemas.event import Event, Personal, event
from schemas.people import Document, Person
from schemas.rules import Cited

Kind: TypeAlias = Literal["in_province", "from_province", "to_province", "from_abroad"]
SchoolType: TypeAlias = Literal["public", "private", "specialised", "continuing", "abroad"]
Reason: TypeAlias = Literal["moved_home", "parents_work", "disadvantaged_area", "no_equivalent_private", "other"]
"""Why a pupil changes schools, no more than the rules ask: `disadvantaged_area` and `no_equivalent_private` are those
for which a pupil of a private school may go to a public one (TT 50/2021/TT-BGDĐT)."""
Step: TypeAlias = Literal["release", "introduce", "consult", "accept", "records", "placement"]
"""`release`: the head of the releasing school consents. `introduce`: the Department checks and introduces. `consult`:
the Department's leadership is asked in writing. `accept`: the head of the receiving school decides. `records`: the
releasing school hands the records over. `placement`: the receiving school puts the pupil into the class."""
StepOutcome: TypeAlias = Literal["consented", "refused", "done", "dropped"]
SpecialGround: TypeAlias = Literal["private_to_public", "specialised", "outside_window", "raised"]
TransferGround: TypeAlias = Literal[
    "head_refused",
    "not_consented",
    "already_transferring",
    "same_school",
    "not_there",
    "no_place",
    "wrong_grade",
    "private_to_public",
    "documents_missing",
]
"""Why a transfer was refused, coarse enough to be counted. `not_there`: the pupil is not at the school they leave."""
CloseGround: TypeAlias = Literal["withdrawn", "stopped", "not_accepted", "resolved"]
"""How the dossier ended in intake without this service. `resolved`: somebody answered it there by hand."""
Opinion: TypeAlias = Literal["approved", "refused"]
StatusCode: TypeAlias = Literal["01", "02", "03", "04", "05", "06", "13", "15", "16"]
"""QCVN 102:2016/BTTTT: arrived, refused, received, assigned, in process, done, recalled, recall or update agreed,
recall or update refused."""

PlaceReason: TypeAlias = Literal["", "earlier", "fewer"]
"""Why a place changed hands: a case that was submitted `earlier` came, or the class has `fewer` places. "": none of
these, or not said."""
ArrivalReason: TypeAlias = Literal["unreadable", "unknown", "answer_to_be_read", "change_asked"]
"""Why something that arrived waits for a person: it is no message that can be read; it belongs to nothing known here;
it answers a consultation in words only; its sender takes it back or changes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a transfer is judged by, in codes. Identity is not among them.

    `from_name` and `from_place` name a school elsewhere and its province or country; likewise `to_…`. `grade` is the
    one the pupil wants to enter. `subjects` are the elective subjects taken. `documents` are codes of the papers that
    were handed in (`record`, `admission`, `introduction`, `department_introduction`, `application`, `summary`,
    `individual_plan`). `to_class` is the name of a class ("10A1") and may be left to the school; everywhere else a
    class is named by its stream.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    from_school: Annotated[str, Field(max_length=60)] = ""
    from_name: Annotated[str, Field(max_length=200)] = ""
    from_place: Annotated[str, Field(max_length=100)] = ""
    from_type: SchoolType = "public"
    to_school: Annotated[str, Field(max_length=60)] = ""
    to_name: Annotated[str, Field(max_length=200)] = ""
    to_place: Annotated[str, Field(max_length=100)] = ""
    to_type: SchoolType = "public"
    to_class: Annotated[str, Field(max_length=60)] = ""
    grade: Annotated[int, Field(ge=10, le=12)]
    reason: Reason = "moved_home"
    subjects: tuple[Annotated[str, Field(max_length=40)], ...] = ()
    documents: tuple[Annotated[str, Field(max_length=40)], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one rule says of one case. `holds`: it is kept. Where it is not, `special` says that leadership may still
    consent, `bars` that the case can't be granted; where neither is so, it is for the head who decides to weigh.
    `ground` names what it is about, `rule` the article."""

    ground: str
    holds: bool
    special: bool
    rule: Cited
    bars: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """A step that a case has to go: who does it (`unit`), in how many working days, and after which others."""

    step: Step
    unit: str
    days: int
    rule: Cited
    after: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Consultation:
    """What a written consultation says (form of NĐ 30/2020/NĐ-CP, "văn bản xin ý kiến"): of what, why, what is
    asked."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(min_length=3, max_length=500)]
    text: Annotated[str, Field(min_length=3, max_length=8000)]
    signer: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What leadership answered in writing, and who signed it."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=3, max_length=8000)]
    signer: Annotated[str, Field(max_length=200)] = ""


# The case


@event("transfers.transfer_undescribed", version=1)
class TransferUndescribed(Event, frozen=True, kw_only=True):
    """A dossier for a transfer came without the facts that it is judged by: an officer has to fill them in. It is said
    again, with `code` and `received_at`, when the dossier is received meanwhile."""

    application: str
    procedure: str
    received_by: str
    decided_by: str
    applicant: UUID
    submitted_at: dt.datetime
    tracking: str = ""
    code: str = ""
    received_at: dt.datetime | None = None
    entered_late: bool = False


@event("transfers.transfer_requested", version=1)
class TransferRequested(Event, frozen=True, kw_only=True):
    """A transfer was asked for. Whoever asked first, by `submitted_at`, is served first. `entered_late`: an officer
    entered the dossier later than it was handed in, and gave intake the reason."""

    application: str
    procedure: str
    received_by: str
    decided_by: str
    facts: Facts
    pupil: UUID
    who: Personal[Person]
    applicant: UUID
    submitted_at: dt.datetime
    tracking: str = ""
    described_by: str = ""
    entered_late: bool = False


@event("transfers.transfer_begun", version=1)
class TransferBegun(Event, frozen=True, kw_only=True):
    """The dossier was received, so the case was judged by the rules of that day: what kind it is, whether it is
    special (and why), what each rule says of it, and the steps that it has to go."""

    application: str
    from_school: str
    to_school: str
    pupil: UUID
    kind: Kind
    year: int
    special: bool
    grounds: tuple[SpecialGround, ...]
    findings: tuple[Finding, ...]
    steps: tuple[PlannedStep, ...]
    code: str
    submitted_at: dt.datetime
    received_at: dt.datetime
    rule: Cited
    to_class: str = ""
    entered_late: bool = False


@event("transfers.pupil_elsewhere", version=1)
class PupilElsewhere(Event, frozen=True, kw_only=True):
    """The case waits: transfers know the pupil at another school (`at_school`, "" : outside the province) than the one
    that the dossier names. An officer puts right what is known, or a head turns the case away."""

    application: str
    from_school: str
    to_school: str
    pupil: UUID
    at_school: str
    noted_at: dt.datetime


@event("transfers.pupil_school_confirmed", version=1)
class PupilSchoolConfirmed(Event, frozen=True, kw_only=True):
    """An officer looked into where the pupil is, and says why it is the school that the dossier names: the case claims
    the pupil again."""

    application: str
    from_school: str
    to_school: str
    pupil: UUID
    reason: Personal[str]
    confirmed_at: dt.datetime
    confirmed_by: str


@event("transfers.facts_corrected", version=1)
class FactsCorrected(Event, frozen=True, kw_only=True):
    """An officer put right what the case is judged by, and said why; it was judged again by the rules of the same
    day. Its two schools stay what they are: to go to another one is another request."""

    application: str
    from_school: str
    to_school: str
    facts: Facts
    kind: Kind
    special: bool
    grounds: tuple[SpecialGround, ...]
    findings: tuple[Finding, ...]
    steps: tuple[PlannedStep, ...]
    reason: Personal[str]
    corrected_at: dt.datetime
    corrected_by: str
    rule: Cited


@event("transfers.transfer_raised", version=1)
class TransferRaised(Event, frozen=True, kw_only=True):
    """An officer made an ordinary case a special one, and said why. Nobody can make it ordinary again."""

    application: str
    from_school: str
    to_school: str
    raised_at: dt.datetime
    steps: tuple[PlannedStep, ...]
    reason: Personal[str]
    raised_by: str
    rule: Cited


@event("transfers.class_chosen", version=1)
class ClassChosen(Event, frozen=True, kw_only=True):
    """The receiving school chose the class for which the case waits, in place of `was_class`."""

    application: str
    from_school: str
    to_school: str
    to_class: str
    submitted_at: dt.datetime
    chosen_at: dt.datetime
    chosen_by: str = ""
    was_class: str = ""
    entered_late: bool = False


@event("transfers.place_held", version=1)
class PlaceHeld(Event, frozen=True, kw_only=True):
    """As far as the case knows it has a place in the class (`held`), or waits for one in the queue. `why` it has it
    instead of another, or lost it; `late`: whichever of the two was submitted earlier was entered late."""

    application: str
    from_school: str
    to_school: str
    to_class: str
    held: bool
    noted_at: dt.datetime
    why: PlaceReason = ""
    late: bool = False


@event("transfers.step_opened", version=1)
class StepOpened(Event, frozen=True, kw_only=True):
    """A step can be done now, by `unit`, in `days` working days. `turn` counts how often this step was opened."""

    application: str
    from_school: str
    to_school: str
    step: Step
    turn: int
    unit: str
    days: int
    opened_at: dt.datetime
    rule: Cited


@event("transfers.step_ended", version=1)
class StepEnded(Event, frozen=True, kw_only=True):
    """A step is over: consented or done, refused, or dropped because nothing depends on it any more."""

    application: str
    from_school: str
    to_school: str
    step: Step
    turn: int
    unit: str
    outcome: StepOutcome
    ended_at: dt.datetime
    by: str = ""
    document_number: str = ""
    note: Personal[str] | None = None
    to_class: str = ""


@event("transfers.step_due", version=1)
class StepDue(Event, frozen=True, kw_only=True):
    """The deadlines service counted until when a step is due."""

    application: str
    from_school: str
    to_school: str
    step: Step
    turn: int
    due_at: dt.datetime


@event("transfers.step_escalated", version=1)
class StepEscalated(Event, frozen=True, kw_only=True):
    """A step is overdue: whoever stands above the unit (`to_unit`) was told."""

    application: str
    from_school: str
    to_school: str
    step: Step
    turn: int
    unit: str
    to_unit: str
    due_at: dt.datetime
    escalated_at: dt.datetime


@event("transfers.transfer_decided", version=1)
class TransferDecided(Event, frozen=True, kw_only=True):
    """The transfer was granted or refused. What follows a granted one (records, placement) has its own steps."""

    application: str
    procedure: str
    from_school: str
    to_school: str
    decided_by: str
    outcome: Literal["granted", "refused"]
    decided_at: dt.datetime
    rule: Cited
    ground: TransferGround | None = None
    reason: Personal[str] | None = None
    document_number: str = ""
    to_class: str = ""
    pupil: UUID | None = None


@event("transfers.transfer_completed", version=1)
class TransferCompleted(Event, frozen=True, kw_only=True):
    """All steps are done: the pupil may be put on the roll of the new school."""

    application: str
    from_school: str
    to_school: str
    pupil: UUID
    completed_at: dt.datetime
    to_class: str = ""


@event("transfers.transfer_closed", version=1)
class TransferClosed(Event, frozen=True, kw_only=True):
    """The case ended because the dossier was withdrawn, stopped, not accepted or answered by hand. `pupil` is None
    where the case was never described."""

    application: str
    from_school: str
    to_school: str
    ground: CloseGround
    closed_at: dt.datetime
    to_class: str = ""
    pupil: UUID | None = None


# Asking the leadership


@event("transfers.consultation_drafted", version=1)
class ConsultationDrafted(Event, frozen=True, kw_only=True):
    """The text that asks for the leadership's consent was written: by the system from the facts, or by an officer."""

    application: str
    from_school: str
    to_school: str
    draft: int
    text: Personal[Consultation]
    drafted_at: dt.datetime
    by: str = ""


@event("transfers.consultation_issued", version=1)
class ConsultationIssued(Event, frozen=True, kw_only=True):
    """The unit's head signed the consultation; it waits to be sent over the document exchange as `document`."""

    application: str
    from_school: str
    to_school: str
    document: UUID
    number: str
    from_unit: str
    to_unit: str
    text: Personal[Consultation]
    issued_at: dt.datetime
    issued_by: str


@event("transfers.reply_arrived", version=1)
class ReplyArrived(Event, frozen=True, kw_only=True):
    """The leadership's written answer came back over the exchange, in answer to `document`; or, where `by` says who, it
    came on paper and was entered by hand: `signed_on` is the paper's own date, `scan` the file of it, and `reason` why
    it did not come over the exchange, where the question had gone over it."""

    application: str
    from_school: str
    to_school: str
    document: UUID
    reply: UUID
    number: str
    opinion: Opinion
    arrived_at: dt.datetime
    text: Personal[Reply] | None = None
    by: str = ""
    signed_on: dt.date | None = None
    scan: Document | None = None
    reason: Personal[str] | None = None


# The Department's side of a consultation


@event("transfers.opinion_asked", version=1)
class OpinionAsked(Event, frozen=True, kw_only=True):
    """A consultation arrived at the Department over the exchange and waits for the leadership."""

    document: UUID
    application: str
    from_unit: str
    to_unit: str
    number: str
    pupil: UUID
    text: Personal[Consultation]
    arrived_at: dt.datetime


@event("transfers.opinion_given", version=1)
class OpinionGiven(Event, frozen=True, kw_only=True):
    """The leadership approved or refused. `delegation` names the one under which a deputy signed ("" : the head)."""

    document: UUID
    application: str
    from_unit: str
    to_unit: str
    reply: UUID
    number: str
    opinion: Opinion
    text: Personal[Reply]
    given_at: dt.datetime
    signed_by: str
    position: str
    delegation: str = ""


@event("transfers.delegation_given", version=1)
class DelegationGiven(Event, frozen=True, kw_only=True):
    """A head lets a deputy decide in their place, from one day until another (both included)."""

    delegation: UUID
    unit: str
    by: str
    to: str
    starts: dt.date
    ends: dt.date
    number: str
    given_at: dt.datetime


@event("transfers.delegation_ended", version=1)
class DelegationEnded(Event, frozen=True, kw_only=True):
    """A delegation was taken back before its last day."""

    delegation: UUID
    unit: str
    by: str
    ended_at: dt.datetime


# Documents on the exchange


@event("transfers.document_queued", version=1)
class DocumentQueued(Event, frozen=True, kw_only=True):
    """A signed letter waits to be sent over the document exchange. `source` is the stream that has its text;
    `response_to` the document that it answers."""

    document: UUID
    application: str
    kind: Literal["consultation", "reply"]
    source: str
    from_unit: str
    to_unit: str
    number: str
    queued_at: dt.datetime
    response_to: UUID | None = None


@event("transfers.document_sent", version=1)
class DocumentSent(Event, frozen=True, kw_only=True):
    """The exchange took a document. The same document sent again is the same document."""

    document: UUID
    application: str
    from_unit: str
    to_unit: str
    sent_at: dt.datetime


@event("transfers.document_status", version=1)
class DocumentStatus(Event, frozen=True, kw_only=True):
    """The other side said how far a document is. Statuses are told apart by document, code and time of saying."""

    document: UUID
    application: str
    code: StatusCode
    said_at: dt.datetime
    noticed_at: dt.datetime


@event("transfers.document_failed", version=1)
class DocumentFailed(Event, frozen=True, kw_only=True):
    """The exchange refused a document for good: it lies with the dead letters until somebody sends it anew."""

    document: UUID
    application: str
    reason: str
    failed_at: dt.datetime


@event("transfers.document_requeued", version=1)
class DocumentRequeued(Event, frozen=True, kw_only=True):
    """Somebody mended what was wrong and let a dead letter be sent again."""

    document: UUID
    application: str
    by: str
    requeued_at: dt.datetime


# What arrived and could not be matched


@event("transfers.arrival_set_aside", version=1)
class ArrivalSetAside(Event, frozen=True, kw_only=True):
    """Something came over the exchange for `unit` that nobody asked for or that can't be used by itself: it is kept for
    a person to look at. `digest` names what came (SHA-256); `application` is the dossier that it seems to answer."""

    arrival: UUID
    unit: str
    reason: ArrivalReason
    digest: str
    size: int
    sender: str
    document_id: str
    response_to: str
    number: str
    application: str
    arrived_at: dt.datetime
    fault: str = ""


@event("transfers.arrival_settled", version=1)
class ArrivalSettled(Event, frozen=True, kw_only=True):
    """Somebody has looked at what was set aside, and done what was to be done."""

    arrival: UUID
    unit: str
    by: str
    settled_at: dt.datetime


# Places in classes


@event("transfers.class_opened", version=1)
class ClassOpened(Event, frozen=True, kw_only=True):
    """A class takes pupils who change schools: so many places. `year` is the first calendar year of its school year."""

    class_id: str
    school: str
    year: int
    grade: int
    name: str
    places: int
    subjects: tuple[str, ...] = ()
    opened_at: dt.datetime


@event("transfers.places_changed", version=1)
class PlacesChanged(Event, frozen=True, kw_only=True):
    """The class has another number of places now; never fewer than are taken."""

    class_id: str
    school: str
    places: int
    changed_at: dt.datetime


@event("transfers.place_asked", version=1)
class PlaceAsked(Event, frozen=True, kw_only=True):
    """A case asked for a place. Places go to those who submitted first, whenever their requests arrive here."""

    class_id: str
    school: str
    transfer: str
    submitted_at: dt.datetime
    entered_late: bool = False


@event("transfers.place_reserved", version=1)
class PlaceReserved(Event, frozen=True, kw_only=True):
    """A place is kept for a case until it is decided, unless one that was submitted earlier comes in. `instead_of`: the
    case that had it until then, and was submitted later; `late`: this one was entered late."""

    class_id: str
    school: str
    transfer: str
    instead_of: str = ""
    late: bool = False


@event("transfers.place_passed_on", version=1)
class PlacePassedOn(Event, frozen=True, kw_only=True):
    """A place that was kept went to a request that was submitted earlier (`to`; "" : the class has fewer places now);
    this one waits in the queue. `late`: the other one was entered late."""

    class_id: str
    school: str
    transfer: str
    to: str
    late: bool = False


@event("transfers.place_taken", version=1)
class PlaceTaken(Event, frozen=True, kw_only=True):
    """The place is this case's for good: its head decided."""

    class_id: str
    school: str
    transfer: str


@event("transfers.place_refused", version=1)
class PlaceRefused(Event, frozen=True, kw_only=True):
    """A head decided for a case that has no place (any more): it waits, the decision does not count. `turn` is that of
    the step that was ended."""

    class_id: str
    school: str
    transfer: str
    turn: int


@event("transfers.place_given_back", version=1)
class PlaceGivenBack(Event, frozen=True, kw_only=True):
    """A case needs its place, or its turn in the queue, no longer."""

    class_id: str
    school: str
    transfer: str


# Where a pupil goes to school


@event("transfers.pupil_claimed", version=1)
class PupilClaimed(Event, frozen=True, kw_only=True):
    """A case is the one open request of this pupil."""

    pupil: UUID
    transfer: str


@event("transfers.claim_refused", version=1)
class ClaimRefused(Event, frozen=True, kw_only=True):
    """The pupil has an open request already (`held_by`), or is not at the school they leave (`at_school`)."""

    pupil: UUID
    transfer: str
    ground: Literal["already_transferring", "not_there"]
    held_by: str = ""
    at_school: str = ""


@event("transfers.pupil_school_corrected", version=1)
class PupilSchoolCorrected(Event, frozen=True, kw_only=True):
    """What transfers knew of the pupil's school was wrong (`was_school`): an officer said so in this case."""

    pupil: UUID
    transfer: str
    school: str
    was_school: str
    corrected_at: dt.datetime


@event("transfers.pupil_freed", version=1)
class PupilFreed(Event, frozen=True, kw_only=True):
    """The open request ended: the pupil stays where they are, and may ask again."""

    pupil: UUID
    transfer: str


@event("transfers.pupil_moved", version=1)
class PupilMoved(Event, frozen=True, kw_only=True):
    """The pupil is at the new school now, and at no other. `""` is a school elsewhere."""

    pupil: UUID
    transfer: str
    from_school: str
    to_school: str
    to_class: str
    moved_at: dt.datetime


@event("transfers.letter_numbered", version=1)
class LetterNumbered(Event, frozen=True, kw_only=True):
    """A number of a unit's letters was given out."""

    unit: str
    year: int
    number: int
    request: UUID
