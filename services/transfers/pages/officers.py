"""What officers see: the inbox of their unit, and one case with what may be done with it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import TypeAdapter
from starlette.datastructures import UploadFile

from kernel.access import ALL_UNITS, STAFF, Staff, own
from kernel.calendar import local
from kernel.decider import Text
from kernel.layout import lang, read_day, render, say, see_other, typed_in
from kernel.service import Service
from kernel.web import Asked, Here, Who
from schemas.event import Actor
from schemas.people import Person
from schemas.transfers import Facts
from services.transfers.api import acting, consulting, correcting, paper_reply
from services.transfers.api.access import CONSENTERS, HEADS, WRITERS, check_sees
from services.transfers.api.case import Found, facts_of, find, readers, told, units
from services.transfers.api.classes import listed as classes_listed
from services.transfers.api.figures import counted
from services.transfers.api.inbox import attention, cases, line, work
from services.transfers.api.opinions import listed as opinions_listed
from services.transfers.api.reading import names
from services.transfers.pages import words
from services.transfers.pages.forms import WRONG, by_hand, problem_of, whole

router = APIRouter(include_in_schema=False)
_facts: TypeAdapter[Facts] = TypeAdapter(Facts)
_person: TypeAdapter[Person] = TypeAdapter(Person)
DONE = {
    "consent": Text("Đã ghi nhận ý kiến đồng ý.", "Your consent is recorded."),
    "refuse": Text("Đã ghi nhận ý kiến không đồng ý.", "Your refusal is recorded."),
    "done": Text("Đã ghi nhận là xong.", "Recorded as done."),
    "class": Text("Đã chọn lớp.", "The class is chosen."),
    "raise": Text("Đã đưa vào diện đặc biệt.", "It is a special case now."),
    "draft": Text("Đã lưu bản dự thảo.", "The draft was saved."),
    "issue": Text("Đã ký văn bản xin ý kiến; văn bản được gửi đi.", "The letter is signed and goes out."),
    "reply": Text("Đã nhập văn bản trả lời.", "The answer was entered."),
    "correct": Text("Đã sửa thông tin và xét lại hồ sơ.", "The facts are put right; the case was judged again."),
    "there": Text("Đã xác minh: hồ sơ tiếp tục.", "Looked into: the case goes on."),
    "away": Text("Đã từ chối hồ sơ.", "The case was refused."),
    "describe": Text("Đã nhập thông tin chuyển trường.", "The transfer is described."),
}


@router.get("/")
async def inbox(
    request: Request, service: Here, actor: Who, unit: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """What waits for this unit. Who is not signed in is shown how to follow a request."""
    if not set(actor.roles) & set(STAFF):
        return render(request, "start.html", wrong="", words=words)
    chosen = own(actor, unit)
    undescribed = await cases(service, chosen, "undescribed", most=50)
    return render(
        request,
        "inbox.html",
        work=await work(service, chosen),
        escalated=await work(service, chosen, escalated=True),
        attention=await attention(service, chosen),
        undescribed=[line(each) for each in undescribed],
        recent=[line(each) for each in await cases(service, chosen, most=15)],
        opinions=await opinions_listed(service, "asked", chosen),
        figures=await counted(service, "outcome", chosen),
        unit=chosen,
        all_units=bool(set(actor.roles) & ALL_UNITS),
        names=await names(service),
        now=service.clock.now(),
        words=words,
    )


@router.get("/chuyen-truong/{id}")
async def case(request: Request, service: Here, actor: Staff, id: UUID) -> Response:
    """One case: the facts, what each rule says, the steps, and what this officer may do."""
    return await _case(request, service, actor, id)


async def _case(
    request: Request,
    service: Service,
    actor: Actor,
    id: UUID,
    problem: Any = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    found = await find(service, id)
    check_sees(actor, readers(found.row))
    shown = await told(service, found)
    grade = shown.facts.grade if shown.facts else 0
    rooms = await classes_listed(service, shown.to_school, shown.year, grade) if shown.year and shown.to_school else []
    called = await names(service)
    schools = sorted((name, unit) for unit, name in called.items()) if shown.status == "undescribed" else []
    return render(
        request,
        "case.html",
        status=problem["status"] if problem else 200,
        found=shown,
        may_do=_may(actor, found),
        rooms=rooms,
        schools=schools,
        names=called,
        problem=problem,
        typed=typed or {},
        year=local(service.clock.now()).year,
        words=words,
    )


def _may(actor: Actor, found: Found) -> dict[str, Any]:
    """What this officer is shown: steps that wait for them, the class, the letter."""
    roles, row = set(actor.roles), found.row
    either = bool(roles & (WRITERS | HEADS))
    mine = [
        each
        for each in found.steps.values()
        if each.status == "open"
        and each.unit == actor.unit
        and roles & (HEADS if each.step in CONSENTERS else WRITERS | HEADS)
    ]
    asks = [each for each in found.steps.values() if each.step == "consult" and each.status == "open"]
    consults = bool(asks) and asks[-1].unit == actor.unit
    return {
        "steps": [each for each in mine if each.step != "consult"],
        "class": either and actor.unit == row.to_school and row.status == "open",
        "raise": either and row.status == "open" and not row.special and actor.unit in units(row),
        "draft": consults and either and row.consultation is None,
        "issue": consults and bool(roles & HEADS) and row.consultation is None,
        "reply": consults and bool(roles & HEADS) and row.consultation is not None and not row.opinion,
        "look": row.elsewhere is not None and either and actor.unit in units(row),
        "turn_away": row.elsewhere is not None and bool(roles & HEADS) and actor.unit in units(row),
        "correct": either
        and row.status == "open"
        and row.consultation is None
        and actor.unit == (row.to_school or row.from_school),
        "describe": row.status == "undescribed" and either and actor.unit in units(row),
    }


@router.post("/chuyen-truong/{id}/{action}")
async def act(request: Request, service: Here, actor: Staff, id: UUID, action: str) -> Response:
    """What an officer does to a case."""
    said = lang(request)
    form = await typed_in(request)
    if action not in DONE:
        raise HTTPException(404)
    try:
        scan = (await request.form()).get("scan") if action == "reply" else None
        await _act(service, actor, id, action, form, said, scan)
    except WRONG as error:
        return await _case(request, service, actor, id, problem_of(error, said), form)
    return see_other(f"/chuyen-truong/{id}", say(DONE[action], lang=said))


async def _act(
    service: Service, actor: Actor, id: UUID, action: str, form: Mapping[str, str], said: str, scan: Any
) -> None:
    asked = by_hand(said)
    match action:
        case "consent" | "refuse" | "done":
            step = form.get("step", "")
            if step not in get_args(acting.StepName):
                raise HTTPException(404)
            body = acting.EndBody(
                turn=whole(form, "turn"),
                reason=form.get("reason", ""),
                document_number=form.get("document_number", ""),
            )
            outcome = {"consent": "consented", "refuse": "refused", "done": "done"}[action]
            await acting.end_step(service, actor, id, step, outcome, body, asked)  # type: ignore[arg-type]
        case "class":
            await acting.choose_class(service, actor, id, acting.ClassBody(name=form.get("name", "")).name, asked)
        case "raise":
            await acting.raise_case(service, actor, id, acting.RaiseBody(reason=form.get("reason", "")).reason, asked)
        case "draft" | "issue":
            await _save(service, actor, id, form, said)
            if action == "issue":
                signed = consulting.IssueBody(signer=form.get("signer", ""))
                await consulting.issue(service, actor, id, signed, asked)
        case "reply":
            await _reply(service, actor, id, form, scan, said)
        case "correct":
            await _correct(service, actor, id, form, asked)
        case "there" | "away":
            looked = correcting.LookBody(there=action == "there", reason=form.get("reason", ""))
            await correcting.look_into(service, actor, id, looked, asked)
        case _:
            await acting.describe(service, actor, id, _described(form), asked)


async def _reply(service: Service, actor: Actor, id: UUID, form: Mapping[str, str], scan: Any, said: str) -> None:
    """An answer that came on paper; its scan comes with the form."""
    typed: dict[str, Any] = {name: form.get(name, "") for name in ("opinion", "number", "text", "signer", "reason")}
    if form.get("signed_on"):
        typed["signed_on"] = read_day(form["signed_on"])
    if isinstance(scan, UploadFile) and scan.filename:
        typed["scan"] = (await paper_reply.post_scan(service, actor, scan)).digest  # type: ignore[arg-type]
    await paper_reply.reply_by_hand(service, actor, id, paper_reply.ReplyBody.model_validate(typed), by_hand(said))


async def _correct(service: Service, actor: Actor, id: UUID, form: Mapping[str, str], asked: Asked) -> None:
    """The facts as they should be: what the form does not ask stays as it is."""
    was = facts_of((await find(service, id)).row)
    if was is None:
        raise HTTPException(404)
    changed = {
        "from_type": form.get("from_type", ""),
        "to_type": form.get("to_type", ""),
        "grade": whole(form, "grade"),
        "to_class": form.get("to_class", ""),
        "reason": form.get("fact_reason", ""),
        **_ticked(form),
    }
    facts = _facts.validate_python({each.name: getattr(was, each.name) for each in fields(was)} | changed)
    body = correcting.CorrectBody(facts=facts, reason=form.get("why", ""))
    await correcting.correct(service, actor, id, body, asked)


def _ticked(form: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        "subjects": tuple(each for each in words.SUBJECT if form.get(f"subject-{each}")),
        "documents": tuple(each for each in words.PAPER if form.get(f"document-{each}")),
    }


async def _save(service: Service, actor: Actor, id: UUID, form: Mapping[str, str], said: str) -> None:
    """Save what was typed, where it is not what was drafted."""
    letter = (await told(service, await find(service, id))).consultation
    subject, text = form.get("subject", ""), form.get("text", "").replace("\r\n", "\n")
    if letter and (letter.subject, letter.text) == (subject, text):
        return
    body = consulting.DraftBody(draft=whole(form, "drafts") + 1, subject=subject, text=text)
    await consulting.draft(service, actor, id, body, by_hand(said))


PLAIN = ("from_school", "from_name", "from_place", "from_type", "to_school", "to_name", "to_place", "to_type")


def _described(form: Mapping[str, str]) -> acting.DescribeBody:
    facts = {name: form.get(name, "") for name in (*PLAIN, "to_class", "reason")} | _ticked(form)
    pupil: dict[str, Any] = {"name": form.get("name", ""), "id_number": form.get("id_number", "")}
    if form.get("born"):
        pupil["born"] = read_day(form["born"])
    return acting.DescribeBody(
        facts=_facts.validate_python({**facts, "grade": whole(form, "grade")}),
        pupil=_person.validate_python(pupil),
    )
