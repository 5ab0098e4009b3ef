"""A promise that is broken, apologised for and kept the second time: intake and deadlines as processes of their own,
over HTTP, Kafka, PostgreSQL and SMTP, real ones. The tests are chapters: they are read, and run, in their order.
"""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from deploy import what_if
from deploy.local.mailbox import Mailbox, opened
from intake.desks import SCHOOL, moment
from places import Place, free_port, place_on, topics_of
from running import Asker, until, whole

pytestmark = pytest.mark.xdist_group("promise")

BINH = {
    "name": "Nguyễn Thị Bình",
    "id_number": "001190000001",
    "phone": "0912 345 678",
    "email": "binh@example.vn",
}


@dataclass
class Town:
    """Both services, the mail that was sent, and the dossiers by the name of their chapter."""

    place: Place
    intake: Asker
    deadlines: Asker
    mailbox: Mailbox
    dossiers: dict[str, Any] = field(default_factory=dict)

    async def at(self, text: str) -> None:
        """It is this moment by the clock on the wall, for both."""
        for each in (self.intake, self.deadlines):
            await each.ok("/demo/clock", now=moment(text).isoformat())

    async def received(self, name: str) -> Any:
        desk = self.intake.by("desk_officer", unit=SCHOOL)
        body = {"procedure": "2.002854", "received_by": SCHOOL, "decided_by": SCHOOL, "applicant": BINH}
        self.dossiers[name] = await desk.ok("/applications", **body, channel="assisted", notify="email")
        return self.dossiers[name]

    async def written(self) -> int:
        """How many events deadlines has said, read without the kernel."""
        connection = await self.place.connect("deadlines")
        try:
            return int(await connection.fetchval("SELECT count(*) FROM truth.events"))
        finally:
            await connection.close()

    @property
    def head(self) -> Asker:
        return self.deadlines.by("unit_head", unit=SCHOOL)

    async def clock(self, name: str, **fields: Any) -> Any:
        """The clock of a dossier, once it says this."""

        async def says() -> Any:
            answer = await self.head.get(f"/applications/{self.dossiers[name]['id']}/deadline")
            told = answer.json() if answer.is_success else {}
            return told if told and all(told[each] == value for each, value in fields.items()) else None

        return await until(says, f"{name} to be {fields}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("promise")
    mailbox = Mailbox(folder / "mail")
    smtp, http = free_port(), free_port()
    async with place_on(ground, templates, folder) as place, topics_of(place), AsyncExitStack() as stack:
        await stack.enter_async_context(opened(mailbox, ("127.0.0.1", smtp), ("127.0.0.1", http)))
        settings = place.settings.model_copy(
            update={"smtp": f"127.0.0.1:{smtp}", "smtp_security": "none", "mail_from": "motcua@example.vn"}
        )
        intake = await stack.enter_async_context(whole("intake", settings, folder / "intake.log"))
        deadlines = await stack.enter_async_context(whole("deadlines", settings, folder / "deadlines.log"))
        found = Town(place, intake, deadlines, mailbox)
        await found.at("2026-08-21 10:00")
        for what in ("catalogue", "units"):
            await intake.by("operator").ok(f"/{what}/load")

        async def loaded() -> bool:
            answer = await intake.by("desk_officer", unit=SCHOOL).get("/procedures/2.002854")
            return answer.is_success

        await until(loaded, "the catalogue")
        yield found


async def test_a_dossier_is_due_on_the_day_of_its_receipt_and_says_why(town):
    told = await town.received("late")
    clock = await town.clock("late", phase="running")
    assert clock["due_at"] == told["first_promise"]["due_at"] == "2026-09-04T10:00:00Z"
    citizen = town.deadlines.with_(motcua_tracking=told["tracking"])
    why = await citizen.read(f"/applications/{told['id']}/deadline/explain")
    skipped = {each["day"]: each["why"] for each in why["days"] if not each["number"]}
    assert (skipped["2026-08-31"], skipped["2026-09-01"], skipped["2026-09-02"]) == ("swapped", "holiday", "holiday")
    [saturday] = [each for each in why["days"] if each["day"] == "2026-08-22"]
    assert (saturday["why"], saturday["swap"], saturday["number"]) == ("made_up", "2026-08-31", 1)
    assert "Bộ Nội vụ" in saturday["basis"] and saturday["mark"] == "H"
    assert why["days"][-1]["number"] == 8 and why["rule"]["basis"]
    stranger = await town.deadlines.get(f"/applications/{told['id']}/deadline")
    assert stranger.status_code == 401


async def test_when_time_passes_it_is_approaching_then_overdue_once_and_an_apology_is_drafted(town):
    await town.at("2026-09-04 08:00")
    await town.clock("late", approaching=True, overdue=False)
    await town.at("2026-09-07 08:00")
    clock = await town.clock("late", overdue=True)

    async def drafted() -> Any:
        return (await town.clock("late", overdue=True))["apology"]

    clock["apology"] = await until(drafted, "the apology")
    assert clock["apology"]["status"] == "due"
    [line] = (await town.head.read("/deadlines", state="unapologised"))["deadlines"]
    assert line["code"] == town.dossiers["late"]["code"]
    page = (await town.head.with_(accept="text/html").get("/")).text
    assert "Quá hạn mà chưa xin lỗi" in page and line["code"] in page


async def test_the_head_signs_and_it_reaches_the_applicant_by_mail(town):
    id = (await town.clock("late", overdue=True))["apology"]["id"]
    read = await town.head.read(f"/apologies/{id}")
    assert (read["addressee"], read["way"], read["new_due_at"]) == ("Nguyễn Thị Bình", "email", "2026-09-10T10:00:00Z")
    expert = town.deadlines.by("case_officer", unit=SCHOOL)
    assert (await expert.post(f"/apologies/{id}/issue", signer="X Y", position="Z W")).status_code == 403
    other = town.deadlines.by("unit_head", unit="thpt-tran-phu")
    assert (await other.get(f"/apologies/{id}")).status_code == 403
    early = await expert.post(
        f"/apologies/{id}/draft", draft=2, reason="Do xác minh", new_due_at="2026-09-01T17:00:00+07:00"
    )
    assert (early.status_code, early.json()["code"]) == (409, "new_day_too_early")
    signed = await town.head.ok(f"/apologies/{id}/issue", signer="Trần Văn Hùng", position="Hiệu trưởng")
    assert signed["letter_number"] == "01/PXL"
    clock = await town.clock("late", reappointed_at="2026-09-10T10:00:00Z")
    assert clock["due_at"] == "2026-09-04T10:00:00Z", "a new day never changes the first"

    async def delivered() -> Any:
        told = await town.head.read(f"/apologies/{id}")
        return told if told["status"] == "delivered" else None

    told = await until(delivered, "the mail")
    assert told["delivered_at"]
    [mail] = town.mailbox.messages()
    assert "Nguyễn Thị Bình" in str(mail) and town.dossiers["late"]["code"] in str(mail)
    pdf = await town.head.get(f"/apologies/{id}/letter.pdf")
    assert pdf.content.startswith(b"%PDF")


async def test_a_second_apology_is_refused_by_the_domain(town):
    id = (await town.clock("late", overdue=True))["apology"]["id"]
    again = await town.head.post(f"/apologies/{id}/issue", signer="Trần Văn Hùng", position="Hiệu trưởng")
    assert (again.status_code, again.json()["code"]) == (409, "apologised_already")


async def test_the_answer_is_late_against_the_first_promise_and_in_time_for_the_second(town):
    await town.at("2026-09-09 09:00")
    head = town.intake.by("unit_head", unit=SCHOOL)
    await head.ok(f"/applications/{town.dossiers['late']['id']}/resolve", outcome="granted", document_number="35/QĐ")
    clock = await town.clock("late", phase="answered")
    assert clock["late"]["days"] == 3 and clock["late_again"] is None and clock["kept"] == "kept"
    assert clock["late_unit"] == SCHOOL
    page = (await town.deadlines.get("/theo-doi", ma=town.dossiers["late"]["tracking"])).text
    assert "03 ngày làm việc" in page and "01/PXL" in page


async def test_in_a_world_with_more_time_it_would_not_have_been_late_and_nothing_is_written(town, tmp_path):
    async def world(**other: Any) -> tuple[int, int]:
        nothing: dict[str, Any] = {"rest": [], "worked": [], "amounts": {}, "more": 0, "cut_off": ""}
        days = dt.date(2026, 9, 9), dt.date(2026, 9, 9)
        figures = await what_if.run(town.place.settings, *days, **(nothing | other), done=lambda _: None)
        assert figures["answered"] == 1
        return figures["late"], figures["late_then"]

    before = await town.written()
    assert await world() == (1, 1)
    assert await world(more=3) == (1, 0)
    assert await world(amounts={"2.002854": 11}) == (1, 0)
    assert await world(rest=[dt.date(2026, 9, day) for day in (3, 4, 7)]) == (1, 0)
    file = tmp_path / "trial.toml"
    entry = 'name = "thử"\nfrom = 2015-01-01\nbasis = "dự thảo"\nmark = "L"\n'
    file.write_text(f'pack = "trial"\nversion = "1"\n[[cut_off]]\n{entry}time = "09:00"\n', encoding="utf-8")
    assert await world(rules=what_if.read_rules(file)) == (1, 1)
    assert await world(rules=what_if.read_rules(file), more=2) == (1, 0)
    assert await world(more=2) == (1, 1)
    assert await town.written() == before


async def test_a_holiday_declared_afterwards_moves_what_is_open_and_says_why(town):
    told = await town.received("moved")
    clock = await town.clock("moved", phase="running")
    assert clock["due_at"] == "2026-09-21T10:00:00Z"
    operator = town.deadlines.by("operator")
    days = [{"date": "2026-09-15", "kind": "rest", "name": "Nghỉ do bão"}]
    seen = await operator.ok("/calendar/preview", number=1, basis="Công điện 12/CĐ-UBND", days=days)
    assert (seen["moved"], seen["nearest"][0]["now"]) == (1, "2026-09-22T10:00:00Z")
    await operator.ok("/calendar", number=1, basis="Công điện 12/CĐ-UBND", days=days)
    clock = await town.clock("moved", due_at="2026-09-22T10:00:00Z")
    assert clock["first_due_at"] == "2026-09-21T10:00:00Z"
    why = await town.head.read(f"/applications/{told['id']}/deadline/explain")
    assert why["calendar"].endswith("+1")
    [storm] = [each for each in why["days"] if each["day"] == "2026-09-15"]
    assert (storm["says"], storm["change"]) == ("Nghỉ: Nghỉ do bão", 1)
    assert storm["basis"] == "Công điện 12/CĐ-UBND (thay đổi lịch lần 1)"

    async def known_to_intake() -> bool:
        read = await town.intake.by("desk_officer", unit=SCHOOL).read(f"/applications/{told['id']}")
        return bool(read["summary"]["promise"]["due_at"] == "2026-09-22T10:00:00Z")

    await until(known_to_intake, "intake to keep the appointment that moved")
    again = await operator.post("/calendar", number=3, basis="Công điện 13", days=days)
    assert (again.status_code, again.json()["code"]) == (409, "no_such_change")


async def test_a_supplement_that_never_comes_closes_the_dossier(town):
    told = await town.received("lapsed")
    expert = town.intake.by("case_officer", unit=SCHOOL)
    await expert.ok(f"/applications/{told['id']}/ask-supplement", wanted=["Học bạ"], reason="Thiếu học bạ")
    await town.clock("lapsed", phase="paused")
    await town.at("2026-10-12 08:00")
    await town.clock("lapsed", phase="ended")
    read = await expert.read(f"/applications/{told['id']}")
    assert read["summary"]["status"] == "stopped"
