"""What the pages say in states that are seldom: an answer on paper, a case that ended, a wrong form, a file that the
disk damaged."""

from typing import Any

import pytest

from intake.desks import DEPARTMENT, expert
from kernel import blobs
from transfers.conftest import FROM, TO, Town
from transfers.test_exchanging import SPECIAL, asked, consulted
from transfers.test_put_right import page

pytestmark = pytest.mark.xdist_group("transfers")


async def sent(who: Any, path: str, status: int, **form: str) -> str:
    """The words of the page that answers a form."""
    told = await who.client.post(path, data=form, headers=who.with_(accept="text/html").said)
    assert told.status_code == status, told.text
    return str(told.text)


async def numbers(town: Town, state: str) -> dict[str, Any]:
    """Consultations at the Department by their case."""
    return {each["application"]: each for each in await town.leadership.read("/opinions", state=state)}


async def test_a_consultation_that_was_answered_on_paper_no_longer_waits_for_the_leadership(town):
    id = await consulted(town)
    [found] = await asked(town, id)
    where = f"/xin-y-kien/{found['document']}"
    assert "Không đồng ý</button>" in (await town.leadership.with_(accept="text/html").get(where)).text
    await town.head().ok(f"/transfers/{id}/reply", **await town.on_paper(reason="Trục liên thông tạm dừng."))
    await town.heard()
    assert id not in await numbers(town, "asked")
    given = (await numbers(town, "given"))[id]
    assert (given["opinion"], given["by_hand"]) == ("approved", True) and given["given_at"]
    brief = (await town.leadership.with_(accept="text/html").get(where)).text
    assert "Đơn vị đã nhập văn bản trả lời bằng giấy" in brief and "Không đồng ý</button>" not in brief
    assert f"{found['number']} Trường THPT Lê Lợi Đồng ý nhập tay" in await page(town.leadership, "/xin-y-kien")


async def test_a_consultation_whose_case_was_withdrawn_waits_for_nobody_and_is_not_answered(town):
    id = await consulted(town)
    [found] = await asked(town, id)
    await expert(town.intake, TO).ok(f"/applications/{id}/stop", ground="citizens_wish")
    await town.heard()
    assert id not in await numbers(town, "asked") and id not in await numbers(town, "given")
    late = await town.leadership.post(f"/opinions/{found['document']}/give", opinion="approved", signer="Lê Thị Thu Hà")
    assert late.status_code == 409 and "đã kết thúc" in late.json()["detail"]
    assert "Hồ sơ đã kết thúc" in await page(town.leadership, f"/xin-y-kien/{found['document']}")


async def test_what_the_leadership_said_is_a_precedent_before_the_school_has_decided(town):
    first, second = await consulted(town), await consulted(town)
    [earlier] = await asked(town, first)
    given = await town.leadership.ok(
        f"/opinions/{earlier['document']}/give", opinion="approved", signer="Lê Thị Thu Hà"
    )
    await town.heard()
    for _ in range(2):
        await town.exchanged()
    assert (await town.case(first))["status"] == "open"
    [later] = await asked(town, second)
    brief = await town.leadership.read(f"/opinions/{later['document']}")
    assert [each["opinion"] for each in brief["precedents"] if each["reply_number"] == given["reply_number"]] == [
        "approved"
    ]


async def test_only_who_may_sign_is_asked_to_begin(town):
    await asked(town, await consulted(town))
    begin = "Bắt đầu, lâu nhất trước"
    assert begin in await page(town.leadership, "/xin-y-kien")
    assert begin not in await page(town.head(), "/xin-y-kien")
    assert begin not in await page(town.transfers.by("auditor"), "/xin-y-kien")


async def test_a_case_that_was_refused_leaves_no_step_that_seems_to_come(town):
    id = await town.asked(grade=12)
    assert "Chưa đến lượt" in await page(town.head(), f"/chuyen-truong/{id}")
    await town.head().ok(f"/transfers/{id}/steps/accept/refuse", turn=1, reason="Không còn chỗ.")
    await town.heard()
    told = await page(town.head(), f"/chuyen-truong/{id}")
    assert "Chưa đến lượt" not in told and told.count("Không cần nữa") == 2


async def test_what_was_typed_wrong_is_still_there(town):
    for path, typed in (("/theo-doi?ma=", "7QK2M-9X0TD-5"), ("/quy-dinh?ngay=", "31/02/2026")):
        told = await town.transfers.with_(accept="text/html").get(path + typed)
        assert told.status_code in {404, 422} and f'value="{typed}"' in told.text


async def test_a_form_that_is_wrong_says_so_in_words_of_the_page(town):
    id = await consulted(town)
    told = await sent(town.head(), f"/chuyen-truong/{id}/reply", 422, number="1", signed_on="")
    assert "Ý kiến: Hãy chọn một mục" in told and "approved&#39;" not in told
    assert '<details class="sheet no-print" open>' in told, "the form that is wrong is in sight"
    told = await sent(
        town.leadership, "/uy-quyen", 422, to="demo:unit_head", starts="30/08/2026", ends="31/02/2026", number=""
    )
    assert "viết dạng dd/mm/yyyy" in told and 'value="31/02/2026"' in told
    undescribed = (await town.received())["id"]
    told = await sent(
        town.head(), f"/chuyen-truong/{undescribed}/describe", 422, name="Lò Văn Minh", from_school=FROM, to_school=TO
    )
    assert "Loại hình trường đi: Hãy chọn một mục" in told and "Khối: " in told, "no type and no grade is guessed"


async def test_each_page_names_the_unit_of_who_is_signed_in(town):
    for path in ("/", "/lien-thong", "/xin-y-kien", "/lop", "/quy-dinh", "/theo-doi"):
        told = await town.head().with_(accept="text/html").get(path)
        assert "Thủ trưởng đơn vị · Trường THPT Lê Lợi<" in told.text, path
    told = await town.leadership.with_(accept="text/html").get("/uy-quyen")
    assert "Lãnh đạo Sở · Sở Giáo dục và Đào tạo tỉnh Sơn Hà<" in told.text


async def test_a_scan_that_the_disk_damaged_is_not_given_out_and_says_what_to_do(town):
    id = await town.asked(**SPECIAL)
    await town.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    await town.heard()
    digest = await town.scan(b"%PDF-1.7 hong")
    await town.head().ok(f"/transfers/{id}/reply", **await town.on_paper(scan=digest, reason="Mất kết nối."))
    await town.heard()
    path = blobs.path(town.transfers.service.settings.blobs, digest)
    path.write_bytes(path.read_bytes()[:-1])
    told = await town.head().get(f"/transfers/{id}/reply/scan")
    assert (told.status_code, told.json()["code"]) == (410, "file_damaged") and "bản sao lưu" in told.json()["instead"]
    shown = await town.head().with_(accept="text/html").get(f"/transfers/{id}/reply/scan")
    assert shown.status_code == 410 and "Tệp đã lưu bị hỏng" in shown.text
    assert (await town.transfers.by("unit_head", unit=DEPARTMENT).get(f"/transfers/{id}/reply/scan")).status_code == 410
