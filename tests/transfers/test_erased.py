"""A pupil whose data is erased while the case is open: nothing stops, and what the case held is let go."""

import io
import re
from typing import Any

import pypdf
import pytest

from intake.desks import expert
from transfers.conftest import FACTS, FROM, PUPIL, TO, Town, steps, turn

pytestmark = pytest.mark.xdist_group("transfers")
SPECIAL = {"from_type": "private", "reason": "no_equivalent_private"}
GONE = "[đã xóa theo yêu cầu]"


async def erased(town: Town, **facts: Any) -> tuple[str, str]:
    """A case whose pupil is erased before anything of it was heard: its id and tracking code."""
    town.pupils += 1
    number = f"00123{town.pupils:07}"
    told = await town.received()
    await town.head().ok(f"/transfers/{told['id']}/describe", facts=FACTS | facts, pupil=PUPIL | {"id_number": number})
    subject = await town.transfers.service.vault.known(number)
    assert subject and await town.transfers.service.vault.erase(subject, by="test", reason="theo yêu cầu")
    await town.heard()
    return told["id"], told["tracking"]


async def room(town: Town) -> Any:
    body = {"school": TO, "year": 2026, "grade": 11, "name": "11E", "places": 1}
    await town.head().post("/classes", **body)
    await town.heard()
    return next(each for each in await town.transfers.read("/classes", school=TO) if each["name"] == "11E")


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(each.extract_text() for each in pages))


async def test_a_special_case_of_an_erased_pupil_is_not_stuck_and_gives_back_all_that_it_held(town):
    await room(town)
    id, tracking = await erased(town, to_class="11E", **SPECIAL)
    case = await town.case(id)
    assert steps(case)["consult"] == "open", "the letter was drafted without a word of the pupil"
    assert (case["erased"], case["held"], case["pupil"]) == (True, True, None)
    assert case["consultation"]["drafts"] == 1 and case["consultation"]["text"] is None
    page = (await town.head().with_(accept="text/html").get(f"/chuyen-truong/{id}")).text
    assert "Dữ liệu của học sinh đã được xóa theo yêu cầu" in page and GONE in page
    assert "đã được xóa theo yêu cầu" in (await town.transfers.get("/theo-doi", ma=tracking)).text
    assert GONE in text_of((await town.head().get(f"/transfers/{id}/consultation.pdf")).content)
    signed = await town.head().post(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    assert (signed.status_code, signed.json()["code"]) == (410, "erased"), "a person is told why not"
    form = town.head().with_(accept="text/html")
    sent = await form.client.post(
        f"/chuyen-truong/{id}/draft",
        data={"drafts": "1", "subject": "xin ý kiến", "text": "Kính gửi."},
        headers=form.said,
    )
    assert sent.status_code == 410 and "hãy dừng hồ sơ tại bộ phận một cửa" in sent.text

    await expert(town.intake, TO).ok(f"/applications/{id}/stop", ground="citizens_wish")
    await town.heard()
    case = await town.case(id)
    assert (case["status"], case["ground"]) == ("closed", "stopped")
    assert (await room(town))["free"] == 1
    claim = "SELECT p.claim FROM view.pupil p JOIN view.transfer t USING (pupil) WHERE t.application = $1"
    assert await town.transfers.service.pool.fetchval(claim, f"application-{id}") == ""


async def test_an_ordinary_case_of_an_erased_pupil_goes_on_to_its_end(town):
    id, _ = await erased(town, to_class="11E")
    for step, unit in (("accept", TO), ("records", FROM), ("placement", TO)):
        case = await town.case(id)
        how = "consent" if step == "accept" else "done"
        await town.head(unit).ok(f"/transfers/{id}/steps/{step}/{how}", turn=turn(case, step))
        await town.heard()
    assert (await town.case(id))["status"] == "completed"


async def test_a_consultation_that_was_sent_before_the_erasure_arrives_without_its_words(town):
    id = await town.asked(**SPECIAL)
    await town.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    await town.heard()
    await town.exchanged()
    vault, number = town.transfers.service.vault, f"00122{town.pupils:07}"
    subject = await vault.known(number)
    assert subject and await vault.erase(subject, by="test", reason="theo yêu cầu")
    for _ in range(2):
        await town.exchanged()
    [asked] = [each for each in await town.leadership.read("/opinions") if each["application"] == id]
    brief = await town.leadership.read(f"/opinions/{asked['document']}")
    assert brief["erased"] and brief["text"] is None and brief["pupil"] is None
    page = (await town.leadership.with_(accept="text/html").get(f"/xin-y-kien/{asked['document']}")).text
    assert "Dữ liệu của học sinh đã được xóa theo yêu cầu" in page
    assert not [key for key in town.errand.again if "hear" in key], "nothing is asked for again and again"
