"""What if? The log of clocks replayed under another calendar, another processing time or another cut-off: which answers
would have been late. Pure: nothing is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kernel.calendar import Calendar
from kernel.decider import fold
from schemas.deadlines import ApplicationAnswered, Late
from schemas.event import Event
from services.deadlines.domain.clock import clock
from services.deadlines.domain.counting import IMPORTED, late, recounted


@dataclass(frozen=True, kw_only=True, slots=True)
class Other:
    """The other world. `calendar` is the one to count with; `amounts` are other processing times by procedure, in the
    procedure's own unit; `more` is added to each that is not named there; `cut_off` is "15:00", "none" (no cut-off) or
    "" (as it was)."""

    calendar: Calendar
    amounts: Mapping[str, int] = field(default_factory=dict)
    more: int = 0
    cut_off: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """One answered dossier: how late it was, and how late it would have been; None is in time."""

    code: str
    procedure: str
    decided_by: str
    was: Late | None
    then: Late | None


def replayed(history: Iterable[Event], other: Other) -> Replayed | None:
    """One clock in the other world; None where it has no answer, or another system made its promise."""
    events = tuple(history)
    answer = next((each for each in events if isinstance(each, ApplicationAnswered)), None)
    life = fold(clock, events).running
    if answer is None or life is None or life.promise.rule.pack == IMPORTED:
        return None
    amount = max(0, other.amounts.get(life.procedure, life.promise.amount + other.more))
    cut_off = {"": life.promise.cut_off, "none": ""}.get(other.cut_off, other.cut_off)
    promise = replace(life.promise, amount=amount, cut_off=cut_off)
    due_at = recounted(promise, life.started_at, life.pauses, other.calendar).due_at
    return Replayed(
        code=life.code,
        procedure=life.procedure,
        decided_by=life.decided_by,
        was=answer.late,
        then=late(due_at, answer.answered_at, other.calendar),
    )
