"""The pages of transfers in a real browser, at a desk and on a phone, judged by axe page by page; and a special case
from the family's form to its result."""

import os
from typing import Any

import pytest
from playwright.async_api import Page

from browser import DESKTOP, PHONE, browser, findings, overflow, page_of, served
from intake.desks import DEPARTMENT
from running import InProcess
from transfers.conftest import TO, Town

pytestmark = pytest.mark.xdist_group("transfers")
SHOTS = os.environ.get("MOTCUA_SHOTS", "")
SIZES = pytest.mark.parametrize(("size", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])
EXPECTED = ("422", "409", "404")  # Chromium tells of these answers as errors
SPECIAL = {"from_type": "private", "reason": "no_equivalent_private"}


def app(running: InProcess) -> Any:
    return running.client._transport.app  # type: ignore[attr-defined]


async def judged(page: Page, name: str, heading: str = "") -> None:
    """`heading` says that the page is there which the click before leads to."""
    if heading:
        await page.get_by_role("heading", level=1, name=heading).wait_for()
    await page.wait_for_load_state("load")
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    wrongs: Any = page.wrongs  # type: ignore[attr-defined]
    assert await findings(page) == [], name
    assert await overflow(page) == 0, name
    assert [each for each in wrongs if not any(status in each for status in EXPECTED)] == [], name


async def signed_in(page: Page, site: str, role: str, unit: str) -> None:
    await page.context.clear_cookies()
    answer = await page.request.post(f"{site}/demo/login/{role}?unit={unit}")
    assert answer.ok


@SIZES
async def test_each_page_is_fit_for_everybody(town: Town, size: dict[str, int], name: str) -> None:
    head = town.head()
    for number in (1, 2):
        body = {"school": TO, "year": 2026, "grade": 11, "name": f"11A{number}", "places": number}
        await head.post("/classes", **body)
    await town.heard()
    special = await town.asked(**SPECIAL)
    ordinary = await town.asked(to_class="11A1")
    undescribed = (await town.received())["id"]
    await head.ok(f"/transfers/{special}/consultation/issue", signer="Trần Văn Hùng")
    await town.heard()
    for _ in range(2):
        await town.exchanged()
    [asked] = [each for each in await town.leadership.read("/opinions") if each["application"] == special]
    tracking = await town.transfers.service.pool.fetchval(
        "SELECT tracking FROM view.transfer WHERE application = $1", f"application-{ordinary}"
    )
    async with served(app(town.transfers)) as site, browser() as opened:
        page = await page_of(opened, size)
        for path, shot in (
            ("/", "start"),
            ("/theo-doi?ma=wrong", "not-found"),
            (f"/theo-doi?ma={tracking}", "followed"),
            ("/lop", "classes-public"),
            ("/quy-dinh", "rules"),
        ):
            await page.goto(site + path)
            await judged(page, f"{name}-{shot}")
        await signed_in(page, site, "unit_head", TO)
        for path, shot in (
            ("/", "inbox"),
            (f"/chuyen-truong/{special}", "case-special"),
            (f"/chuyen-truong/{ordinary}", "case-ordinary"),
            (f"/chuyen-truong/{undescribed}", "case-undescribed"),
            ("/lien-thong", "exchange"),
            ("/lop", "classes"),
            ("/xin-y-kien", "asked"),
        ):
            await page.goto(site + path)
            await judged(page, f"{name}-{shot}")
        await signed_in(page, site, "leadership", DEPARTMENT)
        for path, shot in (
            ("/", "leadership"),
            ("/xin-y-kien", "opinions"),
            (f"/xin-y-kien/{asked['document']}", "brief"),
            ("/uy-quyen", "delegations"),
        ):
            await page.goto(site + path)
            await judged(page, f"{name}-{shot}")
