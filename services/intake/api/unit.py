"""Units, over HTTP: where to go, and how the organisation changes from a day on."""

import datetime as dt
import tomllib
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kernel.decider import Rejected
from kernel.service import Service
from kernel.store import Conflict
from kernel.web import Ask, Asked, Here
from schemas.event import Actor
from schemas.intake import UnitFacts, UnitKind
from schemas.people import Place
from services.intake.api.application.action import act
from services.intake.api.application.handling import PassOnBody
from services.intake.api.body import Id, example
from services.intake.api.catalogue import Changed, Loaded, Operator
from services.intake.api.reference import RULES, Known, local_day
from services.intake.domain.application.dossier import OPEN
from services.intake.domain.unit import (
    ChangeUnit,
    CloseUnit,
    Command,
    MergeUnit,
    OpenUnit,
    SplitUnit,
    place,
    unit,
    unit_stream,
)

router = APIRouter(tags=["Đơn vị / Units"])
KINDS: tuple[UnitKind, ...] = ("service_centre", "department", "office", "school", "commune", "committee")
Decision = Annotated[str, Field(max_length=300)]


class OpenBody(BaseModel):
    model_config = ConfigDict(extra="forbid") | example(
        effective_from="2026-09-01",
        facts={"name": "Trường THPT Hoà Bình", "kind": "school", "codes": {"2020": "H99.12.140"}},
        decision="12/QĐ-UBND",
    )

    effective_from: dt.date
    facts: UnitFacts
    decision: Decision = ""


class IntoBody(BaseModel):
    model_config = ConfigDict(extra="forbid") | example(effective_from="2026-09-01", into=["thpt-nam-khe"])

    effective_from: dt.date
    into: Annotated[tuple[Id, ...], Field(min_length=1, max_length=20)]
    decision: Decision = ""


class CloseBody(BaseModel):
    model_config = ConfigDict(extra="forbid") | example(effective_from="2026-09-01", decision="13/QĐ-UBND")

    effective_from: dt.date
    decision: Decision = ""


class PassOnAllBody(BaseModel):
    """Open dossiers of a unit that go to another; at most `most` in one call, so call again while some are left."""

    model_config = ConfigDict(extra="forbid") | example(into="thpt-nam-khe", reason="Sáp nhập trường.")

    into: Id
    reason: Annotated[str, Field(min_length=3, max_length=500)]
    most: Annotated[int, Field(ge=1, le=1000)] = 500


class PassedOn(BaseModel):
    passed: int
    refused: tuple[str, ...]
    left: int


@router.get("/units", response_model=list[Place], summary="Units that are open on a day")
async def get_units(
    service: Here, known: Known, kind: Annotated[UnitKind | None, Query()] = None, on: dt.date | None = None
) -> Sequence[Place]:
    return await known.places((kind,) if kind else KINDS, on or local_day(service.clock.now()))


@router.get("/units/{id}", response_model=Place, summary="One unit: where it is and when it is open")
async def get_unit(service: Here, known: Known, id: Id, on: dt.date | None = None) -> Place:
    try:
        return place(id, await known.unit(id, on or local_day(service.clock.now())))
    except Rejected as unknown:
        raise HTTPException(404, unknown.says) from None


async def change(service: Service, actor: Actor, id: str, command: Command, asked: Asked) -> Changed:
    done = await service.do(unit, unit_stream(id), command, actor=actor, key=asked.key, fingerprint=asked.fingerprint)
    return Changed(stream=done.stream, number=done.number, changed=bool(done.events))


@router.post("/units/{id}/open", response_model=Changed, summary="Let a unit exist from a day on")
async def open_unit(service: Here, actor: Operator, asked: Ask, id: Id, body: OpenBody) -> Changed:
    command = OpenUnit(unit=id, effective_from=body.effective_from, facts=body.facts, decision=body.decision)
    return await change(service, actor, id, command, asked)


@router.post("/units/{id}/change", response_model=Changed, summary="Another name, address or hours from a day on")
async def change_unit(service: Here, actor: Operator, asked: Ask, id: Id, body: OpenBody) -> Changed:
    command = ChangeUnit(effective_from=body.effective_from, facts=body.facts, decision=body.decision)
    return await change(service, actor, id, command, asked)


@router.post("/units/{id}/merge", response_model=Changed, summary="Make it part of another unit")
async def merge_unit(service: Here, known: Known, actor: Operator, asked: Ask, id: Id, body: IntoBody) -> Changed:
    await known.unit(body.into[0], body.effective_from)
    command = MergeUnit(into=body.into[0], effective_from=body.effective_from, decision=body.decision)
    return await change(service, actor, id, command, asked)


@router.post("/units/{id}/split", response_model=Changed, summary="Divide it")
async def split_unit(service: Here, known: Known, actor: Operator, asked: Ask, id: Id, body: IntoBody) -> Changed:
    for each in body.into:
        await known.unit(each, body.effective_from)
    command = SplitUnit(into=body.into, effective_from=body.effective_from, decision=body.decision)
    return await change(service, actor, id, command, asked)


@router.post("/units/{id}/close", response_model=Changed, summary="End it without a successor")
async def close_unit(service: Here, actor: Operator, asked: Ask, id: Id, body: CloseBody) -> Changed:
    command = CloseUnit(effective_from=body.effective_from, decision=body.decision)
    return await change(service, actor, id, command, asked)


@router.post("/units/{id}/pass-on", response_model=PassedOn, summary="Pass its open dossiers on to another unit")
async def pass_on(service: Here, known: Known, actor: Operator, id: Id, body: PassOnAllBody) -> PassedOn:
    """Saying it twice is harmless: a dossier that was passed on is not the unit's any more."""
    rows = await service.pool.fetch(
        "SELECT stream, received_by, decided_by, count(*) OVER () AS total FROM view.application"
        " WHERE status = ANY($2::text[]) AND (received_by = $1 OR decided_by = $1) ORDER BY stream LIMIT $3",
        id,
        ["drafted", "submitted", "resolved", *OPEN],
        body.most,
    )
    refused = []
    for row in rows:
        pass_one = PassOnBody(
            received_by=body.into if row["received_by"] == id else row["received_by"],
            decided_by=body.into if row["decided_by"] == id else row["decided_by"],
            reason=body.reason,
        )
        try:
            await act(service, known, actor, UUID(row["stream"][12:]), pass_one, Asked(None, b"", "vi"))
        except (Rejected, Conflict):
            refused.append(row["stream"])
    total = rows[0]["total"] if rows else 0
    return PassedOn(passed=len(rows) - len(refused), refused=tuple(refused), left=total - len(rows))


@router.post("/units/load", response_model=Loaded, summary="Load the reviewed units file of this installation")
async def load_units(service: Here, actor: Operator) -> Loaded:
    """Saying it twice changes nothing."""
    done = [await change(service, actor, id, command, Asked(None, b"", "vi")) for id, command in reviewed()]
    changed = sum(each.changed for each in done)
    return Loaded(changed=changed, already=len(done) - changed)


_FACTS = ("name", "kind", "parent", "codes", "levels", "address", "hours", "how_to_find", "phone")


def reviewed() -> Sequence[tuple[str, Command]]:
    """The commands that units.toml stands for: units are opened first, then changes in the order of their dates."""
    data = tomllib.loads((RULES / "units.toml").read_text(encoding="utf-8"))
    facts: dict[str, dict[str, Any]] = {}
    adapter = TypeAdapter(UnitFacts)
    commands: list[tuple[str, Command]] = []
    for each in data["unit"]:
        facts[each["id"]] = {k: each[k] for k in _FACTS if k in each} | {"invented": data.get("invented", False)}
        opened = adapter.validate_python(facts[each["id"]])
        command = OpenUnit(unit=each["id"], effective_from=each["from"], facts=opened, decision=each["decision"])
        commands.append((each["id"], command))
    later = [(each["from"], kind, each) for kind in ("change", "merge", "split") for each in data.get(kind, ())]
    for day, kind, each in sorted(later, key=lambda item: (item[0], item[1], item[2]["id"])):
        id, decision = each["id"], each["decision"]
        match kind:
            case "change":
                facts[id] |= {k: each[k] for k in _FACTS if k in each}
                found = adapter.validate_python(facts[id])
                commands.append((id, ChangeUnit(effective_from=day, facts=found, decision=decision)))
            case "merge":
                commands.append((id, MergeUnit(into=each["into"], effective_from=day, decision=decision)))
            case _:
                commands.append((id, SplitUnit(into=tuple(each["into"]), effective_from=day, decision=decision)))
    return commands
