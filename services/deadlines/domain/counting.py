"""What is counted with the calendar: when a promise ends, when it has to be warned of, how late it was, who used it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kernel import calendar as working_time
from kernel.calendar import Calendar, Paused
from schemas.deadlines import Late, StageUse
from schemas.intake import Promise, StageDue
from services.deadlines.domain.rules import Rules

MINUTE = dt.timedelta(minutes=1)
IMPORTED = "import"  # the rule pack of a promise that came over with a dossier in flight


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """From `warn_at` on a dossier is approaching; lateness has to be told by `notice_by` and is looked for from
    `forecast_from` on. None: the time is too short for it."""

    warn_at: dt.datetime | None = None
    notice_by: dt.datetime | None = None
    forecast_from: dt.datetime | None = None


def limits(promise: Promise, started: dt.datetime, rules: Rules, calendar: Calendar) -> Limits:
    """The moments before a promise's end that matter, none of them before the clock started."""
    notice_by = _days_before(promise.due_at, rules.apology.notice_days, started, calendar)
    return Limits(
        warn_at=_warn_at(promise, started, rules, calendar),
        notice_by=notice_by,
        forecast_from=notice_by
        and (_days_before(notice_by, rules.forecast.days, started, calendar) or started.astimezone(dt.UTC)),
    )


def _warn_at(promise: Promise, started: dt.datetime, rules: Rules, calendar: Calendar) -> dt.datetime | None:
    if promise.unit == "working_days":
        days = promise.warn_before or rules.approaching.days
        return _days_before(promise.due_at, days, started, calendar)
    hours = promise.warn_before or rules.approaching.hours
    before = working_time.time_between(started, promise.due_at, calendar) - dt.timedelta(hours=hours)
    return working_time.add_time(started, before, calendar) if before > dt.timedelta() else None


def _days_before(end: dt.datetime, days: int, started: dt.datetime, calendar: Calendar) -> dt.datetime | None:
    """Closing time so many working days before a moment; None where that is before the clock started."""
    found = working_time.closing(end, -days, calendar)
    return found if found > started else None


def recounted(promise: Promise, started: dt.datetime, pauses: Sequence[Paused], calendar: Calendar) -> Promise:
    """The same promise counted with this calendar: its end and the end of each stage's share. What another system
    promised stays as it was given, because nobody here knows how it was counted."""
    if promise.rule.pack == IMPORTED:
        return promise
    cut_off = dt.time.fromisoformat(promise.cut_off) if promise.cut_off else None
    over = [each for each in pauses if each.until]
    due_at = working_time.due(started, promise.amount, promise.unit, cut_off, calendar, over)
    weights = [each.weight for each in promise.stages]
    ends: Sequence[dt.datetime] = [each.due_at for each in promise.stages]
    if sum(weights):  # appointments that another system gave have none
        ends = working_time.deal_out(started, due_at, weights, calendar)
    return replace(
        promise,
        due_at=due_at,
        counted_from=working_time.counted_from(started, cut_off, calendar),
        calendar=calendar.version,
        stages=tuple(
            StageDue(role=each.role, due_at=end, weight=each.weight)
            for each, end in zip(promise.stages, ends, strict=True)
        ),
    )


def late(due_at: dt.datetime, answered_at: dt.datetime, calendar: Calendar) -> Late | None:
    """How late an answer was; None where it was in time. The last minute is still in time."""
    if answered_at <= due_at:
        return None
    by = working_time.late(due_at, answered_at, calendar)
    return Late(days=by.days, minutes=by.minutes)


def used(begin: dt.datetime, end: dt.datetime, pauses: Sequence[Paused], calendar: Calendar) -> int:
    """Office minutes from one moment to another, pauses left out."""
    total = working_time.time_between(begin, end, calendar)
    for each in pauses:
        stop = min(each.until or end, end)
        total -= working_time.time_between(max(each.since, begin), stop, calendar)
    return max(0, total // MINUTE)


def allowed(promise: Promise, stage: int, started: dt.datetime, calendar: Calendar) -> int | None:
    """The office minutes that a promise gives its stage number `stage` (from 1); None where it has no such stage."""
    if not 1 <= stage <= len(promise.stages):
        return None
    begin = promise.stages[stage - 2].due_at if stage > 1 else started
    return working_time.time_between(begin, promise.stages[stage - 1].due_at, calendar) // MINUTE


def blamed(uses: Sequence[StageUse]) -> tuple[str, str]:
    """The (unit, role) that a lateness is laid to: the stage that overran its share most, or, where none has a share
    or none overran, that used most. Of two alike the earlier one."""
    if not uses:
        return "", ""
    worst = max(uses, key=lambda each: (each.over, each.used, -each.stage))
    return worst.unit, worst.role


def apologise_by(due_at: dt.datetime, rules: Rules, calendar: Calendar) -> dt.datetime:
    """Until when a broken promise is to be apologised for."""
    return working_time.closing(due_at, rules.apology.after_days, calendar)


def extended(since: dt.datetime, rules: Rules, calendar: Calendar) -> dt.datetime:
    """The new day that a draft asks for. `since`: the later of the due date and now."""
    return working_time.closing(since, rules.apology.extension, calendar)
