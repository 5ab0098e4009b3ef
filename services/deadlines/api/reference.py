"""What a decision counts with and may not look up: the calendar in force, and the rules of a day."""

import datetime as dt
from functools import lru_cache
from pathlib import Path

from kernel import packs
from kernel.calendar import local
from kernel.calendars import Calendars
from kernel.service import Service
from services.deadlines.domain.rules import Known, Rules, rules_on

RULES = Path(__file__).parents[1] / "rules"
_packs = packs.read(RULES)


@lru_cache(maxsize=4096)
def rules(day: dt.date) -> Rules:
    """The rules in force on a day. Raises Rejected where no pack has all that is needed."""
    try:
        return rules_on(day, _packs)
    except KeyError:
        raise packs.no_rules(day) from None


def rules_for(received_at: dt.datetime) -> Rules:
    """The rules by which a dossier is judged: those of the day on which it came."""
    return rules(local(received_at).date())


async def known(service: Service) -> Known:
    """As of now."""
    calendar = await service.keep(Calendars).latest()
    return Known(calendar=calendar, number=calendar.number, rules=rules)
