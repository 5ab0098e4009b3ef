"""The dashboard as people meet it: in Chromium, on a real PostgreSQL, moved by events that are heard meanwhile."""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import expect

from browser import DESKTOP, PHONE, browser, findings, overflow, page_of
from kernel.web import build
from reporting import lives
from reporting.lives import COPIES, TRANSFER, at, stream

SHOTS = os.environ.get("MOTCUA_SHOTS", "")
SCHOOLS = [
    "Suối Hoa", "Bản Mai", "Nậm Lạnh", "Mường Then", "Pha Luông", "Chiềng Sơn", "Tà Phình", "Nà Bó", "Cò Nòi",
    "Phiêng Khoài", "Mường Giôn", "Chiềng Khương", "Tân Lập", "Lóng Sập", "Co Mạ", "Nậm Ty",
]  # fmt: skip
PROCEDURES = {
    "1.005144": "Đề nghị miễn, giảm học phí, hỗ trợ chi phí học tập đối với trẻ mầm non, học sinh, sinh viên",
    "1.001714": "Cấp học bổng và hỗ trợ kinh phí mua phương tiện, đồ dùng học tập cho người khuyết tật",
    "1.005090": "Xét tuyển sinh vào trường phổ thông dân tộc nội trú",
    "3.000466": "Chỉnh sửa nội dung văn bằng, chứng chỉ",
}


async def province(teller: Any) -> None:
    """Sixteen schools and four weeks, always the same."""
    chance = random.Random(7)
    units = [f"thpt-{n}" for n in range(len(SCHOOLS))]
    events = [
        (stream(u, "unit"), lives.opened(u, f"Trường THPT {name}")) for u, name in zip(units, SCHOOLS, strict=True)
    ]
    events += [(stream(p, "procedure"), lives.procedure(p, name)) for p, name in PROCEDURES.items()]
    channels = ["online"] * 6 + ["desk", "post", "assisted", "national_portal"]
    for n in range(900):
        day = min(chance.randrange(30), chance.randrange(36))
        here, way = stream(f"d{n}"), chance.choice(channels)
        what = {
            "procedure": chance.choice([TRANSFER, TRANSFER, TRANSFER, COPIES, *PROCEDURES]),
            "decided_by": chance.choice(units[: chance.randrange(1, 17)]),
        }
        held = {"decided_by": what["decided_by"]}
        events.append((here, lives.submitted(at(day, 8), channel=way, **what)))
        if chance.random() < 0.03:
            events.append((here, lives.not_accepted(at(day, 10), **held)))
        elif day < 29 or chance.random() < 0.7:
            events.append((here, lives.received(at(day, 10), channel=way, **what)))
            done = day + chance.randrange(1, 9)
            if done <= 29:
                outcome = "refused" if chance.random() < 0.06 else "granted"
                end = lives.withdrawn(at(done), **held) if chance.random() < 0.02 else None
                events.append((here, end or lives.resolved(at(done), outcome, **held)))
    for n in range(60):
        came = lives.visit(at(chance.randrange(30)), paper=n % 3 == 0, unit=chance.choice(units))
        events.append((stream(f"v{n}", "visit"), came))
    await teller.tell(*events)


@pytest_asyncio.fixture
async def site(service: Any, live: Any, teller: Any) -> AsyncIterator[str]:
    """The address of the running service; it is the evening of 2/6/2026."""
    service.clock.set(at(29, 17))
    await province(teller)
    config = uvicorn.Config(build(service, live=live), port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn says it in no other way
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


async def number(page: Any, name: str) -> int:
    return int((await page.text_content(f'.figure-value[data-figure="{name}"]')).replace(".", ""))


async def test_the_dashboard_moves_by_itself(site: str, teller: Any) -> None:
    async with browser() as opened:
        page = await page_of(opened)
        loads = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        await page.goto(site)
        await page.wait_for_selector(".chart canvas")
        await page.wait_for_selector(".live-state:not(.lost):not([hidden])")
        before = await number(page, "received"), await number(page, "in_progress"), await number(page, "resolved")
        told = time.perf_counter()
        await teller.tell((stream("new"), lives.received(at(29, 16), decided_by="thpt-0", channel="post")))
        await expect(page.locator(".figure-value[data-figure=received]")).to_have_text(str(before[0] + 1))
        assert time.perf_counter() - told < 1
        assert await number(page, "in_progress") == before[1] + 1
        await teller.tell((stream("new"), lives.resolved(at(29, 17), decided_by="thpt-0")))
        await expect(page.locator(".figure-value[data-figure=resolved]")).to_have_text(str(before[2] + 1))
        assert await number(page, "in_progress") == before[1]
        assert len(loads) == 1, "the page was not loaded again"
        assert page.wrongs == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(("size", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])
async def test_every_page_is_well_made(site: str, size: dict[str, int], name: str) -> None:
    async with browser() as opened:
        page = await page_of(opened, size)

        async def judged(what: str) -> None:
            await page.wait_for_timeout(600)
            if SHOTS:
                await page.screenshot(path=f"{SHOTS}/{what}-{name}.png", full_page=True)
            assert await findings(page) == []
            assert await overflow(page) == 0

        await page.goto(site)
        await page.wait_for_selector(".chart canvas")
        await judged("dashboard")
        await page.goto(f"{site}/?unit=thpt-0&from=2026-05-04&to=2026-05-31")
        await page.wait_for_selector(".chart canvas")
        await judged("dashboard-unit")
        await page.goto(site)
        await page.get_by_role("button", name="Đăng nhập thử").click()
        await page.get_by_role("link", name="chờ tiếp nhận").first.click()
        await judged("dossiers")
        await page.goto(f"{site}/dossiers?figure=received")
        await page.get_by_role("link", name="Trang sau").click()
        await page.wait_for_url("**after=**")
        assert page.wrongs == []  # type: ignore[attr-defined]
        await page.goto(f"{site}/?from=2026-06-01&to=2026-05-01")
        assert "Phải từ 01/06/2026 trở lên" in (await page.text_content("main") or "")


async def test_without_a_script_and_on_paper(site: str) -> None:
    async with browser() as opened:
        page = await page_of(opened, java_script_enabled=False)
        await page.goto(f"{site}/?from=&to=")
        whole = await number(page, "received")
        await page.locator("summary").first.click()
        await page.select_option("#unit", "thpt-0")
        await page.fill("#from", "2026-05-04")
        await page.get_by_role("button", name="Xem số liệu").click()
        assert "unit=thpt-0" in page.url and "from=2026-05-04" in page.url
        assert 0 < await number(page, "received") < whole
        rows = page.locator('[data-chart-name="by_day"] tbody tr')
        assert await rows.count() == 30
        assert await page.locator(".chart table").count() == 3, "one unit is not compared with itself"
        if SHOTS:
            await page.pdf(path=f"{SHOTS}/dashboard.pdf", prefer_css_page_size=True)
        await page.get_by_role("button", name="English").click()
        assert "unit=thpt-0" in page.url
        assert "Received" in (await page.text_content(".figures") or "")


async def test_pages_over_http(client: Any, teller: Any) -> None:
    first = await client.get("/", headers={"accept": "text/html"})
    assert first.status_code == 200 and "Tình hình giải quyết" in first.text
    await teller.tell((stream("a"), lives.received(at(0))))
    every = (await client.get("/?from=&fbclid=x", headers={"accept": "text/html"})).text
    assert 'data-figure="received" aria-labelledby="figure-received">1<' in every
    assert "<noscript>" in every
    for query in ("unit=nowhere", "channel=fax", "from=x"):
        answer = await client.get(f"/?{query}", headers={"accept": "text/html"})
        assert answer.status_code == 422 and "text/html" in answer.headers["content-type"], query
        assert (await client.get(f"/live?{query}")).status_code == 422
    assert (await client.get("/dossiers", headers={"accept": "text/html"})).status_code == 401


async def test_the_stream_over_http(site: str, teller: Any) -> None:
    """Whoever comes back with the mark of what was seen last hears nothing until something changes."""

    async def event(lines: AsyncIterator[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        async for line in lines:
            name, _, value = line.partition(": ")
            if not line and "data" in found:
                break
            found[name] = value
        return found

    async with httpx2.AsyncClient(base_url=site) as client:
        async with client.stream("GET", "/figures/stream?by=unit") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.aiter_lines()
            first = await asyncio.wait_for(event(lines), 5)
            assert first["event"] == "figures"
            before = json.loads(first["data"])
            await teller.tell((stream("new"), lives.received(at(29, 16), decided_by="thpt-0")))
            second = await asyncio.wait_for(event(lines), 5)
            after = json.loads(second["data"])
            assert after["total"]["received"] == before["total"]["received"] + 1
            assert after["as_of"][0]["position"] == before["as_of"][0]["position"] + 1
        whole = (await client.get("/figures?by=unit")).json()
        assert (whole["total"], whole["by"]) == (after["total"], after["by"])
        async with client.stream("GET", "/figures/stream?by=unit", headers={"last-event-id": second["id"]}) as answer:
            lines = answer.aiter_lines()
            waiting = asyncio.create_task(event(lines))
            done, _ = await asyncio.wait([waiting], timeout=0.6)
            assert not done
            await teller.tell((stream("new"), lives.resolved(at(29, 17), decided_by="thpt-0")))
            third = json.loads((await asyncio.wait_for(waiting, 5))["data"])
            assert third["total"]["resolved"] == after["total"]["resolved"] + 1
