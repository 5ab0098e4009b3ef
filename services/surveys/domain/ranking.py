"""Who stands where, no more certain than the figures are, and what changed since the last campaign.

Two figures are told apart when the interval of their difference leaves out nought, at a level that holds for all pairs
at once. A unit's place is a range: from one more than the units that surely stand above it, to the number of those that
it is not surely above. So a handful of friendly answers, whose interval is wide, never wins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import NormalDist

from schemas.surveys import Figure

LEAST = 30
"""A unit with fewer answers has no place."""
NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A unit's place among those ranked: somewhere from `from_rank` to `to_rank`, 1 is the most satisfied."""

    unit: str
    from_rank: int
    to_rank: int
    figure: Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """The share of one figure less that of another, with its interval; `chance` is the p-value: how likely so large a
    difference would be if there were none. `significant` says whether it is under 1 − confidence, in `compare_all`
    after Holm's correction."""

    difference: float
    low: float
    high: float
    chance: float
    significant: bool


def compare(now: Figure, then: Figure, confidence: float = 0.95) -> Change:
    """How far `now` is from `then`, both shown, of independent samples and with intervals at `confidence`.

    The interval is made of the two (Newcombe 1998, method 10; for any kind of interval Zou and Donner 2008): its limits
    lie √((p₁ − l₁)² + (u₂ − p₂)²) below and √((u₁ − p₁)² + (p₂ − l₂)²) above the difference. The p-value is that of
    the difference over its reach towards nought, so that it agrees with the interval.
    """
    difference = now.share - then.share
    below = sqrt((now.share - now.low) ** 2 + (then.high - then.share) ** 2)
    above = sqrt((now.high - now.share) ** 2 + (then.share - then.low) ** 2)
    reach = below if difference > 0 else above
    if not difference:
        chance = 1.0
    elif reach:
        chance = 2 * NORMAL.cdf(-abs(difference) / reach * NORMAL.inv_cdf((1 + confidence) / 2))
    else:
        chance = 0.0
    return Change(
        difference=difference,
        low=max(-1.0, difference - below),
        high=min(1.0, difference + above),
        chance=chance,
        significant=chance < 1 - confidence,
    )


def holm(chances: Sequence[float]) -> tuple[float, ...]:
    """The p-values corrected for their number, in the same order: Holm 1979."""
    found = [0.0] * len(chances)
    highest = 0.0
    for place, which in enumerate(sorted(range(len(chances)), key=lambda which: chances[which])):
        highest = max(highest, min(1.0, chances[which] * (len(chances) - place)))
        found[which] = highest
    return tuple(found)


def compare_all(pairs: Iterable[tuple[Figure, Figure]], confidence: float = 0.95) -> tuple[Change, ...]:
    """Many figures (now, then) held against each other at once: `chance` and `significant` are after Holm's correction,
    the intervals are each for itself."""
    changes = [compare(now, then, confidence) for now, then in pairs]
    chances = holm([each.chance for each in changes])
    return tuple(
        replace(each, chance=chance, significant=chance < 1 - confidence)
        for each, chance in zip(changes, chances, strict=True)
    )


def rank(figures: Iterable[Figure], least: int = LEAST, confidence: float = 0.95) -> list[Place]:
    """The places of units by the share of one area (give figures of one depth and one area). Hidden ones and those of
    fewer than `least` answers have none: see `unranked`.

    All pairs are compared and corrected by Holm, so that all ranges hold together with the probability `confidence`
    (ranks from pairwise comparisons: Al Mohamad, Goeman and van Zwet 2022; Goldstein and Spiegelhalter 1996 on why a
    rank without its range misleads). Listed by range, those with the same range by the lower end of the interval.
    """
    told = sorted((each for each in figures if _has_place(each, least)), key=lambda each: each.cell)
    pairs = [(one, other) for one in range(len(told)) for other in range(one)]
    changes = compare_all(((told[one], told[other]) for one, other in pairs), confidence)
    above = [0] * len(told)
    below = [0] * len(told)
    for (one, other), change in zip(pairs, changes, strict=True):
        if change.significant:
            better, worse = (one, other) if change.difference > 0 else (other, one)
            above[worse] += 1
            below[better] += 1
    places = [
        Place(
            unit=each.cell[-1] if each.cell else "", from_rank=above[at] + 1, to_rank=len(told) - below[at], figure=each
        )
        for at, each in enumerate(told)
    ]
    return sorted(places, key=lambda each: (each.from_rank, each.to_rank, -each.figure.low, each.figure.cell))


def unranked(figures: Iterable[Figure], least: int = LEAST) -> list[Figure]:
    """The figures that have no place since they rest on fewer than `least` answers or are hidden, by cell."""
    return sorted((each for each in figures if not _has_place(each, least)), key=lambda each: each.cell)


def _has_place(figure: Figure, least: int) -> bool:
    return not figure.hidden and figure.n >= max(1, least)
