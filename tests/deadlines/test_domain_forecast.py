"""Will it be late? Outlooks by hand: office days have 450 minutes (7:30-11:30, 13:30-17:00)."""

import datetime as dt

import pytest

from kernel.calendars import seed
from schemas.intake import Promise, StageDue
from schemas.rules import Cited
from services.deadlines.domain.counting import recounted
from services.deadlines.domain.forecast import FEWEST, Pace, Place, outlook

CALENDAR = seed()
RULE = Cited(pack="catalogue", version="H", name="processing_time", basis="")


def at(day: int, hour: float, month: int = 3) -> dt.datetime:
    """A moment of 2026 by the clock on the wall in Việt Nam; March 2026 has no holiday."""
    local = dt.datetime(2026, month, day, tzinfo=dt.timezone(dt.timedelta(hours=7))) + dt.timedelta(hours=hour)
    return local.astimezone(dt.UTC)


RECEIVED = at(2, 7.5)  # a Monday, at opening time
PROMISE = recounted(
    Promise(
        due_at=RECEIVED,
        amount=10,
        unit="working_days",
        counted_from=dt.date(2026, 3, 2),
        cut_off="",
        calendar="",
        rule=RULE,
        stages=tuple(
            StageDue(role=role, due_at=RECEIVED, weight=weight) for role, weight in (("expert", 1), ("head", 1))
        ),
    ),
    RECEIVED,
    (),
    CALENDAR,
)


def place(used: int, stage: int = 1) -> Place:
    role = PROMISE.stages[stage - 1].role
    return Place(promise=PROMISE, started_at=RECEIVED, stage=stage, role=role, used=used)


def pace(finished: int = FEWEST, mean: int = 900, ahead: int = 0, **usual: float) -> Pace:
    return Pace(finished=finished, used=finished * mean, ahead=ahead, usual=usual)


def test_a_stage_needs_what_is_left_of_its_usual_time_and_the_later_ones_theirs():
    found = outlook(place(used=450), pace(mean=900, finished=5000, head=450), at(3, 7.5), CALENDAR)
    assert found.expected_at == at(4, 17), "one day here, one day at the head"
    assert (found.used, found.usual, found.samples) == (450, 900, 5000)


def test_a_stage_that_used_its_time_up_still_needs_a_quarter_of_it():
    found = outlook(place(used=5000, stage=2), pace(mean=1800, finished=5000), at(3, 7.5), CALENDAR)
    assert found.expected_at == at(3, 17)


def test_those_ahead_are_done_first():
    """In 60 calendar days before 3/3/2026 lie 38 working days (Tết is out), so 38 finished are one a day."""
    days = 38
    found = outlook(place(used=0, stage=2), pace(mean=10, finished=days, ahead=2), at(3, 7.5), CALENDAR)
    assert found.per_day == 1.0
    assert found.expected_at == at(5, 17), "two ahead and then this one, one a day"


@pytest.mark.parametrize("finished", [0, FEWEST - 1])
def test_where_too_few_were_finished_a_stage_needs_its_share_of_the_promise(finished):
    found = outlook(place(used=0), pace(finished=finished, ahead=50), RECEIVED, CALENDAR)
    assert found.expected_at == PROMISE.due_at
    assert found.per_day is None


def test_who_is_slower_is_never_expected_earlier():
    ends = [
        outlook(place(used=100), pace(mean=mean, finished=5000, head=450), at(3, 9), CALENDAR).expected_at
        for mean in range(100, 5000, 100)
    ]
    assert ends == sorted(ends)
    assert ends[0] < ends[-1]
