"""Will it be late? From what stages usually need and what lies before a unit, when an answer can be expected."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from kernel import calendar as working_time
from kernel.calendar import Calendar
from schemas.deadlines import Outlook
from schemas.intake import Promise
from services.deadlines.domain.counting import MINUTE, allowed

FEWEST = 5  # finished stages from which on their mean says something
WINDOW = 60  # calendar days back from which stages are counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What the unit needed in this role of late: `finished` stages in the window used `used` office minutes in all.
    `ahead` open dossiers of the unit are due earlier. `usual` is the mean of a stage by role, in the whole province."""

    finished: int
    used: int
    ahead: int
    usual: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a dossier is: in stage number `stage`, of which it has used `used` office minutes, in a role."""

    promise: Promise
    started_at: dt.datetime
    stage: int
    role: str
    used: int


def outlook(place: Place, pace: Pace, now: dt.datetime, calendar: Calendar) -> Outlook:
    """When an answer can be expected.

    This stage needs what is left of its usual time (a quarter of it at least, where it is used up already), or as long
    as it takes until those ahead are done, whichever is longer. Each later stage needs its usual time. Where too few
    stages were finished, a stage needs its share of the promise.
    """
    promise, today = place.promise, working_time.local(now).date()
    days = max(1, working_time.days_between(today - dt.timedelta(days=WINDOW), today, calendar))
    enough = pace.finished >= FEWEST

    def share(stage: int) -> int:
        return allowed(promise, stage, place.started_at, calendar) or 0

    usual = pace.used / pace.finished if enough else pace.usual.get(place.role, share(place.stage))
    per_day = pace.finished / days if enough else None
    minutes = max(usual - place.used, usual / 4)
    if per_day:
        minutes = max(minutes, (pace.ahead + 1) / per_day * (calendar.full_day / MINUTE))
    later = enumerate(promise.stages[place.stage :], place.stage + 1)
    minutes += sum(pace.usual.get(each.role, share(number)) for number, each in later)
    return Outlook(
        expected_at=working_time.add_time(now, round(minutes) * MINUTE, calendar),
        used=place.used,
        usual=round(usual),
        ahead=pace.ahead,
        per_day=None if per_day is None else round(per_day, 2),
        samples=pace.finished,
    )
