"""All parts of a page in a real browser: no finding, no breach of the policy, figures and charts that move."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from playwright.async_api import expect

from browser import DESKTOP, PHONE, browser, findings, overflow, page_of, served
from kernel import layout
from kernel.web import SECURITY_HEADERS

HERE = Path(__file__).with_name("pages")
SHOTS = os.environ.get("MOTCUA_SHOTS", "")


def chart(name: str, kind: str, labels: list[str], **series: list[float | None]) -> dict[str, Any]:
    return {
        "name": name,
        "title": {"line": "Hồ sơ theo ngày", "rows": "Hồ sơ theo đơn vị", "stack": "Hồ sơ theo cách nộp"}[kind],
        "kind": kind,
        "labels": labels,
        "series": [{"name": each, "values": values} for each, values in series.items()],
        "unit": "hồ sơ",
    }


CHARTS = {
    "by_day": chart("by_day", "line", ["05/01", "06/01", "07/01", "08/01"], Nhận=[12, 18, 9, 22], Trả=[8, 11, 13, 14]),
    "by_unit": chart("by_unit", "rows", ["Trường THPT Suối Hoa", "Trường THPT Nậm Lạnh", "Sở"], Nhận=[120, 87, 1240]),
    "by_channel": chart("by_channel", "stack", ["T1", "T2"], Trực_tuyến=[30, 44], Trực_tiếp=[12, None]),
}


class Site:
    """A page of all parts and a stream that the test feeds; every address that was asked for is remembered."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.state.service = SimpleNamespace(
            definition=SimpleNamespace(templates=HERE), settings=SimpleNamespace(demo=True)
        )
        self.app.mount("/static", StaticFiles(directory=layout.SHARED / "static"))
        self.app.include_router(layout.router)
        self.queues: list[asyncio.Queue[str | None]] = []
        self.asked: list[str] = []

        @self.app.get("/")
        def first(request: Request) -> Response:
            page = layout.render(request, "gallery.html", **CHARTS)
            for name, value in SECURITY_HEADERS:
                page.headers[name.decode()] = value.decode()
            return page

        @self.app.get("/stream")
        async def stream(request: Request) -> Response:
            self.asked.append(str(request.url.query) or request.headers.get("last-event-id", ""))
            queue: asyncio.Queue[str | None] = asyncio.Queue()
            self.queues.append(queue)

            async def lines() -> AsyncIterator[str]:
                yield ": here\n\n"
                while (line := await queue.get()) is not None:
                    yield line

            return StreamingResponse(lines(), media_type="text/event-stream")

    def tell(self, event: str, data: object, number: int) -> None:
        for queue in self.queues:
            queue.put_nowait(f"id: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n")

    def hang_up(self) -> None:
        for queue in self.queues:
            queue.put_nowait(None)
        self.queues.clear()


@pytest.fixture
async def site() -> AsyncIterator[tuple[Site, str]]:
    made = Site()
    async with served(made.app) as address:
        yield made, f"{address}/"
        made.hang_up()


@pytest.mark.parametrize(("size", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])
async def test_every_part_is_well_made(site: tuple[Site, str], size: dict[str, int], name: str) -> None:
    async with browser() as opened:
        page = await page_of(opened, size)
        await page.goto(site[1])
        await page.wait_for_selector(".chart canvas")
        await page.wait_for_timeout(1200)
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/gallery-{name}.png", full_page=True)
        assert await findings(page) == []
        assert await overflow(page) == 0
        assert page.wrongs == []  # type: ignore[attr-defined]


async def test_figures_and_charts_move_and_come_back(site: tuple[Site, str]) -> None:
    made, address = site
    async with browser() as opened:
        page = await page_of(opened)
        await page.goto(address)
        await page.wait_for_selector(".chart canvas")
        assert await page.text_content('[data-figure="received"]') == "1.234"
        made.tell("figures", {"received": 1235, "done": None, "late": 0.5}, 7)
        await expect(page.locator("[data-figure=received]").first).to_have_text("1.235")
        assert await page.text_content('[data-figure="late"]') == "0,5"
        assert "1.235" in (await page.text_content("[data-live-says]") or "")
        made.tell("chart", {"name": "by_day", "labels": ["09/01"], "series": [{"name": "Nhận", "values": [2000]}]}, 8)
        await expect(page.locator("[data-chart-name=by_day] tbody")).to_contain_text("2.000")
        made.hang_up()
        await page.wait_for_selector(".live-state.lost")
        await page.wait_for_selector(".live-state:not(.lost)", timeout=15000)
        assert made.asked[-1] == "8"
        assert page.wrongs == [] or all("ERR_" in each for each in page.wrongs)  # type: ignore[attr-defined]


async def test_without_a_script_everything_is_still_there(site: tuple[Site, str]) -> None:
    async with browser() as opened:
        page = await page_of(opened, java_script_enabled=False)
        await page.goto(site[1])
        assert await page.text_content('[data-figure="received"]') == "1.234"
        assert await page.locator(".chart details").count() == 3
        await page.get_by_role("button", name="English").click()
        assert await page.get_attribute("html", "lang") == "en"


async def test_keys(site: tuple[Site, str]) -> None:
    async with browser() as opened:
        page = await page_of(opened)
        await page.goto(site[1])
        assert await page.evaluate("document.activeElement.className") == "error-summary"
        await page.keyboard.press("?")
        assert await page.locator("#keys[open] kbd").all_text_contents() == ["g", "s"]
        await page.keyboard.press("Escape")
        await page.focus("#name")
        await page.keyboard.press("g")
        assert page.url == site[1]
        await page.keyboard.press("Escape")
        await page.keyboard.press("g")
        await page.wait_for_url("**/y")
