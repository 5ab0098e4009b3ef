"""A running service of surveys with open campaigns: what tests of answering stand on."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from running import Asker, InProcess
from schemas.event import Actor
from services.surveys.api import releasing
from services.surveys.api.catalogue import publish
from services.surveys.api.invitations import issue
from services.surveys.domain import campaign as c
from services.surveys.domain.campaign import campaign
from services.surveys.domain.planning import Plan
from surveys import samples_campaign as campaigns
from surveys.samples import CLASS, LEVELS

MANAGER = Actor(id="manager-1", roles=("survey_manager",), unit="so-gddt")


@dataclass
class Field:
    """Surveys, and tokens of its campaigns."""

    surveys: InProcess
    campaigns: dict[str, str] = field(default_factory=dict)

    @property
    def service(self) -> Any:
        return self.surveys.service

    async def open(self, kind: str = "standing", **changes: Any) -> str:
        """An open campaign of its own; its stream."""
        stream = f"campaign-{uuid4()}"
        made: Plan = (campaigns.standing if kind == "standing" else campaigns.plan)(campaign=stream, **changes)
        now = self.service.clock.now()
        commands: list[Any] = [made]
        if kind == "yearly":
            commands += [campaigns.FRAME, campaigns.DRAW]
        for each in (*commands, c.Open(at=now)):
            await self.service.do(campaign, stream, each, actor=MANAGER)
        return stream

    async def issue(self, stream: str, cell: tuple[str, ...] = CLASS, count: int = 1) -> list[str]:
        return await issue(self.service, MANAGER, stream, cell, count=count)

    def holding(self, token: str) -> Asker:
        return self.surveys.with_(motcua_invitation=token)

    async def answer(self, token: str, answers: dict[str, Any] | None = None) -> Any:
        body = json.dumps(LEVELS if answers is None else answers).encode()
        return await self.holding(token).send("/answers", body)

    async def put(self, token: str, answers: dict[str, Any]) -> Any:
        said = {"motcua-invitation": token, "content-type": "application/json"}
        return await self.surveys.client.put("/answers", content=json.dumps(answers).encode(), headers=said)

    async def close(self, stream: str) -> None:
        done = c.Close(reason="Đã đủ phiếu", at=self.service.clock.now())
        await self.service.do(campaign, stream, done, actor=MANAGER)

    async def released(self, *, grace: float = 0) -> None:
        """Until nothing more can be let go."""
        await self.surveys.heard()
        while await releasing.turn(self.service, grace=grace):
            pass
        await self.surveys.heard()

    async def waiting(self, stream: str = "") -> int:
        count = await self.service.pool.fetchval(
            "SELECT count(*) FROM truth.waiting WHERE $1 = '' OR box LIKE '%' || $1 || '%'", stream
        )
        return int(count)

    async def sheets(self, stream: str) -> list[Any]:
        rows = await self.service.pool.fetch("SELECT * FROM view.sheet WHERE campaign = $1", stream)
        return [dict(row) | {"cell": json.loads(row["cell"]), "answers": json.loads(row["answers"])} for row in rows]


async def ready(surveys: InProcess) -> Field:
    surveys.service.clock.set(campaigns.at(5))
    await publish(surveys.service)
    return Field(surveys)


def sheet_ids(rows: list[Any]) -> set[UUID]:
    return {row["sheet"] for row in rows}
