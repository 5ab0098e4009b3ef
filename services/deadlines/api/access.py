"""Who may see and do what: officers of the units that a dossier is with, and whoever holds its tracking code."""

from typing import Annotated

from fastapi import Depends, Header, HTTPException

from kernel.decider import Text
from kernel.identity import ANONYMOUS
from kernel.web import may
from schemas.event import Actor

STAFF = ("desk_officer", "case_officer", "unit_head", "leadership", "operator", "auditor")
ALL_UNITS = frozenset({"leadership", "operator", "auditor"})
SIGNERS = frozenset({"unit_head", "leadership"})
WRITERS = frozenset({"case_officer", "unit_head", "leadership"})
DELIVERERS = frozenset({"desk_officer", "case_officer", "unit_head"})

Staff = Annotated[Actor, Depends(may(*STAFF))]
Operator = Annotated[Actor, Depends(may("operator"))]
Tracking = Annotated[str, Header(alias="motcua-tracking", max_length=20, description="The applicant's tracking code.")]


def check_sees(actor: Actor, units: set[str], *, tracks: bool = False) -> None:
    """Raises 401 or 403 where a dossier of these units is not for this reader. `tracks`: its tracking code was sent
    along."""
    roles = set(actor.roles)
    if tracks:
        return
    if roles & ALL_UNITS or (roles & set(STAFF) and actor.unit in units):
        return
    _refuse(actor)


def check_acts(actor: Actor, roles: frozenset[str], units: set[str]) -> None:
    """Raises 401 or 403 where this actor does not act in these roles for one of these units."""
    if set(actor.roles) & roles and actor.unit in units:
        return
    _refuse(actor)


def _refuse(actor: Actor) -> None:
    if actor is ANONYMOUS:
        raise HTTPException(401)
    if set(actor.roles) & set(STAFF):
        raise HTTPException(403, Text("Hồ sơ này thuộc đơn vị khác.", "This dossier belongs to another unit."))
    raise HTTPException(403)
