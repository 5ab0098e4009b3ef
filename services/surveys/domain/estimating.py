"""From tallies to figures: weighted shares and means, their variance under the design, and intervals.

The share of a part is that of levels 4 and 5 among all its answers ("satisfied or very satisfied": Đề án QĐ
3982/QĐ-BGDĐT 2013, toolkit QĐ 3476/QĐ-BGDĐT 2019; SIPAS), so it is a ratio of two totals, each person weighted by one
over their chance.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import inf, sqrt

from schemas.surveys import Chosen, Figure, QuestionnairePublished
from services.surveys.domain.quantiles import t_quantile
from services.surveys.domain.tallying import EMPTY, Part, Tally, parts_of
from services.surveys.domain.variance import (
    NONE_LEFT,
    Between,
    Bunch,
    Cell,
    Estimate,
    Leaf,
    estimate,
    levels,
    pooled,
    satisfied,
)

METHOD = "weighted-ratio-wilson/1"
"""Names how figures are made, and the version of it."""


def leaves_of_sample(chosen: Iterable[Chosen]) -> tuple[Leaf, ...]:
    """The leaves of a sample's classes; the cell is (school, class). Give the classes of schools that were replaced
    no longer, those of their replacements instead."""
    return tuple(
        Leaf(
            cell=(each.school, each.class_name),
            asked=each.asked,
            size=each.size,
            stratum=each.stratum,
            school_chance=each.school_chance,
            class_chance=each.class_chance,
        )
        for each in chosen
    )


def leaves_of_everybody(issued: Mapping[Cell, int]) -> tuple[Leaf, ...]:
    """The leaves of a standing campaign: everybody of a cell is asked, for certain."""
    return tuple(Leaf(cell=cell, asked=many, size=many) for cell, many in sorted(issued.items()) if many)


def figures(
    published: QuestionnairePublished,
    tallies: Mapping[Cell, Tally],
    leaves: Iterable[Leaf],
    used: Mapping[Cell, int],
    *,
    confidence: float = 0.95,
    effect: float = 2.0,
    deep: int = 1,
) -> tuple[Figure, ...]:
    """All figures of a campaign, nothing hidden yet: pass them through `suppression.suppressed` before anybody sees
    them. `tallies` are by the cell that answers were released in, `leaves` those of the sample or of everybody,
    `used` how many answered by leaf (see `weighted`); `effect` is the design effect to expect where the answers can't
    tell it. Areas are told of every cell, questions of cells with at most `deep` parts. Where nobody answered there is
    no figure.

    `n` is how many people answered, `people` how many were asked. Numbers are told as `share` of the question's `most`
    (the share of expectation met) with `mean` as given.
    """
    known = tuple(leaves)
    bunches = weighted(tallies, known, used)
    most = {question.code: question.most for question in published.questions if question.kind == "number"}
    cells = sorted({cell[:end] for cell in (*tallies, *(leaf.cell for leaf in known)) for end in range(len(cell) + 1)})
    schools = [list(group) for _, group in groupby(bunches, key=lambda each: each.cell[:1])]
    between = {
        part: (pooled(schools, part, satisfied, effect), pooled(schools, part, levels, effect))
        for part in parts_of(published)
    }
    found: list[Figure] = []
    for cell in cells:
        inside = [each for each in bunches if each.cell[: len(cell)] == cell]
        asked = sum(leaf.asked for leaf in known if leaf.cell[: len(cell)] == cell)
        for part in parts_of(published):
            if part[1] and len(cell) > deep:
                continue
            figure = _figure(cell, part, inside, between[part], asked, most.get(part[1], 0), confidence, effect)
            if figure:
                found.append(figure)
    return tuple(found)


def weighted(tallies: Mapping[Cell, Tally], leaves: Sequence[Leaf], used: Mapping[Cell, int]) -> tuple[Bunch, ...]:
    """The people of each cell with their weights: one over the chance, times an adjustment for those who were asked and
    did not answer (weighting classes: Särndal, Swensson, Wretman 1992, § 15.6).

    `used` is how many answered by leaf, as the invitations tell, less those voided. Of a class that many stand for all
    its people, whether they were let go as its own answers or, too few, as the school's or everybody's: each of those
    has the mean weight of the answers that went up. People of a class in which nobody answered are stood for by the
    school's others, those of a school by the stratum's other schools.
    """
    strata: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        strata.setdefault(leaf.stratum, []).append(leaf)
    rest = tallies.get((), EMPTY) if all(leaf.cell for leaf in leaves) else EMPTY
    found: list[Bunch] = []
    up = 0.0
    for stratum in sorted(strata):
        wanted = 0.0
        of_stratum: list[Bunch] = []
        ordered = sorted(strata[stratum], key=lambda leaf: leaf.cell)
        for school, group in groupby(ordered, key=lambda leaf: leaf.cell[:1]):
            inside = list(group)
            bunches, went_up = _of_school(school, inside, tallies, used)
            went_up *= bool(rest.sheets)
            people = sum(map(_stands_for, inside)) - went_up
            of_stratum += _raised(bunches, people)
            wanted, up = wanted + people, up + went_up
        found += _raised(of_stratum, wanted)
    if rest.sheets:
        mean = _people(found) / sum(each.tally.sheets for each in found) if found else 1.0
        weight = up / rest.sheets if up else mean
        size = max(rest.sheets, round(rest.sheets * weight))
        nowhere = Leaf(cell=(), asked=size, size=size)
        found.append(Bunch(cell=(), leaf=nowhere, weight=weight, tally=rest, loose=True))
    return tuple(each for each in found if each.weight > 0)


def _of_school(
    school: Cell, leaves: Sequence[Leaf], tallies: Mapping[Cell, Tally], used: Mapping[Cell, int]
) -> tuple[list[Bunch], float]:
    """The bunches of a school, and for how many people those stand whose answers are in none of them."""
    found: list[Bunch] = []
    more, people = 0, 0.0
    for leaf in leaves:
        told = tallies.get(leaf.cell, EMPTY)
        answered = max(told.sheets, used.get(leaf.cell, 0))
        if told.sheets:
            found.append(Bunch(cell=leaf.cell, leaf=leaf, weight=_stands_for(leaf) / answered, tally=told))
        if answered:
            more += answered - told.sheets
            people += _stands_for(leaf) * (answered - told.sheets) / answered
    rest = tallies.get(school, EMPTY) if all(leaf.cell != school for leaf in leaves) else EMPTY
    if not rest.sheets:
        return found, people
    first = leaves[0]
    whole = Leaf(
        cell=school, asked=sum(leaf.asked for leaf in leaves), size=sum(leaf.size for leaf in leaves),
        stratum=first.stratum, school_chance=first.school_chance, class_chance=first.class_chance,
    )  # fmt: skip
    mean = sum(map(_stands_for, leaves)) / whole.asked
    weight = people / more if more else mean
    return [*found, Bunch(cell=school, leaf=whole, weight=weight, tally=rest, loose=True)], 0.0


def _stands_for(leaf: Leaf) -> float:
    """How many people of the population the asked people of a leaf stand for."""
    return leaf.size / (leaf.school_chance * leaf.class_chance) if leaf.asked else 0.0


def _people(bunches: Iterable[Bunch]) -> float:
    return sum(each.weight * each.tally.sheets for each in bunches)


def _raised(bunches: Sequence[Bunch], wanted: float) -> list[Bunch]:
    """The same bunches with weights that come to `wanted` people."""
    there = _people(bunches)
    if not there:
        return []
    return [
        Bunch(cell=each.cell, leaf=each.leaf, weight=each.weight * wanted / there, tally=each.tally, loose=each.loose)
        for each in bunches
    ]


# Intervals


def wilson(share: float, many: float, t: float) -> tuple[float, float]:
    """Wilson's interval (1927) of a share of `many` answers (may be infinite), t quantiles wide."""
    if many == inf:
        return share, share
    wide = t * t / many
    centre = (share + wide / 2) / (1 + wide)
    half = t * sqrt(share * (1 - share) / many + t * t / (4 * many * many)) / (1 + wide)
    return max(0.0, centre - half), min(1.0, centre + half)


def interval(found: Estimate, confidence: float, effect: float) -> tuple[float, float]:
    """Wilson's interval on the effective number of answers, R(1 − R) / V, with Student's t: Korn and Graubard 1998. V
    is never taken for less than that of a simple random sample of as many people (with its finite-population
    correction); where all agree, so that the answers can't tell V, it is that of such a sample times `effect`."""
    t = t_quantile((1 + confidence) / 2, found.freedom)
    variance = max(found.variance, found.simple * found.left)
    if found.left <= NONE_LEFT:
        many = inf
    elif variance > 0 and 0 < found.ratio < 1:
        many = found.ratio * (1 - found.ratio) / variance
    else:
        many = found.answered / (effect * found.left)
    return wilson(found.ratio, many, t)


def _figure(
    cell: Cell,
    part: Part,
    bunches: Sequence[Bunch],
    between: tuple[Between, Between],
    asked: int,
    most: int,
    confidence: float,
    effect: float,
) -> Figure | None:
    area, question = part
    mean = estimate(bunches, part, levels, len(cell), between[1])
    share = estimate(bunches, part, satisfied, len(cell), between[0])
    if not mean or not share:
        return None
    error = sqrt(mean.variance)
    if most:
        reach = t_quantile((1 + confidence) / 2, mean.freedom) * max(error, sqrt(mean.simple * mean.left))
        low, high = max(0.0, (mean.ratio - reach) / most), min(1.0, (mean.ratio + reach) / most)
    else:
        low, high = interval(share, confidence, effect)
    chief = mean if most else share
    simple = chief.simple * chief.left
    return Figure(
        cell=cell,
        area=area,
        question=question,
        n=chief.answered,
        people=asked,
        share=round(mean.ratio / most if most else share.ratio, 6),
        low=round(low, 6),
        high=round(high, 6),
        mean=round(mean.ratio, 6),
        error=round(error, 6),
        effect=round(chief.variance / simple, 4) if simple > 0 else 1.0,
    )
