"""For everybody: find a procedure, read what it asks for, follow a dossier by its code, know where to go."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from markupsafe import Markup

from kernel import paper
from kernel.decider import Text
from kernel.layout import lang, render, see_other
from kernel.tracking import codes
from kernel.web import Here
from schemas.intake import PaperRefused, UnitFacts, VisitorGuided
from services.intake.api.access import OFFICERS
from services.intake.api.application.dossier import stream_of
from services.intake.api.catalogue import search
from services.intake.api.paper.letterhead import site
from services.intake.api.reference import Known
from services.intake.api.register import find, tracked, typed_code
from services.intake.domain.form import plain
from services.intake.domain.rules import online_level
from services.intake.pages import words
from services.intake.pages.shared import name_of, time_by_rule, today, unit_names

router = APIRouter(include_in_schema=False)
PAGE = 20
# What people come for most; those in force on the day are shown.
WANTED = ("2.002854", "2.002478", "SH.012", "3.000465", "SH.018", "3.000466", "3.000181", "1.005142", "2.002857")


@router.get("/")
async def home(request: Request, service: Here) -> Response:
    """Find a procedure, or a dossier."""
    offered = {each.procedure: each for each in await search(service, today(service))}
    wanted = [offered[id] for id in WANTED if id in offered]
    return render(request, "home.html", wanted=wanted, name_of=name_of, officers=tuple(OFFICERS))


@router.get("/thu-tuc")
async def procedures(
    request: Request,
    service: Here,
    known: Known,
    q: Annotated[str, Query(max_length=200)] = "",
    level: Annotated[str, Query(max_length=20)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Response:
    """Procedures in force, by words with or without diacritics."""
    found = await search(service, today(service), q, level if level in words.LEVEL else "")
    # Who types a name means it: those that have the words together come first.
    found.sort(key=lambda each: plain(q.strip()) not in plain(each.terms.name_vi))
    pages = max(1, -(-len(found) // PAGE))
    page = min(page, pages)
    rules = known.rules(today(service))
    shown = found[(page - 1) * PAGE : page * PAGE]
    return render(
        request,
        "procedures.html",
        q=q,
        level=level,
        found=[(each, online_level(each.terms, rules)) for each in shown],
        count=len(found),
        page=page,
        pages=pages,
        words=words,
        name_of=name_of,
    )


@router.get("/thu-tuc/{id}")
async def procedure(request: Request, service: Here, known: Known, id: str) -> Response:
    """All that is known of a procedure; what nobody knows is said to be unknown."""
    day = today(service)
    terms, since = await known.terms(id, day)
    if terms is None:
        raise HTTPException(
            404, Text("Thủ tục này hiện không còn hiệu lực.", "This procedure is not in force at present.")
        )
    rules = known.rules(day)
    level = online_level(terms, rules)
    kinds = rules.receiving.get(terms.authority, ())
    return render(
        request,
        "procedure.html",
        id=id,
        terms=terms,
        since=since,
        level=level,
        times=time_by_rule(terms, rules),
        places=(await known.places(kinds, day))[:4] if terms.authority.startswith("province") else (),
        paper=not (rules.online_only.min_level and level >= rules.online_only.min_level),
        rules=rules,
        words=words,
        name_of=name_of,
    )


@router.get("/tra-cuu")
async def follow(request: Request, service: Here, code: Annotated[str, Query(max_length=60)] = "") -> Response:
    """Where the code is typed in."""
    if not code.strip():
        return render(request, "follow.html", code="", error="")
    try:
        await find(service, code)
    except HTTPException as missing:
        detail = missing.detail
        error = getattr(detail, lang(request)) if isinstance(detail, Text) else str(detail)
        return render(request, "follow.html", status=404, code=code, error=error)
    return see_other(f"/tra-cuu/{quote(typed_code(code))}")


@router.get("/tra-cuu/{code}")
async def followed(request: Request, service: Here, code: str) -> Response:
    """What happened with a dossier, in plain words, without anything about a person. Papers name people, so they are
    for whoever has the tracking code; a register number can be guessed."""
    found = await tracked(service, await find(service, code), code)
    papers = [
        (name, f"/applications/{found.id}/papers/{name}.pdf?tracking={found.tracking}")
        for step in reversed(found.steps)
        for name in words.PAPER_OF.get(step.type, ())
        if name != "control_slip" and found.tracking
    ]
    return render(
        request,
        "followed.html",
        found=found,
        papers=papers,
        names=await unit_names(service),
        words=words,
    )


@router.get("/da-nop/{id}")
async def handed_in(
    request: Request, service: Here, id: UUID, ma: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """What to keep after handing a dossier in online: its code (`ma`), as text and as a picture. It is compared
    with the dossier itself, for that may not be in the register yet."""
    if not codes(service).opens(ma, id) or not await service.history(stream_of(id)):
        raise HTTPException(404)
    code = codes(service).of(id)
    address = f"{site(service)}/tra-cuu/{code}"
    return render(request, "handed_in.html", code=code, address=address, qr=Markup(paper.qr_svg(address)))


@router.get("/huong-dan")
async def where(request: Request, service: Here, known: Known) -> Response:
    """The places that receive, with their hours."""
    day = today(service)
    places = [(kind, await known.places((kind,), day)) for kind in ("service_centre", "school", "commune")]
    return render(request, "where.html", places=places)


@router.get("/huong-dan/{visit}")
async def guidance(request: Request, service: Here, known: Known, visit: UUID) -> Response:
    """What a visitor was told, to read again or print."""
    history = await service.history(f"visit-{visit}")
    if not history or not isinstance(event := history[0].event, VisitorGuided | PaperRefused):
        raise HTTPException(404)
    terms, _ = await known.terms(event.procedure, event.came_at.date())
    unit: UnitFacts | None = await known.unit(event.unit, event.came_at.date()) if event.unit else None
    return render(
        request,
        "guidance.html",
        event=event,
        visit=visit,
        refused=isinstance(event, PaperRefused),
        terms=terms,
        unit=unit,
        officers=tuple(OFFICERS),
        name_of=name_of,
    )


@router.get("/dang-nhap")
async def sign_in(request: Request, service: Here, known: Known) -> Response:
    """One click by role. In the demo only."""
    if not service.settings.demo:
        raise HTTPException(404)
    day = today(service)
    schools = await known.places(("school",), day)
    centre = await known.places(("service_centre",), day)
    department = await known.places(("department",), day)
    logins = [
        ("desk_officer", centre[:1]),
        ("desk_officer", schools[:2]),
        ("case_officer", department[:1]),
        ("unit_head", schools[:1]),
        ("unit_head", department[:1]),
        ("leadership", department[:1]),
        ("operator", ()),
        ("auditor", ()),
    ]
    return render(request, "sign_in.html", logins=logins, words=words)
