"""Answers that should not count: what looks like stuffed ballots, who proposed to void what, who agreed."""

import datetime as dt
from collections import defaultdict
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from kernel.decider import Text
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor
from schemas.surveys import Answers, AnswersVoided, Sheet, VoidingProposed, VoidingRefused
from services.surveys.api.access import Approver, Manager, Reader, sees_all
from services.surveys.api.campaigns import Found, Reason, find, say
from services.surveys.api.catalogue import catalogue
from services.surveys.domain import signals
from services.surveys.domain.voiding import ApproveVoiding, ProposeVoiding, RefuseVoiding

router = APIRouter(tags=["Loại phiếu / Voiding"])
ITS = "SELECT sheet FROM view.sheet WHERE campaign = $1 AND sheet = ANY($2::uuid[])"
ALL = "SELECT sheet, cell, answers FROM view.sheet WHERE campaign = $1 AND NOT void"
MINUTES = "SELECT cell, minute, n FROM view.used_by_minute WHERE campaign = $1 AND way = 'online'"
_answers = msgspec.json.Decoder(Answers)
_cell = msgspec.json.Decoder(tuple[str, ...])


class ProposeBody(BaseModel):
    """Ask that these sheets do not count."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"sheets": ["5f0c3a52-7f0e-4a57-9d0b-0f6d3e1d2c11"], "reason": "Ba phiếu giống hệt nhau"}]
        },
    )

    sheets: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=1000)]
    reason: Reason


class RefuseBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Không đủ căn cứ"}]})

    reason: Reason


class VoidingTold(BaseModel):
    """A proposal, and what became of it."""

    voiding: UUID
    status: Literal["proposed", "approved", "refused"]
    sheets: list[UUID]
    reason: str
    proposed_by: str
    proposed_at: dt.datetime
    settled_by: str = ""
    settled_at: dt.datetime | None = None
    refusal: str = ""


class Signal(BaseModel):
    """Something to look at: `kind` burst (many answers of a unit within minutes), straight (the same level throughout),
    copies (sheets wholly alike). `count` of `of`; `sheets` where it is about sheets. Nothing is taken out by it."""

    kind: Literal["burst", "straight", "copies"]
    cell: list[str]
    count: int
    of: int
    sheets: list[UUID] = []
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    expected: float | None = None
    chance: float | None = None


def voidings(found: Found) -> list[VoidingTold]:
    """All that was ever proposed to be voided, the latest first."""
    told: dict[UUID, VoidingTold] = {}
    for each in found.history:
        event: Any = each.event
        match event:
            case VoidingProposed():
                told[event.voiding] = VoidingTold(
                    voiding=event.voiding,
                    status="proposed",
                    sheets=list(event.sheets),
                    reason=event.reason,
                    proposed_by=event.proposed_by,
                    proposed_at=event.proposed_at,
                )
            case AnswersVoided():
                settled = {"status": "approved", "settled_by": event.approved_by, "settled_at": event.voided_at}
                told[event.voiding] = told[event.voiding].model_copy(update=settled)
            case VoidingRefused():
                settled = {"status": "refused", "settled_by": event.refused_by, "settled_at": event.refused_at}
                told[event.voiding] = told[event.voiding].model_copy(update=settled | {"refusal": event.reason})
            case _:
                pass
    return list(reversed(told.values()))


async def propose(service: Service, actor: Actor, id: UUID, body: ProposeBody, asked: Asked) -> Found:
    """Ask that sheets do not count. Raises Rejected, 404, 422 for a sheet that is not this campaign's."""
    found = await find(service, id)
    known = {row["sheet"] for row in await service.pool.fetch(ITS, found.stream, list(body.sheets))}
    if strangers := [each for each in body.sheets if each not in known]:
        says = Text("Đợt này không có phiếu {sheet}.", "This campaign has no sheet {sheet}.")
        raise HTTPException(422, says.of(sheet=strangers[0]))
    command = ProposeVoiding(
        voiding=uuid7(), sheets=body.sheets, reason=body.reason.strip(), by=actor.id, at=service.clock.now()
    )
    await say(service, actor, found.stream, command, asked)
    return await find(service, id)


async def approve(service: Service, actor: Actor, id: UUID, voiding: UUID, asked: Asked) -> Found:
    found = await find(service, id)
    command = ApproveVoiding(voiding=voiding, by=actor.id, at=service.clock.now())
    await say(service, actor, found.stream, command, asked)
    return await find(service, id)


async def refuse(service: Service, actor: Actor, id: UUID, voiding: UUID, reason: str, asked: Asked) -> Found:
    found = await find(service, id)
    command = RefuseVoiding(voiding=voiding, reason=reason.strip(), by=actor.id, at=service.clock.now())
    await say(service, actor, found.stream, command, asked)
    return await find(service, id)


async def signals_of(service: Service, found: Found) -> list[Signal]:
    """What a person should look at, the most striking first of each kind."""
    published = await catalogue(service).of(found.state)
    minutes: dict[str, list[dt.datetime]] = defaultdict(list)
    for row in await service.pool.fetch(MINUTES, found.stream):
        cell = _cell.decode(row["cell"])
        minutes[cell[0] if cell else ""] += [row["minute"]] * row["n"]
    sheets: dict[tuple[str, ...], list[Sheet]] = defaultdict(list)
    for row in await service.pool.fetch(ALL, found.stream):
        sheets[_cell.decode(row["cell"])].append(Sheet(id=row["sheet"], answers=_answers.decode(row["answers"])))
    told = [
        Signal(
            kind="burst",
            cell=[each.unit] if each.unit else [],
            count=each.count,
            of=each.of,
            since=each.since,
            until=each.until,
            expected=each.expected,
            chance=each.chance,
        )
        for each in signals.bursts(minutes)
    ]
    told += _of_sheets("copies", signals.copies(sheets, published))
    told += _of_sheets("straight", signals.straight_lines(sheets, published))
    return told


def _of_sheets(kind: Literal["straight", "copies"], found: Any) -> list[Signal]:
    return [
        Signal(kind=kind, cell=list(each.cell), count=len(each.sheets), of=each.of, sheets=list(each.sheets))
        for each in found
    ]


def _for_all(actor: Actor) -> None:
    if not sees_all(actor):
        raise HTTPException(403)


@router.get("/campaigns/{id}/signals", summary="What looks like stuffed ballots (who oversees all units)")
async def get_signals(service: Here, actor: Reader, id: UUID) -> list[Signal]:
    _for_all(actor)
    return await signals_of(service, await find(service, id))


@router.get("/campaigns/{id}/voidings", summary="All that was ever proposed to be voided (staff)")
async def get_voidings(service: Here, _: Reader, id: UUID) -> list[VoidingTold]:
    return voidings(await find(service, id))


@router.post("/campaigns/{id}/voidings", status_code=201, summary="Propose to void sheets (survey manager)")
async def post_voiding(service: Here, actor: Manager, asked: Ask, id: UUID, body: ProposeBody) -> list[VoidingTold]:
    """They count until another person agrees."""
    return voidings(await propose(service, actor, id, body, asked))


@router.post("/campaigns/{id}/voidings/{voiding}/approve", summary="Agree (another person than who proposed it)")
async def post_approve(service: Here, actor: Approver, asked: Ask, id: UUID, voiding: UUID) -> list[VoidingTold]:
    return voidings(await approve(service, actor, id, voiding, asked))


@router.post("/campaigns/{id}/voidings/{voiding}/refuse", summary="Let them count")
async def post_refuse(
    service: Here, actor: Approver, asked: Ask, id: UUID, voiding: UUID, body: RefuseBody
) -> list[VoidingTold]:
    return voidings(await refuse(service, actor, id, voiding, body.reason, asked))
