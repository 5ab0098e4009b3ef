"""What comes from outside is anything at all: every route of every service, by its own OpenAPI document and by hand.

Whatever is sent, the answer is one that the document names, never a failure of ours; and after the storm the log is
whole, everything in it can be heard, and the service answers.
"""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from intake.desks import BINH, DEPARTMENT, OTHER, SCHOOL, on_paper, transfer
from kernel.service import Service
from kernel.settings import Settings
from kernel.web import build
from places import place_on
from running import Asker, InProcess, in_process
from schemas.event import Actor, Personal
from schemas.transfers import Consultation
from services.deadlines.app import definition as deadlines
from services.deadlines.domain.apology import apology_stream
from services.deadlines.domain.clock import Notice, clock, clock_stream
from services.intake.app import definition as intake
from services.reporting.app import definition as reporting
from services.surveys.api.catalogue import publish
from services.surveys.app import definition as surveys
from services.transfers.app import definition as transfers
from services.transfers.domain.dossier import opinion_stream
from services.transfers.domain.opinion import Ask as AskOpinion
from services.transfers.domain.opinion import opinion
from surveys.town import DESIGN, STANDING, YEARLY, frame

pytestmark = pytest.mark.xdist_group("borders")
SELF = Actor(id="test", roles=("system",))
TODAY = dt.datetime(2026, 8, 21, 3, 0, tzinfo=dt.UTC)
EXAMPLES = 6
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NOTHING_WRONG = (
    "/campaigns",
    "/track/{code}",
    "/attachments/{digest}",
    "/catalogue/load",
    "/units/load",
)  # any text is a question
FOREVER = "/figures/stream"  # an answer without an end
DOCUMENTS = {
    each.name: build(Service(each, Settings(session_key="only for reading"))).openapi()
    for each in (intake, deadlines, reporting, transfers, surveys)
}


def operations() -> Iterator[Any]:
    for name, document in DOCUMENTS.items():
        for found in schemathesis.openapi.from_dict(document).get_all_operations():
            operation = found.ok()
            for mode in GenerationMode:
                if operation.path != FOREVER and not (mode.is_negative and operation.path in NOTHING_WRONG):
                    id = f"{name} {operation.method.upper()} {operation.path} {mode.value}"
                    yield pytest.param(name, operation, mode, id=id)


def bodies() -> Iterator[Any]:
    for name, document in DOCUMENTS.items():
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if content := operation.get("requestBody", {}).get("content", {}).get("application/json"):
                    yield pytest.param(name, path, content["schema"], id=f"{name} {method.upper()} {path}")


@dataclass
class World:
    """The running services, and what is there that a question may name."""

    services: dict[str, InProcess]
    there: dict[str, list[str]]

    def askers(self, name: str) -> list[Asker]:
        running = self.services[name]
        return [
            running,
            running.by("operator"),
            running.by("desk_officer", "case_officer", "unit_head", unit=SCHOOL),
            running.by("survey_manager", "leadership", unit=DEPARTMENT),
            running.by("auditor").with_(accept_language="en"),
        ]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("borders")
    async with (
        place_on(ground, templates, folder) as place,
        in_process(intake, place.settings) as one,
        in_process(reporting, place.settings) as other,
        in_process(deadlines, place.settings) as third,
        in_process(transfers, place.settings) as fourth,
        in_process(surveys, place.settings) as fifth,
    ):
        for each in (one, other, third, fourth, fifth):
            each.service.clock.set(TODAY)
        operator = one.by("operator")
        await operator.ok("/catalogue/load")
        await operator.ok("/units/load")
        await one.heard(other.service, third.service, fourth.service)
        helped = [operator.ok("/applications", **transfer(channel="assisted", received_by=SCHOOL)) for _ in range(8)]
        told = [*await asyncio.gather(*helped), await one.ok("/applications", **transfer())]
        await operator.ok(f"/applications/{told[0]['id']}/resolve", outcome="granted")
        await operator.ok(f"/applications/{told[1]['id']}/ask-supplement", wanted=["Học bạ"], reason="Thiếu học bạ")
        visit = await operator.post("/applications", **transfer(channel="desk", received_by=SCHOOL))
        await one.heard(other.service, third.service, fourth.service)
        asked = await consulted(fourth, told[3]["id"])
        late = clock_stream(f"application-{told[2]['id']}")
        known = await third.service.known()
        later = Notice(known=known, now=TODAY + dt.timedelta(days=30))
        await third.service.do(clock, late, later, actor=SELF)
        await third.heard(one.service)
        there = {
            "id": [each["id"] for each in told],
            "code": [each["code"] or each["tracking"] for each in told],
            "apology": [apology_stream(late).partition("-")[2]],
            "document": [asked],
            "visit": [visit.json()["visit"]],
            "unit": [SCHOOL, DEPARTMENT, "xa-tan-lap"],
            "procedure": ["2.002854", "SH.012"],
            "campaign": await campaigns(fifth),
        }
        running = {"intake": one, "deadlines": third, "reporting": other, "transfers": fourth, "surveys": fifth}
        yield World(running, there)
        await whole(one, other, third, fourth)
        await fifth.heard()


async def campaigns(running: InProcess) -> list[str]:
    """A campaign that is planned, one with its sample that is open, a standing one."""
    await publish(running.service)
    await running.heard()
    manager, found = running.by("survey_manager", unit=DEPARTMENT), []
    for body in (YEARLY, YEARLY, STANDING):
        found.append((await manager.ok("/campaigns", **body | {"starts": "2026-08-01", "ends": "2026-12-31"}))["id"])
    files = {"file": ("f.csv", frame())}
    path = f"/campaigns/{found[1]}"
    assert (await running.client.post(f"{path}/frame", files=files, headers=manager.said)).is_success
    await manager.ok(f"{path}/draw", **DESIGN)
    for each in found[1:]:
        await manager.ok(f"/campaigns/{each}/open")
    await running.heard()
    return found


async def consulted(transfers: InProcess, dossier: str) -> str:
    """A special transfer whose consultation waits at the Department: its document."""
    head = transfers.by("unit_head", unit=SCHOOL)
    facts = {"from_school": OTHER, "to_school": SCHOOL, "grade": 11, "from_type": "private"}
    await head.ok(f"/transfers/{dossier}/describe", facts=facts, pupil={"name": "Nguyễn Gia Bảo"})
    for _ in range(4):
        await transfers.heard()
    case = await head.ok(f"/transfers/{dossier}/consultation/issue", signer="Trần Văn Hùng")
    await transfers.heard()
    document = str(case["consultation"]["document"])
    row = await transfers.service.pool.fetchrow("SELECT * FROM view.transfer WHERE special")
    ask = AskOpinion(
        document=UUID(document),
        application=row["application"],
        from_unit=SCHOOL,
        to_unit=DEPARTMENT,
        number=row["consultation_number"],
        pupil=row["pupil"],
        text=Personal(subject=row["pupil"], clear=Consultation(subject="Xin ý kiến", text="Kính đề nghị.")),
        at=TODAY,
    )
    await transfers.service.do(opinion, opinion_stream(UUID(document)), ask, actor=SELF)
    await transfers.heard()
    return document


async def whole(one: InProcess, other: InProcess, third: InProcess, fourth: InProcess) -> None:
    """Nothing was lost: the log is whole and can be heard, the register says the same, the services answer."""
    await one.heard(other.service, third.service, fourth.service)
    await fourth.heard()
    await third.heard(one.service)
    gaps = await one.service.pool.fetch(
        "SELECT stream FROM truth.events GROUP BY stream HAVING min(number) <> 1 OR max(number) <> count(*)"
    )
    assert not gaps
    for each in (one, other, third, fourth):
        assert not await each.service.pool.fetch("SELECT type, reason FROM truth.parked"), "an event could not be heard"
    sealed = await one.service.pool.fetchrow("SELECT count(*), min(position), max(position) FROM truth.seals")
    assert tuple(sealed) == (await one.service.pool.fetchval("SELECT count(*) FROM truth.events"), 1, sealed["count"])
    log = await one.service.pool.fetch(
        "SELECT stream, max(number) AS number FROM truth.events WHERE stream LIKE 'application-%' GROUP BY stream"
    )
    shown = await one.service.pool.fetch("SELECT stream, number FROM view.application")
    assert {tuple(each) for each in log} == {tuple(each) for each in shown}
    for each in (one, other, third, fourth):
        assert (await each.get("/readyz")).status_code == 200
    assert (await one.get(f"/units/{SCHOOL}")).status_code < 500


# By the document

WHERE = {"procedure": "procedure", "visit": "visit", "code": "code", "document": "document"} | dict.fromkeys(
    ("unit", "into", "to_unit", "body", "decided_by", "received_by"), "unit"
)


def plausible(case: Any, there: dict[str, list[str]], pick: Any) -> None:
    """Name what is there, so that a case comes as far as the rules."""
    for name in case.path_parameters or {}:
        kind = WHERE.get(name, "id")
        if kind == "id" and case.path.startswith(("/units", "/procedures", "/visits")):
            kind = {"u": "unit", "p": "procedure", "v": "visit"}[case.path[1]]
        if kind == "id" and case.path.startswith("/campaigns") and name == "id":
            kind = "campaign"
        if kind == "id" and case.path.startswith("/apologies"):
            kind = "apology"
        if kind == "id" and case.path.startswith("/documents"):
            kind = "document"
        if case.path != "/attachments/{digest}" and name != "name":
            case.path_parameters[name] = pick(there[kind])
    for part in (case.query, case.body):
        if isinstance(part, dict):
            for name in part:
                if name in WHERE and isinstance(part[name], str):
                    part[name] = pick(there[WHERE[name]])


@pytest.mark.parametrize(("name", "operation", "mode"), list(operations()))
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_every_route_answers_as_its_document_says(world, name, operation, mode, data):
    """Each case is said as it was made up, and again about what is there: making it up takes longer than asking."""
    case = data.draw(operation.as_strategy(generation_mode=mode))
    await answered(world, name, case, data)
    plausible(case, world.there, lambda found: data.draw(st.sampled_from(found)))
    await answered(world, name, case, data)


async def answered(world: World, name: str, case: Any, data: st.DataObject) -> None:
    asker = data.draw(st.sampled_from(world.askers(name)))
    asked = requests.Request(**case.as_transport_kwargs(base_url=str(asker.client.base_url))).prepare()
    headers = {**asked.headers, **asker.said} if "authorization" not in asked.headers else dict(asked.headers)
    answer = await asker.client.request(asked.method, asked.url, content=asked.body, headers=headers)
    case.validate_response(answer, checks=CHECKS)
    if not answer.is_success:
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert told["status"] == answer.status_code
        assert told["detail"]


# By hand

ENEMIES = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "half": b'{"applicant": {',
    "NUL": b'{"reason": "a\\u0000b"}',
    "a raw NUL": b'{"reason": "a\x00b"}',
    "lone surrogates": b'{"reason": "\\ud800", "\\udfff": "\\udbff", "lines": [{"key": "\\ud800", "\\ud800": 1}]}',
    "not UTF-8": '{"reason": "lý do"}'.encode("latin-1"),
    "UTF-16": '{"reason": "lý do"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"reason": "x"}',
    "1 MiB and a byte": b'{"reason": "' + b"x" * ((1 << 20) - 13) + b'"}',
    "1 MiB of one text": b'{"reason": "' + b"x" * ((1 << 20) - 14) + b'"}',
    "a deep list": b'{"reason": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a deep object": b'{"reason": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    "as deep as it reads": b'{"lines": [{"key": ' + b"[" * 900 + b"]" * 900 + b"}]}",
    "1e400": b'{"sets": 1e400, "amount": 1e400, "stage": 1e400, "most": 1e400}',
    "not a number": b'{"sets": NaN, "amount": -Infinity, "stage": NaN, "most": Infinity}',
    "10 to the 5000": b'{"sets": 1' + b"0" * 5000 + b"}",
    "10 to the 4000": b'{"sets": 1' + b"0" * 4000 + b', "most": 1' + b"0" * 4000 + b"}",
    "the year 1": b'{"happened_at": "0001-01-01T00:00:00+14:00", "effective_from": "0001-01-01", "on": "0001-01-01"}',
    "the year 9999": b'{"happened_at": "9999-12-31T23:59:59-14:00", "effective_from": "9999-12-31"}',
    "a name twice": b'{"procedure": "x", "procedure": "y", "reason": 1, "reason": "abc"}',
    "a name of 100 KiB": b'{"' + b"n" * 100_000 + b'": 1}',
    "2,000 names": b"{" + b",".join(b'"%d":1' % n for n in range(2_000)) + b"}",
}
VERY_MANY_NAMES = b"{" + b",".join(b'"%d":1' % n for n in range(60_000)) + b"}"
KINDS = (
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "image/png",
    "x",
    "",
)


def route(path: str, there: dict[str, list[str]]) -> str:
    kind = {"/u": "unit", "/p": "procedure", "/v": "visit"}.get(path[:2], "id")
    kind = "apology" if path.startswith("/apologies") else "campaign" if path.startswith("/campaigns") else kind
    return path.replace("{id}", there[kind][0]).replace("{voiding}", str(uuid4()))


@pytest.mark.parametrize(("name", "path", "schema"), list(bodies()))
async def test_a_body_that_is_an_enemy_is_refused_kindly(world, name, path, schema):
    asker = world.services[name].by("operator", "leadership", "survey_manager", unit=DEPARTMENT)
    path = route(path, world.there)
    for enemy, body in ENEMIES.items():
        answer = await asker.send(path, body)
        fine = (400, 404, 409, 413, 422) if path == "/answers" else (400, 409, 413, 422)  # 404: of no invitation
        assert answer.status_code in fine, f"{enemy}: {answer.status_code} {answer.text[:200]}"
        assert answer.headers["content-type"] == "application/problem+json", enemy
        assert len(answer.content) < 20_000, enemy
        assert answer.json()["detail"]
    for kind in KINDS:
        answer = await asker.send(path, b'{"reason": "abc"}', kind)
        fine = (400, 404, 415, 422) if path == "/answers" else (400, 415, 422)
        assert answer.status_code in fine, f"{kind}: {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize("name", sorted({each.values[0] for each in bodies()}))
async def test_very_many_names_are_refused_in_a_short_answer(world, name):
    """Half a second of a processor for all routes alike, so one of each service is asked."""
    path = next(path for service, path, _ in (each.values for each in bodies()) if service == name)
    asker = world.services[name].by("operator", "leadership", unit=DEPARTMENT)
    answer = await asker.send(route(path, world.there), VERY_MANY_NAMES)
    assert answer.status_code == 422 and len(answer.content) < 20_000


@pytest.mark.parametrize(("name", "path", "schema"), list(bodies()))
async def test_every_body_has_an_example_that_fits(world, name, path, schema):
    """And is it said as it stands, it is understood: what is refused then is refused by a rule."""
    if "example" in schema or "$ref" not in str(schema):
        return  # answers to a questionnaire: what fits is the questionnaire's
    for part in ("allOf", "anyOf", "oneOf"):
        schema = schema.get(part, [schema])[0]
    found = DOCUMENTS[name]["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    [example] = found["examples"]
    asker = world.services[name].by("operator", "leadership", "survey_manager", unit=DEPARTMENT)
    for part, value in {"{step}": "accept", "{document}": str(uuid4())}.items():
        path = path.replace(part, value)
    if path.startswith("/classes"):
        path = path.replace("{id}", f"class-{uuid4()}")
    ours = ("/applications", "/drafts", "/apologies", "/transfers", "/campaigns")
    path = path.replace("{voiding}", str(uuid4())).replace("{school}", "thpt-1")
    answer = await asker.post(path.replace("{id}", str(uuid4()) if path.startswith(ours) else "vi-du"), **example)
    assert answer.status_code in (200, 201, 404, 409), answer.text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_route_says_which_problems_it_may_answer(name):
    for path, methods in DOCUMENTS[name]["paths"].items():
        for method, operation in methods.items():
            told = operation["responses"]
            for status in ("401", "403", "404", "409", "410", "413", "415", "422", "503"):
                problem = told[status]["content"]["application/problem+json"]
                assert problem.get("schema") or problem.get("example"), (method, path, status)
            assert operation["summary"], (method, path)


ADDRESSES = (
    "/track/%00",
    "/track/%ff%fe",
    "/track/a%2Fb",
    "/track/" + "A" * 20_000,
    "/track/..%2f..%2fetc",
    "/track/%0d%0aset-cookie:x=1",
    "/track/%F0%9F%8D%9C",
    "/track/" + "%F0%9F%8D%9C" * 500,
    "/procedures/%2e%2e",
    "/procedures/" + "x" * 5_000,
    "/procedures?q=%00",
    "/procedures?q=%ff",
    "/procedures?q=" + "x" * 201,
    "/procedures?on=0001-01-01",
    "/procedures?on=9999-12-31",
    "/procedures?on=10000-01-01",
    "/procedures?on=2026-02-30",
    "/procedures?on=1e400",
    "/units?kind=x",
    "/units?on=0001-01-01",
    "/units/" + "x" * 61,
    "/applications?since=0001-01-01&until=9999-12-31",
    "/applications?after=" + "0" * 5_000,
    "/applications?unit=" + "x" * 61,
    "/applications?" + "&".join(f"x{n}=1" for n in range(5_000)),
    "/applications/00000000-0000-0000-0000-000000000000",
    "/applications/" + "0" * 5_000,
    "/register.pdf?since=0001-01-01&until=0001-01-02&unit=ttpvhcc",
    "/register.pdf?since=9999-12-31&until=9999-12-31&unit=ttpvhcc",
    "/register.pdf?since=2026-12-31&until=2026-01-01&unit=ttpvhcc",
    "/register.pdf?since=2026-01-01&until=2026-01-01&unit=" + "x" * 5_000,
    "/visits/00000000-0000-0000-0000-000000000000/guidance.pdf",
    "/deadlines?after=9999-99-99~clock-00000000-0000-0000-0000-000000000000",
    "/deadlines?after=2026-01-01T00:00:00~clock-00000000-0000-0000-0000-000000000000",
    "/calendar?month_of=0001-01-01",
    "/lich?thang=9999-12",
    "/lich?thang=0000-00",
    "/theo-doi?ma=" + "x" * 5_000,
    "/transfers?after=9999-99-99~transfer-00000000-0000-0000-0000-000000000000",
    "/transfers?after=2026-01-01T00:00:00~transfer-00000000-0000-0000-0000-000000000000",
    "/statistics?since=0001-01-01&until=9999-12-31",
    "/rules?on=0001-01-01",
    "/quy-dinh?ngay=" + "x" * 5_000,
    "/lop?truong=" + "x" * 5_000,
    "/lien-thong?unit=" + "x" * 5_000,
    "/classes?year=2099&grade=12",
    "/xin-y-kien/00000000-0000-0000-0000-000000000000",
    "/arrivals/00000000-0000-0000-0000-000000000000/content",
    "/apologies/00000000-0000-0000-0000-000000000000/letter.exe",
    "/static/..%2f..%2fweb.py",
    "/static/%2e%2e/%2e%2e/web.py",
    "//track//a",
    "/livez/..",
)


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: each[:40])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_an_address_that_is_an_enemy_is_answered(world, name, address):
    for asker in world.askers(name):
        answer = await asker.get(address)
        assert answer.status_code < 500, answer.text[:300]
        assert b"import " not in answer.content
        assert "set-cookie" not in answer.headers


HEADERS = (
    {"authorization": "Bearer"},
    {"authorization": "Bearer "},
    {"authorization": "Bearer .."},
    {"authorization": "Bearer " + "x" * 50_000},
    {"authorization": "Bearer eyJhY3RvciI6e319.AAAA"},
    {"authorization": "Basic YTpi"},
    {"cookie": "motcua_session=.; motcua_lang=xx; ;=;"},
    {"cookie": "=" * 5_000},
    {"content-length": "9" * 5_000},
    {"content-length": "-1"},
    {"content-length": "1e3"},
    {"if-match": "*"},
    {"if-match": '"' + "9" * 5_000 + '"'},
    {"if-match": 'W/"1"'},
    {"idempotency-key": ""},
    {"idempotency-key": "x" * 201},
    {"idempotency-key": "a b"},
    {"motcua-tracking": "x" * 5_000},
    {"traceparent": "\x7f" * 500},
    {"accept-language": "en" + ",en" * 5_000},
    {"accept": "text/html" * 500},
    {"host": "["},
    {"host": "x" * 5_000},
    {"range": "bytes=" + "0-1," * 5_000},
    {"content-type": "application/json; charset=" + "x" * 5_000},
    {"content-type": "application/json; charset=utf-99"},
)


@pytest.mark.parametrize("headers", HEADERS, ids=lambda each: json.dumps(each)[:50])
async def test_a_header_that_is_an_enemy_is_answered(world, headers):
    one = world.services["intake"]
    path = f"/applications/{world.there['id'][-1]}/receive"
    for method, address in (("GET", f"/track/{world.there['code'][0]}"), ("POST", path), ("GET", "/applications")):
        content = b"{}" if method == "POST" else None
        sent = {"content-type": "application/json", **headers}
        answer = await one.client.request(method, address, content=content, headers=sent)
        assert answer.status_code < 500, answer.text[:300]
        assert address.startswith("/track") or not answer.is_success, "nobody signed in"


async def test_a_session_that_somebody_made_up_or_changed_opens_nothing(world):
    one = world.services["intake"]
    token = one.by("desk_officer", unit=SCHOOL).said["authorization"].removeprefix("Bearer ")
    body, _, signature = token.partition(".")
    operator = one.by("operator").said["authorization"].removeprefix("Bearer ").partition(".")[0]
    for forged in (
        f"{operator}.{signature}",
        f"{body}.",
        body,
        f"{body}.{signature[:-1]}",
        f"{body}.{signature}.x",
        ".",
    ):
        assert (await one.with_(authorization=f"Bearer {forged}").get("/applications")).status_code == 401
    assert (await one.with_(authorization=f"Bearer {token}").get("/applications")).status_code == 200


async def test_a_cookie_acts_only_from_its_own_site(world):
    one = world.services["intake"]
    token = one.by("desk_officer", unit=SCHOOL).said["authorization"].removeprefix("Bearer ")
    path, cookie = f"/applications/{uuid4()}/receive", {"cookie": f"motcua_session={token}"}
    for said, status in (
        ({}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, 404),
        ({"sec-fetch-site": "same-origin"}, 404),
    ):
        answer = await one.client.post(path, json={}, headers=cookie | said)
        assert answer.status_code == status, said


async def test_a_whole_storm_said_again_adds_nothing(world):
    """Every command of a day, each with its key, sent three times at once and out of order."""
    one = world.services["intake"]
    asker = one.by("desk_officer", "case_officer", unit="xa-bac-son")
    keys = [str(uuid4()) for _ in range(15)]

    async def said(key: str) -> str:
        return str(
            (
                await asker.with_(idempotency_key=key).ok(
                    "/applications", **on_paper(content=key, received_by="xa-bac-son")
                )
            )["id"]
        )

    first = await asyncio.gather(*map(said, keys))
    count = "SELECT count(*) FROM truth.events"
    before = await one.service.pool.fetchval(count)
    again = await asyncio.gather(*(said(key) for _ in range(3) for key in reversed(keys)))
    assert set(again) == set(first)
    assert await one.service.pool.fetchval(count) == before


def test_the_examples_name_a_person_that_a_form_would_take():
    from schemas.people import Person  # noqa: PLC0415

    assert TypeAdapter(Person).validate_python(BINH)
