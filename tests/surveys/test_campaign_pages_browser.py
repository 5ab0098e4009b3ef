"""The pages of who runs a campaign in a real browser, at a desk and on a phone, judged by axe page by page."""

import asyncio
import os
import random
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from browser import DESKTOP, PHONE, browser, findings, overflow, page_of, served
from surveys.town import DESIGN, STANDING, Town, frame, levels

pytestmark = pytest.mark.xdist_group("surveys_campaign_pages")
SHOTS = os.environ.get("MOTCUA_SHOTS", "")
EXPECTED = ("422", "409", "404")  # Chromium tells of these answers as errors
SIZES = pytest.mark.parametrize(("size", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])
UNDRAWN = "[data-chart]:not(:has(canvas, svg))"


async def judged(page: Page, name: str, heading: str = "") -> None:
    if heading:
        await page.get_by_role("heading", level=1, name=heading).wait_for()
    await page.wait_for_load_state("load")
    await page.wait_for_function(f"() => document.querySelectorAll({UNDRAWN!r}).length === 0")
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert await findings(page) == [], name
    assert await overflow(page) == 0, name
    wrongs: Any = page.wrongs  # type: ignore[attr-defined]
    assert [each for each in wrongs if not any(status in each for status in EXPECTED)] == [], name


async def signed_in(page: Page, site: str, role: str, unit: str = "so-gddt") -> None:
    await page.context.clear_cookies()
    assert (await page.request.post(f"{site}/demo/login/{role}?unit={unit}")).ok


def app(town: Town) -> Any:
    return town.surveys.client._transport.app  # type: ignore[attr-defined]


async def measured(town: Town, title: str, mood: float, previous: str = "") -> str:
    """A campaign of eight schools that some were asked in; `mood` shifts what they think."""
    dice = random.Random(title)
    changes: dict[str, Any] = {"title": {"vi": title, "en": title}, "target": 60}
    if previous:
        changes["previous"] = previous.rpartition("/")[2]
    path = f"/campaigns/{(await town.planned(**changes))['id']}"
    assert (await town.upload(f"{path}/frame", frame(10, 4, 36))).is_success
    await town.manager.ok(f"{path}/draw", **DESIGN | {"classes": 2, "least_schools": 3})
    await town.manager.ok(f"{path}/open")
    await town.heard()
    chosen = (await town.manager.read(f"{path}/draw"))["chosen"]
    questions: Any = None
    for at, each in enumerate(chosen):
        body = {"cell": [each["school"], each["class_name"]], "count": each["asked"], "printing": "p"}
        issued = await town.manager.ok(f"{path}/invitations", **body)
        tokens = [token.replace("-", "") for token in issued["tokens"]]
        if questions is None:
            questions = (await town.surveys.with_(motcua_invitation=tokens[0]).read("/questionnaire"))["questions"]
        count = 3 if at == 1 else dice.randint(18, 30)
        await asyncio.gather(*(town.answers(t, thinks(questions, dice, mood + at % 3 / 4)) for t in tokens[:count]))
    await town.released()
    return path


def thinks(questions: Any, dice: random.Random, mood: float) -> dict[str, Any]:
    answers = levels(questions, 4)
    for each in questions:
        if each["kind"] == "likert" and each["code"] in answers:
            answers[each["code"]] = min(5, max(1, round(dice.gauss(mood, 0.9))))
        if each["kind"] == "text" and dice.random() < 0.05:
            answers[each["code"]] = dice.choice(
                ("Thầy Nguyễn Văn Nam dạy rất hay, số 0912345678.", "Mong có thêm sân chơi và sách mới.")
            )
    return answers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def before(town: Town) -> str:
    """Last year's, frozen."""
    path = await measured(town, "Khảo sát học sinh năm 2025", 3.4)
    await town.manager.ok(f"{path}/close", reason="Đã đủ phiếu")
    await town.released()
    await town.manager.ok(f"{path}/freeze")
    await town.heard()
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def path(town: Town, before: str) -> str:
    """This year's, open, with sheets that somebody wants voided."""
    path = await measured(town, "Khảo sát học sinh năm 2026", 4.0, before)
    sheets = await town.surveys.service.pool.fetch(
        "SELECT sheet FROM view.sheet WHERE campaign = $1 LIMIT 2", f"campaign-{path.rpartition('/')[2]}"
    )
    body = {"sheets": [str(each["sheet"]) for each in sheets], "reason": "Hai phiếu do một người điền"}
    await town.manager.ok(f"{path}/voidings", **body)
    await town.heard()
    return path


@SIZES
async def test_each_page_of_a_campaign_is_fit_for_everybody(
    town: Town, path: str, before: str, size: dict[str, int], name: str
) -> None:
    id, old = path.rpartition("/")[2], before.rpartition("/")[2]
    fresh = (await town.planned(title={"vi": "Đợt đang chuẩn bị", "en": "In preparation"}))["id"]
    await town.upload(f"/campaigns/{fresh}/frame", frame(10, 4, 36))
    standing = (await town.manager.ok("/campaigns", **STANDING))["id"]
    await town.manager.ok(f"/campaigns/{standing}/open")
    await town.heard()
    async with served(app(town)) as site, browser() as opened:
        page = await page_of(opened, size, reduced_motion="reduce")
        await signed_in(page, site, "survey_manager")
        for where, shot in (
            ("/", "campaigns"),
            ("/dot/moi", "plan"),
            (f"/dot/{fresh}", "planned"),
            (f"/dot/{fresh}/mau", "design"),
            (f"/dot/{id}", "cockpit"),
            (f"/dot/{id}/mau", "sample"),
            (f"/dot/{id}/nhap-tep", "sheets"),
            (f"/dot/{id}/ket-qua", "results"),
            (f"/dot/{id}/ket-qua?unit=thpt-1", "results-unit"),
            (f"/dot/{old}/ket-qua", "results-frozen"),
            (f"/dot/{standing}", "cockpit-standing"),
            (f"/dot/{standing}/ket-qua", "results-empty"),
        ):
            await page.goto(site + where)
            await judged(page, f"{name}-{shot}")
        await page.get_by_role("button", name="English").click()
        await page.goto(f"{site}/dot/{id}/ket-qua")
        await judged(page, f"{name}-results-en")
        await page.get_by_role("button", name="Tiếng Việt").click()
        await signed_in(page, site, "leadership")
        await page.goto(f"{site}/dot/{id}/ket-qua")
        await page.get_by_role("button", name="Duyệt loại").wait_for()
        await judged(page, f"{name}-results-leader")
        await signed_in(page, site, "unit_head", "thpt-1")
        await page.goto(f"{site}/dot/{id}/ket-qua")
        await judged(page, f"{name}-results-school")
        assert await page.get_by_role("heading", name="Phiếu bị loại").count() == 0


async def test_the_cockpit_moves_by_itself_when_somebody_answers(town: Town, path: str) -> None:
    id = path.rpartition("/")[2]
    chosen = (await town.manager.read(f"{path}/draw"))["chosen"][0]
    async with served(app(town)) as site, browser() as opened:
        page = await page_of(opened)
        await signed_in(page, site, "survey_manager")
        await page.goto(f"{site}/dot/{id}")
        used = page.locator('[data-figure="used"]')
        before = int((await used.inner_text()).replace(".", ""))
        tokens = await town.tokens(path, chosen["school"], chosen["class_name"], again=True)
        questions = (await town.surveys.with_(motcua_invitation=tokens[0]).read("/questionnaire"))["questions"]
        await town.answers(tokens[0], levels(questions, 5))
        await town.heard()
        await page.wait_for_function(
            "count => Number(document.querySelector('[data-figure=\"used\"]').textContent.replace('.', '')) === count",
            arg=before + 1,
        )


async def test_a_campaign_is_planned_drawn_and_opened_by_hand(town: Town) -> None:
    async with served(app(town)) as site, browser() as opened:
        page = await page_of(opened)
        await signed_in(page, site, "survey_manager")
        await page.goto(f"{site}/dot/moi")
        await page.get_by_label("Tên đợt khảo sát (tiếng Việt)").fill("Khảo sát thử")
        await page.get_by_label("Ngày đầu").fill("1/11/2026")
        await page.get_by_label("Ngày cuối").fill("31/10/2026")
        await page.get_by_role("button", name="Lưu").click()
        await page.get_by_text("Ngày cuối phải từ ngày đầu trở đi").wait_for()
        await page.get_by_label("Ngày cuối").fill("30/11/2026")
        await page.get_by_role("button", name="Lưu").click()
        await page.get_by_role("link", name="Nhập danh sách trường và lớp").click()
        await page.get_by_label("Danh sách trường và lớp").set_input_files(
            {"name": "khung.csv", "mimeType": "text/csv", "buffer": frame() + b"\nx"}
        )
        await page.get_by_role("button", name="Nhập", exact=True).click()
        await page.get_by_text("Dòng 20, cột school").wait_for()
        await page.get_by_label("Danh sách trường và lớp").set_input_files(
            {"name": "khung.csv", "mimeType": "text/csv", "buffer": frame()}
        )
        await page.get_by_role("button", name="Nhập", exact=True).click()
        await page.get_by_text("Đã nhập 6 trường").wait_for()
        await page.get_by_role("button", name="Rút mẫu").click()
        await page.get_by_text("kết quả giống hệt").wait_for()
        await page.get_by_role("link", name="Điều hành").click()
        await page.get_by_role("button", name="Mở đợt khảo sát").click()
        await page.get_by_text("Đã mở đợt khảo sát").wait_for()
        await page.get_by_role("link", name="Mẫu và phiếu in").click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="In phiếu").first.click()
        assert (await download.value).suggested_filename.endswith(".pdf")
