"""Sheets of paper, typed in by officers: twice, by two people, and a third decides where they differ.

The first entry is kept as half-done answers are: sealed under the token, which stands on the paper and nowhere else. So
the second officer needs the paper too. What people wrote in words is not held against each other: two people never
type it alike; the later entry counts.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from kernel.decider import Rejected
from kernel.service import Service
from kernel.web import Here, Lang, may
from schemas.event import Actor
from schemas.surveys import Answers
from services.surveys.api.access import ELSEWHERE
from services.surveys.api.answering import (
    BODY,
    Opened,
    Token,
    Unfit,
    body_of,
    check,
    kept,
    opened,
    put_by,
    refused,
    send,
)
from services.surveys.domain import invitation as inv
from services.surveys.domain.invitation import invitation
from services.surveys.domain.questionnaire import cleaned, words_of

router = APIRouter(tags=["Nhập phiếu giấy / Paper sheets"])
Enterer = Annotated[Actor, Depends(may("desk_officer", "case_officer", "survey_manager"))]


class Difference(BaseModel):
    """Where two entries are not the same. None: no answer."""

    question: str
    first: str | int | tuple[str, ...] | None
    second: str | int | tuple[str, ...] | None


class Entered(BaseModel):
    """`first`: a second person has to type it in too. `differs`: the two are not the same; mend the second entry, or a
    third person decides. `taken`: it counts."""

    state: Literal["first", "differs", "taken"]
    differences: list[Difference] = []


def check_unit(actor: Actor, found: Opened) -> None:
    """Raises 403: an officer types in what the own unit collects."""
    if "survey_manager" not in actor.roles and found.state.cell[:1] != (actor.unit,):
        raise HTTPException(403, ELSEWHERE)


async def entries(service: Service, found: Opened) -> list[tuple[str, Answers]]:
    """The entries that are kept: who made each, and what they typed."""
    held = (await kept(service, found)).get("entries", [])
    told = [(str(by), cleaned(found.published, found.state.cell, answers)) for by, answers in held]
    return told if told and told[0][0] == found.state.entered_by else []


def differences(found: Opened, first: Answers, second: Answers) -> list[Difference]:
    words = words_of(found.published)
    return [
        Difference(question=each.code, first=first.get(each.code), second=second.get(each.code))
        for each in found.published.questions
        if each.code not in words and first.get(each.code) != second.get(each.code)
    ]


async def enter(service: Service, actor: Actor, found: Opened, answers: dict[str, Any]) -> Entered:
    """Take an officer's entry. Raises Unfit, Rejected, Conflict, 403."""
    check_unit(actor, found)
    check(found, answers)
    mine = cleaned(found.published, found.state.cell, answers)
    made = await entries(service, found)
    if not made:
        command = inv.EnterFirst(by=actor.id, takes=True, at=service.clock.now())
        await service.do(invitation, found.stream, command, actor=actor, expected=found.number)
        await _keep(service, found, [(actor.id, mine)])
        return Entered(state="first")
    if made[0][0] == actor.id:
        if len(made) > 1:
            raise Rejected("entered_by_the_same", inv.BY_ANOTHER, instead=inv.ASK_ANOTHER)
        await _keep(service, found, [(actor.id, mine)])
        return Entered(state="first")
    if len(made) > 1 and made[1][0] != actor.id:
        await _send(service, actor, found, mine, (made[0][0], made[1][0], actor.id))
        return Entered(state="taken")
    if found_out := differences(found, made[0][1], mine):
        await _keep(service, found, [made[0], (actor.id, mine)])
        return Entered(state="differs", differences=found_out)
    await _send(service, actor, found, mine, (made[0][0], actor.id))
    return Entered(state="taken")


async def _keep(service: Service, found: Opened, made: list[tuple[str, Answers]]) -> None:
    await put_by(service, found, {**await kept(service, found), "entries": made})


async def _send(service: Service, actor: Actor, found: Opened, answers: Answers, by: tuple[str, ...]) -> None:
    await send(service, found, answers, way="paper", actor=actor, entered_by=by)


@router.post("/paper", summary="Type in a sheet of paper (officers)", openapi_extra=BODY)
async def post_paper(request: Request, service: Here, actor: Enterer, token: Token, lang: Lang) -> Response:
    """The same address for the first, the second and a third entry: who asks, and what was typed before, decides."""
    answers = await body_of(request)
    try:
        told = await enter(service, actor, await opened(service, token), answers)
    except (Rejected, Unfit) as error:
        return refused(request, error, lang)
    return JSONResponse(told.model_dump(mode="json"))
