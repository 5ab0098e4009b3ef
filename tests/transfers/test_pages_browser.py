"""The pages of transfers in a real browser, at a desk and on a phone, judged by axe page by page; and a special case
from the family's form to its result."""

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from playwright.async_api import Page

from browser import DESKTOP, PHONE, browser, findings, overflow, page_of, served
from intake.desks import DEPARTMENT, TRANSFER
from kernel.tracking import codes
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
    tracking = codes(town.transfers.service).of(UUID(ordinary))
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


async def test_a_special_case_from_the_familys_form_to_its_result(town: Town) -> None:
    """The family asks on intake's page, the school consults, the leadership approves on a phone, the family sees it."""
    async with served(app(town.intake)) as desk, served(app(town.transfers)) as site, browser() as opened:
        family = await page_of(opened, PHONE)
        tracking = await asked_by_family(family, desk)
        await town.heard()
        receives = town.intake.by("desk_officer", unit=TO)
        id = await town.transfers.service.pool.fetchval(
            "SELECT application FROM view.transfer WHERE tracking = $1",
            codes(town.transfers.service).digest_of_typed(tracking),
        )
        assert id, "the case is there as soon as it is handed in"
        await receives.ok(f"/applications/{id.partition('-')[2]}/receive")
        await town.heard()

        head = await page_of(opened, DESKTOP)
        await signed_in(head, site, "unit_head", TO)
        await head.goto(f"{site}/chuyen-truong/{id.partition('-')[2]}")
        await head.get_by_label("Người ký").fill("Trần Văn Hùng")
        await head.get_by_role("button", name="Ký và gửi Sở").click()
        await head.get_by_text("Đã ký văn bản xin ý kiến").wait_for()
        await judged(head, "story-consulted")
        await town.heard()
        for _ in range(2):
            await town.exchanged()

        director = await page_of(opened, PHONE)
        await signed_in(director, site, "leadership", DEPARTMENT)
        [asked] = [e for e in await town.leadership.read("/opinions") if e["application"] == id.partition("-")[2]]
        await director.goto(f"{site}/xin-y-kien/{asked['document']}")
        await judged(director, "story-brief")
        await director.get_by_label("Người ký").fill("Lê Thị Thu Hà")
        await director.get_by_role("button", name="Đồng ý", exact=True).click()
        await director.get_by_text("Đã ký văn bản trả lời số").wait_for()
        await judged(director, "story-decided")
        await town.heard()
        for _ in range(2):
            await town.exchanged()

        await head.goto(f"{site}/chuyen-truong/{id.partition('-')[2]}")
        await head.get_by_role("button", name="Đồng ý", exact=True).wait_for()
        await judged(head, "story-answered")
        rooms = await town.transfers.read("/classes", school=TO)
        if rooms:
            await head.get_by_label("Lớp tiếp nhận").select_option(rooms[-1]["name"])
            await head.get_by_role("button", name="Chọn lớp này").click()
            await head.get_by_text("Đã chọn lớp.").wait_for()
            await town.heard()
            await head.reload()
        await head.get_by_role("button", name="Đồng ý", exact=True).click()
        await head.get_by_text("Đã ghi nhận ý kiến đồng ý.").wait_for()
        await town.heard()

        await family.goto(f"{site}/theo-doi?ma={tracking}")
        await family.get_by_text("Được chuyển trường").first.wait_for()
        await judged(family, "story-granted")


async def asked_by_family(page: Page, desk: str) -> str:
    """Fill intake's form in and hand it in; its tracking code."""
    go = page.get_by_role("button", name="Tiếp tục", exact=True)
    await page.goto(f"{desk}/nop-ho-so/{TRANSFER}")
    await page.get_by_label("Tôi nộp hồ sơ của tôi hoặc của con tôi").check()
    await page.get_by_label("Họ và tên người đề nghị").fill("Nguyễn Thị Bình")
    await page.get_by_label("Số điện thoại").first.fill("0912 345 678")
    await go.click()
    await page.get_by_label("Đơn vị giải quyết").select_option(TO)
    await page.get_by_label("Nội dung đề nghị").fill("Xin chuyển trường cho con.")
    await go.click()
    await page.get_by_role("heading", level=1, name="Chuyển trường trung học phổ thông").wait_for()
    await page.get_by_label("Họ và tên").fill("Nguyễn Gia Hân")
    await page.get_by_label("Ngày sinh").fill("01/02/2010")
    await page.get_by_label("Trường trong tỉnh đang học").fill("tran phu")
    await page.get_by_role("group", name="Loại trường đang học").get_by_label("Tư thục").check()
    await page.get_by_role("group", name="Loại trường muốn chuyển đến").get_by_label("Công lập").check()
    await page.get_by_label("Lớp muốn vào").fill("11")
    await page.get_by_label("nơi đến không có trường tư thục tương đương").check()
    await page.get_by_label("Vật lí").check()
    await judged(page, "story-asked")
    await go.click()
    await page.get_by_role("heading", name="Giấy tờ kèm theo").wait_for()
    await go.click()
    await page.get_by_role("button", name="Nộp hồ sơ", exact=True).click()
    await page.wait_for_url("**/da-nop/**")
    return parse_qs(urlsplit(page.url).query)["ma"][0]
