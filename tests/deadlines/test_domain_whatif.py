"""What if? Lives of clocks in another world."""

import datetime as dt

import pytest

from kernel.calendar import Declared, with_changes
from kernel.calendars import seed
from kernel.decider import fold
from kernel.packs import read
from schemas.calendar import CalendarDay
from schemas.event import Event
from schemas.intake import Promise
from schemas.rules import Cited
from services.deadlines.api.reference import RULES
from services.deadlines.domain import clock as life
from services.deadlines.domain.counting import recounted
from services.deadlines.domain.rules import Known, rules_on
from services.deadlines.domain.whatif import Other, Replayed, replayed

CALENDAR, PACKS = seed(), read(RULES)
KNOWN = Known(calendar=CALENDAR, number=0, rules=lambda day: rules_on(day, PACKS))


def at(day: int, hour: float = 10, month: int = 8) -> dt.datetime:
    """A moment of 2026 by the clock on the wall in Việt Nam."""
    local = dt.datetime(2026, month, day, tzinfo=dt.timezone(dt.timedelta(hours=7))) + dt.timedelta(hours=hour)
    return local.astimezone(dt.UTC)


def answered(received: dt.datetime, when: dt.datetime, amount: int = 5, pack: str = "catalogue") -> list[Event]:
    rule = Cited(pack=pack, version="H", name="processing_time", basis="QĐ 1130/QĐ-BGDĐT")
    promise = Promise(
        due_at=received, amount=amount, unit="working_days", counted_from=received.date(), cut_off="15:00",
        calendar=CALENDAR.version, rule=rule,
    )  # fmt: skip
    if pack != "import":
        promise = recounted(promise, received, (), CALENDAR)
    commands: list[life.Command] = [
        life.Start(
            known=KNOWN, application="application-1", code="H99.2-260821-0001", procedure="2.002854",
            procedure_name="Chuyển trường", level="upper_secondary", channel="online", received_by="thpt-le-loi",
            decided_by="thpt-le-loi", subject=life.NAMESPACE, received_at=received, promise=promise,
        ),
        life.Answer(known=KNOWN, at=when, noticed_at=when, outcome="granted"),
    ]  # fmt: skip
    events: list[Event] = []
    for command in commands:
        events += life.decide(command, fold(life.clock, events))
    return events


def lateness(found: Replayed | None) -> tuple[int | None, int | None]:
    assert found is not None
    return found.was and found.was.days, found.then and found.then.days


# Received Fri 21/8/2026 10:00, 5 working days: due Thu 27/8 (the make-up Saturday counts), answered on Fri 28/8.
LATE_BY_ONE = answered(at(21), at(28))


@pytest.mark.parametrize(
    ("other", "then"),
    [
        (Other(calendar=CALENDAR), 1),
        (Other(calendar=CALENDAR, more=1), None),
        (Other(calendar=CALENDAR, amounts={"2.002854": 4}), 2),
        (Other(calendar=CALENDAR, amounts={"another": 1}), 1),
        (Other(calendar=CALENDAR, cut_off="09:00"), None),
        (Other(calendar=CALENDAR, cut_off="none"), 1),
    ],
)
def test_another_time_or_cut_off_moves_the_day_against_which_it_is_held(other, then):
    assert lateness(replayed(LATE_BY_ONE, other)) == (1, then)


def test_without_the_make_up_saturday_it_would_have_been_in_time():
    day = CalendarDay(date=dt.date(2026, 8, 22), kind="rest", name="Thứ Bảy")
    assert lateness(replayed(LATE_BY_ONE, Other(calendar=with_changes(CALENDAR, [Declared(1, day)])))) == (1, None)


def test_what_is_open_or_was_promised_by_another_system_is_left_out():
    other = Other(calendar=CALENDAR)
    assert replayed(LATE_BY_ONE[:2], other) is None
    assert replayed(answered(at(21), at(28), pack="import"), other) is None


def test_nothing_is_negative():
    assert lateness(replayed(LATE_BY_ONE, Other(calendar=CALENDAR, more=-60))) == (1, 6)
