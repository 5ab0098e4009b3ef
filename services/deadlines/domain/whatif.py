"""What if? The log of clocks replayed under another calendar, another processing time, another cut-off or another rule
pack: which answers would have been late. Pure: nothing is written.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kernel.calendar import Calendar, Paused, local
from kernel.decider import fold
from kernel.packs import Pack, in_force
from schemas.deadlines import ApplicationAnswered, ClockPaused, ClockResumed, Late
from schemas.event import Event
from schemas.intake import Promise
from services.deadlines.domain.clock import clock
from services.deadlines.domain.counting import IMPORTED, late, recounted
from services.deadlines.domain.running import Running

TOPICS = ("cut_off", "processing_default", "supplement")
"""What of a rule pack bears on when a dossier is due."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruled:
    """The rule packs of receipts as they are, and as they would be."""

    was: tuple[Pack, ...]
    then: tuple[Pack, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Other:
    """The other world. `calendar` is the one to count with; `rules` are other rule packs, None for those that were in
    force; `amounts` are other processing times by procedure, in the procedure's own unit; `more` is added to each that
    is not named there; `cut_off` is "15:00", "none" (no cut-off) or "" (as it was, or as `rules` say)."""

    calendar: Calendar
    rules: Ruled | None = None
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
    told, started, pauses = _by_rules(events, life, other.rules) if other.rules else _as_it_was(life)
    amount = max(0, other.amounts.get(life.procedure, told.amount + other.more))
    cut_off = {"": told.cut_off, "none": ""}.get(other.cut_off, other.cut_off)
    due_at = recounted(replace(told, amount=amount, cut_off=cut_off), started, pauses, other.calendar).due_at
    # As in the clock itself: while it stands nothing becomes late.
    stands = any(each.until is None and each.since <= due_at for each in pauses)
    return Replayed(
        code=life.code,
        procedure=life.procedure,
        decided_by=life.decided_by,
        was=answer.late,
        then=None if stands else late(due_at, answer.answered_at, other.calendar),
    )


def other_packs(packs: Iterable[Pack], pack: Pack) -> tuple[Pack, ...]:
    """The packs with this one in the place of the one of its name, or on top of all where there is none."""
    packs = tuple(packs)
    if any(each["pack"] == pack["pack"] for each in packs):
        return tuple(pack if each["pack"] == pack["pack"] else each for each in packs)
    return (*packs, pack)


def _as_it_was(life: Running) -> tuple[Promise, dt.datetime, Sequence[Paused]]:
    return life.promise, life.started_at, life.pauses


def _by_rules(events: Iterable[Event], life: Running, rules: Ruled) -> tuple[Promise, dt.datetime, Sequence[Paused]]:
    """The promise that the other packs come to, since when it is counted, and what stood since then. What a procedure
    says of itself wins over every pack, as at receipt: only what agrees with the packs of that day is changed."""
    promise, started, pauses = _as_it_was(life)
    day = local(life.received_at).date()
    (was, cited), (then, _) = in_force(day, rules.was), in_force(day, rules.then)
    if "cut_off" in then and "cut_off" in was and promise.cut_off == _time(was["cut_off"]):
        promise = replace(promise, cut_off=_time(then["cut_off"]))
    if "processing_default" in then and promise.rule == cited.get("processing_default"):
        default = then["processing_default"]
        promise = replace(promise, amount=default["amount"], unit=default["unit"])
    if "supplement" in then and "supplement" in was and promise.at_supplement == was["supplement"]["at"]:
        at = then["supplement"]["at"]
        if at != promise.at_supplement:
            promise = replace(promise, at_supplement=at)
            started, pauses = _stood(events, life.received_at, restarts=at == "restart")
    return promise, started, pauses


def _time(entry: Mapping[str, str]) -> str:
    return "" if entry["time"] == "none" else entry["time"]


def _stood(events: Iterable[Event], received: dt.datetime, *, restarts: bool) -> tuple[dt.datetime, Sequence[Paused]]:
    """Since when a clock is counted and when it stood since then, had each supplement made it start again, or go on."""
    started, pauses = received, list[Paused]()
    for each in events:
        match each:
            case ClockPaused():
                pauses.append(Paused(since=each.paused_at))
            case ClockResumed() if restarts:
                started, pauses = each.resumed_at, []
            case ClockResumed() if pauses:
                pauses[-1] = Paused(since=pauses[-1].since, until=each.resumed_at)
            case _:
                pass
    return started, pauses
