"""How one case stands: what its events say, folded."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias
from uuid import UUID

from schemas.event import Event
from schemas.rules import Cited
from schemas.transfers import (
    ClassChosen,
    ConsultationDrafted,
    ConsultationIssued,
    Facts,
    FactsCorrected,
    Finding,
    Kind,
    PlaceHeld,
    PlannedStep,
    PupilElsewhere,
    PupilSchoolConfirmed,
    ReplyArrived,
    SpecialGround,
    Step,
    StepDue,
    StepEnded,
    StepEscalated,
    StepOpened,
    StepOutcome,
    TransferBegun,
    TransferClosed,
    TransferCompleted,
    TransferDecided,
    TransferRaised,
    TransferRequested,
    TransferUndescribed,
)
from services.transfers.domain.rules import AFTER_GRANT

Phase: TypeAlias = Literal[
    "none", "undescribed", "requested", "begun", "open", "granted", "refused", "completed", "closed"
]
LONG_AGO, NOBODY = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), UUID(int=0)  # of a case that is not there yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The last time that a step was opened. `outcome` is None while it can be done."""

    step: Step
    turn: int
    unit: str
    outcome: StepOutcome | None = None
    due_at: dt.datetime | None = None
    escalated: bool = False
    ended_at: dt.datetime | None = None

    @property
    def done(self) -> bool:
        """Is it over, so that what waits for it can begin?"""
        return self.outcome in {"consented", "done"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """What the next decision may depend on. `to_class` is a class's stream; `held`: it has a place there, as far as it
    knows; `drafts` counts the texts of the consultation, `document` is the one that was issued, to `leadership`, and
    `stale` says that the facts were corrected after the last text. `elsewhere`: the school at which transfers know the
    pupil, while the case waits for somebody to look into it, and `looked_into` what came of it."""

    phase: Phase = "none"
    application: str = ""
    procedure: str = ""
    received_by: str = ""
    decided_by: str = ""
    applicant: UUID = NOBODY
    submitted_at: dt.datetime = LONG_AGO
    facts: Facts | None = None
    pupil: UUID = NOBODY
    code: str = ""
    received_at: dt.datetime | None = None
    kind: Kind = "in_province"
    year: int = 0
    special: bool = False
    grounds: tuple[SpecialGround, ...] = ()
    findings: tuple[Finding, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    rule: Cited | None = None
    runs: tuple[Run, ...] = ()
    to_class: str = ""
    held: bool = False
    drafts: int = 0
    drafted_by: str = ""
    stale: bool = False
    document: UUID | None = None
    number: str = ""
    leadership: str = ""
    reply: UUID | None = None
    entered_late: bool = False
    elsewhere: str | None = None
    looked_into: Literal["", "there", "away"] = ""

    @property
    def from_school(self) -> str:
        return self.facts.from_school if self.facts else ""

    @property
    def to_school(self) -> str:
        return self.facts.to_school if self.facts else ""

    def run(self, step: Step) -> Run | None:
        """How a step stands; None: it was never opened."""
        return next((each for each in self.runs if each.step == step), None)

    def planned(self, step: Step) -> PlannedStep | None:
        return next((each for each in self.steps if each.step == step), None)

    def is_done(self, step: Step) -> bool:
        """A step that is not planned is waited for by nobody."""
        run = self.run(step)
        return bool(run and run.done) or self.planned(step) is None

    @property
    def before(self) -> tuple[PlannedStep, ...]:
        """The steps before the decision."""
        return tuple(each for each in self.steps if each.step not in AFTER_GRANT)

    @property
    def decided_already(self) -> bool:
        """The head consented, and what the class says of the place is awaited."""
        run = self.run("accept")
        return self.phase == "open" and run is not None and run.done

    @property
    def decides(self) -> str:
        """Whose decision a grant is: the receiving head's; where a school elsewhere receives, the last one's here."""
        accept = self.planned("accept")
        last = accept or (self.before[-1] if self.before else None)
        return last.unit if last else self.from_school or self.to_school


initial = Transfer()


def evolve(state: Transfer, event: Event) -> Transfer:
    match event:
        case TransferUndescribed():
            return replace(
                state,
                phase="undescribed",
                application=event.application,
                procedure=event.procedure,
                received_by=event.received_by,
                decided_by=event.decided_by,
                applicant=event.applicant,
                submitted_at=event.submitted_at,
                code=event.code,
                received_at=event.received_at,
                entered_late=event.entered_late,
            )
        case TransferRequested():
            return replace(
                state,
                phase="requested",
                application=event.application,
                procedure=event.procedure,
                received_by=event.received_by,
                decided_by=event.decided_by,
                facts=event.facts,
                pupil=event.pupil,
                applicant=event.applicant,
                submitted_at=event.submitted_at,
                entered_late=event.entered_late,
            )
        case TransferBegun():
            return replace(
                state,
                phase="begun",
                kind=event.kind,
                year=event.year,
                special=event.special,
                grounds=event.grounds,
                findings=event.findings,
                steps=event.steps,
                rule=event.rule,
                code=event.code,
                received_at=event.received_at,
                to_class=event.to_class,
            )
        case TransferRaised():
            return replace(state, special=True, grounds=(*state.grounds, "raised"), steps=event.steps)
        case FactsCorrected():
            return replace(
                state,
                facts=event.facts,
                kind=event.kind,
                special=event.special,
                grounds=event.grounds,
                findings=event.findings,
                steps=event.steps,
                stale=state.drafts > 0,
            )
        case PupilElsewhere():
            return replace(state, elsewhere=event.at_school)
        case PupilSchoolConfirmed():
            return replace(state, elsewhere=None, looked_into="there")
        case ClassChosen():
            return replace(state, to_class=event.to_class, held=False)
        case PlaceHeld():
            return replace(state, held=event.held)
        case StepOpened():
            run = Run(step=event.step, turn=event.turn, unit=event.unit)
            return replace(_with(state, run), phase="open" if state.phase == "begun" else state.phase)
        case StepEnded() | StepDue() | StepEscalated():
            return _happened(state, event)
        case TransferDecided():
            looked_into = "away" if event.ground == "not_there" else state.looked_into
            return replace(state, phase=event.outcome, elsewhere=None, looked_into=looked_into)
        case TransferCompleted():
            return replace(state, phase="completed")
        case TransferClosed():
            return replace(state, phase="closed")
        case ConsultationDrafted():
            return replace(state, drafts=event.draft, drafted_by=event.by, stale=False)
        case ConsultationIssued():
            return replace(state, document=event.document, number=event.number, leadership=event.to_unit)
        case ReplyArrived():
            return replace(state, reply=event.reply)
        case _:
            return state


def _happened(state: Transfer, event: StepEnded | StepDue | StepEscalated) -> Transfer:
    run = state.run(event.step)
    if run is None or run.turn != event.turn:
        return state
    match event:
        case StepEnded():
            return _with(state, replace(run, outcome=event.outcome, ended_at=event.ended_at))
        case StepDue():
            return _with(state, replace(run, due_at=event.due_at))
        case StepEscalated():
            return _with(state, replace(run, escalated=True))


def _with(state: Transfer, run: Run) -> Transfer:
    return replace(state, runs=(*(each for each in state.runs if each.step != run.step), run))
