"""The laws of every decider, for any command, any event, any state: said twice it changes nothing, an event may come in
any state, and nothing that decides or evolves changes what it was given. A new service adds its deciders here."""

import datetime as dt
from functools import cache
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deadlines import samples as deadlines
from intake import samples
from intake.samples import PACKS
from kernel.decider import Decider, Rejected, fold
from kernel.handlers import View
from schemas.event import Actor, Event, Meta, Recorded, decode, encode
from schemas.intake import Promise
from services.deadlines import projection as deadlines_projection
from services.deadlines.domain.rules import Known
from services.intake import projection as intake_projection
from services.intake.domain.rules import LateEntry, Rules, rules_on
from services.reporting import projection as reporting_projection
from services.surveys import projection as surveys_projection
from services.transfers import projection as transfers_projection
from services.transfers.domain.rules import Known as KnownToTransfers
from strategies import NOON, POOLS, of
from surveys import samples as surveys
from surveys import samples_campaign as campaigns
from transfers import samples as transfers

# Rules are what a file says, so any of the real ones; made-up rules would only test the maker.
POOLS[Rules] = st.sampled_from([rules_on(dt.date(*day), PACKS) for day in ((2017, 3, 1), (2019, 9, 11), (2026, 8, 24))])
POOLS[LateEntry] = st.just(samples.NOW.late_entry)
# A promise is what was counted, and what is known is the calendar and the rules together: made up of parts that do not
# belong together they would be of no world.
POOLS[Known] = st.sampled_from([deadlines.KNOWN, deadlines.CHANGED, deadlines.CHANGED_FAR])
POOLS[KnownToTransfers] = st.sampled_from([transfers.KNOWN, transfers.UNKNOWN])
POOLS[Promise] = st.sampled_from(
    [deadlines.PROMISE, deadlines.RESTART.promise, deadlines.ELSEWHERE, deadlines.MOVED_ELSEWHERE]
)

DECIDERS: tuple[Decider[Any], ...] = (
    *samples.DECIDERS,
    *deadlines.DECIDERS,
    *transfers.DECIDERS,
    *campaigns.DECIDERS,
    *surveys.DECIDERS,
)
VIEWS: tuple[View, ...] = (
    *intake_projection.views,
    *reporting_projection.views,
    *deadlines_projection.views,
    *transfers_projection.views,
    *surveys_projection.views,
)
EVENTS = tuple(each for decider in DECIDERS for each in decider.events)
ANY_EVENTS = st.lists(st.one_of([of(each) for each in EVENTS]), max_size=6)


# Whole lives, so that laws are tried in states that matter and not only in those that chance makes; and good commands,
# because chance hardly ever makes one that is allowed.
LIVES: dict[str, list[list[Event]]] = {
    "intake.application": [samples.history(*life) for life in samples.LIVES.values()],
    **{f"deadlines.{name}": lives for name, lives in deadlines.HISTORIES.items()},
    **{f"transfers.{name}": lives for name, lives in transfers.HISTORIES.items()},
    **{f"surveys.{name}": lives for name, lives in campaigns.HISTORIES.items()},
    **{f"surveys.{name}": lives for name, lives in surveys.HISTORIES.items()},
}
GOOD: list[Any] = [
    each for each in vars(samples).values() if type(each).__module__.startswith("services.intake.domain")
]
GOOD += [*samples.COMMANDS, *deadlines.COMMANDS, *transfers.COMMANDS, *campaigns.COMMANDS, *surveys.COMMANDS]


def commands(decider: Decider[Any]) -> list[Any]:
    hint = get_type_hints(decider.decide)["command"]
    return list(get_args(hint) or (hint,))


def service_of(decider: Decider[Any]) -> str:
    return decider.events[0].type.partition(".")[0]


def histories(decider: Decider[Any]) -> st.SearchStrategy[list[Event]]:
    return lived(decider.events, f"{service_of(decider)}.{decider.name}")


@cache
def lived(events: tuple[type[Event], ...], name: str) -> st.SearchStrategy[list[Event]]:
    chance = st.lists(st.one_of([of(each) for each in events]), max_size=3)
    lives = LIVES.get(name, [[]])
    return st.tuples(st.sampled_from(lives), chance, st.booleans()).map(lambda t: [*t[0], *(t[1] if t[2] else [])])


@cache
def spoken(command_type: Any) -> st.SearchStrategy[Any]:
    good = [each for each in GOOD if type(each) is command_type]
    return st.one_of(st.sampled_from(good), of(command_type)) if good else of(command_type)


def answer(decider: Decider[Any], command: Any, state: Any) -> list[Event] | None:
    """What it comes to; None where it is not allowed."""
    try:
        return list(decider.decide(command, state))
    except Rejected as rejected:
        assert rejected.code and rejected.says.vi and rejected.says.en
        return None


CASES = [pytest.param(d, c, id=f"{service_of(d)}-{d.name}-{c.__name__}") for d in DECIDERS for c in commands(d)]


@pytest.mark.parametrize(("decider", "command_type"), CASES)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_command_said_twice_changes_nothing(decider, command_type, data):
    state = fold(decider, data.draw(histories(decider)))
    command = data.draw(spoken(command_type))
    said = (repr(state), repr(command))
    events = answer(decider, command, state)
    assert (repr(state), repr(command)) == said, "decide changed what it was given"
    if events:
        after = fold(decider, events, state)
        assert answer(decider, command, after) == []


@pytest.mark.parametrize(("decider", "command_type"), CASES)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_command_to_nobody_yet_is_decided_and_says_twice_nothing(decider, command_type, data):
    command = data.draw(spoken(command_type))
    events = answer(decider, command, decider.initial)
    if events:
        assert all(type(each) in decider.events for each in events)
        assert answer(decider, command, fold(decider, events)) == []


@pytest.mark.parametrize("decider", DECIDERS, ids=lambda each: each.name)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_event_can_be_evolved_in_any_state(decider, data):
    state = decider.initial
    for event in data.draw(ANY_EVENTS):
        said = repr(state)
        after = decider.evolve(state, event)
        assert repr(state) == said, "evolve changed what it was given"
        assert type(after) is type(decider.initial)
        if type(event) not in decider.events:
            assert after == state, "an event of another stream means nothing here"
        state = after


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda each: each.type)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_an_event_comes_back_from_storage_as_it_was(event_type, data):
    event = data.draw(of(event_type))
    assert decode(event_type.type, event_type.version, encode(event)) == event


def test_every_event_says_its_fact_and_belongs_to_one_decider():
    assert len(set(EVENTS)) == len(EVENTS)
    for each in EVENTS:
        assert each.__doc__ and not each.__doc__.startswith(each.__name__), each


@pytest.mark.parametrize("view", VIEWS, ids=lambda each: each.table)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_event_can_be_shown_in_any_row(view, data):
    row = None
    for number, event in enumerate(data.draw(st.lists(st.one_of([of(e) for e in view.evolve]), max_size=6)), 1):
        recorded = remember(event, number)
        key = view.key(recorded)
        said = repr(row)
        if key is not None:
            assert len(key) == len(view.key_columns)
            before, row = row, view.evolve[type(event)](row, recorded)
            assert repr(before) == said, "a projection changed the row it was given"
        if row is not None:
            assert isinstance(row, view.row)
            for total in view.totals:
                for total_key, amounts in total.share(row):
                    assert (len(total_key), len(amounts)) == (len(total.key), len(total.amounts))
                    assert all(isinstance(each, int) for each in amounts)


def remember(
    event: Event, number: int = 1, stream: str = "application-00000000-0000-0000-0000-000000000001"
) -> Recorded:
    meta = Meta(actor=Actor(id="officer", roles=("one_stop",)), happened_at=NOON, recorded_at=NOON)
    return Recorded(id=POOL_ID, stream=stream, number=number, meta=meta, event=event)


POOL_ID = UUID(int=7)
