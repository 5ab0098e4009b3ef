"""A whole service, as small as one can be, for tests of the kernel: boxes are opened, weighed, moved, closed, dropped.

It has two events a command, personal data, totals, a view that folds two services' events, an upcaster, and a policy
that answers a foreign event. `broken` holds units whose boxes the projection can't fold, for tests of poison.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import asyncpg
import msgspec
from fastapi import APIRouter, Depends, Form, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from kernel import feed, wire
from kernel.decider import Decider, Rejected, Text
from kernel.handlers import Answer, Key, Row, Total, View
from kernel.relay import NEXT_PAGE, Relay
from kernel.service import Definition, Done, KeyReused, Service, new_stream
from kernel.store import Conflict
from kernel.vault import Erased
from kernel.web import Ask as Asking
from kernel.web import Here, Who, may
from kernel.wire import Message
from schemas.event import Actor, Event, Meta, Personal, Recorded, encode, event, upcast

NAME, OTHER = "intake", "reporting"  # a test's place has databases and topics of these names
ACTOR = Actor(id="tester", roles=("operator",))
TABLES = Path(__file__).with_name("toy.sql")

broken: set[str] = set()


@dataclass(frozen=True)
class Person:
    name: str
    identity: str = ""


@event("toy.opened")
class Opened(Event, frozen=True):
    """A box was opened at a unit for a person."""

    unit: str
    weight: int = 1
    person: Personal[Person] | None = None


@event("toy.moved", version=2)
class Moved(Event, frozen=True):
    """A box was carried to another unit."""

    to: str


@upcast("toy.moved", 1)
def _(data: dict[str, Any]) -> dict[str, Any]:
    return {"to": data["unit"]}


@event("toy.weighed")
class Weighed(Event, frozen=True):
    """A box was weighed again."""

    weight: int


@event("toy.closed")
class Closed(Event, frozen=True):
    """A box was closed."""


@event("toy.dropped")
class Dropped(Event, frozen=True):
    """A box was thrown away."""


@event("other.asked")
class Asked(Event, frozen=True):
    """Another service asked a unit for a box."""

    unit: str
    person: Personal[Person] | None = None


@dataclass(frozen=True)
class Open:
    unit: str
    weight: int = 1
    person: Personal[Person] | None = None
    and_close: bool = False


@dataclass(frozen=True)
class Move:
    to: str


@dataclass(frozen=True)
class Weigh:
    weight: int


@dataclass(frozen=True)
class Add:
    """Makes a box heavier: said twice, it is done twice."""

    weight: int


@dataclass(frozen=True)
class Close: ...


@dataclass(frozen=True)
class Drop: ...


@dataclass(frozen=True)
class Ask:
    unit: str
    person: Personal[Person] | None = None


@dataclass(frozen=True)
class Box:
    state: str = "none"
    unit: str = ""
    weight: int = 0


def decide(command: Any, state: Box) -> Sequence[Event]:
    match command, state.state:
        case Open(), "none":
            first = Opened(unit=command.unit, weight=command.weight, person=command.person)
            return [first, Closed()] if command.and_close else [first]
        case (Move() | Weigh() | Add() | Close(), "none"):
            raise Rejected("no_box", Text("Không có hộp", "There is no box"), instead=Text("Mở hộp", "Open one"))
        case Move(to=to), "open" if to != state.unit:
            return [Moved(to=to)]
        case Weigh(weight=weight), "open" if weight != state.weight:
            return [Weighed(weight=weight)]
        case Add(weight=weight), "open":
            return [Weighed(weight=state.weight + weight)]
        case Close(), "open":
            return [Closed()]
        case Drop(), "open" | "closed":
            return [Dropped()]
    return []


def evolve(state: Box, event: Event) -> Box:
    match event:
        case Opened(unit=unit, weight=weight):
            return Box("open", unit, weight)
        case Moved(to=to):
            return Box(state.state, to, state.weight)
        case Weighed(weight=weight):
            return Box(state.state, state.unit, weight)
        case Closed():
            return Box("closed", state.unit, state.weight)
        case Dropped():
            return Box("gone", state.unit, state.weight)
    return state


box = Decider("box", Box(), decide, evolve)
ask = Decider(
    "ask", 0, lambda command, _: [Asked(unit=command.unit, person=command.person)], lambda state, _: state + 1
)


class BoxRow(Row, frozen=True):
    stream: str
    unit: str
    weight: int
    state: str
    at: dt.datetime


class UnitRow(Row, frozen=True):
    unit: str
    opened: int = 0
    asked: int = 0


def _opened(_: BoxRow | None, recorded: Recorded) -> BoxRow:
    event: Any = recorded.event
    if event.unit in broken:
        raise LookupError(f"the projection of {event} is broken")
    return BoxRow(
        stream=recorded.stream, unit=event.unit, weight=event.weight, state="open", at=recorded.meta.happened_at
    )


def _changed(row: BoxRow | None, recorded: Recorded) -> BoxRow | None:
    if row is None:
        return None
    match recorded.event:
        case Moved(to=to):
            return msgspec.structs.replace(row, unit=to)
        case Weighed(weight=weight):
            return msgspec.structs.replace(row, weight=weight)
        case Closed():
            return msgspec.structs.replace(row, state="closed")
    return None


def _unit(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (event.unit,)


def _count(row: UnitRow | None, recorded: Recorded) -> UnitRow:
    event: Any = recorded.event
    row = row or UnitRow(unit=event.unit)
    if isinstance(event, Asked):
        return msgspec.structs.replace(row, asked=row.asked + 1)
    return msgspec.structs.replace(row, opened=row.opened + 1)


boxes = View(
    "box",
    BoxRow,
    {Opened: _opened, Moved: _changed, Weighed: _changed, Closed: _changed, Dropped: _changed},
    totals=(
        Total(
            "per_unit", ("unit", "state"), ("boxes", "weight"), lambda row: [((row.unit, row.state), (1, row.weight))]
        ),
    ),
)
units = View("unit", UnitRow, {Opened: _count, Asked: _count}, key=_unit, key_columns=("unit",), shared=True)


def answer_asked(recorded: Recorded, _: Any) -> Sequence[Answer]:
    event: Any = recorded.event
    return [Answer(box, answer_stream(recorded.stream), Open(unit=event.unit, weight=7))]


def answer_stream(asked: str) -> str:
    """Opened because of a foreign stream: the same foreign stream opens the same box."""
    return f"box-{uuid5(NAMESPACE_URL, asked)}"


class OpenBox(BaseModel):
    """What is asked for: a box at a unit."""

    model_config = ConfigDict(extra="forbid")

    unit: Annotated[str, Field(min_length=1, max_length=50)]
    weight: Annotated[int, Field(ge=0, le=1000)] = 1
    name: str = ""


def _routers() -> list[APIRouter]:
    router = APIRouter(prefix="/boxes")

    @router.post("", status_code=201)
    async def open_box(here: Here, who: Who, ask: Asking, wanted: OpenBox) -> dict[str, Any]:
        person = someone(wanted.name) if wanted.name else None
        command = Open(wanted.unit, wanted.weight, person)
        done = await here.do(box, new_stream(box), command, actor=who, key=ask.key, fingerprint=ask.fingerprint)
        return told(done)

    @router.post("/{id}/add")
    async def add(
        here: Here, who: Who, ask: Asking, id: UUID, weight: int, expected: int | None = None
    ) -> dict[str, Any]:
        done = await here.do(
            box,
            new_stream(box, id),
            Add(weight),
            actor=who,
            expected=expected,
            key=ask.key,
            fingerprint=ask.fingerprint,
        )
        return told(done)

    @router.post("/secret", dependencies=[Depends(may("operator"))])
    async def secret() -> dict[str, str]:
        return {"is": "told"}

    @router.get("/fails/{how}")
    async def fails(how: str) -> None:
        raise FAILURES[how]

    @router.post("/form")
    async def form(unit: Annotated[str, Form()]) -> dict[str, str]:
        return {"unit": unit}

    @router.post("/files")
    async def files(file: UploadFile) -> dict[str, int | None]:
        return {"size": file.size}

    return [router]


def told(done: Done[Box]) -> dict[str, Any]:
    return {"stream": done.stream, "number": done.number, "repeated": done.repeated, "weight": done.state.weight}


FAILURES: dict[str, Exception] = {
    "conflict": Conflict("box-1"),
    "erased": Erased("somebody"),
    "reused": KeyReused("key"),
    "bug": RuntimeError("Nguyễn Văn Bình"),
    "outage": ConnectionRefusedError("nobody listens"),
    "cut": asyncpg.InternalClientError("cannot switch to state 12"),
    "gone": asyncpg.ConnectionDoesNotExistError("closed in the middle of an operation"),
}


definition = Definition(
    name=NAME,
    deciders=(box,),
    hears=(NAME, OTHER),
    views=(boxes, units),
    policy={Asked: answer_asked},
    tables=TABLES,
    routers=_routers,
)
asking = Definition(
    name=OTHER, deciders=(ask,), hears=(OTHER,), views=(), policy={}, tables=TABLES.with_name("empty.sql")
)


def someone(name: str, identity: str = "") -> Personal[Person]:
    return Personal(subject=uuid4(), clear=Person(name, identity))


async def opened(service: Service, unit: str = "A", **more: Any) -> str:
    """A new box's stream."""
    stream = new_stream(box)
    await service.do(box, stream, Open(unit=unit, **more), actor=ACTOR)
    return stream


async def seal(service: Service) -> int:
    """Seal all that waits, as the sequencer would."""
    epoch = await service.pool.fetchval("SELECT truth.take_over()")
    return int(await service.pool.fetchval("SELECT truth.seal($1, 100000)", epoch))


async def relayed(service: Service, after: int = 0, offset: int = 0) -> list[Message]:
    """The messages of one partition that would hold everything sealed after this position."""
    await seal(service)
    rows = await service.pool.fetch(NEXT_PAGE, after, 100_000)
    return [
        Message(n, dict(wire.headers(f"/motcua/{service.name}".encode(), 1, row)), row["data"])
        for n, row in enumerate(rows, offset)
    ]


def message(
    offset: int, stream: str, event: Event, *, number: int = 1, position: int = 0, place: Any = None, **headers: Any
) -> Message:
    """A message as another service would have sent it; headers, and what says its place, can be replaced by
    what a test needs."""
    now = dt.datetime.now(dt.UTC)
    row = {
        "id": uuid5(UUID(int=0), f"{stream} {number}"),
        "stream": stream,
        "number": number,
        "type": event.type,
        "version": event.version,
        "position": position or offset + 1,
        "meta": msgspec.json.encode(Meta(actor=ACTOR, happened_at=now, recorded_at=now)),
    }
    value = headers.pop("value", encode(event))
    made = dict(wire.headers(b"/motcua/reporting", 1, row))
    if place is not None:
        made["ce_motcua"] = msgspec.json.encode(msgspec.json.decode(made["ce_motcua"]) | place)
    return Message(offset, made | headers, value)


@asynccontextmanager
async def running(*roles: Any) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Relays, workers, timers, until the end of the block."""
    tasks = [asyncio.create_task(role.run()) for role in roles]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def publish(*services: Service) -> None:
    """Relay until Kafka has everything."""
    async with running(*(Relay(each.name, each.settings) for each in services)):
        for each in services:
            await until(partial(_published, each))


async def _published(service: Service) -> bool:
    found = await service.pool.fetchval("SELECT published = (SELECT count(*) FROM truth.events) FROM truth.log")
    return bool(found)


async def catch_up(service: Service) -> None:
    """Hear all that the topics hold by now."""
    places = [(service.settings.topic(each), n) for each in service.definition.hears for n in range(4)]
    heard = await feed.heard(service.pool)
    async with feed.consumer(service.settings) as reader:
        ends = await feed.ends(reader, places)
        async for topic, partition, messages in feed.ranges(reader, {p: (heard.get(p, 0), ends[p]) for p in places}):
            await service.hear(topic, partition, messages)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait for a condition; fails where it does not come true in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def rows(connection: Any) -> dict[str, list[tuple[Any, ...]]]:
    """All views, sorted: what must be equal, row for row."""
    return {
        table: sorted(tuple(row) for row in await connection.fetch(f"SELECT * FROM view.{table}"))
        for table in ("box", "per_unit", "unit")
    }
