"""Places and changes, no more certain than the figures: against statsmodels, and against chance."""

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from schemas.surveys import Figure
from services.surveys.domain.estimating import wilson
from services.surveys.domain.quantiles import t_quantile
from services.surveys.domain.ranking import LEAST, compare, compare_all, holm, rank, unranked

Z = t_quantile(0.975, inf)


def figure(unit: str, yes: int, n: int) -> Figure:
    low, high = wilson(yes / n, n, Z)
    return Figure(cell=(unit,), area="", n=n, people=n * 2, share=yes / n, low=low, high=high)


# Changes


@pytest.mark.parametrize(
    ("now", "then"), [((80, 100), (60, 100)), ((3, 40), (0, 35)), ((50, 50), (45, 50)), ((9, 10), (1, 9))]
)
def test_the_interval_of_a_change_is_newcombe_s(now, then):
    low, high = confint_proportions_2indep(*now, *then, method="newcomb", compare="diff")
    found = compare(figure("a", *now), figure("a", *then))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert found.difference == pytest.approx(now[0] / now[1] - then[0] / then[1])


PAIR = st.tuples(st.integers(0, 60), st.integers(60, 90))


@settings(deadline=None, derandomize=True)
@given(PAIR, PAIR)
def test_a_change_is_significant_just_where_its_interval_leaves_out_nought(now, then):
    found = compare(figure("a", *now), figure("a", *then))
    assert found.low <= found.difference <= found.high
    assert 0 <= found.chance <= 1
    assert found.significant == (found.low > 0 or found.high < 0) or min(abs(found.low), abs(found.high)) < 1e-12


def test_the_other_way_round_is_the_same_change_backwards():
    one, other = figure("a", 30, 50), figure("a", 40, 50)
    forth, back = compare(one, other), compare(other, one)
    assert (forth.difference, forth.low, forth.high) == pytest.approx((-back.difference, -back.high, -back.low))
    assert forth.chance == pytest.approx(back.chance)


def test_figures_that_are_certain_differ_for_certain():
    one, other = Figure(cell=("a",), area="", n=9, share=0.5, low=0.5, high=0.5), figure("a", 40, 50)
    sure = Figure(cell=("a",), area="", n=9, share=0.6, low=0.6, high=0.6)
    assert (compare(sure, one).chance, compare(sure, one).significant) == (0.0, True)
    assert (compare(other, other).chance, compare(other, other).significant) == (1.0, False)


@pytest.mark.parametrize("many", [1, 2, 7, 40])
def test_holm_s_correction_is_statsmodels(many):
    chances = [float(each) for each in np.random.default_rng(many).uniform(0, 0.1, many)]
    assert holm(chances) == pytest.approx(multipletests(chances, method="holm")[1], abs=1e-12)
    assert holm([0.5] * many) == (min(1.0, 0.5 * many),) * many


def test_of_many_changes_only_what_stands_the_correction_is_significant():
    """One of twenty areas at p = 0.04 is what chance brings."""
    pairs = [(figure("a", 62, 100), figure("a", 48, 100))] + [(figure("a", 50, 100), figure("a", 50, 100))] * 19
    assert compare(*pairs[0]).significant
    assert not any(each.significant for each in compare_all(pairs))
    assert compare_all([(figure("a", 90, 100), figure("a", 30, 100)), *pairs])[0].significant


def test_where_nothing_changed_a_change_is_seen_no_more_often_than_one_time_in_twenty():
    rng = np.random.default_rng(6)
    seen = 0
    for now, then in rng.binomial(200, 0.8, (2000, 2)):
        seen += compare(figure("a", int(now), 200), figure("a", int(then), 200)).significant
    assert seen / 2000 <= 0.05 + 3 * sqrt(0.05 * 0.95 / 2000), "own error 0.0049"


# Places


def test_units_that_can_not_be_told_apart_share_their_places():
    places = rank([figure("a", 95, 100), figure("b", 93, 100), figure("c", 40, 100), figure("d", 38, 100)])
    assert [(each.unit, each.from_rank, each.to_rank) for each in places] == [
        ("a", 1, 2), ("b", 1, 2), ("c", 3, 4), ("d", 3, 4),
    ]  # fmt: skip


def test_three_friendly_answers_win_nothing():
    """Below the least count there is no place; and were there one, the range would be all places and it stands last."""
    figures = [figure("tiny", 3, 3), figure("good", 480, 500), figure("fair", 400, 500)]
    assert [each.unit for each in rank(figures)] == ["good", "fair"]
    assert unranked(figures) == [figures[0]]
    tiny = next(each for each in rank(figures, least=1) if each.unit == "tiny")
    assert (tiny.from_rank, tiny.to_rank) == (1, 3)
    assert rank(figures, least=1)[0].unit == "good"


def test_who_is_hidden_has_no_place():
    hidden = Figure(cell=("x",), area="", hidden="guard")
    assert rank([hidden, figure("a", 40, LEAST + 20)])[0].unit == "a"
    assert unranked([hidden, figure("b", 5, LEAST - 1), figure("a", 40, 50)]) == [figure("b", 5, LEAST - 1), hidden]


def test_equal_figures_have_equal_places():
    places = rank([figure(unit, 40, 50) for unit in "abc"])
    assert {(each.from_rank, each.to_rank) for each in places} == {(1, 3)}


def test_all_ranges_hold_the_true_places_together_as_often_as_they_promise():
    """Twelve units, some alike: in 95 % of 400 rankings or more every range holds its true place (own error 0.011)."""
    truths = [0.9, 0.88, 0.88, 0.8, 0.8, 0.8, 0.7, 0.65, 0.6, 0.6, 0.5, 0.3]
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(400):
        figures = [figure(f"{at:02}", int(rng.binomial(150, truth)), 150) for at, truth in enumerate(truths)]
        held += all(
            each.from_rank <= 1 + sum(other > truths[int(each.unit)] for other in truths)
            and sum(other >= truths[int(each.unit)] for other in truths) <= each.to_rank
            for each in rank(figures)
        )
    assert held / 400 >= 0.95 - 3 * sqrt(0.95 * 0.05 / 400)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(60, 200)), max_size=8))
def test_places_are_ranges_within_all(counts):
    figures = [figure(f"{at}", *each) for at, each in enumerate(counts)]
    places = rank(figures)
    assert len(places) == len(figures)
    assert all(1 <= each.from_rank <= each.to_rank <= len(figures) for each in places)
    best = max(figures, key=lambda each: each.share, default=None)
    assert best is None or next(each for each in places if each.figure == best).from_rank == 1
