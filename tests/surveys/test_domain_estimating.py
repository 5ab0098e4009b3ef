"""Tallies, weights, estimates and intervals: against hand counts, SciPy and statsmodels."""

from dataclasses import replace
from itertools import product
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.proportion import proportion_confint

from schemas.surveys import Chosen
from services.surveys.domain.estimating import (
    figures,
    interval,
    leaves_of_everybody,
    leaves_of_sample,
    weighted,
    wilson,
)
from services.surveys.domain.quantiles import beta_share, t_below, t_quantile
from services.surveys.domain.tallying import EMPTY, WHOLE, Sums, Tally, parts_of, tally
from services.surveys.domain.variance import Estimate, Leaf, estimate, levels, pooled, satisfied
from surveys.population import PART, question, questionnaire, sums

ASKED = questionnaire(
    question("near", "access"),
    question("cheap", "access", required=False),
    question("desks", "facilities"),
    question("extra", "services"),
    question("expectation", kind="number", most=100),
    question("delay", kind="single", options=("yes", "no")),
    question("sources", kind="multiple", options=("web", "friends")),
    question("words", kind="text"),
    uncounted=("services",),
)
SHEETS: list[dict[str, Any]] = [
    {"near": 5, "cheap": 4, "desks": 2, "extra": 1, "expectation": 80, "delay": "yes", "sources": ("web",)},
    {"near": 3, "desks": 4, "extra": 5, "expectation": 60, "delay": "no", "sources": ()},
    {"near": 4, "cheap": 1, "desks": 1, "extra": 2, "delay": "yes", "sources": ("web", "friends")},
]

# Tallies


def test_a_tally_counts_people_answers_and_who_is_satisfied():
    found = tally(SHEETS, ASKED)
    assert found.sheets == 3
    assert found.parts["access", ""] == Sums(
        n=3, m=5, y=3, s=17, mm=4 + 1 + 4, my=2 * 2 + 0 + 2 * 1, yy=4 + 0 + 1, ms=2 * 9 + 3 + 2 * 5, ss=81 + 9 + 25,
        levels=(1, 0, 1, 2, 1),
    )  # fmt: skip
    assert found.parts["access", "cheap"].n == 2
    assert (found.parts[WHOLE].m, found.parts[WHOLE].s) == (8, 24), "areas that do not count are left out"
    assert (found.parts["", "expectation"].n, found.parts["", "expectation"].s) == (2, 140)
    assert (found.parts["", "delay:yes"].y, found.parts["", "delay:yes"].m) == (2, 3)
    assert (found.parts["", "sources:friends"].y, found.parts["", "sources:friends"].m) == (1, 3)
    assert ("", "words") not in found.parts


def test_the_parts_of_a_questionnaire_come_in_its_order():
    assert parts_of(ASKED)[:5] == (WHOLE, ("access", ""), ("access", "near"), ("access", "cheap"), ("facilities", ""))
    assert parts_of(ASKED)[-4:] == (("", "delay:yes"), ("", "delay:no"), ("", "sources:web"), ("", "sources:friends"))


@pytest.mark.parametrize("bad", [0, 6, "5", (), None])
def test_what_is_no_level_does_not_count(bad):
    assert ("access", "near") not in tally([{"near": bad}], ASKED).parts


SHEET = st.fixed_dictionaries(
    {}, optional={code: st.integers(1, 5) for code in ("near", "cheap", "desks", "extra")} | {"delay": st.just("yes")}
)


@settings(deadline=None, derandomize=True)
@given(st.lists(SHEET, max_size=8), st.lists(SHEET, max_size=8))
def test_tallies_add_up(one, other):
    assert tally(one, ASKED) + tally(other, ASKED) == tally([*one, *other], ASKED)
    assert EMPTY + tally(one, ASKED) == tally(one, ASKED)


# Quantiles and intervals


@pytest.mark.parametrize("freedom", [1.0, 1.7, 2.0, 3.0, 7.5, 12.0, 30.0, 100.0, 5000.0])
@pytest.mark.parametrize("probability", [0.001, 0.05, 0.5, 0.9, 0.975, 0.995, 0.9999])
def test_student_s_quantiles_are_scipy_s(freedom, probability):
    assert t_quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=1e-9, abs=1e-12)


@settings(deadline=None, derandomize=True)
@given(st.floats(0.001, 0.999), st.floats(0.3, 300), st.floats(0.3, 300))
def test_the_beta_function_is_scipy_s(x, a, b):
    assert beta_share(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-12)


def test_with_endless_freedom_student_is_normal():
    assert t_quantile(0.975, inf) == pytest.approx(stats.norm.ppf(0.975), rel=1e-12)
    assert t_below(1.0, inf) == pytest.approx(stats.norm.cdf(1.0), rel=1e-12)
    assert (beta_share(0, 2, 3), beta_share(1, 2, 3)) == (0, 1)


@pytest.mark.parametrize(("yes", "many"), [(0, 12), (3, 7), (50, 100), (99, 100), (400, 400)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_s_interval_is_statsmodels(yes, many, confidence):
    low, high = proportion_confint(yes, many, alpha=1 - confidence, method="wilson")
    t = t_quantile((1 + confidence) / 2, inf)
    assert wilson(yes / many, many, t) == pytest.approx((low, high), abs=1e-12)


def test_a_simple_sample_of_a_large_class_has_wilson_s_interval():
    """One question, nearly nobody of a class asked: everything comes down to the textbook's binomial."""
    told = np.repeat([[5], [2]], (37, 23), axis=0)
    leaf = Leaf(cell=("a", "1"), asked=60, size=6_000_000)
    found = estimate(
        weighted({("a", "1"): Tally(sheets=60, parts={PART: sums(told)})}, [leaf], {}), PART, satisfied, depth=2
    )
    assert found
    exact = 37 / 60 * 23 / 60 / 59
    assert found.variance == pytest.approx(exact, rel=1e-4) == found.simple
    t = stats.t.ppf(0.975, 59)
    assert interval(found, 0.95, 2.0) == pytest.approx(wilson(37 / 60, 59, t), rel=1e-4)


def test_who_asked_everybody_and_was_answered_by_all_knows():
    told = np.repeat([[5], [2]], (7, 3), axis=0)
    leaves = leaves_of_everybody({("a", "late"): 10})
    found = estimate(weighted({("a", "late"): Tally(sheets=10, parts={PART: sums(told)})}, leaves, {}), PART, satisfied)
    assert found
    assert (found.variance, interval(found, 0.95, 2.0)) == (0, (0.7, 0.7))


def test_where_all_agree_the_interval_is_that_of_the_expected_design_effect():
    found = Estimate(ratio=1.0, variance=0.0, between=0.0, freedom=inf, simple=0.0, answered=40, left=1.0)
    z = stats.norm.ppf(0.975)
    assert interval(found, 0.95, 2.0) == pytest.approx(wilson(1.0, 20, z))
    assert interval(found, 0.95, 2.0)[0] == pytest.approx(20 / (20 + z * z))


# Variance


def clusters(seed: int, schools: int, classes: int = 1, size: int = 30) -> dict[tuple[str, ...], Any]:
    rng = np.random.default_rng(seed)
    return {
        (f"s{school}", f"c{one}"): np.clip(np.round(rng.normal(3.5 + rng.normal(0, 0.5), 1, (size, 2))), 1, 5).astype(
            int
        )
        for school in range(schools)
        for one in range(classes)
    }


def tallied(people: dict[tuple[str, ...], Any]) -> dict[tuple[str, ...], Tally]:
    return {cell: Tally(sheets=len(told), parts={PART: sums(told)}) for cell, told in people.items()}


def test_schools_of_a_vast_stratum_have_statsmodels_cluster_variance():
    """Nearly no school drawn: the sandwich of a weighted mean by clusters, with G / (G − 1)."""
    people = clusters(1, schools=8)
    leaves = [Leaf(cell=cell, asked=30, size=30, school_chance=1e-9 * (1 + place)) for place, cell in enumerate(people)]
    found = estimate(weighted(tallied(people), leaves, {}), PART, satisfied)
    values = np.concatenate([(told >= 4).mean(axis=1) for told in people.values()])
    weights = np.repeat([1 / leaf.school_chance for leaf in leaves], 30)
    model = WLS(values, np.ones_like(values), weights=weights)
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": np.repeat(np.arange(8), 30), "use_correction": False})
    assert found
    assert found.ratio == pytest.approx(fitted.params[0])
    assert found.variance == pytest.approx(fitted.cov_params()[0, 0] * 8 / 7, rel=1e-6)
    assert found.freedom == pytest.approx(7, rel=1e-6)


def test_strata_add_up():
    """Two strata of equal schools with equal chances: half the squared textbook error of each, with n / N drawn."""
    people = clusters(2, schools=12)
    leaves = [
        Leaf(cell=cell, asked=30, size=30, stratum="ab"[place % 2], school_chance=0.25)
        for place, cell in enumerate(people)
    ]
    found = estimate(weighted(tallied(people), leaves, {}), PART, levels)
    means = np.array([told.mean() for told in people.values()])
    by_hand = sum(0.25 * 0.75 * means[at::2].var(ddof=1) / 6 for at in (0, 1))
    assert found
    assert (found.ratio, found.variance) == pytest.approx((means.mean(), by_hand))
    assert found.freedom == pytest.approx(welch([0.75 * means[at::2].var(ddof=1) for at in (0, 1)], 5))


def welch(parts: list[float], freedom: int) -> float:
    return min(len(parts) * freedom, sum(parts) ** 2 / sum(part**2 / (freedom + 2) for part in parts) - 2)


def test_three_stages_by_hand():
    """Schools by chance 1/4, half the classes of each, everybody asked and two thirds answered."""
    people = clusters(3, schools=4, classes=3, size=20)
    leaves = [Leaf(cell=cell, asked=30, size=30, school_chance=0.25, class_chance=0.5) for cell in people]
    found = estimate(weighted(tallied(people), leaves, {}), PART, satisfied)
    shares = np.array([(told >= 4).mean() for told in people.values()]).reshape(4, 3)
    inside = np.array([(told >= 4).mean(axis=1).var(ddof=1) for told in people.values()])
    whole = shares.mean()
    first = 0.75 * ((shares - whole).mean(axis=1)).var(ddof=1) / 4
    second = 0.25 * 0.5 * shares.var(axis=1, ddof=1).sum() / 3 / 16
    third = 0.25 * 0.5 * (1 - 20 / 30) * inside.sum() / 20 / 144
    assert found
    assert found.variance == pytest.approx(first + second + third)


def test_a_certain_school_adds_only_what_its_own_classes_leave_in_doubt():
    people = clusters(4, schools=3, classes=2)
    leaves = [Leaf(cell=cell, asked=30, size=30, school_chance=1.0, class_chance=1.0) for cell in people]
    found = estimate(weighted(tallied(people), leaves, {}), PART, satisfied)
    assert found
    assert found.variance == 0


def test_a_lonely_school_is_held_against_all():
    """One school in its stratum: its whole distance from the mean of all counts, so nothing passes for certainty."""
    people = clusters(5, schools=3)
    leaves = [
        Leaf(cell=cell, asked=30, size=30, stratum="lonely" if cell[0] == "s0" else "other", school_chance=0.1)
        for cell in people
    ]
    found = estimate(weighted(tallied(people), leaves, {}), PART, satisfied)
    shares = np.array([(told >= 4).mean() for told in people.values()])
    z = (shares - shares.mean()) / 3
    assert found
    assert found.variance == pytest.approx(0.9 * z[0] ** 2 + 0.9 * 2 * ((z[1:] - z[1:].mean()) ** 2).sum())


def test_one_class_of_a_school_is_the_cluster_itself():
    people = clusters(6, schools=5)
    few = [Leaf(cell=cell, asked=30, size=30, school_chance=0.5, class_chance=0.2) for cell in people]
    found = estimate(weighted(tallied(people), few, {}), PART, satisfied)
    shares = np.array([(told >= 4).mean() for told in people.values()])
    assert found
    assert found.variance == pytest.approx((1 - 0.5 * 0.2) * shares.var(ddof=1) / 5)


def test_what_classes_differ_by_is_that_of_all_schools_together():
    people = clusters(7, schools=6, classes=2)
    leaves = [Leaf(cell=cell, asked=30, size=30, school_chance=0.5, class_chance=0.25) for cell in people]
    bunches = weighted(tallied(people), leaves, {})
    schools = [bunches[at : at + 2] for at in range(0, 12, 2)]
    between = pooled(schools, PART, satisfied, 2.0)
    alone = [found for each in schools if (found := estimate(each, PART, satisfied, 1))]
    assert between.ratio == pytest.approx(sum(e.between for e in alone) / 0.75 / sum(e.simple for e in alone))
    assert between.freedom == 6
    expected = pooled([each[:1] for each in schools], PART, satisfied, 3.0)
    lonely = estimate(schools[0][:1], PART, satisfied, 1, expected)
    assert lonely
    assert lonely.variance == pytest.approx(3.0 * 0.75 * lonely.simple), "never only what one class says of itself"


def test_nobody_answered_means_no_estimate():
    assert estimate([], PART, satisfied) is None
    assert estimate(weighted({}, [Leaf(cell=("a", "1"), asked=5, size=5)], {}), PART, satisfied) is None


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(*[st.integers(1, 5)] * 2), min_size=1, max_size=30), st.integers(0, 40), st.integers(0, 2))
def test_an_interval_always_holds_its_own_share(told, more, depth):
    leaf = Leaf(cell=("a", "1"), asked=len(told) + more, size=len(told) + more, school_chance=0.3, class_chance=0.5)
    sheets = {("a", "1"): Tally(sheets=len(told), parts={PART: sums(np.array(told))})}
    found = estimate(weighted(sheets, [leaf], {}), PART, satisfied, depth)
    assert found
    low, high = interval(found, 0.95, 2.0)
    assert 0 <= low <= found.ratio + 1e-12
    assert found.ratio - 1e-12 <= high <= 1


# Weights


def chosen(school: str, name: str, **more: Any) -> Chosen:
    told = {"size": 40, "asked": 40, "school_chance": 0.5, "class_chance": 0.25, "person_chance": 1.0} | more
    return Chosen(school=school, stratum="x", class_name=name, **told)


def some(sheets: int) -> Tally:
    return Tally(sheets=sheets, parts={PART: sums(np.full((sheets, 1), 4))})


def weights(
    tallies: dict[tuple[str, ...], Tally], used: dict[tuple[str, ...], int], *drawn: Chosen
) -> dict[Any, float]:
    return {each.cell: each.weight for each in weighted(tallies, leaves_of_sample(drawn), used)}


def test_each_answer_stands_for_those_of_its_class_who_did_not_answer():
    drawn = chosen("a", "1"), chosen("a", "2", asked=10, person_chance=0.25)
    assert weights({("a", "1"): some(20), ("a", "2"): some(8)}, {}, *drawn) == {("a", "1"): 16.0, ("a", "2"): 40.0}


def test_a_class_in_which_nobody_answered_is_stood_for_by_its_school():
    drawn = chosen("a", "1"), chosen("a", "2")
    assert weights({("a", "1"): some(20)}, {}, *drawn) == {("a", "1"): 32.0}


def test_a_school_in_which_nobody_answered_is_stood_for_by_its_stratum():
    drawn = chosen("a", "1"), chosen("b", "1")
    assert weights({("a", "1"): some(20)}, {}, *drawn) == {("a", "1"): 32.0}


def test_answers_that_went_up_to_the_school_stand_for_the_classes_they_came_from():
    """24 of class 1, of whom 20 were let go there; 4 of class 2; the eight went up together."""
    drawn = chosen("a", "1"), chosen("a", "2")
    used = {("a", "1"): 24, ("a", "2"): 4}
    found = weights({("a", "1"): some(20), ("a",): some(8)}, used, *drawn)
    assert found[("a", "1")] == pytest.approx(320 / 24)
    assert found[("a",)] == pytest.approx((320 + 320 * 4 / 24) / 8)


def test_answers_that_went_up_to_everybody_stand_for_those_they_came_from():
    drawn = chosen("a", "1"), chosen("b", "1"), chosen("c", "1")
    used = {("a", "1"): 20, ("b", "1"): 3, ("c", "1"): 2}
    found = weights({("a", "1"): some(20), (): some(5)}, used, *drawn)
    assert found == pytest.approx({("a", "1"): 16.0, (): 640 / 5})


@settings(deadline=None, derandomize=True)
@given(st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("123")), st.integers(0, 40), min_size=1))
def test_weights_always_come_to_all_people(used):
    """Whatever was let go where."""
    drawn = [chosen(*cell) for cell in product("abc", "123")]
    tallies: dict[tuple[str, ...], Tally] = {cell: some(many) for cell, many in used.items() if many >= 5}
    rest = sum(many for many in used.values() if many < 5)
    if rest >= 5:
        tallies[()] = some(rest)
    found = weighted(tallies, leaves_of_sample(drawn), used)
    if found and len(found) > (rest >= 5):
        assert sum(each.weight * each.tally.sheets for each in found) == pytest.approx(9 * 320)


# Figures


def test_figures_of_everybody_of_schools_and_of_classes():
    cells = {("a", "1"): SHEETS * 5, ("a", "2"): SHEETS[:2] * 6, ("b", "1"): SHEETS[1:] * 7}
    tallies = {cell: tally(sheets, ASKED) for cell, sheets in cells.items()}
    drawn = [chosen(*cell) for cell in cells]
    found = figures(ASKED, tallies, leaves_of_sample(drawn), {})
    by = {(each.cell, each.area, each.question): each for each in found}
    assert len(by) == len(found)
    assert {each.cell for each in found} == {(), ("a",), ("b",), *cells}
    assert not [each for each in found if len(each.cell) == 2 and each.question], "questions of a class are not told"
    assert (by[(), "", ""].n, by[(), "", ""].people) == (41, 120)
    assert by[("a", "1"), "access", ""].share == pytest.approx(3 / 5)
    assert by[("b",), "", "delay:yes"].share == pytest.approx(1 / 2)
    assert by[("a",), "", "expectation"].mean == pytest.approx(70)
    assert by[("a",), "", "expectation"].share == pytest.approx(0.7)
    assert all(0 <= each.low <= each.share <= each.high <= 1 for each in found)
    assert all(each.hidden == "" for each in found)


def test_a_question_that_nobody_answered_has_no_figure():
    found = figures(ASKED, {("a",): tally([{"near": 4}] * 6, ASKED)}, leaves_of_everybody({("a",): 9, ("b",): 0}), {})
    assert {each.question for each in found if each.cell == ("a",)} == {"", "near"}


def test_more_answers_of_the_same_people_make_no_interval_narrower():
    """Four questions that everybody answers alike tell no more than one."""
    one = questionnaire(question("q1", "access"))
    four = questionnaire(*(question(f"q{n}", "access") for n in range(1, 5)))
    said = [5, 4, 2, 5, 3, 1, 4, 4, 5, 2]
    leaves = leaves_of_everybody({("a",): 100})
    of_one = figures(one, {("a",): tally([{"q1": each} for each in said], one)}, leaves, {})
    of_four = figures(four, {("a",): tally([{f"q{n}": each for n in range(1, 5)} for each in said], four)}, leaves, {})
    assert replace(of_four[0], question="") == of_one[0]
