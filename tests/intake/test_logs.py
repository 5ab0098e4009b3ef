"""What is said of a dossier in the log has its code, so that an operator finds all of it by what the receipt says."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from structlog.stdlib import ProcessorFormatter

from intake import desks
from kernel import wire
from kernel.relay import NEXT_PAGE
from kernel.wire import Message
from places import place_on
from running import InProcess, in_process
from services.deadlines.app import definition as deadlines_wiring
from services.intake.app import definition as intake_wiring

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """What was logged since the test asked last, as it is written in production."""

    def said() -> list[dict[str, Any]]:
        (writer,) = (each for each in logging.root.handlers if isinstance(each.formatter, ProcessorFormatter))
        found = [json.loads(writer.format(each)) for each in caplog.records if each.name.startswith("kernel")]
        caplog.clear()
        return found

    return said


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quiet(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[InProcess]:
    """An intake whose events nobody has heard yet."""
    async with (
        place_on(ground, templates, tmp_path_factory.mktemp("quiet")) as place,
        in_process(intake_wiring, place.settings) as running,
    ):
        running.service.clock.set(desks.moment("2026-08-21 10:00"))
        for what in ("catalogue", "units"):
            await running.by("operator").ok(f"/{what}/load")
        await running.heard()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def deaf(quiet: InProcess) -> AsyncIterator[InProcess]:
    """A deadlines that has heard of no dossier yet."""
    async with in_process(deadlines_wiring, quiet.service.settings) as running:
        yield running


async def test_a_command_that_is_refused_or_fails_is_logged_with_the_dossiers_code(
    intake: InProcess, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await desks.in_process(intake)
    waiting = await desks.submitted(intake)
    lines()
    for dossier, named in ((told, told["code"]), (waiting, waiting["id"])):
        answer = await desks.desk(intake).post(f"/applications/{dossier['id']}/hand-over-result", way="desk")
        (line,) = lines()
        assert (line["event"], line["application"], line["code"]) == ("refused", named, answer.json()["code"])

    async def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(type(intake.service), "do", breaks)
    path = f"/applications/{told['id']}"
    for asked in (
        desks.expert(intake).post(f"{path}/resolve", outcome="granted"),
        intake.with_(motcua_tracking=told["tracking"]).post(f"{path}/withdraw"),
    ):
        assert (await asked).status_code == 500
        (line,) = lines()
        assert (line["event"], line["application"]) == ("a request failed", told["code"])
        assert line["route"].startswith("/applications/{id}/") and told["tracking"] not in json.dumps(line)


async def test_a_request_about_nothing_bears_no_other_dossiers_code(intake: InProcess, lines: Lines) -> None:
    await desks.in_process(intake)
    lines()
    assert (await intake.post("/applications", **desks.transfer(procedure="9.999999"))).status_code == 409
    (line,) = lines()
    assert line["event"] == "refused" and not line["application"].startswith("H99")


async def messages(running: InProcess) -> list[Message]:
    service = running.service
    epoch = await service.pool.fetchval("SELECT truth.take_over()")
    await service.pool.fetchval("SELECT truth.seal($1, 1000000)", epoch)
    rows = await service.pool.fetch(NEXT_PAGE, running._last, 5_000)
    source = f"/motcua/{service.name}".encode()
    return [Message(n, dict(wire.headers(source, 1, row)), row["data"]) for n, row in enumerate(rows, running._offset)]


async def test_an_event_that_can_not_be_heard_is_logged_with_the_dossiers_code(
    quiet: InProcess, deaf: InProcess, lines: Lines
) -> None:
    told = await desks.in_process(quiet)
    await desks.expert(quiet).ok(f"/applications/{told['id']}/assign", to_unit=desks.SCHOOL, receiver="gv-1")
    *whole, last = await messages(quiet)
    assert last.type == "intake.application_assigned", "which does not say the code itself"
    lines()
    topic = quiet.service.settings.topic("intake")
    await quiet.service.hear(topic, 0, [*whole, Message(last.offset, last.headers, b"{}")])
    (line,) = lines()
    assert (line["event"], line["application"]) == ("parked", told["code"])
    (received,) = (each for each in whole if each.type == "intake.application_received")
    broken = received.value.replace(b'"due_at":"2', b'"due_at":"9', 1)
    await deaf.service.hear(topic, 0, [Message(0, received.headers, broken)])
    assert [each["application"] for each in lines() if each["event"] == "parked"] == [told["code"]]
