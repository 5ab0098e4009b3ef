"""Classes and their places, over HTTP: open one, change its places, see where there is room."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kernel.access import Staff
from kernel.decider import Text
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor
from services.transfers.api.access import check_acts
from services.transfers.domain import place
from services.transfers.domain.dossier import class_stream
from services.transfers.domain.place import school_class

router = APIRouter(tags=["Lớp và chỗ học / Classes"])
ClassId = Annotated[str, Path(pattern=r"^class-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
OPENS = frozenset({"unit_head", "operator"})
LIST = """
SELECT c.*, coalesce(s.taken, 0)::int AS taken, coalesce(s.reserved, 0)::int AS reserved,
    coalesce(s.waiting, 0)::int AS waiting
FROM view.class c LEFT JOIN view.seats s ON s.stream = c.stream
WHERE ($1 = '' OR c.school = $1) AND ($2 = 0 OR c.year = $2) AND ($3 = 0 OR c.grade = $3)
AND ($4 = '' OR c.stream = $4)
ORDER BY c.school, c.year DESC, c.grade, c.name LIMIT 1000
"""


class OpenBody(BaseModel):
    """A class that takes pupils. `year` is the first calendar year of its school year."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"school": "thpt-le-loi", "year": 2026, "grade": 11, "name": "11A1", "places": 3}]
        },
    )

    school: Annotated[str, Field(min_length=1, max_length=60)]
    year: Annotated[int, Field(ge=2000, le=2099)]
    grade: Annotated[int, Field(ge=10, le=12)]
    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")]
    places: Annotated[int, Field(ge=0, le=1000)]
    subjects: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], Field(max_length=20)] = ()


class PlacesBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"places": 5}]})

    places: Annotated[int, Field(ge=0, le=1000)]


class ClassTold(BaseModel):
    """A class. `free`: places that nobody has and nobody has reserved; `waiting`: cases that wait for one."""

    id: str
    school: str
    year: int
    grade: int
    name: str
    subjects: list[str]
    places: int
    taken: int
    reserved: int
    waiting: int
    free: int


class Changed(BaseModel):
    """What a command came to: `number` counts the events of its stream; not `changed`: it was already so."""

    stream: str
    number: int
    changed: bool


def told(row: Mapping[str, Any]) -> ClassTold:
    return ClassTold(
        id=row["class_id"],
        subjects=_subjects(row["subjects"]),
        free=max(0, row["places"] - row["taken"] - row["reserved"]),
        **{name: row[name] for name in ("school", "year", "grade", "name", "places", "taken", "reserved", "waiting")},
    )


def _subjects(text: str) -> list[str]:
    return list(TypeAdapter(list[str]).validate_json(text))


async def listed(service: Service, school: str = "", year: int = 0, grade: int = 0, id: str = "") -> list[ClassTold]:
    """Classes, by school, year, grade and name."""
    return [told(row) for row in await service.pool.fetch(LIST, school, year, grade, id)]


async def open_class(service: Service, actor: Actor, body: OpenBody, asked: Asked) -> Changed:
    """Let a class take pupils. Raises Rejected, 403, 422."""
    check_acts(actor, OPENS, {body.school})
    if not await service.pool.fetchval("SELECT count(*) FROM view.unit WHERE unit = $1", body.school):
        raise HTTPException(422, Text("Không có trường này trong danh mục đơn vị.", "No such school is known."))
    command = place.OpenClass(
        school=body.school,
        year=body.year,
        grade=body.grade,
        name=body.name.strip(),
        places=body.places,
        subjects=body.subjects,
        at=service.clock.now(),
    )
    stream = class_stream(body.school, body.year, body.grade, body.name)
    return await _say(service, actor, stream, command, asked)


async def change_places(service: Service, actor: Actor, id: str, places: int, asked: Asked) -> Changed:
    """Give a class another number of places. Raises Rejected, 403, 404."""
    state, _ = await service.state(school_class, id)
    if not state.opened:
        raise HTTPException(404, Text("Không có lớp này.", "There is no such class."))
    check_acts(actor, OPENS, {state.school})
    return await _say(service, actor, id, place.ChangePlaces(places=places, at=service.clock.now()), asked)


async def _say(service: Service, actor: Actor, stream: str, command: Any, asked: Asked) -> Changed:
    done = await service.do(school_class, stream, command, actor=actor, key=asked.key, fingerprint=asked.fingerprint)
    return Changed(stream=stream, number=done.number, changed=bool(done.events))


@router.get("/classes", summary="Classes that take pupils, and where there is room")
async def get_classes(
    service: Here,
    school: Annotated[str, Query(max_length=60)] = "",
    year: Annotated[int, Query(ge=0, le=2099)] = 0,
    grade: Annotated[int, Query(ge=0, le=12)] = 0,
) -> list[ClassTold]:
    """Open to all: a family wants to know where there is room. `GET /classes?school=thpt-le-loi&grade=11`."""
    return await listed(service, school, year, grade)


@router.post("/classes", summary="Let a class take pupils (head of the school, operator)")
async def post_class(service: Here, actor: Staff, asked: Ask, body: OpenBody) -> Changed:
    return await open_class(service, actor, body, asked)


@router.post("/classes/{id}/places", summary="Another number of places (head of the school, operator)")
async def post_places(service: Here, actor: Staff, asked: Ask, id: ClassId, body: PlacesBody) -> Changed:
    """Never fewer than are taken. More places go at once to those who wait, by their time of submission."""
    return await change_places(service, actor, id, body.places, asked)
