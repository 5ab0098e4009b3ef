"""What a visitor was told, to take home."""

import asyncio
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response

from kernel import paper
from kernel.service import Service
from kernel.web import Here
from schemas.intake import PaperRefused, VisitorGuided
from services.intake.api.paper.letterhead import answer, site
from services.intake.api.reference import Known, Reference, local_day

router = APIRouter(tags=["Giấy tờ in / Papers"])


async def of_visit(service: Service, known: Reference, id: UUID) -> bytes:
    """What a visitor was told, to take home. It holds nothing about a person."""
    history = await service.history(f"visit-{id}")
    if not history or not isinstance(event := history[0].event, VisitorGuided | PaperRefused):
        raise HTTPException(404)
    day = local_day(event.came_at)
    terms, _ = await known.terms(event.procedure, day)
    guidance = event.guidance
    data = {
        "parent": "",
        "unit": (await known.unit(event.unit, day)).name if event.unit else "",
        "place": "",
        "form": "",
        "title": "Phiếu hướng dẫn",
        "number": "",
        "issued_at": event.came_at,
        "procedure": terms.name_vi if terms else event.procedure,
        "came_at": event.came_at,
        "text": guidance.vi,
        "places": [
            {name: getattr(each, name) for name in ("name", "address", "hours", "how_to_find", "phone")}
            for each in guidance.to
        ],
        "online": guidance.online,
        "assisted": guidance.assisted,
        "basis": event.rule.basis,
        "qr": f"{site(service)}/thu-tuc/{event.procedure}",
        "track_at": site(service),
    }
    return await asyncio.to_thread(paper.pdf, "guidance", data)


@router.get(
    "/visits/{id}/guidance.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
    summary="What a visitor was told, to take home",
)
async def get_guidance_paper(service: Here, known: Known, id: UUID) -> Response:
    return answer(await of_visit(service, known, id), "guidance")
