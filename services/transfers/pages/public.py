"""What families see: how far their request is, who has it and until when, and why it was decided so."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from kernel.decider import Text
from kernel.layout import lang, render, say
from kernel.web import Here
from services.transfers.api.case import by_tracking, find, told
from services.transfers.api.reading import names
from services.transfers.pages import words

router = APIRouter(include_in_schema=False)


@router.get("/theo-doi")
async def follow(request: Request, service: Here, ma: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The transfer with this tracking code: its steps, who does each until when, and the result with its rule."""
    id = await by_tracking(service, ma)
    if id is None:
        wrong = Text(
            "Không có hồ sơ chuyển trường nào với mã tra cứu này. Hồ sơ vừa nộp có thể cần ít phút.",
            "No transfer has this tracking code. What was just handed in may take a minute.",
        )
        wrong_said = say(wrong, lang=lang(request))
        return render(request, "start.html", status=404, wrong=wrong_said, typed=ma, words=words)
    found = await told(service, await find(service, id), officer=False)
    return render(request, "followed.html", found=found, names=await names(service), words=words)
