"""What deadlines says: the clock of each dossier, its stages, and the apologies that are owed for broken promises.

The docstring of an event is the fact in plain words, and the glossary. What time brings carries two moments:
`became_at`, when it became true, and `noticed_at`, when this service saw it; after an outage the two differ, and both
are kept. Days and minutes of lateness are working time. Every event about a dossier says which one, who received it and
who decides it, so that a listener needs nothing else. The calendar's own event is in schemas/calendar.py.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import ConfigDict, Field

from schemas.event import Event, Personal, event
from schemas.intake import Channel, Outcome, Promise
from schemas.people import Level
from schemas.rules import Cited

MoveCause: TypeAlias = Literal["calendar", "supplement_restart", "supplement_pause", "imported"]
EndGround: TypeAlias = Literal["withdrawn", "stopped"]
ApologyCause: TypeAlias = Literal["forecast", "breach"]
Way: TypeAlias = Literal["email", "sms", "phone", "desk"]
"""How an apology reaches people: `desk` is the printed letter, handed over or posted."""
LapseGround: TypeAlias = Literal["answered_in_time", "moved", "ended"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Late:
    """How late: `days` are the working days after the due day up to and with the day of the answer, `minutes` the
    office minutes between the two moments. An answer later on the due day itself is 0 days and some minutes."""

    days: int
    minutes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StageUse:
    """What one stage used of the office time, in minutes, pauses left out; `allowed` is its share of the promise (None:
    it had none) and `over` what it used beyond that."""

    stage: int
    role: str
    unit: str
    used: int
    allowed: int | None
    over: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """Why an answer is expected when it is: the dossier has used `used` office minutes of its stage, which usually
    takes `usual`; `ahead` dossiers of the unit are due before it, and the unit finishes `per_day` of them a working day
    (None: too few were finished yet to say). `samples` is how many finished stages `usual` rests on."""

    expected_at: dt.datetime
    used: int
    usual: int
    ahead: int
    per_day: float | None
    samples: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What an apology says of people, as it was when it was signed: whom it is to, why, and who signed it."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    addressee: Annotated[str, Field(max_length=200)]
    organisation: bool = False
    address: Annotated[str, Field(max_length=300)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    email: Annotated[str, Field(max_length=200)] = ""
    content: Annotated[str, Field(max_length=4000)] = ""
    reason: Annotated[str, Field(min_length=3, max_length=4000)]
    signer: Annotated[str, Field(max_length=200)] = ""


class _AboutDossier(Event, frozen=True, kw_only=True):
    """What every event about a dossier says: its stream at intake, its code, and who is responsible for it."""

    application: str
    code: str
    procedure: str
    received_by: str
    decided_by: str


# The clock


@event("deadlines.due_date_set", version=1)
class DueDateSet(_AboutDossier, frozen=True, kw_only=True):
    """A dossier was received: its clock runs, and `promise` is what its receipt says. `calendar` counts the changes of
    the calendar that the promise was counted with. From `warn_at` on it is approaching; lateness has to be told by
    `notice_by` (None: the whole time is too short for a notice) and is looked for from `forecast_from` on. `tracking`
    is the look-up digest of the dossier's tracking code, as intake said it."""

    procedure_name: str
    level: Level
    channel: Channel
    subject: UUID
    received_at: dt.datetime
    promise: Promise
    calendar: int
    warn_at: dt.datetime | None
    notice_by: dt.datetime | None
    forecast_from: dt.datetime | None
    tracking: str = ""


@event("deadlines.due_date_moved", version=1)
class DueDateMoved(_AboutDossier, frozen=True, kw_only=True):
    """The lawful due date is another one now: a day of the calendar changed, or a supplement made the clock start again
    or run on. `days` are the changed days between receipt and due date, where the calendar is the cause."""

    was: dt.datetime
    promise: Promise
    cause: MoveCause
    moved_at: dt.datetime
    calendar: int
    days: tuple[dt.date, ...] = ()
    warn_at: dt.datetime | None = None
    notice_by: dt.datetime | None = None
    forecast_from: dt.datetime | None = None


@event("deadlines.due_date_confirmed", version=1)
class DueDateConfirmed(_AboutDossier, frozen=True, kw_only=True):
    """Days of the calendar changed between receipt and due date, and the due date was counted again: it stays."""

    due_at: dt.datetime
    calendar: int
    days: tuple[dt.date, ...]
    confirmed_at: dt.datetime


@event("deadlines.clock_paused", version=1)
class ClockPaused(_AboutDossier, frozen=True, kw_only=True):
    """The clock stands: the applicant was asked for a supplement, which may come until `answer_by`."""

    paused_at: dt.datetime
    answer_by: dt.datetime | None = None


@event("deadlines.clock_resumed", version=1)
class ClockResumed(_AboutDossier, frozen=True, kw_only=True):
    """The clock runs again: the supplement came and is complete."""

    resumed_at: dt.datetime


@event("deadlines.supplement_lapsed", version=1)
class SupplementLapsed(_AboutDossier, frozen=True, kw_only=True):
    """No complete supplement came until the last moment for it; the dossier may be closed."""

    became_at: dt.datetime
    noticed_at: dt.datetime


@event("deadlines.due_date_approaching", version=1)
class DueDateApproaching(_AboutDossier, frozen=True, kw_only=True):
    """The due date is near, by the threshold of the procedure. `unit` has the dossier, in the role `role`."""

    due_at: dt.datetime
    unit: str
    role: str
    became_at: dt.datetime
    noticed_at: dt.datetime


@event("deadlines.lateness_forecast", version=1)
class LatenessForecast(_AboutDossier, frozen=True, kw_only=True):
    """The dossier will probably be answered late, and this is why. Said once a promise, early enough for the lawful
    notice: an apology is owed by `notice_by`."""

    due_at: dt.datetime
    notice_by: dt.datetime
    unit: str
    role: str
    outlook: Outlook
    forecast_at: dt.datetime
    received_at: dt.datetime
    subject: UUID


@event("deadlines.application_overdue", version=1)
class ApplicationOverdue(_AboutDossier, frozen=True, kw_only=True):
    """The due date passed without an answer. `unit` has the dossier, in the role `role`; `stages` say who used the time
    so far. Said once a promise."""

    due_at: dt.datetime
    unit: str
    role: str
    stages: tuple[StageUse, ...]
    became_at: dt.datetime
    noticed_at: dt.datetime
    apologise_by: dt.datetime
    received_at: dt.datetime
    subject: UUID


@event("deadlines.overdue_lifted", version=1)
class OverdueLifted(_AboutDossier, frozen=True, kw_only=True):
    """It is not overdue after all: it had been answered in time and that was entered later, or the due date moved."""

    due_at: dt.datetime
    ground: LapseGround
    lifted_at: dt.datetime


@event("deadlines.application_answered", version=1)
class ApplicationAnswered(_AboutDossier, frozen=True, kw_only=True):
    """The clock stopped at the result. `late` is against the lawful due date, `late_again` against the re-appointed
    one; neither hides the other, and None is in time. A late answer is laid to the stage that overran its share most:
    `late_unit`, `late_role`."""

    answered_at: dt.datetime
    outcome: Outcome
    due_at: dt.datetime
    late: Late | None
    stages: tuple[StageUse, ...]
    subject: UUID
    late_unit: str = ""
    late_role: str = ""
    reappointed_at: dt.datetime | None = None
    late_again: Late | None = None
    used: int = 0
    """Office minutes from receipt (or restart) to the answer, pauses left out."""


@event("deadlines.clock_ended", version=1)
class ClockEnded(_AboutDossier, frozen=True, kw_only=True):
    """The clock ended without an answer: the dossier was withdrawn or processing was stopped."""

    ground: EndGround
    ended_at: dt.datetime


@event("deadlines.responsibility_passed_on", version=1)
class ResponsibilityPassedOn(_AboutDossier, frozen=True, kw_only=True):
    """Other units receive and decide this dossier now; its clock goes on."""

    was_received_by: str
    was_decided_by: str
    passed_on_at: dt.datetime


# Stages


@event("deadlines.stage_started", version=1)
class StageStarted(_AboutDossier, frozen=True, kw_only=True):
    """A unit has the dossier now, in a role; `due_at` is the end of this stage's share."""

    stage: int
    role: str
    unit: str
    started_at: dt.datetime
    due_at: dt.datetime | None


@event("deadlines.stage_overdue", version=1)
class StageOverdue(_AboutDossier, frozen=True, kw_only=True):
    """A stage's share of the time passed while the unit still has the dossier. The dossier itself may be in time."""

    stage: int
    role: str
    unit: str
    became_at: dt.datetime
    noticed_at: dt.datetime


@event("deadlines.stage_finished", version=1)
class StageFinished(_AboutDossier, frozen=True, kw_only=True):
    """A unit passed the dossier on, or answered it. `use` says how much office time its stage took."""

    finished_at: dt.datetime
    use: StageUse


# Re-appointments


@event("deadlines.reappointed", version=1)
class Reappointed(_AboutDossier, frozen=True, kw_only=True):
    """An apology named a new day. The lawful due date stays what it was; lateness is kept against both."""

    due_at: dt.datetime
    reappointed_at: dt.datetime
    apology: str


@event("deadlines.reappointment_kept", version=1)
class ReappointmentKept(_AboutDossier, frozen=True, kw_only=True):
    """The dossier was answered by the day that the apology named."""

    reappointed_at: dt.datetime
    answered_at: dt.datetime


@event("deadlines.reappointment_broken", version=1)
class ReappointmentBroken(_AboutDossier, frozen=True, kw_only=True):
    """The day that the apology named passed too, without an answer. It can't be re-appointed again."""

    reappointed_at: dt.datetime
    became_at: dt.datetime
    noticed_at: dt.datetime


# Apologies


@event("deadlines.apology_due", version=1)
class ApologyDue(_AboutDossier, frozen=True, kw_only=True):
    """An apology is owed in writing by `issue_by`: because lateness is forecast, or because the promise is broken. A
    forecast that comes true before anybody apologised is said again, with the new cause."""

    clock: str
    cause: ApologyCause
    due_at: dt.datetime
    issue_by: dt.datetime
    became_at: dt.datetime
    noticed_at: dt.datetime
    subject: UUID
    rule: Cited


@event("deadlines.apology_drafted", version=1)
class ApologyDrafted(_AboutDossier, frozen=True, kw_only=True):
    """A text for the apology, with the new day that it asks for, or the day on which it was answered meanwhile. Draft 1
    is written from the facts at once; an officer may write others. `by` is an officer's id, never a name."""

    draft: int
    reason: Personal[str]
    new_due_at: dt.datetime | None
    drafted_at: dt.datetime
    answered_at: dt.datetime | None = None
    by: str = ""


@event("deadlines.apology_issued", version=1)
class ApologyIssued(_AboutDossier, frozen=True, kw_only=True):
    """The head of the body signed the apology; it has a number and goes out by `way`. `in_time` is by `issue_by`."""

    clock: str
    number: str
    form: str
    title: str
    letter: Personal[Letter]
    due_at: dt.datetime
    new_due_at: dt.datetime | None
    answered_at: dt.datetime | None
    way: Way
    issued_at: dt.datetime
    in_time: bool
    signed_by: str
    position: str
    rule: Cited


@event("deadlines.apology_delivered", version=1)
class ApologyDelivered(_AboutDossier, frozen=True, kw_only=True):
    """The apology reached the applicant, as far as we can know: by e-mail or SMS, that the server which delivers them
    took it; by telephone or at the desk, what the officer wrote down. `proof` is a number, never a name or address."""

    way: Way
    delivered_at: dt.datetime
    proof: str = ""
    by: str = ""


@event("deadlines.apology_undeliverable", version=1)
class ApologyUndeliverable(_AboutDossier, frozen=True, kw_only=True):
    """The apology could not be delivered this way and won't be; it has to be printed and handed over or posted."""

    way: Way
    reason: str
    failed_at: dt.datetime


@event("deadlines.apology_missed", version=1)
class ApologyMissed(_AboutDossier, frozen=True, kw_only=True):
    """The last moment for the apology passed and nobody had signed it. It is still owed."""

    issue_by: dt.datetime
    became_at: dt.datetime
    noticed_at: dt.datetime


@event("deadlines.apology_lapsed", version=1)
class ApologyLapsed(_AboutDossier, frozen=True, kw_only=True):
    """No apology is owed any more, and none was issued: it was answered in time, its due date moved, or it ended."""

    ground: LapseGround
    lapsed_at: dt.datetime


@event("deadlines.letter_numbered", version=1)
class LetterNumbered(Event, frozen=True, kw_only=True):
    """A number of a unit's letters of a year was given out. None is ever given twice."""

    unit: str
    year: int
    number: int
    request: UUID


# The steps of a transfer


@event("deadlines.leg_started", version=1)
class LegStarted(Event, frozen=True, kw_only=True):
    """A step of a transfer began, and is due at `due_at`: so many working days after it was opened. `turn` counts how
    often this step was opened."""

    transfer: str
    application: str
    step: str
    turn: int
    unit: str
    days: int
    started_at: dt.datetime
    due_at: dt.datetime
    calendar: str
    rule: Cited


@event("deadlines.leg_moved", version=1)
class LegMoved(Event, frozen=True, kw_only=True):
    """A step is due at another moment, because days of the calendar changed."""

    transfer: str
    application: str
    step: str
    turn: int
    unit: str
    due_at: dt.datetime
    was_due_at: dt.datetime
    moved_at: dt.datetime
    calendar: str


@event("deadlines.leg_overdue", version=1)
class LegOverdue(Event, frozen=True, kw_only=True):
    """A step of a transfer was not done by its due date."""

    transfer: str
    application: str
    step: str
    turn: int
    unit: str
    due_at: dt.datetime
    became_at: dt.datetime
    noticed_at: dt.datetime


@event("deadlines.leg_finished", version=1)
class LegFinished(Event, frozen=True, kw_only=True):
    """A step of a transfer ended; `late` says by how much, None: in time. A step that was dropped is never late."""

    transfer: str
    application: str
    step: str
    turn: int
    unit: str
    outcome: str
    finished_at: dt.datetime
    late: Late | None = None
