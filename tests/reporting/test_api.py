"""Figures over HTTP on a real PostgreSQL, told by events as Kafka would tell them."""

import asyncio
import datetime as dt
import itertools
import json
import time
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.service import Service, make_views
from kernel.settings import Settings
from kernel.views import Views
from kernel.web import build
from kernel.wire import recorded
from reporting import lives
from reporting.lives import CENTRE, COPIES, FIRST, OTHER, SCHOOL, at, stream
from reporting.test_projection import recount, whole_lives
from services.reporting import api
from services.reporting.api import PACE, Latest, read, watch
from services.reporting.app import definition
from services.reporting.domain import Question

DAY = dt.timedelta(days=1)


async def month(teller: Any) -> None:
    """A small month: two schools, two procedures, all ends."""
    a, b, c, d, e, f, g = (stream(name) for name in "abcdefg")
    await teller.tell(
        (a, lives.submitted(at(0))),
        (a, lives.received(at(0))),
        (b, lives.submitted(at(0), channel="desk", decided_by=OTHER)),
        (b, lives.received(at(1), channel="desk", decided_by=OTHER)),
        (c, lives.received(at(2), procedure=COPIES)),
        (d, lives.submitted(at(3))),
        (e, lives.submitted(at(3))),
        (e, lives.not_accepted(at(4))),
        (a, lives.resolved(at(5))),
        (b, lives.withdrawn(at(9), decided_by=OTHER)),
        (c, lives.resolved(at(9), "refused")),
        (f, lives.received(at(10))),
        (f, lives.stopped(at(11))),
        (g, lives.imported(at(-30))),
        (stream("v", "visit"), lives.visit(at(4))),
        (stream("w", "visit"), lives.visit(at(5), paper=True, unit=CENTRE)),
    )


async def asked(client: Any, query: str = "") -> Any:
    answer = await client.get(f"/figures?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def balanced(line: dict[str, int]) -> bool:
    ends = line["granted"] + line["refused"] + line["stopped"] + line["withdrawn"]
    return line["carried_over"] + line["received"] == ends + line["in_progress"]


async def test_nothing_heard_yet(client):
    found = await asked(client, "by=unit&by=day&by=channel&by=procedure&by=month")
    assert found["as_of"] == []
    assert set(found["total"].values()) == {0}
    assert found["by"]["unit"] == found["by"]["channel"] == found["by"]["procedure"] == []


async def test_the_figures_of_all_time(client, teller):
    await month(teller)
    found = await asked(client)
    assert found["total"] == {
        "received": 5,
        "carried_over": 0,
        "in_progress": 1,
        "granted": 1,
        "refused": 1,
        "stopped": 1,
        "withdrawn": 1,
        "not_accepted": 1,
        "guided": 1,
        "paper_refused": 1,
        "waiting": 1,
        "resolved": 2,
        "finished": 4,
        "turned_away": 3,
    }
    [as_of] = found["as_of"]
    assert (as_of["log"], as_of["position"], as_of["partitions"]) == ("intake", 21, {"0": 21})


async def test_a_period_has_what_was_carried_over_and_what_was_open_at_its_end(client, teller):
    await month(teller)
    total = (await asked(client, f"from={FIRST + DAY}&to={FIRST + 3 * DAY}"))["total"]
    assert {name: total[name] for name in ("carried_over", "received", "finished", "in_progress", "waiting")} == {
        "carried_over": 2,
        "received": 2,
        "finished": 0,
        "in_progress": 4,
        "waiting": 2,
    }
    assert balanced(total)


async def test_a_breakdown_adds_up_to_the_total(client, teller):
    await month(teller)
    found = await asked(client, f"by=unit&by=procedure&by=channel&from={FIRST + DAY}&to={FIRST + 9 * DAY}")
    for lines in found["by"].values():
        for name, value in found["total"].items():
            assert sum(line[name] for line in lines) == value, name
        assert all(balanced(line) for line in lines)
        received = [line["received"] for line in lines]
        assert received == sorted(received, reverse=True)


async def test_days_carry_their_stocks_from_one_to_the_next(client, teller):
    await month(teller)
    found = await asked(client, f"by=day&by=month&from={FIRST - 2 * DAY}&to={FIRST + 30 * DAY}")
    lines = found["by"]["day"]
    assert [line["key"] for line in lines] == [str(FIRST + n * DAY) for n in range(-2, 31)]
    assert all(balanced(line) for line in lines)
    assert all(b["carried_over"] == a["in_progress"] for a, b in itertools.pairwise(lines))
    assert lines[0]["carried_over"] == found["total"]["carried_over"] == 1
    assert lines[-1]["in_progress"] == found["total"]["in_progress"] == 1
    assert lines[-1]["waiting"] == found["total"]["waiting"] == 1
    by_key = {line["key"]: line for line in lines}
    assert by_key[str(FIRST + 3 * DAY)]["waiting"] == 2
    assert [line["key"] for line in found["by"]["month"]] == ["2026-05-01", "2026-06-01"]
    assert [line["received"] for line in found["by"]["month"]] == [4, 0]


async def test_filters_narrow(client, teller):
    await month(teller)
    assert (await asked(client, f"unit={OTHER}"))["total"]["received"] == 1
    assert (await asked(client, f"procedure={COPIES}"))["total"]["refused"] == 1
    assert (await asked(client, "channel=desk&from=&to=&unit="))["total"]["received"] == 2
    found = await asked(client, f"unit={CENTRE}&by=unit")
    assert (found["total"]["received"], found["total"]["paper_refused"]) == (0, 1)
    assert [line["name"] for line in found["by"]["unit"]] == ["Trung tâm Phục vụ hành chính công"]


async def test_a_late_correction_moves_what_was_counted(client, teller):
    await month(teller)
    await teller.tell((stream("a"), lives.corrected(at(20), channel="post")))
    found = await asked(client, f"channel=post&by=day&from={FIRST}&to={FIRST + 6 * DAY}")
    assert [line["received"] for line in found["by"]["day"]] == [1, 0, 0, 0, 0, 0, 0]
    assert [line["granted"] for line in found["by"]["day"]] == [0, 0, 0, 0, 0, 1, 0]


async def test_hearing_it_all_again_changes_nothing(client, teller):
    await month(teller)
    before = await asked(client, "by=unit&by=day&by=channel&by=procedure")
    await teller.again()
    after = await asked(client, "by=unit&by=day&by=channel&by=procedure")
    assert (after["total"], after["by"]) == (before["total"], before["by"])


BAD = [
    ("from=2026-05-31&to=2026-05-01", "query.to", "Phải từ 31/05/2026 trở lên"),
    ("from=hôm+nay", "query.from", "Phải là ngày, ví dụ 2026-05-10"),
    ("from=1700000000", "query.from", "Phải là ngày, ví dụ 2026-05-10"),
    ("from=2026-02-30", "query.from", "Phải là ngày, ví dụ 2026-05-10"),
    ("channel=fax", "query.channel", None),
    ("by=weather", "query.by.0", None),
    ("figure=all", "query.figure", None),
    ("size=0", "query.size", "Phải từ 1 trở lên"),
    ("after=yesterday", "query.after", "Không đúng dạng thức"),
    ("unit=nowhere", "query.unit", "Không có đơn vị này"),
    ("procedure=9.999999", "query.procedure", "Danh mục không có thủ tục này"),
    ("unit=" + "x" * 61, "query.unit", "Tối đa 60 ký tự"),
    ("form=2026-05-01", "query.form", "Mục này không có trong mẫu"),
]


async def test_a_bad_question_is_told_where_and_what(client, teller):
    leader = await login(client, "leadership")
    for query, where, what in BAD:
        for path in ("/figures", "/figures/stream", "/applications"):
            name = query.split("=", maxsplit=1)[0]
            if (path == "/applications") != (name in ("figure", "size", "after")) and name in (
                "by",
                "figure",
                "size",
                "after",
            ):
                continue
            answer = await client.get(f"{path}?{query}", headers=leader)
            assert answer.status_code == 422, (path, query, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            [error] = answer.json()["errors"]
            assert (error["where"], what or error["what"]) == (where, error["what"])


async def test_watching_says_what_changed_and_nothing_twice(service, live, teller):
    """Read below HTTP: httpx2's ASGI transport waits for the end of an answer, and this one has none."""
    await teller.tell((stream("a"), lives.received(at(0))))
    watched = watch(service, live, Question())
    mark, found = await anext(watched)
    assert found.total.received == 1
    again = watch(service, live, Question(), mark)
    silent = asyncio.create_task(anext(again))
    live.beat()
    done, _ = await asyncio.wait([silent], timeout=0.6)
    assert not done, "whoever comes back with the last mark is told nothing until something changes"
    told = asyncio.create_task(anext(watched))
    await teller.tell((stream("b"), lives.received(at(0))))
    for each in (silent, told):
        newer, found = await asyncio.wait_for(each, 5)
        assert newer != mark and found.total.received == 2
    await watched.aclose()
    await again.aclose()


async def test_many_who_watch_the_same_read_it_once(service, live, teller, monkeypatch):
    reads = 0

    async def counted(*asked: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(*asked)

    monkeypatch.setattr(api, "read", counted)
    latest, began = Latest(service), time.monotonic()
    for _ in range(20):
        live.beat()
        await asyncio.gather(*(latest.of(Question(by=("unit",)), live, live.count) for _ in range(30)))
        if reads == 4:
            break
    assert reads == 4
    assert time.monotonic() - began >= 3 * PACE


# The list behind a figure


async def login(client: Any, role: str, unit: str = "") -> dict[str, str]:
    answer = await client.post(f"/demo/login/{role}?unit={unit}")
    client.cookies.clear()
    return {"authorization": f"Bearer {answer.json()['token']}"}


FIGURES = ["received", "in_progress", "carried_over", "finished", "resolved", "granted", "refused"]
FIGURES += ["stopped", "withdrawn", "not_accepted", "waiting"]


async def test_the_head_of_a_page_names_the_unit_of_who_is_signed_in_as_it_is_called_today(client, teller, service):
    await teller.tell((stream(SCHOOL, "unit"), lives.renamed(SCHOOL, "THPT Suối Hoa Mới", FIRST + 20 * DAY)))
    head = await login(client, "unit_head", SCHOOL) | {"accept": "text/html"}
    for day, name in ((10, "THPT Suối Hoa"), (20, "THPT Suối Hoa Mới")):
        service.clock.set(at(day))
        assert f"Thủ trưởng đơn vị · {name}<" in (await client.get("/", headers=head)).text


async def test_every_figure_opens_to_as_many_dossiers_as_it_says(client, teller):
    await month(teller)
    leader = await login(client, "leadership")
    for query in ("", f"from={FIRST + DAY}&to={FIRST + 9 * DAY}", f"unit={OTHER}", "channel=online"):
        total = (await asked(client, query))["total"]
        for figure in FIGURES:
            answer = await client.get(f"/applications?figure={figure}&{query}", headers=leader)
            assert len(answer.json()["dossiers"]) == total[figure], figure


async def test_the_list_goes_page_by_page(client, teller):
    await month(teller)
    leader = await login(client, "auditor")
    seen, after = [], ""
    while True:
        page = (await client.get(f"/applications?size=2&after={after}", headers=leader)).json()
        seen += [each["id"] for each in page["dossiers"]]
        after = page["next"]
        if not after:
            break
    whole = (await client.get("/applications", headers=leader)).json()
    assert seen == [each["id"] for each in whole["dossiers"]] and len(seen) == 5
    assert (await client.get("/applications?after=2026-02-31.a", headers=leader)).status_code == 422


async def test_the_list_is_for_staff_within_their_unit(client, teller):
    await month(teller)
    assert (await client.get("/applications")).status_code == 401
    no_unit = await client.get("/applications", headers=await login(client, "desk_officer"))
    assert no_unit.status_code == 403 and "đơn vị" in no_unit.json()["detail"]
    own = (await client.get("/applications", headers=await login(client, "unit_head", OTHER))).json()["dossiers"]
    assert {each["unit"] for each in own} == {OTHER}
    received = (await client.get("/applications", headers=await login(client, "desk_officer", CENTRE))).json()
    assert len(received["dossiers"]) == 5


async def test_no_personal_data_is_kept(service, teller):
    await month(teller)
    for table in ("application", "visit", "unit", "procedure"):
        for row in await service.pool.fetch(f"SELECT * FROM view.{table}"):
            assert not any(isinstance(value, bytes) for value in row.values())


async def test_what_is_wrong_or_strange_never_fails(client, teller):
    for query in ("unit=%F0%9F%98%80", "from=0001-01-01&by=day", "to=9999-12-31&by=day", "size=1", "by=unit&by=unit"):
        assert (await client.get(f"/figures?{query}")).status_code in (200, 422), query


async def test_the_contract_shows_examples(client):
    contract = (await client.get("/openapi.json")).json()
    assert {"/figures", "/figures/stream", "/applications"} <= set(contract["paths"])
    assert contract["components"]["schemas"]["Figures"]["required"] == ["as_of", "asked", "total", "by"]
    assert "2026-05-01" in json.dumps(contract["paths"]["/figures"])


# All of it against a recount, in batches of any size, and against views filled anew


TABLES = ("application", "tally", "standing", "visit", "visit_tally", "unit", "procedure")


async def test_totals_in_the_database_equal_a_recount_and_a_rebuild(service, teller):
    found: list[Any] = []

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(whole_lives(), min_size=1, max_size=3))
    def gather(some):
        found.extend(some)

    gather()
    events = []
    for turn in range(max(len(life.events) for life in found)):
        events += [(stream(str(n)), life.events[turn]) for n, life in enumerate(found) if turn < len(life.events)]
    for start in range(0, len(events), 37):
        await teller.tell(*events[start : start + 37])
    happened, open_now = recount(found)
    tally = await service.pool.fetch("SELECT * FROM view.tally")
    assert {tuple(row)[:4]: tuple(row)[4:] for row in tally} == happened
    standing = await service.pool.fetch("SELECT * FROM view.standing")
    assert {tuple(row)[:3]: tuple(row)[3:] for row in standing} == open_now
    whole = await read(service, Question(by=("unit", "day")))
    assert whole.total.in_progress == sum(amounts[0] for amounts in open_now.values())
    assert whole.total.carried_over == 0
    assert whole.by["day"][-1].in_progress == whole.total.in_progress

    async with service.pool.acquire() as connection:
        await connection.execute("CREATE SCHEMA view_next")
        await make_views(connection, definition, "view_next")
        anew = Views(definition.views, "view_next")
        await anew.prepare(connection)
        stage = await anew.stage(connection, (recorded(each) for each in teller.told))
        for each in teller.told:
            stage.take(recorded(each))
        await anew.write(connection, stage)
        for table in TABLES:
            in_order = f"SELECT * FROM {{}}.{table} t ORDER BY t::text"
            live = await connection.fetch(in_order.format("view"))
            assert live == await connection.fetch(in_order.format("view_next")), table


async def test_the_figures_are_read_in_two_statements(service, teller, monkeypatch):
    """One for the figures, one for the names, which are kept for a second."""
    said: list[str] = []
    real = type(service.pool).fetch

    async def fetch(pool: Any, query: str, *values: Any) -> Any:
        said.append(query)
        return await real(pool, query, *values)

    monkeypatch.setattr(type(service.pool), "fetch", fetch)
    await read(service, Question(by=("unit", "procedure", "channel", "day")))
    await read(service, Question(by=("unit", "procedure", "channel", "day")))
    assert len(said) <= 3


def test_each_question_says_in_the_openapi_document_what_it_answers():
    paths = build(Service(definition, Settings(session_key="only for reading"))).openapi()["paths"]
    asked = {path: methods["get"] for path, methods in paths.items() if path.startswith(("/figures", "/applications"))}
    assert set(asked) == {"/figures", "/figures/stream", "/applications"}
    for path, each in asked.items():
        assert len(each["summary"].split()) > 4 and len(each["description"]) > 80, path
    assert len({each["summary"] for each in asked.values()}) == 3
