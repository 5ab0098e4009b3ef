"""One dossier: read it, act on it with what is allowed now, enter a new one. Somebody else's change in between is told,
with what it was, and nothing that was typed is lost."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import lang, moment, read_moment, render, say, see_other
from kernel.service import Service
from kernel.store import Conflict
from kernel.web import Here, may, who
from schemas.event import Actor
from schemas.people import Address, Document, Person
from services.intake.api.application.action import Action, act
from services.intake.api.application.dossier import Line, Whole, id_of, read
from services.intake.api.application.life import ACTIONS
from services.intake.api.catalogue import search
from services.intake.api.reference import Known, Reference, local_day
from services.intake.api.register import Officer
from services.intake.api.submission import Guided, Submission, submit
from services.intake.api.unit import KINDS
from services.intake.domain.form import Form
from services.intake.pages import words
from services.intake.pages.form import shown
from services.intake.pages.shared import (
    form_of,
    handed_in_at,
    keyed,
    name_of,
    text,
    texts,
    time_by_rule,
    today,
    unit_names,
    wrongs,
)

router = APIRouter(include_in_schema=False)
BY_PATH: Mapping[str, type[Action]] = {each.path: each for each in ACTIONS if each.path in words.ACTION}
KEYS = {
    "receive": "t",
    "refuse-receipt": "x",
    "assign": "c",
    "ask-supplement": "y",
    "supply": "g",
    "consult": "l",
    "answer-consultation": "a",
    "resolve": "r",
    "hand-over-result": "o",
    "stop": "u",
    "withdraw": "w",
    "correct": "e",
}
SAME_BREATH = 120.0  # seconds between what happened and its writing down that are no late entry
Desk = Annotated[Actor, Depends(may("desk_officer", "operator"))]
CHANNELS = ("desk", "post", "hired_service", "authorised", "assisted")


@router.get("/ho-so/{id}")
async def dossier(request: Request, service: Here, known: Known, actor: Officer, id: UUID) -> Response:
    """A dossier as it stands, its log, its papers, and what may be done now."""
    found = await read(service, actor, id)
    names = await unit_names(service)
    own = _own_form(known, found)
    return render(
        request,
        "dossier.html",
        found=found,
        own=own,
        answered=shown(own, found.answers, names, lang(request)) if own else [],
        id=id,
        names=names,
        actions=_actions(found, actor),
        log=[(line, _details(line, names, lang(request)), _late(line)) for line in reversed(found.history)],
        papers=[paper for line in found.history for paper in words.PAPER_OF.get(line.type, ())]
        + (["refusal"] if _refused(found) else []),
        documents=_documents(found),
        late=bool(found.summary.promise and found.summary.promise.due_at < service.clock.now()),
        words=words,
        keys=KEYS,
    )


def _own_form(known: Reference, found: Whole) -> Form | None:
    """The procedure's own form as it was on the day of the dossier, where that was answered."""
    came = next((line.happened_at for line in found.history if line.type == "intake.application_submitted"), None)
    return known.form(found.summary.procedure, (), local_day(came)) if came and found.answers else None


@router.get("/ho-so/{id}/{action}")
async def ask(request: Request, service: Here, known: Known, actor: Officer, id: UUID, action: str) -> Response:
    """The form of an action."""
    found = await read(service, actor, id)
    if action not in _actions(found, actor):
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


def _actions(found: Whole, actor: Actor) -> list[str]:
    roles = set(actor.roles)
    open_questions = any(_open_consultations(found))
    return [
        each
        for each in found.summary.may
        if each in BY_PATH
        and BY_PATH[each].roles & roles
        and (each != "answer-consultation" or open_questions)
        and (each != "ask-supplement" or not any(line.type == "intake.supplement_asked" for line in found.history))
    ]


def _open_consultations(found: Whole) -> list[Mapping[str, Any]]:
    answered = {line.data["consultation"] for line in found.history if line.type == "intake.consultation_answered"}
    return [
        line.data
        for line in found.history
        if line.type == "intake.consultation_asked" and line.data["consultation"] not in answered
    ]


def _refused(found: Whole) -> bool:
    return any(
        line.type == "intake.application_resolved" and line.data["outcome"] == "refused" for line in found.history
    )


def _documents(found: Whole) -> list[tuple[Document, str]]:
    """All papers that came with it, with what their owner called the files."""
    documents: list[tuple[Document, str]] = []
    for line in found.history:
        called = line.data.get("file_names") or {}
        documents += [(each, called.get(each.digest, "")) for each in line.data.get("documents") or ()]
    return documents


def _late(line: Line) -> bool:
    return (line.recorded_at - line.happened_at).total_seconds() > SAME_BREATH


def _details(line: Line, names: Mapping[str, str], said: str) -> list[str]:
    """What an event adds to its name, for the log."""

    def of(name: str, vi: str, en: str, table: Mapping[str, Text] | None = None) -> list[str]:
        value = line.data.get(name)
        if not value:
            return []
        shown = say(table[value], lang=said) if table and value in table else names.get(str(value), str(value))
        return [f"{say(Text(vi, en), lang=said)}: {shown}"]

    found = [
        *of("ground", "Lý do", "Ground", {**words.GROUND, **words.STOP_GROUND}),
        *of("outcome", "Kết quả", "Outcome", words.OUTCOME),
        *of("reason", "Nội dung", "Reason"),
        *of("from_unit", "Bên giao", "From"),
        *of("to_unit", "Bên nhận", "To"),
        *of("body", "Cơ quan", "Body"),
        *of("question", "Hỏi", "Asked"),
        *of("opinion", "Ý kiến", "Opinion", words.OPINION),
        *of("answer", "Trả lời", "Answer"),
        *of("note", "Ghi chú", "Note"),
        *of("way", "Cách trả", "Way", words.DELIVERY),
        *of("document_number", "Số văn bản", "Document"),
        *of("late_reason", "Lý do nhập muộn", "Why entered late"),
    ]
    found += [f"• {each}" for each in line.data.get("wanted") or ()]
    for each in line.data.get("changes") or ():
        found.append(f"«{each.was}» → «{each.now}»")
    if promise := line.data.get("promise"):
        found.append(say(Text("Hẹn trả", "Due"), lang=said) + f": {moment(promise.due_at)}")
    return found


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
        meanwhile=[(line, _details(line, names, lang(request))) for line in found.history if 0 < seen < line.number],
        cases=[each.case for each in terms.times if each.case] if terms else [],
        times=time_by_rule(terms, known.rules(day)) if terms else [],
        units=open_units,
        next_units=_next_units(found, open_units),
        consultations=[
            (str(each["consultation"]), names.get(each["body"], each["body"])) for each in _open_consultations(found)
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


PERSON_FIELDS = ("name", "id_number", "phone", "email")
ADDRESS_FIELDS = ("street", "commune", "province")


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


# A new dossier at the desk


@router.get("/ho-so-moi")
async def new(
    request: Request,
    service: Here,
    known: Known,
    actor: Desk,
    q: Annotated[str, Query(max_length=200)] = "",
    procedure: Annotated[str, Query(max_length=60)] = "",
    channel: Annotated[str, Query(max_length=30)] = "desk",
    visit: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """First the procedure, then the rest."""
    if procedure:
        form = FormData({"channel": channel, "visit": visit})
        return await _new(request, service, known, actor, procedure, form)
    found = await search(service, today(service), q) if q else []
    if len(found) == 1:
        return see_other(f"/ho-so-moi?procedure={found[0].procedure}")
    return render(request, "choose.html", q=q, found=found[:30], count=len(found), words=words, name_of=name_of)


@router.post("/ho-so-moi")
async def enter(request: Request, service: Here, known: Known, actor: Desk) -> Response:
    """Take it in with its receipt, or guide the visitor."""
    said = lang(request)
    form = await form_of(request)
    procedure = text(form, "procedure")
    terms, _ = await known.terms(procedure, today(service))
    try:
        sent = _sent(form, actor)
        if terms and terms.authority in ("school", "commune") and not sent["decided_by"]:
            errors = {"decided_by": say(words.WRONG["decided_by"], lang=said)}
            return await _new(request, service, known, actor, procedure, form, errors=errors)
        submission = Submission.model_validate(sent)
        done = await submit(service, known, actor, submission, keyed(request, form))
    except ValidationError as error:
        found = wrongs([each for each in error.errors() if "authorised" not in each["loc"]], said)
        found |= wrongs([each for each in error.errors() if "authorised" in each["loc"]], said, "authorised_")
        return await _new(request, service, known, actor, procedure, form, errors=found)
    except ValueError:
        errors = {"happened_at": say(words.WRONG["happened_at"], lang=said)}
        return await _new(request, service, known, actor, procedure, form, errors=errors)
    except Rejected as refused:
        return await _new(request, service, known, actor, procedure, form, problem=problems.of_rejected(refused, said))
    if isinstance(done, Guided):
        return see_other(f"/huong-dan/{done.visit}")
    if not done.state.code:  # handed in from here, for another place to receive
        says = Text("Đã nộp giúp. Nơi tiếp nhận sẽ cấp giấy hẹn.", "Submitted. The place that receives will write.")
        return see_other(handed_in_at(service, done.stream), say(says, lang=said))
    promise = done.state.promise
    due = moment(promise.due_at) if promise else "–"
    says = Text(
        f"Đã tiếp nhận. Mã hồ sơ {done.state.code}, hẹn trả {due}. Nhấn i để in giấy tiếp nhận.",
        f"Received as {done.state.code}, due {due}. Press i to print the receipt.",
    )
    return see_other(f"/ho-so/{id_of(done.stream)}", say(says, lang=said))


async def _new(
    request: Request,
    service: Service,
    known: Reference,
    actor: Actor,
    procedure: str,
    form: FormData,
    *,
    errors: Mapping[str, str] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> Response:
    day = today(service)
    terms, _ = await known.terms(procedure, day)
    if terms is None:
        raise HTTPException(404, Text("Thủ tục này hiện không có hiệu lực.", "This procedure is not in force."))
    rules = known.rules(day)
    kinds = rules.receiving.get(terms.authority, ())
    deciders = (
        await known.places((words.DECIDES[terms.authority],), day) if terms.authority in ("school", "commune") else ()
    )
    return render(
        request,
        "new.html",
        status=409 if problem else 422 if errors else 200,
        procedure=procedure,
        terms=terms,
        form=form,
        key=text(form, "key") if errors else uuid4().hex,
        errors=errors or {},
        problem=problem,
        channels=[(each, words.CHANNEL[each]) for each in CHANNELS],
        deciders=[(each.unit, each.name) for each in deciders],
        receivers=[] if actor.unit else [(each.unit, each.name) for each in await known.places(kinds, day)],
        signed=actor,
        checked=texts(form, "documents") if form.get("key") else list(terms.documents),
        times=time_by_rule(terms, rules),
        cases=[each.case for each in terms.times if each.case],
        words=words,
        name_of=name_of,
    )


def _sent(form: FormData, actor: Actor) -> dict[str, Any]:
    titles = texts(form, "documents") + [each.strip() for each in text(form, "others").splitlines() if each.strip()]
    address = {name: text(form, name) for name in ADDRESS_FIELDS}
    body: dict[str, Any] = {
        "procedure": text(form, "procedure"),
        "channel": text(form, "channel"),
        "received_by": actor.unit or text(form, "received_by"),
        "decided_by": text(form, "decided_by"),
        "applicant": {name: text(form, name) for name in PERSON_FIELDS} | {"address": Address(**address)},
        "content": text(form, "content"),
        "documents": [{"title": each, "form": "original"} for each in titles],
        "sets": text(form, "sets") or 1,
        "delivery": text(form, "delivery") or "desk",
        "notify": text(form, "notify") or "none",
        "visit": text(form, "visit") or None,
        "case": text(form, "case"),
        "late_reason": text(form, "late_reason"),
    }
    if name := text(form, "authorised_name"):
        body["authorised"] = {
            "name": name,
            "id_number": text(form, "authorised_id_number"),
            "phone": text(form, "authorised_phone"),
        }
    if typed := text(form, "happened_at"):
        body["happened_at"] = read_moment(typed)
    return body
