"""A procedure's own form on a page: what was typed, read as answers; and answers, in words."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from starlette.datastructures import FormData

from kernel.decider import Text
from kernel.layout import say
from services.intake.domain.form import Answer, Field, Form, check, matching
from services.intake.pages.shared import text, texts

Typed: TypeAlias = dict[str, str | list[str]]
Units: TypeAlias = Mapping[str, Mapping[str, str]]
PREFIX = "answer-"
MOST_NAMED = 4


def typed(form: Form, sent: FormData) -> Typed:
    """What was filled in, as it was typed; a unit is typed by its name."""
    return {
        each.name: texts(sent, PREFIX + each.name) if each.kind == "choices" else text(sent, PREFIX + each.name)
        for each in form.fields
    }


def read(form: Form, given: Typed, units: Units, said: str) -> tuple[dict[str, Answer], dict[str, str]]:
    """The answers, and what is wrong by the name of the input."""
    answers: dict[str, Answer] = {}
    wrong: dict[str, str] = {}
    for field in form.fields:
        value = given.get(field.name, "")
        if field.kind == "choices":
            answers[field.name] = tuple(value) if isinstance(value, list) else ()
        elif isinstance(value, list):
            continue
        elif field.kind == "unit" and value:
            found = matching(value, units.get(field.unit_kind, {}).items())
            if len(found) == 1:
                answers[field.name] = found[0][0]
            else:
                answers[field.name] = value
                wrong[PREFIX + field.name] = say(_which(found), lang=said)
        elif field.kind == "number" and value.isascii() and value.isdecimal() and len(value) < 9:
            answers[field.name] = int(value)
        else:
            answers[field.name] = value
    for name, each in check(form, answers, units).items():
        wrong.setdefault(PREFIX + name, say(each.says, lang=said))
    return {name: each for name, each in answers.items() if each not in ("", ())}, wrong


def _which(found: Sequence[tuple[str, str]]) -> Text:
    if not found:
        return Text(
            "Không có đơn vị nào tên như vậy; hãy chọn trong danh sách gợi ý",
            "No unit has such a name; choose one of those that are suggested",
        )
    names = "; ".join(name for _, name in found[:MOST_NAMED]) + ("; …" if len(found) > MOST_NAMED else "")
    return Text(f"Có nhiều nơi tên như vậy, hãy ghi đủ tên: {names}", f"Several are called so, give the whole: {names}")


def named(form: Form, answers: Mapping[str, Answer], given: Typed, units: Units) -> Typed:
    """What was typed, with units by their whole name."""
    found = dict(given)
    for field in form.fields:
        if field.kind == "unit" and (id := answers.get(field.name)):
            found[field.name] = units[field.unit_kind][str(id)]
    return found


def asked(form: Form, given: Typed, prefill: Mapping[str, str], said: str) -> list[dict[str, Any]]:
    """The questions as the page asks them. `prefill`: what is offered for a form that nobody has filled in yet."""
    either = {each.unless for each in form.fields} | {each.name for each in form.fields if each.unless}
    return [
        {
            "id": PREFIX + each.name,
            "kind": each.kind,
            "section": say(each.section, lang=said) if each.section else "",
            "label": say(each.label, lang=said),
            "hint": say(each.hint, lang=said) if each.hint else "",
            "options": [(option.value, say(option.label, lang=said)) for option in each.options],
            "unit_kind": each.unit_kind,
            "most": each.most,
            "either": each.name in either,
            "optional": not each.required,
            "value": given.get(each.name, "") if given else prefill.get(each.prefill, ""),
        }
        for each in form.fields
    ]


def shown(form: Form, answers: Mapping[str, Any], names: Mapping[str, str], said: str) -> list[tuple[str, Any]]:
    """The answers in words: (label, text or list), those that were left empty left out. `names` of units."""

    def words(field: Field, value: Any) -> str:
        label = next((option.label for option in field.options if option.value == value), None)
        return say(label, lang=said) if label else names.get(str(value), str(value))

    return [
        (
            say(each.label, lang=said),
            [words(each, one) for one in value] if isinstance(value, list | tuple) else words(each, value),
        )
        for each in form.fields
        if (value := answers.get(each.name)) not in (None, "", (), [])
    ]
