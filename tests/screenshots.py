"""Pictures of a running demo, for the README: `make screenshots` while `make demo` runs."""

import asyncio
from pathlib import Path

from playwright.async_api import Browser, expect

from browser import DESKTOP, PHONE, browser, close, page_of

INTAKE, REPORTING, DEADLINES = "http://127.0.0.1:8401", "http://127.0.0.1:8402", "http://127.0.0.1:8403"
TRANSFERS, SURVEYS = "http://127.0.0.1:8404", "http://127.0.0.1:8405"
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
    ("survey-results", SURVEYS + "/dot/{yearly}/ket-qua", DESKTOP | {"height": 1500}, "survey_manager?unit=so-gddt"),
    ("survey-phone", SURVEYS + "/phieu/{token}/1", PHONE, ""),
)


async def surveyed(opened: Browser) -> dict[str, str]:
    """The demo's open yearly campaign, and a token of it: one invitation more."""
    asks = (await page_of(opened)).request
    told = await (await asks.post(f"{SURVEYS}/demo/login/survey_manager?unit=so-gddt")).json()
    said = {"authorization": f"Bearer {told['token']}"}
    campaigns = await (await asks.get(f"{SURVEYS}/campaigns", headers=said)).json()
    yearly = next(each["id"] for each in campaigns if each["kind"] == "yearly" and each["status"] == "open")
    chosen = (await (await asks.get(f"{SURVEYS}/campaigns/{yearly}/draw", headers=said)).json())["chosen"][0]
    body = {"cell": [chosen["school"], chosen["class_name"]], "count": 1}
    issued = await asks.post(f"{SURVEYS}/campaigns/{yearly}/invitations", headers=said, data=body)
    return {"yearly": yearly, "token": (await issued.json())["tokens"][0].replace("-", "")}


async def take() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with browser() as opened:
        places = await surveyed(opened)
        for name, address, size, role in PICTURES:
            page = await page_of(opened, size, reduced_motion="reduce")
            if role:
                await page.request.post(f"{INTAKE}/demo/login/{role}")  # cookies know no ports: it holds for all
            await page.goto(address.format(**places))
            await expect(page.locator(UNDRAWN)).to_have_count(0)
            await page.screenshot(path=FOLDER / f"{name}.png", full_page=False)
    await close()


if __name__ == "__main__":
    asyncio.run(take())
