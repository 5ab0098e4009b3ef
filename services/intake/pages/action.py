"""Act on a dossier with what is allowed now. Somebody else's change in between is told, with what it was, and nothing
that was typed is lost."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import lang, moment, read_moment, render, say, see_other
from kernel.service import Service
from kernel.store import Conflict
from kernel.web import Here, who
from schemas.people import Person
from services.intake.api.application.action import act
from services.intake.api.application.dossier import Whole, read
from services.intake.api.reference import Known, Reference
from services.intake.api.register import Officer
from services.intake.api.unit import KINDS
from services.intake.pages import words
from services.intake.pages.dossier import BY_PATH, actions, details, open_consultations
from services.intake.pages.shared import (
    ADDRESS_FIELDS,
    PERSON_FIELDS,
    form_of,
    keyed,
    text,
    time_by_rule,
    today,
    unit_names,
    wrongs,
)

router = APIRouter(include_in_schema=False)


@router.get("/ho-so/{id}/{action}")
async def ask(request: Request, service: Here, known: Known, actor: Officer, id: UUID, action: str) -> Response:
    """The form of an action."""
    found = await read(service, actor, id)
    if action not in actions(found, actor):
        says = Text("Việc này không làm được ở bước hiện tại.", "This can't be done at the present step.")
        return see_other(f"/ho-so/{id}", say(says, lang=lang(request)), kind="bad")
    return await _form(request, service, known, found, action, FormData())


@router.post("/ho-so/{id}/{action}")
async def do(request: Request, service: Here, known: Known, actor: Officer, id: UUID, action: str) -> Response:
    """Do it, unless the dossier is not any more what the officer saw."""
    if action not in BY_PATH:
        raise HTTPException(404)
    said = lang(request)
    form = await form_of(request)
    found = await read(service, actor, id)
    try:
        body = BY_PATH[action].model_validate(_body(action, form, found))
        seen = text(form, "number")
        expected = int(seen) if seen.isdecimal() and seen.isascii() and len(seen) < 9 else None
        done = await act(service, known, actor, id, body, keyed(request, form), expected=expected)
    except ValidationError as error:
        return await _form(request, service, known, found, action, form, errors=wrongs(error.errors(), said))
    except ValueError:
        errors = {"happened_at": say(words.WRONG["happened_at"], lang=said)}
        return await _form(request, service, known, found, action, form, errors=errors)
    except Rejected as refused:
        problem = problems.of_rejected(refused, said)
        return await _form(request, service, known, found, action, form, problem=problem)
    except Conflict:
        found = await read(service, actor, id)
        problem = problems.problem(409, "changed_meanwhile", problems.CHANGED, said)
        return await _form(request, service, known, found, action, form, problem=problem, seen=int(seen or 0))
    return see_other(f"/ho-so/{id}", _told(action, done.state.code, done.state.promise, said))


def _told(action: str, code: str, promise: Any, said: str) -> str:
    label = words.ACTION[action][0]
    more = Text("", "")
    if action in ("receive", "supply") and promise:
        more = Text(f" Mã hồ sơ {code}, hẹn trả {moment(promise.due_at)}.", f" {code}, due {moment(promise.due_at)}.")
    return say(Text(f"Đã ghi: {label.vi}.{more.vi}", f"Done: {label.en}.{more.en}"), lang=said)


async def _form(
    request: Request,
    service: Service,
    known: Reference,
    found: Whole,
    action: str,
    form: FormData,
    *,
    errors: Mapping[str, str] | None = None,
    problem: Mapping[str, Any] | None = None,
    seen: int = 0,
) -> Response:
    day = today(service)
    terms, _ = await known.terms(found.summary.procedure, day)
    names = await unit_names(service)
    open_units = [(each.unit, each.name) for each in await known.places(KINDS, day)]
    return render(
        request,
        "action.html",
        status=409 if problem else 422 if errors else 200,
        found=found,
        action=action,
        form=form,
        key=text(form, "key") if errors else uuid4().hex,
        errors=errors or {},
        problem=problem,
        meanwhile=[(line, details(line, names, lang(request))) for line in found.history if 0 < seen < line.number],
        cases=[each.case for each in terms.times if each.case] if terms else [],
        times=time_by_rule(terms, known.rules(day)) if terms else [],
        units=open_units,
        next_units=_next_units(found, open_units),
        consultations=[
            (str(each["consultation"]), names.get(each["body"], each["body"])) for each in open_consultations(found)
        ],
        person=found.applicant or Person(name="?"),
        words=words,
        names=names,
        signed=who(request),
    )


def _next_units(found: Whole, units: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Units to hand over to: the body that decides and its rooms first."""
    decides = found.summary.decided_by
    return sorted(units, key=lambda each: (not each[0].startswith(decides), each[0] != decides, each[1]))


def _body(action: str, form: FormData, found: Whole) -> dict[str, Any]:
    """The command as the api takes it, from the form. Raises ValueError for a time that is none."""
    body: dict[str, Any] = {"late_reason": text(form, "late_reason")}
    if typed := text(form, "happened_at"):
        body["happened_at"] = read_moment(typed)
    wanted: dict[str, tuple[str, ...]] = {
        "receive": ("case",),
        "refuse-receipt": ("ground", "reason"),
        "ask-supplement": ("reason", "contact"),
        "consult": ("body", "question"),
        "answer-consultation": ("consultation", "opinion", "answer", "document_number"),
        "assign": ("to_unit", "role", "receiver", "note"),
        "resolve": ("outcome", "reason", "document_number"),
        "hand-over-result": ("way", "proof"),
        "stop": ("ground", "reason"),
        "withdraw": ("reason",),
        "correct": ("reason",),
    }
    body |= {name: text(form, name) for name in wanted.get(action, ())}
    match action:
        case "ask-supplement":
            body["wanted"] = [line.strip() for line in text(form, "wanted").splitlines() if line.strip()]
        case "supply":
            body["complete"] = text(form, "complete") != "no"
            body["documents"] = [
                {"title": line.strip(), "form": "original"}
                for line in text(form, "documents").splitlines()
                if line.strip()
            ]
        case "resolve":
            body["ground"] = text(form, "ground") or None
        case "hand-over-result":
            body["taken_by"] = {"name": text(form, "taken_by")} if text(form, "taken_by") else None
        case "correct":
            body |= _correction(form, found.applicant)
    return body


def _correction(form: FormData, was: Person | None) -> dict[str, Any]:
    """What differs between the applicant on record and the form."""
    old = was or Person(name="?")
    changes = []
    for name in (*PERSON_FIELDS, *ADDRESS_FIELDS):
        before = getattr(old if name in PERSON_FIELDS else old.address, name)
        if (now := text(form, name)) != before:
            label = words.PERSON[name].vi
            changes.append({"field": "applicant", "was": f"{label}: {before}", "now": f"{label}: {now}"})
    person = {name: text(form, name) for name in PERSON_FIELDS} | {
        "kind": old.kind,
        "born": old.born,
        "address": {name: text(form, name) for name in ADDRESS_FIELDS} | {"district": old.address.district},
    }
    return {"changes": changes, "applicant": person}
