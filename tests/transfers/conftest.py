"""Intake and transfers in this process, and a way to let a family ask for a transfer."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio

from deploy.local.exchange import Manner, environment, opened
from deploy.local.exchange_record import Record
from intake.desks import DEPARTMENT, OTHER, SCHOOL, moment, transfer
from kernel.edoc.exchange import open_exchange
from places import free_port, place_on
from running import Asker, InProcess, in_process
from services.intake.app import definition as intake_wiring
from services.transfers.api.exchanging import Errand
from services.transfers.api.exchanging import turn as exchange_turn
from services.transfers.app import definition as transfers_wiring

FROM, TO = OTHER, SCHOOL
PUPIL = {"name": "Nguyễn Gia Bảo", "id_number": "001210000001", "born": "2010-05-04"}
FACTS: dict[str, Any] = {
    "from_school": FROM,
    "to_school": TO,
    "grade": 11,
    "documents": ["application", "summary"],
}
NOW = moment("2026-08-21 10:00")


@dataclass
class Town:
    """Two services; `asked` lets a family ask, an officer describe it, and all be heard."""

    intake: InProcess
    transfers: InProcess
    exchange: Record
    manner: Manner
    pupils: int = 0
    errand: Errand = field(init=False)

    def __post_init__(self) -> None:
        self.errand = Errand(lambda organ: open_exchange(self.transfers.service.settings, organ))  # type: ignore[arg-type, return-value]

    async def exchanged(self) -> None:
        """One turn of the errand, however often something failed before, and all that follows."""
        self.errand.again.clear()
        await exchange_turn(self.transfers.service, self.errand)
        await self.heard()

    def head(self, unit: str = TO) -> Asker:
        return self.transfers.by("unit_head", unit=unit)

    @property
    def leadership(self) -> Asker:
        return self.transfers.by("leadership", unit=DEPARTMENT)

    async def heard(self) -> None:
        """Until nobody has anything more to say."""
        await self.intake.heard(self.transfers.service)
        before = -1
        while before != (now := await self.transfers.service.pool.fetchval("SELECT count(*) FROM truth.events")):
            before = now
            await self.transfers.heard()

    async def received(self, **said: Any) -> Any:
        desk = self.intake.by("desk_officer", unit=TO)
        told = await desk.ok("/applications", **transfer(channel="assisted", received_by=TO, decided_by=TO, **said))
        await self.heard()
        return told

    async def asked(self, said: Any = None, **facts: Any) -> str:
        """A case that has begun: its dossier's id. Each is another pupil's. `said`: more about the dossier."""
        self.pupils += 1
        told = await self.received(**(said or {}))
        pupil = PUPIL | {"id_number": f"00122{self.pupils:07}"}
        await self.head().ok(f"/transfers/{told['id']}/describe", facts=FACTS | facts, pupil=pupil)
        await self.heard()
        return str(told["id"])

    async def scan(self, content: bytes = b"%PDF-1.7 ban chup") -> str:
        """The digest of a scan that the receiving head sent."""
        head = self.head()
        sent = await head.client.post("/scans", files={"file": ("a.pdf", content)}, headers=head.said)
        assert sent.status_code == 201, sent.text
        return str(sent.json()["digest"])

    async def on_paper(self, **said: Any) -> dict[str, Any]:
        """An answer of the leadership as a head enters it from paper."""
        body = {"opinion": "approved", "number": "15/SGDĐT-VP", "text": "Sở đồng ý.", "signer": "Lê Thị Thu Hà"}
        return body | {"signed_on": "2026-08-21", "scan": await self.scan()} | said

    async def case(self, id: str) -> Any:
        return await self.head().read(f"/transfers/{id}")

    async def at(self, moment_: dt.datetime) -> None:
        for each in (self.intake, self.transfers):
            each.service.clock.set(moment_)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Town]:
    folder: Path = tmp_path_factory.mktemp("transfers")
    port, manner = free_port(), Manner(slowness=5.0)
    async with (
        place_on(ground, templates, folder) as place,
        opened(folder / "exchange", ("127.0.0.1", port), moods=True, manner=manner) as record,
        in_process(intake_wiring, place.settings) as intake,
        in_process(
            transfers_wiring, place.settings.model_copy(update={"edoc": environment(port)["MOTCUA_EDOC"]})
        ) as transfers,
    ):
        made = Town(intake, transfers, record, manner)
        await made.at(NOW)
        for what in ("catalogue", "units"):
            await intake.by("operator").ok(f"/{what}/load")
        await made.heard()
        yield made


def steps(case: Any) -> dict[str, str]:
    """How each step of a case stands."""
    return {each["step"]: each["status"] for each in case["steps"]}


def turn(case: Any, step: str) -> int:
    return next(each["turn"] for each in case["steps"] if each["step"] == step)
