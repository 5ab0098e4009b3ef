"""What the leadership sees: a case a screen with its brief, two buttons, and the next one; and who may sign for it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from kernel.access import Staff, own
from kernel.calendar import local
from kernel.decider import Text
from kernel.layout import lang, read_day, render, say, see_other, typed_in
from kernel.service import Service
from kernel.web import Here
from schemas.event import Actor
from services.transfers.api import delegations, opinions
from services.transfers.api.access import Leadership, check_sees
from services.transfers.api.reading import names
from services.transfers.pages import words
from services.transfers.pages.forms import WRONG, by_hand, problem_of

router = APIRouter(include_in_schema=False)


@router.get("/xin-y-kien")
async def waiting(request: Request, service: Here, actor: Staff) -> Response:
    """What waits for the leadership, the longest first, and what was answered last."""
    unit = own(actor, "")
    asked = await opinions.listed(service, "asked", unit)
    return render(
        request,
        "opinions.html",
        waiting=asked,
        signs=bool(asked) and opinions.may_sign(actor, await opinions.find(service, asked[0].document)),
        given=await opinions.listed(service, "given", unit, 30),
        now=service.clock.now(),
        words=words,
    )


@router.get("/xin-y-kien/{document}")
async def one(request: Request, service: Here, actor: Staff, document: UUID) -> Response:
    """The brief of one consultation."""
    return await _one(request, service, actor, document)


async def _one(
    request: Request,
    service: Service,
    actor: Actor,
    document: UUID,
    problem: Any = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    row = await opinions.find(service, document)
    check_sees(actor, {row.to_unit, row.from_unit})
    found = await opinions.brief(service, row)
    others = [each for each in await opinions.listed(service, "asked", row.to_unit) if each.document != document]
    return render(
        request,
        "brief.html",
        status=problem["status"] if problem else 200,
        found=found,
        signs=opinions.may_sign(actor, row) and not (found.by_hand or found.ended or found.erased),
        others=others,
        names=await names(service),
        problem=problem,
        typed=typed or {},
        words=words,
    )


@router.post("/xin-y-kien/{document}")
async def decide(request: Request, service: Here, actor: Staff, document: UUID) -> Response:
    """Approve or refuse, then see the next one."""
    said = lang(request)
    form = await typed_in(request)
    try:
        body = opinions.GiveBody.model_validate(
            {name: form.get(name, "") for name in ("opinion", "reason", "signer", "position")}
        )
        await opinions.give(service, actor, document, body, by_hand(said))
    except WRONG as error:
        return await _one(request, service, actor, document, problem_of(error, said), form)
    row = await opinions.find(service, document)
    told = Text(
        f"Đã ký văn bản trả lời số {row.reply_number}; văn bản được gửi lại đơn vị.",
        f"Answer number {row.reply_number} is signed and goes back to the unit.",
    )
    left = [each for each in await opinions.listed(service, "asked", row.to_unit) if each.document != document]
    return see_other(f"/xin-y-kien/{left[0].document}" if left else "/xin-y-kien", say(told, lang=said))


@router.get("/uy-quyen")
async def deputies(request: Request, service: Here, actor: Staff) -> Response:
    """Who may sign in the leadership's place, and on which days."""
    return await _deputies(request, service, actor)


async def _deputies(
    request: Request, service: Service, actor: Actor, problem: Any = None, typed: Mapping[str, str] | None = None
) -> Response:
    return render(
        request,
        "delegations.html",
        status=problem["status"] if problem else 200,
        found=await delegations.listed(service, actor.unit or "-"),
        today=local(service.clock.now()).date(),
        problem=problem,
        typed=typed or {},
    )


@router.post("/uy-quyen")
async def delegate(request: Request, service: Here, actor: Leadership) -> Response:
    """Let a deputy sign for some days."""
    said = lang(request)
    form = await typed_in(request)
    try:
        body = delegations.DelegationBody(
            to=form.get("to", ""),
            starts=read_day(form.get("starts", "")),
            ends=read_day(form.get("ends", "")),
            number=form.get("number", ""),
        )
        await delegations.delegate(service, actor, body, by_hand(said))
    except WRONG as error:
        return await _deputies(request, service, actor, problem_of(error, said), form)
    return see_other("/uy-quyen", say(Text("Đã ủy quyền.", "The deputy may sign."), lang=said))


@router.post("/uy-quyen/{id}/thu-hoi")
async def end(request: Request, service: Here, actor: Leadership, id: UUID) -> Response:
    """Take a delegation back."""
    said = lang(request)
    try:
        await delegations.end(service, actor, id, by_hand(said))
    except WRONG as error:
        return await _deputies(request, service, actor, problem_of(error, said))
    return see_other("/uy-quyen", say(Text("Đã thu hồi ủy quyền.", "The delegation is taken back."), lang=said))
