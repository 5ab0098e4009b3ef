"""What a campaign came to, over HTTP: figures with their intervals, ranks as ranges, what changed since the campaign
before, and what people wrote, masked."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel

from kernel.decider import Text
from kernel.service import Service
from kernel.web import Ask, Here
from schemas.event import Actor, Personal
from schemas.surveys import Figure, QuestionnairePublished, Wording
from services.surveys.api.access import Manager, Reader, sees_all, sees_cell
from services.surveys.api.campaigns import CampaignTold, Found, find, id_of, now, stream_of
from services.surveys.api.counting import Counted, freeze, live
from services.surveys.domain.estimating import METHOD
from services.surveys.domain.masking import masked
from services.surveys.domain.ranking import Place, compare_all, rank, unranked

router = APIRouter(tags=["Kết quả / Results"])
MOST_REMARKS = 500
UNITS = "SELECT unit, name FROM view.unit"
REMARKS = (
    "SELECT cell, question, subject, text, week FROM view.remark WHERE campaign = $1 ORDER BY week, stream LIMIT $2"
)
ALL_AREAS = Wording(vi="Chung", en="All in all")
EVERYBODY = Wording(vi="Tất cả", en="Everybody")
SITUATION = {
    "late": Wording(vi="trả trễ hẹn", en="answered late"),
    "in_time": Wording(vi="trả đúng hẹn", en="answered in time"),
}
_cell = msgspec.json.Decoder(tuple[str, ...])


class FigureTold(BaseModel):
    """A figure and what it is about. Where `hidden` is not "" there are no numbers: `few` under five people answered,
    `guard` it would give away one that is hidden."""

    cell: list[str]
    name: dict[str, str]
    area: str
    area_label: dict[str, str]
    question: str
    question_label: dict[str, str] | None
    n: int | None
    people: int | None
    share: float | None
    low: float | None
    high: float | None
    mean: float | None
    error: float | None
    effect: float | None
    hidden: Literal["", "few", "guard"]


class PlaceTold(BaseModel):
    """A unit's place: somewhere from `from_rank` to `to_rank`, 1 the most satisfied. Null: too few answers."""

    unit: str
    name: str
    from_rank: int | None
    to_rank: int | None
    share: float | None
    low: float | None
    high: float | None
    n: int | None


class ChangeTold(BaseModel):
    """A figure against that of the campaign before. `significant` after Holm's correction for all that are told."""

    cell: list[str]
    name: dict[str, str]
    area: str
    area_label: dict[str, str]
    before: float
    now: float
    difference: float
    low: float
    high: float
    chance: float
    significant: bool


class TrendTold(BaseModel):
    """What changed since `previous`; `why_not` where the two can't be compared."""

    previous: UUID | None
    title: dict[str, str] | None
    why_not: dict[str, str] | None
    changes: list[ChangeTold]


class ResultsTold(BaseModel):
    """What a campaign came to. `live` figures move with each release; `frozen` ones never. `response` is the share of
    the invitations that were used; `void` sheets were not counted; `withheld` were too few to be let go."""

    campaign: UUID
    status: Literal["live", "frozen"]
    title: dict[str, str]
    method: str
    questionnaire: str
    edition: int
    confidence: float
    issued: int
    used: int
    response: float | None
    sheets: int
    void: int
    withheld: int | None
    digest: str
    frozen_at: dt.datetime | None
    figures: list[FigureTold]
    ranking: list[PlaceTold]
    trend: TrendTold


class RemarkTold(BaseModel):
    """What somebody wrote, with names, numbers and addresses masked. `unit` and week are all that is told of who."""

    unit: str
    name: str
    question: str
    text: str | None
    week: dt.date


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A campaign's results as they stand."""

    found: Found
    counted: Counted
    figures: tuple[Figure, ...]
    names: Mapping[str, str]

    @property
    def frozen(self) -> bool:
        return self.found.state.results is not None

    @property
    def published(self) -> QuestionnairePublished:
        return self.counted.published

    def name(self, cell: Sequence[str]) -> Wording:
        """What a cell is called."""
        return cell_name(cell, self.names)

    def area(self, code: str) -> Wording:
        return next((each.label for each in self.published.areas if each.code == code), ALL_AREAS)

    def question(self, code: str) -> Wording | None:
        """What a question is called; of an option: the question and the option."""
        asked, _, option = code.partition(":")
        for each in self.published.questions:
            if each.code == asked:
                chosen = next((o.label for o in each.options if o.code == option), None)
                if chosen is None:
                    return each.label
                return Wording(vi=f"{each.label.vi}: {chosen.vi}", en=f"{each.label.en}: {chosen.en}")
        return None


async def outcome(service: Service, id: UUID) -> Outcome:
    """The results of a campaign as they stand. Raises 404, 409 before it was open."""
    found = await find(service, id)
    if found.state.status in {"planned", "cancelled"}:
        raise HTTPException(409, Text("Đợt khảo sát chưa mở nên chưa có kết quả.", "It was not open yet."))
    counted = await live(service, found)
    results = found.state.results
    names = await unit_names(service, found)
    return Outcome(found=found, counted=counted, figures=results.figures if results else counted.figures, names=names)


async def unit_names(service: Service, found: Found) -> dict[str, str]:
    """What units are called; a frame's schools by the names that it gives them where no unit is known."""
    schools = found.state.frame.schools if found.state.frame else ()
    known = {row["unit"]: row["name"] for row in await service.pool.fetch(UNITS)}
    return {each.school: each.name for each in schools} | known


def cell_name(cell: Sequence[str], names: Mapping[str, str]) -> Wording:
    """What a cell is called, by the names of units."""
    if not cell:
        return EVERYBODY
    unit = names.get(cell[0], cell[0])
    rest = [SITUATION.get(each, Wording(vi=f"lớp {each}", en=f"class {each}")) for each in cell[1:]]
    return Wording(vi=", ".join([unit, *(each.vi for each in rest)]), en=", ".join([unit, *(each.en for each in rest)]))


def seen(of: Outcome, actor: Actor) -> list[Figure]:
    """The figures that this reader may see."""
    return [each for each in of.figures if sees_cell(actor, each.cell)]


def figure_told(of: Outcome, each: Figure) -> FigureTold:
    question = of.question(each.question) if each.question else None
    numbers = ("n", "people", "share", "low", "high", "mean", "error", "effect")
    return FigureTold(
        cell=list(each.cell),
        name=_both(of.name(each.cell)),
        area=each.area,
        area_label=_both(of.area(each.area)),
        question=each.question,
        question_label=_both(question) if question else None,
        hidden=each.hidden,
        **{name: None if each.hidden else getattr(each, name) for name in numbers},
    )


def _both(wording: Wording) -> dict[str, str]:
    return {"vi": wording.vi, "en": wording.en}


def units_of(figures: Iterable[Figure], area: str = "") -> list[Figure]:
    """The figures of units in one area."""
    return [each for each in figures if len(each.cell) == 1 and (each.area, each.question) == (area, "")]


def ranking(of: Outcome, area: str = "") -> list[PlaceTold]:
    """Units with their ranges of ranks; those with too few answers at the end, without a place."""
    figures = units_of(of.figures, area)
    placed = [_placed(of, each) for each in rank(figures, confidence=confidence(of.found))]
    rest = [
        PlaceTold(
            unit=each.cell[0],
            name=of.name(each.cell).vi,
            from_rank=None,
            to_rank=None,
            share=None if each.hidden else each.share,
            low=None if each.hidden else each.low,
            high=None if each.hidden else each.high,
            n=None if each.hidden else each.n,
        )
        for each in unranked(figures)
    ]
    return [*placed, *rest]


def _placed(of: Outcome, place: Place) -> PlaceTold:
    figure = place.figure
    return PlaceTold(
        unit=place.unit,
        name=of.name((place.unit,)).vi,
        from_rank=place.from_rank,
        to_rank=place.to_rank,
        share=figure.share,
        low=figure.low,
        high=figure.high,
        n=figure.n,
    )


def confidence(found: Found) -> float:
    return found.state.sample.design.confidence if found.state.sample else 0.95


async def trend(service: Service, of: Outcome, actor: Actor) -> TrendTold:
    """Each figure of an area, of everybody and of units, against that of the campaign before. Only frozen results of
    the same edition of the same questionnaire are compared."""
    plan = of.found.state.plan
    if plan is None or not plan.previous:
        return TrendTold(previous=None, title=None, why_not=None, changes=[])
    before = await find(service, id_of(plan.previous))
    title = {"vi": before.row.title_vi, "en": before.row.title_en}
    results = before.state.results
    why = None
    if results is None:
        why = {"vi": "Đợt trước chưa chốt kết quả.", "en": "The results of the one before are not frozen yet."}
    elif (results.questionnaire, results.edition) != (plan.questionnaire, plan.edition):
        why = {
            "vi": "Hai đợt dùng mẫu phiếu khác nhau nên không so sánh được.",
            "en": "The two used different questionnaires, so they can't be compared.",
        }
    elif confidence(before) != confidence(of.found):
        why = {"vi": "Hai đợt dùng độ tin cậy khác nhau.", "en": "The two were planned with different confidence."}
    if results is None or why:
        return TrendTold(previous=id_of(plan.previous), title=title, why_not=why, changes=[])
    then = {(each.cell, each.area): each for each in results.figures if not each.question and not each.hidden}
    pairs = [
        (each, then[each.cell, each.area])
        for each in seen(of, actor)
        if not each.question and not each.hidden and len(each.cell) <= 1 and (each.cell, each.area) in then
    ]
    changes = compare_all(pairs, confidence(of.found))
    return TrendTold(
        previous=id_of(plan.previous),
        title=title,
        why_not=None,
        changes=[
            ChangeTold(
                cell=list(now_.cell),
                name=_both(of.name(now_.cell)),
                area=now_.area,
                area_label=_both(of.area(now_.area)),
                before=then_.share,
                now=now_.share,
                difference=change.difference,
                low=change.low,
                high=change.high,
                chance=change.chance,
                significant=change.significant,
            )
            for (now_, then_), change in zip(pairs, changes, strict=True)
        ],
    )


async def told(service: Service, of: Outcome, actor: Actor, area: str = "") -> ResultsTold:
    """All that a reader may see of a campaign's results."""
    results, row = of.found.state.results, of.found.row
    asked = of.counted.asked()
    issued = results.issued if results else asked.issued
    used = results.used if results else asked.used
    return ResultsTold(
        campaign=id_of(of.found.stream),
        status="frozen" if results else "live",
        title={"vi": row.title_vi, "en": row.title_en},
        method=results.method if results else METHOD,
        questionnaire=row.questionnaire,
        edition=row.edition,
        confidence=confidence(of.found),
        issued=issued,
        used=used,
        response=used / issued if issued else None,
        sheets=results.sheets if results else of.counted.sheets,
        void=results.void if results else of.counted.void,
        withheld=of.found.state.withheld,
        digest=results.digest if results else "",
        frozen_at=results.frozen_at if results else None,
        figures=[figure_told(of, each) for each in seen(of, actor)],
        ranking=ranking(of, area) if sees_all(actor) else [],
        trend=await trend(service, of, actor),
    )


def distribution(of: Outcome, cell: tuple[str, ...] = ()) -> list[tuple[str, str, tuple[int, ...]]]:
    """(area, question, how many answered each level) of a cell, where its figure may be seen."""
    open_to = {(each.area, each.question) for each in of.figures if each.cell == cell and not each.hidden}
    parts = of.counted.within(cell).parts
    return [(area, question, parts[area, question].levels) for area, question in open_to if (area, question) in parts]


async def remarks(service: Service, found: Found, actor: Actor, most: int = MOST_REMARKS) -> list[RemarkTold]:
    """What people wrote, masked; null where its key was destroyed."""
    names = await unit_names(service, found)
    rows = [
        row
        for row in await service.pool.fetch(REMARKS, found.stream, most)
        if sees_cell(actor, _cell.decode(row["cell"])[:1] or ("",))
    ]
    wanted: list[tuple[Personal[Any], Any]] = [
        (Personal(subject=row["subject"], sealed=row["text"]), str) for row in rows
    ]
    texts = await service.vault.unseal(wanted) if wanted else []
    units = [(_cell.decode(row["cell"])[:1] or ("",))[0] for row in rows]
    return [
        RemarkTold(
            unit=unit,
            name=names.get(unit, unit),
            question=row["question"],
            text=None if text is None else masked(text),
            week=row["week"],
        )
        for row, unit, text in zip(rows, units, texts, strict=True)
    ]


Area = Annotated[str, Query(max_length=60, description="The area that units are ranked by; empty: all that count.")]


@router.get("/campaigns/{id}/results", summary="Figures, ranks as ranges, what changed (staff)")
async def get_results(service: Here, actor: Reader, id: UUID, area: Area = "") -> ResultsTold:
    """Officers see those of everybody and of their own unit."""
    return await told(service, await outcome(service, id), actor, area)


@router.get("/campaigns/{id}/remarks", summary="What people wrote, masked (staff)")
async def get_remarks(service: Here, actor: Reader, id: UUID) -> list[RemarkTold]:
    return await remarks(service, await find(service, id), actor)


@router.post("/campaigns/{id}/freeze", summary="Freeze the results of a closed campaign, once (survey manager)")
async def post_freeze(service: Here, actor: Manager, asked: Ask, response: Response, id: UUID) -> CampaignTold:
    """It happens by itself some days after closing; by hand at once, when all was looked at."""
    await freeze(service, actor, id)
    return await now(service, stream_of(id), response)
