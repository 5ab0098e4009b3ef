"""The Department's side of a consultation: what waits for the leadership, each with its brief, and the decision."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from kernel.access import Staff, own
from kernel.calendar import local
from kernel.decider import Text
from kernel.service import Service
from kernel.web import Ask, Asked, Here
from schemas.event import Actor, Personal
from schemas.people import Document, Person
from schemas.rules import Cited
from schemas.transfers import Consultation, Facts, Finding, Opinion, Reply
from services.transfers.api.access import HEADS, check_acts, check_sees
from services.transfers.api.case import ERASED, documents_of
from services.transfers.api.consulting import as_pdf, letter_from, numbered
from services.transfers.api.letter import Official
from services.transfers.api.reading import names, opened, row_of
from services.transfers.domain import opinion as asking
from services.transfers.domain.delegation import delegation
from services.transfers.domain.dossier import delegation_stream, document_id, opinion_stream, transfer_stream
from services.transfers.domain.opinion import opinion
from services.transfers.projection.exchange import OpinionRow
from services.transfers.projection.exchange import opinion as opinion_view
from services.transfers.projection.transfer import TransferRow, read_cited, read_facts, read_findings
from services.transfers.projection.transfer import transfer as transfer_view

router = APIRouter(tags=["Ý kiến lãnh đạo Sở / The leadership's opinion"])
SIGNS = HEADS | {"case_officer"}  # who is not the head needs a delegation
MOST = 200
ENDED = frozenset({"refused", "completed", "closed"})
# A consultation that was answered on paper waits for nobody, nor does one whose case has ended without an answer.
LIST = """
WITH told AS (
    SELECT o.document, o.application, o.from_unit, o.to_unit, o.letter_number, o.arrived_at, t.code, t.grounds, t.kind,
        CASE WHEN o.status = 'given' OR t.stream IS NULL OR t.consultation IS DISTINCT FROM o.document THEN o.status
             WHEN t.replied_by <> '' THEN 'given' WHEN t.status = 'open' THEN 'asked' ELSE 'ended' END AS status,
        CASE WHEN o.status = 'given' THEN o.opinion ELSE coalesce(t.opinion, '') END AS opinion,
        CASE WHEN o.status = 'given' THEN o.given_at ELSE t.replied_at END AS given_at,
        o.status <> 'given' AND coalesce(t.replied_by, '') <> '' AS by_hand
    FROM view.opinion o LEFT JOIN view.transfer t ON t.application = o.application
    WHERE $2 = '' OR o.to_unit = $2 OR o.from_unit = $2
)
SELECT * FROM told WHERE status = $1 ORDER BY CASE WHEN $1 = 'asked' THEN arrived_at END, given_at DESC LIMIT $3
"""
PRECEDENTS = """
SELECT grounds, outcome, opinion, ground, coalesce(decided_at, replied_at) AS at, from_school, to_school, reply_number,
    replied_by
FROM view.transfer
WHERE special AND (outcome <> '' OR opinion <> '') AND stream <> $1 AND grounds::jsonb ?| $2::text[]
ORDER BY at DESC LIMIT 6
"""


class Asking(BaseModel):
    """A consultation in a list. `code` and `grounds` are empty where the dossier is not one of ours. `by_hand`: its
    answer came on paper and was entered by the unit that asks."""

    document: UUID
    application: str
    code: str
    from_unit: str
    from_name: str
    number: str
    kind: str
    grounds: list[str]
    arrived_at: dt.datetime
    status: Literal["asked", "given"]
    opinion: str
    given_at: dt.datetime | None
    by_hand: bool


class Precedent(BaseModel):
    """An earlier special case of the same ground, and how it was decided. It may be of schools that the reader has
    nothing to do with: nothing leads from it to their dossier."""

    year: int
    grounds: list[str]
    outcome: str
    opinion: str
    by_hand: bool
    ground: str
    from_name: str
    to_name: str
    reply_number: str


class Brief(BaseModel):
    """All that the leadership needs for one decision: the letter, the facts, what each rule says, the papers, and how
    such cases were decided before. Names and texts are null where the pupil was erased (`erased`). `by_hand`: who
    entered an answer to it that came on paper, at the unit that asks. `ended`: the case ended, however it did."""

    document: UUID
    application: str
    code: str
    from_unit: str
    from_name: str
    to_unit: str
    number: str
    arrived_at: dt.datetime
    status: Literal["asked", "given"]
    subject: str | None
    text: str | None
    signer: str
    erased: bool
    pupil: str | None
    born: dt.date | None
    facts: Facts | None
    from_school: str
    to_school: str
    kind: str
    grounds: list[str]
    rule: Cited | None
    findings: list[Finding]
    documents: list[Document]
    raised: str | None
    precedents: list[Precedent]
    opinion: str
    reply_number: str
    reply: str | None
    given_at: dt.datetime | None
    position: str
    delegation: str
    ended: bool
    by_hand: str = ""
    by_hand_at: dt.datetime | None = None
    by_hand_number: str = ""
    by_hand_opinion: str = ""


class GiveBody(BaseModel):
    """Approve or refuse. Refusing needs a `reason`. `position` stands above the signature."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"opinion": "approved", "signer": "Lê Thị Thu Hà", "position": "Giám đốc"}]},
    )

    opinion: Opinion
    reason: Annotated[str, Field(max_length=4000)] = ""
    signer: Annotated[str, Field(min_length=2, max_length=200, pattern=r"\S")]
    position: Annotated[str, Field(max_length=200)] = ""


async def find(service: Service, document: UUID) -> OpinionRow:
    """A consultation as it stands now. Raises 404."""
    row: OpinionRow | None = await row_of(service, opinion_view, opinion_stream(document))
    if row is None:
        raise HTTPException(
            404, Text("Không có văn bản xin ý kiến này.", "There is no such consultation at the Department.")
        )
    return row


async def listed(service: Service, status: str, unit: str = "", most: int = MOST) -> list[Asking]:
    """Consultations, those that wait longest first; answered ones the latest first."""
    called = await names(service)
    return [
        Asking(
            document=row["document"],
            application=row["application"].partition("-")[2],
            code=row["code"] or "",
            from_unit=row["from_unit"],
            from_name=called.get(row["from_unit"], row["from_unit"]),
            number=row["letter_number"],
            kind=row["kind"] or "",
            grounds=msgspec.json.decode(row["grounds"] or "[]"),
            arrived_at=row["arrived_at"],
            status=row["status"],
            opinion=row["opinion"],
            given_at=row["given_at"],
            by_hand=row["by_hand"],
        )
        for row in await service.pool.fetch(LIST, status, unit, most)
    ]


async def brief(service: Service, row: OpinionRow) -> Brief:
    """What the leadership needs to decide this one."""
    case: TransferRow | None = await row_of(service, transfer_view, transfer_stream(row.application))
    text, reply, person, raised = await opened(
        service,
        (row.pupil, row.text, Consultation),
        (row.pupil, row.reply_text, Reply),
        (row.pupil, case.who if case else None, Person),
        (row.pupil, case.raised if case else None, str),
    )
    called = await names(service)
    grounds: list[str] = msgspec.json.decode(case.grounds) if case else []
    return Brief(
        document=row.document,
        application=row.application.partition("-")[2],
        code=case.code if case else "",
        from_unit=row.from_unit,
        from_name=called.get(row.from_unit, row.from_unit),
        to_unit=row.to_unit,
        number=row.letter_number,
        arrived_at=row.arrived_at,
        status="given" if row.opinion else "asked",
        subject=text.subject if text else None,
        text=text.text if text else None,
        signer=text.signer if text else "",
        erased=bool(case and case.who is not None and person is None),
        pupil=person.name if person else None,
        born=person.born if person else None,
        facts=read_facts(case.facts) if case and case.facts else None,
        from_school=case.from_school if case else "",
        to_school=case.to_school if case else "",
        kind=case.kind if case else "",
        grounds=grounds,
        rule=read_cited(case.rule) if case else None,
        findings=read_findings(case.findings) if case else [],
        documents=await documents_of(service, row.application),
        raised=raised,
        precedents=await _precedents(service, case, grounds, called) if case else [],
        opinion=row.opinion,
        reply_number=row.reply_number,
        reply=reply.text if reply else None,
        given_at=row.given_at,
        position=row.position,
        delegation=row.delegation,
        ended=case is not None and case.status in ENDED,
        **_by_hand(case, row.document),
    )


def _by_hand(case: TransferRow | None, document: UUID) -> dict[str, Any]:
    if case is None or case.consultation != document or not case.replied_by:
        return {}
    return {
        "by_hand": case.replied_by,
        "by_hand_at": case.replied_at,
        "by_hand_number": case.reply_number,
        "by_hand_opinion": case.opinion,
    }


async def _precedents(
    service: Service, case: TransferRow, grounds: Sequence[str], called: Mapping[str, str]
) -> list[Precedent]:
    return [
        Precedent(
            year=local(row["at"]).year,
            grounds=msgspec.json.decode(row["grounds"]),
            outcome=row["outcome"],
            opinion=row["opinion"],
            by_hand=bool(row["replied_by"]),
            ground=row["ground"],
            from_name=called.get(row["from_school"], row["from_school"]),
            to_name=called.get(row["to_school"], row["to_school"]),
            reply_number=row["reply_number"],
        )
        for row in await service.pool.fetch(PRECEDENTS, case.stream, list(grounds))
    ]


async def give(service: Service, actor: Actor, document: UUID, body: GiveBody, asked: Asked) -> None:
    """Approve or refuse, as the head or under a delegation. Raises Rejected, 403, 404, 409, 422."""
    row = await find(service, document)
    check_acts(actor, SIGNS, {row.to_unit})
    if asked.key and await service.again(opinion, asked.key, asked.fingerprint):
        return
    case: TransferRow | None = await row_of(service, transfer_view, transfer_stream(row.application))
    by_hand = case is not None and case.consultation == document and not row.opinion
    if case is not None and by_hand and case.opinion not in {"", body.opinion}:
        says = Text(
            "Đơn vị đã nhập văn bản trả lời trên giấy số {number} với ý kiến khác, và hồ sơ đã đi tiếp theo đó.",
            "The unit entered another answer that came on paper, number {number}, and the case went on by it.",
        )
        raise HTTPException(409, says.of(number=case.reply_number))
    if case is not None and not row.opinion and case.status in ENDED:
        raise HTTPException(409, Text("Hồ sơ đã kết thúc; không cần trả lời nữa.", "The case has ended already."))
    reason = body.reason.strip()
    if body.opinion == "refused" and len(reason) < 3:
        raise HTTPException(422, Text("Không đồng ý thì phải nêu lý do.", "To refuse needs a reason."))
    moment = service.clock.now()
    head = "leadership" in actor.roles
    deputy = None
    if not head:
        given, _ = await service.state(delegation, delegation_stream(row.to_unit))
        deputy = given.of(actor.id, moment)
    number = row.reply_number
    if not number and (head or deputy):
        number = await numbered(service, actor, row.to_unit, document_id(row.stream, 1), moment)
    called = await names(service)
    written = _written(row, body.opinion, reason, called.get(row.to_unit, row.to_unit))
    command = asking.Give(
        opinion=body.opinion,
        number=number,
        text=Personal(subject=row.pupil, clear=Reply(text=written, signer=body.signer.strip())),
        at=moment,
        by=actor.id,
        position=body.position.strip() or ("Giám đốc" if head else "KT. Giám đốc\nPhó Giám đốc"),
        head=head,
        delegation=deputy,
    )
    await service.do(
        opinion,
        row.stream,
        command,
        actor=actor,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )


def _written(row: OpinionRow, said: str, reason: str, department: str) -> str:
    """The sentences of the reply: what was asked, what is answered, why."""
    paragraphs = [
        f"{department} nhận được Văn bản số {row.letter_number} của đơn vị về việc xin ý kiến đối với trường hợp "
        "chuyển trường đặc biệt.",
        f"Sau khi xem xét, {department} {'đồng ý' if said == 'approved' else 'không đồng ý'} với đề nghị của đơn vị.",
    ]
    if reason:
        paragraphs.append(f"Lý do: {reason}" if said == "refused" else reason)
    paragraphs.append("Đề nghị đơn vị thực hiện các bước tiếp theo đúng quy định và thông báo cho gia đình học sinh./.")
    return "\n".join(paragraphs)


async def printed(service: Service, row: OpinionRow) -> Official:
    """The reply as it is printed. Raises 404 before it is given."""
    if not row.opinion or row.given_at is None:
        raise HTTPException(404, Text("Chưa có văn bản trả lời.", "It was not answered yet."))
    (reply,) = await opened(service, (row.pupil, row.reply_text, Reply))
    return await letter_from(
        service,
        row.to_unit,
        row.from_unit,
        about=f"trả lời Văn bản số {row.letter_number}",
        text=reply.text if reply else ERASED,
        number=row.reply_number,
        at=row.given_at,
        signer=reply.signer if reply else "",
        position=row.position,
    )


async def asked_letter(service: Service, row: OpinionRow) -> Official:
    """The consultation as it arrived."""
    (text,) = await opened(service, (row.pupil, row.text, Consultation))
    return await letter_from(
        service,
        row.from_unit,
        row.to_unit,
        about=text.subject if text else ERASED,
        text=text.text if text else ERASED,
        number=row.letter_number,
        at=row.arrived_at,
        signer=text.signer if text else "",
    )


@router.get("/opinions", summary="Consultations that wait for the leadership, or were answered (the Department)")
async def get_opinions(
    service: Here,
    actor: Staff,
    state: Literal["asked", "given"] = "asked",
    unit: Annotated[str, Query(max_length=60)] = "",
) -> list[Asking]:
    return await listed(service, state, own(actor, unit))


@router.get("/opinions/{document}", summary="The brief of one consultation (the Department, the unit that asks)")
async def get_brief(service: Here, actor: Staff, document: UUID) -> Brief:
    """Facts, findings with their articles, papers, and precedents: what one decision needs, on one screen."""
    row = await find(service, document)
    check_sees(actor, {row.to_unit, row.from_unit})
    return await brief(service, row)


@router.post("/opinions/{document}/give", summary="Approve or refuse (leadership, or a deputy under a delegation)")
async def post_give(service: Here, actor: Staff, asked: Ask, document: UUID, body: GiveBody) -> Brief:
    """The reply gets its number and goes back over the document exchange; the case goes on by itself."""
    await give(service, actor, document, body, asked)
    return await brief(service, await find(service, document))


@router.get("/opinions/{document}/reply.pdf", summary="The reply as PDF/A", response_class=Response)
async def get_reply(service: Here, actor: Staff, document: UUID) -> Response:
    row = await find(service, document)
    check_sees(actor, {row.to_unit, row.from_unit})
    return await as_pdf(await printed(service, row), "tra-loi")


@router.get("/opinions/{document}/consultation.pdf", summary="The consultation as it came", response_class=Response)
async def get_asked(service: Here, actor: Staff, document: UUID) -> Response:
    row = await find(service, document)
    check_sees(actor, {row.to_unit, row.from_unit})
    return await as_pdf(await asked_letter(service, row), "xin-y-kien")


def may_sign(actor: Actor, row: OpinionRow) -> bool:
    """Whether this officer may answer it."""
    return not row.opinion and bool(set(actor.roles) & SIGNS) and actor.unit == row.to_unit
