"""Do intervals hold what they promise? Thousands of samples of invented provinces whose truth is known, by the designs
that are shipped.

Of R samples a share of about 95 % must hold the truth; that share itself is only known to √(0.95 · 0.05 / R), the
simulation's own error, of which three are allowed either way (a sound estimator fails one test in 370). Upwards there
is room for intervals that are too wide on purpose, where the docstring of `interval` or `estimate` says so.
"""

from itertools import groupby
from math import sqrt
from typing import Any

import numpy as np
import pytest

from schemas.surveys import Design
from services.surveys.domain.estimating import interval, leaves_of_everybody, leaves_of_sample, weighted, wilson
from services.surveys.domain.quantiles import t_quantile
from services.surveys.domain.sampling import draw
from services.surveys.domain.tallying import Tally
from services.surveys.domain.variance import Estimate, estimate, levels, pooled, satisfied
from surveys.population import PART, Province, answered, province, sums

NOMINAL = 0.95
ALLOWED = 3


def own_error(repeats: int) -> float:
    """The standard error of a share of `repeats` samples where NOMINAL is true."""
    return sqrt(NOMINAL * (1 - NOMINAL) / repeats)


class Hits:
    """How many intervals held the truth."""

    def __init__(self) -> None:
        self.held = self.tried = 0

    def saw(self, low: float, truth: float, high: float) -> None:
        self.held += low <= truth <= high
        self.tried += 1

    def must_cover(self, wide: float = 0.0) -> None:
        """At the nominal rate, give or take the simulation's own error; `wide` of room above."""
        share, error = self.held / self.tried, own_error(self.tried)
        told = f"{share:.3f} of {self.tried} intervals held the truth, own error {error:.4f}"
        assert NOMINAL - ALLOWED * error <= share <= NOMINAL + ALLOWED * error + wide, told


def certain(found: Estimate | None) -> Estimate:
    assert found
    return found


DESIGNS: dict[str, tuple[Design, Province, float, int]] = {
    "two classes of each school": (Design(), province(11), 0.8, 400),
    "many schools": (Design(effect=5.0, margin=0.04), province(12), 0.7, 250),
    "certain schools": (Design(), province(13, giants=2), 0.8, 300),
    "every class of few schools": (Design(classes=0), province(14), 0.8, 300),
    "ten people of three classes": (Design(classes=3, persons=10), province(15), 0.9, 300),
    "Neyman's allocation": (
        Design(allocation="neyman", deviations={"đồng bằng": 0.5, "miền núi": 0.45, "thành thị": 0.4}, effect=3.0),
        province(16), 0.6, 300,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DESIGNS)
def test_the_intervals_of_a_province_hold_the_truth_as_often_as_they_promise(name):
    design, people, response, repeats = DESIGNS[name]
    rng = np.random.default_rng(1)
    shares, means = Hits(), Hits()
    estimates = []
    for seed in range(repeats):
        sample = draw(people.frame, design, f"seed {seed}")
        bunches = weighted(answered(people.answers, sample.chosen, rng, response), leaves_of_sample(sample.chosen), {})
        share = certain(estimate(bunches, PART, satisfied))
        low, high = interval(share, NOMINAL, design.effect)
        shares.saw(low, people.share, high)
        mean = certain(estimate(bunches, PART, levels))
        reach = t_quantile(0.975, mean.freedom) * sqrt(mean.variance)
        means.saw(mean.ratio - reach, people.mean, mean.ratio + reach)
        estimates.append(share)
    shares.must_cover(wide=0.01)
    means.must_cover(wide=0.01)
    ratios = [each.ratio for each in estimates]
    assert abs(np.mean(ratios) - people.share) < 4 * np.std(ratios) / sqrt(repeats), "the estimate is off on average"


def test_without_clustering_it_would_not_cover():
    """What is told of a simple random sample of as many people holds the truth far too seldom: so the test above would
    find an estimator that forgets that people of one school are alike."""
    design, people, response, _ = DESIGNS["two classes of each school"]
    rng = np.random.default_rng(1)
    naive = Hits()
    for seed in range(150):
        sample = draw(people.frame, design, f"seed {seed}")
        bunches = weighted(answered(people.answers, sample.chosen, rng, response), leaves_of_sample(sample.chosen), {})
        found = certain(estimate(bunches, PART, satisfied))
        many = found.ratio * (1 - found.ratio) / (found.simple * found.left)
        low, high = wilson(found.ratio, many, t_quantile(0.975, 1e9))
        naive.saw(low, people.share, high)
    assert naive.held / naive.tried < NOMINAL - 10 * own_error(150)


def test_without_weights_it_would_be_off():
    """Where the hills' schools are drawn far more often than their share of people, counting everybody alike misses."""
    people = province(17)
    design = Design(allocation="neyman", deviations={"đồng bằng": 0.1, "miền núi": 5.0, "thành thị": 0.1}, effect=4.0)
    rng = np.random.default_rng(1)
    right, raw = [], []
    for seed in range(40):
        sample = draw(people.frame, design, f"seed {seed}")
        tallies = answered(people.answers, sample.chosen, rng, 0.8)
        right.append(certain(estimate(weighted(tallies, leaves_of_sample(sample.chosen), {}), PART, satisfied)).ratio)
        parts = [tally.parts[PART] for tally in tallies.values()]
        raw.append(sum(part.y for part in parts) / sum(part.m for part in parts))
    assert abs(np.mean(right) - people.share) < 4 * np.std(right) / sqrt(40)
    assert abs(np.mean(raw) - people.share) > 4 * np.std(raw) / sqrt(40)


@pytest.mark.parametrize(
    ("design", "wide"),
    [
        pytest.param(Design(), 0.02, id="two classes of each, what they differ by pooled"),
        pytest.param(Design(classes=0), 0.02, id="all classes, only non-response leaves a doubt"),
    ],
)
def test_the_intervals_of_schools_hold_their_truths(design, wide):
    people = province(18)
    truths = {each.school: people.share_of(each.school) for each in people.frame}
    rng = np.random.default_rng(2)
    hits = Hits()
    for seed in range(100):
        sample = draw(people.frame, design, f"seed {seed}")
        bunches = weighted(answered(people.answers, sample.chosen, rng, 0.7), leaves_of_sample(sample.chosen), {})
        schools = {school: list(group) for school, group in groupby(bunches, key=lambda each: each.cell[0])}
        between = pooled(schools.values(), PART, satisfied, design.effect)
        for school, inside in schools.items():
            low, high = interval(certain(estimate(inside, PART, satisfied, 1, between)), NOMINAL, design.effect)
            hits.saw(low, truths[school], high)
    hits.must_cover(wide=wide)


def standing(seed: int) -> dict[tuple[str, str], Any]:
    """Everybody who was given a result by each of thirty units, in time or late, late ones far less content."""
    rng = np.random.default_rng(seed)
    found = {}
    for unit in range(30):
        its = rng.normal(0.3, 0.4)
        for way, many, less in (("in_time", int(rng.integers(20, 200)), 0.0), ("late", int(rng.integers(8, 60)), 1.2)):
            base = its - less + rng.normal(0, 0.8, (many, 1))
            told = np.clip(np.round(3.7 + base + rng.normal(0, 0.6, (many, 3))), 1, 5).astype(int)
            found[f"unit {unit:02}", way] = told
    return found


def test_where_everybody_is_asked_and_some_answer_the_intervals_hold_the_truth():
    """Late ones answer half as often as the others, and where fewer than five did, their answers are let go with those
    of all units: weights put both right."""
    people = standing(19)
    leaves = leaves_of_everybody({cell: len(told) for cell, told in people.items()})
    everybody = float((np.concatenate(list(people.values())) >= 4).mean())
    units = {
        unit: float((np.concatenate([people[unit, "late"], people[unit, "in_time"]]) >= 4).mean()) for unit, _ in people
    }
    rng = np.random.default_rng(3)
    hits, of_units = Hits(), Hits()
    for _ in range(300):
        tallies: dict[tuple[str, ...], Tally] = {}
        used, few = {}, [people["unit 00", "late"][:0]]
        for cell, told in people.items():
            there = told[rng.random(len(told)) < (0.3 if cell[1] == "late" else 0.6)]
            used[cell] = len(there)
            if len(there) >= 5:
                tallies[cell] = Tally(sheets=len(there), parts={PART: sums(there)})
            else:
                few.append(there)
        rest = np.concatenate(few)
        if len(rest) >= 5:
            tallies[()] = Tally(sheets=len(rest), parts={PART: sums(rest)})
        bunches = weighted(tallies, leaves, used)
        low, high = interval(certain(estimate(bunches, PART, satisfied)), NOMINAL, 1.0)
        hits.saw(low, everybody, high)
        for unit in ("unit 00", "unit 07", "unit 15", "unit 21", "unit 29"):
            inside = [each for each in bunches if each.cell[:1] == (unit,)]
            if len(inside) == 2:
                low, high = interval(certain(estimate(inside, PART, satisfied, 1)), NOMINAL, 1.0)
                of_units.saw(low, units[unit], high)
    hits.must_cover(wide=0.03)
    of_units.must_cover(wide=0.03)
