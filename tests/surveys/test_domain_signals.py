"""What looks like stuffed ballots is told with its evidence; what is ordinary is not."""

import datetime as dt
import random
from math import sqrt
from typing import Any
from uuid import UUID

import pytest

from schemas.surveys import Sheet
from services.surveys.domain.signals import CHANCE, bursts, copies, scan_chance, straight_lines
from surveys.population import question, questionnaire

START = dt.datetime(2026, 10, 5, 1, 0, tzinfo=dt.UTC)
ASKED = questionnaire(*(question(f"q{n}", "access") for n in range(10)), question("words", kind="text"))


def spread(seed: int, many: int, days: int = 10) -> list[dt.datetime]:
    """Answers in no rhythm, in eight office hours of each day."""
    chance = random.Random(seed)
    return [START + dt.timedelta(days=chance.randrange(days), seconds=chance.randrange(8 * 3600)) for _ in range(many)]


def test_forty_answers_within_five_minutes_are_a_burst():
    stuffed = [START + dt.timedelta(days=3, seconds=7 * step) for step in range(40)]
    found = bursts({"a": spread(1, 80), "b": [*spread(2, 60), *stuffed], "c": spread(3, 300)})
    [burst] = found
    assert (burst.unit, burst.of) == ("b", 100)
    assert burst.count >= 40
    assert burst.since >= START + dt.timedelta(days=3)
    assert burst.until - burst.since <= dt.timedelta(minutes=10)
    assert burst.expected < 1
    assert burst.chance < 1e-20


def test_the_order_of_answers_does_not_matter_and_nobody_makes_no_burst():
    times = [*spread(2, 60), *[START] * 30]
    assert bursts({"b": times, "x": []}) == bursts({"b": times[::-1]})
    assert bursts({}) == ()
    assert bursts({"a": [START]}) == ()


def test_ordinary_days_are_seldom_taken_for_bursts():
    """Two hundred campaigns of ten units in which nothing happened: at most one in a hundred tells of a burst."""
    false = sum(bool(bursts({f"{unit}": spread(1000 * run + unit, 50) for unit in range(10)})) for run in range(200))
    assert false / 200 <= CHANCE + 3 * sqrt(CHANCE * (1 - CHANCE) / 200), "own error 0.007"


@pytest.mark.parametrize(("k", "n", "share"), [(5, 20, 0.02), (7, 50, 0.02), (4, 10, 0.05)])
def test_the_chance_of_a_crowded_window_is_that_of_simulation(k, n, share):
    chance = random.Random(9)
    repeats = 20_000
    seen = 0
    for _ in range(repeats):
        times = sorted(chance.random() for _ in range(n))
        seen += any(times[at + k - 1] - times[at] <= share for at in range(n - k + 1))
    found = scan_chance(k, n, share)
    assert found < 0.2
    assert found == pytest.approx(seen / repeats, rel=0.1, abs=4 * sqrt(found / repeats))


def test_one_answer_alone_surprises_nobody():
    assert scan_chance(1, 1, 0.01) == 1.0
    assert scan_chance(5, 9, 1.0) == 1.0


def sheet(id: int, *levels: int, **more: Any) -> Sheet:
    return Sheet(id=UUID(int=id), answers={f"q{n}": level for n, level in enumerate(levels)} | more)


VARIED = (5, 4, 4, 3, 5, 2, 4, 4, 5, 1)


def test_sheets_with_one_level_throughout_are_told_by_cell_and_level():
    sheets = {
        ("a", "1"): [sheet(1, *[5] * 10), sheet(2, *VARIED), sheet(3, *[3] * 8), sheet(4, *[5] * 9)],
        ("b", "1"): [sheet(5, *VARIED), sheet(6, *[5] * 7)],
    }
    [found] = straight_lines(sheets, ASKED)
    assert (found.cell, found.of) == (("a", "1"), 4)
    assert found.sheets == (UUID(int=1), UUID(int=3), UUID(int=4))
    assert found.levels == {3: 1, 5: 2}


def test_wholly_alike_sheets_of_a_cell_are_told_but_not_those_of_one_level():
    sheets = {
        ("a",): [*(sheet(n, *VARIED) for n in (3, 1, 2)), *(sheet(n, *[5] * 10) for n in (4, 5, 6))],
        ("b",): [sheet(7, *VARIED), sheet(8, *VARIED), sheet(9, *VARIED[::-1])],
        ("c",): [sheet(n, *VARIED, choice=("x",)) for n in (10, 11)] + [sheet(12, *VARIED, choice=("y",))],
    }
    [found] = copies(sheets, ASKED)
    assert (found.cell, found.of, found.answers) == (("a",), 6, 10)
    assert found.sheets == (UUID(int=1), UUID(int=2), UUID(int=3))


def test_the_largest_groups_come_first():
    sheets = {
        ("a",): [sheet(n, *VARIED) for n in range(3)],
        ("b",): [sheet(10 + n, *VARIED[::-1]) for n in range(5)],
    }
    assert [each.cell for each in copies(sheets, ASKED)] == [("b",), ("a",)]
