"""What who runs a campaign sees of its sample: the frame, what a design comes to, the draw, and slips to print."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import sqrt
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter
from starlette.datastructures import UploadFile

from kernel.decider import Text
from kernel.layout import lang, render, say, see_other, typed_in
from kernel.service import Service
from kernel.web import Here
from schemas.event import Actor
from schemas.surveys import Design
from services.surveys.api import sampling
from services.surveys.api.access import Manager, Reader, prints
from services.surveys.api.campaigns import Found, ReasonBody, find, told
from services.surveys.api.counting import Invited, invited_of
from services.surveys.api.results import unit_names
from services.surveys.api.slips import PrintBody, file_of, print_class
from services.surveys.domain.sampling import persons_of
from services.surveys.pages import terms
from services.surveys.pages.forms import WRONG, by_hand, problem_of, share, whole

router = APIRouter(include_in_schema=False)
USUAL = {
    "margin": "5", "confidence": "95", "share": "50", "effect": "2", "response": "80", "least_schools": "2",
    "classes": "2", "persons": "0", "allocation": "proportional",
}  # fmt: skip


def strata_of(found: Found) -> list[str]:
    """The strata of a campaign's frame, by name."""
    return sorted({each.stratum for each in found.state.frame.schools}) if found.state.frame else []


def design_of(form: Mapping[str, str], strata: Sequence[str] = ()) -> Design:
    """The design in a form; `share-0`, `share-1`, … are the shares that are expected of these strata, from which their
    deviations are. Raises ValueError."""
    expected = {
        stratum: share(form, f"share-{at}", 0.5)
        for at, stratum in enumerate(strata)
        if form.get(f"share-{at}", "").strip()
    }
    return TypeAdapter(Design).validate_python(
        {
            "margin": share(form, "margin", 0.05),
            "confidence": share(form, "confidence", 0.95),
            "share": share(form, "share", 0.5),
            "effect": float(form.get("effect", "2").replace(",", ".") or 2),
            "response": share(form, "response", 0.8),
            "least_schools": whole(form, "least_schools", 2),
            "classes": whole(form, "classes", 2),
            "persons": whole(form, "persons"),
            "allocation": form.get("allocation", "proportional"),
            "deviations": {stratum: sqrt(each * (1 - each)) for stratum, each in expected.items()},
        }
    )


@router.get("/dot/{id}/mau")
async def sample(request: Request, service: Here, actor: Reader, id: UUID) -> Response:
    """The frame and the design before the draw, the sample after it."""
    typed = {
        name: value[:20] for name, value in request.query_params.items() if name in USUAL or name.startswith("share-")
    }
    return await _page(request, service, actor, await find(service, id), typed=typed)


async def _page(
    request: Request,
    service: Service,
    actor: Actor,
    found: Found,
    *,
    typed: Mapping[str, str] | None = None,
    frame: Any = None,
    problem: Any = None,
) -> Response:
    said, row = lang(request), told(found.row)
    drawn = sampling.drawn(found) if found.state.sample else None
    kept = found.state.frame
    if frame is None and kept is not None:
        frame = sampling.frame_told(kept.schools, kept.digest, imported=True)
    size = None
    if kept is not None and drawn is None:
        try:
            size = sampling.size(found, design_of({**USUAL, **(typed or {})}, strata_of(found)))
        except WRONG as error:
            problem = problem or problem_of(error, said)
    invited = await invited_of(service, found.stream)
    names = await unit_names(service, found)
    by = found.state.sample
    classes = [
        {
            "school": each.school,
            "name": names.get(each.school, each.school),
            "class_name": each.class_name,
            "stratum": each.stratum,
            "asked": each.asked,
            "size": each.size,
            "places": persons_of(each, by.seed) if by and each.asked < each.size else (),
            "chance": each.school_chance * each.class_chance * each.person_chance,
            "issued": invited.get((each.school, each.class_name), Invited()).issued,
            "used": invited.get((each.school, each.class_name), Invited()).used,
        }
        for each in found.state.chosen
    ]
    return render(
        request,
        "sample.html",
        status=problem["status"] if problem else 200,
        row=row,
        frame=frame,
        size=size,
        drawn=drawn,
        classes=classes,
        names=names,
        schools=sorted({(each["school"], each["name"]) for each in classes}, key=lambda each: str(each[1])),
        prints=partial(prints, actor),
        typed={**USUAL, **(typed or {})},
        problem=problem,
        terms=terms,
    )


@router.post("/dot/{id}/khung")
async def imported(request: Request, service: Here, actor: Manager, id: UUID) -> Response:
    """Look at a file, or take it."""
    said = lang(request)
    found = await find(service, id)
    form = await request.form(max_files=1, max_fields=5)
    upload = form.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    dry = form.get("do") != "import"
    try:
        frame = await sampling.import_frame(service, actor, id, content, by_hand(said), dry=dry)
    except WRONG as error:
        return await _page(request, service, actor, found, problem=problem_of(error, said))
    if dry:
        return await _page(request, service, actor, found, frame=frame)
    done = Text("Đã nhập {n} trường.", "{n} schools were imported.").of(n=frame.schools)
    return see_other(f"/dot/{id}/mau", say(done, lang=said))


@router.post("/dot/{id}/rut")
async def draw(request: Request, service: Here, actor: Manager, id: UUID) -> Response:
    said = lang(request)
    form = await typed_in(request)
    try:
        strata = strata_of(await find(service, id))
        await sampling.draw(service, actor, id, design_of(form, strata), by_hand(said))
    except WRONG as error:
        return await _page(
            request, service, actor, await find(service, id), typed=form, problem=problem_of(error, said)
        )
    return see_other(f"/dot/{id}/mau", say(Text("Đã rút mẫu.", "The sample is drawn."), lang=said))


@router.post("/dot/{id}/thay")
async def replace(request: Request, service: Here, actor: Manager, id: UUID) -> Response:
    said = lang(request)
    form = await typed_in(request, 20)
    try:
        body = ReasonBody.model_validate({"reason": form.get("reason", "")})
        await sampling.replace_school(service, actor, id, form.get("school", ""), body.reason, by_hand(said))
    except WRONG as error:
        return await _page(request, service, actor, await find(service, id), problem=problem_of(error, said))
    return see_other(f"/dot/{id}/mau", say(Text("Đã thay trường.", "The school is replaced."), lang=said))


@router.post("/dot/{id}/in")
async def slips(request: Request, service: Here, actor: Reader, id: UUID) -> Response:
    """A class's slips as a PDF."""
    said = lang(request)
    form = await typed_in(request, 20)
    try:
        body = PrintBody.model_validate(
            {
                "school": form.get("school", ""),
                "class_name": form.get("class_name", ""),
                "again": form.get("again") == "1",
            }
        )
        content = await print_class(service, actor, id, body)
    except WRONG as error:
        return await _page(request, service, actor, await find(service, id), problem=problem_of(error, said))
    return file_of(content, f"phieu-{body.school}-{body.class_name}")
