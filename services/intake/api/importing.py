"""Dossiers in flight from another one-stop system, over HTTP: some hundred lines a call, each judged by itself.

A line is the same dossier however often it is sent (`system` and `key` name its stream), so an import that broke off
is simply sent again.
"""

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Annotated, Literal
from uuid import uuid4, uuid5

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from kernel import problems
from kernel.calendar import OutsideCalendar
from kernel.decider import Rejected, Text
from kernel.service import Service
from kernel.store import Conflict
from kernel.tracking import codes
from kernel.vault import Erased
from kernel.web import Ask, Here
from schemas.event import Actor, Personal
from schemas.intake import (
    ApplicationImported,
    Channel,
    Delivery,
    Notify,
    Outcome,
    Promise,
    TimeUnit,
)
from schemas.people import Document, Person
from schemas.rules import Cited
from services.intake.api.application.dossier import stream_of
from services.intake.api.body import Id, Words, example
from services.intake.api.catalogue import Operator
from services.intake.api.reference import Known, Reference, local_day
from services.intake.domain import appointment
from services.intake.domain.application.life import application
from services.intake.domain.application.takeover import Import
from services.intake.domain.names import NAMESPACE

TOGETHER = 50
router = APIRouter(tags=["Nhập hồ sơ đang xử lý / Import"])
Moment = Annotated[
    AwareDatetime, Field(ge=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), lt=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
]


class ImportedLine(BaseModel):
    """A dossier as the other system has it. `due_at` is the appointment that was given there, as it was given."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=100)]
    code: Annotated[str, Field(min_length=1, max_length=35)]
    procedure: Id
    received_by: Id
    decided_by: Id
    received_at: Moment
    due_at: Moment
    applicant: Person
    status: Literal["in_process", "supplement_asked", "resolved"] = "in_process"
    channel: Channel = "desk"
    amount: Annotated[int, Field(ge=0, le=1000)] | None = None
    unit: TimeUnit = "working_days"
    new_due_at: Moment | None = None
    supplement_used: bool = False
    holder: Annotated[str, Field(max_length=60)] = ""
    stage: Annotated[int, Field(ge=0, le=50)] = 0
    outcome: Outcome | None = None
    resolved_at: Moment | None = None
    content: Words = ""
    documents: Annotated[tuple[Document, ...], Field(max_length=50)] = ()
    delivery: Delivery = "desk"
    notify: Notify = "none"


class ImportBody(BaseModel):
    """`lines` are judged one by one: a wrong one is told and the others go on. A dry run changes nothing."""

    model_config = ConfigDict(extra="forbid") | example(
        system="motcua-cu",
        lines=[
            {
                "key": "2026-000123",
                "code": "H99.12-260801-0007",
                "procedure": "2.002854",
                "received_by": "thpt-le-loi",
                "decided_by": "thpt-le-loi",
                "received_at": "2026-08-03T08:30:00+07:00",
                "due_at": "2026-08-13T17:00:00+07:00",
                "applicant": {"name": "Nguyễn Thị Bình"},
            }
        ],
        dry_run=True,
    )

    system: Annotated[str, Field(min_length=1, max_length=60, examples=["motcua-cu"])]
    lines: Annotated[tuple[dict[str, object], ...], Field(min_length=1, max_length=500)]
    dry_run: bool = False


class LineOutcome(BaseModel):
    """What became of a line: `index` counts from 0 within the call."""

    index: int
    key: str
    outcome: Literal["imported", "already", "would_import", "wrong"]
    problem: dict[str, object] | None = None


class Imported(BaseModel):
    imported: int
    already: int
    wrong: int
    lines: list[LineOutcome]


@router.post("/imports", response_model=Imported, summary="Take over dossiers in flight from another system")
async def post_import(service: Here, known: Known, actor: Operator, asked: Ask, body: ImportBody) -> Imported:
    async def judged(index: int, raw: dict[str, object]) -> LineOutcome:
        key = str(raw.get("key", ""))[:100].encode(errors="replace").decode()
        try:
            line = ImportedLine.model_validate(raw)
            outcome = await _one(service, known, actor, body, line)
            return LineOutcome(index=index, key=key, outcome=outcome)
        except ValidationError as error:
            return _wrong(index, key, problems.of_fields([dict(each) for each in error.errors()], asked.lang))
        except Rejected as error:
            return _wrong(index, key, problems.of_rejected(error, asked.lang))
        except OutsideCalendar:
            return _wrong(index, key, problems.problem(422, "outside_calendar", problems.OUTSIDE, asked.lang))
        except Erased:
            return _wrong(index, key, problems.problem(410, "erased", problems.ERASED, asked.lang))
        except Conflict:
            raise HTTPException(409, problems.CHANGED) from None

    lines: list[LineOutcome] = []
    numbered = list(enumerate(body.lines))
    for first in range(0, len(numbered), TOGETHER):  # lines that are judged together are committed together
        lines += await asyncio.gather(*(judged(*each) for each in numbered[first : first + TOGETHER]))
    counted = {kind: sum(each.outcome == kind for each in lines) for kind in ("imported", "already", "wrong")}
    return Imported(lines=lines, **counted)


def _wrong(index: int, key: str, problem: dict[str, object]) -> LineOutcome:
    return LineOutcome(index=index, key=key, outcome="wrong", problem=problem)


async def _one(
    service: Service, known: Reference, actor: Actor, body: ImportBody, line: ImportedLine
) -> Literal["imported", "already", "would_import"]:
    now = service.clock.now()
    day = local_day(line.received_at)
    rules = known.rules(day)
    terms, since = await known.terms(line.procedure, day)
    if terms is None:
        # What another system received is history: it is judged by the terms nearest to its day, and named so.
        terms, since = await known.terms(line.procedure, local_day(now))
    if terms is None:
        raise Rejected("not_offered", problems.title(409), procedure=line.procedure)
    given = (line.due_at, line.new_due_at, line.resolved_at)
    if any(each and local_day(each) < day for each in given):
        raise Rejected(
            "before_it_came", Text("Thời điểm trước khi hồ sơ được nộp.", "That time is before the dossier came.")
        )
    await known.unit(line.received_by, day)
    await known.unit(line.decided_by, day)
    rule = Cited(pack="import", version=body.system, name="as_given_there", basis=f"import {body.system}")
    time, _ = appointment.processing_time(terms, since, rules)
    first = Promise(
        due_at=line.due_at,
        amount=time.amount if line.amount is None else line.amount,
        unit=line.unit,
        counted_from=day,
        cut_off="",
        calendar=(await known.calendar()).version,
        rule=rule,
    )
    again = (replace(first, due_at=line.new_due_at),) if line.new_due_at else ()
    subject = await service.vault.living(line.applicant.id_number) if line.applicant.id_number else uuid4()
    id = uuid5(NAMESPACE, f"{body.system} {line.key}")
    left = 0 if line.supplement_used or line.status == "supplement_asked" else rules.supplement.times
    event = ApplicationImported(
        system=body.system,
        key=line.key,
        code=line.code,
        procedure=line.procedure,
        procedure_name=terms.name_vi,
        level=terms.level,
        field=terms.field,
        authority=terms.authority,
        terms_from=since,
        received_by=line.received_by,
        decided_by=line.decided_by,
        channel=line.channel,
        status=line.status,
        received_at=line.received_at.astimezone(dt.UTC),
        imported_at=now,
        promise=first,
        applicant=Personal(subject=subject, clear=line.applicant),
        rule=rule,
        promises=again,
        supplements_left=left,
        supplement_by=appointment.supplement_by(rules, await known.calendar(), line.received_at),
        holder=line.holder,
        stage=line.stage,
        outcome=line.outcome,
        resolved_at=line.resolved_at,
        content=Personal(subject=subject, clear=line.content) if line.content else None,
        documents=line.documents,
        delivery=line.delivery,
        notify=line.notify,
        tracking=codes(service).digest(id),
    )
    stream = stream_of(id)
    if body.dry_run:
        state, _ = await service.state(application, stream)
        return "would_import" if application.decide(Import(imported=event), state) else "already"
    done = await service.do(application, stream, Import(imported=event), actor=actor, happened_at=line.received_at)
    return "imported" if done.events else "already"
