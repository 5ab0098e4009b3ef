"""Drawing a sample: as many as the margin needs, shared out fairly, by chances that are what is said, the same for
everybody who draws again."""

import hashlib
import random
from collections import Counter
from fractions import Fraction
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from schemas.surveys import Design, FrameClass, FrameSchool, Reserve
from services.surveys.domain.frame import digest
from services.surveys.domain.sampling import (
    METHOD,
    answers_needed,
    classes_of,
    draw,
    number_of,
    persons_of,
    planned,
    replacement,
    school_chances,
    shared_out,
    size_of,
    weight_of,
)


def school(id: str, *sizes: int, stratum: str = "x") -> FrameSchool:
    classes = tuple(FrameClass(name=f"{place}", size=size) for place, size in enumerate(sizes, 1))
    return FrameSchool(school=id, name=f"Trường {id}", stratum=stratum, classes=classes)


FRAME = (
    *(school(f"a{n}", *([30 + n] * (2 + n)), stratum="đồng bằng") for n in range(8)),
    *(school(f"b{n}", *([25] * (3 + n % 4)), stratum="miền núi") for n in range(6)),
)

# How many


def test_without_end_it_is_the_textbook_s_385():
    """Cochran's 384.16 for a margin of 5 points at 95 %, and the rule of D times as many."""
    assert answers_needed(10**9, Design(effect=1.0)) == 385
    assert answers_needed(10**9, Design(effect=2.0)) == 769


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 10**6), st.floats(1, 20), st.floats(0.005, 0.4), st.floats(0.01, 0.99), st.floats(0.6, 0.999))
def test_so_many_answers_give_the_margin_and_one_fewer_does_not(population, effect, margin, share, confidence):
    design = Design(effect=effect, margin=margin, share=share, confidence=confidence)
    needed = answers_needed(population, design)
    z = stats.norm.ppf((1 + confidence) / 2)

    def half_width(n: int) -> float:
        left = (population - n) / (population - 1) if population > 1 else 0.0
        return z * sqrt(max(0.0, effect * share * (1 - share) / n * left))

    assert 1 <= needed <= population
    assert half_width(needed) <= margin * (1 + 1e-6)
    assert needed == 1 or half_width(needed - 1) > margin * (1 - 1e-6)


def test_nobody_needs_no_answer():
    assert answers_needed(0, Design()) == 0


SHARES = st.dictionaries(
    st.sampled_from("abcdefg"), st.tuples(st.floats(0, 50), st.integers(0, 60)), min_size=1, max_size=7
)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 300), SHARES)
def test_what_is_shared_out_adds_up_and_nobody_gets_more_than_there_is(total, asked):
    most = {name: many for name, (_, many) in asked.items()}
    found = shared_out(total, {name: weight for name, (weight, _) in asked.items()}, most)
    assert sum(found.values()) == min(total, sum(most.values()))
    assert all(0 <= found[name] <= most[name] for name in most)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 500), st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 90), min_size=1))
def test_shares_are_off_by_less_than_one(total, weights):
    found = shared_out(total, weights, dict.fromkeys(weights, 1000))
    whole = sum(weights.values())
    assert all(abs(found[name] - total * weight / whole) < 1 for name, weight in weights.items())


def test_what_a_stratum_can_not_give_the_others_give_by_their_weights():
    assert shared_out(100, {"a": 8, "b": 1, "c": 1}, {"a": 20, "b": 100, "c": 100}) == {"a": 20, "b": 40, "c": 40}


def test_in_proportion_or_neyman_s_way():
    frame = (school("a", *[50] * 20, stratum="a"), school("b", *[50] * 20, stratum="b"))
    design: dict[str, Any] = {"effect": 1.0, "response": 1.0}
    assert [plan.needed for plan in planned(frame, Design(**design))] == [162, 161]
    neyman = Design(**design, allocation="neyman", deviations={"a": 0.9, "b": 0.3})
    assert [plan.needed for plan in planned(frame, neyman)] == [242, 81]
    unknown = Design(**design, allocation="neyman", deviations={"a": 0.9})
    assert [plan.needed for plan in planned(frame, unknown)] == [162, 161]


def test_a_plan_asks_more_than_it_needs_of_as_many_schools_as_hold_them():
    """20 schools of 4 classes of 25: two classes of a school are fifty people."""
    frame = [school(f"s{n:02}", 25, 25, 25, 25) for n in range(20)]
    [plan] = planned(frame, Design(effect=1.0, response=0.8))
    assert (plan.population, plan.schools, plan.needed) == (2000, 20, 323)
    assert plan.asked == ceil(323 / 0.8) == 404
    assert plan.drawn == ceil(404 / 50) == 9
    assert planned(frame, Design(effect=1.0), target=10)[0].needed == 10
    assert planned(frame, Design(effect=1.0), target=10)[0].drawn == 2, "the least number of schools"
    assert planned(frame, Design(margin=0.001, effect=9))[0].drawn == 20, "never more than there are"


def test_a_draw_brings_about_as_many_people_as_were_planned():
    frame = [school(f"s{n:02}", *([20 + n % 17] * (2 + n % 9))) for n in range(60)]
    asked = [sum(each.asked for each in draw(frame, Design(), f"{n}").chosen) for n in range(100)]
    [plan] = planned(frame, Design())
    assert plan.asked * 0.98 <= sum(asked) / 100 <= plan.asked * 1.06, "schools come whole, so a little more"


# Chances


def test_the_chances_of_a_stratum_add_up_to_its_schools():
    for drawn in range(1, 9):
        chances = school_chances(FRAME[:8], drawn)
        assert sum(chances.values()) == drawn
        assert all(0 < chance <= 1 for chance in chances.values())


def test_a_school_too_large_for_chance_is_certain_and_then_the_next():
    frame = [school("large", 100), school("half", 40), *(school(f"s{n}", 10) for n in range(4))]
    assert school_chances(frame, 3) == {
        "large": 1, "half": 1, "s0": Fraction(1, 4), "s1": Fraction(1, 4), "s2": Fraction(1, 4), "s3": Fraction(1, 4),
    }  # fmt: skip


def test_every_school_is_drawn_as_often_as_its_chance_says():
    """4,000 seeds; a share may be five of its own standard errors off (one run in 100,000 would fail by chance)."""
    design, repeats = Design(margin=0.2, effect=1.5), 4000
    plans = {plan.stratum: plan.drawn for plan in planned(FRAME, design)}
    chances: dict[str, Fraction] = {}
    for stratum, drawn in plans.items():
        chances |= school_chances([each for each in FRAME if each.stratum == stratum], drawn)
    assert min(chances.values()) < 0.4 < max(chances.values())
    seen: Counter[str] = Counter()
    classes: Counter[tuple[str, str]] = Counter()
    weights: Counter[str] = Counter()
    for seed in range(repeats):
        sample = draw(FRAME, design, f"seed {seed}")
        schools = {each.school for each in sample.chosen}
        assert Counter(each.stratum for each in FRAME if each.school in schools) == plans
        seen.update(schools)
        for each in sample.chosen:
            classes[each.school, each.class_name] += 1
            weights[each.stratum] += weight_of(each) * each.asked
    for each in FRAME:
        chance = float(chances[each.school])
        off = 5 * sqrt(chance * (1 - chance) / repeats)
        assert abs(seen[each.school] / repeats - chance) <= off, each.school
        for one in each.classes:
            both = chance * min(2, len(each.classes)) / len(each.classes)
            assert abs(classes[each.school, one.name] / repeats - both) <= 5 * sqrt(both * (1 - both) / repeats)
    for stratum, found in weights.items():
        people = sum(size_of(each) for each in FRAME if each.stratum == stratum)
        assert found / repeats == pytest.approx(people, rel=0.02), "weights come to the people, on average"


def test_the_chance_of_a_school_is_exact_whatever_the_order():
    """For one order of the schools, all starts: the part of starts that draws a school is n·x / X to the last digit."""
    sizes, drawn = [30, 70, 45, 55], 2
    whole = sum(sizes)
    for at, size in enumerate(sizes):
        begin, end = sum(sizes[:at]), sum(sizes[: at + 1])
        part = sum(
            max(Fraction(0), min(Fraction(end * drawn, whole), k + 1) - max(Fraction(begin * drawn, whole), k))
            for k in range(drawn)
        )
        assert part == Fraction(drawn * size, whole)


def test_persons_are_a_simple_random_sample_of_the_class_list():
    [one] = classes_of(school("a", 12), Design(persons=3), "seed", Fraction(1, 2))
    assert (one.asked, one.person_chance, weight_of(one)) == (3, 0.25, 8.0)
    seen: Counter[int] = Counter()
    for seed in range(3000):
        places = persons_of(one, f"{seed}")
        assert len(set(places)) == 3
        assert list(places) == sorted(places)
        seen.update(places)
    assert set(seen) == set(range(1, 13))
    assert all(abs(count / 3000 - 0.25) < 5 * sqrt(0.25 * 0.75 / 3000) for count in seen.values())


def test_where_a_class_is_asked_whole_everybody_is():
    [one] = classes_of(school("a", 5), Design(persons=30), "seed", Fraction(1))
    assert persons_of(one, "seed") == (1, 2, 3, 4, 5)


# Again and again


def test_the_order_of_rows_does_not_matter():
    shuffled = [
        FrameSchool(school=each.school, name=each.name, stratum=each.stratum, classes=each.classes[::-1])
        for each in random.Random(4).sample(FRAME, len(FRAME))
    ]
    assert draw(shuffled, Design(), "seed") == draw(FRAME, Design(), "seed")


def test_another_seed_is_another_sample():
    assert len({draw(FRAME, Design(margin=0.2), f"{seed}").chosen for seed in range(30)}) > 25


def test_the_numbers_of_a_draw_are_those_of_sha256sum():
    """printf 'Motcua 2026\\norder\\nx\\na' | sha256sum, the first 13 digits."""
    digits = hashlib.sha256(b"Motcua 2026\norder\nx\na").hexdigest()[:13]
    assert number_of("Motcua 2026", "order", "x", "a") == int(digits, 16)


def test_the_worked_example_of_the_document_is_drawn_as_it_says():
    """docs/sampling.md: whoever changes the procedure changes METHOD and the document with it."""
    assert METHOD == "stratified-systematic-pps/1"
    frame = [school("A", 40, 40), school("B", 30), school("C", 35, 35, 30), school("D", 50), school("E", 20, 20)]
    sample = draw(frame, Design(classes=1), "Motcua 2026", target=30)
    assert number_of("Motcua 2026", "start", "x") == 657241290949123
    assert [(plan.needed, plan.asked, plan.drawn) for plan in sample.strata] == [(30, 38, 2)]
    assert [(each.school, each.class_name) for each in sample.chosen] == [("A", "2"), ("C", "2")]
    assert [weight_of(each) for each in sample.chosen] == [3.75, 4.5]
    assert sample.reserves == (Reserve(stratum="x", schools=("E", "D", "B")),)
    assert digest(frame) == "e4d5ed5bcd29feaae800f9d21778fbd545bb7edeb8e576a3cc64a5e272088e40"
    told = (Path(__file__).parents[2] / "docs" / "sampling.md").read_text(encoding="utf-8")
    for each in frame:
        assert f"| {number_of('Motcua 2026', 'order', 'x', each.school)} |" in told
    assert METHOD in told
    assert digest(frame) in told


def test_a_sample_once_drawn_is_drawn_like_that_for_ever():
    """The digest of a whole sample: a changed draw is another METHOD, never a silent other sample."""
    sample = draw(FRAME, Design(margin=0.12, persons=10), "Motcua 2026")
    told = [(each.school, each.class_name, each.asked, round(each.school_chance, 9)) for each in sample.chosen]
    assert hashlib.sha256(repr((told, sample.reserves)).encode()).hexdigest()[:16] == "fd7444f224ca3ffe"


# Replacing


def test_a_school_that_can_not_take_part_is_replaced_by_the_next_reserve_of_its_stratum():
    design = Design(margin=0.2)
    sample = draw(FRAME, design, "seed")
    for plan, reserve in zip(sample.strata, sample.reserves, strict=True):
        assert plan.stratum == reserve.stratum
        drawn = {each.school for each in sample.chosen if each.stratum == plan.stratum}
        assert not drawn & set(reserve.schools)
        assert len(drawn) + len(reserve.schools) == plan.schools
        by, classes = replacement(FRAME, design, "seed", plan, reserve.schools[1:])
        assert by == reserve.schools[1]
        assert {each.school for each in classes} == {by}
        inside = [each for each in FRAME if each.stratum == plan.stratum]
        assert classes[0].school_chance == float(school_chances(inside, plan.drawn)[by])


def test_where_no_reserve_is_left_nobody_replaces():
    sample = draw(FRAME, Design(), "seed")
    assert replacement(FRAME, Design(), "seed", sample.strata[0], ()) == ("", ())


SCHOOLS = st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=6), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SCHOOLS, st.integers(1, 12), st.integers(0, 3), st.integers(0, 20), st.text(max_size=5))
def test_any_frame_gives_a_sample_of_as_many_schools_as_planned(sizes, least, classes, persons, seed):
    frame = [school(f"s{at}", *each) for at, each in enumerate(sizes)]
    design = Design(least_schools=least, classes=classes, persons=persons, margin=0.3)
    sample = draw(frame, design, seed)
    [plan] = sample.strata
    assert len({each.school for each in sample.chosen}) == plan.drawn <= len(frame)
    assert plan.drawn >= min(least, len(frame))
    for each in sample.chosen:
        assert 0 < each.school_chance <= 1
        assert 0 < each.class_chance <= 1
        assert each.person_chance == each.asked / each.size
    assert len(sample.chosen) == len({(each.school, each.class_name) for each in sample.chosen})
