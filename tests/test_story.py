"""One month at a one-stop, over HTTP, Kafka and PostgreSQL, real ones: a dossier through every state, and those that
end on the way. Then all that is shown is held against the log, and a person is erased.

The tests are chapters: they are read, and run, in their order.
"""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition

from intake.desks import DEPARTMENT, OTHER, SCHOOL, moment, types
from kernel.vault import Vault
from places import PARTITIONS, Place, place_on, topics_of
from running import Asker, until, whole

pytestmark = pytest.mark.xdist_group("story")

DESK_OF_COMMUNE = "xa-tan-lap"
NAMES = (
    "Nguyễn Thị Bình",
    "Trần Văn An",
    "Lê Thị Hoa",
    "Phạm Minh Đức",
    "Hoàng Thu Trang",
    "Vàng A Páo",
    "Giàng Thị Mỷ",
)
PEOPLE = [{"name": name, "id_number": f"00119000{n:04}", "phone": "0912 345 678"} for n, name in enumerate(NAMES)]
BINH, AN, HOA, DUC, TRANG, PAO, MY = PEOPLE
STATUS = {
    "application_submitted": "submitted",
    "application_received": "in_process",
    "application_not_accepted": "not_accepted",
    "supplement_asked": "supplement_asked",
    "application_resolved": "resolved",
    "result_handed_over": "handed_over",
    "application_stopped": "stopped",
    "application_withdrawn": "withdrawn",
    "application_imported": "in_process",
}


@dataclass
class Province:
    """The running service, and the dossiers of the story by the name of their chapter."""

    place: Place
    service: Asker
    stack: AsyncExitStack
    log: Any
    dossiers: dict[str, Any] = field(default_factory=dict)

    def by(self, role: str, unit: str = "") -> Asker:
        return self.service.by(role, unit=unit)

    async def at(self, text: str) -> None:
        """It is this moment by the clock on the wall."""
        await self.service.ok("/demo/clock", now=moment(text).isoformat())

    async def act(self, who: Asker, name: str, path: str, **body: Any) -> Any:
        self.dossiers[name] = await who.ok(f"/applications/{self.dossiers[name]['id']}/{path}", **body)
        return self.dossiers[name]

    async def refused(self, who: Asker, name: str, path: str, **body: Any) -> str:
        answer = await who.post(f"/applications/{self.dossiers[name]['id']}/{path}", **body)
        assert answer.status_code == 409, answer.text
        return str(answer.json()["code"])

    async def sql(self, query: str, *values: Any) -> Any:
        """What PostgreSQL itself says."""
        connection = await self.place.connect("intake")
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()

    async def written(self) -> list[dict[str, Any]]:
        """The log, read without the kernel."""
        rows = await self.sql("SELECT id, stream, number, type, meta, data FROM truth.events ORDER BY row")
        return [
            {
                "id": str(row["id"]),
                "stream": row["stream"],
                "number": row["number"],
                "type": row["type"].removeprefix("intake."),
                "data": json.loads(row["data"]),
                "meta": json.loads(row["meta"]),
            }
            for row in rows
        ]

    async def heard(self) -> None:
        """Until the views have every event of the log, by way of Kafka."""

        async def all_of_it() -> bool:
            [row] = await self.sql(
                "SELECT (SELECT count(*) FROM truth.events) AS written, position, published,"
                " (SELECT coalesce(sum(next_offset), 0) FROM truth.heard) AS heard FROM truth.log"
            )
            return bool(row["written"] == row["position"] == row["published"] and row["heard"] >= row["written"])

        await until(all_of_it, "the views to have heard the log")

    async def again(self) -> None:
        """Stop the service and start it."""
        await self.stack.aclose()
        self.service = await self.stack.enter_async_context(whole("intake", self.place.settings, self.log))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def province(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Province]:
    folder = tmp_path_factory.mktemp("story")
    async with place_on(ground, templates, folder) as place, topics_of(place), AsyncExitStack() as stack:
        log = folder / "intake.log"
        service = await stack.enter_async_context(whole("intake", place.settings, log))
        found = Province(place, service, stack, log)
        await found.at("2026-08-21 10:00")
        for what in ("catalogue", "units"):
            await found.by("operator").ok(f"/{what}/load")
        await found.heard()
        yield found


async def test_paper_is_refused_and_an_officer_helps_at_once(province):
    token = (await province.service.ok(f"/demo/login/desk_officer?unit={SCHOOL}"))["token"]
    province.service.client.cookies.clear()
    desk = province.service.with_(authorization=f"Bearer {token}")
    body = {"procedure": "2.002854", "received_by": SCHOOL, "decided_by": SCHOOL, "applicant": BINH}
    refused = (await desk.post("/applications", **body, channel="desk")).json()
    assert (refused["code"], refused["offer"]["channel"]) == ("online_only", "assisted")
    told = await desk.ok("/applications", **body, channel="assisted", visit=refused["visit"])
    province.dossiers["whole"] = told
    assert (told["status"], told["first_promise"]["due_at"]) == ("in_process", "2026-09-04T10:00:00Z")
    assert re.fullmatch(r"H99\.12\.101-260821-\d{4}", told["code"])


async def test_at_the_wrong_place_one_is_guided(province):
    body = {"procedure": "SH.010", "channel": "desk", "applicant": AN}
    answer = await province.by("desk_officer", "so-gddt").post("/applications", **body, received_by="so-gddt")
    assert (answer.status_code, answer.json()["code"], len(answer.json()["places"])) == (409, "wrong_place", 3)


async def test_a_supplement_is_asked_once_and_the_clock_starts_from_zero(province):
    expert = province.by("case_officer", SCHOOL)
    await province.at("2026-08-24 09:00")
    await province.act(expert, "whole", "assign", to_unit=SCHOOL, receiver="gv-017", note="Xem học bạ")
    asked = await province.act(expert, "whole", "ask-supplement", wanted=["Học bạ"], reason="Thiếu học bạ")
    assert asked["status"] == "supplement_asked"
    assert await province.refused(expert, "whole", "resolve", outcome="granted") == "not_in_this_state"
    citizen = province.service.with_(motcua_tracking=asked["tracking"])
    await province.at("2026-09-03 08:00")
    part = await province.act(citizen, "whole", "supply", complete=True, documents=[{"title": "Học bạ lớp 10"}])
    assert (part["status"], part["supplement_unchecked"]) == ("supplement_asked", True), "only an officer says so"
    part = await province.act(expert, "whole", "supply", complete=False)
    assert (part["status"], part["supplement_unchecked"]) == ("supplement_asked", False)
    await province.at("2026-09-03 09:00")
    part = await province.act(citizen, "whole", "supply", documents=[{"title": "Học bạ lớp 11"}])
    assert (part["status"], part["promise"]) == ("supplement_asked", asked["promise"])
    await province.at("2026-09-04 10:00")
    told = await province.act(expert, "whole", "supply", complete=True)
    assert (told["status"], told["supplement_unchecked"]) == ("in_process", False)
    assert told["first_promise"]["due_at"] == "2026-09-04T10:00:00Z", "the first promise is kept"
    assert told["promise"]["due_at"] == "2026-09-15T10:00:00Z", (
        "eight working days from the day it was complete, not from the day on which somebody looked"
    )
    again = await province.refused(expert, "whole", "ask-supplement", wanted=["Giấy khác"], reason="Quên hỏi")
    assert again == "supplement_once"


async def test_nothing_is_decided_while_another_body_is_asked_and_who_is_late_is_named(province):
    expert, id = province.by("case_officer", SCHOOL), province.dossiers["whole"]["id"]
    await province.act(expert, "whole", "consult", body=DEPARTMENT, question="Có đồng ý?", consultation=id)
    assert await province.refused(expert, "whole", "resolve", outcome="granted") == "opinion_awaited"
    assert await province.refused(expert, "whole", "name-late-consultee", consultation=id) == "not_late_yet"
    await province.at("2026-09-14 08:00")
    await province.act(expert, "whole", "name-late-consultee", consultation=id)
    await province.act(expert, "whole", "answer-consultation", consultation=id, opinion="agrees", answer="Đồng ý")
    read = await expert.read(f"/applications/{id}")
    assert read["history"][-1]["data"]["late"] is True


async def test_it_is_resolved_corrected_and_handed_over(province):
    expert, head = province.by("case_officer", SCHOOL), province.by("unit_head", SCHOOL)
    await province.act(expert, "whole", "assign", to_unit=SCHOOL, role="head", receiver="ht-001")
    await province.at("2026-09-14 15:00")
    seen = province.dossiers["whole"]["number"]
    stale = await head.with_(if_match=str(seen - 1)).post(
        f"/applications/{UUID(province.dossiers['whole']['id'])}/resolve", outcome="granted"
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    await province.act(head.with_(if_match=str(seen)), "whole", "resolve", outcome="granted", document_number="35/QĐ")
    change = {"field": "delivery", "was": "desk", "now": "post"}
    desk = province.by("desk_officer", SCHOOL)
    await province.act(desk, "whole", "correct", changes=[change], delivery="post", reason="Ghi nhầm")
    told = await province.act(desk, "whole", "hand-over-result", way="post", proof="EB123456789VN")
    assert told["status"] == "handed_over"
    read = await desk.read(f"/applications/{told['id']}")
    assert types(read) == [
        "application_submitted",
        "application_received",
        "application_assigned",
        "supplement_asked",
        "supplement_supplied",
        "supplement_supplied",
        "supplement_supplied",
        "supplement_supplied",
        "consultation_asked",
        "consultation_overdue",
        "consultation_answered",
        "application_assigned",
        "application_resolved",
        "application_corrected",
        "result_handed_over",
    ]


async def online(province: Province, name: str, person: dict[str, str]) -> Any:
    body = {"procedure": "2.002854", "decided_by": SCHOOL, "applicant": person, "content": "Xin chuyển trường"}
    province.dossiers[name] = await province.service.ok("/applications", **body)
    return province.dossiers[name]


async def test_a_dossier_that_was_begun_earlier_is_finished_and_does_not_belong_here(province):
    begun = await province.service.ok("/drafts", procedure="2.002854", applicant=AN, content="Xin chuyển")
    assert begun["status"] == "drafted"
    await province.at("2026-09-14 15:30")
    citizen = province.service.with_(motcua_tracking=begun["tracking"])
    body = {"procedure": "2.002854", "decided_by": SCHOOL, "applicant": AN, "content": "Xin chuyển trường"}
    province.dossiers["not accepted"] = await citizen.ok(f"/drafts/{begun['id']}/submit", **body)
    desk = province.by("desk_officer", SCHOOL)
    told = await province.act(
        desk, "not accepted", "refuse-receipt", ground="wrong_authority", reason="Không đúng trường"
    )
    assert told["status"] == "not_accepted"


async def test_a_citizen_withdraws_with_nothing_but_the_tracking_code(province):
    code = (await online(province, "withdrawn", HOA))["tracking"]
    await province.heard()
    found = await province.service.read(f"/track/{code.lower()}")
    answer = await province.service.with_(motcua_tracking=code).ok(f"/applications/{found['id']}/withdraw")
    province.dossiers["withdrawn"] = answer
    assert answer["status"] == "withdrawn"


async def test_a_dossier_is_stopped_at_the_citizens_wish_or_for_want_of_a_supplement(province):
    desk, expert = province.by("desk_officer", SCHOOL), province.by("case_officer", SCHOOL)
    for name in ("stopped", "no supplement"):
        await online(province, name, DUC)
        await province.act(desk, name, "receive")
    citizen = province.service.with_(motcua_tracking=province.dossiers["stopped"]["tracking"])
    assert (await province.act(citizen, "stopped", "stop"))["status"] == "stopped"
    await province.act(expert, "no supplement", "ask-supplement", wanted=["Học bạ"], reason="Thiếu")
    assert await province.refused(expert, "no supplement", "stop", ground="no_supplement") == "still_time_to_supply"
    await province.at("2026-10-06 08:00")
    assert (await province.act(expert, "no supplement", "stop", ground="no_supplement"))["status"] == "stopped"


async def test_what_came_yesterday_is_entered_with_both_times(province):
    body = {"procedure": "SH.010", "channel": "desk", "applicant": TRANG, "received_by": DESK_OF_COMMUNE}
    desk = province.by("desk_officer", DESK_OF_COMMUNE)
    late = await desk.post("/applications", **body, happened_at="2026-10-05T14:00:00+07:00")
    assert late.json()["code"] == "late_without_reason"
    told = await desk.ok("/applications", **body, happened_at="2026-10-05T14:00:00+07:00", late_reason="Mất điện")
    province.dossiers["late"] = told
    for line in (await desk.read(f"/applications/{told['id']}"))["history"]:
        assert line["happened_at"] == "2026-10-05T07:00:00Z"
        assert line["recorded_at"].startswith("2026-10-06T01:")
        assert line["data"]["late_reason"] == "Mất điện"


async def test_an_import_said_twice_is_there_once_and_goes_on(province):
    line = {
        "key": "cũ-1",
        "code": "H99.12.101-260929-0042",
        "procedure": "2.002854",
        "received_by": SCHOOL,
        "decided_by": SCHOOL,
        "received_at": "2026-09-29T08:30:00+07:00",
        "due_at": "2026-10-09T17:00:00+07:00",
        "applicant": PAO,
    }
    operator = province.by("operator")
    told = [await operator.ok("/imports", system="motcua-cu", lines=[line]) for _ in range(2)]
    assert [(each["imported"], each["already"]) for each in told] == [(1, 0), (0, 1)]
    await province.heard()
    [entry] = (await operator.read("/applications", code=line["code"]))["entries"]
    province.dossiers["imported"] = entry
    refusal = {"outcome": "refused", "ground": "not_entitled", "reason": "Không đủ điều kiện"}
    told = await province.act(province.by("unit_head", SCHOOL), "imported", "resolve", **refusal)
    assert told["status"] == "resolved"


async def test_an_open_dossier_passes_to_another_school(province):
    await online(province, "passed on", MY)
    operator = province.by("operator")
    told = await province.act(operator, "passed on", "pass-on", received_by=OTHER, decided_by=OTHER, reason="Sáp nhập")
    assert (told["received_by"], told["decided_by"], told["status"]) == (OTHER, OTHER, "submitted")
    assert (await province.act(province.by("desk_officer", OTHER), "passed on", "receive"))["status"] == "in_process"


# What is shown is what the log says


def lives(log: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in log:
        if each["stream"].startswith("application-"):
            found.setdefault(each["stream"].removeprefix("application-"), []).append(each)
    return found


def status(life: list[dict[str, Any]]) -> str:
    now = ""
    for each in life:
        if each["type"] == "supplement_supplied":
            now = "in_process" if each["data"]["complete"] else now
        now = STATUS.get(each["type"], now)
    return now


def last(life: list[dict[str, Any]], name: str) -> str:
    """A unit's place in a dossier is what the last event that names it says."""
    return str(next(each["data"][name] for each in reversed(life) if name in each["data"]))


async def test_the_register_the_desks_and_the_tracking_say_what_the_log_says(province):
    await province.heard()
    log = lives(await province.written())
    auditor = province.by("auditor")
    entries = (await auditor.read("/applications"))["entries"]
    assert {each["id"]: each["status"] for each in entries} == {id: status(life) for id, life in log.items()}
    assert {each["applicant"] for each in entries} == set(NAMES)
    for entry in entries:
        life = log[entry["id"]]
        assert (entry["received_by"], entry["decided_by"]) == (last(life, "received_by"), last(life, "decided_by"))
        steps = (await province.service.read(f"/track/{entry['tracking']}"))["steps"]
        assert [each["type"] for each in steps] == [f"intake.{each['type']}" for each in life]
        whole = await auditor.read(f"/applications/{entry['id']}")
        assert types(whole) == [each["type"] for each in life]
        assert [each["number"] for each in life] == list(range(1, len(life) + 1))
    for unit in (SCHOOL, OTHER, DESK_OF_COMMUNE, DEPARTMENT):
        mine = [each for each in log.values() if unit in (last(each, "received_by"), last(each, "decided_by"))]
        assert (await auditor.read("/desk", unit=unit))["by_state"] == Counter(map(status, mine)), unit


async def test_the_totals_a_day_say_what_the_log_says(province):
    log = await province.written()
    received, finished = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for life in lives(log).values():
        said = {each["type"]: each["data"] for each in life}
        came = said.get("application_received") or said.get("application_imported")
        if came is None:
            continue
        ended = [
            said[type][field]
            for type, field in (
                ("application_resolved", "resolved_at"),
                ("application_stopped", "stopped_at"),
                ("application_withdrawn", "withdrawn_at"),
            )
            if type in said
        ]
        unit = last(life, "received_by")
        received[unit, came["received_at"][:10]] += 1
        finished.update((unit, at[:10]) for at in ended)
    rows = await province.sql("SELECT received_by, day::text, received, finished FROM view.application_by_day")
    shown_received, shown_finished = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for unit, day, came, done in rows:
        shown_received[unit, day] += came
        shown_finished[unit, day] += done
    assert +shown_received == received
    assert +shown_finished == finished


async def test_visits_are_counted_and_what_came_of_them(province):
    log = await province.written()
    kinds = Counter(each["type"] for each in log)
    followed = sum(bool(each["data"].get("visit")) for each in log if each["type"] == "application_submitted")
    [row] = await province.sql(
        "SELECT sum(guided)::int, sum(paper_refused)::int, sum(followed)::int FROM view.visit_by_day"
    )
    assert tuple(row) == (kinds["visitor_guided"], kinds["paper_refused"], followed) == (1, 1, 1)


async def test_the_control_slip_has_a_line_for_every_hand_over(province):
    told = province.dossiers["whole"]
    [row] = await province.sql("SELECT hand_overs FROM view.application WHERE stream = $1", f"application-{told['id']}")
    slip = json.loads(row["hand_overs"])
    life = lives(await province.written())[told["id"]]
    assigned = [each for each in life if each["type"] == "application_assigned"]
    resolved = next(each for each in life if each["type"] == "application_resolved")
    assert [(each["number"], each["receiver"]) for each in slip] == [
        (each["number"], each["data"]["receiver"]) for each in assigned
    ]
    left = [each["data"]["assigned_at"] for each in assigned[1:]] + [resolved["data"]["resolved_at"]]
    assert [each["left_at"] for each in slip] == left
    for line in slip:
        assert (line["verdict"] == "after") == (line["left_at"] > line["due_at"])
    for name in ("receipt", "supplement", "control_slip"):
        answer = await province.by("case_officer", SCHOOL).get(f"/applications/{told['id']}/papers/{name}.pdf")
        assert answer.content.startswith(b"%PDF-"), name


async def test_kafka_has_the_whole_log_in_order_and_nobodys_name(province):
    log, topic = await province.written(), province.place.settings.topic("intake")
    consumer = AIOKafkaConsumer(bootstrap_servers=province.place.settings.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = [TopicPartition(topic, n) for n in range(PARTITIONS)]
        consumer.assign(parts)
        await consumer.seek_to_beginning()
        left = sum((await consumer.end_offsets(parts)).values())
        found = []
        while left > 0:
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                found += batch
                left -= len(batch)
    finally:
        await consumer.stop()
    sent = [(dict(each.headers)["ce_id"].decode(), each.key.decode()) for each in found]
    assert Counter(id for id, _ in sent) == Counter(each["id"] for each in log), "each once: nothing broke here"
    for stream in {each["stream"] for each in log}:
        assert [id for id, key in sent if key == stream] == [e["id"] for e in log if e["stream"] == stream]
    everything = b"".join(each.value for each in found)
    for person in PEOPLE:
        for secret in person.values():
            assert secret.encode() not in everything
            assert json.dumps(secret).encode() not in everything
    assert b"chuy\xe1\xbb\x83n tr\xc6\xb0\xe1\xbb\x9dng" in everything.lower(), "the procedure's name is no secret"


async def test_an_erased_person_has_no_name_and_the_log_still_reads(province):
    """The service is started again: a process may remember a key for a minute."""
    told = province.dossiers["withdrawn"]
    before = (await province.written(), await province.by("auditor").read(f"/applications/{told['id']}"))
    assert before[1]["applicant"]["name"] == HOA["name"]
    [row] = await province.sql("SELECT subject FROM view.application WHERE stream = $1", f"application-{told['id']}")
    connection = await province.place.connect("vault")
    try:
        vault = Vault(connection, province.place.settings)
        assert await vault.erase(row["subject"], by="test", reason="yêu cầu") is True
        assert await vault.erase(row["subject"], by="test", reason="yêu cầu") is False
    finally:
        await connection.close()
    await province.again()
    await province.at("2026-10-06 10:00")
    auditor = province.by("auditor")
    answer = await auditor.get(f"/applications/{told['id']}")
    assert answer.json()["applicant"] is None
    assert types(answer.json()) == types(before[1])
    assert await province.written() == before[0], "the log is as it was, byte for byte"
    for text in (answer.text, (await auditor.get("/applications")).text, province.log.read_text(encoding="utf-8")):
        assert HOA["name"] not in text
        assert HOA["id_number"] not in text
    names = {each["id"]: each["applicant"] for each in (await auditor.read("/applications"))["entries"]}
    assert names.pop(told["id"]) is None
    assert set(names.values()) == set(NAMES) - {HOA["name"]}, "everybody else is there"
    assert (await province.service.read(f"/track/{told['tracking']}"))["status"] == "withdrawn"
    change = {"field": "content", "was": "a", "now": "b"}
    answer = await province.by("desk_officer", SCHOOL).post(
        f"/applications/{told['id']}/correct", changes=[change], reason="Sửa lại"
    )
    assert (answer.status_code, answer.json()["code"]) == (410, "erased")


async def test_nobodys_name_is_in_what_the_service_says_of_itself(province):
    said = province.log.read_text(encoding="utf-8")
    assert not [each for each in (*NAMES, *(person["id_number"] for person in PEOPLE)) if each in said]
    assert "Traceback" not in said
