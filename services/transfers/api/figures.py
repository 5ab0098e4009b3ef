"""How many transfers there are and how they end, and what each rule rests on."""

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from kernel import packs
from kernel.access import Staff, own
from kernel.calendar import local
from kernel.service import Service
from kernel.web import Here
from schemas.rules import Cited
from services.transfers.api.reference import PACKS, rules

router = APIRouter(tags=["Số liệu và quy định / Figures and rules"])
By = Literal["month", "school", "kind", "special", "outcome"]
COUNT = """
SELECT {by}::text AS name, sum(cases)::int AS cases,
    coalesce(sum(cases) FILTER (WHERE outcome = 'granted'), 0)::int AS granted,
    coalesce(sum(cases) FILTER (WHERE outcome = 'refused'), 0)::int AS refused,
    coalesce(sum(cases) FILTER (WHERE outcome = 'closed'), 0)::int AS closed,
    coalesce(sum(cases) FILTER (WHERE outcome = 'open'), 0)::int AS open
FROM view.cases WHERE ($1 = '' OR school = $1) AND month >= $2 AND month <= $3 GROUP BY 1 ORDER BY 1
"""


class Count(BaseModel):
    """Cases by month of submission, school, kind, special or outcome; `name` says which."""

    name: str
    cases: int
    granted: int
    refused: int
    closed: int
    open: int


class Rule(BaseModel):
    """One entry of a rule pack: what it is about, from when on, what it rests on, and how sure that is (H read in a
    legal text, M secondary or one source, L recalled). `in_force`: on the day asked for."""

    topic: str
    rule: Cited
    since: dt.date
    mark: str
    in_force: bool


async def counted(
    service: Service, by: By, school: str = "", since: dt.date | None = None, until: dt.date | None = None
) -> list[Count]:
    """Sums of cases by one thing."""
    rows = await service.pool.fetch(
        COUNT.format(by=by), school, (since or dt.date(2000, 1, 1)).replace(day=1), until or dt.date(2099, 12, 31)
    )
    return [Count(**dict(row)) for row in rows]


def ruled(day: dt.date) -> list[Rule]:
    """Every rule with its article. Raises Rejected where none are known for the day."""
    rules(day)
    holding = set(packs.in_force(day, PACKS)[1].values())
    found = []
    for cited, since, mark in packs.marks(PACKS):
        topic, _, sure = mark.partition(":")
        found.append(Rule(topic=topic, rule=cited, since=since, mark=sure, in_force=cited in holding))
    return sorted(found, key=lambda each: (not each.in_force, each.topic, each.since))


@router.get("/statistics", summary="Cases by month, school, kind, special or outcome (staff)")
async def get_statistics(
    service: Here,
    actor: Staff,
    by: By = "month",
    school: Annotated[str, Query(max_length=60)] = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> list[Count]:
    """A case counts in the month in which it was submitted. Officers see their own school."""
    return await counted(service, by, own(actor, school), since, until)


@router.get("/rules", summary="Every rule, the article that it rests on, and how sure that is")
async def get_rules(service: Here, on: dt.date | None = None) -> list[Rule]:
    """`GET /rules?on=2026-05-09`: what held on that day comes first."""
    return ruled(on or local(service.clock.now()).date())
