"""What people put right, and what they are told of: facts, where a pupil is, and a place that went to another."""

import re
from typing import Any
from uuid import UUID

import pytest

from kernel.tracking import codes
from transfers.conftest import FACTS, FROM, TO, Town, steps, turn

pytestmark = pytest.mark.xdist_group("transfers")
LATE = {"happened_at": "2026-08-21T09:00:00+07:00", "late_reason": "Mất mạng cả buổi sáng."}


async def page(who: Any, path: str, **query: Any) -> str:
    """The words of a page."""
    told = await who.with_(accept="text/html").get(path, **query)
    assert told.is_success, told.text
    return " ".join(re.sub("<[^>]*>", " ", told.text).split())


async def attention(town: Town, id: str) -> list[Any]:
    return [each for each in await town.head().read("/inbox/attention") if each["application"] == id]


async def moved(town: Town) -> None:
    """A pupil who went from FROM to TO."""
    id = await town.asked(grade=12)
    for step, unit, how in (("accept", TO, "consent"), ("records", FROM, "done"), ("placement", TO, "done")):
        case = await town.case(id)
        await town.head(unit).ok(f"/transfers/{id}/steps/{step}/{how}", turn=turn(case, step))
        await town.heard()
    assert (await town.case(id))["status"] == "completed"


async def again(town: Town) -> str:
    """The pupil who came last asks once more to go from FROM to TO."""
    town.pupils -= 1
    return await town.asked(grade=12)


async def test_a_pupil_who_went_back_outside_of_the_system_is_stuck_nowhere(town):
    await moved(town)
    id = await again(town)
    case = await town.case(id)
    assert (case["status"], case["elsewhere"], set(steps(case).values())) == ("open", TO, {"waiting"})
    assert [each["elsewhere"] for each in await attention(town, id)] == [TO]
    assert "Cần xác minh trường của học sinh" in await page(town.head(), "/")
    family = await page(town.transfers, "/theo-doi", ma=codes(town.transfers.service).of(UUID(id)))
    assert "Nhà trường đang xác minh" in family
    clerk = town.transfers.by("desk_officer", unit=TO)
    assert "Không phải: từ chối hồ sơ" not in await page(clerk, f"/chuyen-truong/{id}")
    path = f"/transfers/{id}/school"
    assert (await town.head("thpt-nam-khe").post(path, there=True, reason="Đã hỏi.")).status_code == 403
    assert (await town.head().post(path, there=True, reason=" ")).status_code == 422
    assert (await clerk.post(path, there=False, reason="Đã hỏi.")).status_code == 403, "a head refuses"
    await clerk.ok(path, there=True, reason="Đã gọi trường cũ: học sinh đã quay lại từ tháng 5.")
    await town.heard()
    case = await town.case(id)
    assert case["elsewhere"] is None and steps(case)["accept"] == "open" and await attention(town, id) == []
    assert "học sinh đã quay lại từ tháng 5" in await page(town.head(), f"/chuyen-truong/{id}")
    await town.head().ok(f"/transfers/{id}/steps/accept/consent", turn=1)
    await town.heard()
    assert (await town.case(id))["status"] == "granted"


async def test_a_pupil_who_really_is_elsewhere_is_turned_away_by_a_head_on_the_page(town):
    await moved(town)
    id = await again(town)
    form = town.head().with_(accept="text/html")
    assert "Không phải: từ chối hồ sơ" in await page(form, f"/chuyen-truong/{id}")
    sent = await form.client.post(f"/chuyen-truong/{id}/away", data={"reason": "Đã học ở đây."}, headers=form.said)
    assert sent.status_code == 303
    await town.heard()
    case = await town.case(id)
    assert (case["status"], case["ground"], case["reason"]) == ("refused", "not_there", "Đã học ở đây.")
    assert case["decision"]["basis"]
    late = await town.head().post(f"/transfers/{id}/school", there=True, reason="Đã hỏi lại.")
    assert (late.status_code, late.json()["code"]) == (409, "not_to_confirm") and late.json()["instead"]


async def test_who_loses_a_kept_place_to_one_that_was_entered_late_is_told_and_the_late_entry_is_marked(town):
    await town.head().ok("/classes", school=TO, year=2026, grade=10, name="10M", places=1)
    await town.heard()
    first = await town.asked(grade=10, to_class="10M")
    assert (await town.case(first))["held"] and await attention(town, first) == []
    late = await town.asked(LATE, grade=10, to_class="10M")
    lost, won = await town.case(first), await town.case(late)
    assert (lost["held"], lost["place_why"], lost["place_late"]) == (False, "earlier", True) and lost["lost_at"]
    assert (won["held"], won["place_why"], won["entered_late"]) == (True, "earlier", True)
    [told] = await attention(town, first)
    assert (told["place_why"], told["place_late"]) == ("earlier", True)
    inbox = await page(town.head(), "/")
    assert "Mất chỗ đã giữ: một hồ sơ nộp trước được xếp chỗ trước nhập muộn" in inbox
    tracking = codes(town.transfers.service).of(UUID(first))
    family = await page(town.transfers, "/theo-doi", ma=tracking)
    for seen in (await page(town.head(), f"/chuyen-truong/{first}"), family):
        assert "một hồ sơ nộp trước được xếp chỗ trước (hồ sơ đó được nhập muộn" in seen
    assert "10M" not in family, "a class is named once there is a place in it"
    marked = await page(town.head(), f"/chuyen-truong/{late}")
    assert "nhập muộn" in marked and "được giữ chỗ thay cho một hồ sơ nộp sau" in marked
    [room] = [each for each in await town.transfers.read("/classes", grade=10) if each["name"] == "10M"]
    await town.head().ok(f"/classes/{room['id']}/places", places=2)
    await town.heard()
    assert (await town.case(first))["held"] and await attention(town, first) == []
    assert "10M" in await page(town.transfers, "/theo-doi", ma=tracking)
    await town.head().ok(f"/classes/{room['id']}/places", places=1)
    await town.heard()
    assert [each["place_why"] for each in await attention(town, first)] == ["fewer"]


async def test_an_officer_of_the_receiving_school_puts_the_facts_right_and_the_case_is_judged_again(town):
    id = await town.asked(grade=12)
    path, facts = f"/transfers/{id}/facts", FACTS | {"grade": 12, "from_type": "private", "reason": "moved_home"}
    assert (await town.head(FROM).post(path, facts=facts, reason="Nhập nhầm.")).status_code == 403
    assert (await town.head().post(path, facts=facts, reason="")).status_code == 422
    other = await town.head().post(path, facts=facts | {"to_school": "thpt-nam-khe"}, reason="Nhập nhầm.")
    assert (other.status_code, other.json()["code"]) == (409, "another_request") and other.json()["instead"]
    clerk = town.transfers.by("desk_officer", unit=TO)
    await clerk.ok(path, facts=facts, reason="Nhập nhầm loại hình trường.")
    await town.heard()
    case = await town.case(id)
    assert (case["special"], case["grounds"], case["corrected_by"]) == (
        True,
        ["private_to_public"],
        "test:desk_officer",
    )
    assert steps(case) == {"consult": "open", "accept": "dropped", "records": "waiting", "placement": "waiting"}
    assert case["consultation"]["drafts"] == 1, "the leadership's letter is drafted from the facts as they are now"
    assert "Nhập nhầm loại hình trường." in await page(town.head(), f"/chuyen-truong/{id}")


async def test_facts_are_put_right_on_the_page(town):
    id = await town.asked(grade=12, documents=["application", "summary"])
    form = town.head().with_(accept="text/html")
    assert "Sửa thông tin chuyển trường" in await page(form, f"/chuyen-truong/{id}")
    typed = {"from_type": "public", "to_type": "public", "grade": "11", "to_class": "", "fact_reason": "parents_work"}
    typed |= {"document-application": "1", "document-record": "1", "subject-physics": "1"}
    where = f"/chuyen-truong/{id}/correct"
    silent = await form.client.post(where, data=typed, headers=form.said)
    assert silent.status_code == 422 and "Lý do" in silent.text
    sent = await form.client.post(where, data=typed | {"why": "Nhập nhầm khối."}, headers=form.said)
    assert sent.status_code == 303, sent.text
    facts = (await town.case(id))["facts"]
    assert (facts["grade"], facts["reason"], facts["from_school"]) == (11, "parents_work", FROM)
    assert (facts["documents"], facts["subjects"]) == (["record", "application"], ["physics"])
