"""The numbers of a unit's letters: one stream a unit and year gives them out."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from kernel.decider import Decider
from schemas.event import Event
from schemas.transfers import LetterNumbered


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeNumber:
    """Take the next number. `request` makes saying it twice the same taking."""

    unit: str
    year: int
    request: UUID


Command: TypeAlias = TakeNumber


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """The last number given out, and for which request. Older requests are forgotten: a number that is lost in a crash
    is a gap, which is allowed, while one given twice is not."""

    last: int = 0
    request: UUID | None = None


def decide(command: Command, state: Numbers) -> list[Event]:
    if command.request == state.request:
        return []
    return [LetterNumbered(unit=command.unit, year=command.year, number=state.last + 1, request=command.request)]


def evolve(state: Numbers, event: Event) -> Numbers:
    match event:
        case LetterNumbered():
            return Numbers(last=max(state.last, event.number), request=event.request)
        case _:
            return state


letters: Decider[Numbers] = Decider("letters", Numbers(), decide, evolve, (LetterNumbered,))
