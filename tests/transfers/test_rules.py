"""The rules of transfers as a truth table: each article, each edge, with what it rests on."""

import datetime as dt
from dataclasses import replace

import pytest

from kernel.packs import marks
from schemas.transfers import Facts
from services.transfers.domain.rules import Judgement, judge, kind_of, school_year, within
from transfers.samples import AWAY, CLASS, DEPARTMENT, ELSEWHERE, FROM, KNOWN, PACKS, PRIVATE, SPECIAL, TO, facts, rules

IN_2019, OUT_2019 = dt.date(2019, 8, 20), dt.date(2019, 7, 1)
LAST_OF_2019, FIRST_OF_2026 = dt.date(2026, 5, 9), dt.date(2026, 5, 10)
IN_2026 = dt.date(2026, 8, 24)
ABROAD = facts(from_school="", from_name="Lincoln High School", from_place="Canada", from_type="abroad")
TO_ABROAD = facts(to_school="", to_name="Lincoln High School", to_place="Canada", to_type="abroad")
DECISION, CIRCULAR = "QĐ 51/2002/QĐ-BGDĐT", "TT 15/2026/TT-BGDĐT"
DIRECTOR = "Quy định của Giám đốc Sở"


def judged(said: Facts, day: dt.date = IN_2026, **more: object) -> Judgement:
    return judge(said, day, KNOWN, **more)  # type: ignore[arg-type]


def finding(said: Judgement, ground: str):
    [found] = [each for each in said.findings if each.ground == ground]
    return found


def private(**changes: object) -> Facts:
    return facts(from_school=PRIVATE, from_type="private", **changes)


# What kind of case it is: QĐ 51/2002/QĐ-BGDĐT Điều 5 khoản 2; TT 15/2026/TT-BGDĐT


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (facts(), "in_province"),
        (ELSEWHERE, "from_province"),
        (AWAY, "to_province"),
        (ABROAD, "from_abroad"),
        (TO_ABROAD, "to_province"),
        (facts(from_type="continuing"), "in_province"),
    ],
)
def test_a_case_is_of_the_kind_that_its_schools_make_it(said, kind):
    assert kind_of(said) == judged(said).kind == kind


# Ordinary, special, or refused by rule: the whole table, one line a case


@pytest.mark.parametrize(
    ("day", "said", "grounds", "refused", "basis"),
    [
        # 2019: QĐ 51/2002/QĐ-BGDĐT and TT 50/2021/TT-BGDĐT
        (IN_2019, facts(), (), None, f"{DECISION} Điều 5 khoản 2 điểm b"),
        (IN_2019, facts(from_school=TO), (), "same_school", f"{DECISION} Điều 4 khoản 1"),
        (IN_2019, facts(grade=9), (), "wrong_grade", "Luật Giáo dục 2019 Điều 28"),
        (IN_2019, facts(grade=13), (), "wrong_grade", "Luật Giáo dục 2019 Điều 28"),
        (IN_2019, facts(grade=12), (), None, ""),
        (IN_2019, private(reason="moved_home"), (), "private_to_public", f"{DECISION} Điều 2 khoản 3"),
        (IN_2019, private(reason="other"), (), "private_to_public", f"{DECISION} Điều 2 khoản 3"),
        (IN_2019, private(reason="disadvantaged_area"), ("private_to_public",), None, f"{DECISION} Điều 2 khoản 3"),
        (IN_2019, private(reason="no_equivalent_private"), ("private_to_public",), None, f"{DECISION} Điều 2 khoản 3"),
        (IN_2019, private(to_type="private"), (), None, ""),
        (IN_2019, facts(to_type="private"), (), None, ""),
        (IN_2019, facts(from_type="continuing"), (), None, ""),
        (IN_2019, facts(to_type="specialised"), ("specialised",), None, "TT 06/2012/TT-BGDĐT"),
        (IN_2019, facts(from_type="specialised"), (), None, ""),
        (IN_2019, private(to_type="specialised"), ("specialised",), None, "TT 06/2012/TT-BGDĐT"),
        (OUT_2019, facts(), ("outside_window",), None, f"{DECISION} Điều 5 khoản 3"),
        (OUT_2019, SPECIAL, ("private_to_public", "outside_window"), None, f"{DECISION} Điều 2 khoản 3"),
        (OUT_2019, private(), ("outside_window",), "private_to_public", f"{DECISION} Điều 2 khoản 3"),
        (IN_2019, ELSEWHERE, (), None, ""),
        (IN_2019, AWAY, (), None, ""),
        (IN_2019, ABROAD, (), None, ""),
        (OUT_2019, ELSEWHERE, ("outside_window",), None, f"{DECISION} Điều 5 khoản 3"),
        (OUT_2019, AWAY, (), None, ""),
        (IN_2019, replace(AWAY, from_type="private"), (), None, ""),
        (IN_2019, replace(AWAY, to_type="specialised"), (), None, ""),
        (IN_2019, replace(ELSEWHERE, from_type="private"), (), "private_to_public", f"{DECISION} Điều 2 khoản 3"),
        # 2026: TT 15/2026/TT-BGDĐT, and what the Director laid down
        (IN_2026, facts(), (), None, CIRCULAR),
        (IN_2026, facts(from_school=TO), (), "same_school", f"{DECISION} Điều 4 khoản 1"),
        (IN_2026, facts(grade=9), (), "wrong_grade", "Luật Giáo dục 2019 Điều 28"),
        (IN_2026, private(reason="moved_home"), ("private_to_public",), None, DIRECTOR),
        (IN_2026, private(reason="no_equivalent_private"), ("private_to_public",), None, DIRECTOR),
        (IN_2026, facts(to_type="specialised"), ("specialised",), None, DIRECTOR),
        (dt.date(2026, 11, 3), facts(), (), None, ""),
        (IN_2026, ELSEWHERE, (), None, ""),
        (IN_2026, AWAY, (), None, ""),
        (IN_2026, ABROAD, (), None, ""),
    ],
)
def test_the_rules_say_whether_a_case_is_ordinary_special_or_refused(day, said, grounds, refused, basis):
    found = judged(said, day)
    assert (found.grounds, found.special) == (grounds, bool(grounds))
    assert (found.refused[0] if found.refused else None) == refused
    rests_on = [found.refused[1]] if found.refused else [each.rule for each in found.findings if each.special]
    assert any(basis in each.basis for each in (*rests_on, found.rule))


# Windows: QĐ 51/2002/QĐ-BGDĐT Điều 5 khoản 3, and the province's own days (15/8–10/9, 15/1–30/1)


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (dt.date(2019, 8, 14), False),
        (dt.date(2019, 8, 15), True),
        (dt.date(2019, 9, 10), True),
        (dt.date(2019, 9, 11), False),
        (dt.date(2020, 1, 14), False),
        (dt.date(2020, 1, 15), True),
        (dt.date(2020, 1, 30), True),
        (dt.date(2020, 1, 31), False),
        (dt.date(2026, 1, 30), True),
        (LAST_OF_2019, False),
        (FIRST_OF_2026, True),
    ],
)
def test_the_last_day_of_a_window_is_inside_and_the_day_after_is_for_the_director(day, inside):
    found = judged(facts(), day)
    assert found.special is not inside
    assert (finding(found, "outside_window").holds, finding(found, "outside_window").special) == (inside, not inside)


@pytest.mark.parametrize(
    ("submitted", "received", "inside"),
    [
        (dt.date(2019, 9, 10), dt.date(2019, 9, 12), True),  # in time; the office was slow
        (dt.date(2019, 8, 14), dt.date(2019, 8, 15), True),  # came too early, and was there when the window opened
        (dt.date(2019, 9, 11), dt.date(2019, 9, 12), False),
        (dt.date(2019, 8, 1), dt.date(2019, 8, 14), False),
    ],
)
def test_a_window_is_kept_by_who_handed_in_within_it_or_whose_dossier_was_received_within_it(
    submitted, received, inside
):
    found = judge(facts(), received, KNOWN, submitted=submitted)
    assert finding(found, "outside_window").holds is inside


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (dt.date(2019, 5, 31), False),
        (dt.date(2019, 6, 1), True),
        (dt.date(2019, 9, 4), True),
        (dt.date(2019, 9, 5), False),
        (dt.date(2020, 1, 31), True),
        (dt.date(2020, 2, 1), False),
    ],
)
def test_without_the_provinces_days_the_national_ones_hold(day, inside):
    [windows] = next(pack["windows"] for pack in PACKS if pack["pack"] == "2019")
    assert within(day, windows["days"]) is inside


def test_without_windows_every_day_is_inside():
    assert all(within(IN_2026 + dt.timedelta(days=n), ()) for n in range(366))


# The school year begins on 1 June


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (dt.date(2026, 5, 31), 2025),
        (dt.date(2026, 6, 1), 2026),
        (dt.date(2026, 12, 31), 2026),
        (dt.date(2027, 1, 1), 2026),
        (dt.date(2019, 5, 31), 2018),
        (dt.date(2019, 6, 1), 2019),
    ],
)
def test_31_may_belongs_to_the_old_school_year_and_1_june_to_the_new(day, year):
    assert school_year(day, rules(day)) == judged(facts(), day).year == year


# Which text governs: 9/5/2026 is the last day of the decision of 2002, 10/5/2026 the first of the circular of 2026


def test_the_last_day_of_the_old_rules_and_the_first_of_the_new():
    old, new = judged(facts(), LAST_OF_2019), judged(facts(), FIRST_OF_2026)
    assert (old.rule.pack, new.rule.pack) == ("2019", "2026")
    assert [each.step for each in old.steps] == ["release", "consult", "accept", "records", "placement"]
    assert [each.step for each in new.steps] == ["accept", "records", "placement"]
    assert judged(private(), LAST_OF_2019).refused is not None
    assert judged(private(), FIRST_OF_2026).refused is None


def test_the_old_procedure_ends_with_the_old_rules_but_what_came_by_then_is_still_received():
    assert rules(LAST_OF_2019).procedures == {"2.002478"}
    assert rules(FIRST_OF_2026).procedures == {"2.002854", "2.002478"}


# Who does what, in how many working days, after what


@pytest.mark.parametrize(
    ("day", "said", "steps"),
    [
        (
            IN_2019,
            facts(),
            [
                ("release", FROM, 1, ()),
                ("accept", TO, 1, ("release",)),
                ("records", FROM, 3, ()),
                ("placement", TO, 5, ()),
            ],
        ),
        (
            IN_2019,
            ELSEWHERE,
            [("introduce", DEPARTMENT, 1, ()), ("accept", TO, 1, ("introduce",)), ("placement", TO, 5, ())],
        ),
        (
            IN_2019,
            AWAY,
            [("release", FROM, 1, ()), ("introduce", DEPARTMENT, 1, ("release",)), ("records", FROM, 3, ())],
        ),
        (
            IN_2019,
            ABROAD,
            [("introduce", DEPARTMENT, 1, ()), ("accept", TO, 1, ("introduce",)), ("placement", TO, 5, ())],
        ),
        (
            IN_2019,
            SPECIAL,
            [
                ("release", PRIVATE, 1, ()),
                ("consult", TO, 3, ("release",)),
                ("accept", TO, 1, ("release", "consult")),
                ("records", PRIVATE, 3, ()),
                ("placement", TO, 5, ()),
            ],
        ),
        (IN_2026, facts(), [("accept", TO, 5, ()), ("records", FROM, 3, ()), ("placement", TO, 5, ())]),
        (IN_2026, ELSEWHERE, [("accept", TO, 8, ()), ("placement", TO, 5, ())]),
        (IN_2026, AWAY, [("records", FROM, 3, ())]),
        (IN_2026, ABROAD, [("accept", TO, 8, ()), ("placement", TO, 5, ())]),
        (
            IN_2026,
            SPECIAL,
            [
                ("consult", TO, 3, ()),
                ("accept", TO, 5, ("consult",)),
                ("records", PRIVATE, 3, ()),
                ("placement", TO, 5, ()),
            ],
        ),
    ],
)
def test_each_case_has_the_steps_of_its_kind(day, said, steps):
    assert [(each.step, each.unit, each.days, each.after) for each in judged(said, day).steps] == steps


def test_what_leaves_the_province_as_a_special_case_is_asked_about_by_the_school_that_it_leaves():
    steps = {each.step: each for each in judged(AWAY, IN_2019, raised=True).steps}
    assert (steps["consult"].unit, steps["consult"].after) == (FROM, ("release", "introduce"))


@pytest.mark.parametrize("day", [IN_2019, IN_2026])
@pytest.mark.parametrize("said", [facts(), ELSEWHERE, AWAY, ABROAD])
def test_no_step_before_an_ordinary_decision_has_more_days_than_the_whole_procedure(day, said):
    found = judged(said, day)
    most = rules(day).limit[found.kind]
    assert all(each.days <= most for each in found.steps if each.step not in {"records", "placement"})


# Raised by an officer: Công văn 1595/SGDĐT-VP


def test_a_raised_case_is_special_whatever_the_rules_say_and_goes_to_the_leadership():
    found = judged(facts(), raised=True)
    assert (found.special, found.grounds) == (True, ("raised",))
    assert [each.step for each in found.steps] == ["consult", "accept", "records", "placement"]
    assert judged(SPECIAL, raised=True).grounds == ("private_to_public", "raised")


# What is for the head to weigh: neither special nor refused


@pytest.mark.parametrize(
    ("day", "said", "missing"),
    [
        (IN_2019, facts(documents=()), {"application", "record", "admission", "introduction"}),
        (IN_2019, facts(documents=("application", "record")), {"admission", "introduction"}),
        (IN_2019, ELSEWHERE, {"department_introduction"}),
        (IN_2019, AWAY, set()),
        (IN_2026, facts(documents=("application",)), {"summary"}),
        (IN_2026, facts(), set()),
    ],
)
def test_a_missing_paper_is_found_and_refuses_nothing(day, said, missing):
    found = judged(said, day)
    papers = {each.ground: each for each in found.findings if each.ground.startswith("document:")}
    assert {ground.partition(":")[2] for ground, each in papers.items() if not each.holds} == missing
    assert not any(each.bars or each.special for each in papers.values())
    assert (found.refused, found.special) == (None, False)


def test_another_reason_is_for_the_head_to_weigh_and_since_2026_no_reasons_are_listed():
    other = finding(judged(facts(reason="other"), IN_2019), "reason")
    assert (other.holds, other.special, other.bars) == (False, False, False)
    assert other.rule.basis == f"{DECISION} Điều 4 khoản 1"
    assert "reason" not in {each.ground for each in judged(facts(reason="other")).findings}


@pytest.mark.parametrize(
    ("subjects", "fits"),
    [(("physics", "biology"), True), (("physics", "chemistry"), False), ((), True)],
)
def test_elective_subjects_that_the_class_does_not_have_are_found_and_refuse_nothing(subjects, fits):
    found = judged(facts(subjects=subjects), class_id=CLASS)
    assert finding(found, "subjects").holds is fits
    assert found.refused is None


def test_subjects_are_compared_with_a_class_that_is_known_and_only_since_the_curriculum_of_2018():
    assert "subjects" not in {each.ground for each in judged(facts()).findings}
    before = judged(facts(), IN_2019, class_id=CLASS)
    assert "subjects" not in {each.ground for each in before.findings}


# Every answer names its article


@pytest.mark.parametrize("day", [IN_2019, OUT_2019, IN_2026])
@pytest.mark.parametrize("said", [facts(), SPECIAL, private(), ELSEWHERE, AWAY, ABROAD, facts(grade=9)])
def test_every_finding_and_step_names_the_article_and_the_pack_that_it_rests_on(day, said):
    found = judged(said, day)
    cited = [*(each.rule for each in found.findings), *(each.rule for each in found.steps), found.rule]
    assert all(each.basis and each.pack and each.version and each.name for each in cited)


def test_what_could_not_be_confirmed_says_where_it_comes_from():
    for pack in PACKS:
        for topic, entries in pack.items():
            for entry in entries if isinstance(entries, list) else ():
                assert entry["mark"] in {"H", "M", "L"}, topic
                assert entry["mark"] == "H" or entry["source"], topic
    assert list(marks(PACKS))


def test_each_day_since_2003_has_all_rules():
    for year in range(2003, 2030):
        for month, day in ((1, 1), (5, 9), (5, 10), (12, 31)):
            assert rules(dt.date(year, month, day)).procedures
