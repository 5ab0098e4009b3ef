"""The demo's mailbox: it says what it is, shows what came and believes nothing of it, and keeps it over a restart."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from deploy.local import mailbox as standing_in
from deploy.local.mailbox import Mailbox, environment, opened
from deploy.trouble import Trouble
from kernel.post import Attachment, HttpSms, Message, Smtp, Unreachable
from kernel.settings import Settings
from paper_samples import APOLOGY, at
from places import free_port
from running import until

LETTER = Message(
    id=UUID(int=7),
    to="binh@example.vn",
    subject="<script>alert('Xin lỗi')</script>",
    text="<b>Kính gửi</b>\n\nÔng/Bà",
    written_at=at(9),
    attachments=(
        Attachment(name="<img src=x>.pdf", content=b"%PDF-1.7 invented"),
        Attachment(name="trang.html", content=b"<script>1</script>", kind="text/html"),
    ),
)
SMS = Message(id=UUID(int=8), to="0912345678", text=f"Hồ sơ {APOLOGY.code}", written_at=at(9))


def sender(port: int) -> Settings:
    """The settings of a service of the demo."""
    told = {name.removeprefix("MOTCUA_").lower(): value for name, value in environment(port).items()}
    return Settings(**told)  # type: ignore[arg-type]


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[int, httpx2.AsyncClient]]:
    port = free_port(beside=1)
    async with (
        opened(Mailbox(folder), *standing_in.addresses(sender(port))),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port + 1}") as client,
    ):
        yield port, client


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[tuple[int, httpx2.AsyncClient]]:
    async with running(tmp_path / "mailbox") as found:
        yield found


async def test_it_says_plainly_that_it_stands_in_and_that_nothing_leaves(here: Any) -> None:
    _, client = here
    vi = await client.get("/")
    assert "Đây không phải là máy chủ thư thật" in vi.text and "Chưa có thư nào" in vi.text
    await client.post("/language", data={"lang": "en", "back": "/"})
    assert "This is not a real mail server" in (await client.get("/")).text
    assert (await client.post("/language", data={"back": "//elsewhere"})).headers["location"] == "/"
    assert (await client.get("/readyz")).status_code == 200


async def test_what_came_is_shown_and_nothing_of_it_is_believed(here: Any) -> None:
    port, client = here
    await Smtp(sender(port)).send(LETTER)
    await HttpSms(sender(port)).send(SMS)
    [sms, letter] = (await client.get("/messages.json")).json()
    assert (letter["subject"], letter["to"]) == (LETTER.subject, LETTER.to)
    assert (sms["text"], sms["way"]) == (SMS.text, "sms")
    front, page = await client.get("/"), await client.get(f"/messages/{letter['number']}")
    for each in (front, page):
        assert "<script>alert" not in each.text and "&lt;script&gt;alert" in each.text
        assert "script-src" not in each.headers["content-security-policy"]
        assert each.headers["content-security-policy"].startswith("default-src 'self'")
    assert "&lt;b&gt;Kính gửi&lt;/b&gt;" in page.text and "&lt;img src=x&gt;.pdf" in page.text
    assert SMS.text in (await client.get(f"/messages/{sms['number']}")).text
    assert (await client.get("/messages/999")).status_code == 404


async def test_a_pdf_is_shown_and_any_other_file_only_saved(here: Any) -> None:
    port, client = here
    await Smtp(sender(port)).send(LETTER)
    pdf, page = await client.get("/messages/1/0"), await client.get("/messages/1/1")
    assert (pdf.content, pdf.headers["content-type"]) == (b"%PDF-1.7 invented", "application/pdf")
    assert pdf.headers["content-disposition"] == "inline; filename*=UTF-8''%3Cimg%20src%3Dx%3E.pdf"
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment; ")
    assert (await client.get("/messages/1/2")).status_code == 404


async def test_a_letter_that_came_twice_is_marked(here: Any) -> None:
    port, client = here
    await Smtp(sender(port)).send(LETTER)
    assert "gửi 2 lần" not in (await client.get("/")).text
    await Smtp(sender(port)).send(LETTER)
    assert (await client.get("/")).text.count("gửi 2 lần") == 2


async def test_it_misbehaves_as_often_as_it_was_told(here: Any) -> None:
    port, client = here
    assert (await client.post("/mood", data={"mood": "busy", "times": "2"})).status_code == 303
    assert "còn 2 lần" in (await client.get("/")).text
    for _ in range(2):
        with pytest.raises(Unreachable):
            await Smtp(sender(port)).send(LETTER)
    await Smtp(sender(port)).send(LETTER)
    assert (await client.post("/mood", data={"mood": "angry"})).status_code == 422
    assert (await client.post("/mood", data={"mood": "busy", "times": "0"})).status_code == 422


@pytest.mark.parametrize("body", [b"x", b"[]", b'{"id": "1", "to": "2"}', b"\xff"])
async def test_an_sms_that_can_not_be_read_is_refused(here: Any, body: bytes) -> None:
    _, client = here
    assert (await client.post("/sms", content=body)).status_code == 400
    assert (await client.get("/messages.json")).json() == []


async def test_what_came_is_there_after_a_restart_and_numbers_go_on(tmp_path: Path) -> None:
    for _ in range(2):
        async with running(tmp_path / "mailbox") as (port, client):
            await HttpSms(sender(port)).send(SMS)
            await Smtp(sender(port)).send(LETTER)
            numbers = [each["number"] for each in (await client.get("/messages.json")).json()]
    assert numbers == [4, 3, 2, 1]


async def test_a_taken_port_is_said_in_one_sentence(here: Any, tmp_path: Path) -> None:
    port, _ = here
    with pytest.raises(Trouble, match=rf"can't listen on port {port}"):
        async with opened(Mailbox(tmp_path / "other"), *standing_in.addresses(sender(port))):
            pass


async def test_it_runs_as_a_process_of_its_own_until_told_to_end(tmp_path: Path) -> None:
    port = free_port(beside=1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.mailbox", str(tmp_path / "mailbox")),
        env=os.environ | environment(port),
        cwd=Path(__file__).parents[2],
    )
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port + 1}") as client:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    return (await client.get("/readyz")).is_success
                except httpx2.TransportError:
                    return False

            await until(ready, "the mailbox")
            await Smtp(sender(port)).send(LETTER)
            assert len((await client.get("/messages.json")).json()) == 1
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)
