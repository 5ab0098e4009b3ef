"""Given events, the row; and totals that equal a plain recount, whatever was corrected or came late."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.handlers import Total, View
from kernel.views import differences
from reporting import lives
from reporting.lives import CENTRE, COPIES, FIRST, OTHER, SCHOOL, TRANSFER, at
from schemas.event import Event
from schemas.intake import ProcedureWithdrawn, UnitClosed, UnitMerged, UnitSplit
from services.reporting import projection
from services.reporting.domain import name_on, read_history
from services.reporting.projection import Application

DAY = dt.timedelta(days=1)
HERE = lives.stream("here")


def shown(view: View, *events: Event) -> Any:
    row = None
    for number, event in enumerate(events, 1):
        row = view.evolve[type(event)](row, lives.recorded(HERE, event, number))
    return row


def dossier(*events: Event) -> Application:
    row = shown(projection.application, *events)
    assert isinstance(row, Application)
    return row


def test_a_dossier_that_was_granted():
    row = dossier(
        lives.submitted(at(0, 16)),
        lives.received(at(1)),
        lives.asked(at(2)),
        lives.supplied(at(4)),
        lives.resolved(at(6)),
        lives.handed_over(at(7)),
    )
    assert row == Application(
        stream=HERE,
        code="H99.2-260505-0001",
        procedure=TRANSFER,
        procedure_name="Chuyển trường",
        level="upper_secondary",
        unit=SCHOOL,
        received_by=CENTRE,
        channel="online",
        status="handed_over",
        submitted_at=at(0, 16),
        submitted_on=FIRST,
        taken_up_on=FIRST + DAY,
        received_at=at(1),
        received_on=FIRST + DAY,
        due_first=at(6),
        due_now=at(9),
        supplements=1,
        finished_at=at(6),
        finished_on=FIRST + 6 * DAY,
        ended="granted",
        handed_over_at=at(7),
    )


def test_the_day_is_the_day_in_vietnam():
    row = dossier(lives.received(dt.datetime(2026, 5, 4, 17, 30, tzinfo=dt.UTC)))
    assert row.received_on == dt.date(2026, 5, 5)


def test_what_was_given_up_before_it_was_received_was_never_in_progress():
    row = dossier(lives.submitted(at(0)), lives.withdrawn(at(1)))
    assert (row.status, row.finished_on, row.ended) == ("withdrawn", None, "")
    assert sums(projection.application.totals[0], [row]) == {
        (FIRST, SCHOOL, TRANSFER, "online"): (0, 0, 0, 0, 0, 0, 1),
        (FIRST + DAY, SCHOOL, TRANSFER, "online"): (0, 0, 0, 0, 0, 0, -1),
    }


def test_a_correction_and_another_unit_move_all_that_was_counted():
    row = dossier(
        lives.received(at(0)),
        lives.passed_on(at(1), OTHER),
        lives.corrected(at(2), channel="post", decided_by=OTHER),
        lives.resolved(at(3), "refused", decided_by=OTHER),
    )
    assert sums(projection.application.totals[0], [row]) == {
        (FIRST, OTHER, TRANSFER, "post"): (1, 0, 0, 0, 0, 0, 0),
        (FIRST + 3 * DAY, OTHER, TRANSFER, "post"): (0, 0, 1, 0, 0, 0, 0),
    }
    assert sums(projection.application.totals[1], [row]) == {}


@pytest.mark.parametrize(
    ("event", "finished", "ended"),
    [
        (lives.imported(at(-20)), None, ""),
        (lives.imported(at(-20), status="resolved", outcome="granted", resolved_at=at(-15)), at(-15), "granted"),
        (lives.imported(at(-20), status="resolved", outcome="refused"), at(-11), "refused"),
    ],
)
def test_what_came_from_another_system_is_counted_when_it_happened(event, finished, ended):
    row = dossier(event)
    assert row.received_on == at(-20).date()
    assert (row.finished_at, row.ended) == (finished, ended)


def test_an_event_of_a_dossier_that_nobody_handed_in_shows_nothing():
    assert shown(projection.application, lives.resolved(at(0)), lives.corrected(at(1))) is None


def test_visits_are_counted_where_somebody_came():
    guided = shown(projection.visit, lives.visit(at(0)))
    refused = shown(projection.visit, lives.visit(at(0), paper=True))
    assert sums(projection.visit.totals[0], [guided, refused]) == {(FIRST, SCHOOL, TRANSFER, "desk"): (1, 1)}


def test_a_unit_is_called_by_the_name_of_the_day():
    row = shown(
        projection.unit,
        lives.opened(SCHOOL, "THPT Cũ", FIRST),
        lives.renamed(SCHOOL, "THPT Sẽ Không Có", FIRST + 90 * DAY),
        lives.renamed(SCHOOL, "THPT Mới", FIRST + 10 * DAY),
        UnitMerged(unit=SCHOOL, effective_from=FIRST + 50 * DAY, into=OTHER),
    )
    history = read_history(row.history)
    names = [name_on(history, FIRST + n * DAY) for n in (-1, 0, 9, 10, 50, 400)]
    assert names == ["THPT Cũ", "THPT Cũ", "THPT Cũ", "THPT Mới", "THPT Mới", "THPT Mới"]
    assert history[-1].into == (OTHER,)


def test_a_unit_that_is_split_goes_on_where_it_is_one_of_the_parts():
    split = UnitSplit(unit=SCHOOL, effective_from=FIRST + DAY, into=(SCHOOL, OTHER))
    went_on = read_history(shown(projection.unit, lives.opened(SCHOOL, "THPT"), split).history)
    assert [each.name for each in went_on] == ["THPT"]
    closed = UnitClosed(unit=SCHOOL, effective_from=FIRST + DAY)
    assert [e.name for e in read_history(shown(projection.unit, lives.opened(SCHOOL, "THPT"), closed).history)] == [
        "THPT",
        "",
    ]


def test_a_procedure_may_end_and_be_offered_again():
    row = shown(
        projection.procedure,
        lives.procedure(TRANSFER, "Chuyển trường", FIRST),
        ProcedureWithdrawn(procedure=TRANSFER, effective_from=FIRST + 5 * DAY, replaced_by=(COPIES,)),
        lives.procedure(TRANSFER, "Chuyển trường (mới)", FIRST + 9 * DAY),
    )
    history = read_history(row.history)
    assert [name_on(history, FIRST + n * DAY) for n in (0, 6, 9)] == [
        "Chuyển trường",
        "Chuyển trường",
        "Chuyển trường (mới)",
    ]


# Totals equal a plain recount


@dataclass
class Life:
    """What happened to a dossier, and what therefore has to be counted."""

    events: list[Event] = field(default_factory=list)
    unit: str = SCHOOL
    channel: str = "online"
    procedure: str = TRANSFER
    days: Counter[tuple[int, str]] = field(default_factory=Counter)
    open: str = ""

    def count(self, day: int, what: str, by: int = 1) -> None:
        self.days[day, what] += by


days = st.integers(0, 12)
units, channels = st.sampled_from([SCHOOL, OTHER]), st.sampled_from(["online", "post", "desk"])


@st.composite
def whole_lives(draw: Any) -> Life:
    life = Life(unit=draw(units), channel=draw(channels), procedure=draw(st.sampled_from([TRANSFER, COPIES])))

    def same() -> dict[str, str]:
        return {"decided_by": life.unit}

    def may_change() -> None:
        if draw(st.integers(0, 3)) == 0:
            life.channel = draw(channels)
            life.events.append(lives.corrected(at(draw(days)), channel=life.channel, **same()))
        if draw(st.integers(0, 3)) == 0:
            was, life.unit = life.unit, draw(units)
            life.events.append(lives.passed_on(at(draw(days)), life.unit, was))

    first = {"channel": life.channel, "procedure": life.procedure}
    came = draw(days)
    how = draw(st.sampled_from(["at once", "waits", "refused", "given up", "received", "imported"]))
    if how == "imported":
        life.events.append(lives.imported(at(came - 5), **first, **same()))
        life.count(came - 5, "received")
    else:
        life.events.append(lives.submitted(at(came), **first, **same()))
        life.count(came, "waiting")
        life.open = "waiting"
    if how in ("waits", "refused", "given up", "received"):
        may_change()
    later = came if how == "at once" else draw(days)  # also earlier: what is entered late may be entered wrongly
    if how == "refused":
        life.events.append(lives.not_accepted(at(later), **same()))
        life.count(later, "not_accepted")
    if how == "given up":
        life.events.append(lives.withdrawn(at(later), **same()))
    if how in ("at once", "received"):
        life.events.append(lives.received(at(later), **(first | {"channel": life.channel}), **same()))
        life.count(later, "received")
    if how not in ("imported", "waits"):
        life.count(later, "waiting", -1)
        life.open = ""
    if how in ("at once", "received", "imported"):
        life.open = "in_progress"
        may_change()
        end = draw(st.sampled_from(["", "granted", "refused", "stopped", "withdrawn"]))
        ended = draw(days)
        if end in ("granted", "refused"):
            life.events.append(lives.resolved(at(ended), end, **same()))
        elif end:
            life.events.append({"stopped": lives.stopped, "withdrawn": lives.withdrawn}[end](at(ended), **same()))
        if end:
            life.count(ended, end)
            life.open = ""
            may_change()
    return life


def recount(found: list[Life]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """By day and open now, counted from what happened, without rows or shares."""
    happened: Counter[Any] = Counter()
    open_now: Counter[Any] = Counter()
    for life in found:
        place = (life.unit, life.procedure, life.channel)
        for (day, what), by in life.days.items():
            happened[(FIRST + day * DAY, *place), what] += by
        if life.open:
            open_now[place, life.open] += 1
    return _table(happened, projection.application.totals[0]), _table(open_now, projection.application.totals[1])


def _table(counted: Counter[Any], total: Total) -> dict[Any, tuple[int, ...]]:
    keys = {key for key, _ in counted}
    found = {key: tuple(counted[key, amount] for amount in total.amounts) for key in keys}
    return {key: amounts for key, amounts in found.items() if any(amounts)}


def sums(total: Total, rows: list[Any]) -> dict[Any, Any]:
    return differences(total, [(None, row) for row in rows])


@settings(max_examples=300, deadline=None)
@given(st.lists(whole_lives(), max_size=8), st.randoms())
def test_totals_equal_a_plain_recount(found, chance):
    """Event by event, interleaved at random: what each change takes away and adds comes to the same as counting."""
    rows: dict[int, Any] = {}
    tables: list[Counter[Any]] = [Counter(), Counter()]
    queues = {n: list(life.events) for n, life in enumerate(found)}
    while queues:
        n = chance.choice(sorted(queues))
        event = queues[n].pop(0)
        if not queues[n]:
            del queues[n]
        before = rows.get(n)
        rows[n] = projection.application.evolve[type(event)](before, lives.recorded(lives.stream(str(n)), event))
        for total, table in zip(projection.application.totals, tables, strict=True):
            for key, amounts in differences(total, [(before, rows[n])]).items():
                for name, amount in zip(total.amounts, amounts, strict=True):
                    table[key, name] += amount
    totals = projection.application.totals
    assert tuple(_table(table, total) for table, total in zip(tables, totals, strict=True)) == recount(found)


@settings(max_examples=200, deadline=None)
@given(st.lists(whole_lives(), max_size=8))
def test_what_is_open_now_is_the_sum_of_all_that_happened(found):
    """So the stock of any day is what is open now, less what changed after that day."""
    rows = [shown(projection.application, *life.events) for life in found]
    net: Counter[Any] = Counter()
    for (_, *place), (received, granted, refused, stopped, withdrawn, _, waiting) in sums(
        projection.application.totals[0], rows
    ).items():
        net[*place, "in_progress"] += received - granted - refused - stopped - withdrawn
        net[*place, "waiting"] += waiting
    open_now: Counter[Any] = Counter()
    for place, (in_progress, waiting) in sums(projection.application.totals[1], rows).items():
        open_now[*place, "in_progress"], open_now[*place, "waiting"] = in_progress, waiting
    assert +net == +open_now
    assert not any(count < 0 for count in net.values())
