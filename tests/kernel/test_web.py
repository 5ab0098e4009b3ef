"""The door: every answer is one that a person or a program can use, whatever is sent; nothing is believed unsigned."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio

import toy
from kernel.identity import COOKIE, Signer
from kernel.service import Service
from kernel.settings import Guessable, Settings
from kernel.web import Pulse, build
from schemas.event import Actor

OPERATOR = Actor(id="demo:operator", roles=("operator",))


def client(service: Service) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=build(service), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://motcua.test")


@pytest_asyncio.fixture
async def web(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(service) as found:
        yield found


def token(service: Service, actor: Actor = OPERATOR, *, now: float | None = None) -> str:
    return Signer(service.settings.session_key.get_secret_value().encode()).issue(actor, now or time.time())


def assert_problem(answer: httpx2.Response, status: int, code: str = "") -> dict[str, Any]:
    """RFC 9457, in the language asked for."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"] == f"urn:motcua:problem:{body['code']}"
    assert code in ("", body["code"])
    return body


BOX = {"unit": "A", "weight": 3}


# commands


async def test_a_command_is_answered_after_it_is_stored(web: httpx2.AsyncClient, service: Service) -> None:
    answer = await web.post("/boxes", json=BOX)
    assert answer.status_code == 201
    assert (await service.state(toy.box, answer.json()["stream"]))[0].weight == 3


async def test_a_key_gives_the_first_answer_to_the_same_request_and_refuses_another(web: httpx2.AsyncClient) -> None:
    key = {"idempotency-key": "abc"}
    first = await web.post("/boxes", json=BOX, headers=key)
    again = await web.post("/boxes", json=BOX, headers=key)
    assert again.json() == first.json() | {"repeated": True}
    assert_problem(await web.post("/boxes", json=BOX | {"unit": "B"}, headers=key), 422, "key_reused")


async def test_a_key_belongs_to_who_used_it(web: httpx2.AsyncClient, service: Service) -> None:
    mine = await web.post("/boxes", json=BOX, headers={"idempotency-key": "abc"})
    headers = {"idempotency-key": "abc", "authorization": f"Bearer {token(service)}"}
    other = await web.post("/boxes", json=BOX, headers=headers)
    assert other.json()["stream"] != mine.json()["stream"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ừ".encode()])
async def test_a_key_that_is_no_key_is_refused(web: httpx2.AsyncClient, key: Any) -> None:
    assert_problem(await web.post("/boxes", json=BOX, headers={"idempotency-key": key}), 422, "invalid")


async def test_a_rejection_says_why_and_what_to_do_instead_in_both_languages(web: httpx2.AsyncClient) -> None:
    path = f"/boxes/{uuid4()}/add?weight=1"
    body = assert_problem(await web.post(path), 409, "no_box")
    assert (body["detail"], body["instead"]) == ("Không có hộp", "Mở hộp")
    body = assert_problem(await web.post(path, headers={"accept-language": "en-GB,vi;q=0.5"}), 409, "no_box")
    assert (body["detail"], body["instead"]) == ("There is no box", "Open one")


async def test_whoever_saw_something_older_is_told_kindly(web: httpx2.AsyncClient) -> None:
    stream = (await web.post("/boxes", json=BOX)).json()["stream"]
    path = f"/boxes/{stream.removeprefix('box-')}/add?weight=1&expected=1"
    assert (await web.post(path)).status_code == 200
    assert_problem(await web.post(path), 409, "changed_meanwhile")


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("conflict", 409, "changed_meanwhile"),
        ("erased", 410, "erased"),
        ("reused", 422, "key_reused"),
        ("outage", 503, "not_ready"),
        ("cut", 503, "not_ready"),
        ("gone", 503, "not_ready"),
        ("bug", 500, "failed"),
    ],
)
async def test_what_goes_wrong_inside_is_a_problem_without_secrets(
    web: httpx2.AsyncClient, how: str, status: int, code: str
) -> None:
    body = assert_problem(await web.get(f"/boxes/fails/{how}"), status, code)
    assert "Bình" not in json.dumps(body, ensure_ascii=False)


# what is sent


async def test_each_wrong_field_is_named_and_its_value_is_not_repeated(web: httpx2.AsyncClient) -> None:
    answer = await web.post("/boxes", json={"unit": "", "weight": "Nguyễn", "no": 1}, headers={"accept-language": "en"})
    body = assert_problem(answer, 422, "invalid")
    assert {each["where"] for each in body["errors"]} == {"body.unit", "body.weight", "body.no"}
    assert all(each["what"] for each in body["errors"])
    assert "Nguyễn" not in answer.text


BAD = {
    "nothing": b"",
    "half JSON": b'{"unit": "A"',
    "not UTF-8": b'{"unit": "\xff\xfe"}',
    "UTF-16": '{"unit": "A"}'.encode("utf-16"),
    "a list": b"[1, 2]",
    "null": b"null",
    "a huge number": b'{"unit": "A", "weight": 1e999}',
    "more digits than Python converts": b'{"unit": "A", "weight": ' + b"9" * 5000 + b"}",
    "deeper than anybody reads": b"[" * 20_000 + b"]" * 20_000,
    "a lone surrogate": b'{"unit": "\\ud800"}',
    "a lone surrogate as a name": b'{"unit": "A", "\\ud800": 1}',
    "NaN": b'{"unit": "A", "weight": NaN}',
    "NUL, escaped": b'{"unit": "A\\u0000"}',
    "NUL, raw": b'{"unit": "A\x00"}',
    "the same name twice": b'{"unit": "A", "unit": ""}',
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_body_that_can_not_be_read_is_the_sender_s_mistake(
    web: httpx2.AsyncClient, service: Service, kind: str
) -> None:
    answer = await web.post("/boxes", content=BAD[kind], headers={"content-type": "application/json"})
    body = assert_problem(answer, 422 if answer.status_code == 422 else 400)
    assert body["detail"] != body["title"], "it says what to do"
    assert await service.pool.fetchval("SELECT count(*) FROM truth.events") == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "ừ"])
async def test_a_wrong_content_type_is_the_sender_s_mistake(web: httpx2.AsyncClient, kind: str) -> None:
    answer = await web.post("/boxes", content=b'{"unit": "A"}', headers={b"content-type": kind.encode()})
    assert answer.status_code in (400, 415, 422), answer.text
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("path", ["/boxes/nothing/add?weight=1", f"/boxes/{UUID(int=1)}/add", "/nowhere", "/boxes%00"])
async def test_a_wrong_address_is_a_problem_too(web: httpx2.AsyncClient, path: str) -> None:
    answer = await web.post(path)
    assert 400 <= answer.status_code < 500
    assert_problem(answer, answer.status_code)


async def test_nul_in_a_query_is_refused(web: httpx2.AsyncClient) -> None:
    assert_problem(await web.get("/boxes/fails/bug?x=%00"), 422)


async def test_a_wrong_method_is_told(web: httpx2.AsyncClient) -> None:
    assert_problem(await web.put("/boxes", json=BOX), 405)


async def test_a_body_over_the_limit_is_refused(web: httpx2.AsyncClient, service: Service) -> None:
    most = service.settings.max_body
    assert_problem(await web.post("/boxes", content=b"x" * (most + 1)), 413)


def pieces(size: int, piece: int = 64 << 10) -> Any:
    async def each() -> AsyncIterator[bytes]:
        for _ in range(0, size, piece):
            yield b"x" * piece

    return each()


async def test_a_body_in_pieces_over_the_limit_is_refused(web: httpx2.AsyncClient, service: Service) -> None:
    assert_problem(await web.post("/boxes", content=pieces(service.settings.max_body + 1)), 413)


@pytest.mark.parametrize("path", ["/boxes", "/boxes/files"])
async def test_files_in_pieces_over_the_limit_are_refused(service: Service, path: str) -> None:
    """Nobody says beforehand how long it is."""
    small = service.settings.model_copy(update={"max_body": 1000, "max_attachment": 5000})
    service.settings = small
    head = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'

    async def body() -> AsyncIterator[bytes]:
        yield head
        for _ in range(50):
            yield b"x" * 1000
        yield b"\r\n--b--\r\n"

    async with client(service) as web:
        answer = await web.post(path, content=body(), headers={"content-type": "multipart/form-data; boundary=b"})
    assert_problem(answer, 413)


async def test_half_a_form_is_not_a_form(service: Service) -> None:
    """Whoever goes away in the middle has not asked for anything: half of it may well look whole."""
    said: list[Any] = []
    left = [{"type": "http.request", "body": b"unit=A", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return left.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/boxes/form",
        "raw_path": b"/boxes/form",
        "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded"), (b"transfer-encoding", b"chunked")],
    }
    await build(service)(scope, receive, send)
    assert said[0]["status"] >= 400


@pytest.mark.parametrize("length", ["-1", "abc", "1" * 30, "٣".encode()])
async def test_a_length_that_is_none_is_refused(web: httpx2.AsyncClient, length: Any) -> None:
    assert_problem(await web.post("/boxes", content=b"{}", headers={"content-length": length}), 400)


# who asks


async def test_nobody_is_an_operator_because_he_says_so(web: httpx2.AsyncClient) -> None:
    for headers in (
        {},
        {"x-actor": "demo:operator"},
        {"authorization": "Bearer operator"},
        {"authorization": "Basic x"},
    ):
        assert_problem(await web.post("/boxes/secret", headers=headers), 401, "sign_in")


async def test_whoever_signed_in_may_do_what_his_role_may(web: httpx2.AsyncClient, service: Service) -> None:
    bearer = {"authorization": f"Bearer {token(service)}"}
    assert (await web.post("/boxes/secret", headers=bearer)).json() == {"is": "told"}
    clerk = token(service, Actor(id="demo:desk_officer", roles=("desk_officer",)))
    assert_problem(await web.post("/boxes/secret", headers={"authorization": f"Bearer {clerk}"}), 403, "not_allowed")


def forged(service: Service) -> Iterator[str]:
    good = token(service)
    body, _, signature = good.partition(".")
    yield token(service, now=time.time() - 9 * 3600)
    yield Signer(b"another key altogether").issue(OPERATOR, time.time())
    yield f"{body}."
    yield body
    yield f".{signature}"
    yield f"{body[:-4]}AAAA.{signature}"
    yield f"{good}x"
    yield f"{body}.{'=' * 43}"
    yield "ừ.ừ"
    yield "." * 1000
    yield ""


async def test_tampered_and_expired_tokens_are_nobody(web: httpx2.AsyncClient, service: Service) -> None:
    for wrong in forged(service):
        answer = await web.post("/boxes/secret", headers={b"authorization": f"Bearer {wrong}".encode()})
        assert_problem(answer, 401)
        cookie = {b"cookie": f"{COOKIE}={wrong}".encode(), b"sec-fetch-site": b"same-origin"}
        assert_problem(await web.post("/boxes/secret", headers=cookie), 401)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://motcua.test"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://evil.test", "sec-fetch-site": "cross-site", "x-requested-with": "x"}, 403),
        ({}, 403),
    ],
)
async def test_another_site_can_not_use_a_person_s_cookie(
    web: httpx2.AsyncClient, service: Service, headers: dict[str, str], status: int
) -> None:
    answer = await web.post("/boxes/secret", headers=headers | {"cookie": f"{COOKIE}={token(service)}"})
    assert answer.status_code == status


async def test_the_demo_s_login_exists_in_the_demo_only(web: httpx2.AsyncClient, service: Service) -> None:
    routes = ("/demo/login/operator", "/demo/logout", "/demo/clock")
    given = (await web.post(routes[0])).json()["token"]
    web.cookies.clear()
    assert (await web.post("/boxes/secret", headers={"authorization": f"Bearer {given}"})).status_code == 200
    assert_problem(await web.post("/demo/login/king"), 404)
    service.settings = service.settings.model_copy(update={"demo": False})
    async with client(service) as real:
        for route in routes:
            assert_problem(await real.post(route, json={"now": None}), 404)


@pytest.mark.parametrize(("name", "least"), [("session_key", 16), ("tracking_key", 32)])
def test_a_key_that_can_be_guessed_is_refused_and_says_which_and_how_long(name: Any, least: int) -> None:
    for short in (0, least - 1):
        with pytest.raises(Guessable, match=f"MOTCUA_{name.upper()} is missing or shorter than {least} characters"):
            Settings(**{name: "x" * short}).key(name)
    assert Settings(**{name: "x" * least}).key(name) == b"x" * least


# every answer


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/boxes/fails/conflict", "/boxes/fails/bug", "/boxes?x=%00"])
async def test_every_answer_carries_the_security_headers(web: httpx2.AsyncClient, path: str) -> None:
    headers = (await web.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"


async def test_a_person_gets_a_page_and_a_program_gets_json(web: httpx2.AsyncClient) -> None:
    page = await web.get("/nowhere", headers={"accept": "text/html,application/xhtml+xml"})
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert_problem(await web.get("/nowhere", headers={"accept": "application/json"}), 404)


@pytest.mark.parametrize("wanted", ["en;q=nan", ";;;", "q=1", "*", "en;q=0,vi;q=0", "ừ".encode(), "," * 5000])
async def test_any_accept_language_gets_an_answer(web: httpx2.AsyncClient, wanted: Any) -> None:
    assert_problem(await web.get("/nowhere", headers={"accept-language": wanted}), 404)


# health


async def test_a_healthy_process_says_so(web: httpx2.AsyncClient) -> None:
    assert (await web.get("/livez")).json() == {"status": "ok"}
    ready = (await web.get("/readyz")).json()
    assert ready == {"status": "ok", "unpublished": 0, "parked": 0, "unsealed": 0}
    assert (await web.get("/startupz")).status_code == 200


async def test_without_its_database_a_process_lives_and_is_not_ready(service: Service) -> None:
    async with client(service) as web:
        await service.pool.close()
        assert (await web.get("/livez")).status_code == 200
        for path in ("/readyz", "/startupz"):
            answer = await web.get(path)
            assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
        assert_problem(await web.post("/boxes", json=BOX), 503, "not_ready")


async def test_a_database_that_hangs_is_told_within_seconds(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("kernel.database.pending", hangs)
    async with client(service) as web:
        answer = await asyncio.wait_for(web.get("/readyz"), 10)
    assert answer.status_code == 503


async def test_a_process_whose_migrations_have_not_run_is_not_ready(web: httpx2.AsyncClient, service: Service) -> None:
    await service.pool.execute("UPDATE public.migration SET name = 'x' || name")
    try:
        answer = await web.get("/readyz")
        assert (answer.status_code, "0001_truth.sql" in answer.json()["reason"]) == (503, True)
    finally:
        await service.pool.execute("UPDATE public.migration SET name = substr(name, 2)")


async def test_metrics_count_requests_by_route_and_not_by_what_is_in_the_address(web: httpx2.AsyncClient) -> None:
    hidden = f"hidden-{uuid4()}"
    await web.get(f"/boxes/fails/conflict?x={hidden}")
    await web.get(f"/{hidden}")
    await web.post(f"/boxes/{uuid4()}/add?weight=1")
    text = (await web.get("/metrics")).text
    assert 'route="/boxes/{id}/add",service="intake",status="409"' in text
    assert hidden not in text


async def test_two_pages_watch_one_view_through_one_listener(service: Service) -> None:
    pulse = Pulse()
    listening = asyncio.create_task(pulse.listen(service))
    pages = [pulse.beats() for _ in range(2)]
    first = [await anext(page) for page in pages]
    next_ones = [asyncio.ensure_future(anext(page)) for page in pages]

    async def told() -> bool:
        await service.pool.execute("NOTIFY heard")
        return all(each.done() for each in next_ones)

    await toy.until(told, 10)
    assert all(each.result() > before for each, before in zip(next_ones, first, strict=True))
    listening.cancel()
