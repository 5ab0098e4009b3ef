"""What a campaign's answers come to: live, from what was let go so far, and frozen, once and for all.

Live figures are made of the views and move by whole releases only. To freeze, the sheets are read from the log itself,
and their number has to be that of the invitations that were used, less what was withheld: a view that lags can't leave
an answer out.
"""

import asyncio
import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import structlog

from kernel.decider import Rejected, Text
from kernel.errand import in_turns
from kernel.service import Service, poisonous, reason_of
from schemas.event import Actor
from schemas.surveys import Answers, AnswersReleased, Figure, QuestionnairePublished
from services.surveys.api.campaigns import Found, find, id_of
from services.surveys.api.catalogue import SELF, catalogue
from services.surveys.api.invitations import SITUATIONS
from services.surveys.domain import campaign as life
from services.surveys.domain.campaign import campaign
from services.surveys.domain.estimating import METHOD, figures, leaves_of_everybody, leaves_of_sample
from services.surveys.domain.naming import box_stream
from services.surveys.domain.suppression import suppressed
from services.surveys.domain.tallying import EMPTY, Tally, tally
from services.surveys.domain.variance import Leaf
from services.surveys.domain.voiding import voided

log = structlog.get_logger()
POLL = 5.0  # seconds
MOST_FIGURES = 3_000  # that one event can hold; questions are then told of everybody only
SHEETS = "SELECT sheet, cell, answers FROM view.sheet WHERE campaign = $1 AND NOT void"
MARK = (
    "SELECT count(*) AS n, count(*) FILTER (WHERE void) AS void,"
    " (SELECT coalesce(sum(used), 0)::bigint FROM view.invited WHERE campaign = $1) AS used,"
    " (SELECT coalesce(sum(issued - revoked), 0)::bigint FROM view.invited WHERE campaign = $1) AS issued"
    " FROM view.sheet WHERE campaign = $1"
)
INVITED = "SELECT cell, issued, opened, used, revoked FROM view.invited WHERE campaign = $1"
READY = (
    "SELECT stream FROM view.campaign WHERE status = 'closed' AND withheld IS NOT NULL AND voidings = 0"
    " AND closed_at <= $1 ORDER BY closed_at"
)
_answers = msgspec.json.Decoder(Answers)
_cell = msgspec.json.Decoder(tuple[str, ...])

Cell = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Invited:
    """What became of a cell's invitations; `issued` without those that were revoked."""

    issued: int = 0
    opened: int = 0
    used: int = 0

    def __add__(self, other: "Invited") -> "Invited":
        return Invited(
            issued=self.issued + other.issued, opened=self.opened + other.opened, used=self.used + other.used
        )


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What was counted: `figures` with what must not be seen hidden. `tallies` by the cell that answers were released
    in."""

    published: QuestionnairePublished
    tallies: Mapping[Cell, Tally]
    invited: Mapping[Cell, Invited]
    figures: tuple[Figure, ...]
    sheets: int
    void: int

    def within(self, cell: Cell) -> Tally:
        """The tally of a group with all its parts."""
        found = EMPTY
        for each, told in self.tallies.items():
            if each[: len(cell)] == cell:
                found += told
        return found

    def asked(self) -> Invited:
        return sum(self.invited.values(), Invited())


@dataclass
class Kept:
    """Live figures as they were counted last, by campaign: counted again when something was let go."""

    found: dict[str, tuple[Any, Counted]] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


def _kept(_: Service) -> Kept:
    return Kept()


def leaves(found: Found, invited: Mapping[Cell, Invited]) -> tuple[Leaf, ...]:
    """Whom the campaign asked: its sample, or everybody who was invited."""
    if found.row.kind == "yearly":
        return leaves_of_sample(found.state.chosen)
    return leaves_of_everybody({cell: each.issued for cell, each in invited.items()})


async def invited_of(service: Service, stream: str) -> dict[Cell, Invited]:
    rows = await service.pool.fetch(INVITED, stream)
    return {
        _cell.decode(row["cell"]): Invited(
            issued=row["issued"] - row["revoked"], opened=row["opened"] + row["used"], used=row["used"]
        )
        for row in rows
    }


async def live(service: Service, found: Found) -> Counted:
    """The figures of what was let go so far."""
    kept = service.keep(_kept)
    async with kept.turn:
        row = await service.pool.fetchrow(MARK, found.stream)
        mark = (tuple(row), found.number)
        if (known := kept.found.get(found.stream)) and known[0] == mark:
            return known[1]
        sheets: dict[Cell, list[Answers]] = defaultdict(list)
        for each in await service.pool.fetch(SHEETS, found.stream):
            sheets[_cell.decode(each["cell"])].append(_answers.decode(each["answers"]))
        # What was answered and not let go yet does not move figures: they change by whole releases alone.
        counted = await _counted(service, found, sheets, await invited_of(service, found.stream), {}, row["void"])
        kept.found[found.stream] = (mark, counted)
        return counted


async def _counted(
    service: Service,
    found: Found,
    sheets: Mapping[Cell, Sequence[Answers]],
    invited: Mapping[Cell, Invited],
    used: Mapping[Cell, int],
    void: int,
) -> Counted:
    published = await catalogue(service).of(found.state)
    tallies, told = await asyncio.to_thread(_figures, published, sheets, leaves(found, invited), used, found)
    return Counted(
        published=published,
        tallies=tallies,
        invited=invited,
        figures=told,
        sheets=sum(map(len, sheets.values())),
        void=void,
    )


def _figures(
    published: QuestionnairePublished,
    sheets: Mapping[Cell, Sequence[Answers]],
    asked: Iterable[Leaf],
    used: Mapping[Cell, int],
    found: Found,
) -> tuple[dict[Cell, Tally], tuple[Figure, ...]]:
    tallies = {cell: tally(inside, published) for cell, inside in sheets.items()}
    design = found.state.sample.design if found.state.sample else None
    known = tuple(asked)
    told: tuple[Figure, ...] = ()
    for deep in (1, 0):
        told = figures(
            published,
            tallies,
            known,
            used,
            confidence=design.confidence if design else 0.95,
            effect=design.effect if design else 1.0,
            deep=deep,
        )
        if len(told) <= MOST_FIGURES:
            break
    return tallies, suppressed(told)


# Freezing


async def freeze(service: Service, actor: Actor, id: UUID) -> None:
    """Keep the results, once. Raises Rejected where it is too early, 404."""
    found = await find(service, id)
    if found.state.status == "frozen":
        return
    check = life.Freeze(
        method=METHOD,
        issued=0,
        used=0,
        sheets=0,
        counted_void=voided(found.state.voidings),
        digest="",
        figures=(),
        at=service.clock.now(),
    )
    campaign.decide(check, found.state)  # whether it may be, before all is counted
    invited = await invited_of(service, found.stream)
    sheets = await released(service, found, invited)
    used = sum(each.used for each in invited.values())
    if used != len(sheets) + (found.state.withheld or 0):
        log.warning("results wait", used=used, sheets=len(sheets), withheld=found.state.withheld)
        raise Rejected(
            "answers_on_their_way",
            Text("Các phiếu cuối đang được công bố.", "The last answers are still being let go."),
            instead=Text("Thử lại sau ít phút.", "Try again in a few minutes."),
        )
    void = voided(found.state.voidings)
    counting = {sheet: told for sheet, told in sheets.items() if sheet not in void}
    by_cell: dict[Cell, list[Answers]] = defaultdict(list)
    for cell, answers in counting.values():
        by_cell[cell].append(answers)
    gone = Counter(sheets[sheet][0] for sheet in void if sheet in sheets)
    answered = {cell: each.used - gone[cell] for cell, each in invited.items()}
    counted = await _counted(service, found, by_cell, invited, answered, len(void))
    command = life.Freeze(
        method=METHOD,
        issued=sum(each.issued for each in invited.values()),
        used=used,
        sheets=len(counting),
        counted_void=void,
        digest=digest(counting),
        figures=counted.figures,
        at=service.clock.now(),
    )
    await service.do(campaign, found.stream, command, actor=actor)


def digest(sheets: Mapping[UUID, tuple[Cell, Answers]]) -> str:
    """SHA-256 of all sheets, a line each in the order of their ids: a JSON array of the id, the cell and the answers by
    question in the order of their codes, without blanks."""
    lines = (
        msgspec.json.encode((str(sheet), cell, dict(sorted(answers.items()))))
        for sheet, (cell, answers) in sorted(sheets.items())
    )
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


async def released(service: Service, found: Found, invited: Mapping[Cell, Invited]) -> dict[UUID, tuple[Cell, Answers]]:
    """All sheets of a campaign, void ones too, from the log. Raises RuntimeError for one of another edition."""
    asked = {*invited, *((each.school, each.class_name) for each in found.state.chosen)}
    if found.row.kind == "standing":
        units = await service.pool.fetch("SELECT unit FROM view.unit")
        asked |= {(row["unit"], situation) for row in units for situation in SITUATIONS}
    cells = sorted({cell[:end] for cell in asked for end in range(len(cell) + 1)} | {()})
    histories = await asyncio.gather(*(service.history(box_stream(found.stream, cell)) for cell in cells))
    sheets: dict[UUID, tuple[Cell, Answers]] = {}
    for history in histories:
        for each in history:
            event: Any = each.event
            if not isinstance(event, AnswersReleased):
                continue
            if (event.questionnaire, event.edition) != (found.row.questionnaire, found.row.edition):
                raise RuntimeError("answers to another edition of the questionnaire")
            sheets |= {sheet.id: (event.cell, sheet.answers) for sheet in event.sheets}
    return sheets


async def freeze_due(service: Service) -> None:
    """Freeze what was closed and could be looked at long enough, until cancelled."""
    await in_turns(lambda: freeze_ready(service), every=POLL, waits="freezing waits")


async def freeze_ready(service: Service) -> None:
    """Freeze each campaign whose time it is. One that can't be yet does not hold up the others."""
    since = service.clock.now() - dt.timedelta(seconds=service.settings.survey_review)
    for row in await service.pool.fetch(READY, since):
        try:
            await freeze(service, SELF, id_of(row["stream"]))
        except Rejected as error:
            log.info("results wait", campaign=row["stream"], reason=error.code)
        except Exception as error:
            if not poisonous(error):
                raise
            log.exception("results could not be frozen", campaign=row["stream"], reason=reason_of(error))
