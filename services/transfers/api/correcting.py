"""What officers put right: the facts that a case is judged by, and where its pupil is known to go to school."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from kernel.access import Staff
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor, Personal
from schemas.transfers import Facts
from services.transfers.api.access import HEADS, check_acts
from services.transfers.api.acting import EITHER, Reason, now, say, subject_of
from services.transfers.api.case import Case, find, units
from services.transfers.api.reference import known as known_now
from services.transfers.domain import commands as life

router = APIRouter(tags=["Chuyển trường / Transfers"])


class CorrectBody(BaseModel):
    """All facts as they should be. The two schools stay: another school is another request."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "facts": {"from_school": "thpt-tran-phu", "to_school": "thpt-le-loi", "grade": 11},
                    "reason": "Nhập nhầm khối lớp.",
                }
            ]
        },
    )

    facts: Facts
    reason: Reason


class LookBody(BaseModel):
    """What came of looking into where the pupil is: at the school that the dossier names (`there`), or not."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"there": True, "reason": "Học sinh đã trở lại học ở trường từ 05/01/2026."}]},
    )

    there: bool
    reason: Annotated[str, Field(min_length=3, max_length=4000, pattern=r"\S")]


async def correct(service: Service, actor: Actor, id: UUID, body: CorrectBody, asked: Asked) -> None:
    """Put the facts right, as an officer of the receiving unit. Raises Rejected, 403, 404, 409."""
    row = (await find(service, id)).row
    check_acts(actor, EITHER, {row.to_school or row.from_school})
    command = life.CorrectFacts(
        known=await known_now(service),
        facts=body.facts,
        reason=Personal(subject=subject_of(row.pupil), clear=body.reason.strip()),
        at=service.clock.now(),
        by=actor.id,
    )
    await say(service, actor, row.stream, command, asked)


async def look_into(service: Service, actor: Actor, id: UUID, body: LookBody, asked: Asked) -> None:
    """Say where the pupil is. Turning the case away is a head's. Raises Rejected, 403, 404, 409."""
    row = (await find(service, id)).row
    check_acts(actor, EITHER if body.there else HEADS, units(row))
    reason = Personal(subject=subject_of(row.pupil), clear=body.reason.strip())
    at = service.clock.now()
    command: life.Command = (
        life.ConfirmSchool(reason=reason, at=at, by=actor.id)
        if body.there
        else life.TurnAway(known=await known_now(service), reason=reason, at=at, by=actor.id)
    )
    await say(service, actor, row.stream, command, asked)


@router.post("/transfers/{id}/facts", summary="Put right what it is judged by (officers of the receiving unit)")
async def post_facts(service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: CorrectBody) -> Case:
    """Before the decision, and before the leadership is asked; judged again by the rules of the day of receipt."""
    await correct(service, actor, id, body, asked)
    return await now(service, id, response)


@router.post("/transfers/{id}/school", summary="Say where the pupil is, who is known elsewhere (officers of its units)")
async def post_school(service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: LookBody) -> Case:
    """Where the pupil is at the school that the dossier names, the case goes on; else a head turns it away."""
    await look_into(service, actor, id, body, asked)
    return await now(service, id, response)
