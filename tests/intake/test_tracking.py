"""The tracking code is a secret between its dossier's applicant and this deployment: whoever hears all of Kafka does
not know it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import pytest
import pytest_asyncio
from pydantic import SecretStr

from intake import desks
from kernel import wire
from kernel.relay import NEXT_PAGE
from kernel.service import Service
from kernel.tracking import TrackingCodes, codes
from places import place_on
from running import InProcess, in_process
from schemas.tracking import read_tracking_code, tracking_code
from services.deadlines.app import definition as deadlines_wiring
from services.intake.app import definition as intake_wiring

pytestmark = pytest.mark.xdist_group("tracking")
PUBLIC = UUID("6f5d1f1e-6a34-5a53-9a3c-1d5f2b6a7c10")  # what codes were once made with
NOW = "2026-08-21 10:00"


@dataclass(frozen=True)
class Town:
    """Dossiers that came every way, and all that Kafka is told of them."""

    intake: InProcess
    deadlines: InProcess
    dossiers: dict[str, Any]
    heard: bytes


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Town]:
    async with (
        place_on(ground, templates, tmp_path_factory.mktemp("town")) as place,
        in_process(intake_wiring, place.settings) as intake,
        in_process(deadlines_wiring, place.settings) as deadlines,
    ):
        for each in (intake, deadlines):
            each.service.clock.set(desks.moment(NOW))
        for what in ("catalogue", "units"):
            await intake.by("operator").ok(f"/{what}/load")
        await intake.heard(deadlines.service)
        line = {
            "key": "1",
            "code": "H99.12-260803-0001",
            "procedure": desks.TRANSFER,
            "received_by": desks.SCHOOL,
            "decided_by": desks.SCHOOL,
            "received_at": "2026-08-03T08:30:00+07:00",
            "due_at": "2026-08-13T17:00:00+07:00",
            "applicant": desks.BINH,
        }
        await intake.by("operator").ok("/imports", system="cu", lines=[line])
        dossiers = {
            "drafted": await intake.ok("/drafts", procedure=desks.TRANSFER, applicant=desks.BINH),
            "submitted": await desks.submitted(intake),
            "received": await desks.in_process(intake),
        }
        await intake.heard(deadlines.service)
        await deadlines.heard()
        found = await intake.by("operator").read("/applications", code=line["code"])
        dossiers["imported"] = found["entries"][0]
        yield Town(intake, deadlines, dossiers, await said(intake) + await said(deadlines))


async def said(running: InProcess) -> bytes:
    """Every byte of every message: keys, headers and values."""
    rows = await running.service.pool.fetch(NEXT_PAGE, 0, 100_000)
    source = f"/motcua/{running.service.name}".encode()
    parts = [(row["stream"].encode(), *(b for _, b in wire.headers(source, 1, row)), row["data"]) for row in rows]
    return b"\n".join(b"\n".join(each) for each in parts)


def guesses(town: Town, id: UUID) -> set[str]:
    """What a listener would try: each word that he heard, and codes made of it by every rule he may know."""
    words = {word.decode() for word in re.findall(rb"[0-9A-Za-z.=+/_-]{8,}", town.heard)}
    old = [
        tracking_code(UUID(int=uuid5(PUBLIC, str(id)).int), b""),
        tracking_code(id, b""),
        tracking_code(id, PUBLIC.bytes),
    ]
    keyed = [tracking_code(id, word.encode()) for word in words]
    return {*words, *old, *keyed}


@pytest.mark.parametrize("way", ["drafted", "submitted", "received", "imported"])
async def test_all_that_is_on_kafka_does_not_tell_the_code(town: Town, way: str) -> None:
    told = town.dossiers[way]
    assert told["id"].encode() in town.heard and len(town.heard) > 10_000, "the listener knows the dossier's UUID"
    plain = told["tracking"].replace("-", "").encode()
    assert told["tracking"].encode() not in town.heard and plain not in town.heard.upper()
    assert codes(town.intake.service).digest(UUID(told["id"])).encode() in town.heard, "what it is looked up by is"
    opening = [
        each for each in guesses(town, UUID(told["id"])) if codes(town.intake.service).opens(each, UUID(told["id"]))
    ]
    assert opening == []


async def attempts(town: Town, way: str, typed: str) -> dict[str, int]:
    """The status of all that the code is asked for. Only the last, where it is allowed, changes the dossier."""
    id = town.dossiers[way]["id"]
    mine, clock = (each.with_(motcua_tracking=typed) for each in (town.intake, town.deadlines))
    answers = {
        "keep": await town.intake.get(f"/da-nop/{id}", ma=typed),
        "code by id alone": await town.intake.get(f"/da-nop/{id}"),
        "track": await town.intake.get(f"/track/{typed}"),
        "follow": await town.intake.get(f"/tra-cuu/{typed}"),
        "deadlines' page": await town.deadlines.get("/theo-doi", ma=typed),
        "clock": await clock.get(f"/applications/{id}/deadline"),
        "why": await clock.get(f"/applications/{id}/deadline/explain"),
        "receipt": await town.intake.get(f"/applications/{id}/papers/receipt.pdf", tracking=typed),
        "draft": await mine.post(f"/drafts/{id}", procedure=desks.TRANSFER, applicant=desks.BINH),
        "withdraw": await mine.post(f"/applications/{id}/withdraw"),
    }
    assert all(
        town.dossiers[way]["tracking"] not in answer.text for answer in answers.values() if not answer.is_success
    )
    return {name: answer.status_code for name, answer in answers.items()}


async def test_who_only_listened_can_neither_act_nor_see_the_whole(town: Town) -> None:
    id = UUID(town.dossiers["received"]["id"])
    digest = codes(town.intake.service).digest(id)
    heard = [each for each in guesses(town, id) if read_tracking_code(each)]
    other = town.intake.service.settings.model_copy(update={"tracking_key": SecretStr("of another province" * 2)})
    stranger = Service(intake_wiring, other)
    for typed in (str(id), digest, TrackingCodes(stranger).of(id), *heard[:20]):
        found = await attempts(town, "received", typed[:20] if typed == digest else typed)
        assert set(found.values()) <= {401, 404, 422}, (typed, found)
    assert (await town.intake.get(f"/track/{digest}")).status_code == 404
    seen = await town.intake.read(f"/track/{town.dossiers['received']['code']}")
    assert (seen["id"], seen["tracking"]) == (None, "")


async def test_the_right_code_opens_all_that_is_its_applicants(town: Town) -> None:
    found = await attempts(town, "received", town.dossiers["received"]["tracking"])
    wanted = dict.fromkeys(found, 200) | {"code by id alone": 404, "draft": 409}
    assert found == wanted


@pytest.mark.parametrize("way", ["drafted", "submitted", "imported"])
async def test_the_code_of_a_dossier_finds_it_however_it_came(town: Town, way: str) -> None:
    told = town.dossiers[way]
    assert (await town.intake.read(f"/track/{told['tracking']}"))["id"] == told["id"]
