"""Asking the Department's leadership in writing: the draft, and the signed letter."""

import asyncio
import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from kernel.access import Staff
from kernel.calendar import local
from kernel.decider import Text
from kernel.letters import TakeNumber
from kernel.service import Service
from kernel.store import Conflict
from kernel.web import Ask, Asked, Here
from schemas.event import Actor, Personal
from schemas.transfers import Consultation
from services.transfers.api import letter as letters_of
from services.transfers.api.access import HEADS, check_acts, check_sees
from services.transfers.api.acting import EITHER, now, say, subject_of
from services.transfers.api.case import ERASED, Case, find, readers
from services.transfers.api.reading import names, opened
from services.transfers.api.reference import known as known_now
from services.transfers.domain import commands as life
from services.transfers.domain.dossier import document_id, letters_stream
from services.transfers.domain.letters import letters
from services.transfers.domain.transfer import transfer
from services.transfers.projection.transfer import TransferRow, read_steps

router = APIRouter(tags=["Xin ý kiến / Consultations"])
TRIES = 5


class DraftBody(BaseModel):
    """Another text. `draft` is the number that it will have: one more than `drafts`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "draft": 2,
                    "subject": "xin ý kiến tiếp nhận học sinh chuyển trường",
                    "text": "Kính đề nghị lãnh đạo Sở xem xét, cho ý kiến.",
                }
            ]
        },
    )

    draft: Annotated[int, Field(ge=1, le=1000)]
    subject: Annotated[str, Field(min_length=3, max_length=500, pattern=r"\S")]
    text: Annotated[str, Field(min_length=3, max_length=8000, pattern=r"\S")]


class IssueBody(BaseModel):
    """Sign the last draft."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"signer": "Trần Văn Hùng"}]})

    signer: Annotated[str, Field(min_length=2, max_length=200, pattern=r"\S")]


def consulting(row: TransferRow) -> str:
    """The unit that asks. Raises 409 where this case has nobody to ask."""
    for each in read_steps(row.steps):
        if each.step == "consult" and each.turn:
            return each.unit
    raise HTTPException(
        409, Text("Hồ sơ này không ở bước xin ý kiến.", "There is nothing to ask the leadership in this case.")
    )


async def draft(service: Service, actor: Actor, id: UUID, body: DraftBody, asked: Asked) -> None:
    """Write another text. Raises Rejected, 403, 404."""
    row = (await find(service, id)).row
    check_acts(actor, EITHER, {consulting(row)})
    text = Consultation(subject=body.subject.strip(), text=body.text.strip())
    command = life.Redraft(
        draft=body.draft,
        text=Personal(subject=subject_of(row.pupil), clear=text),
        at=service.clock.now(),
        by=actor.id,
    )
    await say(service, actor, row.stream, command, asked)


async def issue(service: Service, actor: Actor, id: UUID, body: IssueBody, asked: Asked) -> None:
    """Sign the last draft, as the head of the unit that asks. Raises Rejected, 403, 404."""
    row = (await find(service, id)).row
    unit = consulting(row)
    check_acts(actor, HEADS, {unit})
    if asked.key and await service.again(transfer, asked.key, asked.fingerprint):
        return
    moment, number = service.clock.now(), ""
    if row.consultation is None and row.drafts:
        number = await numbered(service, actor, unit, document_id(row.stream, 0), moment)
    to_unit = (await known_now(service)).department
    drafts = row.drafts
    for attempt in range(TRIES):
        command = await _signed(service, actor, row, body, number, to_unit, moment)
        try:
            return await say(service, actor, row.stream, command, asked, expected=row.number if number else None)
        except Conflict:  # a due date was counted meanwhile, say; but what is signed is what its signer has read
            row = (await find(service, id)).row
            if row.drafts != drafts or attempt == TRIES - 1:
                raise


async def _signed(
    service: Service, actor: Actor, row: TransferRow, body: IssueBody, number: str, to_unit: str, at: dt.datetime
) -> life.IssueConsultation:
    subject = subject_of(row.pupil)
    (drafted,) = await opened(service, (subject, row.draft, Consultation))
    text = Consultation(
        subject=drafted.subject if drafted else ERASED,
        text=drafted.text if drafted else ERASED,
        signer=body.signer.strip(),
    )
    return life.IssueConsultation(
        number=number, to_unit=to_unit, text=Personal(subject=subject, clear=text), at=at, by=actor.id
    )


async def numbered(service: Service, actor: Actor, unit: str, request: UUID, moment: dt.datetime) -> str:
    """The next number of a unit's letters in this year, as it is printed: 03/THPTLL-VP."""
    year = local(moment).year
    taken = await service.do(
        letters,
        letters_stream(unit, year),
        TakeNumber(unit=unit, year=year, request=request),
        actor=actor,
    )
    name = (await names(service)).get(unit, unit)
    return f"{taken.state.last:02}/{letters_of.notation(name)}"


async def printed(service: Service, row: TransferRow) -> letters_of.Official:
    """The consultation as it is printed: what was signed, or, before that, the draft. Raises 404 without one."""
    if not row.drafts:
        raise HTTPException(404, Text("Chưa có dự thảo.", "There is no draft yet."))
    (text,) = await opened(service, (row.pupil, row.draft, Consultation))
    unit = consulting(row)
    return await letter_from(
        service,
        unit,
        (await known_now(service)).department,
        about=text.subject if text else ERASED,
        text=text.text if text else ERASED,
        number=row.consultation_number,
        at=row.consultation_issued_at or service.clock.now(),
        signer=text.signer if text else "",
    )


async def letter_from(
    service: Service,
    unit: str,
    to_unit: str,
    *,
    about: str,
    text: str,
    number: str,
    at: dt.datetime,
    signer: str,
    position: str = "",
) -> letters_of.Official:
    """A letter of a unit to another, with their names written out."""
    rows = {row["unit"]: row for row in await service.pool.fetch("SELECT * FROM view.unit")}
    own, other = rows.get(unit), rows.get(to_unit)
    above = rows.get(own["parent"]) if own else None
    usual = "Hiệu trưởng" if own and own["kind"] == "school" else "Giám đốc"
    to_department = bool(other and other["kind"] == "department")
    addressee = other["name"] if other else to_unit
    return letters_of.Official(
        parent=above["name"] if above else "",
        unit=own["name"] if own else unit,
        number=number,
        written_at=at,
        addressee=f"Lãnh đạo {addressee}" if to_department else addressee,
        about=about,
        text=text,
        position=position or usual,
        signer=signer,
    )


@router.post("/transfers/{id}/consultation/draft", summary="Write another text (officers of the unit that asks)")
async def post_draft(service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: DraftBody) -> Case:
    await draft(service, actor, id, body, asked)
    return await now(service, id, response)


@router.post("/transfers/{id}/consultation/issue", summary="Sign it (head of the unit that asks)")
async def post_issue(service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: IssueBody) -> Case:
    """It gets its number and goes out over the document exchange; where there is none, print it."""
    await issue(service, actor, id, body, asked)
    return await now(service, id, response)


@router.get("/transfers/{id}/consultation.pdf", summary="The consultation as PDF/A", response_class=Response)
async def get_consultation(service: Here, actor: Staff, id: UUID) -> Response:
    """A draft is marked as one and bears no number."""
    row = (await find(service, id)).row
    check_sees(actor, readers(row))
    return await as_pdf(await printed(service, row), f"xin-y-kien-{row.code}")


async def as_pdf(letter: letters_of.Official, name: str) -> Response:
    content = await asyncio.to_thread(letters_of.pdf, letter)
    headers = {"content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
