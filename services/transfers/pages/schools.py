"""Classes with their places, for schools and for families; and what the rules rest on."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from kernel.access import Staff
from kernel.calendar import local
from kernel.decider import Rejected, Text
from kernel.layout import lang, read_day, render, say, see_other, typed_in
from kernel.service import Service
from kernel.web import Here, Who
from schemas.event import Actor
from services.transfers.api import classes
from services.transfers.api.figures import ruled
from services.transfers.api.reading import names
from services.transfers.api.reference import rules as rules_of
from services.transfers.domain.rules import school_year
from services.transfers.pages import words
from services.transfers.pages.forms import WRONG, by_hand, problem_of, whole

router = APIRouter(include_in_schema=False)


@router.get("/lop")
async def rooms(request: Request, service: Here, actor: Who, truong: str = "") -> Response:
    """Where there is room; heads of schools open classes here."""
    return await _rooms(request, service, actor, truong[:60])


async def _rooms(
    request: Request,
    service: Service,
    actor: Actor,
    school: str,
    problem: Any = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    head = "unit_head" in actor.roles
    operator = "operator" in actor.roles
    chosen = school or (actor.unit if head else "")
    now = local(service.clock.now()).date()
    return render(
        request,
        "classes.html",
        status=problem["status"] if problem else 200,
        found=await classes.listed(service, chosen),
        school=chosen,
        opens=operator or (head and chosen == actor.unit),
        names=await names(service),
        year=school_year(now, rules_of(now)),
        problem=problem,
        typed=typed or {},
        words=words,
    )


@router.post("/lop")
async def open_class(request: Request, service: Here, actor: Staff) -> Response:
    """Let a class take pupils."""
    said = lang(request)
    form = await typed_in(request)
    school = form.get("school", "")[:60]
    try:
        body = classes.OpenBody(
            school=school,
            year=whole(form, "year"),
            grade=whole(form, "grade"),
            name=form.get("name", ""),
            places=whole(form, "places"),
            subjects=tuple(each for each in words.SUBJECT if form.get(f"subject-{each}")),
        )
        await classes.open_class(service, actor, body, by_hand(said))
    except WRONG as error:
        return await _rooms(request, service, actor, school, problem_of(error, said), form)
    told = Text("Đã mở lớp để tiếp nhận.", "The class takes pupils now.")
    return see_other(f"/lop?truong={school}", say(told, lang=said))


@router.post("/lop/{id}")
async def change_places(request: Request, service: Here, actor: Staff, id: classes.ClassId) -> Response:
    """Another number of places."""
    said = lang(request)
    form = await typed_in(request)
    school = form.get("school", "")[:60]
    try:
        body = classes.PlacesBody(places=whole(form, "places") if form.get("places") else -1)
        await classes.change_places(service, actor, id, body.places, by_hand(said))
    except WRONG as error:
        return await _rooms(request, service, actor, school, problem_of(error, said))
    return see_other(f"/lop?truong={school}", say(Text("Đã đổi số chỗ.", "The places are changed."), lang=said))


@router.get("/quy-dinh")
async def rules(request: Request, service: Here, ngay: str = "") -> Response:
    """Every rule with its article, those in force on a day first."""
    said = lang(request)
    wrong = ""
    day = local(service.clock.now()).date()
    found = []
    try:
        day = read_day(ngay[:20]) if ngay else day
        found = ruled(day)
    except Rejected as unknown:
        wrong = say(unknown.says, lang=said)
    except ValueError:
        wrong = say(Text("Ngày chưa đúng dạng dd/mm/yyyy.", "Not a day."), lang=said)
    shown = ngay[:20] if wrong else f"{day:%d/%m/%Y}"
    return render(request, "rules.html", status=422 if wrong else 200, found=found, day=shown, wrong=wrong, words=words)
