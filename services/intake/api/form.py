"""A procedure's own form, looked up and checked: what is answered, and whom it is about."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from kernel.decider import Text
from kernel.web import Here, Lang
from schemas.people import Person
from services.intake.api.body import Id
from services.intake.api.reference import Known, Reference, local_day
from services.intake.domain import form as forms
from services.intake.domain.form import Form, Wrong

router = APIRouter(tags=["Thủ tục / Procedures"])
Answers: TypeAlias = Annotated[
    dict[
        Annotated[str, Field(max_length=60)],
        Annotated[str, Field(max_length=500)]
        | Annotated[int, Field(strict=True, ge=-(10**9), le=10**9)]
        | Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=50)],
    ],
    Field(max_length=60),
]
NO_FORM = Text(
    "Thủ tục này không có mẫu riêng; hãy bỏ mục này đi", "This procedure has no form of its own; leave it out"
)


async def form_of(known: Reference, procedure: str, decided_by: str, day: dt.date) -> Form | None:
    """The form of a procedure on a day, where this unit decides; None where it has none."""
    levels = (await known.unit(decided_by, day)).levels if decided_by else ()
    return known.form(procedure, levels, day)


async def units_of(known: Reference, form: Form, day: dt.date) -> Mapping[str, Mapping[str, str]]:
    """The names of the units that may be chosen, by kind and id."""
    kinds = {each.unit_kind for each in form.fields if each.unit_kind}
    return {kind: {each.unit: each.name for each in await known.places((kind,), day)} for kind in kinds}


async def check_described(
    known: Reference,
    form: Form | None,
    answers: Mapping[str, Any],
    concerns: Person | None,
    applicant: Person,
    day: dt.date,
    lang: str,
) -> dict[str, Any]:
    """The answers that say something. Raises RequestValidationError where they do not fit the form: where, what, and
    what to do."""
    found: dict[tuple[str, ...], Wrong] = {}
    if form is None:
        strange = Wrong(kind="extra_forbidden", says=NO_FORM)
        found = {(name,): strange for name, given in (("answers", answers), ("concerns", concerns)) if given}
    elif answers or concerns:
        units = await units_of(known, form, day)
        found = {("answers", name): each for name, each in forms.check(form, answers, units).items()}
        people = forms.check_concerned(form, concerns, applicant)
        found |= {("concerns", name) if name else ("concerns",): each for name, each in people.items()}
    if found:
        raise RequestValidationError(
            [
                {"type": "value_error", "loc": ("body", *where), "ctx": {"error": getattr(each.says, lang)}}
                for where, each in found.items()
            ]
        )
    return {name: each for name, each in answers.items() if each not in ("", ())}


class OptionTold(BaseModel):
    """One of the values that may be chosen."""

    value: str
    label: str


class FieldTold(BaseModel):
    """One question. A `unit` is answered by its id, a `choice` by one value, `choices` by a list of them. It is
    required where it says so, or where the field that `unless` names is not answered."""

    name: str
    kind: forms.Kind
    label: str
    hint: str
    required: bool
    unless: str
    unit_kind: str
    least: int
    most: int
    options: list[OptionTold]


class FormTold(BaseModel):
    """A procedure's own form. `concerns`: it is about another person (""; then leave `concerns` out)."""

    title: str
    concerns: str
    basis: str
    version: str
    fields: list[FieldTold]


@router.get("/procedures/{procedure}/form", summary="A procedure's own form: what to send as `answers`")
async def form(
    service: Here,
    known: Known,
    said: Lang,
    procedure: Id,
    decided_by: Annotated[str, Query(max_length=60)] = "",
    on: dt.date | None = None,
) -> FormTold | None:
    """As it is on a day (today), where this unit decides; null where the procedure has none of its own."""
    day = on or local_day(service.clock.now())
    await known.procedure(procedure)
    found = await form_of(known, procedure, decided_by, day)
    if found is None:
        return None
    return FormTold(
        title=getattr(found.title, said),
        concerns=getattr(found.concerns, said) if found.concerns else "",
        basis=found.cited.basis,
        version=found.cited.version,
        fields=[
            FieldTold(
                name=each.name,
                kind=each.kind,
                label=getattr(each.label, said),
                hint=getattr(each.hint, said) if each.hint else "",
                required=each.required,
                unless=each.unless,
                unit_kind=each.unit_kind,
                least=each.least,
                most=each.most,
                options=[OptionTold(value=o.value, label=getattr(o.label, said)) for o in each.options],
            )
            for each in found.fields
        ],
    )
