"""An answer of the leadership that came on paper: its scan, and who entered it. The unit's head answers for what they
enter, and it is marked as entered by hand wherever it is shown."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from kernel import blobs
from kernel.access import Staff
from kernel.calendar import local
from kernel.decider import Text
from kernel.service import Service
from kernel.upload import download, store
from kernel.web import Ask, Asked, Here
from schemas.event import Actor, Personal
from schemas.people import Document
from schemas.transfers import Opinion, Reply
from services.transfers.api.access import HEADS, check_acts, check_sees
from services.transfers.api.acting import Reason, now, say, subject_of
from services.transfers.api.case import Case, find, readers
from services.transfers.api.consulting import consulting
from services.transfers.api.reading import row_of
from services.transfers.api.reference import known as known_now
from services.transfers.domain import commands as life
from services.transfers.domain.document import document
from services.transfers.domain.dossier import document_id, document_stream, opinion_stream
from services.transfers.projection.exchange import OpinionRow
from services.transfers.projection.exchange import opinion as opinion_view
from services.transfers.projection.transfer import TransferRow, read_scan

router = APIRouter(tags=["Xin ý kiến / Consultations"])
SCAN = "Văn bản trả lời của Sở (bản chụp)"


class Scan(BaseModel):
    """A file that was taken: name it so in the answer."""

    digest: str
    size: int
    media_type: str


class ReplyBody(BaseModel):
    """An answer that came on paper. `signed_on` is its own date, `scan` the digest of its file, sent before. `reason`
    is needed where the question went over the document exchange: why the answer did not come that way."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "opinion": "approved",
                    "number": "12/SGDĐT-VP",
                    "signed_on": "2026-08-21",
                    "signer": "Lê Thị Thu Hà",
                    "text": "Sở đồng ý.",
                    "scan": "0" * 64,
                    "reason": "Trục liên thông của Sở đang tạm dừng.",
                }
            ]
        },
    )

    opinion: Opinion
    number: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
    signed_on: dt.date
    signer: Annotated[str, Field(min_length=2, max_length=200, pattern=r"\S")]
    text: Reason
    scan: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(max_length=4000)] = ""


async def reply_by_hand(service: Service, actor: Actor, id: UUID, body: ReplyBody, asked: Asked) -> None:
    """Enter an answer that came on paper, as the head of the unit that asks. Raises Rejected, 403, 404, 409, 422."""
    row = (await find(service, id)).row
    check_acts(actor, HEADS, {consulting(row)})
    if row.consultation is None or row.consultation_issued_at is None:
        raise HTTPException(409, Text("Văn bản xin ý kiến chưa được ký.", "The consultation was not signed yet."))
    if row.opinion:
        raise HTTPException(409, Text("Đã có văn bản trả lời.", "There is an answer already."))
    await _check_given(service, row.consultation, body.opinion)
    moment, reason = service.clock.now(), body.reason.strip()
    if not local(row.consultation_issued_at).date() <= body.signed_on <= local(moment).date():
        raise HTTPException(
            422,
            Text(
                "Ngày của văn bản trả lời phải từ ngày xin ý kiến đến hôm nay.",
                "The answer's date lies between the consultation's and today.",
            ),
        )
    if len(reason) < 3 and await _went_over_the_exchange(service, row.consultation):
        raise HTTPException(
            422,
            Text(
                "Văn bản xin ý kiến đã gửi qua trục liên thông: phải ghi lý do nhận trả lời bằng giấy.",
                "The question went over the document exchange: say why its answer came on paper.",
            ),
        )
    subject = subject_of(row.pupil)
    command = life.HearReply(
        document=row.consultation,
        reply=document_id(opinion_stream(row.consultation), 1),
        number=body.number.strip(),
        opinion=body.opinion,
        at=moment,
        text=Personal(subject=subject, clear=Reply(text=body.text.strip(), signer=body.signer.strip())),
        by=actor.id,
        signed_on=body.signed_on,
        scan=_scan(service, body.scan),
        reason=Personal(subject=subject, clear=reason) if reason else None,
    )
    await say(service, actor, row.stream, command, asked)


async def _check_given(service: Service, consultation: UUID, said: str) -> None:
    """Raises 409 where the Department signed another opinion here."""
    given: OpinionRow | None = await row_of(service, opinion_view, opinion_stream(consultation))
    if given is not None and given.opinion not in {"", said}:
        says = Text(
            "Sở đã ký văn bản trả lời số {number} với ý kiến khác. Hãy chờ văn bản đó đến.",
            "The Department signed another answer, number {number}. Wait until it arrives.",
        )
        raise HTTPException(409, says.of(number=given.reply_number))


async def _went_over_the_exchange(service: Service, consultation: UUID) -> bool:
    letter, _ = await service.state(document, document_stream(consultation))
    return bool(service.settings.edoc) and letter.phase == "sent"


def _scan(service: Service, digest: str) -> Document:
    """The file of the paper. Raises 422 where it was not sent."""
    found = blobs.size_and_type(service.settings.blobs, digest, blobs.key(service.settings))
    if found is None:
        raise HTTPException(
            422, Text("Hãy tải bản chụp văn bản trả lời lên trước.", "Send the scan of the answer to /scans first.")
        )
    return Document(title=SCAN, form="copy", digest=digest, size=found.size, media_type=found.media_type)


@router.post("/scans", status_code=201, response_model=Scan, summary="Send the scan of a paper (heads)")
async def post_scan(service: Here, actor: Staff, file: UploadFile) -> Scan:
    check_acts(actor, HEADS, {actor.unit})
    kept = await store(service, file)
    return Scan(digest=kept.digest, size=kept.size, media_type=kept.media_type)


@router.post("/transfers/{id}/reply", summary="Enter an answer that came on paper (head of the unit that asked)")
async def post_reply(service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: ReplyBody) -> Case:
    """It needs the paper's number, date, signer and scan, and is shown as entered by hand wherever it is shown."""
    await reply_by_hand(service, actor, id, body, asked)
    return await now(service, id, response)


@router.get("/transfers/{id}/reply/scan", summary="The scan of an answer that came on paper (its units)")
async def get_scan(service: Here, actor: Staff, id: UUID) -> StreamingResponse:
    row: TransferRow = (await find(service, id)).row
    check_sees(actor, readers(row) | {(await known_now(service)).department} - {""})
    scan = read_scan(row.scan)
    if scan is None:
        raise HTTPException(404)
    return await download(service, scan.digest, f"tra-loi-{row.code}")
