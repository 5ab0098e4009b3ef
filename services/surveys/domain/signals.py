"""What looks like stuffed ballots: reported with its evidence for a person to judge, never removed.

A class that answers together in one lesson is a burst by design; the evidence is there to tell it from one hand that
fills in thirty sheets.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log
from uuid import UUID

from schemas.surveys import QuestionnairePublished, Sheet
from services.surveys.domain.ranking import holm

WINDOW = dt.timedelta(minutes=10)
CHANCE = 0.01
FEWEST_ANSWERS = 8
"""A sheet with fewer levels may well be straight, or like another, by chance."""
FEWEST_ALIKE = 3
"""So many sheets of one cell that are wholly alike are a signal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Burst:
    """`count` of a unit's `of` answers came from `since` to `until`; by chance `expected` would. `chance` is the
    p-value after Holm's correction for all units."""

    unit: str
    since: dt.datetime
    until: dt.datetime
    count: int
    of: int
    expected: float
    chance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Straight:
    """These `sheets` of a cell, of all its `of`, have the same level throughout; how many of which level."""

    cell: tuple[str, ...]
    sheets: tuple[UUID, ...]
    of: int
    levels: Mapping[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """These `sheets` of a cell, of all its `of`, are alike in each of `answers` answers, of more than one level."""

    cell: tuple[str, ...]
    sheets: tuple[UUID, ...]
    of: int
    answers: int


def bursts(
    used_at: Mapping[str, Sequence[dt.datetime]], window: dt.timedelta = WINDOW, chance: float = CHANCE
) -> tuple[Burst, ...]:
    """Units of which more answers came within one `window` than their number lets expect, the least likely first.

    A scan statistic: the largest count k of a unit's N answers in any window of length w, against N that fall evenly
    over the time T in which people answer at all (the clock hours in which any unit had an answer, so that nights do
    not count). P(k or more) ≈ (k·T/w − N − 1)·b(k; N, w/T) + 2·Σ b(j; N, w/T) over j ≥ k (Naus 1965; Wallenstein and
    Neff 1987), binomial b, corrected for the number of units by Holm; told when under `chance`.
    """
    hours = {_hour(at) for times in used_at.values() for at in times}
    open_for = dt.timedelta(hours=len(hours))
    found = [_densest(unit, sorted(times), window, open_for) for unit, times in sorted(used_at.items()) if times]
    corrected = holm([each.chance for each in found])
    told = [
        Burst(unit=each.unit, since=each.since, until=each.until, count=each.count, of=each.of,
              expected=each.expected, chance=p)
        for each, p in zip(found, corrected, strict=True)
        if p < chance
    ]  # fmt: skip
    return tuple(sorted(told, key=lambda each: (each.chance, each.unit)))


def _hour(at: dt.datetime) -> dt.datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _densest(unit: str, times: Sequence[dt.datetime], window: dt.timedelta, open_for: dt.timedelta) -> Burst:
    first = best = best_first = 0
    for last, at in enumerate(times):
        while at - times[first] > window:
            first += 1
        if last - first + 1 > best:
            best, best_first = last - first + 1, first
    share = min(1.0, window / open_for)
    return Burst(
        unit=unit,
        since=times[best_first],
        until=times[best_first + best - 1],
        count=best,
        of=len(times),
        expected=round(len(times) * share, 2),
        chance=scan_chance(best, len(times), share),
    )


def scan_chance(k: int, n: int, share: float) -> float:
    """The probability that some window which is `share` of the whole time holds k or more of n even arrivals; an
    approximation that is good where it is small, and never above 1."""
    if k <= 1 or share >= 1:
        return 1.0
    tail = sum(_binomial(j, n, share) for j in range(k, n + 1))
    return max(0.0, min(1.0, (k / share - n - 1) * _binomial(k, n, share) + 2 * tail))


def _binomial(k: int, n: int, p: float) -> float:
    return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p))


def straight_lines(
    sheets: Mapping[tuple[str, ...], Sequence[Sheet]], published: QuestionnairePublished
) -> tuple[Straight, ...]:
    """By cell, the sheets that answer at least FEWEST_ANSWERS likert questions, all with one level (straight-lining:
    Herzog and Bachman 1981); the cells with the largest part of such sheets first."""
    found = []
    for cell, inside in sheets.items():
        levels = {each.id: _levels(each, published) for each in inside}
        straight = sorted(id for id, told in levels.items() if len(told) >= FEWEST_ANSWERS and len(set(told)) == 1)
        if straight:
            many = Counter(levels[id][0] for id in straight)
            found.append(Straight(cell=cell, sheets=tuple(straight), of=len(inside), levels=dict(sorted(many.items()))))
    return tuple(sorted(found, key=lambda each: (-len(each.sheets) / each.of, each.cell)))


def copies(sheets: Mapping[tuple[str, ...], Sequence[Sheet]], published: QuestionnairePublished) -> tuple[Copies, ...]:
    """By cell, groups of at least FEWEST_ALIKE sheets that are alike in every answer, among those with at least
    FEWEST_ANSWERS levels that are not all the same; the largest groups first."""
    found = []
    for cell, inside in sheets.items():
        alike: dict[object, list[Sheet]] = {}
        for each in inside:
            told = _levels(each, published)
            if len(told) >= FEWEST_ANSWERS and len(set(told)) > 1:
                alike.setdefault(tuple(sorted(each.answers.items(), key=lambda item: item[0])), []).append(each)
        for answers, same in alike.items():
            if len(same) >= FEWEST_ALIKE and isinstance(answers, tuple):
                ids = tuple(sorted(each.id for each in same))
                found.append(Copies(cell=cell, sheets=ids, of=len(inside), answers=len(answers)))
    return tuple(sorted(found, key=lambda each: (-len(each.sheets), each.cell, each.sheets)))


def _levels(sheet: Sheet, published: QuestionnairePublished) -> list[int]:
    answers = (sheet.answers.get(each.code) for each in published.questions if each.kind == "likert")
    return [each for each in answers if isinstance(each, int)]
