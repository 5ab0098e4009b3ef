"""Who may decide in whose place, over HTTP."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from kernel.access import Staff, own
from kernel.decider import Text
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor
from services.transfers.api.access import Leadership
from services.transfers.api.reading import shown
from services.transfers.domain import delegation as letting
from services.transfers.domain.delegation import delegation
from services.transfers.domain.dossier import delegation_stream
from services.transfers.projection.exchange import DelegationRow
from services.transfers.projection.exchange import delegation as delegation_view

router = APIRouter(tags=["Ủy quyền / Delegations"])


class DelegationBody(BaseModel):
    """Let a deputy (`to`, their account) decide from `starts` until `ends`, both included. `number` is that of the
    written delegation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"to": "demo:unit_head", "starts": "2026-08-24", "ends": "2026-08-28", "number": "05/UQ"}]
        },
    )

    to: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    starts: dt.date
    ends: dt.date
    number: Annotated[str, Field(max_length=60)] = ""


class DelegationTold(BaseModel):
    """A delegation. `holds`: its deputy may decide today."""

    delegation: UUID
    unit: str
    head: str
    deputy: str
    starts: dt.date
    ends: dt.date
    number: str
    given_at: dt.datetime
    ended_at: dt.datetime | None
    holds: bool


async def listed(service: Service, unit: str) -> list[DelegationTold]:
    """A unit's delegations as of now, the latest first."""
    found: list[DelegationRow] = list(shown(delegation_view, await service.history(delegation_stream(unit))).values())
    state, _ = await service.state(delegation, delegation_stream(unit))
    now = service.clock.now()
    holding = {each.delegation for each in state.given if each.holds(each.to, now)}
    return [
        DelegationTold(
            delegation=row.delegation,
            unit=row.unit,
            head=row.head,
            deputy=row.deputy,
            starts=row.starts,
            ends=row.ends,
            number=row.letter_number,
            given_at=row.given_at,
            ended_at=row.ended_at,
            holds=row.delegation in holding,
        )
        for row in sorted(found, key=lambda each: each.given_at, reverse=True)
    ]


async def delegate(service: Service, actor: Actor, body: DelegationBody, asked: Asked) -> None:
    """Let a deputy decide in one's place. Raises Rejected, 403."""
    command = letting.Delegate(
        delegation=uuid7(),
        unit=_unit(actor),
        by=actor.id,
        to=body.to.strip(),
        starts=body.starts,
        ends=body.ends,
        number=body.number.strip(),
        at=service.clock.now(),
    )
    await service.do(
        delegation,
        delegation_stream(actor.unit),
        command,
        actor=actor,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )


async def end(service: Service, actor: Actor, id: UUID, asked: Asked) -> None:
    """Take a delegation back. Raises Rejected, 403."""
    command = letting.EndDelegation(delegation=id, by=actor.id, at=service.clock.now())
    stream = delegation_stream(_unit(actor))
    await service.do(delegation, stream, command, actor=actor, key=asked.key, fingerprint=asked.fingerprint)


def _unit(actor: Actor) -> str:
    if not actor.unit:
        raise HTTPException(403, Text("Hãy đăng nhập với đơn vị của mình.", "Sign in for your unit."))
    return actor.unit


@router.get("/delegations", summary="Delegations of a unit (staff)")
async def get_delegations(
    service: Here, actor: Staff, unit: Annotated[str, Query(max_length=60)] = ""
) -> list[DelegationTold]:
    return await listed(service, own(actor, unit) or actor.unit or "-")


@router.post("/delegations", summary="Let a deputy decide in one's place, for some days (leadership)")
async def post_delegation(service: Here, actor: Leadership, asked: Ask, body: DelegationBody) -> list[DelegationTold]:
    await delegate(service, actor, body, asked)
    return await listed(service, actor.unit)


@router.post("/delegations/{id}/end", summary="Take a delegation back (leadership)")
async def post_end(service: Here, actor: Leadership, asked: Ask, id: UUID) -> list[DelegationTold]:
    await end(service, actor, id, asked)
    return await listed(service, actor.unit)
