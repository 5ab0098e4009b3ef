"""Who may see and do what: officers of the units that a case is with, and whoever holds its tracking code."""

from collections.abc import Set as AbstractSet
from typing import Annotated

from fastapi import Depends, Header, HTTPException

from kernel.decider import Text
from kernel.identity import ANONYMOUS
from kernel.web import may
from schemas.event import Actor

STAFF = ("desk_officer", "case_officer", "unit_head", "leadership", "operator", "auditor")
ALL_UNITS = frozenset({"leadership", "operator", "auditor"})
WRITERS = frozenset({"desk_officer", "case_officer", "unit_head"})
HEADS = frozenset({"unit_head", "leadership"})
CONSENTERS: frozenset[str] = frozenset({"release", "introduce", "accept"})  # steps that a head alone ends
CLERKS = frozenset({"desk_officer", "case_officer", "unit_head", "operator"})

Staff = Annotated[Actor, Depends(may(*STAFF))]
Operator = Annotated[Actor, Depends(may("operator"))]
Leadership = Annotated[Actor, Depends(may("leadership"))]
Tracking = Annotated[str, Header(alias="motcua-tracking", max_length=20, description="The applicant's tracking code.")]


def check_sees(actor: Actor, units: AbstractSet[str], *, tracks: bool = False) -> None:
    """Raises 401 or 403 where a case of these units is not for this reader. `tracks`: its tracking code was sent
    along."""
    roles = set(actor.roles)
    if tracks:
        return
    if roles & ALL_UNITS or (roles & set(STAFF) and actor.unit in units):
        return
    _refuse(actor)


def check_acts(actor: Actor, roles: AbstractSet[str], units: AbstractSet[str]) -> None:
    """Raises 401 or 403 where this actor does not act in these roles for one of these units. An operator acts for
    all, where operators may act at all."""
    mine = set(actor.roles) & roles
    if mine and (actor.unit in units or "operator" in mine):
        return
    _refuse(actor)


def own(actor: Actor, unit: str) -> str:
    """The unit whose cases an actor may list: any for who oversees them, else the own."""
    return unit if set(actor.roles) & ALL_UNITS else actor.unit or "-"


def _refuse(actor: Actor) -> None:
    if actor is ANONYMOUS:
        raise HTTPException(401)
    if set(actor.roles) & set(STAFF):
        raise HTTPException(403, Text("Việc này thuộc đơn vị hoặc vai trò khác.", "This is another unit's or role's."))
    raise HTTPException(403)
