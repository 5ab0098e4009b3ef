"""Intake's pages in a real browser, at a desk and on a phone: the usual ways through, judged by axe page by page."""

import os
from typing import Any

import pytest
from playwright.async_api import Page, expect

from browser import DESKTOP, PHONE, browser, findings, overflow, page_of, served
from intake import desks
from intake.desks import CENTRE, TRANSFER
from kernel.web import Pulse
from running import InProcess

SHOTS = os.environ.get("MOTCUA_SHOTS", "")
SIZES = pytest.mark.parametrize(("size", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])
EXPECTED = ("422", "409", "404")  # Chromium tells of these answers as errors


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


async def sign_in(page: Page, site: str, role: str, where: str) -> None:
    await page.goto(f"{site}/dang-nhap")
    await page.locator("li", has_text=where).get_by_role("button", name=role).click()
    await page.wait_for_url("**/ban-lam-viec")


async def fill_form(page: Page) -> None:
    """The form of a transfer, by its labels."""
    await page.get_by_label("Họ và tên").fill("Nguyễn Gia Hân")
    await page.get_by_label("Ngày sinh").fill("01/02/2010")
    await page.get_by_label("Trường trong tỉnh đang học").fill("tran phu")
    await page.get_by_role("group", name="Loại trường đang học").get_by_label("Công lập").check()
    await expect(page.get_by_label("Trường trong tỉnh muốn chuyển đến")).to_have_value("Trường THPT Lê Lợi")
    await page.get_by_role("group", name="Loại trường muốn chuyển đến").get_by_label("Công lập").check()
    await page.get_by_label("Lớp muốn vào").fill("11")
    await page.get_by_label("Gia đình chuyển nơi ở").check()
    await page.get_by_label("Vật lí").check()
    await page.get_by_label("Sinh học").check()


async def test_a_parent_hands_in_a_transfer_on_a_phone_without_a_script(intake: InProcess) -> None:
    async with served(intake.client._transport.app) as site, browser() as opened:  # type: ignore[attr-defined]
        page = await page_of(opened, PHONE, java_script_enabled=False)
        await page.goto(f"{site}/nop-ho-so/{TRANSFER}")
        go = page.get_by_role("button", name="Tiếp tục", exact=True)
        await page.get_by_label("Tôi nộp hồ sơ của tôi hoặc của con tôi").check()
        await page.get_by_label("Họ và tên người đề nghị").fill("Nguyễn Thị Bình")
        await page.get_by_label("Số điện thoại").first.fill("0912 345 678")
        await go.click()
        await page.get_by_label("Đơn vị giải quyết").select_option(desks.SCHOOL)
        await page.get_by_label("Nội dung đề nghị").fill("Xin chuyển trường cho con.")
        await go.click()
        await fill_form(page)
        await go.click()
        await page.get_by_role("heading", name="Giấy tờ kèm theo").wait_for()
        await go.click()
        await page.get_by_role("button", name="Sửa chi tiết").click()
        await page.get_by_label("Lớp muốn vào").fill("12")
        await go.click()
        await go.click()
        await page.get_by_role("button", name="Nộp hồ sơ", exact=True).click()
        await page.wait_for_url("**/da-nop/**")
        id = page.url.split("?")[0].rsplit("/", 1)[1]
    whole = await desks.expert(intake).read(f"/applications/{id}")
    assert whole["answers"]["grade"] == 12 and whole["answers"]["to_school"] == desks.SCHOOL
    assert whole["concerns"]["name"] == "Nguyễn Gia Hân"


@SIZES
async def test_a_citizen_finds_submits_and_follows(intake: InProcess, size: dict[str, int], name: str) -> None:
    async with served(intake.client._transport.app) as site, browser() as opened:  # type: ignore[attr-defined]
        page = await page_of(opened, size)
        await page.goto(site)
        await judged(page, f"{name}-home")
        await page.fill("#q", "chuyen truong")
        await page.keyboard.press("Enter")
        await judged(page, f"{name}-found", "Tìm thủ tục")
        await page.get_by_role("link", name="Chuyển trường và tiếp nhận học sinh").click()
        await judged(page, f"{name}-procedure", "Chuyển trường và tiếp nhận học sinh")
        await page.get_by_role("link", name="Nộp hồ sơ trực tuyến").click()
        await page.get_by_role("heading", name="Người đề nghị giải quyết").wait_for()
        go = page.get_by_role("button", name="Tiếp tục", exact=True)
        await go.click()
        await page.wait_for_selector(".error-summary")
        await judged(page, f"{name}-wrong")
        await page.get_by_role("link", name="Hãy nhập họ và tên, tối đa 150 ký tự").click()
        await page.keyboard.type("Nguyễn Thị Bình")
        await page.get_by_label("Tôi nộp hồ sơ của tôi hoặc của con tôi").check()
        await page.get_by_label("Số điện thoại").first.fill("0912 345 678")
        await go.click()
        await page.get_by_role("heading", name="Ông/bà đề nghị điều gì?").wait_for()
        await page.get_by_label("Đơn vị giải quyết").select_option(desks.SCHOOL)
        await page.get_by_label("Nội dung đề nghị").fill("Xin chuyển trường cho con.")
        await judged(page, f"{name}-what")
        await go.click()
        await judged(page, f"{name}-form", "Chuyển trường trung học phổ thông")
        await go.click()
        await page.wait_for_selector(".error-summary")
        await judged(page, f"{name}-form-wrong")
        await fill_form(page)
        await go.click()
        await page.get_by_role("heading", name="Giấy tờ kèm theo").wait_for()
        paper = {"name": "Đơn.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\nx"}
        await page.locator("#file-0").set_input_files([paper])  # type: ignore[list-item]
        await judged(page, f"{name}-files")
        await go.click()
        await judged(page, f"{name}-check", "Kiểm tra trước khi nộp")
        await expect(page.get_by_text("Trường THPT Trần Phú")).to_be_visible()
        await page.go_back()  # no question about sending a form again
        await page.get_by_role("heading", name="Giấy tờ kèm theo").wait_for()
        await page.go_forward()
        await page.get_by_role("heading", name="Kiểm tra trước khi nộp").wait_for()
        await page.get_by_role("button", name="Nộp hồ sơ", exact=True).click()
        await page.wait_for_url("**/da-nop/**")
        await judged(page, f"{name}-done", "Đã nộp hồ sơ")
        await intake.heard()
        await page.get_by_role("link", name="Xem hồ sơ").click()
        await judged(page, f"{name}-followed", "Chuyển trường và tiếp nhận học sinh")


@SIZES
async def test_an_officer_works_by_keyboard(intake: InProcess, size: dict[str, int], name: str) -> None:
    await desks.submitted(intake)
    await intake.heard()
    async with served(intake.client._transport.app) as site, browser() as opened:  # type: ignore[attr-defined]
        page = await page_of(opened, size)
        await sign_in(page, site, "Cán bộ một cửa", "Trung tâm Phục vụ")
        await judged(page, f"{name}-desk")
        await page.keyboard.press("?")
        await page.wait_for_selector("#keys[open] kbd")
        await page.keyboard.press("Escape")
        await page.keyboard.press("n")
        await page.wait_for_url("**/ho-so-moi")
        await page.locator("#q").fill("chuyen truong va tiep nhan")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**procedure={TRANSFER}")
        await judged(page, f"{name}-new")
        await page.get_by_label("Họ và tên người đề nghị").fill("Vàng A Sử")
        await page.get_by_label("Đơn vị giải quyết").select_option(desks.SCHOOL)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/huong-dan/**")
        await judged(page, f"{name}-guided")
        await page.keyboard.press("a")
        await page.wait_for_url("**visit=**")
        await page.goto(f"{site}/so-theo-doi")
        await judged(page, f"{name}-register")


@SIZES
async def test_a_dossier_and_its_actions(intake: InProcess, size: dict[str, int], name: str) -> None:
    told = await desks.in_process(intake)
    await intake.heard()
    async with served(intake.client._transport.app) as site, browser() as opened:  # type: ignore[attr-defined]
        page = await page_of(opened, size)
        await sign_in(page, site, "Người vận hành", "Toàn tỉnh")
        await judged(page, f"{name}-province")
        await page.goto(f"{site}/ho-so/{told['id']}")
        await judged(page, f"{name}-dossier")
        actions = await page.locator(".actions a").evaluate_all("links => links.map(each => each.getAttribute('href'))")
        for action in actions:
            await page.goto(site + action)
            await judged(page, f"{name}-{action.rsplit('/', 1)[1]}")
        for path in (
            "/danh-muc",
            "/danh-muc/1.012953",
            "/danh-muc/doi-chieu",
            "/huong-dan",
            "/tra-cuu?code=x",
            "/nowhere",
        ):
            await page.goto(site + path)
            await judged(page, name + path.replace("/", "-").split("?")[0])


async def test_the_desk_moves_by_itself(intake: InProcess) -> None:
    pulse: Pulse = intake.client._transport.app.state.live  # type: ignore[attr-defined]
    async with served(intake.client._transport.app) as site, browser() as opened:  # type: ignore[attr-defined]
        page = await page_of(opened)
        await sign_in(page, site, "Cán bộ một cửa", "Trung tâm Phục vụ")
        await page.goto(f"{site}/ban-lam-viec?queue=in_process")
        await page.wait_for_selector(".live-state:not(.lost)")
        figure = page.locator("[data-figure=in_process]").first
        before = await figure.text_content() or ""
        told = await desks.desk(intake, CENTRE).ok("/applications", **desks.on_paper())
        await intake.heard()
        pulse.beat()
        await expect(figure).not_to_have_text(before)
        await page.get_by_role("link", name=told["code"]).wait_for()
