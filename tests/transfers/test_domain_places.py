"""Places: the first by time of submission have them, whatever the order of arrival, and never more than there are."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from kernel.decider import Rejected, fold
from schemas.event import Event
from schemas.transfers import (
    ClassOpened,
    PlaceAsked,
    PlaceGivenBack,
    PlacePassedOn,
    PlaceRefused,
    PlaceReserved,
    PlacesChanged,
    PlaceTaken,
)
from services.transfers.domain import queue as queue_module
from services.transfers.domain.place import Ask, ChangePlaces, Command, GiveBack, Places, school_class
from services.transfers.domain.queue import MOST, Queue
from transfers.samples import (
    ASK,
    ASK_EARLIER,
    ASK_LATE,
    ASK_LATER,
    CLASS,
    GIVE_BACK,
    MORE,
    NONE,
    OPEN_CLASS,
    OTHER,
    TAKE,
    THIRD,
    TO,
    TRANSFER,
    at,
    history,
    open_class,
    take,
)

START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)


def given(*commands: Command) -> Places:
    return fold(school_class, history(school_class, *commands))


def when(command: Command, *before: Command) -> list[Event]:
    return list(school_class.decide(command, given(*before)))


def kinds(events: Sequence[Event]) -> list[type[Event]]:
    return [type(each) for each in events]


def names(queue: Queue[Any]) -> list[str]:
    return [each[1] for run in queue.runs for each in run]


def refused(command: Command, *before: Command) -> Rejected:
    with pytest.raises(Rejected) as said:
        when(command, *before)
    return said.value


def test_a_class_is_opened_once_under_its_own_name():
    opened = when(OPEN_CLASS)[0]
    assert isinstance(opened, ClassOpened)
    assert (opened.class_id, opened.places) == (CLASS, 1)
    assert when(OPEN_CLASS, OPEN_CLASS) == []
    assert refused(replace(OPEN_CLASS, subjects=()), OPEN_CLASS).code == "opened_already"
    assert refused(open_class(-1)).code == "places_taken"


def test_an_ask_reserves_a_free_place_and_waits_for_one_in_a_full_class():
    assert kinds(when(ASK, OPEN_CLASS)) == [PlaceAsked, PlaceReserved]
    assert kinds(when(ASK_LATER, OPEN_CLASS, ASK)) == [PlaceAsked]
    assert when(ASK, OPEN_CLASS, ASK) == []


def test_who_was_submitted_earlier_displaces_the_latest_reserved_one():
    events = when(ASK_EARLIER, OPEN_CLASS, ASK)
    assert kinds(events) == [PlaceAsked, PlacePassedOn, PlaceReserved]
    assert (events[1].transfer, events[1].to, events[2].transfer) == (TRANSFER, THIRD, THIRD)
    assert (events[2].instead_of, events[1].late, events[2].late) == (TRANSFER, False, False)


def test_whose_late_entry_displaces_another_is_marked_and_nobody_elses():
    _, lost, won = when(ASK_LATE, OPEN_CLASS, ASK)
    assert (lost.late, lost.to, won.late, won.instead_of) == (True, THIRD, True, TRANSFER)
    moved_up = when(MORE, OPEN_CLASS, ASK, ASK_LATE)[1]
    assert (moved_up.transfer, moved_up.late, moved_up.instead_of) == (TRANSFER, False, "")


def test_a_place_that_was_taken_is_displaced_by_nobody():
    assert kinds(when(ASK_EARLIER, OPEN_CLASS, ASK, TAKE)) == [PlaceAsked]


def test_at_the_same_moment_the_order_is_that_of_the_cases_names():
    same = [replace(ASK, transfer=each) for each in ("transfer-b", "transfer-a")]
    assert names(given(OPEN_CLASS, *same).reserved) == ["transfer-a"]


def test_a_class_that_is_not_open_yet_keeps_the_queue():
    assert kinds(when(ASK)) == [PlaceAsked]
    assert kinds(when(OPEN_CLASS, ASK_LATER, ASK)) == [ClassOpened, PlaceReserved]
    assert names(given(ASK_LATER, ASK, OPEN_CLASS).reserved) == [TRANSFER]


def test_a_place_is_taken_only_by_whom_it_is_reserved_for():
    assert kinds(when(TAKE, OPEN_CLASS, ASK)) == [PlaceTaken]
    assert kinds(when(take(OTHER), OPEN_CLASS, ASK, ASK_LATER)) == [PlaceRefused]
    assert kinds(when(TAKE, OPEN_CLASS)) == [PlaceRefused]
    assert when(TAKE, OPEN_CLASS, ASK, TAKE) == []


def test_a_decision_is_answered_once_and_the_next_one_anew():
    before = (OPEN_CLASS, ASK, ASK_EARLIER, TAKE)
    assert when(TAKE, *before) == []
    assert kinds(when(take(turn=2), *before)) == [PlaceRefused]
    assert kinds(when(take(turn=2), *before, GiveBack(transfer=THIRD))) == [PlaceTaken]


def test_what_is_given_back_goes_to_the_first_who_waits():
    events = when(GIVE_BACK, OPEN_CLASS, ASK, ASK_LATER)
    assert kinds(events) == [PlaceGivenBack, PlaceReserved]
    assert events[1].transfer == OTHER
    assert kinds(when(GIVE_BACK, OPEN_CLASS, ASK, ASK_LATER, TAKE)) == [PlaceGivenBack, PlaceReserved]
    assert kinds(when(GiveBack(transfer=OTHER), OPEN_CLASS, ASK, ASK_LATER)) == [PlaceGivenBack]
    assert when(GIVE_BACK, OPEN_CLASS) == when(GIVE_BACK, OPEN_CLASS, ASK, GIVE_BACK) == []


def test_more_places_go_to_those_who_wait_and_fewer_are_taken_from_the_latest():
    assert kinds(when(MORE, OPEN_CLASS, ASK, ASK_LATER)) == [PlacesChanged, PlaceReserved]
    events = when(NONE, OPEN_CLASS, ASK)
    assert kinds(events) == [PlacesChanged, PlacePassedOn]
    assert events[1].to == ""
    assert when(ChangePlaces(places=1, at=at(2)), OPEN_CLASS) == []


def test_never_fewer_places_than_are_taken():
    assert refused(NONE, OPEN_CLASS, ASK, TAKE).code == "places_taken"
    assert refused(MORE).code == "no_such_class"


# Fair, whatever the order

asks = st.lists(st.integers(0, 30), min_size=1, max_size=25)


def ask(number: int, second: int) -> Ask:
    submitted = START + dt.timedelta(seconds=second)
    return Ask(class_id=CLASS, school=TO, transfer=f"transfer-{number:03}", submitted_at=submitted)


@settings(max_examples=200, deadline=None)
@forall(seconds=asks, places=st.integers(0, 6), data=st.data())
def test_the_first_by_submission_have_the_places_whatever_the_order_of_arrival(seconds, places, data):
    commands: list[Command] = [ask(n, second) for n, second in enumerate(seconds)]
    arrived = data.draw(st.permutations([*commands, open_class(places)]))
    state = given(*arrived)
    first = sorted(commands, key=lambda each: (each.submitted_at, each.transfer))
    assert names(state.reserved) == [each.transfer for each in first[:places]]
    assert names(state.waiting) == [each.transfer for each in first[places:]]


who = st.integers(0, 8)
said: st.SearchStrategy[Callable[[int], Command]] = st.one_of(  # in which turn
    st.tuples(who, st.integers(0, 30)).map(lambda each: lambda _: ask(*each)),
    who.map(lambda n: lambda turn: take(f"transfer-{n:03}", turn)),
    who.map(lambda n: lambda _: GiveBack(transfer=f"transfer-{n:03}")),
    st.integers(0, 4).map(lambda n: lambda _: ChangePlaces(places=n, at=START)),
)


@settings(max_examples=200, deadline=None)
@forall(day=st.lists(said, min_size=1, max_size=40))
def test_whatever_is_said_there_are_never_more_than_the_places_and_events_say_only_what_changed(day):
    state, places = given(OPEN_CLASS), 1
    for turn, say in enumerate(day):
        command = say(turn)
        try:
            events = school_class.decide(command, state)
        except Rejected:
            continue
        before, state = state, fold(school_class, events, state)
        places = command.places if isinstance(command, ChangePlaces) else places
        assert state.places == places
        assert state.taken.size + state.reserved.size <= places
        assert state.waiting.size == 0 or state.free == 0, "a free place is nobody's while somebody waits"
        if state.waiting.size and state.reserved.size:
            assert state.waiting.first() > state.reserved.last()
        told = {each.transfer for each in events if isinstance(each, PlaceReserved | PlacePassedOn)}
        held, was = set(names(state.reserved)), set(names(before.reserved))
        gone = {each.transfer for each in events if isinstance(each, PlaceTaken | PlaceGivenBack)}
        assert told == (held ^ was) - gone


# Many

MANY = 10_000


def test_ten_thousand_asks_for_four_hundred_places_copy_few_entries_each():
    """No timer: what is counted is how much is copied for one event, a run and the row of runs."""
    state = given(open_class(400))
    order = sorted(range(MANY), key=lambda n: (n * 7919) % MANY)
    events: list[Event] = []
    for n in order:
        new = school_class.decide(ask(n, n), state)
        assert len(new) <= 3
        events += new
        for each in new:
            state = school_class.evolve(state, each)
    assert names(state.reserved) == [f"transfer-{n:03}" for n in range(400)]
    assert fold(school_class, events, given(open_class(400))) == state
    for queue in (state.asked, state.waiting, state.reserved):
        longest = max(len(run) for run in queue.runs)
        assert longest <= MOST
        assert len(queue.runs) <= 2 * MANY // (MOST // 2)
    assert len(school_class.decide(GiveBack(transfer="transfer-000"), state)) == 2


# The queue itself


@settings(max_examples=100, deadline=None)
@forall(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=120), most=st.sampled_from([2, 3, 128]))
def test_a_queue_is_a_sorted_set(steps, most):
    usual, queue_module.MOST = queue_module.MOST, most
    try:
        queue, model = Queue(), set()
        for adds, n in steps:
            before = repr(queue)
            entry = (n, f"case {n}")
            after = queue.add(entry) if adds else queue.drop(entry)
            assert repr(queue) == before
            queue = after
            (model.add if adds else model.discard)(entry)
            ordered = sorted(model)
            assert [each for run in queue.runs for each in run] == ordered
            assert (queue.size, queue.first(), queue.last()) == (
                len(ordered),
                ordered[0] if ordered else None,
                ordered[-1] if ordered else None,
            )
            assert all(0 < len(run) <= most for run in queue.runs)
            assert (entry in queue) == (entry in model)
            assert queue.after((n,)) == next((each for each in ordered if each >= (n,)), None)
    finally:
        queue_module.MOST = usual
