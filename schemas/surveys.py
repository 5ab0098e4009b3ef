"""What surveys says: questionnaires, campaigns with their samples and results, invitations, and answers that nobody can
join with who gave them.

The docstring of an event is the fact in plain words, and the glossary. An invitation is named by a digest of its token,
so the log can't open one. Answers are never said one by one: at least as many as the campaign promises are said at
once, shuffled, with the week only; what somebody wrote in words is said apart from what they ticked.

A `cell` is the smallest group that a campaign tells apart, as a path from coarse to fine: `(school, class)` where a
class is asked, `(unit, "late" | "in_time")` after a result. A shorter path is the group above; `()` is everybody.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import ConfigDict, Field

from schemas.event import Event, Personal, event

Kind: TypeAlias = Literal["yearly", "standing"]
"""`yearly`: a sample of schools and classes is asked. `standing`: who was given a result is asked about it."""
Group: TypeAlias = Literal["pupil", "parent", "applicant"]
QuestionKind: TypeAlias = Literal["likert", "single", "multiple", "number", "text"]
Way: TypeAlias = Literal["online", "paper", "batch"]
Carrier: TypeAlias = Literal["slip", "email", "sms"]
"""How an invitation travels; a slip is printed with a QR code."""
RevokeGround: TypeAlias = Literal["sent_again", "lost", "not_chosen", "closed"]
SkipGround: TypeAlias = Literal["no_address", "no_campaign", "erased", "undeliverable"]
CloseGround: TypeAlias = Literal["ended", "by_hand"]
Answers: TypeAlias = dict[str, str | int | tuple[str, ...]]
"""By question: a level from 1 to 5 or a number, an option's code, or several."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """What is said to people, in two languages."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    vi: Annotated[str, Field(min_length=1, max_length=1000)]
    en: Annotated[str, Field(min_length=1, max_length=1000)]


# Questionnaires


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One of the answers to choose from. `code` is storage."""

    code: str
    label: Wording


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """A question is asked only where `question`, an earlier one, was answered with one of `answers` (levels and numbers
    as text). `question` may be `cell`: the last part of the respondent's cell ("late", say)."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question. `area` is the code of the area that it counts for ("" for none); a likert question has five levels,
    1 very dissatisfied to 5 very satisfied, and needs no options. A number lies from `least` to `most`."""

    code: str
    area: str
    kind: QuestionKind
    label: Wording
    options: tuple[Option, ...] = ()
    required: bool = True
    when: When | None = None
    least: int = 0
    most: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """A part of what is asked about, whose questions make one index. Questions of areas with `counts` make the whole
    index."""

    code: str
    label: Wording
    counts: bool = True


@event("surveys.questionnaire_published", version=1)
class QuestionnairePublished(Event, frozen=True, kw_only=True):
    """A questionnaire is ready to be used, in a version of its own: what was published is never changed. `basis` is the
    official document that it follows, `digest` the SHA-256 of its reviewed file."""

    key: str
    edition: int
    title: Wording
    group: Group
    areas: tuple[Area, ...]
    questions: tuple[Question, ...]
    basis: str
    digest: str
    published_at: dt.datetime


# Campaigns and their samples


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameClass:
    """A class of a school, and how many people of the group that is asked belong to it."""

    name: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameSchool:
    """A school of the frame: the unit's id, and the stratum from which it is drawn."""

    school: str
    name: str
    stratum: str
    classes: tuple[FrameClass, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """How a sample is drawn: first schools within strata (with probability proportional to size, randomised
    systematic), then `classes` classes in each by simple random sampling (0: all), then everybody in them or `persons`
    of each.

    `margin` is half the width of the interval that is aimed at, at `confidence`, for a share of `share`; `effect` the
    design effect expected of clusters, `response` the share expected to answer. Neyman's allocation needs `deviations`
    by stratum. At least `least_schools` schools are drawn in each stratum that has them.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"margin": 0.05, "classes": 2, "response": 0.8}]}
    )

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    margin: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    effect: Annotated[float, Field(ge=1, le=20)] = 2.0
    response: Annotated[float, Field(gt=0, le=1)] = 0.8
    allocation: Literal["proportional", "neyman"] = "proportional"
    deviations: dict[str, Annotated[float, Field(ge=0, le=1000)]] = field(default_factory=dict)
    least_schools: Annotated[int, Field(ge=1, le=1000)] = 2
    classes: Annotated[int, Field(ge=0, le=1000)] = 2
    persons: Annotated[int, Field(ge=0, le=1000)] = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class StratumPlan:
    """What the design comes to in one stratum: `population` people in `schools` schools; `needed` answers and `asked`
    people to get them, from `drawn` schools."""

    stratum: str
    population: int
    schools: int
    needed: int
    asked: int
    drawn: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """A class that was drawn: `asked` of its `size` people are. The three chances multiply to that of each person."""

    school: str
    stratum: str
    class_name: str
    size: int
    asked: int
    school_chance: float
    class_chance: float
    person_chance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reserve:
    """The schools of a stratum that were not drawn, in the order in which they replace one that can't take part."""

    stratum: str
    schools: tuple[str, ...]


@event("surveys.campaign_planned", version=1)
class CampaignPlanned(Event, frozen=True, kw_only=True):
    """A campaign is prepared: whom it asks, what, from when until when (days, both included). Answers are let go in
    batches of `batch` at least. Who has not answered is reminded `remind_after` days after the invitation, each once.
    `target` answers are wanted of each stratum (0: as the sample says). `previous` is the campaign it is held
    against. Said again with other terms until it is open."""

    kind: Kind
    title: Wording
    group: Group
    questionnaire: str
    edition: int
    starts: dt.date
    ends: dt.date
    batch: int
    unit: str
    planned_at: dt.datetime
    remind_after: tuple[int, ...] = ()
    target: int = 0
    previous: str = ""


@event("surveys.frame_imported", version=1)
class FrameImported(Event, frozen=True, kw_only=True):
    """The list of schools and classes that a sample is drawn from is here; `digest` is its SHA-256 in canonical form.
    An earlier list does not count any more; once a sample was drawn there is no later one."""

    schools: tuple[FrameSchool, ...]
    digest: str
    imported_at: dt.datetime


@event("surveys.sample_drawn", version=1)
class SampleDrawn(Event, frozen=True, kw_only=True):
    """A sample was drawn, once, by a seed that nobody chose. Whoever has the frame of this `digest`, the design and the
    seed draws the same again; `method` names the procedure and its version."""

    design: Design
    digest: str
    seed: str
    method: str
    strata: tuple[StratumPlan, ...]
    chosen: tuple[Chosen, ...]
    reserves: tuple[Reserve, ...]
    drawn_at: dt.datetime


@event("surveys.school_replaced", version=1)
class SchoolReplaced(Event, frozen=True, kw_only=True):
    """A school that was drawn can't take part; the next of its stratum's reserve does (`by` "": there was none)."""

    school: str
    by: str
    stratum: str
    chosen: tuple[Chosen, ...]
    reason: str
    replaced_at: dt.datetime


@event("surveys.campaign_opened", version=1)
class CampaignOpened(Event, frozen=True, kw_only=True):
    """From now on invitations are given out and answers taken."""

    opened_at: dt.datetime


@event("surveys.campaign_extended", version=1)
class CampaignExtended(Event, frozen=True, kw_only=True):
    """The campaign goes on longer than planned, until `ends` (included)."""

    ends: dt.date
    reason: str
    extended_at: dt.datetime


@event("surveys.campaign_closed", version=1)
class CampaignClosed(Event, frozen=True, kw_only=True):
    """No answer is taken any more; every invitation that was not used has expired."""

    ground: CloseGround
    closed_at: dt.datetime
    reason: str = ""


@event("surveys.campaign_cancelled", version=1)
class CampaignCancelled(Event, frozen=True, kw_only=True):
    """The campaign is given up before it was opened."""

    reason: str
    cancelled_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A result of one cell and area (`area` "": all that count), or of one question: `n` answers of `people`. `share`
    is that of levels 4 and 5, with its interval from `low` to `high`; `mean` that of the levels, with `error` as its
    standard error; `effect` the design effect. Where `hidden` is not "" nothing else is said, and it tells why:
    `few` (under five), `guard` (it would give away one that is hidden)."""

    cell: tuple[str, ...]
    area: str
    question: str = ""
    n: int = 0
    people: int = 0
    share: float = 0.0
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    error: float = 0.0
    effect: float = 1.0
    hidden: Literal["", "few", "guard"] = ""


@event("surveys.results_frozen", version=1)
class ResultsFrozen(Event, frozen=True, kw_only=True):
    """The results of a closed campaign, once and for all. `sheets` answers were counted, `void` were not (they had been
    voided), `withheld` were too few to be let go without telling whose they are. `digest` is that of all sheets that
    were counted; `method` names how the figures were made, with its version."""

    method: str
    questionnaire: str
    edition: int
    issued: int
    used: int
    sheets: int
    void: int
    withheld: int
    digest: str
    figures: tuple[Figure, ...]
    frozen_at: dt.datetime


@event("surveys.voiding_proposed", version=1)
class VoidingProposed(Event, frozen=True, kw_only=True):
    """Somebody asks that these answers do not count, and says why. They count until somebody else agrees."""

    voiding: UUID
    sheets: tuple[UUID, ...]
    reason: str
    proposed_by: str
    proposed_at: dt.datetime


@event("surveys.answers_voided", version=1)
class AnswersVoided(Event, frozen=True, kw_only=True):
    """These answers do not count: `proposed_by` asked for it, `approved_by`, another person, agreed. They stay in the
    log, and in the list of what was voided."""

    voiding: UUID
    sheets: tuple[UUID, ...]
    reason: str
    proposed_by: str
    approved_by: str
    voided_at: dt.datetime


@event("surveys.voiding_refused", version=1)
class VoidingRefused(Event, frozen=True, kw_only=True):
    """The answers that somebody wanted voided go on to count."""

    voiding: UUID
    reason: str
    refused_by: str
    refused_at: dt.datetime


# People to be asked about a result


@event("surveys.contact_due", version=1)
class ContactDue(Event, frozen=True, kw_only=True):
    """An applicant was given a result, and is to be asked about it."""

    application: str
    unit: str
    handed_over_at: dt.datetime


@event("surveys.contact_invited", version=1)
class ContactInvited(Event, frozen=True, kw_only=True):
    """An invitation was made for this person; it is about to leave by `carrier`. `turn` counts them: 1 is the first,
    a later one is a reminder or follows one that was lost on the way."""

    application: str
    campaign: str
    invitation: str
    turn: int
    carrier: Carrier
    reminder: bool
    invited_at: dt.datetime


@event("surveys.contact_reached", version=1)
class ContactReached(Event, frozen=True, kw_only=True):
    """The invitation left: a server took it over, or it was printed."""

    application: str
    turn: int
    proof: str
    reached_at: dt.datetime


@event("surveys.contact_skipped", version=1)
class ContactSkipped(Event, frozen=True, kw_only=True):
    """This person is not asked, or not any more, and why."""

    application: str
    ground: SkipGround
    skipped_at: dt.datetime


# Invitations


@event("surveys.invitation_issued", version=1)
class InvitationIssued(Event, frozen=True, kw_only=True):
    """There is a token with which one person may answer once. Its digest names this stream; it is nowhere else.
    `printing` is the batch of slips that it was printed with."""

    campaign: str
    cell: tuple[str, ...]
    carrier: Carrier
    ends: dt.date
    issued_at: dt.datetime
    printing: str = ""


@event("surveys.invitation_opened", version=1)
class InvitationOpened(Event, frozen=True, kw_only=True):
    """The questionnaire was opened for the first time."""

    campaign: str
    cell: tuple[str, ...]
    opened_at: dt.datetime


@event("surveys.first_entry_made", version=1)
class FirstEntryMade(Event, frozen=True, kw_only=True):
    """An officer typed in a sheet of paper; a second has to type it in too before it counts."""

    campaign: str
    cell: tuple[str, ...]
    entered_by: str
    entered_at: dt.datetime


@event("surveys.invitation_used", version=1)
class InvitationUsed(Event, frozen=True, kw_only=True):
    """Somebody answered, once. What was answered is not here, and nothing here leads to it. `entered_by` are the
    officers who typed in a sheet of paper."""

    campaign: str
    cell: tuple[str, ...]
    way: Way
    used_at: dt.datetime
    entered_by: tuple[str, ...] = ()


@event("surveys.invitation_revoked", version=1)
class InvitationRevoked(Event, frozen=True, kw_only=True):
    """The token does not open anything any more."""

    campaign: str
    cell: tuple[str, ...]
    ground: RevokeGround
    revoked_at: dt.datetime


# Answers


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What one person ticked; `id` was made up when it was let go and names nobody."""

    id: UUID
    answers: Answers


@event("surveys.answers_released", version=1)
class AnswersReleased(Event, frozen=True, kw_only=True):
    """Answers of one cell were let go together, in no order, in the week that begins on `week`. Where a cell had too
    few at the end they are said of the group above it."""

    campaign: str
    questionnaire: str
    edition: int
    cell: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    week: dt.date


@event("surveys.remark_released", version=1)
class RemarkReleased(Event, frozen=True, kw_only=True):
    """What one person of a cell wrote to one question, apart from what they ticked. Sealed under a key of its own, for
    people write names."""

    campaign: str
    cell: tuple[str, ...]
    question: str
    text: Personal[str]
    week: dt.date


@event("surveys.answers_withheld", version=1)
class AnswersWithheld(Event, frozen=True, kw_only=True):
    """At the end so few answers were left that letting them go would tell whose they are: they were deleted unread."""

    campaign: str
    count: int
    withheld_at: dt.datetime
