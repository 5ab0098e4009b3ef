"""Invitations: issued for a cell of a campaign, many at once, and revoked. Their tokens are told once."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from kernel.decider import Rejected, Text
from kernel.service import Service
from kernel.web import Here, may
from schemas.event import Actor
from schemas.surveys import Carrier, RevokeGround
from services.surveys.api.access import ELSEWHERE, Manager
from services.surveys.api.campaigns import stream_of
from services.surveys.api.catalogue import catalogue
from services.surveys.api.tokens import new_token, read_token, shown
from services.surveys.domain import invitation as inv
from services.surveys.domain.campaign import Campaign
from services.surveys.domain.invitation import invitation
from services.surveys.domain.naming import invitation_stream

router = APIRouter(tags=["Phiếu mời / Invitations"])
Issuer = Annotated[Actor, Depends(may("survey_manager", "desk_officer"))]
Part = Annotated[str, Field(min_length=1, max_length=100)]
SITUATIONS = ("late", "in_time")


class IssueBody(BaseModel):
    """So many invitations for one cell: (school, class) of a sample, or (unit, "late" or "in_time") after a result."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"cell": ["thpt-le-loi", "11A1"], "count": 40, "printing": "11A1 lần 1"}]},
    )

    cell: Annotated[tuple[Part, ...], Field(min_length=1, max_length=4)]
    count: Annotated[int, Field(ge=1, le=1000)]
    carrier: Carrier = "slip"
    printing: Annotated[str, Field(max_length=60)] = ""


class Issued(BaseModel):
    """Tokens as they are printed. They are told here and never again; nothing stored leads to them."""

    tokens: list[str]


class RevokeBody(BaseModel):
    """One invitation, by its token or, where that is lost, by its stream."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"token": "1RP9-MZ3S-4V2K-8Q7T-5N6W-0XHC-DJ", "ground": "lost"}]},
    )

    token: Annotated[str, Field(max_length=100)] = ""
    invitation: Annotated[str, Field(pattern=r"^(invitation-[0-9a-f-]{36})?$")] = ""
    ground: RevokeGround = "lost"


class Revoked(BaseModel):
    state: Literal["revoked", "used"]
    changed: bool


def check_cell(state: Campaign, cell: tuple[str, ...]) -> None:
    """Raises Rejected where this campaign does not ask such a cell now."""
    if state.status != "open" or state.plan is None:
        raise Rejected("not_open", Text("Đợt khảo sát chưa mở hoặc đã đóng.", "The campaign is not open."))
    if state.plan.kind == "yearly":
        fits = cell in {(each.school, each.class_name) for each in state.chosen}
    else:
        fits = len(cell) == 2 and cell[1] in SITUATIONS
    if not fits:
        raise Rejected(
            "not_in_the_sample",
            Text("Đợt khảo sát không hỏi nhóm này.", "The campaign does not ask this group."),
            instead=Text(
                "Chọn lớp có trong mẫu, hoặc đơn vị và tình trạng.",
                "Choose a class of the sample, or a unit and a situation.",
            ),
        )


async def issue(
    service: Service,
    actor: Actor,
    campaign: str,
    cell: tuple[str, ...],
    *,
    count: int = 1,
    carrier: Carrier = "slip",
    printing: str = "",
) -> list[str]:
    """New tokens, without dashes. Raises Rejected where the campaign does not ask this cell now."""
    state = await catalogue(service).campaign(campaign)
    check_cell(state, cell)
    tokens = [new_token() for _ in range(count)]
    command = inv.Issue(
        campaign=campaign,
        cell=cell,
        carrier=carrier,
        ends=state.ends,
        at=service.clock.now(),
        printing=printing,
    )
    await asyncio.gather(
        *(service.do(invitation, invitation_stream(each), command, actor=actor, new=True) for each in tokens)
    )
    return tokens


@router.post("/campaigns/{id}/invitations", status_code=201, summary="Issue invitations (survey manager, desk)")
async def post_invitations(service: Here, actor: Issuer, id: UUID, body: IssueBody) -> Issued:
    """A desk officer gives slips to people whom the own unit has answered; all others the survey manager."""
    if "survey_manager" not in actor.roles and (
        body.cell[0] != actor.unit or body.cell[1:2] not in {(each,) for each in SITUATIONS}
    ):
        raise HTTPException(403, ELSEWHERE)
    tokens = await issue(
        service, actor, stream_of(id), body.cell, count=body.count, carrier=body.carrier, printing=body.printing
    )
    return Issued(tokens=[shown(each) for each in tokens])


@router.post("/invitations/revoke", summary="Make a token worthless (survey manager)")
async def post_revoke(service: Here, actor: Manager, body: RevokeBody) -> Revoked:
    """An invitation that was used stays used."""
    token = read_token(body.token)
    stream = invitation_stream(token) if token else body.invitation
    if not stream:
        raise HTTPException(422, Text("Cần mã phiếu hoặc mã lời mời.", "Give the token or the invitation."))
    done = await service.do(invitation, stream, inv.Revoke(ground=body.ground, at=service.clock.now()), actor=actor)
    return Revoked(state="used" if done.state.status == "used" else "revoked", changed=bool(done.events))
