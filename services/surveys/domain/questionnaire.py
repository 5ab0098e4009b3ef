"""Questionnaires: editions that are never changed, which questions a person is asked, and what an answer may be.

A reviewed file (services/surveys/questionnaires) is an edition; a changed file is the next one. Results of two editions
are never mixed.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from kernel.decider import Decider, Text
from schemas.event import Event
from schemas.surveys import (
    Answers,
    Area,
    Group,
    Option,
    Question,
    QuestionKind,
    QuestionnairePublished,
    When,
    Wording,
)

LEVELS = {
    1: Text("Rất không hài lòng", "Very dissatisfied"),
    2: Text("Không hài lòng", "Dissatisfied"),
    3: Text("Bình thường", "Neither"),
    4: Text("Hài lòng", "Satisfied"),
    5: Text("Rất hài lòng", "Very satisfied"),
}
"""What a likert question is answered with, and what it is called."""
MOST_WORDS = 2_000  # characters of what a person writes to one question
CELL = "cell"
"""The name under which a `When` means the last part of the respondent's cell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a file says. `digest` is its SHA-256."""

    key: str
    title: Wording
    group: Group
    areas: tuple[Area, ...]
    questions: tuple[Question, ...]
    basis: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Publish:
    """Have this content as the latest edition."""

    content: Content
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """Its editions, by number from 1."""

    editions: Mapping[int, QuestionnairePublished] = field(default_factory=dict)

    @property
    def latest(self) -> QuestionnairePublished | None:
        return self.editions[max(self.editions)] if self.editions else None


def decide(command: Publish, state: Questionnaire) -> list[Event]:
    content, latest = command.content, state.latest
    if latest and latest.digest == content.digest:
        return []
    return [
        QuestionnairePublished(
            key=content.key,
            edition=max(state.editions, default=0) + 1,
            title=content.title,
            group=content.group,
            areas=content.areas,
            questions=content.questions,
            basis=content.basis,
            digest=content.digest,
            published_at=command.at,
        )
    ]


def evolve(state: Questionnaire, event: Event) -> Questionnaire:
    match event:
        case QuestionnairePublished(edition=edition) if edition not in state.editions:
            return replace(state, editions={**state.editions, edition: event})
        case _:
            return state


questionnaire: Decider[Questionnaire] = Decider(
    "questionnaire", Questionnaire(), decide, evolve, (QuestionnairePublished,)
)


# Answering


def asked(published: QuestionnairePublished, cell: tuple[str, ...], answers: Mapping[str, Any]) -> list[Question]:
    """The questions for somebody of this cell who has answered so far, in order. What hangs on a question that is not
    asked is not asked either."""
    found: list[Question] = []
    said = {CELL: cell[-1] if cell else ""}
    for each in published.questions:
        if each.when is None or _told(said.get(each.when.question)) & set(each.when.answers):
            found.append(each)
            said[each.code] = answers.get(each.code, "")
    return found


def _told(answer: Any) -> set[str]:
    return set(map(str, answer)) if isinstance(answer, tuple | list) else {str(answer)} - {""}


NEEDED = Text("Hãy trả lời câu này.", "Answer this question.")
NO_LEVEL = Text("Hãy chọn một mức từ 1 đến 5.", "Choose a level from 1 to 5.")
NO_OPTION = Text("Hãy chọn trong các câu trả lời có sẵn.", "Choose one of the answers that are given.")
NO_NUMBER = Text("Hãy ghi một số từ {least} đến {most}.", "Give a whole number from {least} to {most}.")
TOO_LONG = Text("Viết tối đa {most} ký tự.", "Write at most {most} characters.")
NO_QUESTION = Text("Không có câu hỏi này trong phiếu.", "There is no such question.")


def problems(
    published: QuestionnairePublished, cell: tuple[str, ...], answers: Mapping[str, Any], *, half: bool = False
) -> list[tuple[str, Text]]:
    """What is wrong with these answers, by question. `half`: they may still lack some."""
    known = {each.code for each in published.questions}
    found = [(code, NO_QUESTION) for code in answers if code not in known]
    for each in asked(published, cell, answers):
        answer = answers.get(each.code, "")
        if answer in ("", (), []):
            if each.required and not half:
                found.append((each.code, NEEDED))
        elif wrong := _wrong(each, answer):
            found.append((each.code, wrong))
    return found


def _wrong(question: Question, answer: Any) -> Text | None:
    codes = {each.code for each in question.options}
    match question.kind:
        case "likert":
            return None if type(answer) is int and answer in LEVELS else NO_LEVEL
        case "number":
            within = type(answer) is int and question.least <= answer <= question.most
            return None if within else NO_NUMBER.of(least=question.least, most=question.most)
        case "single":
            return None if isinstance(answer, str) and answer in codes else NO_OPTION
        case "multiple":
            several = isinstance(answer, tuple | list) and all(isinstance(each, str) for each in answer)
            return None if several and set(answer) <= codes and len(set(answer)) == len(answer) else NO_OPTION
        case "text":
            fits = isinstance(answer, str) and len(answer) <= MOST_WORDS
            return None if fits else TOO_LONG.of(most=MOST_WORDS)


def cleaned(published: QuestionnairePublished, cell: tuple[str, ...], answers: Mapping[str, Any]) -> Answers:
    """What counts of good answers: those to questions that were asked, in the order of the questions, several options
    in the order in which they are offered."""
    found: Answers = {}
    for each in asked(published, cell, answers):
        answer = answers.get(each.code, "")
        if isinstance(answer, tuple | list):
            answer = tuple(option.code for option in each.options if option.code in answer)
        elif isinstance(answer, str):
            answer = answer.strip()
        if answer not in ("", ()):
            found[each.code] = answer
    return found


def typed(question: Question, text: str) -> Any:
    """An answer as it comes from a form or a table: text. What does not fit the question stays text, and is wrong."""
    text = text.strip()
    if question.kind in ("likert", "number"):
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text
    if question.kind == "multiple":
        return tuple(filter(None, text.replace(",", " ").replace(";", " ").split()))
    return text


def words_of(published: QuestionnairePublished) -> frozenset[str]:
    """The questions that are answered in a person's own words."""
    return frozenset(each.code for each in published.questions if each.kind == "text")


# Reading a file


class Malformed(ValueError):
    """A questionnaire's file that can't be used. Says which part, and why."""


def read(told: Mapping[str, Any], digest: str) -> Content:
    """The content of a parsed file. Raises Malformed."""
    try:
        content = Content(
            key=told["key"],
            title=_wording(told["title"]),
            group=told["group"],
            areas=tuple(
                Area(code=each["code"], label=_wording(each), counts=each.get("counts", True)) for each in told["area"]
            ),
            questions=tuple(_question(each) for each in told["question"]),
            basis=f"{told['basis']} [{told['mark']}]",
            digest=digest,
        )
    except (KeyError, TypeError) as error:
        raise Malformed(f"something is missing: {error}") from None
    if found := list(_faults(content, told["mark"])):
        raise Malformed(f"{content.key}: {'; '.join(found)}")
    return content


def _wording(told: Mapping[str, str]) -> Wording:
    return Wording(vi=told["vi"], en=told["en"])


def _question(told: Mapping[str, Any]) -> Question:
    when = told.get("when")
    return Question(
        code=told["code"],
        area=told.get("area", ""),
        kind=told["kind"],
        label=_wording(told),
        options=tuple(Option(code=each["code"], label=_wording(each)) for each in told.get("option", ())),
        required=told.get("required", True),
        when=When(question=when["question"], answers=tuple(when["answers"])) if when else None,
        least=told.get("least", 0),
        most=told.get("most", 100),
    )


def _faults(content: Content, mark: str) -> Iterable[str]:
    codes = [each.code for each in content.questions]
    areas = {each.code for each in content.areas}
    if mark not in ("H", "M", "L"):
        yield "the mark is H, M or L"
    if content.group not in get_args(Group):
        yield f"there is no group {content.group}"
    for code in codes:
        if codes.count(code) > 1 or code in (CELL, "") or not code.isascii():
            yield f"{code} can't be a question's code, or is one twice"
    for n, each in enumerate(content.questions):
        if each.kind not in get_args(QuestionKind):
            yield f"{each.code}: there is no kind {each.kind}"
        if each.area not in areas | {""}:
            yield f"{each.code}: there is no area {each.area}"
        if bool(each.options) != (each.kind in ("single", "multiple")):
            yield f"{each.code}: options belong to single and multiple choice"
        if each.when and each.when.question not in [CELL, *codes[:n]]:
            yield f"{each.code}: it hangs on no earlier question"
