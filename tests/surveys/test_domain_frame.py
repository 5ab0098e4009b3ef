"""The list that a sample is drawn from: read, checked with where and what to do, and known by one digest."""

import hashlib
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.surveys import FrameClass, FrameSchool
from services.surveys.domain.frame import MOST_PROBLEMS, canonical, digest, problems, read, row_problems

ROWS: list[dict[str, Any]] = [
    {"stratum": "thành thị", "school": "thpt-le-loi", "name": "THPT Lê Lợi", "class": "10A1", "size": 41},
    {"stratum": "thành thị", "school": "thpt-le-loi", "name": "THPT Lê Lợi", "class": "10A2", "size": "39"},
    {"stratum": "miền núi", "school": "thpt-tan-phu", "name": " THPT  Tân Phú ", "class": 12, "size": 35.0},
]


def test_rows_become_a_frame_in_canonical_form():
    assert read(ROWS) == (
        FrameSchool(
            school="thpt-tan-phu", name="THPT Tân Phú", stratum="miền núi", classes=(FrameClass(name="12", size=35),)
        ),
        FrameSchool(
            school="thpt-le-loi", name="THPT Lê Lợi", stratum="thành thị",
            classes=(FrameClass(name="10A1", size=41), FrameClass(name="10A2", size=39)),
        ),
    )  # fmt: skip
    assert not problems(read(ROWS))


def test_the_digest_is_that_of_the_lines_that_the_docstring_tells():
    lines = (
        '["miền núi","thpt-tan-phu","THPT Tân Phú","12",35]\n'
        '["thành thị","thpt-le-loi","THPT Lê Lợi","10A1",41]\n'
        '["thành thị","thpt-le-loi","THPT Lê Lợi","10A2",39]'
    )
    assert digest(read(ROWS)) == hashlib.sha256(lines.encode()).hexdigest()


@settings(deadline=None, derandomize=True)
@given(st.randoms())
def test_the_order_of_rows_and_how_accents_are_composed_do_not_matter(chance: random.Random):
    rows = [dict(row) for row in ROWS]
    chance.shuffle(rows)
    rows[0]["name"] = rows[0]["name"].replace("ê", "e\u0302")
    rows[0]["stratum"] = rows[0]["stratum"].replace("ị", "i\u0323")
    assert digest(read(rows)) == digest(read(ROWS))


@pytest.mark.parametrize("change", [{"size": 40}, {"class": "10A9"}, {"school": "thpt-x"}])
def test_another_list_has_another_digest(change):
    assert digest(read([ROWS[0] | change, *ROWS[1:]])) != digest(read(ROWS))


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"class": ""}, "Dòng 2, cột class", "trống"),
        ({"school": None}, "Dòng 2, cột school", "trống"),
        ({"size": 0}, "Dòng 2, cột size", "từ 1 đến 1000"),
        ({"size": "bốn mươi"}, "Dòng 2, cột size", "bốn mươi"),
        ({"size": 41.5}, "Dòng 2, cột size", "41.5"),
        ({"size": -3}, "Dòng 2, cột size", "-3"),
        ({"size": "²"}, "Dòng 2, cột size", "²"),
        ({"size": "9" * 5000}, "Dòng 2, cột size", "9999"),
        ({"class": "x" * 300}, "Dòng 2, cột class", "200"),
        ({"class": "10\u0000A"}, "Dòng 2, cột class", "in được"),
        ({"class": "10A2"}, "Dòng 3", "đã có ở dòng 2"),
        ({"name": "THPT Lê Lai"}, "Dòng 3", "khác với dòng 2"),
        ({"stratum": "miền núi"}, "Dòng 3", "khác với dòng 2"),
    ],
)
def test_a_row_that_can_not_be_read_is_told_with_where_and_what_to_do(change, where, what):
    rows = [ROWS[0] | change, *ROWS[1:]]
    [problem] = row_problems(rows)
    assert problem.where.vi == where
    assert what in problem.says.vi
    assert problem.instead.vi
    assert problem.instead.en
    with pytest.raises(ValueError, match="Row"):
        read(rows)


def test_an_empty_file_is_told():
    assert row_problems([])[0].says.en == "There is no row."
    assert problems(()) == row_problems(())


def test_a_missing_column_is_told_of_every_row_but_not_without_end():
    assert len(row_problems([{"school": "x"}] * 500)) == MOST_PROBLEMS


def school(**more: Any) -> FrameSchool:
    told: dict[str, Any] = {"school": "a", "name": "A", "stratum": "x", "classes": (FrameClass(name="1", size=30),)}
    return FrameSchool(**(told | more))


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        ([school(), school(stratum="y")], "hai lần"),
        ([school(classes=())], "không có lớp"),
        ([school(classes=(FrameClass(name="1", size=30), FrameClass(name="1 ", size=20)))], "hai lần"),
        ([school(classes=(FrameClass(name="1", size=0),))], "từ 1 đến"),
        ([school(classes=(FrameClass(name="1", size=5000),))], "từ 1 đến"),
        ([school(stratum="")], "Tên trống"),
        ([school(classes=(FrameClass(name="", size=3),))], "Tên trống"),
    ],
)
def test_a_frame_that_can_not_be_drawn_from_is_told(frame, what):
    found = problems(frame)
    assert any(what in each.says.vi for each in found)
    assert all(each.where.vi.startswith("Trường A") for each in found)


NAME = st.text(max_size=8)


@settings(deadline=None, derandomize=True)
@given(
    st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("stratum", "school", "name", "class"), NAME) | {"size": NAME | st.integers(-5, 2000)}
        )
    )
)
def test_any_rows_are_either_read_or_told(rows):
    if row_problems(rows):
        with pytest.raises(ValueError):
            read(rows)
    else:
        frame = read(rows)
        assert canonical(frame) == frame
        assert not problems(frame)
