"""Who may act on a dossier: officers of the units that it is with, and whoever holds its tracking code."""

from fastapi import HTTPException

from kernel.decider import Text
from schemas.event import Actor
from services.intake.domain.application.dossier import Application

OFFICERS = frozenset({"desk_officer", "case_officer", "unit_head", "operator"})


def check_may(actor: Actor, state: Application, roles: frozenset[str], tracks: bool) -> None:
    """Officers act for their unit; applicants on what is theirs. Raises 401/403."""
    officer = OFFICERS & set(actor.roles)
    if officer & roles and works_on(actor, state):
        return
    if "citizen" in roles and tracks:
        return
    if officer & roles:
        raise HTTPException(403, Text("Hồ sơ này thuộc đơn vị khác.", "This dossier belongs to another unit."))
    raise HTTPException(401 if actor.id == "anonymous" else 403)


def works_on(actor: Actor, state: Application) -> bool:
    """Whether this is an officer of a unit that a dossier is with."""
    officer = OFFICERS & set(actor.roles)
    theirs = {state.received_by, state.decided_by, state.holder} - {""}
    return bool(officer) and ("operator" in officer or actor.unit in theirs)
