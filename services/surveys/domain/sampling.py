"""Drawing a sample that anybody can draw again: how many, how many of each stratum, which schools, classes and persons.

Two stages within strata (Cochran 1977, ch. 11; Särndal, Swensson, Wretman 1992, ch. 4): schools with probability
proportional to size by randomised systematic sampling (Goodman and Kish 1950; Madow 1949), then classes, and persons
where not all are asked, by simple random sampling.

Chance comes from the seed alone, in whole numbers, so that every language gets the same draw. The number of a thing is
the first 13 hexadecimal digits (52 bits) of the SHA-256 of these lines, joined by a line feed, in UTF-8:

    seed, purpose, stratum[, school[, class[, place in the class list]]]

with purpose `start` (stratum), `order` (stratum, school), `class` (… class) or `person` (… class, place).
docs/sampling.md has the whole procedure in words and an example worked by hand.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from statistics import NormalDist

from schemas.surveys import Chosen, Design, FrameSchool, Reserve, StratumPlan
from services.surveys.domain.frame import canonical

METHOD = "stratified-systematic-pps/1"
"""Names the procedure of this module and its version; a draw of another procedure gets another name."""
WHOLE = 16**13
"""A number of the draw is one of 0 … WHOLE − 1, each as likely."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What a draw comes to: the fields of SampleDrawn that are not the design's."""

    strata: tuple[StratumPlan, ...]
    chosen: tuple[Chosen, ...]
    reserves: tuple[Reserve, ...]


def number_of(seed: str, purpose: str, *about: str) -> int:
    """The number of a thing in the draw, from 0 to WHOLE − 1."""
    return int(hashlib.sha256("\n".join((seed, purpose, *about)).encode()).hexdigest()[:13], 16)


# How many


def answers_needed(population: int, design: Design) -> int:
    """How many answers give the design's margin, of so many people.

    n = D·n₀ / (1 + (D·n₀ − 1) / N) with n₀ = z²·p·(1 − p) / e²: Cochran 1977, § 4.4 and 4.5 (finite population), with
    the design effect D (Kish 1965, § 8.2). Never above N, rounded up.
    """
    if population <= 0:
        return 0
    z = NormalDist().inv_cdf((1 + design.confidence) / 2)
    many = design.effect * z * z * design.share * (1 - design.share) / design.margin**2
    return min(population, max(1, ceil(round(many / (1 + (many - 1) / population), 9))))


def shared_out(total: int, weights: Mapping[str, float], most: Mapping[str, int]) -> dict[str, int]:
    """`total` given out by `weights`, nobody above its `most`: what one can't take goes to the others by their weights.
    Whole numbers by largest remainder, ties by name. Comes to min(total, sum of most)."""
    left = min(total, sum(most.values()))
    given: dict[str, int] = {}
    open_to = {name: Fraction(max(weights.get(name, 0.0), 0.0)) for name in sorted(most)}
    while open_to:
        whole = sum(open_to.values(), Fraction(0))
        if not whole:
            open_to = {name: Fraction(most[name]) for name in open_to}
            whole = sum(open_to.values(), Fraction(0))
            if not whole:
                return given | dict.fromkeys(open_to, 0)
        fair = {name: left * weight / whole for name, weight in open_to.items()}
        full = [name for name, share in fair.items() if share >= most[name]]
        if not full:
            parts = {name: floor(share) for name, share in fair.items()}
            rest = left - sum(parts.values())
            for name in sorted(fair, key=lambda name: (parts[name] - fair[name], name))[:rest]:
                parts[name] += 1
            return given | parts
        for name in full:
            given[name] = most[name]
            left -= most[name]
            del open_to[name]
    return given


def planned(schools: Iterable[FrameSchool], design: Design, target: int = 0) -> tuple[StratumPlan, ...]:
    """What the design comes to in each stratum of a frame, by name of the stratum.

    The answers needed of the whole frame are shared out in proportion to people N_h (Cochran 1977, § 5.5) or, Neyman's
    way, to N_h·S_h with the design's `deviations` S_h (Neyman 1934; Cochran § 5.5; a stratum without one gets the mean
    of the others). With a `target` every stratum needs that many instead. `asked` is needed / response, rounded up;
    `drawn` as many schools as hold so many asked people on average (a drawn school has x_i / X of a chance), at least
    `least_schools`, at most all.
    """
    return _planned(canonical(schools), design, target)


def _planned(frame: Sequence[FrameSchool], design: Design, target: int) -> tuple[StratumPlan, ...]:
    strata: dict[str, list[FrameSchool]] = {}
    for school in frame:
        strata.setdefault(school.stratum, []).append(school)
    people = {stratum: sum(map(size_of, found)) for stratum, found in strata.items()}
    if target:
        needed = {stratum: min(target, many) for stratum, many in people.items()}
    else:
        needed = shared_out(answers_needed(sum(people.values()), design), _weights(people, design), people)
    plans = []
    for stratum, found in strata.items():
        asked = min(people[stratum], ceil(round(needed[stratum] / design.response, 9)))
        a_school = sum(size_of(each) * _asked_in(each, design) for each in found) / (people[stratum] or 1)
        drawn = ceil(round(asked / a_school, 9)) if a_school else 0
        plans.append(
            StratumPlan(
                stratum=stratum,
                population=people[stratum],
                schools=len(found),
                needed=needed[stratum],
                asked=asked,
                drawn=min(len(found), max(design.least_schools, drawn)),
            )
        )
    return tuple(plans)


def _weights(people: Mapping[str, int], design: Design) -> dict[str, float]:
    if design.allocation == "proportional":
        return {stratum: float(many) for stratum, many in people.items()}
    known = [design.deviations[stratum] for stratum in people if stratum in design.deviations]
    usual = sum(known) / len(known) if known else 1.0
    return {stratum: many * design.deviations.get(stratum, usual) for stratum, many in people.items()}


def size_of(school: FrameSchool) -> int:
    """How many people of the group belong to a school."""
    return sum(each.size for each in school.classes)


def _asked_in(school: FrameSchool, design: Design) -> float:
    """How many people of a school are asked on average if it is drawn."""
    classes = len(school.classes) if not design.classes else min(design.classes, len(school.classes))
    asked = sum(min(each.size, design.persons or each.size) for each in school.classes)
    return asked * classes / len(school.classes) if school.classes else 0.0


# Which


def school_chances(schools: Sequence[FrameSchool], drawn: int) -> dict[str, Fraction]:
    """Each school's chance to be among `drawn` of its stratum: n·x / X of its size x. Schools that this would give one
    or more are taken for certain, out of the list and of n, again and again until none is left that large (Särndal,
    Swensson, Wretman 1992, § 3.6.2)."""
    sizes = {each.school: size_of(each) for each in schools}
    left = min(drawn, sum(1 for size in sizes.values() if size))
    chances: dict[str, Fraction] = {}
    while sizes:
        whole = sum(sizes.values())
        sure = [school for school, size in sizes.items() if left and size and left * size >= whole]
        if not sure:
            break
        for school in sure:
            chances[school] = Fraction(1)
            del sizes[school]
        left -= len(sure)
    whole = sum(sizes.values()) or 1
    return chances | {school: Fraction(left * size, whole) for school, size in sizes.items()}


def draw(schools: Iterable[FrameSchool], design: Design, seed: str, target: int = 0) -> Sample:
    """The sample of this frame, design and seed; the order of the frame's rows does not matter.

    In each stratum: certain schools are taken out; the others are put in the order of their `order` numbers and
    laid end to end, each as long as its size; from a start given by the stratum's `start` number every X/n-th point
    draws the school it lies in. So a school's chance is exactly n·x / X. The schools that were not drawn are the
    reserve, by `order` number over size (sequential Poisson sampling, Ohlsson 1998).
    """
    frame = canonical(schools)
    plans = _planned(frame, design, target)
    chosen: list[Chosen] = []
    reserves: list[Reserve] = []
    for plan in plans:
        inside = [each for each in frame if each.stratum == plan.stratum]
        chances = school_chances(inside, plan.drawn)
        taken = {school for school, chance in chances.items() if chance == 1}
        taken |= _systematic([each for each in inside if chances[each.school] < 1], plan.drawn - len(taken), seed)
        for each in inside:
            if each.school in taken:
                chosen += classes_of(each, design, seed, chances[each.school])
        turns = {each.school: _turn(each, seed) for each in inside if each.school not in taken and size_of(each)}
        reserves.append(Reserve(stratum=plan.stratum, schools=tuple(sorted(turns, key=lambda it: (turns[it], it)))))
    return Sample(strata=plans, chosen=tuple(chosen), reserves=tuple(reserves))


def _systematic(schools: Sequence[FrameSchool], drawn: int, seed: str) -> set[str]:
    """Point k lies at (start + k·WHOLE)·X / (n·WHOLE); all is multiplied by n·WHOLE so that numbers stay whole."""
    whole = sum(map(size_of, schools))
    if drawn <= 0 or not whole:
        return set()
    line = sorted(schools, key=lambda each: (number_of(seed, "order", each.stratum, each.school), each.school))
    point = number_of(seed, "start", line[0].stratum) * whole
    taken: set[str] = set()
    end = 0
    for each in line:
        end += size_of(each) * drawn * WHOLE
        if point < end:
            taken.add(each.school)
            point += WHOLE * whole
    return taken


def _turn(school: FrameSchool, seed: str) -> Fraction:
    return Fraction(number_of(seed, "order", school.stratum, school.school), size_of(school))


def classes_of(school: FrameSchool, design: Design, seed: str, chance: Fraction) -> tuple[Chosen, ...]:
    """The classes of a drawn school that are asked: the `classes` with the smallest `class` numbers (all for 0), by
    name. A class with nobody in it is never drawn."""
    inside = [each for each in school.classes if each.size]
    many = min(design.classes or len(inside), len(inside))
    inside.sort(key=lambda each: (number_of(seed, "class", school.stratum, school.school, each.name), each.name))
    return tuple(
        Chosen(
            school=school.school,
            stratum=school.stratum,
            class_name=each.name,
            size=each.size,
            asked=min(each.size, design.persons or each.size),
            school_chance=float(chance),
            class_chance=many / len(inside),
            person_chance=min(each.size, design.persons or each.size) / each.size,
        )
        for each in sorted(inside[:many], key=lambda each: each.name)
    )


def persons_of(chosen: Chosen, seed: str) -> tuple[int, ...]:
    """The places in the class list (from 1) of those who are asked: the `asked` smallest `person` numbers, in the
    order of the list."""
    about = (seed, "person", chosen.stratum, chosen.school, chosen.class_name)
    line = sorted(range(1, chosen.size + 1), key=lambda place: (number_of(*about, str(place)), place))
    return tuple(sorted(line[: chosen.asked]))


def weight_of(chosen: Chosen) -> float:
    """How many people each asked person stands for: one over their chance (Horvitz and Thompson 1952)."""
    return 1 / (chosen.school_chance * chosen.class_chance * chosen.person_chance)


def replacement(
    schools: Iterable[FrameSchool], design: Design, seed: str, plan: StratumPlan, reserve: Sequence[str]
) -> tuple[str, tuple[Chosen, ...]]:
    """The first school of `reserve` (of this stratum, less those that were used or can't take part) and its classes;
    `("", ())` where there is none.

    It is weighted by the chance that it had itself in the first draw: so a replacement is an approximation, and the
    share of replaced schools belongs beside the results.
    """
    inside = [each for each in canonical(schools) if each.stratum == plan.stratum]
    by_id = {each.school: each for each in inside}
    for school in reserve:
        if school in by_id:
            chance = school_chances(inside, plan.drawn)[school]
            return school, classes_of(by_id[school], design, seed, chance)
    return "", ()
