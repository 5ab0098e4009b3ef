"""Intake and deadlines in this process; one dossier of the school is overdue and waits for its apology."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from intake.desks import SCHOOL, moment, transfer
from places import place_on
from running import Asker, InProcess, in_process
from schemas.event import Actor
from services.deadlines.app import definition as deadlines_wiring
from services.deadlines.domain.clock import Notice, clock, clock_stream
from services.intake.app import definition as intake_wiring

BINH = {"name": "Nguyễn Thị Bình", "phone": "0912 345 678"}


@dataclass(frozen=True)
class Late:
    """An overdue dossier of the school; `apology` is the id of what is to be signed."""

    deadlines: InProcess
    dossier: Any
    apology: str

    @property
    def head(self) -> Asker:
        return self.deadlines.by("unit_head", unit=SCHOOL)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def late(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Late]:
    async with (
        place_on(ground, templates, tmp_path_factory.mktemp("deadlines")) as place,
        in_process(intake_wiring, place.settings) as intake,
        in_process(deadlines_wiring, place.settings) as deadlines,
    ):
        for each in (intake, deadlines):
            each.service.clock.set(moment("2026-08-21 10:00"))
        for what in ("catalogue", "units"):
            await intake.by("operator").ok(f"/{what}/load")
        await intake.heard(deadlines.service)
        desk = intake.by("desk_officer", unit=SCHOOL)
        dossier = await desk.ok(
            "/applications", **transfer(channel="assisted", received_by=SCHOOL, applicant=BINH, notify="phone")
        )
        await intake.heard(deadlines.service)
        await deadlines.heard()
        deadlines.service.clock.set(moment("2026-09-07 08:00"))
        notice = Notice(known=await deadlines.service.known(), now=deadlines.service.clock.now())
        stream = clock_stream(f"application-{dossier['id']}")
        await deadlines.service.do(clock, stream, notice, actor=Actor(id="test:timer", roles=()))
        await deadlines.heard()  # that it is overdue, to which the policy answers with an apology
        await deadlines.heard()
        told = await deadlines.by("unit_head", unit=SCHOOL).read(f"/applications/{dossier['id']}/deadline")
        yield Late(deadlines, dossier, told["apology"]["id"])
