"""Pictures of a running demo, for the README: `make screenshots` while `make demo` runs."""

import asyncio
from pathlib import Path

from playwright.async_api import expect

from browser import DESKTOP, PHONE, browser, close, page_of

INTAKE, REPORTING, DEADLINES = "http://127.0.0.1:8401", "http://127.0.0.1:8402", "http://127.0.0.1:8403"
TRANSFERS = "http://127.0.0.1:8404"
FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
UNDRAWN = "[data-chart]:not(:has(canvas, svg))"
PICTURES = (
    ("dashboard", REPORTING + "/", DESKTOP | {"height": 1500}, ""),
    ("dashboard-phone", REPORTING + "/", PHONE, ""),
    ("home", INTAKE + "/", DESKTOP, ""),
    ("procedure-phone", INTAKE + "/thu-tuc/2.002854", PHONE, ""),
    ("desk", INTAKE + "/ban-lam-viec", DESKTOP, "desk_officer?unit=ttpvhcc"),
    ("transfers-phone", TRANSFERS + "/xin-y-kien", PHONE, "leadership?unit=so-gddt"),
    ("deadlines", DEADLINES + "/", DESKTOP, "leadership?unit=so-gddt"),
)


async def take() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with browser() as opened:
        for name, address, size, role in PICTURES:
            page = await page_of(opened, size, reduced_motion="reduce")
            if role:
                await page.request.post(f"{INTAKE}/demo/login/{role}")  # cookies know no ports: it holds for all
            await page.goto(address)
            await expect(page.locator(UNDRAWN)).to_have_count(0)
            await page.screenshot(path=FOLDER / f"{name}.png", full_page=False)
    await close()


if __name__ == "__main__":
    asyncio.run(take())
