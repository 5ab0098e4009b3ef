"""The log of the document exchange, over HTTP: letters and their statuses, and dead letters."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from kernel.access import Staff, own
from kernel.decider import Text
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor
from services.transfers.api.access import CLERKS, check_acts, check_sees
from services.transfers.api.reading import row_of
from services.transfers.domain import document as sending
from services.transfers.domain.document import document
from services.transfers.domain.dossier import document_stream
from services.transfers.projection.exchange import DocumentRow, read_statuses
from services.transfers.projection.exchange import document as document_view

router = APIRouter(tags=["Liên thông văn bản / Document exchange"])
MOST = 200
Phase = Literal["queued", "sent", "failed"]
LIST = """
SELECT d.*, coalesce(t.code, '') AS dossier,
CASE WHEN t.consultation = d.document THEN t.replied_by ELSE '' END AS by_hand, t.replied_at
FROM view.document d
LEFT JOIN view.transfer t ON t.application = d.application
WHERE ($1 = '' OR d.from_unit = $1 OR d.to_unit = $1) AND ($2 = '' OR d.status = $2)
ORDER BY d.queued_at DESC LIMIT $3
"""


class StatusTold(BaseModel):
    """A status that the other side gave (QCVN 102:2016/BTTTT)."""

    code: str
    said_at: dt.datetime
    noticed_at: dt.datetime


class DocumentTold(BaseModel):
    """A letter on the exchange. `direction` is as seen by the unit that asks ("" where it is neither side). `failed` is
    a dead letter: `failure` says why, and a person sends it anew. `by_hand`: its answer came on paper, and who entered
    it (in lists only)."""

    document: UUID
    dossier: str
    application: str
    kind: Literal["consultation", "reply"]
    direction: Literal["", "out", "in"]
    from_unit: str
    to_unit: str
    number: str
    status: Phase
    code: str
    queued_at: dt.datetime
    sent_at: dt.datetime | None
    response_to: UUID | None
    failure: str
    requeued: int
    statuses: list[StatusTold]
    by_hand: str = ""
    by_hand_at: dt.datetime | None = None


def told(row: Any, unit: str = "", dossier: str = "") -> DocumentTold:
    """A row of the log, as `unit` sees it."""
    direction = "out" if unit == row.from_unit else "in" if unit == row.to_unit else ""
    return DocumentTold(
        document=row.document,
        dossier=dossier,
        application=row.application.partition("-")[2],
        kind=row.kind,
        direction=direction,
        from_unit=row.from_unit,
        to_unit=row.to_unit,
        number=row.letter_number,
        status=row.status,
        code=row.code,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        response_to=row.response_to,
        failure=row.failure,
        requeued=row.requeued,
        statuses=[
            StatusTold(code=each.code, said_at=each.said_at, noticed_at=each.noticed_at)
            for each in read_statuses(row.statuses)
        ],
    )


async def listed(service: Service, unit: str = "", status: str = "", most: int = MOST) -> list[DocumentTold]:
    """The log, the latest first."""
    rows = await service.pool.fetch(LIST, unit, status, most)
    return [
        told(
            DocumentRow(**{name: row[name] for name in DocumentRow.__struct_fields__}), unit, row["dossier"]
        ).model_copy(
            update={"by_hand": row["by_hand"] or "", "by_hand_at": row["replied_at"] if row["by_hand"] else None}
        )
        for row in rows
    ]


async def find(service: Service, id: UUID) -> DocumentRow:
    """A letter as of now. Raises 404."""
    row: DocumentRow | None = await row_of(service, document_view, document_stream(id))
    if row is None:
        raise HTTPException(404, Text("Không có văn bản này.", "There is no such document."))
    return row


async def requeue(service: Service, actor: Actor, id: UUID, asked: Asked) -> None:
    """Send a dead letter anew, as the same document. Raises Rejected, 403, 404."""
    row = await find(service, id)
    check_acts(actor, CLERKS, {row.from_unit})
    command = sending.Requeue(by=actor.id, at=service.clock.now())
    await service.do(document, row.stream, command, actor=actor, key=asked.key, fingerprint=asked.fingerprint)


@router.get("/documents", summary="The log of the exchange, the latest first (staff)")
async def get_documents(
    service: Here,
    actor: Staff,
    unit: Annotated[str, Query(max_length=60)] = "",
    status: Phase | None = None,
) -> list[DocumentTold]:
    """`GET /documents?status=failed` are the dead letters. Officers see their own unit's."""
    return await listed(service, own(actor, unit), status or "")


@router.get("/documents/{id}", summary="One letter on the exchange (units on both ends)")
async def get_document(service: Here, actor: Staff, id: UUID) -> DocumentTold:
    row = await find(service, id)
    check_sees(actor, {row.from_unit, row.to_unit})
    return told(row, actor.unit)


@router.post("/documents/{id}/requeue", summary="Send a dead letter anew (officers of the sender, operator)")
async def post_requeue(service: Here, actor: Staff, asked: Ask, id: UUID) -> DocumentTold:
    """It keeps its DocumentId: whoever got it already sees one document."""
    await requeue(service, actor, id, asked)
    return told(await find(service, id), actor.unit)
