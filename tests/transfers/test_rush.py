"""Everybody wants a place at the same time: two workers hear it at once, heads accept while families withdraw. No place
is given twice, and all go to the first by time of submission. At full size, and measured, by bench/rush.py."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bench.dossiers import GRADE, OPENED, RECEIVED, SAYS, SCHOOL, YEAR, Dossier, dossiers, hand_in, of_class, say
from bench.dossiers import withdrawn as withdrawal
from bench.fairness import problems
from bench.rush import SETTLED
from kernel import database
from kernel.relay import Relay
from kernel.service import Service
from kernel.worker import Worker
from places import Place
from running import until, whole
from services.transfers.app import definition
from services.transfers.domain.commands import EndStep
from services.transfers.domain.dossier import transfer_stream
from services.transfers.domain.place import OpenClass, school_class
from services.transfers.domain.transfer import transfer

pytestmark = pytest.mark.xdist_group("promise")

REQUESTS, PLACES = 400, 10
CLASSES = ("10A1", "10A2", "10A3", "10A4")
HELD = "SELECT stream FROM view.transfer WHERE held AND status = 'open' ORDER BY stream"


@pytest_asyncio.fixture
async def intake(place: Place) -> AsyncIterator[Any]:
    pool = await database.pool("intake", place.settings)
    relay = asyncio.create_task(Relay("intake", place.settings).run())
    yield pool
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    await pool.close()


@pytest_asyncio.fixture
async def second(place: Place, topics: Any) -> AsyncIterator[Service]:
    """One more process of transfers, as it were: it only hears."""
    service = Service(definition, place.settings)
    await service.open()
    hearing = asyncio.create_task(Worker(service).run())
    yield service
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    await service.close()


async def accept(service: Service, stream: str) -> None:
    command = EndStep(step="accept", turn=1, outcome="consented", at=RECEIVED, by="head")
    await service.do(transfer, stream, command, actor=SAYS)


async def test_of_hundreds_who_want_a_place_at_once_the_first_have_it_and_none_is_given_twice(
    place: Place, topics: Any, intake: Any, second: Service, tmp_path: Path
) -> None:
    said = 0

    async def settled() -> None:
        names = (place.settings.topic("intake"), place.settings.topic("transfers"))
        await until(lambda: second.pool.fetchval(SETTLED, *names, said), "all to be heard")

    async def fair() -> None:
        async with intake.acquire() as theirs, second.pool.acquire() as ours:
            assert await problems(theirs, ours) == []

    made: list[Dossier] = dossiers(REQUESTS, CLASSES)
    async with whole("transfers", place.settings, tmp_path / "transfers.log"):
        for name in CLASSES:
            command = OpenClass(school=SCHOOL, year=YEAR, grade=GRADE, name=name, places=PLACES, at=OPENED)
            await second.do(school_class, of_class(name), command, actor=SAYS)
        await hand_in(intake, made)
        said += 2 * REQUESTS
        await settled()
        await fair()

        held = [row["stream"] for row in await second.pool.fetch(HELD)]
        assert len(held) == PLACES * len(CLASSES)
        accepted = set(held[::2])
        gone = [each for each in made if transfer_stream(each.stream) not in accepted][::3]
        await asyncio.gather(
            say(intake, [withdrawal(each) for each in gone]), *(accept(second, each) for each in accepted)
        )
        said += len(gone)
        await settled()
        await fair()
        moved_up = {row["stream"] for row in await second.pool.fetch(HELD)}
    assert len(moved_up) == len(held) - len(accepted)
    assert moved_up - set(held), "somebody who waited has the place of somebody who withdrew"
