"""An invented province whose every opinion is known: schools differ, classes within them, people within those."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.surveys import (
    Area,
    Chosen,
    FrameClass,
    FrameSchool,
    Option,
    Question,
    QuestionnairePublished,
    Wording,
)
from services.surveys.domain.tallying import Part, Sums, Tally

PART: Part = ("access", "")
Levels = Any
"""An array of people × questions, of levels 1 to 5."""


def wording(text: str) -> Wording:
    return Wording(vi=text, en=text)


def question(code: str, area: str = "", kind: Any = "likert", options: Sequence[str] = (), **more: Any) -> Question:
    told = tuple(Option(code=each, label=wording(each)) for each in options)
    return Question(code=code, area=area, kind=kind, label=wording(code), options=told, **more)


def questionnaire(*questions: Question, uncounted: Sequence[str] = ()) -> QuestionnairePublished:
    areas = dict.fromkeys(each.area for each in questions if each.area)
    return QuestionnairePublished(
        key="education-pupil", edition=1, title=wording("Khảo sát"), group="pupil",
        areas=tuple(Area(code=each, label=wording(each), counts=each not in uncounted) for each in areas),
        questions=questions, basis="QĐ 3476/QĐ-BGDĐT", digest="", published_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Province:
    """Its frame, and what everybody would answer by (school, class)."""

    frame: tuple[FrameSchool, ...]
    answers: Mapping[tuple[str, str], Levels]

    @property
    def share(self) -> float:
        return float((np.concatenate([each.ravel() for each in self.answers.values()]) >= 4).mean())

    @property
    def mean(self) -> float:
        return float(np.concatenate([each.ravel() for each in self.answers.values()]).mean())

    def share_of(self, school: str) -> float:
        return float((np.concatenate([each for (at, _), each in self.answers.items() if at == school]) >= 4).mean())


def province(seed: int, giants: int = 0, questions: int = 4) -> Province:
    """Ninety schools of three strata, three to ten classes of 25 to 45 people each; the first `giants` of each stratum
    have forty classes, so that they are certain to be drawn."""
    rng = np.random.default_rng(seed)
    schools: list[FrameSchool] = []
    answers: dict[tuple[str, str], Levels] = {}
    for stratum, count, level in (("đồng bằng", 40, 0.2), ("miền núi", 20, -0.3), ("thành thị", 30, 0.4)):
        for number in range(count):
            school, its = f"{stratum} {number:02}", rng.normal(level, 0.35)
            sizes = [int(size) for size in rng.integers(25, 46, 40 if number < giants else rng.integers(3, 11))]
            for place, size in enumerate(sizes):
                base = its + rng.normal(0, 0.25) + rng.normal(0, 0.9, (size, 1))
                told = np.clip(np.round(3.6 + base + rng.normal(0, 0.7, (size, questions))), 1, 5).astype(int)
                answers[school, f"{place:02}"] = told
            classes = tuple(FrameClass(name=f"{place:02}", size=size) for place, size in enumerate(sizes))
            schools.append(FrameSchool(school=school, name=school, stratum=stratum, classes=classes))
    return Province(frame=tuple(schools), answers=answers)


def sums(told: Levels) -> Sums:
    """The sums of people who all answered all questions."""
    people, many = told.shape
    satisfied, levels = (told >= 4).sum(axis=1), told.sum(axis=1)
    counts = [int((told == level).sum()) for level in range(1, 6)]
    return Sums(
        n=people, m=people * many, y=int(satisfied.sum()), s=int(levels.sum()), mm=people * many * many,
        my=many * int(satisfied.sum()), yy=int((satisfied**2).sum()), ms=many * int(levels.sum()),
        ss=int((levels**2).sum()), levels=(counts[0], counts[1], counts[2], counts[3], counts[4]),
    )  # fmt: skip


def answered(all_of: Mapping[tuple[str, str], Levels], chosen: Sequence[Chosen], rng: Any, response: float) -> Any:
    """The tallies of a sample: `asked` of each class by chance, of whom each answers with the chance `response`."""
    found: dict[tuple[str, ...], Tally] = {}
    for each in chosen:
        told = all_of[each.school, each.class_name]
        asked = told if each.asked == len(told) else told[rng.permutation(len(told))[: each.asked]]
        there = asked[rng.random(len(asked)) < response]
        if len(there):
            found[each.school, each.class_name] = Tally(sheets=len(there), parts={PART: sums(there)})
    return found
