"""A procedure's own form: for whom it is, what it asks on which day, and what is said of a wrong answer."""

import datetime as dt
import tomllib
from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from intake.samples import PERSON, RULES
from schemas.people import Person
from schemas.transfers import Facts, Reason, SchoolType
from services.intake.domain.form import Form, check, check_concerned, form_on, matching, plain

PACK = tomllib.loads((RULES / "forms.toml").read_text("utf-8"))
OLD, NEW = dt.date(2026, 5, 9), dt.date(2026, 5, 10)
UNITS = {"school": {"thpt-le-loi", "thpt-tran-phu"}}
GOOD: dict[str, Any] = {
    "from_school": "thpt-tran-phu",
    "from_type": "public",
    "to_school": "thpt-le-loi",
    "to_type": "public",
    "grade": 11,
    "reason": "moved_home",
    "subjects": ("physics", "chemistry", "biology", "informatics"),
    "documents": ("application", "summary"),
}
PUPIL = Person(name="Lò Văn Nam", id_number="011210000003", born=dt.date(2010, 3, 2))


def form(day: dt.date = NEW, procedure: str = "2.002854", levels: tuple[str, ...] = ()) -> Form:
    found = form_on(procedure, levels, day, PACK)
    assert found
    return found


def wrong(**changes: Any) -> dict[str, str]:
    answers = {name: each for name, each in (GOOD | changes).items() if each is not None}
    return {name: each.kind for name, each in check(form(), answers, UNITS).items()}


def test_the_form_of_a_transfer_asks_exactly_what_a_transfer_is_judged_by():
    asked = {each.name: each for each in form().fields}
    assert sorted(asked) == sorted(each.name for each in fields(Facts))
    assert TypeAdapter(Facts).validate_python(GOOD)
    assert set(asked["reason"].values) == set(get_args(Reason))
    assert set(asked["from_type"].values) == set(get_args(SchoolType))
    assert set(asked["to_type"].values) == set(get_args(SchoolType)) - {"abroad"}
    assert (asked["grade"].least, asked["grade"].most) == (10, 12)


@pytest.mark.parametrize(
    ("procedure", "day", "there"),
    [
        ("2.002478", OLD, True),
        ("2.002854", NEW, True),
        ("3.000465", NEW, False),
        ("2.002854", dt.date(2017, 12, 31), False),
    ],
)
def test_a_procedure_has_a_form_or_has_none(procedure, day, there):
    assert (form_on(procedure, (), day, PACK) is not None) == there


@pytest.mark.parametrize(
    ("levels", "there"), [((), True), (("upper_secondary",), True), (("primary", "lower_secondary"), False)]
)
def test_it_is_for_units_that_decide_about_upper_secondary_education(levels, there):
    assert (form_on("2.002854", levels, NEW, PACK) is not None) == there


def test_the_papers_are_those_of_the_rules_of_the_day():
    (old,), (new,) = ([each.values for each in form(day).fields if each.name == "documents"] for day in (OLD, NEW))
    assert set(old) == {"application", "record", "admission", "introduction", "department_introduction"}
    assert set(new) == {"application", "summary", "individual_plan"}


def test_every_question_is_asked_in_two_languages():
    found = form()
    texts = [found.title, found.concerns, *(each.label for each in found.fields)]
    texts += [each.hint for each in found.fields if each.hint]
    texts += [option.label for each in found.fields for option in each.options]
    assert all(each and each.vi and each.en for each in texts)


def test_good_answers_are_good():
    assert wrong() == {}
    assert wrong(from_school=None, from_name="THPT Kim Liên", from_place="Hà Nội") == {}
    assert wrong(subjects=(), documents=(), to_class="11A2") == {}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"shoe_size": 40}, {"shoe_size": "extra_forbidden"}),
        ({"grade": None}, {"grade": "missing"}),
        ({"grade": 9}, {"grade": "out_of_range"}),
        ({"grade": "11"}, {"grade": "out_of_range"}),
        ({"grade": True}, {"grade": "out_of_range"}),
        ({"reason": "boredom"}, {"reason": "not_offered"}),
        ({"reason": ("moved_home",)}, {"reason": "other_kind"}),
        ({"reason": ""}, {"reason": "missing"}),
        ({"from_school": "so-gddt"}, {"from_school": "unknown_unit"}),
        ({"from_school": None}, {"from_name": "missing", "from_place": "missing"}),
        ({"from_school": "", "from_name": "THPT Kim Liên"}, {"from_place": "missing"}),
        ({"to_class": "x" * 61}, {"to_class": "string_too_long"}),
        ({"to_class": 11}, {"to_class": "other_kind"}),
        ({"to_class": "11\x00A2"}, {"to_class": "string_unicode"}),
        ({"from_school": None, "from_name": "A\x0bB", "from_place": "Hà Nội"}, {"from_name": "string_unicode"}),
        ({"subjects": ("physics", "alchemy")}, {"subjects": "not_offered"}),
        ({"subjects": ("physics", "physics")}, {"subjects": "not_offered"}),
        ({"subjects": "physics"}, {"subjects": "other_kind"}),
        ({"documents": ("record",)}, {"documents": "not_offered"}),  # a paper of the rules before
    ],
)
def test_a_wrong_answer_is_told_by_its_field(changes, kinds):
    assert wrong(**changes) == kinds


def test_who_it_is_about_has_a_name_a_day_of_birth_and_a_number_of_their_own():
    assert check_concerned(form(), PUPIL, PERSON) == {}
    assert check_concerned(form(), replace(PUPIL, id_number=""), PERSON) == {}
    assert set(check_concerned(form(), None, PERSON)) == {""}
    assert set(check_concerned(form(), replace(PUPIL, born=None), PERSON)) == {"born"}
    assert set(check_concerned(form(), replace(PUPIL, kind="organisation"), PERSON)) == {"kind"}
    assert set(check_concerned(form(), replace(PUPIL, id_number=PERSON.id_number), PERSON)) == {"id_number"}
    grown_up = replace(PERSON, name="nguyen thi anh", born=dt.date(2007, 1, 1))
    assert check_concerned(form(), grown_up, PERSON) == {}, "a pupil who is of age applies alone"


def test_a_form_about_nobody_else_takes_nobody_else():
    alone = replace(form(), concerns=None)
    assert check_concerned(alone, None, PERSON) == {}
    assert set(check_concerned(alone, PUPIL, PERSON)) == {""}


SCHOOLS = [("a", "Trường THPT Lê Lợi"), ("b", "Trường THPT Lê Quý Đôn"), ("c", "Trường THPT Trần Phú")]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Trường THPT Lê Lợi", ["a"]),
        ("le loi", ["a"]),
        ("LÊ", ["a", "b"]),
        ("đon", ["b"]),
        ("thpt", ["a", "b", "c"]),
        ("Kim Liên", []),
        ("", []),
        ("  ", []),
    ],
)
def test_a_school_is_found_by_words_of_its_name(typed, found):
    assert [id for id, _ in matching(typed, SCHOOLS)] == found


def test_names_are_compared_as_people_type_them():
    assert plain("  Trường  THPT Đồng Tiến ") == "truong thpt dong tien"
