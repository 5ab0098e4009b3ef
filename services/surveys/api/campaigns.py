"""Campaigns over HTTP: plan, open, extend, close, cancel; and what each stands at."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from kernel.decider import Text, fold
from kernel.service import Done, Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor, Recorded
from schemas.surveys import Group, Kind, QuestionnairePublished, Wording
from services.surveys.api.access import Manager, Reader
from services.surveys.api.catalogue import catalogue
from services.surveys.domain import campaign as life
from services.surveys.domain import planning
from services.surveys.domain.campaign import Campaign, campaign
from services.surveys.domain.naming import questionnaire_stream
from services.surveys.domain.questionnaire import questionnaire
from services.surveys.projection.campaign import CampaignRow
from services.surveys.projection.campaign import campaign as campaign_view

router = APIRouter(tags=["Đợt khảo sát / Campaigns"])
Reason = Annotated[str, Field(min_length=3, max_length=1000, pattern=r"\S")]
LIST = "SELECT * FROM view.campaign ORDER BY starts DESC, planned_at DESC LIMIT 500"


class PlanBody(BaseModel):
    """How a campaign is prepared. `questionnaire` is its key, `edition` 0 the latest; days are both included. `batch`
    answers at least are let go together; who has not answered is reminded so many days after (`remind_after`). `target`
    answers are wanted of each stratum (0: as the design says); `previous` is the campaign that it is held against."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "yearly",
                    "title": {"vi": "Khảo sát học sinh năm 2026", "en": "Pupils asked in 2026"},
                    "group": "pupil",
                    "questionnaire": "education-pupil",
                    "starts": "2026-11-02",
                    "ends": "2026-11-20",
                }
            ]
        },
    )

    kind: Kind
    title: Wording
    group: Group
    questionnaire: Annotated[str, Field(min_length=1, max_length=60)]
    edition: Annotated[int, Field(ge=0, le=10_000)] = 0
    starts: dt.date
    ends: dt.date
    batch: Annotated[int, Field(ge=1, le=1000)] = planning.LEAST_BATCH
    remind_after: Annotated[tuple[Annotated[int, Field(ge=1, le=365)], ...], Field(max_length=5)] = ()
    target: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    previous: UUID | None = None


class ExtendBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ends": "2026-11-25", "reason": "Mưa lũ, trường nghỉ học"}]}
    )

    ends: dt.date
    reason: Reason


class ReasonBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Đã đủ phiếu"}]})

    reason: Reason


class CampaignTold(BaseModel):
    """A campaign as it stands. `number` counts its events: send it back as If-Match to change only what was seen."""

    id: UUID
    number: int
    status: Literal["planned", "open", "closed", "frozen", "cancelled"]
    kind: Kind
    title: dict[str, str]
    group: Group
    questionnaire: str
    edition: int
    starts: dt.date
    ends: dt.date
    batch: int
    unit: str
    remind_after: list[int]
    target: int
    previous: UUID | None
    schools: int
    drawn_at: dt.datetime | None
    opened_at: dt.datetime | None
    closed_at: dt.datetime | None
    withheld: int | None
    voidings: int
    frozen_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A campaign as of now: its row as its view would show it, its state, and all that was said of it."""

    stream: str
    row: CampaignRow
    state: Campaign
    number: int
    history: list[Recorded]


def stream_of(id: UUID) -> str:
    return f"campaign-{id}"


def id_of(stream: str) -> UUID:
    return UUID(stream.partition("-")[2])


async def find(service: Service, id: UUID) -> Found:
    """A campaign as of now. Raises 404."""
    stream = stream_of(id)
    history = await service.history(stream)
    row: Any = None
    for each in history:
        if step := campaign_view.evolve.get(type(each.event)):
            row = step(row, each)
    if row is None:
        raise HTTPException(404, Text("Không có đợt khảo sát này.", "There is no such campaign."))
    state = fold(campaign, (each.event for each in history))
    return Found(stream=stream, row=row, state=state, number=len(history), history=history)


async def listed(service: Service) -> list[Any]:
    """All campaigns, the latest first."""
    found: list[Any] = await service.pool.fetch(LIST)
    return found


async def published(service: Service, key: str, edition: int = 0) -> QuestionnairePublished:
    """An edition of a questionnaire (0: the latest). Raises 422 where there is none."""
    state, _ = await service.state(questionnaire, questionnaire_stream(key))
    found = state.editions.get(edition) if edition else state.latest
    if found is None:
        raise HTTPException(
            422, Text("Không có mẫu phiếu này, hoặc không có lần ban hành này.", "There is no such questionnaire.")
        )
    return found


def told(row: Any) -> CampaignTold:
    """A row of the view, or one folded as of now."""
    at = row.__getitem__ if not isinstance(row, CampaignRow) else lambda name: getattr(row, name)
    same = (
        "number", "status", "kind", "questionnaire", "edition", "starts", "ends", "batch", "unit", "target", "schools",
        "drawn_at", "opened_at", "closed_at", "withheld", "voidings", "frozen_at",
    )  # fmt: skip
    return CampaignTold(
        id=id_of(at("stream")),
        title={"vi": at("title_vi"), "en": at("title_en")},
        group=at("asked"),
        remind_after=msgspec.json.decode(at("remind_after")),
        previous=id_of(at("previous")) if at("previous") else None,
        **{name: at(name) for name in same},
    )


async def plan(
    service: Service, actor: Actor, id: UUID, body: PlanBody, asked: Asked, expected: int | None = None
) -> Done[Campaign]:
    """Prepare a campaign, or change how it is prepared. Raises Rejected, Conflict, 422."""
    found = await published(service, body.questionnaire, body.edition)
    if found.group != body.group:
        raise HTTPException(
            422,
            Text("Mẫu phiếu này dành cho nhóm đối tượng khác.", "This questionnaire is for another group of people."),
        )
    if body.previous:
        await _check_previous(service, body.previous)
    command = planning.Plan(
        campaign=stream_of(id),
        kind=body.kind,
        title=body.title,
        group=body.group,
        questionnaire=found.key,
        edition=found.edition,
        starts=body.starts,
        ends=body.ends,
        batch=body.batch,
        unit=actor.unit,
        at=service.clock.now(),
        remind_after=body.remind_after,
        target=body.target,
        previous=stream_of(body.previous) if body.previous else "",
    )
    return await say(service, actor, stream_of(id), command, asked, expected)


async def _check_previous(service: Service, id: UUID) -> None:
    """Raises 422 where there is no such campaign to be held against."""
    state, _ = await service.state(campaign, stream_of(id))
    if state.status in {"none", "cancelled"}:
        raise HTTPException(
            422, Text("Không có đợt khảo sát trước này.", "There is no such campaign to be held against.")
        )


async def say(
    service: Service, actor: Actor, stream: str, command: Any, asked: Asked, expected: int | None = None
) -> Done[Campaign]:
    """Give a campaign a command. Raises Rejected, Conflict."""
    done = await service.do(
        campaign, stream, command, actor=actor, key=asked.key, fingerprint=asked.fingerprint, expected=expected
    )
    catalogue(service).forget(stream)
    return done


async def now(service: Service, stream: str, response: Response) -> CampaignTold:
    """The campaign with what was just decided."""
    found = await find(service, id_of(stream))
    response.headers["etag"] = f'"{found.number}"'
    return told(found.row)


async def if_match(
    value: Annotated[str | None, Header(alias="if-match", pattern=r'^"?[0-9]{1,9}"?$')] = None,
) -> int | None:
    """The number that was seen, from If-Match."""
    return int(value.strip('"')) if value else None


Expected = Annotated[int | None, Depends(if_match)]


@router.get("/campaigns", summary="Campaigns, the latest first (staff)")
async def get_campaigns(service: Here, _: Reader) -> list[CampaignTold]:
    return [told(row) for row in await listed(service)]


@router.post("/campaigns", status_code=201, summary="Plan a campaign (survey manager)")
async def post_campaign(service: Here, actor: Manager, asked: Ask, response: Response, body: PlanBody) -> CampaignTold:
    done = await plan(service, actor, uuid7(), body, asked)
    response.headers["location"] = f"/campaigns/{id_of(done.stream)}"
    return await now(service, done.stream, response)


@router.get("/campaigns/{id}", summary="A campaign as it stands (staff)")
async def get_campaign(service: Here, _: Reader, response: Response, id: UUID) -> CampaignTold:
    return await now(service, stream_of(id), response)


@router.post("/campaigns/{id}/plan", summary="Plan it otherwise, until it is open (survey manager)")
async def post_plan(
    service: Here, actor: Manager, asked: Ask, response: Response, id: UUID, body: PlanBody, expected: Expected = None
) -> CampaignTold:
    found = await find(service, id)
    await plan(service, actor, id, body, asked, expected)
    return await now(service, found.stream, response)


@router.post("/campaigns/{id}/open", summary="Open it: invitations are given out, answers taken (survey manager)")
async def post_open(
    service: Here, actor: Manager, asked: Ask, response: Response, id: UUID, expected: Expected = None
) -> CampaignTold:
    await say(service, actor, stream_of(id), life.Open(at=service.clock.now()), asked, expected)
    return await now(service, stream_of(id), response)


@router.post("/campaigns/{id}/extend", summary="Let it go on longer, with a reason (survey manager)")
async def post_extend(
    service: Here, actor: Manager, asked: Ask, response: Response, id: UUID, body: ExtendBody, expected: Expected = None
) -> CampaignTold:
    command = life.Extend(ends=body.ends, reason=body.reason.strip(), at=service.clock.now())
    await say(service, actor, stream_of(id), command, asked, expected)
    return await now(service, stream_of(id), response)


@router.post("/campaigns/{id}/close", summary="Close it before its last day, with a reason (survey manager)")
async def post_close(
    service: Here, actor: Manager, asked: Ask, response: Response, id: UUID, body: ReasonBody, expected: Expected = None
) -> CampaignTold:
    command = life.Close(reason=body.reason.strip(), at=service.clock.now())
    await say(service, actor, stream_of(id), command, asked, expected)
    return await now(service, stream_of(id), response)


@router.post("/campaigns/{id}/cancel", summary="Give it up before it is open, with a reason (survey manager)")
async def post_cancel(
    service: Here, actor: Manager, asked: Ask, response: Response, id: UUID, body: ReasonBody, expected: Expected = None
) -> CampaignTold:
    command = life.Cancel(reason=body.reason.strip(), at=service.clock.now())
    await say(service, actor, stream_of(id), command, asked, expected)
    return await now(service, stream_of(id), response)
