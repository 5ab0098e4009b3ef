"""Transfers over HTTP: what officers, leadership and applicants may say and see."""

from typing import Any

import pytest

from running import Asker
from transfers.conftest import FROM, PUPIL, TO, Town, steps, turn

pytestmark = pytest.mark.xdist_group("transfers")


async def ended(who: Asker, town: Town, id: str, step: str, how: str, **more: Any) -> Any:
    case = await town.case(id)
    told = await who.ok(f"/transfers/{id}/steps/{step}/{how}", turn=turn(case, step), **more)
    await town.heard()
    return told


async def test_a_dossier_without_facts_waits_to_be_described_and_is_judged_then(town):
    told = await town.received()
    case = await town.case(told["id"])
    assert case["status"] == "undescribed"
    await town.head().ok(
        f"/transfers/{told['id']}/describe", facts={"from_school": FROM, "to_school": TO, "grade": 11}, pupil=PUPIL
    )
    await town.heard()
    case = await town.case(told["id"])
    assert case["status"] == "open" and case["pupil"] == PUPIL["name"] and case["rule"]["basis"]
    assert case["findings"] and all(each["rule"]["basis"] for each in case["findings"])


async def test_the_receiving_head_decides_and_the_pupil_moves_once(town):
    id = await town.asked()
    case = await town.case(id)
    print(steps(case))
    for step in ("accept",):
        await ended(town.head(), town, id, step, "consent")
    case = await town.case(id)
    print(steps(case), case["status"])
    await ended(town.head(FROM), town, id, "records", "done")
    await ended(town.head(), town, id, "placement", "done")
    case = await town.case(id)
    assert case["status"] == "completed"
