"""The rows of clocks and apologies say what these themselves say."""

from uuid import UUID

import pytest

from deadlines.samples import HISTORIES, on
from kernel.decider import fold
from schemas.event import Actor, Meta, Recorded
from services.deadlines.domain.apology import apology
from services.deadlines.domain.clock import clock
from services.deadlines.projection.apology import apology as apologies
from services.deadlines.projection.clock import clock as view
from services.deadlines.projection.clock import read_pauses

META = Meta(actor=Actor(id="motcua:deadlines", roles=("system",)), happened_at=on(21, 10), recorded_at=on(21, 10))


@pytest.mark.parametrize("events", [each for each in HISTORIES["clock"] if each])
def test_a_clock_stands_in_its_row_for_as_long_as_in_the_domain(events):
    row = None
    for number, event in enumerate(events, 1):
        recorded = Recorded(id=events[0].subject, stream="clock-1", number=number, meta=META, event=event)
        if type(event) in view.evolve:
            row = view.evolve[type(event)](row, recorded)
        life = fold(clock, events[:number]).running
        assert tuple(read_pauses(row.pauses)) == life.pauses
        assert (row.phase, row.due_at, row.started_at) == (life.phase, life.promise.due_at, life.started_at)


@pytest.mark.parametrize("events", [each for each in HISTORIES["apology"] if each])
def test_an_apology_waits_in_its_row_for_the_moment_that_the_domain_has_not_said(events):
    row = None
    for number, event in enumerate(events, 1):
        recorded = Recorded(id=UUID(int=7), stream="apology-1", number=number, meta=META, event=event)
        row = apologies.evolve[type(event)](row, recorded)
        state = fold(apology, events[:number])
        assert (row.status, row.cause, row.issue_by) == (state.status, state.cause, state.issue_by)
        waits = state.status == "due" and not state.missed
        assert row.alarm_at == (state.issue_by if waits else None)


def test_some_of_these_clocks_stood():
    assert sum(bool(fold(clock, events).running.pauses) for events in HISTORIES["clock"] if events) >= 3
