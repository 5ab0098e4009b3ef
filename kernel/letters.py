"""The numbers of a unit's letters: one stream a unit and year gives them out. Pure; a service says them as an event of
its own, with the fields unit, year, number and request."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel.decider import Decider
from schemas.event import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeNumber:
    """Take the next number. `request` makes saying it twice the same taking."""

    unit: str
    year: int
    request: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """The last number given out, and for which request. Older requests are forgotten: a number that is lost in a crash
    is a gap, which is allowed, while one given twice is not."""

    last: int = 0
    request: UUID | None = None


def numbering(numbered: type[Any]) -> Decider[Numbers]:
    """The decider of a service whose event for a number given out is `numbered`."""

    def decide(command: TakeNumber, state: Numbers) -> list[Event]:
        if command.request == state.request:
            return []
        return [numbered(unit=command.unit, year=command.year, number=state.last + 1, request=command.request)]

    def evolve(state: Numbers, event: Any) -> Numbers:
        if not isinstance(event, numbered):
            return state
        return Numbers(last=max(state.last, event.number), request=event.request)

    return Decider("letters", Numbers(), decide, evolve, (numbered,))
