"""Deadlines' pages, asked as a browser without scripts would: who sees what, and what a form that is wrong is told."""

import html

import httpx2
import pytest

from intake.desks import OTHER, SCHOOL
from running import Asker

pytestmark = pytest.mark.xdist_group("deadlines_pages")

PAGE = {"accept": "text/html"}


async def get(asker: Asker, path: str, status: int = 200, **query: str) -> str:
    answer = await asker.client.get(path, params=query or None, headers=asker.said | PAGE)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
    return answer.text


async def send(asker: Asker, path: str, **form: str) -> httpx2.Response:
    return await asker.client.post(path, data=form, headers=asker.said | PAGE)


async def test_officers_see_the_day_of_their_own_unit_whatever_unit_they_ask_for(late):
    code = late.dossier["code"]
    own = await get(late.head, "/")
    assert code in own and "Quá hạn mà chưa xin lỗi" in own
    assert "Thủ trưởng đơn vị · Trường THPT Lê Lợi<" in own
    other = await get(late.deadlines.by("unit_head", unit=OTHER), "/", unit=SCHOOL)
    assert code not in other and "Không có việc gì gấp" in other
    assert code in await get(late.deadlines.by("leadership", unit="so-gddt"), "/")
    assert code not in await get(late.deadlines.by("leadership", unit="so-gddt"), "/", unit=OTHER)


async def test_who_is_not_signed_in_is_asked_for_a_tracking_code(late):
    page = await get(late.deadlines, "/")
    assert "Mã tra cứu" in page and late.dossier["code"] not in page
    for path in (f"/ho-so/{late.dossier['id']}", f"/xin-loi/{late.apology}", "/lich"):
        await get(late.deadlines, path, 401)


async def test_a_wrong_tracking_code_is_not_found_and_says_so_beside_the_field(late):
    for wrong in ("7QK2M-9X0TD-4", "", "<script>alert(1)</script>"):
        page = await get(late.deadlines, "/theo-doi", 404, ma=wrong)
        assert "Không có hồ sơ nào với mã tra cứu này" in page and 'aria-invalid="true"' in page
        assert "<script>alert" not in page


async def test_the_applicant_reads_that_it_is_overdue_and_why_it_was_due_that_day(late):
    page = await get(late.deadlines, "/theo-doi", ma=late.dossier["tracking"])
    assert "Đang quá hạn" in page and "phải gửi phiếu xin lỗi" in page and "04/09/2026" in page
    assert "Nghỉ hoán đổi, làm bù ngày 22/08/2026" in page and "Làm bù cho ngày nghỉ 31/08/2026" in page
    assert "Bộ Nội vụ" in page and "Bộ luật Lao động" in page
    assert "Bình" not in page and "0912" not in page


async def test_a_calendar_form_with_a_wrong_day_loses_nothing_that_was_typed(late):
    operator = late.deadlines.by("operator")
    typed = {"number": "0", "basis": "Công điện 12", "date1": "31/02/2026", "kind1": "rest", "name1": "Nghỉ do bão"}
    for do in ("preview", "declare"):
        answer = await send(operator, "/lich", do=do, **typed)
        assert answer.status_code == 422 and "Ngày chưa đúng dạng" in answer.text
        assert all(f'value="{typed[name]}"' in answer.text for name in ("basis", "date1", "name1"))
    assert (await operator.read("/calendar"))["number"] == 0
    assert (await send(late.head, "/lich", do="declare", **typed)).status_code == 403


async def test_a_day_that_rests_anyway_is_refused_on_the_page_and_over_the_api(late):
    operator = late.deadlines.by("operator")
    form = {"number": "0", "basis": "Công điện 12", "date1": "06/09/2026", "kind1": "rest", "name1": "Chủ nhật"}
    for do in ("preview", "declare"):
        answer = await send(operator, "/lich", do=do, **form)
        assert answer.status_code == 409 and "Lịch đã như vậy rồi: 06/09/2026" in html.unescape(answer.text)
        assert 'value="06/09/2026"' in answer.text
    days = [{"date": "2026-09-06", "kind": "rest", "name": "Chủ nhật"}]
    for path in ("/calendar/preview", "/calendar"):
        answer = await operator.post(path, number=1, basis="Công điện 12", days=days)
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_changes")
        assert answer.json()["facts"]["days"] == ["2026-09-06"]
    assert (await operator.read("/calendar"))["number"] == 0


async def test_a_preview_of_the_calendar_declares_nothing(late):
    operator = late.deadlines.by("operator")
    form = {"number": "0", "basis": "Công điện 12", "date1": "03/09/2026", "kind1": "rest", "name1": "Nghỉ do bão"}
    answer = await send(operator, "/lich", do="preview", month="2026-09", **form)
    assert answer.status_code == 200 and "Nếu công bố" in answer.text and late.dossier["code"] in answer.text
    assert (await operator.read("/calendar"))["number"] == 0


async def test_a_calendar_form_with_nothing_in_it_says_which_fields_are_missing(late):
    answer = await send(late.deadlines.by("operator"), "/lich", do="declare", number="0")
    assert answer.status_code == 422 and "basis" in answer.text and "days" in answer.text


async def test_an_apology_with_a_wrong_day_is_not_signed_and_keeps_what_was_typed(late):
    form = {"drafts": "1", "reason": "Do mất điện <b>ba ngày</b>", "new_due_at": "mai", "signer": "Trần Văn Hùng"}
    answer = await send(late.head, f"/xin-loi/{late.apology}/issue", position="Hiệu trưởng", **form)
    assert answer.status_code == 422 and "Ngày giờ chưa đúng dạng" in answer.text
    page = html.unescape(answer.text)
    assert form["reason"] in page and 'value="mai"' in page and 'value="Trần Văn Hùng"' in page
    assert (await late.head.read(f"/apologies/{late.apology}"))["status"] == "due"


async def test_what_is_typed_as_the_reason_is_shown_as_text_never_as_markup(late):
    wild = "</textarea><script>alert(1)</script>"
    form = {"drafts": "1", "reason": wild, "new_due_at": "10/09/2026 17:00"}
    assert (await send(late.head, f"/xin-loi/{late.apology}/draft", **form)).status_code == 303
    await late.deadlines.heard()
    for asker in (late.head, late.deadlines.by("auditor")):  # in a field, and as text for who only reads
        page = await get(asker, f"/xin-loi/{late.apology}")
        assert "<script>alert" not in page and html.escape(wild) in page


async def test_who_has_just_signed_sees_it_signed_though_the_view_has_not_heard_of_it(late):
    read = await late.head.read(f"/apologies/{late.apology}")
    form = {"drafts": str(read["drafts"]), "reason": read["reason"], "new_due_at": "10/09/2026 17:00"}
    path = f"/xin-loi/{late.apology}"
    signed = await send(late.head, f"{path}/issue", signer="Trần Văn Hùng", position="Hiệu trưởng", **form)
    assert signed.status_code == 303, signed.text
    page = await get(late.head, path)
    assert "Đã ký, chờ gửi" in page and "01/PXL" in page and 'name="signer"' not in page
    assert (await send(late.head, f"{path}/deliver", way="phone")).status_code == 303
    assert "Đã gửi" in await get(late.head, path)
