"""Families ask for transfers; schools, the Department's leadership and the exchange answer: intake, deadlines and
transfers as processes of their own, over HTTP, Kafka and PostgreSQL, with an exchange of documents that stands in
for the province's. The tests are chapters: they are read, and run, in their order.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.exchange import environment, opened
from deploy.local.exchange_record import Record
from intake.desks import DEPARTMENT, OTHER, SCHOOL, moment
from places import free_port, place_on, topics_of
from running import Asker, until, whole
from transfers.conftest import steps, turn

pytestmark = pytest.mark.xdist_group("transfers")
FROM, TO = OTHER, SCHOOL
PARENT = {"name": "Nguyễn Thị Bình", "id_number": "001190000001", "phone": "0912 345 678"}
SPECIAL = {"from_type": "private", "reason": "no_equivalent_private"}


@dataclass
class Province:
    """The three services, the exchange, and the dossiers by the name of their chapter."""

    intake: Asker
    deadlines: Asker
    transfers: Asker
    exchange: Record
    dossiers: dict[str, Any] = field(default_factory=dict)

    async def at(self, text: str) -> None:
        """It is this moment by the clock on the wall, for all."""
        for each in (self.intake, self.deadlines, self.transfers):
            await each.ok("/demo/clock", now=moment(text).isoformat())

    def head(self, unit: str = TO) -> Asker:
        return self.transfers.by("unit_head", unit=unit)

    @property
    def leadership(self) -> Asker:
        return self.transfers.by("leadership", unit=DEPARTMENT)

    async def asks(self, name: str, **facts: Any) -> Any:
        """A family asks for a transfer at the school's desk, and has its receipt."""
        pupil = {"name": f"Nguyễn Gia {name.capitalize()}", "id_number": f"0012100{len(self.dossiers):05}"}
        pupil["born"] = "2010-05-04"
        answers = {"from_school": FROM, "to_school": TO, "grade": 11, "from_type": "public", "to_type": "public"}
        answers |= {"reason": "moved_home", "documents": ["application", "summary"]} | facts
        desk = self.intake.by("desk_officer", unit=TO)
        self.dossiers[name] = await desk.ok(
            "/applications",
            procedure="2.002854",
            channel="assisted",
            received_by=TO,
            decided_by=TO,
            applicant=PARENT,
            content="Xin chuyển trường cho con.",
            answers=answers,
            concerns=pupil,
        )
        return self.dossiers[name]

    async def case(self, name: str, true: Any = bool) -> Any:
        """The case of a dossier, once this is true of it."""

        async def told() -> Any:
            answer = await self.head().get(f"/transfers/{self.dossiers[name]['id']}")
            found = answer.json() if answer.is_success else {}
            return found if found and true(found) else None

        return await until(told, f"the case of {name}")

    async def ends(self, name: str, step: str, how: str, by: Asker | None = None, **more: Any) -> Any:
        """Somebody ends a step of a case, when it is their turn."""
        case = await self.case(name, lambda found: steps(found).get(step) == "open")
        path = f"/transfers/{self.dossiers[name]['id']}/steps/{step}/{how}"
        return await (by or self.head()).ok(path, turn=turn(case, step), **more)

    async def dossier(self, name: str, status: str) -> Any:
        """The dossier in intake, once it has this status."""

        async def read() -> Any:
            told = await self.intake.by("desk_officer", unit=TO).read(f"/applications/{self.dossiers[name]['id']}")
            return told if told["summary"]["status"] == status else None

        return await until(read, f"the dossier of {name} to be {status}")

    async def consults(self, name: str) -> Any:
        """The unit asks; the letter arrives at the Department."""
        await self.case(name, lambda found: bool(found["consultation"]))
        id = self.dossiers[name]["id"]
        await self.head().ok(f"/transfers/{id}/consultation/issue", signer="Trần Văn Hùng")

        async def arrived() -> Any:
            return next((e for e in await self.leadership.read("/opinions") if e["application"] == id), None)

        return await until(arrived, "the consultation to arrive")


def due(case: Any, step: str) -> Any:
    """Until when a step is due, once that was counted."""
    return next((each["due_at"] for each in case["steps"] if each["step"] == step), None)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def province(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Province]:
    folder = tmp_path_factory.mktemp("transfer")
    port = free_port()
    async with place_on(ground, templates, folder) as place, topics_of(place), AsyncExitStack() as stack:
        record = await stack.enter_async_context(opened(folder / "exchange", ("127.0.0.1", port)))
        settings = place.settings.model_copy(update={"edoc": environment(port)["MOTCUA_EDOC"]})
        running = [
            await stack.enter_async_context(whole(name, settings, folder / f"{name}.log"))
            for name in ("intake", "deadlines", "transfers")
        ]
        found = Province(*running, record)
        await found.at("2026-08-21 10:00")
        for what in ("catalogue", "units"):
            await found.intake.by("operator").ok(f"/{what}/load")

        async def loaded() -> bool:
            answer = await found.intake.by("desk_officer", unit=TO).get("/procedures/2.002854")
            return answer.is_success

        await until(loaded, "the catalogue")

        async def known() -> bool:
            body = {"school": TO, "year": 2026, "grade": 11, "name": "11A1", "places": 2}
            return (await found.head().post("/classes", **body)).is_success

        await until(known, "the units to be known to transfers")
        yield found


async def test_an_ordinary_transfer_goes_to_its_end_and_intake_says_granted(province):
    dossier = await province.asks("bảo", to_class="11A1")
    case = await province.case("bảo", lambda found: steps(found).get("accept") == "open")
    assert case["kind"] == "in_province" and not case["special"] and case["code"] == dossier["code"]
    case = await province.case("bảo", lambda found: found["held"])
    assert case["class_name"] == "11A1"
    await province.case("bảo", lambda found: due(found, "accept"))
    citizen = province.transfers.with_(motcua_tracking=dossier["tracking"])
    seen = await citizen.read(f"/transfers/{dossier['id']}")
    assert seen["pupil"] is None and seen["consultation"] is None and steps(seen)["accept"] == "open"
    assert (await province.transfers.get(f"/transfers/{dossier['id']}")).status_code == 401
    await province.ends("bảo", "accept", "consent")
    await province.dossier("bảo", "resolved")
    await province.ends("bảo", "records", "done", province.head(FROM))
    await province.ends("bảo", "placement", "done")
    case = await province.case("bảo", lambda found: found["status"] == "completed")
    assert case["outcome"] == "granted" and case["decision"]["basis"]
    [room] = await province.transfers.read("/classes", school=TO)
    assert (room["places"], room["taken"]) == (2, 1)
    page = (await province.transfers.get("/theo-doi", ma=dossier["tracking"])).text
    assert "Được chuyển trường" in page and "Nguyễn Gia" not in page


async def test_a_special_case_is_approved_by_the_leadership_and_goes_on_by_itself(province):
    await province.asks("minh", **SPECIAL)
    asked = await province.consults("minh")
    assert asked["grounds"] == ["private_to_public"] and asked["number"] == "01/THPTLL-VP"
    brief = await province.leadership.read(f"/opinions/{asked['document']}")
    assert brief["pupil"] == "Nguyễn Gia Minh" and brief["findings"] and brief["facts"]["reason"]
    given = await province.leadership.ok(
        f"/opinions/{asked['document']}/give", opinion="approved", signer="Lê Thị Thu Hà"
    )
    assert given["reply_number"] == "01/SGDĐT-VP"
    case = await province.case("minh", lambda found: steps(found).get("accept") == "open")
    assert case["reply"]["opinion"] == "approved" and case["reply"]["number"] == "01/SGDĐT-VP"
    await province.head().ok(f"/transfers/{case['application']}/class", name="11A1")
    await province.case("minh", lambda found: found["held"])
    await province.ends("minh", "accept", "consent")
    await province.dossier("minh", "resolved")


async def test_what_the_leadership_refuses_is_refused_with_its_reason_and_the_precedent_is_shown(province):
    dossier = await province.asks("khôi", **SPECIAL)
    asked = await province.consults("khôi")
    brief = await province.leadership.read(f"/opinions/{asked['document']}")
    assert [each["outcome"] for each in brief["precedents"]] == ["granted"]
    earlier = province.dossiers["minh"]
    for leads in (earlier["id"], earlier["code"], earlier["tracking"]):
        assert leads not in str(brief["precedents"]), "a precedent leads to nobody's dossier"
    path = f"/opinions/{asked['document']}/give"
    nothing = await province.leadership.post(path, opinion="refused", signer="Lê Thị Thu Hà")
    assert nothing.status_code == 422, "a refusal needs a reason"
    deputy = province.transfers.by("unit_head", unit=DEPARTMENT, id="deputy")
    alone = await deputy.post(path, opinion="refused", reason="Không đủ điều kiện.", signer="Phó Giám đốc")
    assert (alone.status_code, alone.json()["code"]) == (409, "no_delegation")
    days = {"starts": "2026-08-21", "ends": "2026-08-22"}
    await province.leadership.ok("/delegations", to="deputy", number="05/UQ", **days)
    told = await deputy.ok(path, opinion="refused", reason="Không đủ điều kiện.", signer="Phó Giám đốc")
    assert told["delegation"]
    case = await province.case("khôi", lambda found: found["status"] == "refused")
    assert case["ground"] == "not_consented" and "Không đủ điều kiện" in case["reason"]
    await province.dossier("khôi", "resolved")
    page = (await province.transfers.get("/theo-doi", ma=dossier["tracking"])).text
    assert "Không được chuyển trường" in page and "Không đủ điều kiện" in page


async def test_a_full_class_keeps_the_queue_by_time_of_submission_and_never_overbooks(province):
    await province.asks("an", to_class="11A1")
    case = await province.case("an", lambda found: steps(found).get("accept") == "open")
    assert not case["held"]
    early = await province.head().post(
        f"/transfers/{case['application']}/steps/accept/consent", turn=turn(case, "accept")
    )
    assert early.status_code == 409, "there is no place to give"
    [room] = await province.transfers.read("/classes", school=TO)
    assert (room["taken"], room["waiting"], room["free"]) == (2, 1, 0)
    await province.head().ok(f"/classes/{room['id']}/places", places=3)
    await province.case("an", lambda found: found["held"])
    await province.ends("an", "accept", "consent")
    await province.dossier("an", "resolved")


async def test_a_withdrawn_dossier_ends_the_case_and_frees_the_pupil(province):
    dossier = await province.asks("hà", to_class="11A1")
    await province.case("hà", lambda found: steps(found).get("accept") == "open")
    citizen = province.intake.with_(motcua_tracking=dossier["tracking"])
    await citizen.ok(f"/applications/{dossier['id']}/withdraw")
    case = await province.case("hà", lambda found: found["status"] == "closed")
    assert case["ground"] == "withdrawn" and "open" not in steps(case).values()

    async def nobody_waits() -> bool:
        [room] = await province.transfers.read("/classes", school=TO)
        return bool(room["waiting"] == 0)

    await until(nobody_waits, "the place in the queue to be given back")


async def test_a_step_that_nobody_does_is_told_to_the_department(province):
    await province.asks("lan")
    await province.case("lan", lambda found: due(found, "accept"))
    await province.at("2026-09-21 09:00")
    case = await province.case("lan", lambda found: any(each["to_unit"] for each in found["steps"]))
    [late] = [each for each in case["steps"] if each["to_unit"]]
    assert late["to_unit"] == DEPARTMENT

    async def told() -> bool:
        found = await province.leadership.read("/inbox", unit=DEPARTMENT, escalated=True)
        return case["code"] in [each["code"] for each in found]

    await until(told, "the Department's inbox")


async def test_nothing_was_lost_and_the_office_saw_each_letter_once(province):
    documents = province.exchange.documents()
    assert len(documents) == 4 and len({each["document_id"] for each in documents}) == 4
    assert await province.leadership.read("/arrivals") == []
    for each in (province.intake, province.deadlines, province.transfers):
        assert (await each.read("/readyz"))["parked"] == 0
