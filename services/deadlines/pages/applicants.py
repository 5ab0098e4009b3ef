"""What applicants see of their dossier's deadline: what was promised, whether it was kept, and the apology."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from kernel.decider import Text
from kernel.layout import lang, render, say
from kernel.web import Here
from schemas.tracking import read_tracking_code
from services.deadlines.api.deadline import COLUMNS, explained, told
from services.deadlines.pages import words

router = APIRouter(include_in_schema=False)


@router.get("/theo-doi")
async def follow(request: Request, service: Here, ma: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The deadline of the dossier with this tracking code."""
    said = lang(request)
    code = read_tracking_code(ma)
    row: Any = None
    if code:
        row = await service.pool.fetchrow(COLUMNS + " WHERE c.tracking = $1", code)
    if row is None:
        wrong = Text("Không có hồ sơ nào với mã tra cứu này.", "No dossier has this tracking code.")
        return render(request, "start.html", status=404, wrong=say(wrong, lang=said))
    return render(request, "followed.html", found=told(row), explained=await explained(service, row, said), words=words)
