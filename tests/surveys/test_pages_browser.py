"""The questionnaire in a real browser, as a respondent has it: a phone, the keyboard alone, no script; and two officers
who type in a sheet of paper. Each page is judged by axe."""

import os
from typing import Any

import pytest
from playwright.async_api import Page

from browser import DESKTOP, PHONE, browser, findings, overflow, page_of, served
from services.surveys.api.tokens import key_of, shown
from services.surveys.domain.invitation import invitation
from services.surveys.domain.naming import invitation_stream
from surveys.field import Field
from surveys.samples import LATE

pytestmark = pytest.mark.xdist_group("surveys")
SHOTS = os.environ.get("MOTCUA_SHOTS", "")
EXPECTED = ("422", "409", "404", "410")  # Chromium tells of these answers as errors
SIZES = pytest.mark.parametrize(("size", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])


def app(field: Field) -> Any:
    return field.surveys.client._transport.app  # type: ignore[attr-defined]


async def judged(page: Page, name: str, heading: str) -> None:
    await page.get_by_role("heading", level=1, name=heading).wait_for()
    await page.wait_for_load_state("load")
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert await findings(page) == [], name
    assert await overflow(page) == 0, name
    wrongs: Any = page.wrongs  # type: ignore[attr-defined]
    assert [each for each in wrongs if not any(status in each for status in EXPECTED)] == [], name


async def answer_all(page: Page, level: int = 4) -> None:
    for each in await page.locator(".scale").all():
        await each.locator("label").nth(level - 1).click()


async def used(field: Field, token: str) -> bool:
    state, _ = await field.service.state(invitation, invitation_stream(token))
    return state.status == "used"


@SIZES
async def test_each_page_is_fit_for_everybody(surveys_field: Field, size: dict[str, int], name: str) -> None:  # noqa: PLR0915 -- one way through all pages
    stream = await surveys_field.open()
    token, lost = await surveys_field.issue(stream, LATE, 2)
    async with served(app(surveys_field)) as site, browser() as opened:
        page = await page_of(opened, size)
        asked: list[Any] = []
        page.on("request", lambda each: asked.append(each))  # noqa: PLW0108 -- a built-in can't be listened with
        await page.goto(f"{site}/phieu")
        await judged(page, f"{name}-start", "Nhập mã trên phiếu khảo sát")
        await page.get_by_label("Mã phiếu").fill("khong phai ma")
        await page.get_by_role("button", name="Mở phiếu").click()
        await page.get_by_text("Không có phiếu khảo sát nào với mã này").wait_for()
        await judged(page, f"{name}-start-wrong", "Nhập mã trên phiếu khảo sát")
        await page.get_by_label("Mã phiếu").fill(shown(token).lower())
        await page.get_by_role("button", name="Mở phiếu").click()
        await judged(page, f"{name}-welcome", "Ý kiến của ông/bà sau khi nhận kết quả")
        await page.get_by_role("button", name="English").click()
        await judged(page, f"{name}-welcome-en", "What you think of the procedure")
        await page.get_by_role("button", name="Tiếng Việt").click()
        await page.get_by_role("button", name="Bắt đầu").click()
        await judged(page, f"{name}-area", "Tiếp cận dịch vụ")
        await page.get_by_role("button", name="Tiếp").click()
        await page.get_by_role("heading", name="Hãy sửa những chỗ sau").wait_for()
        await judged(page, f"{name}-area-wrong", "Tiếp cận dịch vụ")
        for heading in ("Tiếp cận dịch vụ", "Thủ tục hành chính", "Công chức, viên chức", "Kết quả giải quyết"):
            await page.get_by_role("heading", level=1, name=heading).wait_for()
            await answer_all(page)
            await page.get_by_role("button", name="Tiếp").click()
        await judged(page, f"{name}-choice", "Tiếp nhận, giải quyết góp ý")
        await page.get_by_label("Có", exact=True).check()
        await page.get_by_role("button", name="Tiếp").click()
        await page.get_by_text("có thêm câu hỏi dưới đây").wait_for()
        await judged(page, f"{name}-more", "Tiếp nhận, giải quyết góp ý")
        await answer_all(page, 2)
        await page.get_by_role("button", name="Tiếp").click()
        await page.get_by_role("heading", level=1, name="Việc trễ hẹn").wait_for()
        await answer_all(page, 1)
        await page.get_by_label("Không nhận được").check()
        await page.get_by_label("Phải đi lại thêm").check()
        await judged(page, f"{name}-delay", "Việc trễ hẹn")
        await page.get_by_role("button", name="Tiếp").click()
        await page.get_by_role("heading", level=1, name="Nhận xét chung").wait_for()
        await page.get_by_label("Điều ông/bà mong cơ quan làm tốt hơn").fill("Trả lời đúng hẹn.")
        await judged(page, f"{name}-last", "Nhận xét chung")
        await page.goto(f"{site}/phieu/{token}/kiem-tra")
        await judged(page, f"{name}-check-missing", "Xem lại câu trả lời")
        assert await page.get_by_role("button", name="Gửi câu trả lời").count() == 0
        await page.goto(f"{site}/phieu/{token}/7")
        await answer_all(page, 3)
        await page.get_by_role("button", name="Xem lại câu trả lời").click()
        await judged(page, f"{name}-check", "Xem lại câu trả lời")
        await page.get_by_role("button", name="Gửi câu trả lời").click()
        await judged(page, f"{name}-thanks", "Xin cảm ơn!")
        assert page.url == f"{site}/phieu/cam-on", "nothing in the address leads to the token any more"
        assert await used(surveys_field, token)
        await page.goto(f"{site}/phieu/{token}")
        await judged(page, f"{name}-used", "Phiếu này đã được gửi")
        await surveys_field.surveys.by("survey_manager").ok("/invitations/revoke", token=lost)
        await page.goto(f"{site}/phieu/{lost}")
        await judged(page, f"{name}-revoked", "Nhập mã trên phiếu khảo sát")
        assert all(each.url.startswith(site) or each.url.startswith("data:") for each in asked), "nobody else is told"
        assert not [each for each in asked if token in (await each.all_headers()).get("referer", "")]


async def test_a_respondent_with_a_phone_the_keyboard_alone_and_no_script(surveys_field: Field) -> None:
    stream = await surveys_field.open("yearly", questionnaire="education-pupil")
    (token,) = await surveys_field.issue(stream, ("thpt-1", "10A1"))
    async with served(app(surveys_field)) as site, browser() as opened:
        context = await opened.new_context(viewport=PHONE, java_script_enabled=False, locale="vi-VN", has_touch=True)
        page = await context.new_page()
        await page.goto(f"{site}/phieu/{token}")
        await _tab_to(page, "Bắt đầu")
        await page.keyboard.press("Enter")
        for number in range(1, 7):
            await page.wait_for_url(f"**/phieu/*/{number}")
            names = dict.fromkeys(
                [await each.get_attribute("name") for each in await page.locator("input[type=radio]").all()]
            )
            for _ in names:
                await _tab_to_radio(page)
                for _ in range(number % 4 + 1):
                    await page.keyboard.press("ArrowRight")
            if number == 3:  # put by, and gone on with on another day
                await _tab_to(page, "Lưu, làm sau")
                await page.keyboard.press("Enter")
                await page.get_by_text("Đã lưu.").wait_for()
                assert await surveys_field.service.pool.fetchval(
                    "SELECT count(*) FROM truth.kept WHERE key = $1", key_of(token)
                )
                await _tab_to(page, "Làm tiếp")
                await page.keyboard.press("Enter")
                continue
            await _tab_to(page, "Xem lại câu trả lời" if number == 6 else "Tiếp")
            await page.keyboard.press("Enter")
        await page.wait_for_url("**/kiem-tra")
        await _tab_to(page, "Gửi câu trả lời")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/phieu/cam-on")
        assert await used(surveys_field, token)


async def _focused(page: Page) -> tuple[str, str]:
    # Without scripts the page can't be asked what has the focus, but the browser's accessibility tree can.
    focus = page.locator(":focus")
    if not await focus.count():
        return "", ""
    kind = await focus.get_attribute("type") or ""
    return kind, (await focus.inner_text()).strip() if kind != "radio" else ""


async def _tab_to(page: Page, text: str) -> None:
    for _ in range(120):
        if (await _focused(page))[1] == text:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never came to {text}")


async def _tab_to_radio(page: Page) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if (await _focused(page))[0] == "radio":
            return
    raise AssertionError("the keyboard never came to a level")


@SIZES
async def test_two_officers_type_in_a_sheet_of_paper(surveys_field: Field, size: dict[str, int], name: str) -> None:
    stream = await surveys_field.open()
    (token,) = await surveys_field.issue(stream, ("thpt-le-loi", "in_time"))
    async with served(app(surveys_field)) as site, browser() as opened:
        for turn, role in enumerate(("desk_officer", "case_officer")):
            page = await page_of(opened, size)
            assert (await page.request.post(f"{site}/demo/login/{role}?unit=thpt-le-loi")).ok
            await page.goto(f"{site}/nhap-phieu")
            await judged(page, f"{name}-paper-start", "Nhập phiếu giấy")
            for level in (4,) if not turn else (3, 4):
                if level == 3 or not turn:
                    await page.get_by_label("Mã trên phiếu").fill(shown(token))
                    await page.get_by_role("button", name="Mở phiếu").click()
                await page.get_by_label("Không", exact=True).check()
                for each in await page.locator("fieldset.field-card").all():
                    if not await each.get_attribute("aria-describedby") or turn:
                        await each.locator(".scale label").nth(level - 1).click()
                await judged(page, f"{name}-paper-{turn}-{level}", "Nhập phiếu giấy")
                await page.get_by_role("button", name="Ghi").click()
                if level == 3:
                    await page.get_by_text("Hai lần nhập khác nhau").wait_for()
                    await judged(page, f"{name}-paper-differs", "Nhập phiếu giấy")
            await page.get_by_role("status").wait_for()
    assert await used(surveys_field, token)
