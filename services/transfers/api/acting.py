"""What officers do to a case: describe it, end its steps, choose a class, raise it to a special one."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from kernel.access import Staff
from kernel.decider import Text
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor, Personal
from schemas.people import Person
from schemas.transfers import Facts
from services.transfers.api.access import CONSENTERS, HEADS, WRITERS, check_acts
from services.transfers.api.case import Case, Found, find, told, units
from services.transfers.api.reference import known as known_now
from services.transfers.domain import commands as life
from services.transfers.domain.dossier import class_stream
from services.transfers.domain.place import school_class
from services.transfers.domain.transfer import transfer
from services.transfers.projection.transfer import read_facts

router = APIRouter(tags=["Chuyển trường / Transfers"])
EITHER = WRITERS | HEADS
Reason = Annotated[str, Field(min_length=3, max_length=4000, pattern=r"\S")]
StepName = Literal["release", "introduce", "consult", "accept", "records", "placement"]


class DescribeBody(BaseModel):
    """What a dossier is judged by, and who the pupil is, where it came without."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "facts": {
                        "from_school": "thpt-tran-phu",
                        "to_school": "thpt-le-loi",
                        "grade": 11,
                        "documents": ["application", "record"],
                    },
                    "pupil": {"name": "Nguyễn Gia Bảo", "id_number": "001210000001"},
                }
            ]
        },
    )

    facts: Facts
    pupil: Person


class EndBody(BaseModel):
    """End a step. `turn` is the one that the person saw. Refusing needs a reason."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"turn": 1}]})

    turn: Annotated[int, Field(ge=1, le=1000)]
    reason: Annotated[str, Field(max_length=4000)] = ""
    document_number: Annotated[str, Field(max_length=60)] = ""


class ClassBody(BaseModel):
    """The class that the case waits for, by its name; school, school year and grade are the case's own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "11A1"}]})

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]


class RaiseBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "Gia đình có hoàn cảnh đặc biệt, cần xin ý kiến lãnh đạo Sở."}]},
    )

    reason: Reason


async def say(
    service: Service, actor: Actor, stream: str, command: Any, asked: Asked, *, expected: int | None = None
) -> None:
    """Give a case a command. Raises Rejected, Conflict."""
    await service.do(
        transfer,
        stream,
        command,
        actor=actor,
        expected=expected,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )


async def describe(service: Service, actor: Actor, id: UUID, body: DescribeBody, asked: Asked) -> None:
    """Fill in what a dossier is judged by. Raises Rejected, 403, 404, 422."""
    row = (await find(service, id)).row
    check_acts(actor, EITHER, units(row))
    known = await known_now(service)
    for school in (body.facts.from_school, body.facts.to_school):
        if school and school not in known.units:  # its steps would be nobody's
            raise HTTPException(422, Text("Không có trường này trong danh mục đơn vị.", "No such school is known."))
    number = body.pupil.id_number
    subject = await service.vault.living(number) if number else uuid7()
    command = life.Describe(
        known=known,
        facts=body.facts,
        pupil=subject,
        who=Personal(subject=subject, clear=body.pupil),
        at=service.clock.now(),
        by=actor.id,
        tracking=row.tracking,
    )
    await say(service, actor, row.stream, command, asked)


async def end_step(
    service: Service, actor: Actor, id: UUID, step: StepName, outcome: Any, body: EndBody, asked: Asked
) -> None:
    """Consent, refuse or say that it is done. Raises Rejected, 403, 404, 422."""
    found = await find(service, id)
    row = found.row
    run = found.steps.get((step, body.turn))
    if run is None:
        raise HTTPException(404, Text("Bước này chưa mở.", "This step is not open."))
    check_acts(actor, HEADS if step in CONSENTERS else EITHER, {run.unit})
    reason = body.reason.strip()
    if outcome == "refused" and len(reason) < 3:
        raise HTTPException(422, Text("Không đồng ý thì phải nêu lý do.", "To refuse needs a reason."))
    command = life.EndStep(
        step=step,
        turn=body.turn,
        outcome=outcome,
        at=service.clock.now(),
        by=actor.id,
        ground="head_refused" if outcome == "refused" else None,
        note=Personal(subject=row.pupil, clear=reason) if reason and row.pupil else None,
        document_number=body.document_number.strip(),
        unmanaged=step == "accept" and await _unmanaged(service, found),
    )
    await say(service, actor, row.stream, command, asked)


async def _unmanaged(service: Service, found: Found) -> bool:
    """Whether the receiving school opened no class of this grade and school year."""
    row = found.row
    grade = read_facts(row.facts).grade if row.facts else 0
    count = await service.pool.fetchval(
        "SELECT count(*) FROM view.class WHERE school = $1 AND year = $2 AND grade = $3",
        row.to_school,
        row.year,
        grade,
    )
    return not count


async def choose_class(service: Service, actor: Actor, id: UUID, name: str, asked: Asked) -> None:
    """Let the case wait for a class of the receiving school. Raises Rejected, 403, 404, 422."""
    row = (await find(service, id)).row
    check_acts(actor, EITHER, {row.to_school})
    grade = read_facts(row.facts).grade if row.facts else 0
    state, _ = await service.state(school_class, class_stream(row.to_school, row.year, grade, name))
    if row.year and not state.opened:
        raise HTTPException(
            422,
            Text(
                "Trường chưa mở lớp này để tiếp nhận. Hãy mở lớp và số chỗ trước.",
                "The school has not opened this class. Open it with its places first.",
            ),
        )
    command = life.ChooseClass(name=name.strip(), at=service.clock.now(), by=actor.id)
    await say(service, actor, row.stream, command, asked)


async def raise_case(service: Service, actor: Actor, id: UUID, reason: str, asked: Asked) -> None:
    """Make an ordinary case special. Raises Rejected, 403, 404."""
    row = (await find(service, id)).row
    check_acts(actor, EITHER, units(row))
    command = life.Raise(
        known=await known_now(service),
        reason=Personal(subject=subject_of(row.pupil), clear=reason.strip()),
        at=service.clock.now(),
        by=actor.id,
    )
    await say(service, actor, row.stream, command, asked)


def subject_of(pupil: UUID | None) -> UUID:
    """The key under which a case's texts are sealed. Raises 409 where the case was not described yet."""
    if pupil is None:
        raise HTTPException(409, Text("Hãy nhập thông tin chuyển trường trước.", "Describe the transfer first."))
    return pupil


async def now(service: Service, id: UUID, response: Response) -> Case:
    """The case with what was just decided."""
    case = await told(service, await find(service, id))
    response.headers["etag"] = f'"{case.number}"'
    return case


@router.post("/transfers/{id}/describe", summary="Fill in what a dossier is judged by (officers of its units)")
async def post_describe(
    service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: DescribeBody
) -> Case:
    """For a dossier that came without: at a desk without the form, or from another system."""
    await describe(service, actor, id, body, asked)
    return await now(service, id, response)


def _ending(outcome: Literal["consented", "refused", "done"]) -> Any:
    async def post_end(
        service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, step: StepName, body: EndBody
    ) -> Case:
        await end_step(service, actor, id, step, outcome, body, asked)
        return await now(service, id, response)

    return post_end


for path, outcome_, summary in (
    ("consent", "consented", "Consent to a step (head of its unit)"),
    ("refuse", "refused", "Refuse a step, with a reason (head of its unit)"),
    ("done", "done", "Records were handed over, the pupil was placed (officers of the step's unit)"),
):
    router.add_api_route(
        f"/transfers/{{id}}/steps/{{step}}/{path}",
        _ending(outcome_),  # type: ignore[arg-type]
        methods=["POST"],
        response_model=Case,
        summary=summary,
        name=f"post_{path}",
    )


@router.post("/transfers/{id}/class", summary="Choose the class (officers of the receiving school)")
async def post_class_choice(
    service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: ClassBody
) -> Case:
    await choose_class(service, actor, id, body.name, asked)
    return await now(service, id, response)


@router.post("/transfers/{id}/raise", summary="Make it a special case, with a reason (officers of its units)")
async def post_raise(service: Here, actor: Staff, asked: Ask, response: Response, id: UUID, body: RaiseBody) -> Case:
    """Nobody can make it ordinary again."""
    await raise_case(service, actor, id, body.reason, asked)
    return await now(service, id, response)
