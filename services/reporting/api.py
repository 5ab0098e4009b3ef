"""The questions one may ask: the figures, the figures as they move, and the dossiers behind a figure.

A figure is read in one statement, so that it and what it is "as of" are one moment. Figures hold no personal data and
are public; the list behind them is for staff, and holds none either.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import asyncpg
import msgspec
from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from kernel.calendar import ZONE
from kernel.clock import monotonic
from kernel.decider import Text
from kernel.service import Service
from kernel.web import OUTAGE, Here, Lang, Live, Pulse, may
from schemas.event import Actor
from schemas.intake import Status
from services.reporting.domain import (
    FLOWS,
    Amounts,
    AsOf,
    By,
    Figures,
    Filter,
    Line,
    Listing,
    Question,
    amounts,
    by_day,
    by_month,
    name_on,
    ranked,
    read_history,
)

router = APIRouter(tags=["figures"])

SEES_ALL = ("leadership", "operator", "auditor")
SEES_OWN_UNIT = ("unit_head", "case_officer", "desk_officer")
STAFF = (*SEES_ALL, *SEES_OWN_UNIT)

FRESH = 1.0  # seconds that names are kept
PACE = 0.2  # seconds between two answers to one question, however many watch it
STALE = 10.0  # seconds after which an answer is asked for again, though nothing said that it changed


def today(service: Service) -> dt.date:
    return service.clock.now().astimezone(ZONE).date()


# Names


@dataclass(frozen=True)
class Names:
    """What units and procedures are called today, by id."""

    unit: dict[str, str]
    procedure: dict[str, str]


class _Names:
    def __init__(self, service: Service) -> None:
        self._service, self._until, self._kept = service, 0.0, Names({}, {})

    async def now(self) -> Names:
        if self._until < monotonic():
            rows = await self._service.pool.fetch(
                "SELECT 'unit' AS kind, unit AS id, history FROM view.unit"
                " UNION ALL SELECT 'procedure', procedure, history FROM view.procedure"
            )
            found = Names({}, {})
            for kind, id, history in rows:
                getattr(found, kind)[id] = name_on(read_history(history), today(self._service)) or id
            self._kept, self._until = found, monotonic() + FRESH
        return self._kept


async def names(service: Service) -> Names:
    """At most a second old."""
    return await service.keep(_Names).now()


# Figures

# What is added up: what happened from `from` on, and what is open now. A stock at the end of a day is what is open now
# less what changed after it. $1 is `from`, $2 is `to`.
FIGURES = """
WITH part AS (
    SELECT day, unit, procedure, channel, received, granted, refused, stopped, withdrawn, not_accepted,
           0 AS guided, 0 AS paper_refused, waiting, 0 AS in_progress_now, 0 AS waiting_now
    FROM view.tally WHERE day >= $1 {narrow}
    UNION ALL
    SELECT day, unit, procedure, channel, 0, 0, 0, 0, 0, 0, guided, paper_refused, 0, 0, 0
    FROM view.visit_tally WHERE day BETWEEN $1 AND $2 {narrow}
    UNION ALL
    SELECT NULL, unit, procedure, channel, 0, 0, 0, 0, 0, 0, 0, 0, 0, in_progress, waiting
    FROM view.standing WHERE true {narrow}
)
SELECT {columns}, {flows},
    sum(in_progress_now) - sum(received - granted - refused - stopped - withdrawn) AS carried_over,
    sum(in_progress_now)
        - coalesce(sum(received - granted - refused - stopped - withdrawn) FILTER (WHERE day > $2), 0) AS in_progress,
    sum(waiting_now) - coalesce(sum(waiting) FILTER (WHERE day > $2), 0) AS waiting,
    sum(waiting) AS waiting_change,
    sum(waiting_now) AS waiting_now,
    {as_of} AS as_of
FROM part GROUP BY GROUPING SETS ({sets})
"""
AS_OF = (
    "(SELECT json_agg(json_build_object('topic', topic, 'partition', partition, 'position', last_position, 'at', at)"
    " ORDER BY topic, partition) FROM truth.heard)"
)


class _Heard(msgspec.Struct):
    topic: str
    partition: int
    position: int
    at: dt.datetime


def _narrow(asked: Filter, first: int) -> tuple[str, list[Any]]:
    """What narrows a question, as SQL with its values from number `first` on."""
    given = [(name, value) for name in ("unit", "procedure", "channel") if (value := getattr(asked, name)) is not None]
    return "".join(f" AND {name} = ${first + n}" for n, (name, _) in enumerate(given)), [value for _, value in given]


def _statement(narrow: str, dimensions: Sequence[str]) -> str:
    """The statement; `line` says by which dimension a row is (0: all together), `key` which unit, day …"""
    # GROUPING sets the bit of each dimension that a row is *not* broken down by.
    line = f"GROUPING({', '.join(dimensions)})" if dimensions else "0"
    return FIGURES.format(
        narrow=narrow,
        columns=", ".join([f"{line} AS line", *dimensions]),
        flows=", ".join(f"sum({name}) FILTER (WHERE day <= $2) AS {name}" for name in FLOWS),
        sets=", ".join(["()", *(f"({name})" for name in dimensions)]),
        as_of=f"CASE WHEN {line} = {2 ** len(dimensions) - 1} THEN {AS_OF} END",
    )


async def read(service: Service, asked: Question) -> Figures:
    """The figures, as of this moment."""
    narrow, values = _narrow(asked, 3)
    wanted = dict.fromkeys("day" if each == "month" else each for each in asked.by)
    dimensions = tuple(wanted)
    until = asked.to or dt.date.max
    rows = await service.pool.fetch(_statement(narrow, dimensions), asked.since or dt.date.min, until, *values)
    all_bits = 2 ** len(dimensions) - 1
    parts: dict[str, list[Any]] = {name: [] for name in dimensions}
    for row in rows:
        if row["line"] == all_bits:
            total = row
        else:
            name = dimensions[-(all_bits ^ row["line"]).bit_length()]
            if row[name] is not None:
                parts[name].append(row)
    called = await names(service)
    whole = Amounts(**amounts(total))
    found: dict[By, list[Line]] = {}
    if "day" in wanted:
        days = {row["day"]: row | {"waiting": row["waiting_change"]} for row in map(dict, parts["day"])}
        last = asked.to or max([today(service), *(day for day in days if day <= until)])
        before = (total["waiting_now"] or 0) - (total["waiting_change"] or 0)
        lines = by_day(days, whole, before, asked.since, last)
        found |= {"day": lines} if "day" in asked.by else {}
        found |= {"month": by_month(lines)} if "month" in asked.by else {}
    for by in ("unit", "procedure", "channel"):
        if by in wanted:
            known: dict[str, str] = getattr(called, by, {})
            found[by] = ranked(Line(key=row[by], name=known.get(row[by], row[by]), **amounts(row)) for row in parts[by])
    return Figures(as_of=_as_of(total["as_of"], service), asked=asked, total=whole, by=found)


def _as_of(heard: str | None, service: Service) -> list[AsOf]:
    logs: dict[str, list[_Heard]] = {}
    for each in msgspec.json.decode(heard or "[]", type=list[_Heard]):
        logs.setdefault(each.topic.removeprefix(service.settings.topic_prefix), []).append(each)
    return [
        AsOf(
            log=log,
            position=max(each.position for each in parts),
            at=max(each.at for each in parts),
            partitions={str(each.partition): each.position for each in parts},
        )
        for log, parts in logs.items()
    ]


async def answered(service: Service, asked: Question, said: str) -> Figures:
    """The figures. Raises RequestValidationError for a unit or procedure that nobody has heard of."""
    await known(service, asked, said)
    return await read(service, asked)


async def known(service: Service, asked: Filter, said: str) -> None:
    """Raises RequestValidationError, said in the language `said`, for a unit or procedure that nobody has heard of."""
    called = await names(service)
    wrong = [
        {"type": "value_error", "loc": ("query", name), "ctx": {"error": getattr(NOT_KNOWN[name], said)}}
        for name in ("unit", "procedure")
        if (id := getattr(asked, name)) is not None and id not in getattr(called, name)
    ]
    if wrong:
        raise RequestValidationError(wrong)


NOT_KNOWN = {
    "unit": Text("Không có đơn vị này", "There is no such unit"),
    "procedure": Text("Danh mục không có thủ tục này", "The catalogue has no such procedure"),
}

FiltersWrong: dict[int | str, dict[str, Any]] = {
    422: {
        "description": "Some of the question is not right: which part, and what is wrong.",
        "content": {
            "application/problem+json": {
                "example": {
                    "type": "urn:motcua:problem:invalid",
                    "title": "Thông tin chưa đúng",
                    "status": 422,
                    "detail": "Hãy sửa các mục được nêu rồi gửi lại.",
                    "code": "invalid",
                    "errors": [
                        {"where": "query.to", "what": "Phải từ 01/05/2026 trở lên", "kind": "greater_than_equal"}
                    ],
                }
            }
        },
    }
}


@router.get("/figures", responses=FiltersWrong, summary="How many dossiers came, are open and were finished")
async def figures(service: Here, said: Lang, asked: Annotated[Question, Query()]) -> Figures:
    """How many dossiers were received, are in progress, were finished or turned away, and as of when: for a span of
    days of Việt Nam (both ends in it), in all and split by what `by` names. For everybody, for nothing in it is about a
    person.

    What happened is counted on the day on which it happened; what is open, at the end of the span. What is entered late
    or corrected moves the figures of its own day.

    `GET /figures?from=2026-05-01&to=2026-05-31&by=unit&by=day`
    """
    return await answered(service, asked, said)


# Figures that move


class Latest:
    """The latest answer to each question that somebody watches: read once, however many watch; five times a second at
    most, and where reading takes long, no more than half of the time."""

    MOST = 500  # questions that are kept
    AT_ONCE = 4  # that are read at once: who watches must not take all connections from who asks

    def __init__(self, service: Service) -> None:
        self._service = service
        self._kept: dict[str, _Kept] = {}
        self._turns = asyncio.Semaphore(self.AT_ONCE)

    async def of(self, asked: Question, live: Pulse, count: int) -> tuple[str, Figures]:
        """An answer no older than the pulse's `count`, and a mark that tells it from a different one."""
        key = asked.model_dump_json()
        if key not in self._kept and len(self._kept) >= self.MOST:
            self._kept.pop(next(iter(self._kept)))
        kept = self._kept.setdefault(key, _Kept())
        async with kept.lock:
            if kept.answer is None or kept.count < count or monotonic() - kept.at > STALE:
                await asyncio.sleep(max(0.0, kept.rest_until - monotonic()))
                async with self._turns:
                    now, began = live.count, monotonic()
                    found = await read(self._service, asked)
                mark = hashlib.blake2b(found.model_dump_json().encode(), digest_size=8).hexdigest()
                kept.answer, kept.count, kept.at = (mark, found), now, monotonic()
                kept.rest_until = kept.at + max(PACE, kept.at - began)
            return kept.answer


@dataclass
class _Kept:
    """An answer, the pulse's count when its reading began, and when it may be read again."""

    answer: tuple[str, Figures] | None = None
    count: int = -1
    at: float = 0.0
    rest_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def watch(service: Service, live: Pulse, asked: Question, last: str = "") -> AsyncIterator[tuple[str, Figures]]:
    """The figures now and whenever they change, each with its mark; silent while they are those of the mark `last`.
    They are whole each time, so nothing is lost by being away."""
    latest = service.keep(Latest)
    async for count in live.beats():
        while True:
            try:
                mark, found = await latest.of(asked, live, count)
                break
            except (*OUTAGE, asyncpg.PostgresError):
                await asyncio.sleep(1)
        if mark != last:
            last = mark
            yield mark, found


class Watching(Question):
    """A question, and the mark of the last answer that was seen."""

    last_event_id: Annotated[
        str, Field(max_length=64, description="As the header Last-Event-ID, for who comes back.")
    ] = ""

    def question(self) -> Question:
        return Question(**self.model_dump(exclude={"last_event_id"}))


async def watched(service: Here, said: Lang, asked: Annotated[Watching, Query()]) -> Watching:
    """Before the stream begins, so that what is wrong with the question is answered as a problem."""
    await known(service, asked, said)
    return asked


@router.get(
    "/figures/stream",
    response_class=EventSourceResponse,
    responses=FiltersWrong,
    summary="The same figures as they change (server-sent events)",
)
async def stream(
    service: Here,
    live: Live,
    asked: Annotated[Watching, Depends(watched)],
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """The figures that `GET /figures` answers to the same question: at once, then whenever they change, five times a
    second at most, until the asker hangs up.

    Each event is a whole answer, so whoever was away has missed nothing; it is named `figures`, its id is a mark of its
    content.
    """
    async for mark, found in watch(service, live, asked.question(), last_event_id or asked.last_event_id):
        yield ServerSentEvent(event="figures", id=mark, raw_data=found.model_dump_json(by_alias=True), retry=1000)


# The dossiers behind a figure


class Dossier(BaseModel):
    """A dossier, without anything about a person. `unit` decides, `received_by` received; `due_first` is the first
    appointment, which nothing moves, `due_now` the one that holds."""

    id: Annotated[str, Field(examples=["application-01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d10"])]
    code: Annotated[str, Field(examples=["H56.12-260511-0007"])]
    procedure: Annotated[str, Field(examples=["2.002854"])]
    procedure_name: str
    unit: str
    unit_name: str
    received_by: str
    channel: str
    status: Status
    submitted_at: dt.datetime
    received_at: dt.datetime | None
    due_first: dt.datetime | None
    due_now: dt.datetime | None
    finished_at: dt.datetime | None
    ended: Annotated[str, Field(description='"granted", "refused", "stopped", "withdrawn", or nothing yet')]


class Dossiers(BaseModel):
    """One page. `next` names the page after this, as `after`; empty: this is the last."""

    dossiers: list[Dossier]
    next: Annotated[str, Field(examples=["2026-05-11.application-01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d10"])]


# What stands behind a figure. $1 is `from`, $2 is `to`.
BEHIND = {
    "received": "received_on BETWEEN $1 AND $2",
    "in_progress": "received_on <= $2 AND (finished_on IS NULL OR finished_on > $2)",
    "carried_over": "received_on < $1 AND (finished_on IS NULL OR finished_on >= $1)",
    "finished": "finished_on BETWEEN $1 AND $2",
    "resolved": "finished_on BETWEEN $1 AND $2 AND ended IN ('granted', 'refused')",
    **{
        each: f"finished_on BETWEEN $1 AND $2 AND ended = '{each}'"
        for each in ("granted", "refused", "stopped", "withdrawn")
    },
    "not_accepted": "not_accepted_on BETWEEN $1 AND $2",
    "waiting": "submitted_on <= $2 AND (taken_up_on IS NULL OR taken_up_on > $2)",
}
LIST = (
    "SELECT stream AS id, code, procedure, procedure_name, unit, received_by, channel, status, submitted_at,"
    " submitted_on, received_at, due_first, due_now, finished_at, ended FROM view.application WHERE {behind}{narrow}"
    " ORDER BY submitted_on DESC, stream DESC LIMIT {limit}"
)
NO_UNIT = Text(
    "Tài khoản này chưa gắn với đơn vị nào nên chưa xem được danh sách hồ sơ.",
    "This account belongs to no unit, so there is no list that it may see.",
)


async def listed(service: Service, asked: Listing, actor: Actor, said: str) -> Dossiers:
    """The dossiers behind a figure that this actor may see: leadership, operators and auditors all, others those that
    their unit decides or received."""
    await known(service, asked, said)
    narrow, values = _narrow(asked, 3)
    values = [asked.since or dt.date.min, asked.to or dt.date.max, *values]
    if not set(SEES_ALL) & set(actor.roles):
        if not actor.unit:
            raise HTTPException(403, NO_UNIT)
        values.append(actor.unit)
        narrow += f" AND (unit = ${len(values)} OR received_by = ${len(values)})"
    if asked.after:
        day, _, stream_id = asked.after.partition(".")
        try:
            values += [dt.date.fromisoformat(day), stream_id]
        except ValueError:
            raise RequestValidationError([{"type": "date_parsing", "loc": ("query", "after")}]) from None
        narrow += f" AND (submitted_on, stream) < (${len(values) - 1}, ${len(values)})"
    # Both days are always named, so that the statement has the types of both.
    behind = f"$1::date <= $2::date AND {BEHIND[asked.figure]}"
    rows = await service.pool.fetch(LIST.format(behind=behind, narrow=narrow, limit=asked.size + 1), *values)
    called = await names(service)
    page = rows[: asked.size]
    return Dossiers(
        dossiers=[Dossier(unit_name=called.unit.get(row["unit"], row["unit"]), **row) for row in map(dict, page)],
        next=f"{page[-1]['submitted_on']}.{page[-1]['id']}" if len(rows) > asked.size else "",
    )


@router.get("/applications", responses=FiltersWrong, summary="The dossiers behind a figure (staff)")
async def applications(
    service: Here, said: Lang, asked: Annotated[Listing, Query()], actor: Annotated[Actor, Depends(may(*STAFF))]
) -> Dossiers:
    """The dossiers behind a figure, the newest first, a page at a time; for staff.

    `GET /applications?figure=in_progress&unit=so-gddt&size=100`
    """
    return await listed(service, asked, actor, said)
