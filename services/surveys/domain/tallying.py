"""What a cell's answers add up to: whole numbers alone, so that tallies add up exactly.

One person is one element. For the answers of one part (an area, a question, an option) a person has `m`, how many
questions they answered, `y`, how many of those with level 4 or 5 ("satisfied or very satisfied"), and `s`, the sum of
the levels. Sums of these and of their products are all that an estimate and its variance need.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from schemas.surveys import Answers, Question, QuestionnairePublished

Part: TypeAlias = tuple[str, str]
"""An area and a question's code: `("", "")` all areas that count, `(area, "")` an area, `(area, question)` a question,
`(area, "question:option")` an option of a choice."""
WHOLE: Part = ("", "")
SATISFIED = 4
"""Levels from here on count as satisfied (Đề án QĐ 3982/QĐ-BGDĐT; SIPAS: hài lòng, rất hài lòng)."""
FIELDS = ("n", "m", "y", "s", "mm", "my", "yy", "ms", "ss")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """Over the people of a cell: how many answered a part at all (`n`), the sums of m, y and s, and of the products
    m·m, m·y, y·y, m·s, s·s. `levels` counts answers by level 1 to 5, likert questions and areas only."""

    n: int = 0
    m: int = 0
    y: int = 0
    s: int = 0
    mm: int = 0
    my: int = 0
    yy: int = 0
    ms: int = 0
    ss: int = 0
    levels: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    def __add__(self, other: "Sums") -> "Sums":
        a, b, c, d, e = (x + y for x, y in zip(self.levels, other.levels, strict=True))
        return Sums(
            n=self.n + other.n,
            m=self.m + other.m,
            y=self.y + other.y,
            s=self.s + other.s,
            mm=self.mm + other.mm,
            my=self.my + other.my,
            yy=self.yy + other.yy,
            ms=self.ms + other.ms,
            ss=self.ss + other.ss,
            levels=(a, b, c, d, e),
        )


NOTHING = Sums()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """The sums of a cell: `sheets` people answered; `parts` has only what somebody answered."""

    sheets: int = 0
    parts: Mapping[Part, Sums] = field(default_factory=dict)

    def __add__(self, other: "Tally") -> "Tally":
        parts = dict(self.parts)
        for part, sums in other.parts.items():
            parts[part] = parts.get(part, NOTHING) + sums
        return Tally(sheets=self.sheets + other.sheets, parts=parts)


EMPTY = Tally()


def tally(sheets: Iterable[Answers], published: QuestionnairePublished) -> Tally:
    """The tally of these sheets' answers: every likert and number question, every option of a choice, every area, and
    all areas that count. Answers to unknown questions and of the wrong type do not count."""
    counted = {area.code for area in published.areas if area.counts}
    totals: dict[Part, list[int]] = {}
    levels: dict[Part, list[int]] = {}
    people = 0
    for answers in sheets:
        people += 1
        for part, (m, y, s) in _person(answers, published, counted, levels).items():
            total = totals.setdefault(part, [0] * len(FIELDS))
            for place, value in enumerate((1, m, y, s, m * m, m * y, y * y, m * s, s * s)):
                total[place] += value
    return Tally(
        sheets=people,
        parts={
            part: Sums(**dict(zip(FIELDS, total, strict=True)), levels=_five(levels.get(part)))
            for part, total in totals.items()
        },
    )


def _person(
    answers: Answers, published: QuestionnairePublished, counted: set[str], levels: dict[Part, list[int]]
) -> dict[Part, tuple[int, int, int]]:
    """(m, y, s) of one person by part; counts the levels on the way."""
    found: dict[Part, tuple[int, int, int]] = {}
    for question in published.questions:
        answer = answers.get(question.code)
        if answer is None:
            continue
        if question.kind == "likert":
            if not isinstance(answer, int) or not 1 <= answer <= 5:
                continue
            parts = [(question.area, question.code)]
            if question.area:
                parts.append((question.area, ""))
            if question.area in counted:
                parts.append(WHOLE)
            for part in parts:
                m, y, s = found.get(part, (0, 0, 0))
                found[part] = (m + 1, y + (answer >= SATISFIED), s + answer)
                levels.setdefault(part, [0] * 5)[answer - 1] += 1
        elif question.kind == "number":
            if isinstance(answer, int):
                found[question.area, question.code] = (1, 0, answer)
        elif question.kind in {"single", "multiple"}:
            chosen = (answer,) if isinstance(answer, str) else answer
            if isinstance(chosen, tuple):
                for option in question.options:
                    yes = int(option.code in chosen)
                    found[question.area, f"{question.code}:{option.code}"] = (1, yes, yes)
    return found


def _five(levels: list[int] | None) -> tuple[int, int, int, int, int]:
    a, b, c, d, e = levels or (0, 0, 0, 0, 0)
    return (a, b, c, d, e)


def parts_of(published: QuestionnairePublished) -> tuple[Part, ...]:
    """All parts of a questionnaire that can have a figure, in its order: the whole, then each area with its questions,
    then the questions of no area."""
    found: list[Part] = [WHOLE]
    for area in (*(area.code for area in published.areas), ""):
        inside = [question for question in published.questions if question.area == area]
        if area and any(question.kind == "likert" for question in inside):
            found.append((area, ""))
        for question in inside:
            found += ((area, code) for code in _codes(question))
    return tuple(found)


def _codes(question: Question) -> tuple[str, ...]:
    if question.kind in {"single", "multiple"}:
        return tuple(f"{question.code}:{option.code}" for option in question.options)
    return (question.code,) if question.kind in {"likert", "number"} else ()
