"""What can be said to a case: by the policy, which is never refused, and by people, who are told why not."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from schemas.event import Personal
from schemas.people import Document, Person
from schemas.transfers import CloseGround, Consultation, Facts, Opinion, PlaceReason, Reply, Step, TransferGround
from services.transfers.domain.rules import Known

# Commands of the policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Open the case of a dossier that says what it is judged by."""

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
    entered_late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Undescribed:
    """Open the case of a dossier that does not say what it is judged by."""

    application: str
    procedure: str
    received_by: str
    decided_by: str
    applicant: UUID
    submitted_at: dt.datetime
    tracking: str = ""
    entered_late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Begin:
    """The dossier was received: judge it by the rules of that day."""

    known: Known
    code: str
    received_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Proceed:
    """The pupil's claim was accepted: open the steps that wait for nothing."""

    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Deny:
    """The pupil has another open request, so this case is refused, by the rule of the day of receipt."""

    known: Known
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteElsewhere:
    """The pupil is known at another school (`at_school`) than the dossier names: the case waits for a person."""

    at_school: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NotePlace:
    """A class said that the case has a place now (`held`), or has it no longer; `why`, and whether the one of the two
    that was submitted earlier was entered `late`."""

    class_id: str
    held: bool
    at: dt.datetime
    why: PlaceReason = ""
    late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """The place is taken: what the head decided counts."""

    class_id: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Reopen:
    """There was no place when the head decided (in this `turn` of `accept`): the step is open again."""

    class_id: str
    turn: int
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """The dossier ended in intake. A case that is refused or complete stays as it is; one that is granted goes on where
    the dossier was `granted` too."""

    ground: CloseGround
    at: dt.datetime
    granted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Compose:
    """Draft the consultation from the facts, where `consult` is open and nobody wrote one yet; or anew, where the facts
    were corrected and no officer has touched the draft."""

    known: Known
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteDue:
    """Until when a step is due, as the deadlines service counted."""

    step: Step
    turn: int
    due_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalate:
    """A step is overdue: tell whoever stands above its unit (by `known`)."""

    known: Known
    step: Step
    turn: int
    due_at: dt.datetime
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class HearReply:
    """The leadership's answer to `document` came back over the exchange. Said by an errand, so never refused: an answer
    to something else, or to a case that has ended, comes to nothing. `by`: it came on paper, and this head entered it,
    with its date (`signed_on`), its `scan`, and the `reason` why it did not come over the exchange."""

    document: UUID
    reply: UUID
    number: str
    opinion: Opinion
    at: dt.datetime
    text: Personal[Reply] | None = None
    by: str = ""
    signed_on: dt.date | None = None
    scan: Document | None = None
    reason: Personal[str] | None = None


# Commands of people


@dataclass(frozen=True, kw_only=True, slots=True)
class Describe:
    """Fill in what a dossier is judged by. Where it was received meanwhile, it is judged at once."""

    known: Known
    facts: Facts
    pupil: UUID
    who: Personal[Person]
    at: dt.datetime
    by: str
    tracking: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChooseClass:
    """Let the case wait for this class of the receiving school. `name` is the class's name ("10A1"): school, school
    year and grade are the case's own. Whether it was opened is looked up by the api."""

    name: str
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Raise:
    """Make an ordinary case special, with a reason; never the other way round."""

    known: Known
    reason: Personal[str]
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectFacts:
    """Put right what the case is judged by, before its decision and before the leadership is asked; it is judged again
    by the rules of the day of receipt. The two schools stay."""

    known: Known
    facts: Facts
    reason: Personal[str]
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmSchool:
    """The pupil is at the school that the dossier names, whatever transfers know: claim them again."""

    reason: Personal[str]
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnAway:
    """The pupil is not at the school that the dossier names: refuse the case, by the rule of the day of receipt."""

    known: Known
    reason: Personal[str]
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EndStep:
    """End a step: `consented` or `refused` (with `ground` and `note`) for release, introduce, accept; `done` for
    records and placement. `turn` is the one the person saw. `unmanaged`: the receiving school opened no class of this
    grade and year (looked up by the api), so that accept may be consented without one. consult ends by its reply
    alone."""

    step: Step
    turn: int
    outcome: Literal["consented", "refused", "done"]
    at: dt.datetime
    by: str
    ground: TransferGround | None = None
    note: Personal[str] | None = None
    document_number: str = ""
    unmanaged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Redraft:
    """Write another text of the consultation. `draft` is the number it will have: one more than the last its author
    saw."""

    draft: int
    text: Personal[Consultation]
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueConsultation:
    """Sign the consultation. `number` comes from the letters stream, `to_unit` is the Department."""

    number: str
    to_unit: str
    text: Personal[Consultation]
    at: dt.datetime
    by: str


Command: TypeAlias = (
    Request
    | Undescribed
    | Begin
    | Proceed
    | Deny
    | NoteElsewhere
    | NotePlace
    | Grant
    | Reopen
    | Close
    | Compose
    | NoteDue
    | Escalate
    | HearReply
    | Describe
    | ChooseClass
    | Raise
    | CorrectFacts
    | ConfirmSchool
    | TurnAway
    | EndStep
    | Redraft
    | IssueConsultation
)
