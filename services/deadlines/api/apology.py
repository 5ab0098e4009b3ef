"""Apologies, over HTTP: read, edit, sign, print, and write down that one was handed over."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kernel import logs
from kernel.access import Staff
from kernel.calendar import local
from kernel.decider import Text
from kernel.letters import TakeNumber
from kernel.service import Done, Service
from kernel.web import Ask, Asked, Here
from schemas.deadlines import Letter, Way
from schemas.event import Actor, Personal
from schemas.people import Person
from services.deadlines.api import letter as letters_of
from services.deadlines.api.access import DELIVERERS, SIGNERS, WRITERS, check_acts, check_sees
from services.deadlines.api.reference import rules_for
from services.deadlines.domain import apology as sorry
from services.deadlines.domain.apology import apology
from services.deadlines.domain.letters import letters, letters_stream

router = APIRouter(tags=["Xin lỗi / Apologies"])
ERASED = "[đã xóa theo yêu cầu]"
ROW = """
SELECT a.*, c.received_by, c.decided_by AS decides, c.unit, c.procedure_name, c.received_at
FROM view.apology a JOIN view.clock c ON c.stream = a.clock WHERE a.stream = $1
"""


class ApologyTold(BaseModel):
    """An apology as officers see it. `number` is what If-Match and the next draft count from; `reason` and `addressee`
    are null where the person was erased."""

    id: UUID
    application: UUID
    code: str
    procedure_name: str
    decided_by: str
    status: Literal["due", "issued", "delivered", "undeliverable", "lapsed"]
    cause: Literal["forecast", "breach"]
    received_at: dt.datetime
    due_at: dt.datetime
    issue_by: dt.datetime
    missed: bool
    drafts: int
    addressee: str | None
    reason: str | None
    new_due_at: dt.datetime | None
    answered_at: dt.datetime | None
    way: Way
    letter_number: str
    issued_at: dt.datetime | None
    in_time: bool | None
    delivered_at: dt.datetime | None
    undelivered: str


class DraftBody(BaseModel):
    """Another text. `draft` is the number that it will have: one more than `drafts`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "draft": 2,
                    "reason": "Hồ sơ cần xác minh tại trường cũ nên chưa có kết quả.",
                    "new_due_at": "2026-09-04T17:00:00+07:00",
                }
            ]
        },
    )

    draft: Annotated[int, Field(ge=1, le=1000)]
    reason: Annotated[str, Field(min_length=3, max_length=4000)]
    new_due_at: AwareDatetime | None = None


class IssueBody(BaseModel):
    """Sign the last draft. `way`: how it is sent, where not as the applicant chose."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"signer": "Trần Văn Hùng", "position": "Hiệu trưởng"}]},
    )

    signer: Annotated[str, Field(min_length=2, max_length=200)]
    position: Annotated[str, Field(min_length=2, max_length=200)]
    way: Way | None = None


class DeliverBody(BaseModel):
    """It was handed over, posted or read out on the telephone. `proof` is a number, never a name."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"way": "desk"}]})

    way: Literal["phone", "desk"] = "desk"
    proof: Annotated[str, Field(max_length=100)] = ""


def stream_of(id: UUID) -> str:
    return f"apology-{id}"


async def find(service: Service, id: UUID) -> Mapping[str, Any]:
    """An apology's row with what its clock says. Raises 404."""
    row = await service.pool.fetchrow(ROW, stream_of(id))
    if row is None:
        raise HTTPException(404, Text("Không có phiếu xin lỗi này.", "There is no such apology."))
    logs.about(row["code"])
    return row  # type: ignore[no-any-return]


def units(row: Mapping[str, Any]) -> set[str]:
    return {row["received_by"], row["decides"], row["unit"]} - {""}


async def recipient(service: Service, application: str) -> tuple[Person | None, str, str]:
    """Whom a dossier's letters go to (None: erased), what the dossier is about, and how they wished to be told."""
    row = await service.pool.fetchrow("SELECT * FROM view.recipient WHERE stream = $1", application)
    if row is None:
        return None, "", "none"
    boxes: list[tuple[Personal[Any], Any]] = [(Personal(subject=row["subject"], sealed=row["applicant"]), Person)]
    if row["content"]:
        boxes.append((Personal(subject=row["subject"], sealed=row["content"]), str))
    person, *content = await service.vault.unseal(boxes)
    return person, (content[0] or "") if content else "", row["notify"]


def way_of(person: Person | None, notify: str) -> Way:
    """How the applicant chose to be told, as far as it can be done."""
    if notify == "email" and person and person.email:
        return "email"
    if notify == "sms" and person and person.phone:
        return "sms"
    return "phone" if notify == "phone" else "desk"


async def told(service: Service, row: Mapping[str, Any]) -> ApologyTold:
    """A row as officers see it."""
    person, _, notify = await recipient(service, row["application"])
    reason: str | None = None
    if row["reason"]:
        reason = (await service.vault.unseal([(Personal(subject=row["subject"], sealed=row["reason"]), str)]))[0]
    return ApologyTold(
        id=UUID(row["stream"].partition("-")[2]),
        application=UUID(row["application"].partition("-")[2]),
        addressee=person.name if person else None,
        reason=reason,
        way=row["way"] or way_of(person, notify),
        decided_by=row["decides"],
        **{
            name: row[name]
            for name in ApologyTold.model_fields
            if name not in {"id", "application", "addressee", "reason", "way", "decided_by"}
        },
    )


async def draft(service: Service, actor: Actor, id: UUID, body: DraftBody, asked: Asked) -> None:
    """Write another text. Raises Rejected, 403, 404."""
    row = await find(service, id)
    check_acts(actor, WRITERS, {row["decides"], row["unit"]})
    now = service.clock.now()
    command = sorry.Draft(
        draft=body.draft,
        reason=Personal(subject=row["subject"], clear=body.reason.strip()),
        new_due_at=body.new_due_at and body.new_due_at.astimezone(dt.UTC),
        at=now,
        by=actor.id,
    )
    await service.do(apology, row["stream"], command, actor=actor, key=asked.key, fingerprint=asked.fingerprint)


async def issue(service: Service, actor: Actor, id: UUID, body: IssueBody, asked: Asked) -> Done[sorry.Apology]:
    """Sign the last draft, as the head of the body that decides. Raises Rejected, 403, 404."""
    row = await find(service, id)
    check_acts(actor, SIGNERS, {row["decides"]})
    if asked.key and (done := await service.again(apology, asked.key, asked.fingerprint)):
        return done
    state, number = await service.state(apology, row["stream"])
    if state.status != "due" or state.reason is None:
        return await service.do(apology, row["stream"], _sign(state, "", row, body, None, actor, service), actor=actor)
    person, content, notify = await recipient(service, row["application"])
    (reason,) = await service.vault.unseal([(state.reason, str)])
    letter = Letter(
        addressee=person.name if person else ERASED,
        organisation=bool(person and person.kind == "organisation"),
        address=person.address.line if person else "",
        phone=person.phone if person else "",
        email=person.email if person else "",
        content=content,
        reason=reason or ERASED,
        signer=body.signer.strip(),
    )
    year = local(service.clock.now()).year
    taken = await service.do(
        letters,
        letters_stream(row["decides"], year),
        TakeNumber(unit=row["decides"], year=year, request=id),
        actor=actor,
    )
    suffix = rules_for(row["received_at"]).apology.suffix
    signed = _sign(
        state, f"{taken.state.last:02}/{suffix}", row, body, letter, actor, service, way=way_of(person, notify)
    )
    return await service.do(
        apology,
        row["stream"],
        signed,
        actor=actor,
        expected=number,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )


def _sign(
    state: sorry.Apology,
    number: str,
    row: Mapping[str, Any],
    body: IssueBody,
    letter: Letter | None,
    actor: Actor,
    service: Service,
    way: Way = "desk",
) -> sorry.Issue:
    return sorry.Issue(
        number=number,
        rule=rules_for(row["received_at"]).apology,
        letter=Personal(subject=row["subject"], clear=letter),
        new_due_at=state.new_due_at,
        way=body.way or way,
        at=service.clock.now(),
        signed_by=actor.id,
        position=body.position.strip(),
    )


async def deliver(service: Service, actor: Actor, id: UUID, body: DeliverBody) -> None:
    """Write down that it was handed over, posted or read out. Raises Rejected, 403, 404."""
    row = await find(service, id)
    check_acts(actor, DELIVERERS, units(row))
    command = sorry.Deliver(way=body.way, at=service.clock.now(), proof=body.proof, by=actor.id)
    await service.do(apology, row["stream"], command, actor=actor)


async def letter_of(service: Service, row: Mapping[str, Any]) -> letters_of.Apology:
    """An apology as it is printed: what was signed, or, before that, the draft."""
    state, _ = await service.state(apology, row["stream"])
    person, content, _ = await recipient(service, row["application"])
    letter: Letter | None = None
    reason: str | None = None
    if state.letter:
        (letter,) = await service.vault.unseal([(state.letter, Letter)])
    elif state.reason:
        (reason,) = await service.vault.unseal([(state.reason, str)])
    names = {each["unit"]: each for each in await service.pool.fetch("SELECT * FROM view.unit")}
    body = names.get(row["decides"])
    desk = names.get(row["received_by"])
    parent = names.get(body["parent"]) if body else None
    rule = rules_for(row["received_at"]).apology
    return letters_of.Apology(
        title=row["title"] or rule.title.vi,
        form=f"Mẫu số {row['form'] or rule.form}",
        parent=parent["name"] if parent else "",
        unit=body["name"] if body else row["decides"],
        place="",
        number=state.number,
        written_at=state.issued_at or service.clock.now(),
        addressee=letter.addressee if letter else person.name if person else ERASED,
        organisation=letter.organisation if letter else bool(person and person.kind == "organisation"),
        address=letter.address if letter else person.address.line if person else "",
        content=letter.content if letter else content,
        reason=letter.reason if letter else reason or ERASED,
        code=row["code"],
        procedure=row["procedure_name"],
        received_by=desk["name"] if desk else row["received_by"],
        received_at=row["received_at"],
        promised_at=row["due_at"],
        new_due_at=state.new_due_at,
        answered_at=state.answered_at,
        contact=desk["name"] if desk else "",
        contact_phone=desk["phone"] if desk else "",
        position=row["position"] or "Thủ trưởng đơn vị",
        signer=letter.signer if letter else "",
    )


@router.get("/apologies/{id}", summary="Read an apology (officers of its units)")
async def get_apology(service: Here, actor: Staff, response: Response, id: UUID) -> ApologyTold:
    row = await find(service, id)
    check_sees(actor, units(row))
    response.headers["etag"] = f'"{row["number"]}"'
    return await told(service, row)


@router.get("/apologies/{id}/letter.{kind}", summary="The letter as PDF/A or DOCX", response_class=Response)
async def get_letter(service: Here, actor: Staff, id: UUID, kind: Literal["pdf", "docx"]) -> Response:
    """A draft is marked as one and bears no number."""
    row = await find(service, id)
    check_sees(actor, units(row))
    letter = await letter_of(service, row)
    content = await asyncio.to_thread(letters_of.pdf if kind == "pdf" else letters_of.docx, letter)
    media = "application/pdf" if kind == "pdf" else DOCX
    name = f'inline; filename="phieu-xin-loi-{row["code"]}.{kind}"'
    return Response(content, media_type=media, headers={"content-disposition": name, "cache-control": "no-store"})


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@router.post("/apologies/{id}/draft", summary="Write another text (officers of the body that decides)")
async def post_draft(service: Here, actor: Staff, asked: Ask, id: UUID, body: DraftBody) -> ApologyTold:
    await draft(service, actor, id, body, asked)
    return await _now(service, id)


@router.post("/apologies/{id}/issue", summary="Sign it (head of the body that decides)")
async def post_issue(service: Here, actor: Staff, asked: Ask, id: UUID, body: IssueBody) -> ApologyTold:
    """It gets its number and goes out the way the applicant chose. It may name a new day once only: what was signed
    is not signed again."""
    await issue(service, actor, id, body, asked)
    return await _now(service, id)


@router.post("/apologies/{id}/deliver", summary="It was handed over, posted or read out")
async def post_deliver(service: Here, actor: Staff, id: UUID, body: DeliverBody) -> ApologyTold:
    await deliver(service, actor, id, body)
    return await _now(service, id)


async def _now(service: Service, id: UUID) -> ApologyTold:
    return await told(service, await find_now(service, id))


async def find_now(service: Service, id: UUID) -> Mapping[str, Any]:
    """The row with what was just decided, read from the stream: the view follows in a moment. Raises 404."""
    row = dict(await find(service, id))
    state, number = await service.state(apology, row["stream"])
    row |= {
        "number": number,
        "status": state.status,
        "drafts": state.drafts,
        "new_due_at": state.new_due_at,
        "answered_at": state.answered_at,
        "letter_number": state.number,
        "reason": state.reason and state.reason.sealed,
        "issued_at": state.issued_at,
        "way": state.way if state.number else "",
        "missed": state.missed,
    }
    return row
