"""Who may see and do what: officers of the units that a case is with, and whoever holds its tracking code."""

from collections.abc import Set as AbstractSet
from typing import Annotated

from fastapi import Depends

from kernel.access import refusal, sees
from kernel.decider import Text
from kernel.web import may
from schemas.event import Actor

WRITERS = frozenset({"desk_officer", "case_officer", "unit_head"})
HEADS = frozenset({"unit_head", "leadership"})
CONSENTERS: frozenset[str] = frozenset({"release", "introduce", "accept"})  # steps that a head alone ends
CLERKS = frozenset({"desk_officer", "case_officer", "unit_head", "operator"})
ELSEWHERE = Text("Việc này thuộc đơn vị hoặc vai trò khác.", "This is another unit's or role's.")

Leadership = Annotated[Actor, Depends(may("leadership"))]


def check_sees(actor: Actor, units: AbstractSet[str], *, tracks: bool = False) -> None:
    """Raises 401 or 403 where a case of these units is not for this reader. `tracks`: its tracking code was sent
    along."""
    if not (tracks or sees(actor, units)):
        raise refusal(actor, ELSEWHERE)


def check_acts(actor: Actor, roles: AbstractSet[str], units: AbstractSet[str]) -> None:
    """Raises 401 or 403 where this actor does not act in these roles for one of these units. An operator acts for
    all, where operators may act at all."""
    mine = set(actor.roles) & roles
    if not (mine and (actor.unit in units or "operator" in mine)):
        raise refusal(actor, ELSEWHERE)
