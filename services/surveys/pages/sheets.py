"""Sheets from a file, many at once: what became of each row, for who sent it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.datastructures import UploadFile

from kernel.layout import lang, render
from kernel.web import Here
from services.surveys.api.access import Manager
from services.surveys.api.campaigns import CampaignTold, find, told
from services.surveys.api.catalogue import catalogue
from services.surveys.api.sheets import Imported, take_all
from services.surveys.pages import terms
from services.surveys.pages.asking import named
from services.surveys.pages.forms import problem_of

router = APIRouter(include_in_schema=False)
MOST_SHOWN = 200  # rows that are wrong; how many there are is told in any case


def _page(
    request: Request, row: CampaignTold, done: Imported | None = None, problem: Any = None, wrong: Any = ()
) -> Response:
    return render(
        request,
        "sheets.html",
        status=problem["status"] if problem else 200,
        row=row,
        done=done,
        wrong=wrong,
        problem=problem,
        terms=terms,
    )


@router.get("/dot/{id}/nhap-tep")
async def begin(request: Request, service: Here, _: Manager, id: UUID) -> Response:
    return _page(request, told((await find(service, id)).row))


@router.post("/dot/{id}/nhap-tep")
async def sent(request: Request, service: Here, actor: Manager, id: UUID) -> Response:
    """Judge a file, or take it."""
    said, found = lang(request), await find(service, id)
    form = await request.form(max_files=1, max_fields=5)
    upload = form.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    try:
        done = await take_all(service, actor, found.stream, content, said, dry_run=form.get("do") != "import")
    except HTTPException as error:
        return _page(request, told(found.row), problem=problem_of(error, said))
    published = await catalogue(service).of(found.state)
    wrong = []
    for each in (row for row in done.rows if row.problem):
        problem: dict[str, Any] = each.problem or {}
        by_question = {one["where"]: one["what"] for one in problem.get("errors", ())}
        says = list(named(published, by_question, said).values()) or [problem["detail"]]
        wrong.append((each.line, says))
    return _page(request, told(found.row), done, wrong=wrong[:MOST_SHOWN])
