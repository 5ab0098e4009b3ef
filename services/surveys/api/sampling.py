"""The frame of a yearly campaign and the sample that is drawn from it, over HTTP: import, see what a design comes to,
draw once, draw again to check, replace a school that can't take part."""

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import say as spoken
from kernel.service import Service
from kernel.tables import Unreadable, read_table
from kernel.web import Ask, Asked, Here, Lang
from schemas.event import Actor
from schemas.surveys import Chosen, Design, FrameSchool, Reserve, StratumPlan
from services.surveys.api.access import Manager, Reader
from services.surveys.api.campaigns import CampaignTold, Expected, Found, Reason, find, now, say
from services.surveys.api.counting import invited_of
from services.surveys.api.tables import as_csv
from services.surveys.domain import drawing, frame, sampling
from services.surveys.domain.frame import Problem

router = APIRouter(tags=["Mẫu khảo sát / Samples"])
MOST_ROWS = 30_000
CALLED = {
    "stratum": ("stratum", "nhóm", "tầng", "địa bàn"),
    "school": ("school", "mã trường"),
    "name": ("name", "tên trường"),
    "class": ("class", "lớp"),
    "size": ("size", "sĩ số", "số người"),
}
"""What a column may be called, in small letters."""


class StratumTold(BaseModel):
    """A stratum of a frame."""

    stratum: str
    schools: int
    classes: int
    people: int


class FrameTold(BaseModel):
    """A frame. `imported`: it is the campaign's now (not: it was only looked at)."""

    imported: bool
    digest: str
    schools: int
    classes: int
    people: int
    strata: list[StratumTold]


class SizeTold(BaseModel):
    """What a design comes to: `needed` answers of `asked` people in `drawn` schools."""

    needed: int
    asked: int
    drawn: int
    strata: list[StratumPlan]


class DrawTold(BaseModel):
    """The sample and all that it takes to draw it again: the frame of this digest, the design, the seed, the method.
    `repeats`: drawing again just now came to the same. `chosen` are the classes as they were drawn; `replaced` names
    schools that could not take part, by the one that does ("": none was left)."""

    digest: str
    seed: str
    method: str
    design: Design
    target: int
    drawn_at: dt.datetime
    repeats: bool
    strata: list[StratumPlan]
    chosen: list[Chosen]
    reserves: list[Reserve]
    replaced: dict[str, str]


class ReplaceBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Trường đang sửa chữa"}]})

    reason: Reason


class BadFrame(Exception):
    """A file that no frame can be read from, with what is wrong with it."""

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__(found[0].says.en)
        self.found = found

    def problem(self, lang: str) -> dict[str, Any]:
        """RFC 9457, one error a row."""
        errors = [
            {
                "where": spoken(each.where, lang=lang),
                "what": f"{spoken(each.says, lang=lang)} {spoken(each.instead, lang=lang)}",
                "kind": "row",
            }
            for each in self.found
        ]
        says = Text("Danh sách có chỗ chưa đúng, chưa nhập gì cả.", "Some rows are wrong; nothing was imported.")
        return problems.problem(422, "bad_frame", says, lang, errors=errors)


def unreadable(says: Text) -> BadFrame:
    instead = Text(
        "Lưu lại thành CSV (UTF-8) hoặc XLSX với các cột: nhóm, mã trường, tên trường, lớp, sĩ số.",
        "Save it as CSV (UTF-8) or XLSX with the columns stratum, school, name, class, size.",
    )
    return BadFrame([Problem(where=Text("Cả tệp", "The whole file"), says=says, instead=instead)])


# Reading a file


def read_frame(content: bytes) -> tuple[FrameSchool, ...]:
    """The frame in a CSV or XLSX file. Raises BadFrame."""
    try:
        lines = dict(read_table(content, most=MOST_ROWS))
    except Unreadable as error:
        raise unreadable(error.says) from None
    heading = next(iter(lines.values()), {})
    named = {" ".join(each.lower().split()): each for each in heading}
    columns = {name: next((named[each] for each in called if each in named), "") for name, called in CALLED.items()}
    if missing := [name for name, column in columns.items() if not column]:
        raise unreadable(
            Text(f"Thiếu cột: {', '.join(missing)}.", f"A column is missing: {', '.join(missing)}.")
            if lines
            else Text("Tệp không có dòng nào.", "The file has no row.")
        )
    # Lines that are empty are rows without anything, so that each row keeps its number.
    rows = [
        {name: lines.get(line, {}).get(column, "") for name, column in columns.items()}
        for line in range(2, max(lines) + 1)
    ]
    if found := frame.row_problems(rows):
        raise BadFrame(found)
    return frame.read(rows)


# What is asked


def frame_told(schools: Sequence[FrameSchool], digest: str, *, imported: bool) -> FrameTold:
    strata = []
    for stratum in sorted({each.stratum for each in schools}):
        inside = [each for each in schools if each.stratum == stratum]
        strata.append(
            StratumTold(
                stratum=stratum,
                schools=len(inside),
                classes=sum(len(each.classes) for each in inside),
                people=sum(map(sampling.size_of, inside)),
            )
        )
    return FrameTold(
        imported=imported,
        digest=digest,
        schools=len(schools),
        classes=sum(each.classes for each in strata),
        people=sum(each.people for each in strata),
        strata=strata,
    )


async def import_frame(
    service: Service, actor: Actor, id: UUID, content: bytes, asked: Asked, *, dry: bool, expected: int | None = None
) -> FrameTold:
    """Take a frame, or only look at it. Raises BadFrame, Rejected, Conflict, 404."""
    found = await find(service, id)
    schools = read_frame(content)
    digest = frame.digest(schools)
    if not dry:
        command = drawing.ImportFrame(schools=schools, digest=digest, at=service.clock.now())
        await say(service, actor, found.stream, command, asked, expected)
    return frame_told(schools, digest, imported=not dry)


def schools_of(found: Found) -> tuple[FrameSchool, ...]:
    """The campaign's frame. Raises 409 where there is none."""
    if found.state.frame is None:
        raise HTTPException(409, Text("Hãy nhập khung mẫu trước.", "Import a frame first."))
    return found.state.frame.schools


def size(found: Found, design: Design) -> SizeTold:
    """What a design would come to. Raises 409 without a frame."""
    strata = sampling.planned(schools_of(found), design, found.row.target)
    return SizeTold(
        needed=sum(each.needed for each in strata),
        asked=sum(each.asked for each in strata),
        drawn=sum(each.drawn for each in strata),
        strata=list(strata),
    )


async def draw(
    service: Service, actor: Actor, id: UUID, design: Design, asked: Asked, expected: int | None = None
) -> None:
    """Draw, by a seed that nobody chose. Raises Rejected (drawn already), Conflict, 404, 409."""
    found = await find(service, id)
    kept, seed = found.state.frame, secrets.token_hex(16)
    sample = sampling.draw(kept.schools if kept else (), design, seed, found.row.target)
    command = drawing.Draw(
        design=design,
        digest=kept.digest if kept else "",
        seed=seed,
        method=sampling.METHOD,
        strata=sample.strata,
        chosen=sample.chosen,
        reserves=sample.reserves,
        at=service.clock.now(),
    )
    await say(service, actor, found.stream, command, asked, expected)


def drawn(found: Found) -> DrawTold:
    """The sample, drawn again to see whether it comes to the same. Raises 404."""
    sample, kept = found.state.sample, found.state.frame
    if sample is None or kept is None:
        raise HTTPException(404, Text("Chưa rút mẫu.", "No sample was drawn yet."))
    again = sampling.draw(kept.schools, sample.design, sample.seed, found.row.target)
    same = (again.strata, again.chosen, again.reserves) == (sample.strata, sample.chosen, sample.reserves)
    return DrawTold(
        digest=sample.digest,
        seed=sample.seed,
        method=sample.method,
        design=sample.design,
        target=found.row.target,
        drawn_at=sample.drawn_at,
        repeats=same and frame.digest(kept.schools) == sample.digest and sample.method == sampling.METHOD,
        strata=list(sample.strata),
        chosen=list(sample.chosen),
        reserves=list(sample.reserves),
        replaced=dict(found.state.replaced),
    )


async def replace_school(
    service: Service, actor: Actor, id: UUID, school: str, reason: str, asked: Asked, expected: int | None = None
) -> None:
    """Let the next of the reserve take part in a school's place. Raises Rejected (people of it have answered: who does
    not is non-response then), Conflict, 404."""
    found = await find(service, id)
    sample, state = found.state.sample, found.state
    invited = await invited_of(service, found.stream)
    if answered := sum(each.used for cell, each in invited.items() if cell[:1] == (school,)):
        raise Rejected(
            "school_answered",
            Text(
                "Trường này đã có {count} người trả lời nên không thay được.",
                "{count} people of this school have answered, so it can't be replaced.",
            ).of(count=answered),
            instead=Text(
                "Cứ để trường trong mẫu: ai không trả lời được tính là không trả lời.",
                "Leave it in the sample: who does not answer counts as not answering.",
            ),
            answered=answered,
        )
    stratum = next((each.stratum for each in state.chosen if each.school == school), "")
    following = drawing.next_reserve(state, stratum)
    chosen: tuple[Chosen, ...] = ()
    if sample and state.frame and following:
        plan = next(each for each in sample.strata if each.stratum == stratum)
        _, chosen = sampling.replacement(state.frame.schools, sample.design, sample.seed, plan, (following,))
    command = drawing.ReplaceSchool(
        school=school, by=following, chosen=chosen, reason=reason.strip(), at=service.clock.now()
    )
    await say(service, actor, found.stream, command, asked, expected)


# Routes


@router.post(
    "/campaigns/{id}/frame", response_model=FrameTold, summary="Import the schools and classes (survey manager)"
)
async def post_frame(
    service: Here,
    actor: Manager,
    said: Lang,
    id: UUID,
    file: UploadFile,
    dry_run: Annotated[bool, Query(description="Only look at it.")] = False,
    expected: Expected = None,
) -> Any:
    """A CSV or XLSX file with the columns stratum, school, name, class, size (or their Vietnamese names). All rows or
    none: what is wrong is told row by row."""
    try:
        asked = Asked(None, b"", said)  # the same file again is the same frame: it needs no key
        return await import_frame(service, actor, id, await file.read(), asked, dry=dry_run, expected=expected)
    except BadFrame as error:
        return _bad(error, said)


def _bad(error: BadFrame, said: str) -> Response:
    body = msgspec.json.encode(error.problem(said))
    return Response(body, 422, {"content-language": said}, media_type="application/problem+json")


@router.get("/campaigns/{id}/frame.csv", response_class=Response, summary="The frame as CSV (staff)")
async def get_frame(service: Here, _: Reader, id: UUID) -> Response:
    """As it is kept: whoever has this file, the design and the seed can draw again."""
    rows = [
        (school.stratum, school.school, school.name, each.name, each.size)
        for school in schools_of(await find(service, id))
        for each in school.classes
    ]
    return as_csv("frame.csv", frame.COLUMNS, rows, guard=False)


@router.post("/campaigns/{id}/size", summary="What a design would come to (survey manager)")
async def post_size(service: Here, _: Manager, id: UUID, design: Design) -> SizeTold:
    return size(await find(service, id), design)


@router.post("/campaigns/{id}/draw", summary="Draw the sample, once (survey manager)")
async def post_draw(
    service: Here, actor: Manager, asked: Ask, id: UUID, design: Design, expected: Expected = None
) -> DrawTold:
    """The seed is made by chance when this is asked; a second draw is refused."""
    await draw(service, actor, id, design, asked, expected)
    return drawn(await find(service, id))


@router.get("/campaigns/{id}/draw", summary="The sample, drawn again to check it (staff)")
async def get_draw(service: Here, _: Reader, id: UUID) -> DrawTold:
    return drawn(await find(service, id))


@router.post(
    "/campaigns/{id}/schools/{school}/replace", summary="Replace a school that can't take part (survey manager)"
)
async def post_replace(
    service: Here,
    actor: Manager,
    asked: Ask,
    response: Response,
    id: UUID,
    school: str,
    body: ReplaceBody,
    expected: Expected = None,
) -> CampaignTold:
    """The next of the stratum's reserve takes its place; nobody chooses which."""
    await replace_school(service, actor, id, school, body.reason, asked, expected)
    return await now(service, (await find(service, id)).stream, response)
