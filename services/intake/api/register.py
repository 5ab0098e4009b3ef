"""The register, over HTTP: lists for officers, and following one dossier by its code for whoever holds it."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel

from kernel import logs
from kernel.decider import Text, fold
from kernel.service import Service
from kernel.tracking import codes
from kernel.web import Here, may
from schemas.event import Actor, Personal
from schemas.intake import Status
from schemas.people import Person
from schemas.tracking import read_tracking_code
from services.intake.api.access import OFFICERS
from services.intake.api.application.dossier import Appointment, id_of, stream_of, summary
from services.intake.api.reference import local_day
from services.intake.domain.application.life import application
from services.intake.domain.register import read_code

router = APIRouter(tags=["Sổ theo dõi / Register"])
Officer = Annotated[Actor, Depends(may(*OFFICERS, "auditor"))]
PAGE = 50


class Entry(BaseModel):
    """A line of the register. The applicant's name is null where the person was erased."""

    id: UUID
    code: str
    tracking: str
    status: str
    procedure: str
    procedure_name: str
    received_by: str
    decided_by: str
    holder: str
    channel: str
    applicant: str | None
    submitted_at: dt.datetime | None
    received_at: dt.datetime | None
    first_due_at: dt.datetime | None
    due_at: dt.datetime | None
    resolved_at: dt.datetime | None
    outcome: str
    supplement_unchecked: bool


class Register(BaseModel):
    """One page of the register, newest first. `after`: ask for the next page with it; null at the end."""

    entries: list[Entry]
    after: UUID | None


class Step(BaseModel):
    """Something that happened, in the words of the contract, without anything about a person."""

    type: str
    at: dt.datetime


class Tracked(BaseModel):
    """What anyone who holds the code may see of a dossier. `id` and `tracking` let one act for the applicant, so they
    are told only to who has the tracking code; a register number can be guessed."""

    id: UUID | None
    code: str
    tracking: str
    status: str
    procedure_name: str
    received_by: str
    decided_by: str
    supplement_unchecked: bool
    first_promise: Appointment | None
    promise: Appointment | None
    steps: list[Step]


LIST = (
    "SELECT stream, code, status, procedure, procedure_name, received_by, decided_by, holder, channel,"
    " subject, applicant, submitted_at, received_at, first_due_at, due_at, resolved_at, outcome, sets,"
    " supplement_unchecked,"
    " handed_over_at, way, hand_overs FROM view.application"
    " WHERE ($1 = '' OR received_by = $1 OR decided_by = $1 OR holder = $1) AND ($2 = '' OR status = $2)"
    " AND ($3 = '' OR code = $3 OR tracking = $9) AND ($4 = '' OR procedure = $4)"
    " AND ($5::date IS NULL OR (coalesce(received_at, submitted_at) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date >= $5)"
    " AND ($6::date IS NULL OR (coalesce(received_at, submitted_at) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= $6)"
    " AND ($7::text IS NULL OR stream < $7) ORDER BY {order} LIMIT $8"
)
NEWEST, MOST_URGENT = LIST.format(order="stream DESC"), LIST.format(order="due_at NULLS LAST, stream")


async def listed(service: Service, *, most: int = PAGE, **filters: Any) -> Register:
    """A page of the register; see `lines` for the filters."""
    found = await lines(service, most=most + 1, **filters)
    entries = [_entry(service, row, person) for row, person in found[:most]]
    return Register(entries=entries, after=entries[-1].id if len(found) > most else None)


async def lines(
    service: Service,
    *,
    most: int,
    unit: str = "",
    status: str = "",
    code: str = "",
    procedure: str = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
    after: UUID | None = None,
    urgent_first: bool = False,
) -> list[tuple[Any, Person | None]]:
    """Lines of the register with the applicant (None: erased), newest first: a stream's UUID is ordered by time, so it
    is the cursor. Or, for a desk that works, the first ones by appointment."""
    digest = codes(service).digest_of_typed(code) or None
    code = typed_code(code) if code else ""
    rows = await service.pool.fetch(
        MOST_URGENT if urgent_first else NEWEST,
        unit,
        status,
        code,
        procedure,
        since,
        until,
        stream_of(after) if after else None,
        most,
        digest,
    )
    boxes: list[tuple[Personal[Person], type[Person]]] = [
        (Personal(subject=r["subject"], sealed=r["applicant"] or b""), Person) for r in rows if r["subject"]
    ]
    people = iter(await service.vault.unseal(boxes))
    return [(row, next(people) if row["subject"] else None) for row in rows]


def _entry(service: Service, row: Any, person: Person | None) -> Entry:
    plain = {name: row[name] for name in Entry.model_fields if name not in ("id", "tracking", "applicant")}
    id = id_of(row["stream"])
    return Entry(id=id, tracking=codes(service).of(id), applicant=person.name if person else None, **plain)


@router.get("/applications", response_model=Register, summary="The register (officers: of their own unit)")
async def get_register(
    service: Here,
    actor: Officer,
    unit: Annotated[str, Query(max_length=60)] = "",
    status: Annotated[Status | None, Query()] = None,
    code: Annotated[str, Query(max_length=40)] = "",
    procedure: Annotated[str, Query(max_length=60)] = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
    after: UUID | None = None,
) -> Register:
    return await listed(
        service,
        unit=own_unit(actor, unit),
        status=status or "",
        code=code,
        procedure=procedure,
        since=since,
        until=until,
        after=after,
    )


def own_unit(actor: Actor, asked: str) -> str:
    """The unit whose register an officer may read: operators and auditors any, others their own. Raises 403."""
    if {"operator", "auditor"} & set(actor.roles):
        return asked
    if asked and asked != actor.unit:
        raise HTTPException(403, Text("Sổ này thuộc đơn vị khác.", "That register belongs to another unit."))
    return actor.unit or "-"


def typed_code(text: str) -> str:
    """A code as it is written, from what somebody typed: a register code or a tracking code."""
    if found := read_tracking_code(text):
        return found
    if read_code(text):
        return "".join(text.split()).upper()
    return text.strip().upper()


async def find(service: Service, code: str) -> UUID:
    """The dossier of a code that somebody typed. Raises HTTPException 404 with what to do."""
    found = await service.pool.fetchval(
        "SELECT stream FROM view.application WHERE tracking = $1 OR (code = $2 AND code <> '') LIMIT 1",
        codes(service).digest_of_typed(code) or None,
        typed_code(code),
    )
    if found is None:
        raise HTTPException(
            404,
            Text(
                "Không tìm thấy hồ sơ có mã này. Hãy kiểm tra lại từng ký tự trên giấy tiếp nhận.",
                "No dossier has this code. Check each character on your receipt.",
            ),
        )
    return id_of(found)


@router.get("/track/{code}", response_model=Tracked, summary="Follow a dossier by its code")
async def get_tracked(service: Here, code: str) -> Tracked:
    return await tracked(service, await find(service, code), code)


async def tracked(service: Service, id: UUID, typed: str) -> Tracked:
    """`typed`: the code that it was asked by."""
    secret = codes(service).opens(typed, id)
    history = await service.history(stream_of(id))
    state = fold(application, (each.event for each in history))
    logs.about(state.code or str(id))
    found = summary(service, id, state, len(history))
    plain = {name: getattr(found, name) for name in Tracked.model_fields if name not in ("id", "tracking", "steps")}
    return Tracked(
        **plain,
        id=id if secret else None,
        tracking=found.tracking if secret else "",
        steps=[Step(type=each.event.type, at=each.meta.happened_at) for each in history],
    )


class Figures(BaseModel):
    """What a desk has in hand, by state."""

    unit: str
    day: dt.date
    by_state: dict[str, int]
    overdue: int


async def figures(service: Service, unit: str) -> Figures:
    """Counts for a desk's page: as of now, from totals that are kept while events are heard."""
    now = service.clock.now()
    rows = await service.pool.fetch(
        "SELECT status, sum(dossiers)::bigint AS dossiers FROM view.application_by_state"
        " WHERE $1 = '' OR received_by = $1 OR decided_by = $1 GROUP BY status",
        unit,
    )
    overdue = await service.pool.fetchval(
        "SELECT count(*) FROM view.application WHERE ($1 = '' OR received_by = $1 OR decided_by = $1)"
        " AND status = 'in_process' AND due_at < $2",
        unit,
        now,
    )
    return Figures(unit=unit, day=local_day(now), by_state={r["status"]: r["dossiers"] for r in rows}, overdue=overdue)


@router.get("/desk", response_model=Figures, summary="What a desk has in hand")
async def get_figures(service: Here, actor: Officer, unit: Annotated[str, Query(max_length=60)] = "") -> Figures:
    return await figures(service, own_unit(actor, unit))
