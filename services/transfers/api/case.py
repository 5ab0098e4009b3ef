"""One case as it stands: what officers see of it, and what the applicant does."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from kernel.access import Tracking, sees
from kernel.decider import Text
from kernel.service import Service
from kernel.tracking import codes
from kernel.web import Here, Who
from schemas.people import Document, Person
from schemas.rules import Cited
from schemas.transfers import Consultation, Facts, Finding, Reply
from services.transfers.api.access import check_sees
from services.transfers.api.reading import opened, shown
from services.transfers.domain.dossier import transfer_stream
from services.transfers.projection.step import StepRow
from services.transfers.projection.step import step as step_view
from services.transfers.projection.transfer import (
    TransferRow,
    read_cited,
    read_facts,
    read_findings,
    read_scan,
    read_steps,
)
from services.transfers.projection.transfer import transfer as transfer_view

router = APIRouter(tags=["Chuyển trường / Transfers"])
ERASED = "[đã xóa theo yêu cầu]"
SAME = (
    *("number", "code", "procedure", "status", "submitted_at", "received_at", "received_by", "decided_by"),
    *("kind", "year", "from_school", "to_school", "special", "to_class", "held", "outcome", "ground"),
    *("document_number", "decided_at", "ended_at", "corrected_at"),
    *("entered_late", "lost_at", "place_why", "place_late"),
)
Status = Literal["undescribed", "requested", "open", "granted", "completed", "refused", "closed"]


class StepTold(BaseModel):
    """A step of the plan: who does it until when. `turn` is what a command about it names; `to_unit` was told that it
    is overdue; `note` is what was said when it ended (officers only)."""

    step: str
    unit: str
    status: Literal["waiting", "open", "consented", "refused", "done", "dropped"]
    turn: int
    days: int
    after: tuple[str, ...]
    opened_at: dt.datetime | None
    due_at: dt.datetime | None
    ended_at: dt.datetime | None
    to_unit: str
    rule: Cited
    note: str | None = None


class Letter(BaseModel):
    """A consultation, as a draft (`number` is "") or as it was issued."""

    drafts: int
    subject: str | None
    text: str | None
    signer: str
    document: UUID | None
    number: str
    issued_at: dt.datetime | None


class Answer(BaseModel):
    """What the leadership answered. `by_hand`: it came on paper, and who entered it at `arrived_at` (for the applicant,
    whose officer); then there are the paper's own date, its scan, and why it did not come over the exchange."""

    opinion: str
    number: str
    text: str | None
    signer: str
    arrived_at: dt.datetime | None
    by_hand: str = ""
    signed_on: dt.date | None = None
    scan: Document | None = None
    reason: str | None = None


class Case(BaseModel):
    """A case. `number` counts its events. `pupil` and `reason` are null where the person was erased; the applicant sees
    no names, letters and notes but the reason of a decision. `asked_at`: when the leadership was asked in writing.
    `held`: it has a place in its class; if it has not, it waits for one. `erased`: the pupil's data was erased.
    `lost_at`: when it lost the place that was kept for it; `place_why` it has its place, or lost it: a case that was
    submitted `earlier`, or `fewer` places; `place_late`: whichever of the two was submitted earlier was entered late.
    `elsewhere`: somebody has to look into where the pupil is, whom transfers know at this school ("" : outside, or not
    the reader's to know)."""

    application: UUID
    number: int
    code: str
    procedure: str
    status: Status
    submitted_at: dt.datetime
    received_at: dt.datetime | None
    received_by: str
    decided_by: str
    kind: str
    year: int
    facts: Facts | None
    from_school: str
    to_school: str
    special: bool
    grounds: list[str]
    findings: list[Finding]
    steps: list[StepTold]
    to_class: str
    class_name: str
    held: bool | None
    asked_at: dt.datetime | None
    consultation: Letter | None
    reply: Answer | None
    outcome: str
    ground: str
    reason: str | None
    decision: Cited | None
    rule: Cited | None
    document_number: str
    decided_at: dt.datetime | None
    ended_at: dt.datetime | None
    erased: bool = False
    entered_late: bool = False
    lost_at: dt.datetime | None = None
    place_why: str = ""
    place_late: bool = False
    elsewhere: str | None = None
    confirmed: str | None = None
    corrected_at: dt.datetime | None = None
    corrected_by: str = ""
    correction: str | None = None
    pupil: str | None = None
    born: dt.date | None = None
    documents: list[Document] = []
    raised: str | None = None


@dataclass(frozen=True)
class Found:
    """A case with each opening of its steps, folded from its stream: what was just decided is in it."""

    row: TransferRow
    steps: Mapping[tuple[str, int], StepRow]


async def find(service: Service, id: UUID) -> Found:
    """The case of a dossier. Raises 404."""
    history = await service.history(transfer_stream(f"application-{id}"))
    row = next(iter(shown(transfer_view, history).values()), None)
    if row is None:
        raise HTTPException(
            404,
            Text(
                "Không có hồ sơ chuyển trường này, hoặc hồ sơ vừa nộp chưa đến.",
                "There is no such transfer, or it has not arrived here yet.",
            ),
        )
    steps = {(each.step, each.turn): each for each in shown(step_view, history).values()}
    return Found(row, steps)


async def by_tracking(service: Service, typed: str) -> UUID | None:
    """The dossier with this tracking code; None where there is none."""
    digest = codes(service).digest_of_typed(typed)
    found = digest and await service.pool.fetchval("SELECT application FROM view.transfer WHERE tracking = $1", digest)
    return UUID(found.partition("-")[2]) if found else None


def units(row: TransferRow) -> set[str]:
    """The units that a case is with."""
    return {row.from_school, row.to_school, row.received_by, row.decided_by, *(s.unit for s in _steps(row))} - {""}


def readers(row: TransferRow) -> set[str]:
    """The units that may read a case: those that it is with, and who was told that one of its steps is overdue."""
    return units(row) | {each.to_unit for each in _steps(row)} - {""}


def asks_in(row: TransferRow) -> str:
    """The unit that asks the leadership; "" where nobody does."""
    return next((each.unit for each in _steps(row) if each.step == "consult"), "")


def _steps(row: TransferRow) -> Sequence[Any]:
    return read_steps(row.steps)


def facts_of(row: TransferRow) -> Facts | None:
    return read_facts(row.facts) if row.facts else None


async def class_name(service: Service, id: str) -> str:
    """What a class is called; "" where it is not known."""
    return await service.pool.fetchval("SELECT name FROM view.class WHERE class_id = $1", id) or "" if id else ""


async def documents_of(service: Service, application: str) -> list[Document]:
    """The papers that a dossier came with."""
    text = await service.pool.fetchval("SELECT documents FROM view.dossier WHERE stream = $1", application)
    return msgspec.json.decode(text, type=list[Document]) if text else []


async def told(service: Service, found: Found, *, officer: bool = True) -> Case:
    """A case as officers see it, or the applicant."""
    row = found.row
    notes = [each for each in found.steps.values() if each.note] if officer else []
    person, reason, draft, reply, raised, why, confirmed, correction, *said = await opened(
        service,
        (row.pupil, row.who, Person),
        (row.pupil, row.reason, str),
        (row.pupil, row.draft if officer else None, Consultation),
        (row.pupil, row.reply if officer else None, Reply),
        (row.pupil, row.raised if officer else None, str),
        (row.pupil, row.reply_reason if officer else None, str),
        (row.pupil, row.confirmed if officer else None, str),
        (row.pupil, row.correction if officer else None, str),
        *((row.pupil, each.note, str) for each in notes),
    )
    note_of = {(each.step, each.turn): text for each, text in zip(notes, said, strict=True)}
    letter = answer = None
    if officer and row.drafts:
        letter = Letter(
            drafts=row.drafts,
            subject=draft.subject if draft else None,
            text=draft.text if draft else None,
            signer=draft.signer if draft else "",
            document=row.consultation,
            number=row.consultation_number,
            issued_at=row.consultation_issued_at,
        )
    if row.opinion:
        answer = Answer(
            opinion=row.opinion,
            number=row.reply_number,
            text=reply.text if reply else None,
            signer=reply.signer if reply else "",
            arrived_at=row.replied_at,
            by_hand=row.replied_by if officer or not row.replied_by else asks_in(row),
            signed_on=row.reply_signed_on,
            scan=read_scan(row.scan) if officer else None,
            reason=why,
        )
    steps = [
        StepTold(
            **{name: getattr(each, name) for name in StepTold.model_fields if name not in {"note"}},
            note=note_of.get((each.step, each.turn)),
        )
        for each in _steps(row)
    ]
    return Case(
        application=UUID(row.application.partition("-")[2]),
        facts=facts_of(row),
        grounds=msgspec.json.decode(row.grounds),
        findings=read_findings(row.findings),
        steps=steps,
        asked_at=row.consultation_issued_at,
        class_name=await class_name(service, row.to_class) if officer or row.held or row.outcome == "granted" else "",
        consultation=letter,
        reply=answer,
        reason=reason,
        decision=read_cited(row.decision),
        rule=read_cited(row.rule),
        erased=row.who is not None and person is None,
        pupil=person.name if person and officer else None,
        born=person.born if person and officer else None,
        documents=await documents_of(service, row.application) if officer else [],
        raised=raised,
        elsewhere=row.elsewhere if officer or row.elsewhere is None else "",
        confirmed=confirmed,
        corrected_by=row.corrected_by if officer else "",
        correction=correction,
        **{name: getattr(row, name) for name in SAME},
    )


@router.get("/transfers/{id}", summary="How far a transfer is (applicant by tracking code, officers of its units)")
async def get_transfer(service: Here, actor: Who, id: UUID, motcua_tracking: Tracking = "") -> Case:
    """`id` is that of the dossier in intake. Withdrawing is done there: the case ends by itself."""
    found = await find(service, id)
    theirs = readers(found.row)
    check_sees(actor, theirs, tracks=codes(service).opens(motcua_tracking, id))
    return await told(service, found, officer=sees(actor, theirs))  # else it is the applicant
