"""Who reads what of a dossier, wherever it is shown: officers of the units that it is with, whoever oversees them all,
and whoever holds its tracking code. Who acts is each service's own."""

from collections.abc import Set as AbstractSet
from typing import Annotated

from fastapi import Depends, Header, HTTPException

from kernel.decider import Text
from kernel.identity import ANONYMOUS
from kernel.web import may
from schemas.event import Actor

STAFF = ("desk_officer", "case_officer", "unit_head", "leadership", "operator", "auditor")
ALL_UNITS = frozenset({"leadership", "operator", "auditor"})

Staff = Annotated[Actor, Depends(may(*STAFF))]
Operator = Annotated[Actor, Depends(may("operator"))]
Tracking = Annotated[str, Header(alias="motcua-tracking", max_length=20, description="The applicant's tracking code.")]


def sees(actor: Actor, units: AbstractSet[str]) -> bool:
    """Whether what these units have is for this reader."""
    roles = set(actor.roles)
    return bool(roles & ALL_UNITS or (roles & set(STAFF) and actor.unit in units))


def own(actor: Actor, unit: str) -> str:
    """The unit whose work an actor may list: any for who oversees them, else the own."""
    return unit if set(actor.roles) & ALL_UNITS else actor.unit or "-"


def refusal(actor: Actor, says: Text) -> HTTPException:
    """What somebody gets who may not: 401 where nobody is signed in, 403 otherwise; an officer is told why."""
    if actor is ANONYMOUS:
        return HTTPException(401)
    return HTTPException(403, says) if set(actor.roles) & set(STAFF) else HTTPException(403)
