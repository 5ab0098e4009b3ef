"""Enter a new dossier at the desk: taken in with its receipt, or the visitor is guided."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import lang, moment, read_moment, render, say, see_other
from kernel.service import Service
from kernel.web import Here, may
from schemas.event import Actor
from schemas.people import Address
from services.intake.api.application.dossier import id_of
from services.intake.api.catalogue import search
from services.intake.api.reference import Known, Reference
from services.intake.api.submission import Guided, Submission, submit
from services.intake.pages import words
from services.intake.pages.shared import (
    ADDRESS_FIELDS,
    PERSON_FIELDS,
    form_of,
    handed_in_at,
    keyed,
    name_of,
    text,
    texts,
    time_by_rule,
    today,
    wrongs,
)

router = APIRouter(include_in_schema=False)
Desk = Annotated[Actor, Depends(may("desk_officer", "operator"))]
CHANNELS = ("desk", "post", "hired_service", "authorised", "assisted")


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
