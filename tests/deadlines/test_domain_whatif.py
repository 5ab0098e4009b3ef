"""What if? Lives of clocks in another world."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from kernel.calendar import Declared, with_changes
from kernel.calendars import seed
from kernel.decider import fold
from kernel.packs import Pack, in_force, read
from schemas.calendar import CalendarDay
from schemas.event import Event
from schemas.intake import AtSupplement, Promise
from schemas.rules import Cited
from services.deadlines.api.reference import RULES
from services.deadlines.domain import clock as life
from services.deadlines.domain.counting import recounted
from services.deadlines.domain.rules import Known, rules_on
from services.deadlines.domain.whatif import Other, Replayed, Ruled, other_packs, replayed

CALENDAR, PACKS = seed(), read(RULES)
KNOWN = Known(calendar=CALENDAR, number=0, rules=lambda day: rules_on(day, PACKS))


def at(day: int, hour: float = 10, month: int = 8) -> dt.datetime:
    """A moment of 2026 by the clock on the wall in Việt Nam."""
    local = dt.datetime(2026, month, day, tzinfo=dt.timezone(dt.timedelta(hours=7))) + dt.timedelta(hours=hour)
    return local.astimezone(dt.UTC)


def answered(
    received: dt.datetime,
    when: dt.datetime,
    amount: int = 5,
    pack: str = "catalogue",
    *,
    cut_off: str = "15:00",
    rule: Cited | None = None,
    stood: tuple[dt.datetime, dt.datetime | None] | None = None,
    at_supplement: AtSupplement = "restart",
) -> list[Event]:
    cited = rule or Cited(pack=pack, version="H", name="processing_time", basis="QĐ 1130/QĐ-BGDĐT")
    promise = Promise(
        due_at=received, amount=amount, unit="working_days", counted_from=received.date(), cut_off=cut_off,
        calendar=CALENDAR.version, rule=cited, at_supplement=at_supplement,
    )  # fmt: skip
    if pack != "import":
        promise = recounted(promise, received, (), CALENDAR)
    commands: list[life.Command] = [
        life.Start(
            known=KNOWN, application="application-1", code="H99.2-260821-0001", procedure="2.002854",
            procedure_name="Chuyển trường", level="upper_secondary", channel="online", received_by="thpt-le-loi",
            decided_by="thpt-le-loi", subject=UUID(int=7), received_at=received, promise=promise,
        ),
    ]  # fmt: skip
    if stood:
        since, until = stood
        commands.append(life.Pause(known=KNOWN, at=since, noticed_at=since))
        if until:
            again = recounted(promise, until, (), CALENDAR) if at_supplement == "restart" else None
            commands.append(life.Resume(known=KNOWN, at=until, noticed_at=until, promise=again))
    commands.append(life.Answer(known=KNOWN, at=when, noticed_at=when, outcome="granted"))
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


# Another rule pack. The base says what the reviewed ones say; the file wins, from its day on.


def pack(name: str, **topics: Any) -> Pack:
    entries = {
        topic: [{"name": f"{name}_{topic}", "from": dt.date(2015, 1, 1), "basis": "thử", "mark": "L"} | said]
        for topic, said in topics.items()
    }
    return {"pack": name, "version": f"{name}.1", **entries}


BASE = pack(
    "base",
    cut_off={"time": "15:00"},
    supplement={"at": "restart"},
    processing_default={"amount": 5, "unit": "working_days"},
)


def under(said: Pack, history: list[Event], **more: Any) -> tuple[int | None, int | None]:
    rules = Ruled(was=(BASE,), then=other_packs((BASE,), said))
    return lateness(replayed(history, Other(calendar=CALENDAR, rules=rules, **more)))


# Received Fri 21/8/2026 at 15:30, after the cut-off: counted from Sat 22/8, due Fri 28/8, answered on Fri 28/8.
AFTER_CUT_OFF = answered(at(21, 15.5), at(28))


def test_without_the_cut_off_of_the_pack_what_came_after_it_would_have_been_late():
    assert under(BASE, AFTER_CUT_OFF) == (None, None)
    assert under(pack("trial", cut_off={"time": "none"}), AFTER_CUT_OFF) == (None, 1)
    assert under(pack("trial", cut_off={"time": "16:00"}), AFTER_CUT_OFF) == (None, 1)
    later = {"time": "none", "from": dt.date(2026, 8, 22)}  # not in force yet when it was received
    assert under(pack("trial", cut_off=later), AFTER_CUT_OFF) == (None, None)


def test_what_a_procedure_says_of_itself_wins_over_the_pack():
    own = answered(at(21, 15.5), at(28), cut_off="14:00")
    assert under(pack("trial", cut_off={"time": "none"}), own) == (None, None)
    default = pack("trial", processing_default={"amount": 1, "unit": "working_days"})
    assert under(default, LATE_BY_ONE) == (1, 1)


def test_the_agreed_time_of_another_pack_is_the_time_of_what_has_none_of_its_own():
    agreed = answered(at(21), at(28), rule=in_force(dt.date(2026, 8, 21), (BASE,))[1]["processing_default"])
    for amount, then in ((5, 1), (6, None), (4, 2)):
        said = pack("trial", processing_default={"amount": amount, "unit": "working_days"})
        assert under(said, agreed) == (1, then)
    assert under(pack("trial", processing_default={"amount": 4, "unit": "working_days"}), agreed, more=2) == (1, None)


def test_a_supplement_that_only_pauses_gives_less_time_than_one_that_restarts():
    # Asked Tue 25/8, complete Wed 26/8: from zero it is due Mon 7/9, going on Fri 28/8. Answered on Thu 3/9.
    restarted = answered(at(21), at(3, month=9), stood=(at(25), at(26)))
    assert under(BASE, restarted) == (None, None)
    assert under(pack("trial", supplement={"at": "pause"}), restarted) == (None, 1)
    paused = answered(at(21), at(3, month=9), stood=(at(25), at(26)), at_supplement="pause")
    assert under(pack("trial", supplement={"at": "restart"}), paused) == (1, 1)  # the procedure's own


def test_what_was_answered_while_the_clock_stood_is_late_only_where_it_was_late_before():
    history = answered(at(21), at(3, month=9), stood=(at(25), None))
    assert lateness(replayed(history, Other(calendar=CALENDAR))) == (None, None)
    # Due on Mon 24/8 it would have been late before it stood; Tue 25/8 to Thu 3/9 are 5 working days after that.
    assert lateness(replayed(history, Other(calendar=CALENDAR, amounts={"2.002854": 2}))) == (None, 5)


def test_a_pack_of_the_same_name_takes_the_place_of_the_other():
    again = pack("base", cut_off={"time": "none"})
    assert other_packs((BASE, pack("province")), again) == (again, pack("province"))
    assert other_packs((BASE,), pack("trial")) == (BASE, pack("trial"))


def test_nothing_is_negative():
    assert lateness(replayed(LATE_BY_ONE, Other(calendar=CALENDAR, more=-60))) == (1, 6)
