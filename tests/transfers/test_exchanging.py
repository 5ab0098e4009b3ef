"""A consultation over the exchange, there and back, with an exchange that misbehaves in each of its ways."""

from typing import Any

import pytest

from intake.desks import DEPARTMENT
from transfers.conftest import FROM, TO, Town, steps, turn

pytestmark = pytest.mark.xdist_group("transfers")
SPECIAL = {"from_type": "private", "reason": "no_equivalent_private"}


async def consulted(town: Town) -> str:
    """A special case whose consultation is signed: its id."""
    id = await town.asked(**SPECIAL)
    case = await town.case(id)
    assert case["special"] and steps(case)["consult"] == "open", steps(case)
    assert case["consultation"]["drafts"] == 1 and case["code"] in case["consultation"]["text"]
    await town.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")
    await town.heard()
    return id


async def letters(town: Town, id: str) -> list[Any]:
    found = await town.head().read("/documents")
    return [each for each in found if each["application"] == id]


async def test_a_special_case_goes_there_and_back_by_itself(town):
    id = await consulted(town)
    [letter] = await letters(town, id)
    assert (letter["status"], letter["number"]) == ("queued", "01/THPTLL-VP")
    await town.exchanged()
    await town.exchanged()
    [letter] = await letters(town, id)
    assert letter["status"] == "sent" and letter["code"] == "03"
    [asked] = await town.leadership.read("/opinions")
    brief = await town.leadership.read(f"/opinions/{asked['document']}")
    assert brief["grounds"] == ["private_to_public"] and brief["pupil"] and brief["rule"]["basis"]
    assert brief["precedents"] == []
    given = await town.leadership.ok(
        f"/opinions/{asked['document']}/give", opinion="approved", signer="Lê Thị Thu Hà"
    )
    assert given["reply_number"] == "01/SGDĐT-VP"
    await town.heard()
    await town.exchanged()
    await town.exchanged()
    case = await town.case(id)
    assert case["reply"]["opinion"] == "approved" and steps(case)["consult"] == "consented"
    assert steps(case)["accept"] == "open"
    sent = await letters(town, id)
    assert {each["kind"]: each["code"] for each in sent} == {"consultation": "06", "reply": "06"}
    assert await town.head().read("/arrivals") == []
    documents = town.exchange.documents()
    assert len([each for each in documents]) == 2
