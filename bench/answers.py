"""Answers: fifty thousand people answer a questionnaire of 22 questions, each with a token of their own.

Ours is `POST /answers` of a running surveys (`motcua run surveys`, one process in all roles, as in the demo): the token
read, its invitation and the campaign looked up, every answer held against the questionnaire, the sheet sealed, the
invitation used and the sheet put among those that wait, in one durable transaction, and only then answered. Beside that
the same process seals and relays what was said, hears it, and lets answers go in batches. The client (load.py) is a
process of its own; it shares the cores with the server, PostgreSQL and Kafka.

The peer is bare FastAPI that answers 202, as for `intake`; it gets the same requests from the same client.

Before the rounds 50,000 answers are sent at once and the seconds are told. After each round an audit in SQL counts: as
many invitations are used as answers were sent, none twice, and each answer is either let go or waits. Some tokens
are then sent again, and all are refused.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psutil

from bench.data import SEED
from bench.ground import Ground
from bench.harness import Pair, Scale
from bench.load import request
from bench.servers import bare, load, server
from kernel.service import Service
from schemas.event import Actor
from schemas.surveys import Wording
from services.surveys.api.catalogue import contents, publish
from services.surveys.api.invitations import issue
from services.surveys.app import definition
from services.surveys.domain import campaign as life
from services.surveys.domain import planning
from services.surveys.domain.campaign import campaign

NAME = "answers"
RUSH, REQUESTS, AGAIN = 50_000, 6_000, 200
PORT, BARE_PORT = 8494, 8495
UNITS = 30
SAYS = Actor(id="bench:manager", roles=("survey_manager",), unit="so-gddt")
STREAM = f"campaign-{UUID(int=SEED)}"
# Used, used twice, waiting, let go. (The log is what counts; views follow.)
AUDIT = """
SELECT (SELECT count(*) FROM truth.events WHERE type = 'surveys.invitation_used') AS used,
    (SELECT count(*) FROM (SELECT stream FROM truth.events WHERE type = 'surveys.invitation_used'
        GROUP BY stream HAVING count(*) > 1) twice) AS twice,
    (SELECT count(*) FROM truth.waiting) AS waiting,
    (SELECT coalesce(sum(jsonb_array_length(convert_from(data, 'UTF8')::jsonb -> 'sheets')), 0)
        FROM truth.events WHERE type = 'surveys.answers_released') AS sheets
"""


@dataclass
class Office:
    """A campaign that takes answers, and what was sent so far."""

    service: Service
    tokens: list[str]
    sent: int = 0

    def requests(self, count: int) -> list[bytes]:
        """Requests of people who have not answered yet."""
        mine, self.tokens = self.tokens[:count], self.tokens[count:]
        return [_request(n, each) for n, each in enumerate(mine, self.sent)]

    async def take(self, made: Sequence[bytes]) -> float:
        """Send these; answers how many were taken a second. Raises RuntimeError where one was lost or counted twice."""
        rate = await load(PORT, made, 201)
        self.sent += len(made)
        await load(PORT, made[:AGAIN], 409)
        async with self.service.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            found = dict(await connection.fetchrow(AUDIT))
        if found["used"] != self.sent or found["twice"] or found["used"] != found["waiting"] + found["sheets"]:
            raise RuntimeError(f"{self.sent} answers were sent, and the audit says {found}")
        return rate


_questions = next(each for each in contents() if each.key == "procedure").questions


def _request(number: int, token: str) -> bytes:
    """What somebody sends who was answered in time; one in ten adds words."""
    dice = random.Random(SEED + number)
    body: dict[str, Any] = {"feedback_made": "no"}
    for each in _questions:
        if each.kind == "likert" and each.when is None:
            body[each.code] = dice.randrange(1, 6)
    if number % 10 == 0:
        body["overall_remark"] = "Mong cơ quan trả lời đúng hẹn và giải thích rõ hơn."
    return request("/answers", json.dumps(body, ensure_ascii=False).encode(), {"Motcua-Invitation": token})


@asynccontextmanager
async def office(ground: Ground, count: int) -> AsyncIterator[Office]:
    """Surveys with an open campaign, and so many people who are asked."""
    await ground.databases("surveys")
    for heard in definition.hears:
        await ground.topic(ground.settings.topic(heard))
    service = Service(definition, ground.settings)
    await service.open()
    try:
        await publish(service)
        now = service.clock.now()
        plan = planning.Plan(
            campaign=STREAM,
            kind="standing",
            title=Wording(vi="Sau khi trả kết quả", en="After a result"),
            group="applicant",
            questionnaire="procedure",
            edition=1,
            starts=now.date().replace(day=1),
            ends=now.date().replace(year=now.year + 1, day=1),
            batch=5,
            unit="so-gddt",
            at=now,
        )
        for each in (plan, life.Open(at=now)):
            await service.do(campaign, STREAM, each, actor=SAYS)
        each_unit = -(-count // UNITS)
        tokens: list[str] = []
        for unit in range(UNITS):
            tokens += await issue(service, SAYS, STREAM, (f"unit-{unit:02d}", "in_time"), count=each_unit)
        random.Random(SEED).shuffle(tokens)
        async with server(PORT, "deploy.cli", "run", "surveys", environment=ground.environment("surveys", PORT)):
            await _caught_up(service)
            yield Office(service, tokens)
    finally:
        await service.close()


async def _caught_up(service: Service) -> None:
    """Until all invitations are relayed and heard, so that only answers are measured."""
    topic = service.settings.topic("surveys")
    settled = (
        "SELECT (SELECT coalesce(sum(next_offset), 0) FROM truth.heard WHERE topic = $1)"
        " = (SELECT position FROM truth.log) AND NOT EXISTS (SELECT FROM truth.outbox)"
    )
    end = time.perf_counter() + 300
    while not await service.pool.fetchval(settled, topic):
        if time.perf_counter() > end:
            raise TimeoutError("the invitations were not heard")
        await asyncio.sleep(0.2)


def _busy() -> float:
    """CPU seconds of the server's process so far."""
    for each in psutil.Process().children(recursive=True):
        if "surveys" in each.cmdline():
            return sum(each.cpu_times()[:2])
    return 0.0


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    rush, count = scale.of(RUSH), scale.of(REQUESTS)
    async with office(ground, rush + (scale.rounds + 1) * count) as here, server(BARE_PORT, *bare(BARE_PORT)):
        busy = _busy()
        made = here.requests(rush)
        seconds = rush / await here.take(made)
        cost = (_busy() - busy) / rush * 1e6
        theirs = [each.replace(b"POST /answers ", b"POST / ", 1) for each in made[:count]]

        async def ours() -> float:
            return await here.take(here.requests(count))

        async def peer() -> float:
            return await load(BARE_PORT, theirs, 202)

        yield Pair(
            NAME,
            f"answers checked, sealed, committed ÷ bare FastAPI 202 ({rush:,} at once: all taken after {seconds:.0f} s,"
            f" {cost:.0f} µs of the server's CPU each; none lost, none twice)",
            "answers/s",
            0,
            ours,
            peer,
        )
