"""The catalogue of procedures, over HTTP: read it, change it with a date, hold it against the national one."""

import csv
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from kernel.decider import Rejected, Text
from kernel.service import Service
from kernel.web import Ask, Asked, Here, may
from schemas.event import Actor
from schemas.intake import AtSupplement, Authority, CutOff, Terms
from schemas.people import Level
from services.intake.api.body import Id, example
from services.intake.api.reference import RULES, Known, Reference, local_day
from services.intake.domain.catalogue import Difference, National, Ours, bring_in_line, diff, terms_of
from services.intake.domain.form import plain
from services.intake.domain.procedure import (
    AmendProcedure,
    Command,
    ListProcedure,
    PublishProcedure,
    TakeDownProcedure,
    WithdrawProcedure,
    offered_on,
    procedure,
    procedure_stream,
)

router = APIRouter(tags=["Danh mục thủ tục / Catalogue"])
Operator = Annotated[Actor, Depends(may("operator"))]
_terms = msgspec.json.Decoder(Terms)

IN_FORCE = (
    "SELECT DISTINCT ON (procedure) procedure, effective_from, withdrawn, terms FROM view.procedure"
    " WHERE effective_from <= $1 AND ($2 = '' OR procedure = $2) ORDER BY procedure, effective_from DESC"
)


class Offered(BaseModel):
    """A procedure as it is in force on a day. Unknown is null or empty, never zero."""

    procedure: str
    effective_from: dt.date
    terms: Terms


class Changed(BaseModel):
    """What a change of the catalogue or of a unit came to."""

    stream: str
    number: int
    changed: bool


class Loaded(BaseModel):
    """How many entries of the reviewed files were new or changed, and how many were there already."""

    changed: int
    already: int


_TERMS = {
    "name_vi": "Cấp bản sao văn bằng từ sổ gốc",
    "authority": "province_department",
    "times": [{"amount": 1}],
    "online_level": 4,
    "legal_basis": ["62/2021/NĐ-CP"],
}


class ListBody(BaseModel):
    model_config = ConfigDict(extra="forbid") | example(effective_from="2026-09-01", terms=_TERMS)

    effective_from: dt.date
    terms: Terms
    decision: Annotated[str, Field(max_length=300)] = ""


class CountingBody(BaseModel):
    """How the deadlines of a procedure are counted. Nothing said ("" or null, for `warn_before` 0) leaves it to the
    rule packs; `close_after` 0 is never. All else of its terms stays as it is on that day."""

    model_config = ConfigDict(extra="forbid") | example(
        effective_from="2026-09-01", cut_off="15:00", at_supplement="pause", close_after=10, warn_before=2
    )

    effective_from: dt.date
    cut_off: CutOff = ""
    at_supplement: AtSupplement | None = None
    close_after: Annotated[int, Field(ge=0, le=1000)] | None = None
    warn_before: Annotated[int, Field(ge=0, le=1000)] = 0
    decision: Annotated[str, Field(max_length=300)] = ""


class WithdrawProcedureBody(BaseModel):
    model_config = ConfigDict(extra="forbid") | example(effective_from="2026-09-01", replaced_by=["2.002854"])

    effective_from: dt.date
    replaced_by: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    decision: Annotated[str, Field(max_length=300)] = ""


class ShowBody(BaseModel):
    model_config = ConfigDict(extra="forbid") | example(unit="ttpvhcc", on="2026-09-01")

    unit: Id
    on: dt.date
    reason: Annotated[str, Field(max_length=300)] = ""


class NationalBody(BaseModel):
    """The national catalogue, as it was exported; up to 5,000 procedures."""

    model_config = ConfigDict(extra="forbid") | example(
        national=[{"code": "3.000465", "effective_from": "2026-04-01", "name_vi": "Cấp bản sao văn bằng từ sổ gốc"}],
        dry_run=True,
    )

    national: Annotated[tuple[National, ...], Field(max_length=5000)]
    on: dt.date | None = None
    dry_run: bool = False


class InLine(BaseModel):
    """What differs, and how many of the differences a command mended."""

    differences: tuple[Difference, ...]
    mended: int


async def offered(service: Service, day: dt.date, id: str = "") -> list[Offered]:
    """The procedures in force on a day, by id."""
    return [
        Offered(procedure=row["procedure"], effective_from=row["effective_from"], terms=_terms.decode(row["terms"]))
        for row in await service.pool.fetch(IN_FORCE, day, id)
        if not row["withdrawn"]
    ]


async def search(
    service: Service, day: dt.date, words: str = "", level: str = "", authority: str = ""
) -> list[Offered]:
    """Procedures whose name, code or field holds all the words; the best-known first."""
    wanted = plain(words).split()
    found = [
        each
        for each in await offered(service, day)
        if (not level or each.terms.level in (level, "any"))
        and (not authority or each.terms.authority == authority)
        and all(
            word in plain(f"{each.procedure} {each.terms.name_vi} {each.terms.name_en} {each.terms.field}")
            for word in wanted
        )
    ]
    return sorted(found, key=lambda each: (not each.terms.official, plain(each.terms.name_vi)))


@router.get("/procedures", response_model=list[Offered], summary="Find procedures")
async def get_procedures(
    service: Here,
    q: Annotated[str, Query(max_length=200)] = "",
    level: Annotated[Level | None, Query()] = None,
    authority: Annotated[Authority | None, Query()] = None,
    on: dt.date | None = None,
) -> list[Offered]:
    return await search(service, on or local_day(service.clock.now()), q, level or "", authority or "")


@router.get("/procedures/{id}", response_model=Offered, summary="A procedure in force on a day")
async def get_procedure(service: Here, known: Known, id: str, on: dt.date | None = None) -> Offered:
    day = on or local_day(service.clock.now())
    try:
        terms, since = await known.terms(id, day)
    except Rejected as unknown:
        raise HTTPException(404, unknown.says) from None
    if terms is None:
        raise HTTPException(404, Text("Thủ tục không có hiệu lực vào ngày này.", "It is not in force on that day."))
    return Offered(procedure=id, effective_from=since, terms=terms)


async def change(
    service: Service, actor: Actor, id: str, command: Command, asked: Asked, expected: int | None = None
) -> Changed:
    done = await service.do(
        procedure,
        procedure_stream(id),
        command,
        actor=actor,
        expected=expected,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )
    return Changed(stream=done.stream, number=done.number, changed=bool(done.events))


@router.post("/procedures/{id}/list", response_model=Changed, summary="Offer a procedure from a day on")
async def list_procedure(service: Here, actor: Operator, asked: Ask, id: Id, body: ListBody) -> Changed:
    command = ListProcedure(procedure=id, effective_from=body.effective_from, terms=body.terms, decision=body.decision)
    return await change(service, actor, id, command, asked)


@router.post("/procedures/{id}/amend", response_model=Changed, summary="Give it new terms from a day on")
async def amend_procedure(service: Here, actor: Operator, asked: Ask, id: Id, body: ListBody) -> Changed:
    command = AmendProcedure(effective_from=body.effective_from, terms=body.terms, decision=body.decision)
    return await change(service, actor, id, command, asked)


@router.post("/procedures/{id}/counting", response_model=Changed, summary="Count its deadlines otherwise from a day on")
async def post_counting(service: Here, actor: Operator, asked: Ask, id: Id, body: CountingBody) -> Changed:
    """Cut-off, what a supplement does to the clock, when a dossier without one is closed, when it is approaching.
    Dossiers that came before that day keep what they were promised."""
    return await count_otherwise(service, actor, id, body, asked)


async def count_otherwise(service: Service, actor: Actor, id: str, body: CountingBody, asked: Asked) -> Changed:
    """The terms of that day with these settings. Raises Rejected where it is not in force then, Conflict where somebody
    else changed it in this moment."""
    if asked.key and (done := await service.again(procedure, asked.key, asked.fingerprint)):
        return Changed(stream=done.stream, number=done.number, changed=bool(done.events))
    state, number = await service.state(procedure, procedure_stream(id))
    terms = offered_on(state, body.effective_from).terms
    assert terms
    settings = body.model_dump(exclude={"effective_from", "decision"})
    command = AmendProcedure(
        effective_from=body.effective_from, terms=replace(terms, **settings), decision=body.decision
    )
    return await change(service, actor, id, command, asked, expected=number)


@router.post("/procedures/{id}/withdraw", response_model=Changed, summary="Offer it no more from a day on")
async def withdraw_procedure(
    service: Here, actor: Operator, asked: Ask, id: Id, body: WithdrawProcedureBody
) -> Changed:
    command = WithdrawProcedure(
        effective_from=body.effective_from, replaced_by=body.replaced_by, decision=body.decision
    )
    return await change(service, actor, id, command, asked)


@router.post("/procedures/{id}/publish", response_model=Changed, summary="Show it on a unit's electronic one-stop")
async def publish_procedure(
    service: Here, known: Known, actor: Operator, asked: Ask, id: Id, body: ShowBody
) -> Changed:
    await known.unit(body.unit, body.on)
    return await change(service, actor, id, PublishProcedure(unit=body.unit, on=body.on), asked)


@router.post("/procedures/{id}/take-down", response_model=Changed, summary="Show it there no more")
async def take_down_procedure(service: Here, actor: Operator, asked: Ask, id: Id, body: ShowBody) -> Changed:
    command = TakeDownProcedure(unit=body.unit, on=body.on, reason=body.reason)
    return await change(service, actor, id, command, asked)


@router.post("/catalogue/load", response_model=Loaded, summary="Load the reviewed catalogue file of this installation")
async def load_catalogue(service: Here, actor: Operator) -> Loaded:
    """Saying it twice changes nothing: what is there already stays."""
    done = [await change(service, actor, id, command, Asked(None, b"", "vi")) for id, command in reviewed()]
    changed = sum(each.changed for each in done)
    return Loaded(changed=changed, already=len(done) - changed)


def reviewed() -> Sequence[tuple[str, Command]]:
    """The commands that the reviewed file stands for, in the order of their dates."""
    with (RULES / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["effective_from"], row["id"]))
    commands: list[tuple[str, Command]] = []
    seen: set[str] = set()
    for row in rows:
        id, day = row["id"], dt.date.fromisoformat(row["effective_from"])
        replaced = tuple(each.strip() for each in row["replaced_by"].split("|") if each.strip())
        command: Command
        if row["withdrawn"] == "yes":
            command = WithdrawProcedure(effective_from=day, replaced_by=replaced, decision=row["decision"])
        elif id in seen:
            command = AmendProcedure(effective_from=day, terms=terms_of(row), decision=row["decision"])
        else:
            command = ListProcedure(procedure=id, effective_from=day, terms=terms_of(row), decision=row["decision"])
        seen.add(id)
        commands.append((id, command))
    return commands


@router.post("/catalogue/diff", response_model=InLine, summary="What is missing, outdated or surplus, unit by unit")
async def diff_catalogue(service: Here, known: Known, _: Operator, body: NationalBody) -> InLine:
    day = body.on or local_day(service.clock.now())
    found = diff(await _ours(service, day), body.national, await _offers(known, day))
    return InLine(differences=found, mended=0)


@router.post("/catalogue/bring-in-line", response_model=InLine, summary="Mend the differences")
async def bring_catalogue_in_line(service: Here, known: Known, actor: Operator, body: NationalBody) -> InLine:
    """The catalogue first, then, in a second call, each unit's electronic one-stop. A dry run changes nothing."""
    day = body.on or local_day(service.clock.now())
    ours = await _ours(service, day)
    found = diff(ours, body.national, await _offers(known, day))
    commands = bring_in_line(found, ours, body.national, day)
    if body.dry_run:
        return InLine(differences=found, mended=0)
    for stream, command in commands:
        await service.do(procedure, stream, command, actor=actor)
    return InLine(differences=found, mended=len(commands))


async def _ours(service: Service, day: dt.date) -> list[Ours]:
    shown: dict[str, dict[str, dt.date]] = {}
    for row in await service.pool.fetch("SELECT unit, procedure, terms_from FROM view.shown"):
        shown.setdefault(row["procedure"], {})[row["unit"]] = row["terms_from"]
    return [
        Ours(
            procedure=row["procedure"],
            since=row["effective_from"],
            terms=None if row["withdrawn"] else _terms.decode(row["terms"]),
            shown=shown.get(row["procedure"], {}),
        )
        for row in await service.pool.fetch(IN_FORCE, day, "")
    ]


async def _offers(known: Reference, day: dt.date) -> dict[str, frozenset[Authority]]:
    """Which authorities' procedures each receiving unit has to show, by the rules of the day."""
    receiving = known.rules(day).receiving
    kinds = {kind for each in receiving.values() for kind in each}
    return {
        each.unit: frozenset(authority for authority, takes in receiving.items() if each.kind in takes)
        for each in await known.places(sorted(kinds), day)
    }
