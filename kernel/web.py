"""The only file that builds a FastAPI app: errors, health, identity, limits, live streams. A service brings its routes.

Here      the running service            Who      the actor (anonymous citizen where nobody signed in)
Ask       idempotency key, fingerprint, language, of this request          Called    the three in one
"""

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import structlog
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import AwareDatetime, BaseModel, Field
from starlette.exceptions import HTTPException as HttpError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import clear_contextvars

from kernel import database, layout, metrics, problems
from kernel.blobs import Damaged
from kernel.calendar import OutsideCalendar, local
from kernel.decider import Rejected, Text
from kernel.identity import ANONYMOUS, COOKIE, SESSION_SECONDS, Signer
from kernel.layout import lang
from kernel.service import KeyReused, Service, trace
from kernel.store import Conflict
from kernel.vault import Erased
from schemas.event import Actor

log = structlog.get_logger()
T = TypeVar("T")

OUTAGE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
SECURITY_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def here(request: Request) -> Service:
    return request.app.state.service  # type: ignore[no-any-return]


def who(request: Request) -> Actor:
    return request.scope["motcua.actor"]  # type: ignore[no-any-return]


def may(*roles: str) -> Callable[[Request], Awaitable[Actor]]:
    """A dependency: the actor, if one of these roles; else 401 (nobody signed in) or 403."""

    async def check(request: Request) -> Actor:
        actor = who(request)
        if set(roles) & set(actor.roles):
            return actor
        raise HTTPException(401 if actor is ANONYMOUS else 403)

    return check


@dataclass(frozen=True)
class Asked:
    """How this request was made: its idempotency key, bound to who asks, and what tells it from another request."""

    key: str | None
    fingerprint: bytes
    lang: str


Key = Annotated[
    str | None,
    Header(max_length=200, pattern=r"^[\x21-\x7e]+$", description="The same key gives the first answer again."),
]


async def asked(request: Request, idempotency_key: Key = None) -> Asked:
    if idempotency_key is None:
        return Asked(None, b"", lang(request))
    text = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return Asked(f"{who(request).id} {idempotency_key}", hashlib.sha256(text).digest(), lang(request))


def at_once(found: Callable[[Request], T]) -> Callable[[Request], Awaitable[T]]:
    """A dependency that is answered in the event loop; FastAPI would send a plain function to a thread each time."""

    async def dependency(request: Request) -> T:
        return found(request)

    return dependency


@dataclass(frozen=True)
class Call:
    """Here, Who and Ask in one, for a route that is asked much: FastAPI takes longer to solve three dependencies than
    the three have to do."""

    service: Service
    actor: Actor
    asked: Asked


async def call(request: Request, idempotency_key: Key = None) -> Call:
    return Call(here(request), who(request), await asked(request, idempotency_key))


Here = Annotated[Service, Depends(at_once(here))]
Who = Annotated[Actor, Depends(at_once(who))]
Ask = Annotated[Asked, Depends(asked)]
Lang = Annotated[str, Depends(at_once(lang))]
Called = Annotated[Call, Depends(call)]


def build(service: Service, *, live: "Pulse | None" = None) -> FastAPI:
    """The web application of a running service."""
    app = FastAPI(
        responses=problems.RESPONSES,
        title=f"Motcua {service.name}",
        version="1",
        description=f"Problem answers follow RFC 9457; events are described in `schemas/`. Service `{service.name}`.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.service, app.state.settings, app.state.live = service, service.settings, live
    for router in (*service.definition.routers(), layout.router):  # first, because routes are tried in their order
        app.include_router(router)
    _errors(app)
    _documented(app)
    _health(app)
    if service.settings.demo:
        _demo(app)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("pages") / "static"), name="static")
    app.add_middleware(_Guard, service=service)
    return app


def answer(request: Request, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """A problem as JSON for programs, as a page for people."""
    if _wants_page(request):
        page = layout.render(request, "problem.html", problem=body, status=status)
        page.status_code = status
        page.headers.update(headers or {})
        return page
    return JSONResponse(
        body, status, {"content-language": lang(request), **(headers or {})}, media_type="application/problem+json"
    )


def _wants_page(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "application/json" not in accept.split("text/html")[0]


def _errors(app: FastAPI) -> None:
    async def rejected(request: Request, error: Any) -> Response:
        log.info("refused", code=error.code)
        return answer(request, 409, problems.of_rejected(error, lang(request)))

    async def conflict(request: Request, _: Any) -> Response:
        return answer(request, 409, problems.problem(409, "changed_meanwhile", problems.CHANGED, lang(request)))

    async def key_reused(request: Request, _: Any) -> Response:
        return answer(request, 422, problems.problem(422, "key_reused", problems.KEY_REUSED, lang(request)))

    async def erased(request: Request, _: Any) -> Response:
        return answer(request, 410, problems.problem(410, "erased", problems.ERASED, lang(request)))

    async def damaged(request: Request, error: Any) -> Response:
        log.error("a stored file is damaged: restore it from a backup", file=str(error))
        told = problems.problem(410, "file_damaged", problems.DAMAGED, lang(request), instead=problems.DAMAGED_INSTEAD)
        return answer(request, 410, told)

    async def invalid(request: Request, error: Any) -> Response:
        return answer(request, 422, problems.of_fields(error.errors(), lang(request)))

    async def http(request: Request, error: Any) -> Response:
        usual = problems.UNREADABLE if error.status_code == 400 else problems.title(error.status_code)
        detail = error.detail if isinstance(error.detail, Text) else usual
        code = {401: "sign_in", 403: "not_allowed", 404: "not_found"}.get(
            error.status_code, f"http_{error.status_code}"
        )
        return answer(
            request, error.status_code, problems.problem(error.status_code, code, detail, lang(request)), error.headers
        )

    async def outage(request: Request, error: Any) -> Response:
        log.warning("the database does not answer", reason=f"{type(error).__name__}: {error}")
        later = problems.LATER if request.method in SAFE else problems.MAYBE
        return answer(request, 503, problems.problem(503, "not_ready", later, lang(request)), {"retry-after": "5"})

    async def outside(request: Request, _: Any) -> Response:
        return answer(request, 422, problems.problem(422, "outside_calendar", problems.OUTSIDE, lang(request)))

    app.add_exception_handler(Rejected, rejected)
    app.add_exception_handler(OutsideCalendar, outside)
    app.add_exception_handler(Conflict, conflict)
    app.add_exception_handler(KeyReused, key_reused)
    app.add_exception_handler(Erased, erased)
    app.add_exception_handler(Damaged, damaged)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HttpError, http)
    for each in OUTAGE:
        app.add_exception_handler(each, outage)


def _documented(app: FastAPI) -> None:
    """The OpenAPI document says what a problem is; that any route may answer one is in `problems.RESPONSES`."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        found = generated()
        found.setdefault("components", {}).setdefault("schemas", {})["Problem"] = problems.SCHEMA
        return found

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request, service: Here) -> Response:
        return layout.render(request, "docs.html", service=service.name)


def _health(app: FastAPI) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    @app.get("/startupz", include_in_schema=False)
    async def readyz(service: Here) -> Response:
        """Whether this process can do its work. Kafka is not asked: what is received waits in the store."""
        try:
            async with asyncio.timeout(3), service.pool.acquire(timeout=2) as connection:
                row = await connection.fetchrow(
                    "SELECT position - published AS unpublished,"
                    " (SELECT count(*) FROM truth.parked WHERE dropped IS NULL) AS parked,"
                    " (SELECT count(*) FROM truth.outbox) AS unsealed FROM truth.log"
                )
                behind = await database.pending(service.name, connection)
        except (*OUTAGE, asyncpg.PostgresError) as error:
            return JSONResponse({"status": "not ready", "reason": f"database: {type(error).__name__}"}, 503)
        if behind:
            return JSONResponse({"status": "not ready", "reason": f"run `motcua db migrate`: {behind}"}, 503)
        return JSONResponse({"status": "ok", **dict(row)})

    @app.get("/metrics", include_in_schema=False)
    async def exposed() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class Pretend(BaseModel):
    """Which time the demo pretends it is; null: the real time again."""

    now: Annotated[
        AwareDatetime | None,
        Field(ge=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), lt=dt.datetime(2100, 1, 1, tzinfo=dt.UTC)),
    ]


ROLES = ("desk_officer", "case_officer", "unit_head", "leadership", "survey_manager", "operator", "auditor")


def _demo(app: FastAPI) -> None:
    """Routes that exist in demo mode only."""

    @app.post("/demo/login/{role}", include_in_schema=False)
    async def login(request: Request, role: str, unit: str = "", back: str = "/") -> Response:
        """Sign in by role with one click. Pages get a cookie; programs read the token from the answer."""
        if role not in ROLES or len(unit) > 100:
            raise HTTPException(404)
        signer: Signer = request.app.state.signer
        token = signer.issue(Actor(id=f"demo:{role}", roles=(role,), unit=unit), time.time())
        response: Response = JSONResponse({"token": token})
        if _wants_page(request):
            response = RedirectResponse(layout.inside(back), 303)
        response.set_cookie(COOKIE, token, max_age=SESSION_SECONDS, httponly=True, samesite="strict")
        return response

    @app.post("/demo/logout", include_in_schema=False)
    async def logout() -> Response:
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE)
        return response

    @app.post("/demo/clock", include_in_schema=False)
    async def clock(service: Here, pretend: Pretend) -> dict[str, str]:
        """Pretend that it is another time, so that weeks pass in minutes."""
        service.clock.set(pretend.now)
        return {"now": service.clock.now().isoformat()}


class _Guard:
    """What every request passes: who asks, how much it may send, what it may not contain, how long it took."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.settings, self.name = app, service.settings, service.name
        self.signer = Signer(service.settings.key("session_key"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        clear_contextvars()
        headers = dict(scope["headers"])
        scope["app"].state.signer = self.signer
        token, by_cookie = _token(headers)
        scope["motcua.actor"] = (self.signer.read(token, time.time()) if token else None) or ANONYMOUS
        trace.set(headers.get(b"traceparent", b"").decode("latin-1")[:55])
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}  # a page may be stricter
                message["headers"] = [*message["headers"], *(each for each in SECURITY_HEADERS if each[0] not in own)]
            await send(message)

        try:
            refusal = _refusal(scope, headers, by_cookie)
            if refusal is None:
                kind = headers.get(b"content-type", b"").lower()
                multipart = kind.startswith(b"multipart/")
                most = self.settings.max_attachment + self.settings.max_body if multipart else self.settings.max_body
                too_large = Text(f"Tối đa {most // 1024} KiB mỗi lần gửi", f"At most {most // 1024} KiB at once")
                if int(headers.get(b"content-length", b"0")) > most:
                    refusal = 413, too_large
                elif multipart:
                    receive = _at_most(most, too_large, receive)
                elif scope["method"] not in SAFE:
                    body = await _whole(receive, most)
                    if body is None:
                        refusal = 413, too_large
                    elif b"\\u0000" in body or b"\x00" in body or (b"urlencoded" in kind and b"%00" in body):
                        refusal = (
                            422,
                            Text("Nội dung có ký tự rỗng (NUL), hãy bỏ đi.", "The text holds a NUL; take it out."),
                        )
                    else:
                        receive = _replay(body, receive)
            if refusal is not None:
                request = Request(scope, receive)
                body_ = problems.problem(refusal[0], f"http_{refusal[0]}", refusal[1], lang(request))
                await answer(request, refusal[0], body_)(scope, receive, sent)
            else:
                await self.app(scope, receive, sent)
        except Exception as error:
            if status:
                raise
            await _failed(Request(scope, receive), error)(scope, receive, sent)
        finally:
            metrics.requests.labels(self.name, scope["method"], _route(scope), str(status or 500)).observe(
                time.perf_counter() - started
            )


def _route(scope: Scope) -> str:
    """What was asked, without what it was asked about: an address may hold a tracking code."""
    return getattr(scope.get("route"), "path", "other")


def _failed(request: Request, error: Exception) -> Response:
    log.exception("a request failed", method=request.method, route=_route(request.scope), exc_info=error)
    return answer(request, 500, problems.problem(500, "failed", problems.title(500), lang(request)))


def _token(headers: dict[bytes, bytes]) -> tuple[str, bool]:
    """The session token that was sent, and whether it came as a cookie."""
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    if authorization.lower().startswith("bearer "):
        return authorization[7:], False
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value, True
    return "", False


def _refusal(scope: Scope, headers: dict[bytes, bytes], by_cookie: bool) -> tuple[int, Text] | None:
    if b"%00" in scope["query_string"] or "\x00" in scope["path"]:
        return 422, Text("Địa chỉ có ký tự rỗng (NUL).", "The address holds a NUL.")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 18:
        return 400, Text("Content-Length không phải là số.", "Content-Length is not a number.")
    if by_cookie and scope["method"] not in SAFE:
        site = headers.get(b"sec-fetch-site", b"")
        origin = headers.get(b"origin", b"")
        same = site in (b"same-origin", b"none") if site else origin.split(b"://")[-1] == headers.get(b"host")
        if not same:
            return 403, Text("Yêu cầu không đến từ trang này.", "This request does not come from this site.")
    return None


async def _whole(receive: Receive, most: int) -> bytes | None:
    """The whole body, or None where it is longer than it may be. Half a body is none: its sender is gone, and what he
    would have said last is missing."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _at_most(most: int, too_large: Text, receive: Receive) -> Receive:
    """What is received in pieces, and of which nobody said how long it is. Raises HTTPException 413 when it is over."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise HTTPException(413, too_large)
        return message

    return counted


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class Pulse:
    """Tells every open page that a view has changed. One listener a process, however many pages."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.count = 0

    def beat(self) -> None:
        self.count += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def beats(self, *, every: float = 15.0) -> AsyncIterator[int]:
        """The count at once, then after each change; and after `every` seconds without one, so that a dead page is
        noticed."""
        while True:
            changed = self._changed
            yield self.count
            try:
                async with asyncio.timeout(every):
                    await changed.wait()
            except TimeoutError:
                continue

    async def listen(self, service: Service) -> None:
        """Beat whenever the database says that something was heard; reconnects for ever."""
        while True:
            try:
                connection = await database.connect(service.name, service.settings)
                await connection.add_listener("heard", lambda *_: self.beat())
                self.beat()  # what changed while nobody listened
                closed = asyncio.Event()
                connection.add_termination_listener(lambda _, closed=closed: closed.set())
                await closed.wait()
            except OUTAGE:
                await asyncio.sleep(1)


def pulse(request: Request) -> Pulse:
    return request.app.state.live  # type: ignore[no-any-return]


Live = Annotated[Pulse, Depends(at_once(pulse))]


async def name_unit(request: Request, service: Here, actor: Who) -> None:
    """A dependency of pages: whose officer is signed in, as the unit is called today, for the head of each page."""
    if actor.unit and service.definition.unit_called:
        today = local(service.clock.now()).date()
        found = await service.pool.fetch(service.definition.unit_called, actor.unit)
        names = [row["name"] for row in found if row["since"] is None or row["since"] <= today]
        request.state.unit_name = (names[-1] if names else None) or ""
