"""A ratio of weighted totals and what it may be off by, under a design of schools, classes and persons.

A sample of schools and classes, and a standing campaign that asks everybody, go one way: the latter has chances of one
throughout, and only non-response leaves a doubt.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from services.surveys.domain.tallying import NOTHING, Part, Sums, Tally

Cell: TypeAlias = tuple[str, ...]
Of: TypeAlias = Callable[[Sums], tuple[int, int, int]]
"""What a ratio is made of beside m: `satisfied` or `levels`."""
NONE_LEFT = 1e-9


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
    """People who answered together: `weight` is that of each. A bunch that was released of a whole school, or of
    everybody, belongs to no class (`loose`)."""

    cell: Cell
    leaf: Leaf
    weight: float
    tally: Tally
    loose: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A ratio; its `variance`, of which `between` is that between the classes of schools, and the degrees of `freedom`
    that this rests on. `answered` people answered; a share `left` of all did not; `simple` is the variance that a
    simple random sample of as many from an endless population would have."""

    ratio: float
    variance: float
    between: float
    freedom: float
    simple: float
    answered: int
    left: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Between:
    """How classes of a school differ, of many schools together: the variance between them, over that of simple random
    sampling, both before finite-population correction; with its degrees of freedom."""

    ratio: float
    freedom: float


def satisfied(sums: Sums) -> tuple[int, int, int]:
    """What a share is made of: the sums of y, of m·y and of y·y."""
    return sums.y, sums.my, sums.yy


def levels(sums: Sums) -> tuple[int, int, int]:
    """What a mean is made of: the sums of s, of m·s and of s·s."""
    return sums.s, sums.ms, sums.ss


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A bunch's share in an estimate: z the total of its residuals, `squares` the sum of their squares, both weighted
    and over Σw·m; the chances of its school and class as far as they matter for whose figure it is."""

    bunch: Bunch
    z: float
    squares: float
    schools: float
    classes: float


def estimate(
    bunches: Sequence[Bunch], part: Part, of: Of, depth: int = 0, between: Between | None = None
) -> Estimate | None:
    """The ratio R = Σw·y / Σw·m over the people of `bunches` and its linearised variance; None where nobody answered.

    `depth` tells whose figure it is: 0 that of all, schools are the clusters; 1 that of one school, its classes are; 2
    that of a class. With z the totals of w·(y − R·m) / Σw·m (Taylor linearisation: Woodruff 1971; Särndal, Swensson,
    Wretman 1992, § 5.5 to 5.7) the variance is that of three stages (ibid. § 4.3 and 4.4; Cochran 1977, § 11.8):

    - between schools, in each stratum of n: n / (n − 1) · Σ(1 − π)(z − A)², where A is the mean of z weighted by 1 − π
      (Deville 1999; a school that was certain, π = 1, drops out by itself);
    - between the classes of each school, times its π: (1 − c) · k / (k − 1) · Σ(z − z̄)², c the chance of a class;
    - between the people of each class, times both chances: (1 − r / size) · r / (r − 1) · Σ(z − z̄)², with r who
      answered: those are taken for a simple random sample of the class.

    A school with one class takes part in the first stage with 1 − π·c instead of 1 − π, as if that class were the
    cluster. Where a stratum has one such cluster, or a class one person, there is no mean of its own: z is held against
    that of all, which is nought. Two or three classes tell little of how classes differ, so the figure of one school
    takes that from all schools where `between` is given. Degrees of freedom are Welch's (1947):
    (ΣV)² / Σ(V² / (f + 2)) − 2.
    """
    whole = sum(each.weight * each.tally.parts.get(part, NOTHING).m for each in bunches)
    if not whole:
        return None
    ratio = sum(each.weight * of(each.tally.parts.get(part, NOTHING))[0] for each in bunches) / whole
    rows = [_row(each, each.tally.parts.get(part, NOTHING), of, ratio, whole, depth) for each in bunches]
    n = sum(each.tally.parts.get(part, NOTHING).n for each in bunches)
    people = sum(each.weight * each.tally.parts.get(part, NOTHING).n for each in bunches)
    simple = sum(row.squares / row.bunch.weight for row in rows) * people / max(1, n - 1)
    second = _second(rows, simple, between if depth == 1 else None) if depth < 2 else []
    stages = [*(_first(rows) if depth == 0 else ()), *second, *map(_third, rows)]
    return Estimate(
        ratio=ratio,
        variance=sum(variance for variance, _ in stages),
        between=sum(variance for variance, _ in second),
        freedom=_freedom(stages),
        simple=simple,
        answered=n,
        left=_left(bunches, depth),
    )


def _row(bunch: Bunch, sums: Sums, of: Of, ratio: float, whole: float, depth: int) -> _Row:
    y, my, yy = of(sums)
    weight = bunch.weight / whole
    return _Row(
        bunch=bunch,
        z=weight * (y - ratio * sums.m),
        squares=weight * weight * max(0.0, yy - 2 * ratio * my + ratio * ratio * sums.mm),
        schools=bunch.leaf.school_chance if depth == 0 else 1.0,
        classes=bunch.leaf.class_chance if depth < 2 else 1.0,
    )


def _by_school(rows: Iterable[_Row]) -> list[list[_Row]]:
    found: dict[Cell, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.bunch.cell[:1], []).append(row)
    return list(found.values())


def _first(rows: Iterable[_Row]) -> list[tuple[float, float]]:
    """Between schools, a stratum after the other: variances and degrees of freedom."""
    strata: dict[str, list[tuple[float, float]]] = {}
    for inside in _by_school(rows):
        lonely = sum(1 for row in inside if not row.bunch.loose) < 2
        doubt = 1 - inside[0].schools * (inside[0].classes if lonely else 1.0)
        if doubt > NONE_LEFT:
            strata.setdefault(inside[0].bunch.leaf.stratum, []).append((doubt, sum(row.z for row in inside)))
    found = []
    for clusters in strata.values():
        n, doubts = len(clusters), sum(doubt for doubt, _ in clusters)
        centre = sum(doubt * z for doubt, z in clusters) / doubts if n > 1 else 0.0
        found.append((sum(doubt * (z - centre) ** 2 for doubt, z in clusters) * n / max(1, n - 1), max(1.0, n - 1)))
    return found


def _second(rows: Iterable[_Row], simple: float, between: Between | None) -> list[tuple[float, float]]:
    """Between the classes of each school."""
    found = []
    for inside in _by_school(rows):
        left, zs = 1 - inside[0].classes, [row.z for row in inside if not row.bunch.loose]
        k = len(zs)
        if left <= NONE_LEFT:
            continue
        if between:
            found.append((between.ratio * left * simple, between.freedom))
        elif k > 1:
            centre = sum(zs) / k
            spread = sum((z - centre) ** 2 for z in zs) * k / (k - 1)
            found.append((inside[0].schools * left * spread, k - 1.0))
    return found


def _third(row: _Row) -> tuple[float, float]:
    """Between the people of a class."""
    r, size = row.bunch.tally.sheets, row.bunch.leaf.size
    inside = row.squares if r < 2 else max(0.0, row.squares - row.z * row.z / r) * r / (r - 1)
    return row.schools * row.classes * max(0.0, 1 - r / size) * inside, max(1.0, r - 1)


def _left(bunches: Sequence[Bunch], depth: int) -> float:
    """The share of all people who did not answer."""
    inside = [each for each in bunches if not each.loose] or list(bunches)
    if depth == 0:
        people = sum(each.weight * each.tally.sheets for each in bunches)
    else:
        people = sum(each.leaf.size / (each.leaf.class_chance if depth == 1 else 1.0) for each in inside)
    return max(0.0, 1 - sum(each.tally.sheets for each in bunches) / people)


def _freedom(stages: Iterable[tuple[float, float]]) -> float:
    found = [(variance, freedom) for variance, freedom in stages if variance > 0]
    endless = [freedom for _, freedom in found if freedom == inf]
    if not found or len(endless) == len(found):
        return inf
    doubt = sum(variance**2 / (freedom + 2) for variance, freedom in found)
    freedom = sum(variance for variance, _ in found) ** 2 / doubt - 2
    return max(1.0, min(freedom, sum(freedom for _, freedom in found)))


def pooled(schools: Iterable[Sequence[Bunch]], part: Part, of: Of, expected: float) -> Between:
    """How classes differ, of all `schools` (the bunches of each) of which two classes or more answered, each weighted
    by its classes less one; `expected`, a design effect, where there is none. Generalised variance: a design effect is
    more alike among schools than a variance that rests on two classes is good (Kish 1965, § 8.2; Wolter 2007, ch. 7).
    """
    above = below = freedom = 0.0
    for bunches in schools:
        k = sum(1 for each in bunches if not each.loose)
        left = 1 - min(each.leaf.class_chance for each in bunches) if bunches else 0.0
        found = estimate(bunches, part, of, depth=1) if k > 1 and left > NONE_LEFT else None
        if found:
            above += (k - 1) * found.between / left
            below += (k - 1) * found.simple
            freedom += k - 1
    return Between(ratio=above / below, freedom=freedom) if below > 0 else Between(ratio=expected, freedom=inf)
