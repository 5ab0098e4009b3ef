"""What the office sees: letters on the exchange with their statuses, dead letters, and what arrived for a person."""

from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response

from kernel.access import Staff, own
from kernel.decider import Text
from kernel.layout import lang, render, say, see_other, typed_in
from kernel.web import Here
from services.transfers.api import arrivals, documents
from services.transfers.api.access import CLERKS, check_sees
from services.transfers.api.reading import names
from services.transfers.pages import words
from services.transfers.pages.forms import WRONG, by_hand, problem_of

router = APIRouter(include_in_schema=False)


@router.get("/lien-thong")
async def log(request: Request, service: Here, actor: Staff, unit: str = "") -> Response:
    """The log of the document exchange."""
    chosen = own(actor, unit[:60])
    found = await documents.listed(service, chosen)
    return render(
        request,
        "exchange.html",
        failed=[each for each in found if each.status == "failed"],
        found=found,
        arrivals=await arrivals.listed(service, chosen),
        names=await names(service),
        acts=bool(set(actor.roles) & CLERKS),
        set_up=bool(service.settings.edoc),
        words=words,
    )


@router.get("/lien-thong/den/{id}")
async def arrival(request: Request, service: Here, actor: Staff, id: UUID) -> Response:
    """What arrived, to be read: its words and its files."""
    row = await arrivals.find(service, id)
    check_sees(actor, {row.unit})
    return render(
        request,
        "arrival.html",
        row=row,
        found=await arrivals.message(service, row),
        names=await names(service),
        acts=bool(set(actor.roles) & CLERKS) and row.settled_at is None,
        words=words,
    )


@router.post("/lien-thong/{id}/{action}")
async def act(request: Request, service: Here, actor: Staff, id: UUID, action: str) -> Response:
    """Send a dead letter anew, or say that an arrival was looked at."""
    said = lang(request)
    if action not in {"gui-lai", "da-xem"}:
        raise HTTPException(404)
    await typed_in(request)
    try:
        if action == "gui-lai":
            await documents.requeue(service, actor, id, by_hand(said))
        else:
            await arrivals.settle(service, actor, id, by_hand(said))
    except WRONG as error:
        return see_other("/lien-thong", problem_of(error, said)["detail"], kind="bad")
    told = (
        Text("Văn bản được gửi lại.", "The document is sent anew.")
        if action == "gui-lai"
        else Text("Đã ghi nhận là đã xem.", "Recorded as looked at.")
    )
    return see_other("/lien-thong", say(told, lang=said))
