"""A questionnaire as a form: which questions a page shows, and what was filled in."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from kernel.decider import Text
from schemas.surveys import Area, Question, QuestionnairePublished, Wording
from services.surveys.domain.questionnaire import CELL, LEVELS, asked, typed

MOST_FIELDS = 400


def both(wording: Wording) -> Text:
    return Text(wording.vi, wording.en)


def areas(
    published: QuestionnairePublished, cell: tuple[str, ...], answers: Mapping[str, Any]
) -> list[tuple[Area, list[Question]]]:
    """The pages of a questionnaire: each area with its questions that are asked, none empty."""
    questions = asked(published, cell, answers)
    rest = Area(code="", label=Wording(vi="Câu hỏi khác", en="Other questions"), counts=False)
    found = [(area, [each for each in questions if each.area == area.code]) for area in (*published.areas, rest)]
    return [(area, mine) for area, mine in found if mine]


def on_paper(published: QuestionnairePublished, cell: tuple[str, ...]) -> list[tuple[Area, list[Question]]]:
    """All that a sheet of paper of this cell has, whatever is answered: each area with its questions."""
    last, here = cell[-1] if cell else "", {CELL}
    for each in published.questions:
        if each.when is None or (
            each.when.question in here and (each.when.question != CELL or last in each.when.answers)
        ):
            here.add(each.code)
    found = [
        (area, [q for q in published.questions if q.area == area.code and q.code in here]) for area in published.areas
    ]
    return [(area, mine) for area, mine in found if mine]


def named(published: QuestionnairePublished, errors: Mapping[str, str], lang: str) -> dict[str, str]:
    """What is wrong, for the summary: which question, in its own words."""
    labels = {each.code: getattr(each.label, lang) for each in published.questions}
    return {code: f"{labels.get(code, code)}: {text}" for code, text in errors.items()}


def filled_in(form: FormData, questions: list[Question]) -> dict[str, Any]:
    """What a form says of these questions; "" where nothing was filled in."""
    found: dict[str, Any] = {}
    for each in questions:
        said = [str(value).replace("\0", "") for value in form.getlist(each.code)[:50]]
        if each.kind == "multiple":
            found[each.code] = [value for value in said if value]
        else:
            found[each.code] = typed(each, said[0]) if said else ""
    return found


def only(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was left empty."""
    return {code: each for code, each in answers.items() if each not in ("", [], ())}


def shown(question: Question, answer: Any) -> Text | list[Text] | str:
    """An answer as a person reads it."""
    labels = {each.code: both(each.label) for each in question.options}
    if question.kind == "likert":
        return LEVELS.get(answer, "")
    if question.kind == "multiple":
        return [labels[each] for each in answer if each in labels]
    if question.kind == "single":
        return labels.get(answer, "")
    return str(answer)
