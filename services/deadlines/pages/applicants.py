"""What applicants see of their dossier's deadline: what was promised, whether it was kept, and the apology."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from kernel.decider import Text
from kernel.layout import lang, render, say
from kernel.tracking import codes
from kernel.web import Here
from services.deadlines.api.deadline import COLUMNS, explained, told
from services.deadlines.pages import words

router = APIRouter(include_in_schema=False)


@router.get("/theo-doi")
async def follow(request: Request, service: Here, ma: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The deadline of the dossier with this tracking code."""
    said = lang(request)
    digest = codes(service).digest_of_typed(ma)
    row: Any = None
    if digest:
        row = await service.pool.fetchrow(COLUMNS + " WHERE c.tracking = $1", digest)
    if row is None:
        wrong = Text("Không có hồ sơ nào với mã tra cứu này.", "No dossier has this tracking code.")
        return render(request, "start.html", status=404, wrong=say(wrong, lang=said))
    return render(request, "followed.html", found=told(row), explained=await explained(service, row, said), words=words)
