"""The frame: the list of schools and classes that a sample is drawn from, in one canonical form with one digest.

Whoever holds the same list has the same digest, whatever the order of its rows and however its accents are composed.
"""

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kernel.decider import Text
from schemas.surveys import FrameClass, FrameSchool

COLUMNS = ("stratum", "school", "name", "class", "size")
"""What a row must tell: the stratum, the school's id and its name, the class, how many people belong to it."""
LARGEST_CLASS = 1000
LONGEST_NAME = 200
MOST_PROBLEMS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something in a frame that a sample can't be drawn from. `where` leads a person to it, `says` tells what is wrong
    and `instead` what to do."""

    where: Text
    says: Text
    instead: Text


CHECK_SIZE = Text("Điền số người của lớp theo danh sách hiện nay.", "Fill in how many people the class has now.")
FILL_IN = Text("Điền ô này.", "Fill in this field.")
KEEP_ONE = Text("Chỉ giữ lại một dòng.", "Keep one row only.")


def row_problems(rows: Sequence[Mapping[str, object]], first: int = 2) -> tuple[Problem, ...]:
    """What keeps rows from being read: columns that are missing, fields that are empty or hold no number, a class told
    twice, a school under two names or in two strata. Rows are counted from `first`, as a sheet with a heading does.
    At most MOST_PROBLEMS are told."""
    if not rows:
        return (
            Problem(
                where=Text("Cả tệp", "The whole file"),
                says=Text("Không có dòng nào.", "There is no row."),
                instead=Text("Thêm mỗi lớp một dòng.", "Add a row for each class."),
            ),
        )
    found: list[Problem] = []
    told: dict[tuple[str, str], int] = {}
    schools: dict[str, tuple[int, str, str]] = {}
    for number, row in enumerate(rows, first):
        values = {column: _text(row.get(column)) for column in COLUMNS}
        bad = [_field_problem(number, column, value) for column, value in values.items()]
        found += (problem for problem in bad if problem)
        if any(bad):
            continue
        key = (values["school"], values["class"])
        if key in told:
            found.append(_twice(number, told[key], *key))
        told.setdefault(key, number)
        known = schools.setdefault(values["school"], (number, values["name"], values["stratum"]))
        if known[1:] != (values["name"], values["stratum"]):
            found.append(_two_faces(number, known[0], values["school"]))
    return tuple(found[:MOST_PROBLEMS])


def read(rows: Sequence[Mapping[str, object]]) -> tuple[FrameSchool, ...]:
    """The frame of rows that have no `row_problems`, in canonical form. Raises ValueError for rows that have."""
    if problem := next(iter(row_problems(rows)), None):
        raise ValueError(f"{problem.where.en}: {problem.says.en}")
    classes: dict[tuple[str, str, str], list[FrameClass]] = {}
    for row in rows:
        stratum, school, name, class_name, size = (_text(row[column]) for column in COLUMNS)
        classes.setdefault((stratum, school, name), []).append(FrameClass(name=class_name, size=_number(size)))
    return canonical(
        FrameSchool(school=school, name=name, stratum=stratum, classes=tuple(found))
        for (stratum, school, name), found in classes.items()
    )


def canonical(schools: Iterable[FrameSchool]) -> tuple[FrameSchool, ...]:
    """The same frame in the one order and spelling that it is digested in: Unicode NFC, spaces trimmed and single,
    schools by (stratum, id), classes by name, compared by code points."""
    return tuple(
        sorted(
            (
                FrameSchool(
                    school=_text(each.school),
                    name=_text(each.name),
                    stratum=_text(each.stratum),
                    classes=tuple(
                        sorted(
                            (FrameClass(name=_text(one.name), size=one.size) for one in each.classes),
                            key=lambda one: (one.name, one.size),
                        )
                    ),
                )
                for each in schools
            ),
            key=lambda each: (each.stratum, each.school),
        )
    )


def digest(schools: Iterable[FrameSchool]) -> str:
    """SHA-256, in 64 hexadecimal digits, of the canonical form as UTF-8 text: a line a class, each a JSON array
    `["stratum","school","school name","class",size]` without spaces and with non-ASCII letters as they are, lines
    joined by a line feed, none at the end. A school without a class is the line `["stratum","school","school name"]`.
    """
    lines: list[str] = []
    for school in canonical(schools):
        about: list[object] = [school.stratum, school.school, school.name]
        rows = [[*about, one.name, one.size] for one in school.classes] or [about]
        lines += (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def problems(schools: Sequence[FrameSchool]) -> tuple[Problem, ...]:
    """What keeps a frame from being drawn from: no school, a school twice or without a class, a class twice or of a
    size that can't be. At most MOST_PROBLEMS are told."""
    if not schools:
        return row_problems(())
    found: list[Problem] = []
    times = Counter(_text(each.school) for each in schools)
    for school in canonical(schools):
        where = Text(f"Trường {school.name} ({school.school})", f"School {school.name} ({school.school})")
        if times[school.school] > 1:
            found.append(
                Problem(
                    where=where,
                    says=Text("Trường này có hai lần trong danh sách.", "This school is in the list twice."),
                    instead=Text("Gộp thành một trường, một nhóm.", "Put it in once, in one stratum."),
                )
            )
        if not all(map(_fits, (school.school, school.stratum, school.name))):
            found.append(_bad_name(where))
        if not school.classes:
            found.append(
                Problem(
                    where=where,
                    says=Text("Trường này không có lớp nào.", "This school has no class."),
                    instead=Text("Thêm lớp, hoặc bỏ trường khỏi danh sách.", "Add its classes, or leave it out."),
                )
            )
        names = Counter(one.name for one in school.classes)
        for one in school.classes:
            inside = Text(f"{where.vi}, lớp {one.name}", f"{where.en}, class {one.name}")
            if not _fits(one.name):
                found.append(_bad_name(inside))
            if not 1 <= one.size <= LARGEST_CLASS:
                found.append(_bad_size(inside, str(one.size)))
        for name, count in names.items():
            if count > 1:
                inside = Text(f"{where.vi}, lớp {name}", f"{where.en}, class {name}")
                says = Text("Lớp này có hai lần.", "This class is there twice.")
                found.append(Problem(where=inside, says=says, instead=KEEP_ONE))
    return tuple(found[:MOST_PROBLEMS])


def _text(value: object) -> str:
    """A field as it is kept: NFC, without spaces around and with single ones inside. A number of a sheet is `12`, not
    `12.0`."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(unicodedata.normalize("NFC", str(value)).split())


def _number(text: str) -> int:
    """A size as a person types it. Raises ValueError."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _fits(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def _field_problem(number: int, column: str, value: str) -> Problem | None:
    where = Text(f"Dòng {number}, cột {column}", f"Row {number}, column {column}")
    if not value:
        return Problem(where=where, says=Text("Ô này trống.", "This field is empty."), instead=FILL_IN)
    if column == "size":
        if not (value.isascii() and value.isdigit() and len(value) < 6 and 1 <= int(value) <= LARGEST_CLASS):
            return _bad_size(where, value)
    elif not _fits(value):
        return _bad_name(where)
    return None


def _bad_size(where: Text, value: str) -> Problem:
    return Problem(
        where=where,
        says=Text(
            f"Số người là “{value[:20]}”, phải là số nguyên từ 1 đến {LARGEST_CLASS}.",
            f"The size is “{value[:20]}”; it must be a whole number from 1 to {LARGEST_CLASS}.",
        ),
        instead=CHECK_SIZE,
    )


def _bad_name(where: Text) -> Problem:
    return Problem(
        where=where,
        says=Text(
            f"Tên trống, quá {LONGEST_NAME} ký tự hoặc có ký tự không in được.",
            f"A name is empty, longer than {LONGEST_NAME} characters, or holds characters that can't be printed.",
        ),
        instead=Text("Sửa lại tên.", "Correct the name."),
    )


def _twice(number: int, before: int, school: str, class_name: str) -> Problem:
    return Problem(
        where=Text(f"Dòng {number}", f"Row {number}"),
        says=Text(
            f"Lớp {class_name} của trường {school} đã có ở dòng {before}.",
            f"Class {class_name} of school {school} is in row {before} already.",
        ),
        instead=KEEP_ONE,
    )


def _two_faces(number: int, before: int, school: str) -> Problem:
    return Problem(
        where=Text(f"Dòng {number}", f"Row {number}"),
        says=Text(
            f"Trường {school} có tên hoặc nhóm khác với dòng {before}.",
            f"School {school} has another name or stratum than in row {before}.",
        ),
        instead=Text("Ghi cùng một tên và một nhóm cho mỗi trường.", "Give each school one name and one stratum."),
    )
