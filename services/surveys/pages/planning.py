"""The plan of a campaign as a form."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from uuid_utils.compat import uuid7

from kernel.decider import Text
from kernel.layout import day, lang, read_day, render, say, see_other, typed_in
from kernel.service import Service
from kernel.web import Here
from schemas.event import Actor
from services.surveys.api.access import Manager
from services.surveys.api.campaigns import CampaignTold, PlanBody, find, id_of, plan, told
from services.surveys.api.campaigns import listed as all_campaigns
from services.surveys.pages import terms
from services.surveys.pages.forms import WRONG, by_hand, problem_of, whole

router = APIRouter(include_in_schema=False)
QUESTIONNAIRES = (
    "SELECT DISTINCT ON (questionnaire) questionnaire, edition, title_vi, title_en, asked FROM view.questionnaire"
    " ORDER BY questionnaire, edition DESC"
)
BLANK = {
    "kind": "yearly", "title_vi": "", "title_en": "", "questionnaire": "education-pupil", "starts": "", "ends": "",
    "remind_after": "", "batch": "5", "target": "0", "previous": "",
}  # fmt: skip


@router.get("/dot/moi")
async def new(request: Request, service: Here, _: Manager) -> Response:
    return await _plan(request, service, None, BLANK)


@router.post("/dot/moi")
async def planned(request: Request, service: Here, actor: Manager) -> Response:
    return await _planned(request, service, actor, None)


@router.get("/dot/{id}/sua")
async def change(request: Request, service: Here, _: Manager, id: UUID) -> Response:
    row = told((await find(service, id)).row)
    typed = {
        "kind": row.kind,
        "title_vi": row.title["vi"],
        "title_en": row.title["en"],
        "questionnaire": row.questionnaire,
        "starts": day(row.starts),
        "ends": day(row.ends),
        "remind_after": ", ".join(map(str, row.remind_after)),
        "batch": str(row.batch),
        "target": str(row.target),
        "previous": str(row.previous or ""),
    }
    return await _plan(request, service, row, typed)


@router.post("/dot/{id}/sua")
async def changed(request: Request, service: Here, actor: Manager, id: UUID) -> Response:
    return await _planned(request, service, actor, told((await find(service, id)).row))


async def _plan(
    request: Request,
    service: Service,
    row: CampaignTold | None,
    typed: Mapping[str, str],
    problem: Any = None,
) -> Response:
    said = lang(request)
    rows = await service.pool.fetch(QUESTIONNAIRES)
    before = [told(each) for each in await all_campaigns(service)]
    return render(
        request,
        "plan.html",
        status=problem["status"] if problem else 200,
        row=row,
        typed={**BLANK, **typed},
        questionnaires=[
            (each["questionnaire"], f"{each[f'title_{said}']} ({say(terms.GROUP[each['asked']], lang=said)})")
            for each in rows
        ],
        previous=[
            (str(each.id), each.title[said])
            for each in before
            if each.status != "cancelled" and (row is None or each.id != row.id)
        ],
        problem=problem,
        terms=terms,
    )


async def _planned(request: Request, service: Service, actor: Actor, row: CampaignTold | None) -> Response:
    said = lang(request)
    form = await typed_in(request, 20)
    rows = {each["questionnaire"]: each["asked"] for each in await service.pool.fetch(QUESTIONNAIRES)}
    try:
        body = PlanBody.model_validate(
            {
                "kind": form.get("kind"),
                "title": {"vi": form.get("title_vi"), "en": form.get("title_en") or form.get("title_vi")},
                "group": rows.get(form.get("questionnaire", ""), "pupil"),
                "questionnaire": form.get("questionnaire"),
                "starts": read_day(form.get("starts", "")),
                "ends": read_day(form.get("ends", "")),
                "batch": whole(form, "batch", 5),
                "target": whole(form, "target"),
                "remind_after": [int(each) for each in form.get("remind_after", "").replace(",", " ").split()],
                "previous": form.get("previous") or None,
            }
        )
        seen = int(form["number"]) if form.get("number", "").isdecimal() else None
        done = await plan(service, actor, row.id if row else uuid7(), body, by_hand(said), seen)
    except WRONG as error:
        return await _plan(request, service, row, form, problem_of(error, said))
    return see_other(f"/dot/{id_of(done.stream)}", say(Text("Đã lưu.", "Saved."), lang=said))
