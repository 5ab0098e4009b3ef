"""Who may do and see what: the survey manager runs campaigns, leadership agrees to what is voided, whoever oversees all
units reads everything, and officers read what their own unit's people said, and print its slips."""

from typing import Annotated

from fastapi import Depends, HTTPException

from kernel.decider import Text
from kernel.web import may
from schemas.event import Actor

ALL = frozenset({"survey_manager", "leadership", "auditor", "operator"})
OFFICERS = frozenset({"desk_officer", "case_officer", "unit_head"})
ELSEWHERE = Text("Việc này thuộc đơn vị khác.", "This is another unit's.")

Manager = Annotated[Actor, Depends(may("survey_manager"))]
Approver = Annotated[Actor, Depends(may("leadership", "survey_manager"))]
Reader = Annotated[Actor, Depends(may(*sorted(ALL | OFFICERS)))]


def sees_all(actor: Actor) -> bool:
    return bool(set(actor.roles) & ALL)


def sees_cell(actor: Actor, cell: tuple[str, ...]) -> bool:
    """Whether a cell's figures are for this reader: those of everybody are for all, a unit's for its own officers."""
    return sees_all(actor) or not cell or cell[0] == actor.unit


def prints(actor: Actor, unit: str) -> bool:
    """Whether slips of this unit are for this person to print."""
    return "survey_manager" in actor.roles or bool(set(actor.roles) & OFFICERS and actor.unit == unit)


def check_unit(actor: Actor, unit: str) -> None:
    """Raises 403 where slips of this unit are not for this person to print."""
    if not prints(actor, unit):
        raise HTTPException(403, ELSEWHERE)
