"""Intake over HTTP: a POST answered after validation, sealing and commit, 64 connections that each wait for an answer.

The peer is the limit: bare FastAPI on uvicorn (uvloop, httptools, no access log, no lifespan) that answers 202 and
does nothing else. It gets the same requests from the same client.

Ours is `motcua run intake --role api`, one process: `POST /applications` as a citizen sends it, body checked, terms
and rules of the day looked up, personal data sealed under a key of that person's own (each applicant is a new one, so
each also makes a key in the vault), event committed durably, the new state answered. The client (load.py) is a process
of its own; it shares the cores with the server and, on our side, with PostgreSQL.
"""

import datetime as dt
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.data import SEED
from bench.ground import SECRET, Ground
from bench.harness import Pair, Scale
from bench.load import Connection, request
from bench.servers import HOST, bare, load, server
from kernel.identity import Signer
from schemas.event import Actor
from services.intake.app import definition

NAME = "intake"
REQUESTS = 6_000
PEER_REQUESTS = 15_000
PORT, BARE_PORT = 8491, 8492
BODY_SIZE = 700
NAMES = ("Nguyễn Thị Bình", "Trần Văn An", "Lê Thị Hoa", "Phạm Minh Đức", "Hoàng Thu Trang", "Vàng A Páo")


def submissions(count: int, seed: int = SEED) -> list[bytes]:
    """Requests of people who hand in a transfer of school online; 700 bytes each, every applicant another one."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        body = {
            "procedure": "2.002854",
            "channel": "online",
            "decided_by": "thpt-le-loi",
            "applicant": {
                "name": dice.choice(NAMES),
                "id_number": f"{dice.randrange(10**6):06d}{number % 10**6:06d}",
                "born": str(dt.date(1970, 1, 1) + dt.timedelta(days=dice.randrange(15_000))),
                "phone": f"09{dice.randrange(10**8):08d}",
                "address": {"street": f"{dice.randrange(1, 200)} đường Hoa Ban", "province": "tỉnh Sơn Hà"},
            },
            "content": "Xin chuyển trường cho con theo nơi ở mới của gia đình. ",
            "documents": [{"title": "Đơn xin chuyển trường"}, {"title": "Học bạ (bản chính)"}],
        }
        missing = BODY_SIZE - len(json.dumps(body, ensure_ascii=False).encode())
        body["content"] = str(body["content"]) + "x" * missing
        made.append(request("/applications", json.dumps(body, ensure_ascii=False).encode()))
    return made


@asynccontextmanager
async def intake(ground: Ground, role: str) -> AsyncIterator[int]:
    """A running intake with units and the catalogue of procedures; answers its port."""
    await ground.databases("intake")
    for heard in definition.hears:
        await ground.topic(ground.settings.topic(heard))
    async with server(
        PORT, "deploy.cli", "run", "intake", "--role", role, environment=ground.environment("intake", PORT)
    ):
        operator = Actor(id="bench:operator", roles=("operator",))
        token = Signer(SECRET.encode()).issue(operator, time.time())
        connection = await Connection.open(HOST, PORT)
        for path in ("/units/load", "/catalogue/load"):
            status, body = await connection.send(request(path, b"", {"Authorization": f"Bearer {token}"}))
            if status >= 300:
                raise RuntimeError(f"{path}: {status} {body.decode(errors='replace')}")
        connection.close()
        yield PORT


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    rounds = scale.rounds + 1
    mine = submissions(rounds * scale.of(REQUESTS))
    left = [mine[n::rounds] for n in range(rounds)]
    theirs = _to_root(mine * (1 + PEER_REQUESTS // REQUESTS))[: scale.of(PEER_REQUESTS)]
    async with intake(ground, "api") as port, server(BARE_PORT, *bare(BARE_PORT)):

        async def ours() -> float:
            return await load(port, left.pop(), 201)

        async def peer() -> float:
            return await load(BARE_PORT, theirs, 202)

        yield Pair(
            NAME,
            "applications validated, sealed, committed ÷ bare FastAPI 202",
            "requests/s",
            0.4,
            ours,
            peer,
        )


def _to_root(requests: Sequence[bytes]) -> list[bytes]:
    return [each.replace(b"POST /applications ", b"POST / ", 1) for each in requests]
