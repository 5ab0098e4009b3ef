"""The steps of transfers, as deadlines keeps their clocks: a process of its own, over HTTP, Kafka and PostgreSQL, real
ones; what intake and transfers say is said on their topics. The tests are chapters: they are read, and run, in their
order.
"""

import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from intake.desks import DEPARTMENT, OTHER, SCHOOL, moment
from intake.samples import CITED
from kernel import wire
from places import Place, free_port, place_on, topics_of
from reporting.lives import received, recorded
from running import Asker, until, whole
from schemas.event import Event, encode
from schemas.intake import UnitFacts, UnitOpened
from schemas.transfers import StepEnded, StepOpened

pytestmark = pytest.mark.xdist_group("promise")

OF = UUID(int=9)
APPLICATION, TRANSFER = f"application-{uuid5(OF, 'a')}", f"transfer-{uuid5(OF, 'a')}"
PATH = f"/applications/{APPLICATION.removeprefix('application-')}"
ELSEWHERE = "thpt-nguyen-du"


@dataclass
class Office:
    """Deadlines, and those who speak to it."""

    place: Place
    asker: Asker
    said: Counter[Any] = field(default_factory=Counter)

    async def hears(self, by: str, stream: str, event: Event) -> None:
        """A service says this on its topic."""
        settings = self.place.settings
        self.said[stream] += 1
        self.said[by] += 1
        line = recorded(stream, event, self.said[stream])
        meta = msgspec.structs.replace(line.meta, recorded_at=line.meta.happened_at)
        row = {
            "position": self.said[by],
            "id": line.id,
            "stream": stream,
            "number": line.number,
            "type": event.type,
            "version": event.version,
            "meta": msgspec.json.encode(meta),
        }
        async with AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all") as producer:
            await producer.send_and_wait(
                settings.topic(by),
                encode(event),
                stream.encode(),
                partition=wire.partition(stream, settings.partitions),
                headers=wire.headers(f"/motcua/{by}".encode(), 1, row),
            )

    async def at(self, text: str) -> None:
        await self.asker.ok("/demo/clock", now=moment(text).isoformat())

    async def leg(self, step: str = "release", turn: int = 1, **says: Any) -> Any:
        """The leg of a step, once it says this."""
        reader = self.asker.by("auditor")

        async def told() -> Any:
            answer = await reader.get(f"{PATH}/legs")
            legs = answer.json() if answer.is_success else []
            found = [each for each in legs if (each["step"], each["turn"]) == (step, turn)]
            return found[0] if found and all(found[0][name] == value for name, value in says.items()) else None

        return await until(told, f"{step} {turn} to be {says}")

    async def events(self, type: str) -> list[Any]:
        """What deadlines has said, read without the kernel."""
        connection = await self.place.connect("deadlines")
        try:
            rows = await connection.fetch("SELECT data FROM truth.events WHERE type = $1 ORDER BY row", type)
            assert not await connection.fetch("SELECT reason FROM truth.parked")
        finally:
            await connection.close()
        return [msgspec.json.decode(row["data"]) for row in rows]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Office]:
    folder: Path = tmp_path_factory.mktemp("steps")
    async with place_on(ground, templates, folder) as made:
        ports = {"transfers": free_port()} | made.settings.ports
        place = replace(made, settings=made.settings.model_copy(update={"ports": ports}))
        async with topics_of(place), whole("deadlines", place.settings, folder / "deadlines.log") as asker:
            found = Office(place, asker)
            await found.at("2026-08-24 08:00")
            facts = UnitFacts(name="Trường THPT Trần Phú", kind="school")
            await found.hears(
                "intake",
                f"unit-{uuid5(OF, OTHER)}",
                UnitOpened(unit=OTHER, effective_from=dt.date(2020, 1, 1), facts=facts),
            )
            came = received(
                moment("2026-08-24 08:30").astimezone(dt.UTC),
                received_by=SCHOOL,
                decided_by=SCHOOL,
                code="H99.2-260824-0001",
            )
            await found.hears("intake", APPLICATION, came)
            yield found


def opened(at: str, step: Any = "release", turn: int = 1, days: int = 3, unit: str = OTHER) -> StepOpened:
    return StepOpened(
        application=APPLICATION,
        from_school=OTHER,
        to_school=SCHOOL,
        step=step,
        turn=turn,
        unit=unit,
        days=days,
        opened_at=moment(at).astimezone(dt.UTC),
        rule=CITED,
    )


def ended(at: str, outcome: Any, step: Any = "release", turn: int = 1, unit: str = OTHER) -> StepEnded:
    return StepEnded(
        application=APPLICATION,
        from_school=OTHER,
        to_school=SCHOOL,
        step=step,
        turn=turn,
        unit=unit,
        outcome=outcome,
        ended_at=moment(at).astimezone(dt.UTC),
    )


async def test_a_step_that_is_opened_has_its_own_due_date(office):
    await office.hears("transfers", TRANSFER, opened("2026-08-24 09:00"))
    await office.hears("transfers", TRANSFER, opened("2026-08-24 09:00", "accept", days=5, unit=SCHOOL))
    leg = await office.leg(open=True, overdue=False)
    assert (leg["due_at"], leg["unit"], leg["rule"], leg["code"]) == (
        "2026-08-27T10:00:00Z",
        OTHER,
        CITED.basis,
        "H99.2-260824-0001",
    )
    assert (await office.leg("accept"))["due_at"] == "2026-09-03T10:00:00Z", "31/8 to 2/9 are rest"


async def test_its_units_see_it_and_no_other_unit(office):
    for unit in (OTHER, SCHOOL):
        assert len(await office.asker.by("unit_head", unit=unit).read(f"{PATH}/legs")) == 2
    assert (await office.asker.by("unit_head", unit=ELSEWHERE).get(f"{PATH}/legs")).status_code == 403
    assert (await office.asker.get(f"{PATH}/legs")).status_code == 401
    assert (await office.asker.by("auditor").get(f"/applications/{OF}/legs")).status_code == 404


async def test_a_step_that_nobody_does_is_overdue_once_though_the_service_sees_it_late(office):
    await office.at("2026-08-28 08:00")
    await office.leg(overdue=True)
    [overdue] = await office.events("deadlines.leg_overdue")
    assert (overdue["step"], overdue["became_at"]) == ("release", "2026-08-27T10:00:00Z")
    assert dt.datetime.fromisoformat(overdue["noticed_at"]) >= moment("2026-08-28 08:00")
    await office.at("2026-08-28 14:00")
    await office.hears("transfers", TRANSFER, opened("2026-08-28 14:00", "consult", unit=DEPARTMENT))
    await office.leg("consult")
    assert len(await office.events("deadlines.leg_overdue")) == 1


async def page(asker: Asker, path: str) -> str:
    answer = await asker.client.get(path, headers=asker.said | {"accept": "text/html"})
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


async def test_the_day_of_its_unit_shows_it_and_the_dossier_shows_all(office):
    head = office.asker.by("unit_head", unit=OTHER)
    today = await page(head, "/")
    assert "Bước chuyển trường đến hạn, quá hạn" in today and "Trường nơi đi đồng ý" in today
    assert "H99.2-260824-0001" in today and "Trường nơi đến quyết định" not in today
    assert "Bước chuyển trường" not in await page(office.asker.by("unit_head", unit=ELSEWHERE), "/")
    dossier = await page(head, f"/ho-so/{APPLICATION.removeprefix('application-')}")
    for words in (
        "Trường nơi đi đồng ý",
        "Trường nơi đến quyết định",
        "Xin ý kiến lãnh đạo Sở",
        "Trường THPT Trần Phú",
    ):
        assert words in dossier, words


async def test_a_day_that_becomes_a_day_of_rest_moves_the_steps_that_it_touches(office):
    operator = office.asker.by("operator")
    days = [{"date": "2026-09-03", "kind": "rest", "name": "Nghỉ phòng chống bão"}]
    await operator.ok("/calendar", number=1, basis="CĐ 12/UBND", days=days)
    await office.leg("accept", due_at="2026-09-04T10:00:00Z")
    await office.leg("consult", due_at="2026-09-08T10:00:00Z")
    moved = await office.events("deadlines.leg_moved")
    assert {(each["step"], each["was_due_at"]) for each in moved} == {
        ("accept", "2026-09-03T10:00:00Z"),
        ("consult", "2026-09-07T10:00:00Z"),
    }


async def test_a_step_that_ends_says_how_late_it_was(office):
    await office.hears("transfers", TRANSFER, ended("2026-08-28 14:30", "consented"))
    leg = await office.leg(open=False)
    assert (leg["late"], leg["outcome"]) == ({"days": 1, "minutes": 300}, "consented")
    await office.hears("transfers", TRANSFER, ended("2026-08-28 15:00", "done", "accept", unit=SCHOOL))
    assert (await office.leg("accept", open=False))["late"] is None


async def test_a_step_that_was_dropped_is_never_late_and_opened_again_it_is_another(office):
    await office.at("2026-09-09 08:00")
    await office.leg("consult", overdue=True)
    await office.hears("transfers", TRANSFER, ended("2026-09-09 08:00", "dropped", "consult", unit=DEPARTMENT))
    assert (await office.leg("consult", open=False))["late"] is None
    await office.hears("transfers", TRANSFER, opened("2026-09-09 09:00", turn=2))
    assert (await office.leg(turn=2, open=True))["due_at"] == "2026-09-14T10:00:00Z"
    assert "lần 2" in await page(office.asker.by("unit_head", unit=OTHER), f"/ho-so/{PATH.rsplit('/', 1)[1]}")
