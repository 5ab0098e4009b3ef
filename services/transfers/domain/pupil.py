"""Where one pupil goes to school, as far as transfers moved them, and which case is their one open request."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from kernel.decider import Decider
from schemas.event import Event
from schemas.transfers import ClaimRefused, PupilClaimed, PupilFreed, PupilMoved, PupilSchoolCorrected

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Let this case (`transfer`, its stream) be the pupil's one open request. Each case is answered once."""

    pupil: UUID
    transfer: str
    from_school: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Free:
    """The case ended without a move."""

    transfer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """The case is complete: the pupil is at the new school from now on."""

    transfer: str
    from_school: str
    to_school: str
    to_class: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectSchool:
    """An officer said that the pupil is at this school, in a case that was refused because they were known elsewhere:
    it claims the pupil anew."""

    transfer: str
    school: str
    at: dt.datetime


Command: TypeAlias = Claim | Free | Move | CorrectSchool


# State

NOBODY = UUID(int=0)  # of a pupil that nothing was said of yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Pupil:
    """`school` is None until a transfer moved the pupil: until then only the dossier says where they are. `claim` is
    the open case ("" : none); `answered` are all cases that ever claimed, `elsewhere` those of them that
    were refused because the pupil is known at another school."""

    pupil: UUID = NOBODY
    school: str | None = None
    claim: str = ""
    answered: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()


initial = Pupil()


def decide(command: Command, state: Pupil) -> list[Event]:
    match command:
        case Claim(transfer=transfer) if transfer in state.answered:
            return []
        case Claim():
            return [_claim(command, state)]
        case CorrectSchool(transfer=transfer) if transfer in state.elsewhere:
            return _correct(command, state)
        case Free(transfer=transfer) if transfer and transfer == state.claim:
            return [PupilFreed(pupil=state.pupil, transfer=transfer)]
        case Move(transfer=transfer) if transfer and transfer == state.claim:
            return [
                PupilMoved(
                    pupil=state.pupil,
                    transfer=transfer,
                    from_school=command.from_school,
                    to_school=command.to_school,
                    to_class=command.to_class,
                    moved_at=command.at,
                )
            ]
        case _:
            return []


def _claim(command: Claim, state: Pupil) -> Event:
    pupil, transfer = command.pupil, command.transfer
    if state.claim:
        return ClaimRefused(pupil=pupil, transfer=transfer, ground="already_transferring", held_by=state.claim)
    if state.school is not None and state.school != command.from_school:
        return ClaimRefused(pupil=pupil, transfer=transfer, ground="not_there", at_school=state.school)
    return PupilClaimed(pupil=pupil, transfer=transfer)


def _correct(command: CorrectSchool, state: Pupil) -> list[Event]:
    claim = Claim(pupil=state.pupil, transfer=command.transfer, from_school=command.school)
    if state.claim:  # it rests on what is known now
        return [_claim(claim, state)]
    corrected = PupilSchoolCorrected(
        pupil=state.pupil,
        transfer=command.transfer,
        school=command.school,
        was_school=state.school or "",
        corrected_at=command.at,
    )
    return [corrected, _claim(claim, evolve(state, corrected))]


def evolve(state: Pupil, event: Event) -> Pupil:
    match event:
        case PupilClaimed(pupil=pupil, transfer=transfer):
            return replace(state, pupil=pupil, claim=transfer, answered=state.answered | {transfer})
        case ClaimRefused(pupil=pupil, transfer=transfer, ground=ground):
            elsewhere = state.elsewhere | {transfer} if ground == "not_there" else state.elsewhere - {transfer}
            return replace(state, pupil=pupil, answered=state.answered | {transfer}, elsewhere=elsewhere)
        case PupilSchoolCorrected(transfer=transfer):
            return replace(state, school=event.school, elsewhere=state.elsewhere - {transfer})
        case PupilFreed():
            return replace(state, claim="")
        case PupilMoved():
            return replace(state, claim="", school=event.to_school)
        case _:
            return state


pupil: Decider[Pupil] = Decider(
    "pupil",
    initial,
    decide,
    evolve,
    (PupilClaimed, ClaimRefused, PupilSchoolCorrected, PupilFreed, PupilMoved),
)
