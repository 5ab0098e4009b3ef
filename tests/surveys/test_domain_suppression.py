"""Nobody works out from what is published what fewer than five people said: an attacker tries, who has all published
counts, knows the tree and what the marks mean, and solves the equations and bounds with SciPy."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from schemas.surveys import Figure
from services.surveys.domain.suppression import LEAST, hide, suppressed

Cell = tuple[str, ...]
Counts = dict[Cell, int]


def tree(groups: list[list[int]], rests: list[int], rest: int) -> Counts:
    """A root over groups over cells; `rests` were released of a group itself, `rest` of the root. Cells of nobody are
    not in it."""
    found: Counts = {}
    for at, (counts, more) in enumerate(zip(groups, rests, strict=True)):
        group = f"g{at}"
        found |= {(group, f"c{place}"): count for place, count in enumerate(counts)}
        found[(group,)] = sum(counts) + more
    found[()] = sum(count for cell, count in found.items() if len(cell) == 1) + rest
    return {cell: count for cell, count in found.items() if count}


class Attacker:
    """Unknown are the leaves, with one for what was released of a group itself, where there is something; published
    counts are sums of them. Of cells inside a hidden few nothing is said."""

    def __init__(self, counts: Counts, hidden: dict[Cell, Any]) -> None:
        inside_few = {at for at in counts if any(hidden.get(at[:end]) == "few" for end in range(len(at)))}
        counts = {cell: count for cell, count in counts.items() if cell not in inside_few}
        hidden = {cell: ground for cell, ground in hidden.items() if cell not in inside_few}
        inner = {cell[:-1] for cell in counts if cell}
        inside = {cell: sum(n for at, n in counts.items() if at and at[:-1] == cell) for cell in inner}
        rests = {(*cell, "rest"): counts[cell] - inside[cell] for cell in inner}
        leaves = {cell: count for cell, count in (counts | rests).items() if cell not in inner and count}
        self.leaves, self.truth = list(leaves), list(leaves.values())
        self.published = [cell for cell in counts if cell not in hidden]
        self.sums = np.array([self.over(cell) for cell in self.published], dtype=float).reshape(
            len(self.published), len(self.leaves)
        )
        self.values = np.array([counts[cell] for cell in self.published], dtype=float)
        self.marked = [(self.over(cell), ground) for cell, ground in hidden.items()]

    def over(self, cell: Cell) -> list[float]:
        """Which leaves a cell is made of."""
        return [float(leaf[: len(cell)] == cell) for leaf in self.leaves]

    def bounds(self, wanted: Any) -> tuple[float, float]:
        """From what to what the sum of some leaves may be."""
        above = [[-x for x in over] for over, _ in self.marked]
        limits = [-1.0 if ground == "few" else -float(LEAST) for _, ground in self.marked]
        for over, ground in self.marked:
            if ground == "few":
                above.append(list(over))
                limits.append(LEAST - 1.0)
        told: dict[str, Any] = {"bounds": (0, None), "method": "highs"}
        if above:
            told |= {"A_ub": np.array(above), "b_ub": np.array(limits)}
        if len(self.values):
            told |= {"A_eq": self.sums, "b_eq": self.values}
        low, high = linprog(wanted, **told), linprog([-x for x in wanted], **told)
        assert low.status == 0
        return low.fun, (-high.fun if high.status == 0 else np.inf)

    def learns(self) -> str:
        """What can be worked out, "" for nothing: the count of a hidden few, of a rest or of two hidden cells of fewer
        than five together, by bounds; the sum of any set of cells that is below five, by adding and taking away."""
        secret = [at for at, leaf in enumerate(self.leaves) if leaf not in self.published]
        for many in (1, 2):
            for which in combinations(secret, many):
                if 0 < sum(self.truth[at] for at in which) < LEAST:
                    low, high = self.bounds([float(at in which) for at in range(len(self.leaves))])
                    if high - low < 0.5:
                        return f"{[self.leaves[at] for at in which]} is {low:.0f}"
        if len(self.values):
            known = np.linalg.pinv(self.sums) @ self.sums
            for bits in range(1, 2 ** len(self.leaves)):
                wanted = np.array([float(bits >> at & 1) for at in range(len(self.leaves))])
                if (people := wanted @ self.truth) < LEAST and np.allclose(wanted @ known, wanted, atol=1e-6):
                    return f"{wanted} of {self.leaves} is {people}"
        return ""


COUNT = st.integers(0, 12)
GROUPS = st.lists(st.lists(COUNT, min_size=1, max_size=4), min_size=1, max_size=3)
RESTS = st.sampled_from([0, 0, 0, 1, 3, 5, 8])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(GROUPS, st.lists(RESTS, min_size=3, max_size=3), RESTS)
def test_nobody_works_out_what_is_hidden(groups, rests, rest):
    counts = tree(groups, rests[: len(groups)], rest)
    hidden = hide(counts)
    assert all(hidden.get(cell) == "few" for cell, count in counts.items() if count < LEAST)
    assert all(counts[cell] >= LEAST for cell, ground in hidden.items() if ground == "guard")
    assert Attacker(counts, hidden).learns() == ""


@settings(max_examples=60, deadline=None, derandomize=True)
@given(GROUPS, st.lists(RESTS, min_size=3, max_size=3), RESTS)
def test_no_guard_is_hidden_in_vain(groups, rests, rest):
    counts = tree(groups, rests[: len(groups)], rest)
    hidden = hide(counts)
    for cell in [cell for cell, ground in hidden.items() if ground == "guard"]:
        assert Attacker(counts, {at: ground for at, ground in hidden.items() if at != cell}).learns()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(GROUPS)
def test_hiding_only_the_few_would_not_do(groups):
    """The attacker is no paper tiger: where somebody is alone in being hidden he finds them."""
    counts = tree(groups, [0] * len(groups), 0)
    few = {cell: "few" for cell, count in counts.items() if count < LEAST}
    alone = [
        cell for cell in few if cell and cell[:-1] not in few and sum(at[:-1] == cell[:-1] for at in few if at) == 1
    ]
    assume(alone and () not in few)
    assert Attacker(counts, few).learns()


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({(): 30, ("a",): 10, ("b",): 12, ("c",): 8}, {}),
        ({(): 20, ("a",): 8, ("b",): 3, ("c",): 9}, {("b",): "few", ("a",): "guard"}),
        ({(): 3, ("a",): 3}, {(): "few", ("a",): "few"}),
        ({(): 8, ("a",): 8, ("a", "x"): 8}, {}),
        # Two of four are surely four each, and two of one are one each: a third is hidden with them.
        ({(): 20, ("a",): 4, ("b",): 4, ("c",): 12}, {("a",): "few", ("b",): "few", ("c",): "guard"}),
        ({(): 17, ("a",): 3, ("b",): 4, ("c",): 10}, {("a",): "few", ("b",): "few"}),
        # A guard whose parts are all shown would be no guard.
        (
            {(): 25, ("a",): 3, ("b",): 22, ("b", "x"): 9, ("b", "y"): 13},
            {("a",): "few", ("b",): "guard", ("b", "x"): "guard"},
        ),
        # Nothing to hide behind: the whole goes.
        ({(): 8, ("a",): 3, ("b",): 5}, {("a",): "few", ("b",): "guard"}),
        ({(): 6, ("a",): 1, ("b",): 5}, {(): "guard", ("a",): "few"}),
    ],
)
def test_what_is_hidden_of_small_trees(counts, hidden):
    assert hide(counts) == hidden


@settings(deadline=None, derandomize=True)
@given(GROUPS, st.randoms())
def test_the_order_of_cells_does_not_matter(groups, chance):
    counts = tree(groups, [0] * len(groups), 0)
    cells = list(counts.items())
    chance.shuffle(cells)
    assert hide(dict(cells)) == hide(counts)


# Figures


def figure(cell: Cell, n: int, area: str = "access", question: str = "", **more: Any) -> Figure:
    return Figure(cell=cell, area=area, question=question, n=n, people=40, share=0.5, mean=3.1, error=0.2, **more)


def test_a_hidden_figure_says_nothing_but_why():
    shown = suppressed([figure((), 20), figure(("a",), 8), figure(("b",), 3), figure(("c",), 9)])
    assert shown == (
        figure((), 20),
        Figure(cell=("a",), area="access", hidden="guard"),
        Figure(cell=("b",), area="access", hidden="few"),
        figure(("c",), 9),
    )


def test_of_cells_inside_a_hidden_few_nothing_is_said():
    """Four classes with somebody in a school of at most four would be one each."""
    classes = [figure(("a", each), 1) for each in "1234"]
    shown = suppressed([figure((), 30), figure(("a",), 4), *classes, figure(("b",), 26)])
    assert [(each.cell, each.hidden) for each in shown] == [((), ""), (("a",), "few"), (("b",), "guard")]


def test_each_question_is_hidden_by_its_own_count():
    """Of thirty people two answered what only the late are asked."""
    shown = suppressed([
        *(figure(("a",), 30, question=each) for each in ("q1", "q2")),
        figure(("a",), 2, question="delay"), figure(("a",), 30), figure(("b",), 30), figure((), 60),
    ])  # fmt: skip
    by = {(each.cell, each.question): each.hidden for each in shown}
    assert by[("a",), "delay"] == "few"
    assert by[("a",), ""] == "", "the area stays"
    assert sorted((by[("a",), "q1"], by[("a",), "q2"])) == ["", "guard"], "or area less questions would be the two"


def test_an_area_goes_where_its_only_question_is_hidden_with_no_other_to_hide_behind():
    shown = suppressed([figure(("a",), 6), figure(("a",), 3, question="q1"), figure(("a",), 6, area="other")])
    assert [each.hidden for each in shown] == ["guard", "few", ""]


def test_the_whole_is_not_left_with_one_hidden_area():
    told = [figure((), 9, area=""), *(figure((), n, area=area) for area, n in (("a", 9), ("b", 4), ("c", 9)))]
    assert [each.hidden for each in suppressed(told)] == ["", "guard", "few", ""]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=1, max_size=4))
def test_no_cell_shows_a_sum_of_which_only_one_part_is_hidden(cells):
    told = []
    for at, counts in enumerate(cells):
        told += [figure((f"c{at}",), n, question=f"q{place}") for place, n in enumerate(counts) if n]
        told += [figure((f"c{at}",), max(counts))] if any(counts) else []
    for place in range(3):
        told += [figure((), n, question=f"q{place}")] if (n := sum(each[place] for each in cells)) else []
    told += [figure((), n)] if (n := sum(max(each) for each in cells)) else []
    counts = {(each.cell, each.question): each.n for each in told}
    shown = {(each.cell, each.question): each for each in suppressed(told)}
    for (cell, question), each in shown.items():
        if not question and not each.hidden:
            there = [(at, code) for at, code in counts if at == cell and code]
            secret = [key for key in there if key not in shown or shown[key].hidden]
            assert len(secret) != 1
    for question in ("", "q0", "q1", "q2"):
        tree_of = {cell: n for (cell, code), n in counts.items() if code == question}
        hidden = {cell: it.hidden for (cell, code), it in shown.items() if code == question and it.hidden}
        assert Attacker(tree_of, hidden).learns() == ""
