"""A document exchange for the demo and the tests: it stands in for the province's own, and keeps what it would carry.

Real HTTP and the real contract of kernel/edoc/gateway.py on this machine, so that what sends knows no difference;
nothing ever leaves. Every message is held against edxml.xsd, and a wrong one is refused with a code. A page shows what
was exchanged. Where it is started with --moods it can misbehave on demand, as gateways do: refuse, fail, be slow, lose
the answer, offer things twice or in another order, or have a document recalled after its receipt.
"""

import argparse
import asyncio
import hmac
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from aiohttp import web

from deploy.local.exchange_record import Record, answer_to
from deploy.local.process import holder
from deploy.trouble import Trouble
from kernel import layout
from kernel.edoc.edxml import read
from kernel.edoc.message import LARGEST, ORGAN_ID, STATUS_TEXTS, Malformed, Status, StatusCode
from kernel.settings import Settings, settings

Mood: TypeAlias = Literal["kind", "refuse", "busy", "slow", "lose", "repeat", "shuffle", "recall"]
Call: TypeAlias = Literal["send", "list", "get", "acknowledge"]
MOODS: tuple[Mood, ...] = get_args(Mood)
CALLS: tuple[Call, ...] = get_args(Call)
ONLY_AT: dict[str, Call] = {"repeat": "send", "shuffle": "list", "recall": "send"}

PAGES = Path(__file__).with_name("pages")
STANDS_IN = "the document exchange of the province; nothing leaves this machine"
NOT_OURS = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
SHOWN = 300


@dataclass
class Manner:
    """How the exchange behaves: `mood` holds at `call` (None: at every call) for `left` of them, or for good (None).
    `slowness` is in seconds."""

    mood: Mood = "kind"
    call: Call | None = None
    left: int | None = None
    slowness: float = 60.0

    def at(self, call: Call) -> Mood:
        """How to behave at this call."""
        if self.mood == "recall" or call != (self.call or ONLY_AT.get(self.mood, call)):
            return "kind"
        return self.spend()

    def spend(self) -> Mood:
        now = self.mood
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.mood, self.call, self.left = "kind", None, None
        return now


Handler: TypeAlias = Callable[[web.Request, Mood], Awaitable[web.StreamResponse]]


class _Site:
    """The pages, and the gateway."""

    def __init__(self, record: Record, key: str, moods: bool, manner: Manner) -> None:
        self.record, self.key, self.manner = record, key, manner
        self.moods = moods

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST + 1)
        app.on_response_prepare.append(_say_so)
        app.add_routes(
            [
                web.post("/sendEdoc", self._gate("send", self.send)),
                web.get("/getReceivedEdocList", self._gate("list", self.received)),
                web.get("/getEdoc", self._gate("get", self.get)),
                web.post("/updateStatus", self._gate("acknowledge", self.acknowledge)),
                web.get("/", self.front),
                web.get(r"/documents/{number:\d{1,9}}", self.document),
                web.get(r"/documents/{number:\d{1,9}}.edxml", self.raw),
                web.get("/record.json", self.all),
                web.post("/language", self.language),
                web.get("/readyz", self.ready),
                web.static("/static", layout.SHARED / "static"),
                *([web.post("/mood", self.behave)] if self.moods else []),
            ]
        )
        return app

    def _gate(self, call: Call, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A call of the gateway, for whoever may call, behaving as it was told to."""

        async def answer(request: web.Request) -> web.StreamResponse:
            said = request.headers.get("authorization", "")
            if self.key and not hmac.compare_digest(said.encode(), f"Bearer {self.key}".encode()):
                return _fail(401, "A.Key", "Khóa truy cập không đúng")
            if not ORGAN_ID.fullmatch(_organ(request)):
                return _fail(400, "A.SystemId", "Thiếu mã định danh đơn vị (SystemId)")
            await request.read()  # so that whoever hangs up while it is slow has handed the message over
            match mood := self.manner.at(call):
                case "refuse":
                    return _fail(422, "M.Refused", "Trục từ chối theo yêu cầu thử nghiệm")
                case "busy":
                    return _fail(503, "E.Server", "Trục đang bận")
                case "slow":
                    await asyncio.sleep(self.manner.slowness)
            response = await handler(request, mood)
            if mood == "lose" and request.transport:
                request.transport.close()
            return response

        return answer

    async def send(self, request: web.Request, mood: Mood) -> web.StreamResponse:
        content = await request.read()
        kind = request.headers.get("messagetype", "edoc").lower()
        try:
            number, message = self.record.keep(content, _organ(request), kind, twice=mood == "repeat")
        except Malformed as error:
            return _fail(422, f"M.{error.code}", f"{error.says.vi}. {error.instead.vi}", where=error.where)
        if self.manner.mood == "recall" and isinstance(message, Status) and message.code is StatusCode.RECEIVED:
            self.manner.spend()
            self.record.recall(message)
        return web.json_response(answer_to(message, number), dumps=_json)

    async def received(self, request: web.Request, mood: Mood) -> web.StreamResponse:
        found = self.record.waiting(_organ(request), request.query.get("messagetype", "edoc"))
        if mood == "shuffle":
            found.reverse()
        return web.json_response(
            {"status": "OK", "ErrorCode": "0", "ErrorDesc": "Thành công", "data": found}, dumps=_json
        )

    async def get(self, request: web.Request, mood: Mood) -> web.StreamResponse:
        content = self.record.fetch(_organ(request), request.query.get("docId", ""))
        if content is None:
            return _fail(404, "M.NotFound", "Không có gói tin này")
        return web.Response(body=content, content_type="application/xml")

    async def acknowledge(self, request: web.Request, mood: Mood) -> web.StreamResponse:
        try:
            said = await request.json()
            id, outcome = str(said["docId"]), str(said["status"])
        except (ValueError, KeyError, TypeError):
            return _fail(400, "M.Body", "Cần docId và status, dạng JSON")
        if outcome not in ("done", "fail"):
            return _fail(422, "M.Status", "status chỉ nhận: done, fail")
        if not self.record.acknowledge(_organ(request), id, outcome):
            return _fail(404, "M.NotFound", "Không có gói tin này")
        return web.json_response({"status": "OK", "ErrorCode": "0", "ErrorDesc": "Thành công"}, dumps=_json)

    async def behave(self, request: web.Request) -> web.Response:
        """Tests only: mood, times (1 or more, or for good), and at which call."""
        asked = await request.post()
        mood, times, call = asked.get("mood"), str(asked.get("times", "")), str(asked.get("call", ""))
        right = mood in MOODS and call in ("", *CALLS) and (times == "" or (times.isdecimal() and int(times) > 0))
        if not right or (call and ONLY_AT.get(str(mood), call) != call):
            raise web.HTTPUnprocessableEntity(
                text=f"mood: {', '.join(MOODS)}; times: 1 or more, or nothing; call: {', '.join(CALLS)}, or nothing"
            )
        self.manner.mood = mood  # type: ignore[assignment]
        self.manner.call = call or None  # type: ignore[assignment]
        self.manner.left = int(times) if times else None
        return web.Response()

    async def front(self, request: web.Request) -> web.Response:
        documents = self.record.documents()
        return self._page(request, "exchange.html", documents=documents[:SHOWN], number=len(documents))

    async def document(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        content = self.record.content(number)
        if content is None:
            raise web.HTTPNotFound
        [about] = [each for each in self.record.documents() if each["number"] == number]
        return self._page(request, "exchange_document.html", about=about, message=read(content))

    async def raw(self, request: web.Request) -> web.Response:
        """The message itself, to be saved: nobody knows what a browser would do with it."""
        content = self.record.content(int(request.match_info["number"]))
        if content is None:
            raise web.HTTPNotFound
        headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
        return web.Response(body=content, content_type="application/xml", headers=headers)

    async def all(self, request: web.Request) -> web.Response:
        return web.json_response(self.record.all(), dumps=_json)

    async def language(self, request: web.Request) -> web.Response:
        asked = await request.post()
        answer = web.HTTPSeeOther(layout.inside(str(asked.get("back", "/"))))
        if asked.get("lang") in ("vi", "en"):
            answer.set_cookie(layout.LANGUAGE_COOKIE, str(asked["lang"]), samesite="lax")
        raise answer

    async def ready(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    def _page(self, request: web.Request, template: str, **data: Any) -> web.Response:
        lang = "en" if request.cookies.get(layout.LANGUAGE_COOKIE) == "en" else "vi"
        texts = {code.value: text for code, text in STATUS_TEXTS.items()}
        html = layout.page(
            template, folder=PAGES, lang=lang, path=request.path, back=request.path, demo=True, texts=texts, **data
        )
        headers = {"content-security-policy": NOT_OURS, "cache-control": "no-store", "content-language": lang}
        return web.Response(text=html, content_type="text/html", headers=headers)


def _organ(request: web.Request) -> str:
    return request.headers.get("systemid", "")


def _fail(status: int, code: str, what: str, **more: str) -> web.Response:
    body = {"status": "FAIL", "ErrorCode": code, "ErrorDesc": what} | more
    return web.json_response(body, status=status, dumps=_json)


async def _say_so(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["x-stands-in-for"] = STANDS_IN


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


@asynccontextmanager
async def opened(
    folder: Path, address: tuple[str, int], *, key: str = "", moods: bool = False, manner: Manner | None = None
) -> AsyncIterator[Record]:
    """Serve an exchange at an address (host, port). Raises Trouble where that is taken."""
    record = Record(folder)
    site = web.AppRunner(_Site(record, key, moods, manner or Manner()).app(), access_log=None, shutdown_timeout=1)
    await site.setup()
    try:
        try:
            await web.TCPSite(site, *address).start()
        except OSError as error:
            port = address[1]
            raise Trouble(
                f"The exchange can't listen on port {port} (held by {holder(port)}): set MOTCUA_EDOC."
            ) from error
        yield record
    finally:
        await site.cleanup()
        record.close()


def environment(port: int) -> dict[str, str]:
    """The settings of what exchanges documents through a stand-in on this port."""
    return {"MOTCUA_EDOC": f"http://127.0.0.1:{port}"}


async def _serve(folder: Path, config: Settings, moods: bool, slowness: float) -> None:
    gateway = urlsplit(config.edoc)
    address = gateway.hostname or "127.0.0.1", gateway.port or 80
    key = config.edoc_key.get_secret_value()
    async with opened(folder, address, key=key, moods=moods, manner=Manner(slowness=slowness)):
        await asyncio.Event().wait()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.exchange", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the record is kept")
    parser.add_argument("--moods", action="store_true", help="let it be told to misbehave (tests)")
    parser.add_argument("--slowness", type=float, default=60.0, help="seconds that it takes when slow")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(given.folder, settings(), given.moods, given.slowness))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
