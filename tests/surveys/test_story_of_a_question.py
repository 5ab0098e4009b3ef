"""From a result that came late to a figure that nobody can change: intake, deadlines and surveys as processes of their
own, over HTTP, Kafka, PostgreSQL and SMTP, real ones. The tests are chapters: they are read, and run, in their order.
"""

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.mailbox import Mailbox, opened
from intake.desks import DEPARTMENT, SCHOOL, moment
from places import Place, free_port, place_on, topics_of
from running import Asker, until, whole
from surveys.town import STANDING, levels

pytestmark = pytest.mark.xdist_group("question")
LATE, IN_TIME = 6, 7
# What each of them thinks, from 1 to 5; the last in time does not answer.
THINKS = {"late": [1, 2, 2, 3, 4, 5], "in_time": [5, 5, 4, 4, 3, 5]}


@dataclass
class Town:
    """The services, the mail that was sent, the dossiers of each situation, what was answered by cell."""

    place: Place
    intake: Asker
    deadlines: Asker
    surveys: Asker
    mailbox: Mailbox
    path: str = ""
    tokens: dict[str, list[str]] = field(default_factory=dict)
    answered: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def at(self, text: str) -> None:
        for each in (self.intake, self.deadlines, self.surveys):
            await each.ok("/demo/clock", now=moment(text).isoformat())

    @property
    def manager(self) -> Asker:
        return self.surveys.by("survey_manager", unit=DEPARTMENT, id="manager-1")

    def mails(self, situation: str) -> list[str]:
        """The links that people of this situation were sent, by address."""
        found = {}
        for each in self.mailbox.messages():
            if situation in each.to and (link := re.search(r"/phieu/([0-9A-Z]{26})", each.text)):
                found[each.to] = link[1]
        return list(found.values())

    async def results(self, **fields: Any) -> Any:
        async def says() -> Any:
            answer = await self.manager.get(f"{self.path}/results")
            told = answer.json() if answer.is_success else {}
            return told if told and all(told[each] == value for each, value in fields.items()) else None

        return await until(says, f"results to be {fields}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("question")
    mailbox, smtp, http = Mailbox(folder / "mail"), free_port(), free_port()
    async with place_on(ground, templates, folder) as place, topics_of(place), AsyncExitStack() as stack:
        await stack.enter_async_context(opened(mailbox, ("127.0.0.1", smtp), ("127.0.0.1", http)))
        settings = place.settings.model_copy(
            update={
                "smtp": f"127.0.0.1:{smtp}",
                "smtp_security": "none",
                "mail_from": "khaosat@example.vn",
                "survey_review": 0.0,
            }
        )
        intake, deadlines, surveys = [
            await stack.enter_async_context(whole(name, settings, folder / f"{name}.log"))
            for name in ("intake", "deadlines", "surveys")
        ]
        found = Town(place, intake, deadlines, surveys, mailbox)
        await found.at("2026-08-21 10:00")
        for what in ("catalogue", "units"):
            await intake.by("operator").ok(f"/{what}/load")

        async def loaded() -> bool:
            answer = await intake.by("desk_officer", unit=SCHOOL).get("/procedures/2.002854")
            return answer.is_success

        await until(loaded, "the catalogue")

        async def planned() -> Any:
            answer = await found.manager.post(
                "/campaigns", **STANDING | {"starts": "2026-08-01", "ends": "2026-09-30", "remind_after": []}
            )
            return answer.json() if answer.is_success else None

        found.path = f"/campaigns/{(await until(planned, 'the questionnaires'))['id']}"
        await found.manager.ok(f"{found.path}/open")
        yield found


async def test_results_are_handed_over_some_in_time_and_some_late(town):
    desk = town.intake.by("desk_officer", unit=SCHOOL)
    expert = town.intake.by("case_officer", unit=SCHOOL)

    async def received(name: str) -> str:
        person = {"name": "Nguyễn Thị Bình", "email": f"{name}@example.vn"}
        body = {"procedure": "2.002854", "received_by": SCHOOL, "decided_by": SCHOOL, "applicant": person}
        return str((await desk.ok("/applications", **body, channel="assisted", notify="email"))["id"])

    async def handed_over(id: str) -> None:
        await expert.ok(f"/applications/{id}/resolve", outcome="granted", document_number="35/QĐ")
        await desk.ok(f"/applications/{id}/hand-over-result", way="desk")

    late = [await received(f"late{n}") for n in range(LATE)]
    in_time = [await received(f"in_time{n}") for n in range(IN_TIME)]
    await town.at("2026-08-25 09:00")
    for each in in_time:
        await handed_over(each)
    await town.at("2026-09-10 09:00")
    for each in late:
        await handed_over(each)

    async def heard() -> Any:
        connection = await town.place.connect("surveys")
        try:
            return (
                await connection.fetchval(
                    "SELECT count(*) FROM view.contact JOIN view.dossier d ON d.stream = application"
                    " WHERE d.late IS NOT NULL"
                )
                == LATE + IN_TIME
            )
        finally:
            await connection.close()

    await until(heard, "all contacts")
    assert not town.mailbox.messages() or not town.mails("late"), "nobody is asked at once"


async def test_each_is_invited_by_mail_and_asked_about_the_delay_where_there_was_one(town):
    await town.at("2026-09-10 10:30")

    async def invited() -> bool:
        return len(town.mails("late")) == LATE and len(town.mails("in_time")) == IN_TIME

    await until(invited, "the mails")
    for situation in ("late", "in_time"):
        town.tokens[situation] = town.mails(situation)
        asked = await town.surveys.with_(motcua_invitation=town.tokens[situation][0]).read("/questionnaire")
        assert asked["cell"] == [situation]


async def test_they_answer_and_answers_are_told_together(town):
    for situation, thought in THINKS.items():
        town.answered[situation] = []
        for token, level in zip(town.tokens[situation], thought, strict=False):
            holding = town.surveys.with_(motcua_invitation=token)
            questions = (await holding.read("/questionnaire"))["questions"]
            answers = levels(questions, level)
            if situation == "late":
                answers |= levels(({**q, "when": None} for q in questions if about_delay(q)), level)
            answer = await holding.post("/answers", **answers)
            assert answer.status_code == 201, answer.text
            assert (await holding.post("/answers", **answers)).json()["code"] == "invitation_used"
            town.answered[situation].append(answers)
    told = await town.results(status="live", sheets=12, used=12)
    assert told["issued"] == LATE + IN_TIME
    share_is_right(told, town.answered)


def about_delay(question: dict[str, Any]) -> bool:
    return bool(question["when"]) and question["when"]["question"] == "cell"


async def test_the_last_day_closes_it_and_its_results_are_frozen_by_themselves(town):
    await town.at("2026-10-01 00:10")

    async def closed() -> bool:
        return bool((await town.manager.read(town.path))["status"] == "closed")

    await until(closed, "it to be closed")
    await town.at("2026-10-01 00:20")
    told = await town.results(status="frozen")
    assert (told["issued"], told["used"], told["sheets"], told["withheld"]) == (13, 12, 12, 0)
    assert (await town.manager.post(f"{town.path}/freeze")).is_success, "once more changes nothing"
    again = await town.results(status="frozen")
    assert again["frozen_at"] == told["frozen_at"]
    late = await town.surveys.with_(motcua_invitation=town.tokens["in_time"][-1]).get("/questionnaire")
    assert (late.status_code, late.json()["code"]) == (410, "invitation_expired")


async def test_page_export_and_a_count_of_ones_own_say_the_same(town):
    told = await town.results(status="frozen")
    share = share_is_right(told, town.answered)
    answer = await town.manager.get(f"{town.path}/results.csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (whole_,) = [each for each in lines if not each["đơn vị"] and not each["lĩnh vực"] and not each["câu hỏi"]]
    assert float(whole_["tỉ lệ hài lòng"]) == pytest.approx(share, abs=1e-6)
    page = await town.manager.with_(accept="text/html").get(f"/dot/{town.path.rpartition('/')[2]}/ket-qua")
    assert page.status_code == 200
    assert f"{share * 100:.1f}%".replace(".", ",") in page.text


async def test_nothing_that_is_stored_says_who_thought_what(town):
    """No token is anywhere in the database."""
    connection = await town.place.connect("surveys")
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('truth', 'view')"
        )
        for schema, table in tables:
            text = await connection.fetchval(f"SELECT string_agg(t::text, ' ') FROM {schema}.{table} t")
            for token in (each for tokens in town.tokens.values() for each in tokens):
                assert token not in (text or "").upper(), (schema, table)
                assert token.encode().hex() not in (text or ""), (schema, table)
    finally:
        await connection.close()


def share_is_right(told: Any, answered: dict[str, list[dict[str, Any]]]) -> float:
    """The share of content answers of everybody, counted again: each cell weighs as many people as were invited."""
    invited = {"late": LATE, "in_time": IN_TIME}
    areas = {each["area"] for each in told["figures"] if not each["cell"] and each["question"]} - {"delay", "overall"}
    of_area = {
        each["question"]: each["area"] for each in told["figures"] if not each["cell"] and ":" not in each["question"]
    }
    content = all_ = 0.0
    for situation, sheets in answered.items():
        weight = invited[situation] / len(sheets)
        for sheet in sheets:
            for question, answer in sheet.items():
                if of_area.get(question) in areas and isinstance(answer, int) and 1 <= answer <= 5:
                    all_ += weight
                    content += weight * (answer >= 4)
    share = content / all_
    (whole_,) = [each for each in told["figures"] if not each["cell"] and not each["area"] and not each["question"]]
    assert whole_["share"] == pytest.approx(share, abs=1e-6)
    assert (whole_["n"], whole_["people"]) == (sum(map(len, answered.values())), sum(invited.values()))
    assert whole_["low"] < share < whole_["high"]
    return share
