"""A procedure's own form: what is asked beside who applies, for what and with which papers. It is reviewed data; here
it is read, and answers are checked against it. What the answers mean is known to whoever hears of them, not here."""

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kernel.decider import Text
from kernel.packs import Pack
from schemas.people import Person
from schemas.rules import Cited

Kind: TypeAlias = Literal["unit", "choice", "choices", "number", "text"]
Answer: TypeAlias = str | int | tuple[str, ...]
Answers: TypeAlias = Mapping[str, Answer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    value: str
    label: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One question. `least` and `most` bound a number, `most` the characters of a text and how many are chosen.
    `unless` names the field without whose answer this one is required; `prefill` what is offered as the answer. Where a
    part of the form begins with it, `section` is its heading."""

    name: str
    kind: Kind
    label: Text
    hint: Text | None
    required: bool
    options: tuple[Option, ...]
    unit_kind: str
    unless: str
    prefill: str
    least: int
    most: int
    section: Text | None

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(each.value for each in self.options)


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """The questions of a procedure on one day. `concerns`: it is about another person, who is called this."""

    title: Text
    fields: tuple[Field, ...]
    concerns: Text | None
    cited: Cited


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """What is wrong with the answer to a field, and what to do."""

    kind: str
    says: Text


def form_on(procedure: str, levels: Collection[str], day: dt.date, pack: Pack) -> Form | None:
    """The form of a procedure on a day, where the unit that decides is one of these levels (none: of all); None where
    it has none of its own. Raises KeyError for data that is no form."""
    holding = [
        each
        for each in pack["form"]
        if procedure in each["procedures"]
        and _holds(each, day)
        and (not levels or not each["levels"] or set(levels) & set(each["levels"]))
    ]
    if not holding:
        return None
    found = max(holding, key=lambda each: each["from"])
    concerns = found.get("concerns")
    return Form(
        title=Text(found["vi"], found["en"]),
        fields=tuple(_field(each, day) for each in found["field"]),
        concerns=Text(concerns["vi"], concerns["en"]) if concerns else None,
        cited=Cited(pack=pack["pack"], version=pack["version"], name=found["name"], basis=found["basis"]),
    )


def _field(each: Mapping[str, Any], day: dt.date) -> Field:
    options = [o for o in each.get("option", ()) if _holds(o, day)]
    return Field(
        name=each["name"],
        kind=each["kind"],
        label=Text(each["vi"], each["en"]),
        hint=Text(each["hint_vi"], each["hint_en"]) if "hint_vi" in each else None,
        required=each["required"],
        options=tuple(Option(value=o["value"], label=Text(o["vi"], o["en"])) for o in options),
        unit_kind=each.get("unit_kind", ""),
        unless=each.get("unless", ""),
        prefill=each.get("prefill", ""),
        least=each.get("least", 0),
        most=each.get("most", 0),
        section=Text(each["section_vi"], each["section_en"]) if "section_vi" in each else None,
    )


def _holds(entry: Mapping[str, Any], day: dt.date) -> bool:
    since: dt.date = entry.get("from", dt.date.min)
    until: dt.date = entry.get("until", dt.date.max)
    return since <= day <= until


# Checking


def check(form: Form, answers: Answers, units: Mapping[str, Collection[str]]) -> dict[str, Wrong]:
    """What is wrong, by field, in the order of the form. `units`: the ids of the units that may be chosen, by kind."""
    known = {each.name: each.label for each in form.fields}
    found = {name: Wrong(kind="extra_forbidden", says=_STRANGE) for name in answers if name not in known}
    for field in form.fields:
        if wrong := _wrong(field, answers, units, known.get(field.unless)):
            found[field.name] = wrong
    return found


_STRANGE = Text("Mục này không có trong mẫu; hãy bỏ đi", "This is not part of the form; leave it out")
_CHOOSE = Text("Hãy chọn một mục trong danh sách", "Choose one of the list")
_UNIT = Text("Hãy chọn một đơn vị trong danh sách", "Choose a unit of the list")
_UNPRINTABLE = Text("Có ký tự không hợp lệ; hãy gõ lại", "Has a character that is not valid; type it again")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # it is one line, and is printed in letters that can't hold these
_OTHER_KIND = Text("Câu trả lời không đúng kiểu", "Not an answer of the right kind")


def _missing(label: Text, either: Text | None = None) -> Wrong:
    says = Text(f"Hãy trả lời mục «{label.vi}»", f"Answer “{label.en}”")
    if either:
        says = Text(f"{says.vi}, hoặc mục «{either.vi}»", f"{says.en}, or “{either.en}”")
    return Wrong(kind="missing", says=says)


def _wrong(field: Field, answers: Answers, units: Mapping[str, Collection[str]], either: Text | None) -> Wrong | None:
    answer = answers.get(field.name)
    if answer is None or answer in {"", ()}:
        if field.required:
            return _missing(field.label)
        if field.unless and answers.get(field.unless) in {None, "", ()}:
            return _missing(field.label, either)
        return None
    match field.kind, answer:
        case "number", int(number) if not isinstance(number, bool) and field.least <= number <= field.most:
            return None
        case "number", _:
            says = Text("Phải là số từ {least} đến {most}", "Must be a number from {least} to {most}")
            return Wrong(kind="out_of_range", says=says.of(least=field.least, most=field.most))
        case "text", str(text):
            if _CONTROL.search(text):
                return Wrong(kind="string_unicode", says=_UNPRINTABLE)
            if len(text) <= field.most:
                return None
            says = Text("Tối đa {most} ký tự", "At most {most} characters")
            return Wrong(kind="string_too_long", says=says.of(most=field.most))
        case "choice", str(value):
            return None if value in field.values else Wrong(kind="not_offered", says=_CHOOSE)
        case "unit", str(value):
            return None if value in units.get(field.unit_kind, ()) else Wrong(kind="unknown_unit", says=_UNIT)
        case "choices", tuple(chosen):
            strange = set(chosen) - set(field.values) or len(set(chosen)) < len(chosen) or len(chosen) > field.most
            return Wrong(kind="not_offered", says=_CHOOSE) if strange else None
    return Wrong(kind="other_kind", says=_OTHER_KIND)


def check_concerned(form: Form, concerns: Person | None, applicant: Person) -> dict[str, Wrong]:
    """What is wrong with who the dossier is about, by field of the person ("" : all of it)."""
    if form.concerns is None:
        return {"": Wrong(kind="extra_forbidden", says=_STRANGE)} if concerns else {}
    if concerns is None:
        return {"": _missing(form.concerns)}
    found: dict[str, Wrong] = {}
    if concerns.kind != "citizen":
        found["kind"] = Wrong(kind="not_offered", says=Text("Phải là một người", "Must be a person"))
    if concerns.born is None:
        found["born"] = _missing(Text("Ngày sinh", "Date of birth"))
    # Who has the same number is the same person; most who type it twice mean two.
    if (
        concerns.id_number
        and concerns.id_number == applicant.id_number
        and plain(concerns.name) != plain(applicant.name)
    ):
        same = Text(
            "Đây là số định danh của người nộp; hãy ghi số của người được đề nghị, hoặc để trống",
            "That is the applicant's number; give this person's own, or leave it empty",
        )
        found["id_number"] = Wrong(kind="applicants_number", says=same)
    return found


# Names as people type them


def plain(text: str) -> str:
    """Without diacritics, case and extra blanks, as people type on a phone: "Chuyển trường" is "chuyen truong"."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(each for each in parts if not unicodedata.combining(each)).split())


def matching(typed: str, names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The (id, name) that somebody meant who typed this: the one of that very name, else all that have its words."""
    wanted = plain(typed)
    named = [(id, name, plain(name)) for id, name in names]
    exact = [(id, name) for id, name, text in named if text == wanted]
    return exact or [(id, name) for id, name, text in named if wanted and set(wanted.split()) <= set(text.split())]
