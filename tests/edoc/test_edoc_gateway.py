"""Documents through the real stand-in, a process of its own over real HTTP, in each way in which it can misbehave. Its
own record is the independent checker: nothing was lost, and nothing was accepted twice."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from aiohttp import web

from browser import DESKTOP, PHONE, browser, chromium, findings, overflow, page_of
from deploy.local.exchange import environment, opened
from deploy.trouble import Trouble
from edoc_samples import HERE, document, status
from kernel.edoc.edxml import read, write
from kernel.edoc.gateway import Gateway
from kernel.edoc.message import Attachment, Envelope, Status, StatusCode
from kernel.post import Refused, Unreachable
from places import free_port
from running import until

SLOWNESS = 1.0
NUMBERS = count(100)
FILE = Attachment(name="Tờ trình.pdf", content=b"%PDF-1.7 invented", id="cid:1")


@dataclass
class Running:
    """A stand-in that runs, and how it is asked as no gateway would."""

    url: str
    client: httpx2.AsyncClient
    process: Any

    def way(self, organ: str, **more: Any) -> Gateway:
        return Gateway(self.url, organ, **{"seconds": 10.0} | more)

    async def behave(self, mood: str, times: int | str = "", call: str = "") -> None:
        answer = await self.client.post("/mood", data={"mood": mood, "times": str(times), "call": call})
        assert answer.status_code == 200, answer.text

    async def record(self) -> Any:
        return (await self.client.get("/record.json")).json()

    async def documents(self, sender: str) -> list[Any]:
        return [each for each in (await self.record())["documents"] if each["sender"] == sender]

    async def deliveries(self, organ: str) -> list[Any]:
        return [each for each in (await self.record())["deliveries"] if each["organ"] == organ]


@asynccontextmanager
async def exchange(folder: Path, port: int, **more: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.exchange", str(folder), "--moods", "--slowness", str(SLOWNESS)),
        env=os.environ | environment(port) | more,
        cwd=HERE.parents[1],
    )
    url = environment(port)["MOTCUA_EDOC"]
    try:
        async with httpx2.AsyncClient(base_url=url) as client:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    return (await client.get("/readyz")).is_success
                except httpx2.TransportError:
                    return False

            await until(ready, "the exchange")
            yield Running(url, client, process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with exchange(tmp_path_factory.mktemp("exchange"), free_port()) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def here(shared: Running) -> AsyncIterator[Running]:
    await shared.behave("kind")
    yield shared
    await shared.behave("kind")


@pytest.fixture
def pair() -> tuple[str, str]:
    """A school and a department that no other test knows."""
    number = next(NUMBERS)
    return f"{number}.21.15.H99", f"{number}.00.15.H99"


async def persist(call: Callable[[], Awaitable[Any]], tries: int = 50) -> Any:
    """Do it as everybody should: again while it is unreachable, and not again once it is refused."""
    for _ in range(tries):
        try:
            return await call()
        except Unreachable:
            continue
    raise AssertionError("still unreachable")


@dataclass
class Office:
    """Whoever hears an organisation: writes each message down once, then acknowledges."""

    way: Gateway
    heard: dict[Any, Envelope | Status]
    offered: int = 0

    async def listen(self) -> None:
        while ids := await persist(self.way.received):
            for id in ids:
                message = read(await persist(partial(self.way.fetch, id)))
                self.offered += 1
                self.heard.setdefault(message.key if isinstance(message, Status) else message.document_id, message)
                await persist(partial(self.way.acknowledge, id))


def office(here: Running, organ: str) -> Office:
    return Office(here.way(organ), {})


async def send(way: Gateway, message: Envelope | Status) -> None:
    if isinstance(message, Status):
        await persist(lambda: way.send(message.id, write(message), "status"))
    else:
        await persist(lambda: way.send(message.document_id, write(message)))


# --- as it should be -------------------------------------------------------------------------------------------------


async def test_a_document_goes_out_and_what_became_of_it_comes_back(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    sent = document(sender=school, to=(department,), attachments=(FILE,))
    await send(here.way(school), sent)
    theirs = office(here, department)
    await theirs.listen()
    assert list(theirs.heard.values()) == [sent]
    said = [status(sent, code, sender=department) for code in (StatusCode.RECEIVED, StatusCode.DONE)]
    for each in said:
        await send(theirs.way, each)
    ours = office(here, school)
    await ours.listen()
    assert list(ours.heard.values()) == said
    assert list(await theirs.way.received()) == list(await ours.way.received()) == []
    [kept] = await here.documents(school)
    assert (kept["times"], [each["code"] for each in kept["statuses"]]) == (1, ["03", "06"])
    assert {each["outcome"] for each in await here.deliveries(department)} == {"done"}


async def test_each_receiver_gets_its_own_and_nobody_elses(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    await send(here.way(school), document(sender=school, to=(department, department + ".2")))
    [id] = await here.way(department).received()
    with pytest.raises(Refused, match="404"):
        await here.way(school).fetch(id)
    with pytest.raises(Refused, match="404"):
        await here.way(school).acknowledge(id)
    assert len(await here.way(department + ".2").received()) == 1
    await here.way(department).acknowledge(id, good=False)
    assert [each["outcome"] for each in await here.deliveries(department)] == ["fail"]


# --- in each way in which it misbehaves ------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", ["lose", "busy"])
@pytest.mark.parametrize("call", ["send", "list", "get", "acknowledge"])
async def test_a_lost_answer_or_a_failure_at_any_call_loses_nothing_and_doubles_nothing(
    here: Running, pair: tuple[str, str], mood: str, call: str
) -> None:
    school, department = pair
    sent = document(sender=school, to=(department,))
    said = status(sent, sender=department)
    await here.behave(mood, 2, call)
    await send(here.way(school), sent)
    theirs, ours = office(here, department), office(here, school)
    await theirs.listen()
    await send(theirs.way, said)
    await ours.listen()
    assert (list(theirs.heard.values()), list(ours.heard.values())) == ([sent], [said])
    [kept] = await here.documents(school)
    assert kept["times"] == (3 if (mood, call) == ("lose", "send") else 1)
    assert [each["code"] for each in kept["statuses"]] == ["03"]
    both = await here.deliveries(department) + await here.deliveries(school)
    assert [each["outcome"] for each in both] == ["done", "done"]


async def test_whoever_waits_no_longer_sends_again_and_it_is_one_document(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    sent = document(sender=school, to=(department,))
    await here.behave("slow", 1)
    hasty = here.way(school, seconds=0.2)
    with pytest.raises(Unreachable, match="TimeoutError"):
        await hasty.send(sent.document_id, write(sent))
    assert await here.documents(school) == []
    await send(here.way(school), sent)

    async def came_twice() -> bool:
        return [each["times"] for each in await here.documents(school)] == [2]

    await until(came_twice, "the first one, which was slow")
    theirs = office(here, department)
    await theirs.listen()
    assert list(theirs.heard.values()) == [sent] and theirs.offered == 1


async def test_a_refusal_is_final_and_nothing_is_kept(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    await here.behave("refuse", 1, "send")
    with pytest.raises(Refused, match=r"refused it: 422 M\.Refused"):
        await send(here.way(school), document(sender=school, to=(department,)))
    assert await here.documents(school) == [] == await here.deliveries(department)


async def test_what_is_offered_twice_is_taken_once(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    sent = document(sender=school, to=(department,))
    said = status(sent, sender=department)
    await here.behave("repeat", 2)
    await send(here.way(school), sent)
    theirs, ours = office(here, department), office(here, school)
    await theirs.listen()
    await send(theirs.way, said)
    await ours.listen()
    assert (list(theirs.heard.values()), theirs.offered) == ([sent], 2)
    assert (list(ours.heard.values()), ours.offered) == ([said], 2)
    assert {each["outcome"] for each in await here.deliveries(department)} == {"done"}


async def test_what_comes_in_another_order_all_comes(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    sent = [document(number, sender=school, to=(department,)) for number in range(5)]
    for each in sent:
        await send(here.way(school), each)
    await here.behave("shuffle")
    theirs = office(here, department)
    await theirs.listen()
    assert list(theirs.heard.values()) == sent[::-1]


async def test_a_document_may_be_recalled_after_its_receipt_and_the_answer_goes_back(
    here: Running, pair: tuple[str, str]
) -> None:
    school, department = pair
    sent = document(sender=school, to=(department,))
    await send(here.way(school), sent)
    theirs, ours = office(here, department), office(here, school)
    await theirs.listen()
    await here.behave("recall", 1)
    await send(theirs.way, status(sent, StatusCode.ARRIVED, sender=department))
    await send(theirs.way, status(sent, StatusCode.RECEIVED, sender=department))
    await theirs.listen()
    [_, recall] = theirs.heard.values()
    assert isinstance(recall, Status) and recall.code is StatusCode.RECALLED
    assert (recall.sender.id, recall.response_for.document_id) == (school, sent.document_id)
    await send(theirs.way, status(sent, StatusCode.CHANGE_AGREED, sender=department))
    await ours.listen()
    assert [each.code.value for each in ours.heard.values() if isinstance(each, Status)] == ["01", "03", "15"]


async def test_a_status_that_is_said_again_is_one_and_one_of_another_second_is_another(
    here: Running, pair: tuple[str, str]
) -> None:
    school, department = pair
    sent = document(sender=school, to=(department,))
    await send(here.way(school), sent)
    first = status(sent, sender=department)
    later = status(sent, sender=department, at=first.at.replace(second=1))
    for each in (first, first, later, first):
        await send(here.way(department), each)
    [kept] = await here.documents(school)
    assert [each["times"] for each in kept["statuses"]] == [3, 1]
    assert len(await here.way(school).received()) == 2


@pytest.mark.parametrize("seed", range(3))
async def test_in_any_weather_everything_arrives_once(here: Running, pair: tuple[str, str], seed: int) -> None:
    """Both sides send, hear and answer while the exchange changes its mood all the time."""
    school, department = pair
    chance = random.Random(seed)
    sent = [document(number, sender=school, to=(department,)) for number in range(8)]
    ours, theirs = office(here, school), office(here, department)
    weather = ("lose", "busy", "repeat", "shuffle", "lose")

    async def storm() -> None:
        while True:
            await here.behave(chance.choice(weather), chance.randint(1, 3))
            await asyncio.sleep(chance.random() / 20)

    async def answer() -> None:
        answered = set()
        while len(answered) < len(sent):
            await theirs.listen()
            for each in sent:
                if each.document_id in theirs.heard and each.document_id not in answered:
                    for code in (StatusCode.RECEIVED, StatusCode.DONE):
                        await send(theirs.way, status(each, code, sender=department))
                    answered.add(each.document_id)

    async def ask() -> None:
        for each in sent:
            await send(ours.way, each)

    task = asyncio.create_task(storm())
    try:
        await asyncio.gather(ask(), answer())
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await here.behave("kind")
    await ours.listen()
    await theirs.listen()
    assert list(theirs.heard) == list(dict.fromkeys(theirs.heard)) and set(theirs.heard) == {
        e.document_id for e in sent
    }
    assert len(ours.heard) == 2 * len(sent)
    kept = await here.documents(school)
    assert sorted(each["document_id"] for each in kept) == sorted(each.document_id for each in sent)
    assert all([each["code"] for each in one["statuses"]] == ["03", "06"] for one in kept)
    waiting = await here.deliveries(school) + await here.deliveries(department)
    assert {each["outcome"] for each in waiting} == {"done"}


# --- what it refuses -------------------------------------------------------------------------------------------------


async def test_a_wrong_message_is_refused_with_a_code_and_said_on_record_without_its_text(
    here: Running, pair: tuple[str, str]
) -> None:
    school, department = pair
    good = write(document(sender=school, to=(department,)))
    about = document(999, sender=department)
    for content, kind, code in (
        (b"no XML", "edoc", "M.not_xml"),
        (good.replace(b"TBT/QCVN_102_2016", b"other"), "edoc", "M.not_edxml"),
        (good.replace(b"edXML:Subject>", b"edXML:Topic>"), "edoc", "M.missing"),
        (good.replace(b"2026/05/18<", b"18/05/2026<"), "edoc", "M.schema"),
        (write(document(sender=department)), "edoc", "M.sender"),
        (good, "status", "M.kind"),
        (write(status(about, sender=school)), "status", "M.unknown_document"),
    ):
        with pytest.raises(Refused, match=code):
            await here.way(school).send("a", content, kind)
    assert await here.documents(school) == []
    refusals = [each for each in (await here.record())["refusals"] if each["organ"] == school]
    assert [each["code"] for each in refusals][:2] == ["not_xml", "not_edxml"] and len(refusals) == 7
    answer = await here.client.post("/sendEdoc", content=b"x", headers={"systemid": school})
    assert answer.status_code == 422 and "không" in answer.json()["ErrorDesc"].lower()


async def test_a_message_that_is_too_large_is_refused(here: Running, pair: tuple[str, str]) -> None:
    school, _ = pair
    with pytest.raises((Refused, Unreachable)):
        await here.way(school, seconds=30).send("a", bytes((64 << 20) + 2))
    assert await here.documents(school) == []


async def test_whoever_has_no_key_or_no_name_is_not_let_in(tmp_path: Path) -> None:
    port = free_port()
    async with opened(tmp_path, ("127.0.0.1", port), key="bí mật"):
        url = f"http://127.0.0.1:{port}"
        for way in (Gateway(url, "H1"), Gateway(url, "H1", "khac")):
            with pytest.raises(Unreachable, match=r"401 A\.Key"):  # about us, so it may be mended
                await way.received()
        async with httpx2.AsyncClient(base_url=url) as client:
            headers = {"authorization": "Bearer bí mật".encode()}
            assert (await client.get("/getReceivedEdocList", headers=headers)).status_code == 400
            assert (await client.get("/getReceivedEdocList", headers=headers | {"systemid": b"H1"})).status_code == 200


async def test_it_can_only_be_told_to_misbehave_where_it_was_started_so(tmp_path: Path) -> None:
    port = free_port()
    async with opened(tmp_path, ("127.0.0.1", port)), httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.post("/mood", data={"mood": "busy"})).status_code == 404
        with pytest.raises(Trouble, match=rf"can't listen on port {port}"):
            async with opened(tmp_path / "other", ("127.0.0.1", port)):
                pass


@pytest.mark.parametrize(
    "data",
    [
        {"mood": "angry"},
        {"mood": "busy", "times": "0"},
        {"mood": "busy", "call": "x"},
        {"mood": "repeat", "call": "get"},
    ],
)
async def test_a_mood_that_it_does_not_know_is_refused(here: Running, data: dict[str, str]) -> None:
    assert (await here.client.post("/mood", data=data)).status_code == 422


# --- what outlives it ------------------------------------------------------------------------------------------------


async def test_what_it_took_over_is_there_after_it_was_killed(tmp_path: Path) -> None:
    school, department = "1.H99", "2.H99"
    sent = [document(number, sender=school, to=(department,)) for number in range(6)]
    said = status(sent[0], sender=department)
    port = free_port()
    async with exchange(tmp_path / "exchange", port) as running:
        for each in sent[:4]:
            await send(running.way(school), each)
        [first, *_] = await running.way(department).received()
        await running.way(department).acknowledge(first)
        await send(running.way(department), said)
        before = await running.record()
        running.process.kill()
        await running.process.wait()
        with pytest.raises(Unreachable, match="ConnectError"):
            await running.way(school).received()
    async with exchange(tmp_path / "exchange", port) as running:
        assert await running.record() == before
        for each in sent:
            await send(running.way(school), each)
        await send(running.way(department), said)
        assert [each["times"] for each in await running.documents(school)] == [2, 2, 2, 2, 1, 1]
        theirs, ours = office(running, department), office(running, school)
        await theirs.listen()
        await ours.listen()
        assert list(theirs.heard.values()) == sent[1:] and list(ours.heard.values()) == [said]


# --- answers of other gateways ---------------------------------------------------------------------------------------


@asynccontextmanager
async def answering(status: int, body: bytes, kind: str = "application/json") -> AsyncIterator[Gateway]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"location": "/elsewhere", "content-type": kind})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    site, port = web.AppRunner(app, access_log=None), free_port()
    await site.setup()
    await web.TCPSite(site, "127.0.0.1", port).start()
    try:
        yield Gateway(f"http://127.0.0.1:{port}", "H1", seconds=10)
    finally:
        await site.cleanup()


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"status": "OK", "ErrorCode": "0"}', None),
        (200, b'{"status": "FAIL", "ErrorCode": "M.Exist"}', None),
        (422, b'{"status": "FAIL", "ErrorCode": "M.Exist"}', None),
        (200, b'{"status": "FAIL", "ErrorCode": "M.OrganId"}', Refused),
        (200, b'{"status": "FAIL", "ErrorCode": "E.Server"}', Unreachable),
        (200, b"<html>Nguyen Van A</html>", Unreachable),
        (200, b"[]", Unreachable),
        (200, b"[" * 100_000, Unreachable),
        (200, b"", Unreachable),
        (302, b"", Unreachable),
        (401, b"", Unreachable),
        (413, b"", Refused),
        (429, b"", Unreachable),
        (500, b'{"status": "OK"}', Unreachable),
        (503, b'{"status": "FAIL", "ErrorCode": "M.Exist"}', Unreachable),
        (400, b'{"ErrorCode": "Nguyen Van A"}', Refused),
        (200, b" " * (2 << 20), Refused),
    ],
)
async def test_each_answer_means_done_never_or_later(status: int, body: bytes, outcome: type[Exception] | None) -> None:
    async with answering(status, body) as way:
        if outcome is None:
            await way.send("a", b"<a/>")
            return
        with pytest.raises(outcome) as error:
            await way.send("a", b"<a/>")
        assert "Nguyen" not in str(error.value)
        with pytest.raises((Refused, Unreachable)):
            await way.received()


@pytest.mark.parametrize(
    ("body", "kind", "outcome"),
    [
        (b"<a/>", "text/xml; charset=utf-8", None),
        (b"<a/>", "application/octet-stream", None),
        (b"<html>Out of order</html>", "text/html", Unreachable),
        (b'{"status": "FAIL", "ErrorCode": "E.Server"}', "application/json", Unreachable),
        (b'{"status": "OK"}', "application/json", Unreachable),
        (b'{"status": "FAIL", "ErrorCode": "M.NotFound"}', "application/json", Refused),
    ],
)
async def test_a_page_in_a_messages_place_is_not_taken_for_one(
    body: bytes, kind: str, outcome: type[Exception] | None
) -> None:
    """Or its receiver would find it malformed, acknowledge it as such, and never see the message."""
    async with answering(200, body, kind) as way:
        if outcome is None:
            assert await way.fetch("a") == body
            return
        with pytest.raises(outcome):
            await way.fetch("a")


async def test_a_list_is_not_believed(here: Running) -> None:
    async with answering(200, b'{"status": "OK", "data": [{"docId": "../x"}, {"docId": "a"}, {"docId": 7}]}') as way:
        assert list(await way.received()) == ["a", "7", "a", "7"]
    for wrong in (b'{"status": "OK", "data": [{}]}', b'{"status": "OK", "data": 1}', b'{"status": "OK"}'):
        async with answering(200, wrong) as way:
            with pytest.raises(Unreachable, match="list"):
                await way.received()


# --- its pages -------------------------------------------------------------------------------------------------------


async def test_it_says_plainly_on_every_answer_that_it_stands_in(here: Running, pair: tuple[str, str]) -> None:
    school, _ = pair
    front = await here.client.get("/")
    assert "Đây không phải là trục liên thông văn bản thật" in front.text
    for path in ("/", "/record.json", "/getReceivedEdocList", "/nowhere", "/static/nothing"):
        answer = await here.client.get(path, headers={"systemid": school})
        assert answer.headers["x-stands-in-for"].startswith("the document exchange of the province"), path
    await here.client.post("/language", data={"lang": "en", "back": "/"})
    assert "This is not a real document exchange" in (await here.client.get("/")).text
    await here.client.post("/language", data={"lang": "vi", "back": "/"})


async def test_what_was_exchanged_is_shown_and_nothing_of_it_is_believed(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    evil = "<script>alert('Xin ý kiến')</script>"
    sent = document(sender=school, to=(department,), attachments=(Attachment(name="<img src=x>.pdf", content=b"x"),))
    content = write(sent).replace("V/v xin ý kiến".encode(), evil.replace("<", "&lt;").encode())
    for _ in range(2):
        await here.way(school).send(sent.document_id, content)
    await send(here.way(department), status(sent, sender=department))
    [kept] = await here.documents(school)
    front, page = await here.client.get("/"), await here.client.get(f"/documents/{kept['number']}")
    for each in (front, page):
        assert "<script>alert" not in each.text and "&lt;script&gt;alert" in each.text
        assert each.headers["content-security-policy"].startswith("default-src 'self'")
        assert "Đã tiếp nhận" in each.text
    assert "gửi 2 lần" in front.text and "2 lần, cùng một văn bản" in page.text and "&lt;img src=x&gt;.pdf" in page.text
    raw = await here.client.get(f"/documents/{kept['number']}.edxml")
    assert raw.content == content and raw.headers["content-disposition"] == "attachment"
    assert (await here.client.get("/documents/999999")).status_code == 404


@pytest.mark.skipif(chromium() is None, reason="needs Chromium")
async def test_everybody_can_read_its_pages_on_any_screen(here: Running, pair: tuple[str, str]) -> None:
    school, department = pair
    sent = document(sender=school, to=(department,), attachments=(FILE,))
    await send(here.way(school), sent)
    await send(here.way(department), status(sent, sender=department))
    [kept] = await here.documents(school)
    async with browser() as running:
        for size in (DESKTOP, PHONE):
            page = await page_of(running, size)
            for path in ("/", f"/documents/{kept['number']}"):
                await page.goto(here.url + path)
                assert await findings(page) == [], path
                assert await overflow(page) <= 0, path
            assert page.wrongs == []  # type: ignore[attr-defined]
