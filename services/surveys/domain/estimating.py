"""From tallies to figures: weighted shares and means, their variance under the design, and intervals.

The share of a part is that of levels 4 and 5 among all its answers ("satisfied or very satisfied": Đề án QĐ
3982/QĐ-BGDĐT 2013, toolkit QĐ 3476/QĐ-BGDĐT 2019; SIPAS), so it is a ratio of two totals, each person weighted by one
over their chance. A sample of schools and classes, and a standing campaign that asks everybody, go one way: the latter
has chances of one throughout, and only non-response leaves a doubt.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf, sqrt
from typing import TypeAlias

from schemas.surveys import Chosen, Figure, QuestionnairePublished
from services.surveys.domain.quantiles import t_quantile
from services.surveys.domain.tallying import EMPTY, NOTHING, Part, Sums, Tally, parts_of

METHOD = "weighted-ratio-wilson/1"
"""Names how figures are made, and the version of it."""
NONE_LEFT = 1e-9

Cell: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """A smallest cell in which people were asked: `asked` of its `size`. Its school, the first part of `cell`, was
    drawn in `stratum` with `school_chance`, it itself among the school's classes with `class_chance`."""

    cell: Cell
    asked: int
    size: int
    stratum: str = ""
    school_chance: float = 1.0
    class_chance: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Bunch:
    """People who answered together: `weight` is that of each. A bunch that came from the group above has no class of
    its own (`loose`)."""

    cell: Cell
    leaf: Leaf
    weight: float
    tally: Tally
    loose: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A ratio, its variance with the degrees of freedom that this rests on, and the variance that a simple random
    sample of as many people would have. `answered` people of an estimated `people` answered."""

    ratio: float
    variance: float
    freedom: float
    simple: float
    answered: int
    people: float


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
    *,
    confidence: float = 0.95,
    effect: float = 2.0,
    deep: int = 1,
) -> tuple[Figure, ...]:
    """All figures of a campaign, nothing hidden yet: pass them through `suppression.suppressed` before anybody sees
    them. `tallies` are by the cell that answers were released in, `leaves` those of the sample or of everybody;
    `effect` is the design effect to expect where the answers can't tell it. Areas are told of every cell, questions of
    cells with at most `deep` parts. Where nobody answered there is no figure.

    `n` is how many people answered, `people` how many were asked. Numbers are told as `share` of the question's `most`
    (the share of expectation met) with `mean` as given.
    """
    known = tuple(leaves)
    bunches = weighted(tallies, known)
    most = {question.code: question.most for question in published.questions if question.kind == "number"}
    cells = sorted({cell[:end] for cell in (*tallies, *(leaf.cell for leaf in known)) for end in range(len(cell) + 1)})
    found: list[Figure] = []
    for cell in cells:
        inside = [each for each in bunches if each.cell[: len(cell)] == cell]
        asked = sum(leaf.asked for leaf in known if leaf.cell[: len(cell)] == cell)
        for part in parts_of(published):
            if part[1] and len(cell) > deep:
                continue
            figure = _figure(cell, part, inside, asked, most.get(part[1], 0), confidence, effect)
            if figure:
                found.append(figure)
    return tuple(found)


def weighted(tallies: Mapping[Cell, Tally], leaves: Sequence[Leaf]) -> tuple[Bunch, ...]:
    """The people of each cell with their weights: one over the chance, times an adjustment for those who were asked and
    did not answer (weighting classes: Särndal, Swensson, Wretman 1992, § 15.6).

    Those of a class stand for its asked people who did not answer; those of a school for its classes in which nobody
    did; those of a stratum for its schools in which nobody did. Answers that were released of a whole school, since a
    class had too few, get its mean weight, and the adjustment is the school's; those of everybody get the mean of all.
    """
    strata: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        strata.setdefault(leaf.stratum, []).append(leaf)
    found: list[Bunch] = []
    for stratum in sorted(strata):
        wanted = 0.0
        of_stratum: list[Bunch] = []
        ordered = sorted(strata[stratum], key=lambda leaf: leaf.cell)
        for school, group in groupby(ordered, key=lambda leaf: leaf.cell[:1]):
            inside = list(group)
            wanted += sum(map(_stands_for, inside))
            of_stratum += _of_school(school, inside, tallies)
        found += _raised(of_stratum, wanted)
    rest = tallies.get((), EMPTY)
    if rest.sheets and found and all(leaf.cell for leaf in leaves):
        mean = sum(each.weight * each.tally.sheets for each in found) / sum(each.tally.sheets for each in found)
        nowhere = Leaf(cell=(), asked=rest.sheets, size=max(rest.sheets, round(rest.sheets * mean)))
        found = _raised([*found, Bunch(cell=(), leaf=nowhere, weight=mean, tally=rest, loose=True)], _people(found))
    return tuple(found)


def _of_school(school: Cell, leaves: Sequence[Leaf], tallies: Mapping[Cell, Tally]) -> list[Bunch]:
    found = [
        Bunch(cell=leaf.cell, leaf=leaf, weight=_stands_for(leaf) / told.sheets, tally=told)
        for leaf in leaves
        if (told := tallies.get(leaf.cell, EMPTY)).sheets
    ]
    rest = tallies.get(school, EMPTY) if all(leaf.cell != school for leaf in leaves) else EMPTY
    if rest.sheets:
        asked = sum(leaf.asked for leaf in leaves)
        mean = sum(map(_stands_for, leaves)) / asked
        first = leaves[0]
        whole = Leaf(
            cell=school, asked=asked, size=sum(leaf.size for leaf in leaves), stratum=first.stratum,
            school_chance=first.school_chance, class_chance=first.class_chance,
        )  # fmt: skip
        found = [
            Bunch(cell=each.cell, leaf=each.leaf, weight=_stands_for(each.leaf) / each.leaf.asked, tally=each.tally)
            for each in found
        ]
        found.append(Bunch(cell=school, leaf=whole, weight=mean, tally=rest, loose=True))
    return _raised(found, sum(map(_stands_for, leaves)))


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


# Variance


def satisfied(sums: Sums) -> tuple[int, int, int]:
    """What a share is made of: the sums of y, of m·y and of y·y."""
    return sums.y, sums.my, sums.yy


def levels(sums: Sums) -> tuple[int, int, int]:
    """What a mean is made of: the sums of s, of m·s and of s·s."""
    return sums.s, sums.ms, sums.ss


def estimate(
    bunches: Sequence[Bunch], part: Part, of: Callable[[Sums], tuple[int, int, int]], depth: int = 0
) -> Estimate | None:
    """The ratio R = Σw·y / Σw·m over the people of `bunches` and its linearised variance; None where nobody answered.

    `depth` tells whose figure it is: 0 that of all, schools are the clusters; 1 that of one school, its classes are; 2
    that of a class. With z the totals of w·(y − R·m) / Σw·m (Taylor linearisation: Särndal, Swensson, Wretman 1992,
    § 5.5 to 5.7; Woodruff 1971) the variance is that of three stages (ibid. § 4.3 and 4.4; Cochran 1977, § 11.8):

    - between schools, in each stratum of n: n / (n − 1) · Σ(1 − π)(z − A)², where A is the mean of z weighted by 1 − π
      (Deville 1999; a school that was certain, π = 1, drops out by itself);
    - between the classes of each school, times its π: (1 − c) · k / (k − 1) · Σ(z − z̄)², c the chance of a class;
    - between the people of each class, times both chances: (1 − r / size) · r / (r − 1) · Σ(z − z̄)², with r who
      answered: those are taken for a simple random sample of the class.

    Where a stratum has one school, a school one class or a class one person, there is no mean of its own: z is held
    against that of all, which is nought. Degrees of freedom are Welch's (1947): (ΣV)² / Σ(V² / (f + 2)) − 2.
    """
    rows = [(each, each.tally.parts.get(part, NOTHING)) for each in bunches]
    whole = sum(each.weight * sums.m for each, sums in rows)
    if not whole:
        return None
    ratio = sum(each.weight * of(sums)[0] for each, sums in rows) / whole
    stages: list[tuple[float, float]] = []
    spread = 0.0
    of_school: dict[tuple[str, Cell], list[tuple[Bunch, float]]] = {}
    for each, sums in rows:
        y, my, yy = of(sums)
        z = each.weight * (y - ratio * sums.m) / whole
        squares = each.weight**2 * max(0.0, yy - 2 * ratio * my + ratio**2 * sums.mm) / whole**2
        spread += squares / each.weight
        schools, classes = _chances(each.leaf, depth)
        r = each.tally.sheets
        inside = squares * (r > 1) - z * z / r * (r > 1) + squares * (r == 1)
        stages.append(
            (
                schools * classes * max(0.0, 1 - r / each.leaf.size) * max(0.0, inside) * (r / (r - 1) if r > 1 else 1),
                max(1, r - 1),
            )
        )
        of_school.setdefault((each.leaf.stratum, each.cell[:1]), []).append((each, z))
    strata: dict[str, list[tuple[float, float]]] = {}
    for (stratum, _), inside_school in of_school.items():
        schools, classes = _chances(inside_school[0][0].leaf, depth)
        if depth < 2:
            stages.append(_between([(1 - classes, z) for each, z in inside_school if not each.loose], schools))
        if schools < 1:
            strata.setdefault(stratum, []).append((1 - schools, sum(z for _, z in inside_school)))
    stages += (_between(found) for found in strata.values())
    n = sum(sums.n for _, sums in rows)
    people = sum(each.weight * sums.n for each, sums in rows)
    left = max(0.0, 1 - n / people)
    simple = left * spread * people / max(1, n - 1)
    return Estimate(
        ratio=ratio, variance=sum(v for v, _ in stages), freedom=_freedom(stages), simple=simple, answered=n,
        people=people,
    )  # fmt: skip


def _chances(leaf: Leaf, depth: int) -> tuple[float, float]:
    return (leaf.school_chance if depth == 0 else 1.0), (leaf.class_chance if depth < 2 else 1.0)


def _between(clusters: Sequence[tuple[float, float]], factor: float = 1.0) -> tuple[float, float]:
    """The variance between clusters, each (1 − chance, z), and its degrees of freedom."""
    n, doubt = len(clusters), sum(left for left, _ in clusters)
    if doubt <= NONE_LEFT:
        return 0.0, 1.0
    centre = sum(left * z for left, z in clusters) / doubt if n > 1 else 0.0
    return factor * sum(left * (z - centre) ** 2 for left, z in clusters) * n / max(1, n - 1), max(1, n - 1)


def _freedom(stages: Sequence[tuple[float, float]]) -> float:
    whole = sum(variance for variance, _ in stages)
    if not whole:
        return inf
    found = whole**2 / sum(variance**2 / (freedom + 2) for variance, freedom in stages) - 2
    return max(1.0, min(found, sum(freedom for variance, freedom in stages if variance)))


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
    is never taken for less than that of a simple random sample of as many people; where all agree and the answers can't
    tell V, that of such a sample times `effect` is the floor."""
    t = t_quantile((1 + confidence) / 2, found.freedom)
    left = 1 - found.answered / found.people
    variance = max(found.variance, found.simple)
    if left <= NONE_LEFT:
        many = inf
    elif variance > 0 and 0 < found.ratio < 1:
        many = found.ratio * (1 - found.ratio) / variance
    else:
        many = found.answered / (effect * left)
    return wilson(found.ratio, many, t)


def _figure(
    cell: Cell, part: Part, bunches: Sequence[Bunch], asked: int, most: int, confidence: float, effect: float
) -> Figure | None:
    area, question = part
    mean = estimate(bunches, part, levels, len(cell))
    if not mean:
        return None
    if most:
        reach = t_quantile((1 + confidence) / 2, mean.freedom) * sqrt(max(mean.variance, mean.simple))
        share, chief = mean.ratio / most, mean
        low, high = max(0.0, (mean.ratio - reach) / most), min(1.0, (mean.ratio + reach) / most)
    else:
        chief = estimate(bunches, part, satisfied, len(cell)) or mean
        share, (low, high) = chief.ratio, interval(chief, confidence, effect)
    return Figure(
        cell=cell,
        area=area,
        question=question,
        n=chief.answered,
        people=asked,
        share=round(share, 6),
        low=round(low, 6),
        high=round(high, 6),
        mean=round(mean.ratio, 6),
        error=round(sqrt(mean.variance), 6),
        effect=round(chief.variance / chief.simple, 4) if chief.simple > 0 else 1.0,
    )


def response_rate(used: int, issued: int) -> float:
    """Who answered of those who were given an invitation (AAPOR 2016, RR1, as all who were asked could answer); nought
    where nobody was asked."""
    return used / issued if issued else 0.0
