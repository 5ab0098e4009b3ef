"""Who may see and do what: officers of the units that a dossier is with, and whoever holds its tracking code."""

from kernel.access import refusal, sees
from kernel.decider import Text
from schemas.event import Actor

SIGNERS = frozenset({"unit_head", "leadership"})
WRITERS = frozenset({"case_officer", "unit_head", "leadership"})
DELIVERERS = frozenset({"desk_officer", "case_officer", "unit_head"})
ELSEWHERE = Text("Hồ sơ này thuộc đơn vị khác.", "This dossier belongs to another unit.")


def check_sees(actor: Actor, units: set[str], *, tracks: bool = False) -> None:
    """Raises 401 or 403 where a dossier of these units is not for this reader. `tracks`: its tracking code was sent
    along."""
    if not (tracks or sees(actor, units)):
        raise refusal(actor, ELSEWHERE)


def check_acts(actor: Actor, roles: frozenset[str], units: set[str]) -> None:
    """Raises 401 or 403 where this actor does not act in these roles for one of these units."""
    if not (set(actor.roles) & roles and actor.unit in units):
        raise refusal(actor, ELSEWHERE)
