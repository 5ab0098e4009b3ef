"""A real browser for tests: Debian's Chromium, headless, closed off from the network, with axe to judge the pages."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def chromium() -> str | None:
    """Where Chromium is, or None. MOTCUA_CHROMIUM names another."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("MOTCUA_CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The app on a port of its own, in this process; its address, without a slash at the end."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn tells it no other way
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


_running = AsyncExitStack()
_opened: list[Browser] = []


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """The one Chromium of this process, with no page or cookie of who had it before. It runs until `close`."""
    if not _opened:
        play = await _running.enter_async_context(async_playwright())
        _opened.append(await play.chromium.launch(executable_path=chromium(), args=FLAGS))
        _running.push_async_callback(_opened[0].close)
    try:
        yield _opened[0]
    finally:
        for each in _opened[0].contexts:
            await each.close()


async def close() -> None:
    await _running.aclose()
    _opened.clear()


async def page_of(opened: Browser, size: dict[str, int] = DESKTOP, **options: Any) -> Page:
    """A page of its own context, which gathers what goes wrong in `page.wrongs`."""
    context = await opened.new_context(viewport=size, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", **options)
    page = await context.new_page()
    wrongs: list[str] = []
    page.on("pageerror", lambda error: wrongs.append(f"error: {error}"))
    page.on(
        "console",
        lambda said: wrongs.append(f"{said.type}: {said.text}") if said.type in ("error", "warning") else None,
    )
    page.wrongs = wrongs  # type: ignore[attr-defined]
    return page


async def findings(page: Page) -> list[str]:
    """What axe finds serious or critical. Injected through the debugger, so that the page's own policy stands."""
    await page.evaluate(AXE.read_text(encoding="utf-8") + "; null")
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(all => all.violations)")
    return [
        f"{each['impact']} {each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


async def overflow(page: Page) -> int:
    """How many pixels the page is wider than the window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
