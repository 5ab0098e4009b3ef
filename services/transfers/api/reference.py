"""What a decision counts with and may not look up: the units, the electives of classes, and the rules of a day."""

import datetime as dt
import json
from functools import lru_cache
from pathlib import Path

from kernel import packs
from kernel.service import Service
from services.transfers.domain.rules import Known, Rules, Unit, rules_on

RULES = Path(__file__).parents[1] / "rules"
PACKS = packs.read(RULES)
UNITS = "SELECT unit, name, kind, parent, levels FROM view.unit"
SUBJECTS = "SELECT class_id, subjects FROM view.class WHERE subjects <> '[]'"


@lru_cache(maxsize=4096)
def rules(day: dt.date) -> Rules:
    """The rules in force on a day. Raises Rejected where no pack has all that is needed."""
    try:
        return rules_on(day, PACKS)
    except KeyError:
        raise packs.no_rules(day) from None


async def known(service: Service) -> Known:
    """As of now. The Department is the unit of that kind that stands nearest to the province."""
    units = await service.pool.fetch(UNITS)
    departments = sorted(
        (row["unit"] for row in units if row["kind"] == "department"), key=lambda each: (len(each), each)
    )
    subjects = {row["class_id"]: tuple(json.loads(row["subjects"])) for row in await service.pool.fetch(SUBJECTS)}
    return Known(
        rules=rules,
        units={
            row["unit"]: Unit(name=row["name"], parent=row["parent"], levels=frozenset(row["levels"].split()))
            for row in units
        },
        department=departments[0] if departments else "",
        subjects=subjects,
    )
