"""Letting answers go: as soon as enough of a cell wait together, and what is left when the campaign is over.

All of it is one transaction: what waited is taken, shuffled, gets new ids and is said, and what goes on waiting is
written anew. So it happens once, whatever is killed when. One process does it, by an advisory lock.
"""

import asyncio
import datetime as dt
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import structlog

from kernel import waiting
from kernel.calendar import local
from kernel.errand import alone
from kernel.handlers import Answer
from kernel.service import Service, reason_of
from schemas.event import Event, Personal
from schemas.surveys import RemarkReleased, Sheet
from services.surveys.api import sealing
from services.surveys.api.catalogue import catalogue
from services.surveys.domain.box import Cell, Release, ReleaseRemark, box, remark, together
from services.surveys.domain.campaign import Campaign, Withhold, campaign
from services.surveys.domain.naming import box_stream, remark_stream
from services.surveys.domain.questionnaire import words_of

log = structlog.get_logger()
POLL = 10.0  # seconds
GRACE = 30.0  # seconds after closing, for answers that were being taken at that moment
MOST = 5_000  # sheets in one transaction, unless a campaign's last ones are more
ENDING = "SELECT stream, noticed_at, withheld FROM view.campaign WHERE status = 'closed'"
FROZEN = "SELECT stream FROM view.campaign WHERE status = 'frozen'"


@dataclass(frozen=True)
class Going:
    """What is let go of one campaign at once. `last`: it is over, and what is too few is withheld."""

    campaign: str
    state: Campaign
    cells: Mapping[Cell, list[Cell]]
    last: bool

    @property
    def boxes(self) -> list[str]:
        return [sealing.box_of(self.campaign, each) for members in self.cells.values() for each in members]


async def release(service: Service) -> None:
    """Let answers go, until cancelled."""
    destroyed: set[str] = set()
    while True:
        try:
            while await turn(service, destroyed=destroyed):
                pass
        except Exception as error:
            log.warning("answers wait longer", reason=reason_of(error))
        await asyncio.sleep(POLL)


async def turn(service: Service, *, destroyed: set[str] | None = None, grace: float = GRACE) -> bool:
    """Let go what can be, in one transaction; answers whether there may be more. Raises what the database is to blame
    for."""
    async with service.pool.acquire() as connection:
        async with connection.transaction():
            if not await alone(connection, "release"):
                return False
            await waiting.sweep(connection, service.clock.now())
            going, more = await _due(service, connection, grace)
            if going:
                await _let_go(service, connection, going)
        await _destroy(service, connection, set() if destroyed is None else destroyed)
    return more


async def _due(service: Service, connection: Any, grace: float) -> tuple[list[Going], bool]:
    now = service.clock.now()
    counts: dict[str, dict[Cell, int]] = defaultdict(dict)
    for name, count in (await waiting.counts(connection)).items():
        stream, cell = sealing.cell_of(name)
        counts[stream][cell] = count
    # One that was stored later than anybody waited, for the database hung, is not left lying: its end is said again.
    over = {
        row["stream"]
        for row in await connection.fetch(ENDING)
        if row["withheld"] is None or row["stream"] in counts
        if row["noticed_at"] + dt.timedelta(seconds=grace) <= now
    }
    found, taken, more = [], 0, False
    for stream in sorted({*counts, *over}):
        state, _ = await service.state(campaign, stream)
        if state.plan is None or state.status == "frozen":
            continue
        last = stream in over and state.status == "closed" and (state.withheld is None or bool(counts[stream]))
        cells, _ = together(counts[stream], state.plan.batch, over=last)
        if not last:
            cells, cut = _at_most(cells, counts[stream], MOST - taken)
            more = more or cut
        count = sum(counts[stream][each] for members in cells.values() for each in members)
        if count or last:
            found.append(Going(stream, state, cells, last))
            taken += count
    return found, more


def _at_most(
    cells: dict[Cell, list[Cell]], counts: Mapping[Cell, int], most: int
) -> tuple[dict[Cell, list[Cell]], bool]:
    """The first of these cells, with about so many answers in all; and whether some are left."""
    some: dict[Cell, list[Cell]] = {}
    for cell, members in cells.items():
        if most <= 0:
            return some, True
        some[cell] = members
        most -= sum(counts[each] for each in members)
    return some, False


async def _let_go(service: Service, connection: Any, going: Iterable[Going]) -> None:
    await waiting.hold(connection)
    last = {one.campaign for one in going if one.last}
    boxes = {each for one in going for each in one.boxes}
    boxes |= {each for each in await waiting.counts(connection) if sealing.cell_of(each)[0] in last}
    taken = await waiting.take(connection, sorted(boxes))
    by_box: dict[str, list[bytes]] = defaultdict(list)
    for name, value in taken:
        by_box[name].append(value)
    answers = [each for one in going for each in await _answers(service, one, by_box)]
    outcomes = await service.settle(connection, "release", answers, service.clock.now())
    for each in outcomes:
        if isinstance(each, Exception):
            raise each
    log.info("answers were let go", campaigns=len({one.campaign for one in going}), sheets=len(taken))


async def _answers(service: Service, going: Going, by_box: Mapping[str, list[bytes]]) -> list[Answer]:
    """The commands that say one campaign's answers, in an order that means nothing."""
    chance = secrets.SystemRandom()
    state, plan = going.state, going.state.plan
    assert plan is not None
    words = words_of(await catalogue(service).of(state))
    today = local(service.clock.now()).date()
    week = today - dt.timedelta(days=today.weekday())
    found: list[Answer] = []
    remarks: list[RemarkReleased] = []
    for cell, members in going.cells.items():
        names = [sealing.box_of(going.campaign, each) for each in members]
        told = [await sealing.unseal(service, name, value) for name in names for value in by_box[name]]
        chance.shuffle(told)
        sheets = tuple(
            Sheet(id=uuid4(), answers={code: each for code, each in one.items() if code not in words}) for one in told
        )
        said = Release(
            campaign=going.campaign,
            questionnaire=plan.questionnaire,
            edition=plan.edition,
            cell=cell,
            sheets=sheets,
            week=week,
        )
        found.append(Answer(box, box_stream(going.campaign, cell), said))
        remarks += [
            RemarkReleased(
                campaign=going.campaign,
                cell=cell,
                question=code,
                text=Personal(subject=uuid4(), clear=str(text)),
                week=week,
            )
            for one in told
            for code, text in one.items()
            if code in words
        ]
    chance.shuffle(remarks)
    found += [_remark(each) for each in await service.vault.seal(remarks)]
    if going.last:
        said_of = set(going.boxes)
        few = sum(
            len(values)
            for name, values in by_box.items()
            if name not in said_of and sealing.cell_of(name)[0] == going.campaign
        )
        over = Withhold(campaign=going.campaign, count=few, at=service.clock.now())
        found.append(Answer(campaign, going.campaign, over))
    return found


def _remark(sealed: Event) -> Answer:
    assert isinstance(sealed, RemarkReleased)
    id: UUID = uuid4()
    said = ReleaseRemark(
        campaign=sealed.campaign, cell=sealed.cell, question=sealed.question, text=sealed.text, week=sealed.week
    )
    return Answer(remark, remark_stream(id), said)


async def _destroy(service: Service, connection: Any, destroyed: set[str]) -> None:
    """Destroy the keys of campaigns whose results are frozen."""
    for row in await connection.fetch(FROZEN):
        if row["stream"] not in destroyed:
            await sealing.destroy(service, row["stream"])
            destroyed.add(row["stream"])
