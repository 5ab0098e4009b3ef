"""A mailbox for the demo: it stands in for the province's mail server and SMS gateway, and keeps what they would send.

Real SMTP and the real contract of kernel/post.py on this machine, so that what sends knows no difference; nothing ever
leaves. A page shows what came. It can misbehave on demand, as servers do: refuse, be busy, be slow, or take a message
and be gone before it answers.
"""

import argparse
import asyncio
import datetime as dt
import email
import email.policy
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args
from urllib.parse import quote, urlsplit

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.process import holder
from deploy.trouble import Trouble
from kernel import layout
from kernel.settings import Settings, settings

Mood: TypeAlias = Literal["kind", "refuse", "busy", "slow", "lose"]
MOODS: tuple[Mood, ...] = get_args(Mood)

PAGES = Path(__file__).with_name("pages")
LARGEST = 32 << 20
SHOWN = 500
NOT_OURS = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"


@dataclass(frozen=True)
class Kept:
    """One message that came. `id` is its Message-ID or Idempotency-Key; `times` counts how often that came."""

    number: int
    way: Literal["email", "sms"]
    came_at: dt.datetime
    to: str
    subject: str
    text: str
    id: str
    files: tuple[str, ...] = ()
    times: int = 1


@dataclass
class Mailbox:
    """All messages of a folder, one file each, oldest first. `mood` holds for `left` messages, or for good (None);
    `slowness` is in seconds."""

    folder: Path
    slowness: float = 60.0
    mood: Mood = "kind"
    left: int | None = None
    _kept: list[Kept] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.glob("*.eml")) + sorted(self.folder.glob("*.json")):
            self._kept.append(_read(path))
        self._kept.sort(key=lambda each: each.number)

    def behave(self, mood: Mood, left: int | None = None) -> None:
        self.mood, self.left = mood, left

    def next_mood(self) -> Mood:
        """How to behave to the message that comes now."""
        now = self.mood
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.behave("kind")
        return now

    def keep(self, content: bytes, kind: Literal["eml", "json"]) -> int:
        """Write a message down; answers its number."""
        number = self._kept[-1].number + 1 if self._kept else 1
        path = self.folder / f"{number:06}.{kind}"
        path.write_bytes(content)
        self._kept.append(_read(path))
        return number

    def messages(self) -> list[Kept]:
        """Newest first."""
        times = Counter(each.id for each in self._kept)
        return [Kept(**{**vars(each), "times": times[each.id]}) for each in reversed(self._kept)]

    def find(self, number: int) -> Kept | None:
        return next((each for each in self.messages() if each.number == number), None)

    def file(self, kept: Kept, which: int) -> tuple[str, str, bytes] | None:
        """(name, media type, content) of a message's file."""
        if kept.way == "sms" or which not in range(len(kept.files)):
            return None
        part = list(_parsed(self.folder / f"{kept.number:06}.eml").iter_attachments())[which]
        return kept.files[which], part.get_content_type(), cast(bytes, part.get_payload(decode=True))


def _parsed(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _read(path: Path) -> Kept:
    came_at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    if path.suffix == ".json":
        said = json.loads(path.read_bytes())
        return Kept(int(path.stem), "sms", came_at, said["to"], "", said["text"], said["id"])
    mail = _parsed(path)
    body = mail.get_body(("plain",))
    return Kept(
        int(path.stem),
        "email",
        came_at,
        str(mail["to"] or ""),
        str(mail["subject"] or ""),
        body.get_content() if body else "",
        str(mail["message-id"] or path.name),
        tuple(each.get_filename() or "?" for each in mail.iter_attachments()),
    )


class _Catcher:
    """What aiosmtpd asks at each step of a delivery; its names are aiosmtpd's."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        match self.mailbox.next_mood():
            case "refuse":
                return "550 5.1.1 There is no such recipient"
            case "busy":
                return "451 4.3.2 Too busy, try again later"
            case "slow":
                await asyncio.sleep(self.mailbox.slowness)
            case "lose":
                self.mailbox.keep(cast(bytes, envelope.content), "eml")
                cast(asyncio.Transport, server.transport).abort()
                return "421 4.4.2 gone"
        number = self.mailbox.keep(cast(bytes, envelope.content), "eml")
        return f"250 2.0.0 kept as {number}"


class _Site:
    """The pages, and the SMS gateway."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.add_routes(
            [
                web.get("/", self.front),
                web.get("/messages.json", self.messages),
                web.get(r"/messages/{number:\d{1,9}}", self.message),
                web.get(r"/messages/{number:\d{1,9}}/{which:\d{1,3}}", self.file),
                web.post("/mood", self.behave),
                web.post("/sms", self.sms),
                web.post("/language", self.language),
                web.get("/readyz", self.ready),
                web.static("/static", layout.SHARED / "static"),
            ]
        )
        return app

    async def front(self, request: web.Request) -> web.Response:
        shown = self.mailbox.messages()[:SHOWN]
        return self._page(request, "mailbox.html", messages=shown, mood=self.mailbox.mood, left=self.mailbox.left)

    async def messages(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(each) for each in self.mailbox.messages()], dumps=_json)

    async def message(self, request: web.Request) -> web.Response:
        return self._page(request, "message.html", message=self._named(request))

    async def file(self, request: web.Request) -> web.Response:
        """A file of a message. Only a PDF is shown; anything else is saved, for nobody knows who wrote it."""
        found = self.mailbox.file(self._named(request), int(request.match_info["which"]))
        if not found:
            raise web.HTTPNotFound
        name, kind, content = found
        shown = kind == "application/pdf"
        headers = {
            "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}",
            "x-content-type-options": "nosniff",
        }
        return web.Response(body=content, content_type=kind if shown else "application/octet-stream", headers=headers)

    async def behave(self, request: web.Request) -> web.Response:
        asked = await request.post()
        times = str(asked.get("times", ""))
        if (mood := asked.get("mood")) not in MOODS or not (times == "" or (times.isdecimal() and int(times) > 0)):
            raise web.HTTPUnprocessableEntity(text=f"mood: {', '.join(MOODS)}; times: 1 or more, or nothing")
        self.mailbox.behave(mood, int(times) if times else None)
        raise web.HTTPSeeOther("/")

    async def sms(self, request: web.Request) -> web.StreamResponse:
        """The contract of kernel.post.HttpSms."""
        try:
            said = await request.json()
            content = json.dumps({key: str(said[key]) for key in ("id", "to", "text")}, ensure_ascii=False).encode()
        except (ValueError, KeyError, TypeError):
            raise web.HTTPBadRequest(text="id, to and text are wanted, as JSON") from None
        match self.mailbox.next_mood():
            case "refuse":
                raise web.HTTPUnprocessableEntity(text="There is no such number")
            case "busy":
                raise web.HTTPServiceUnavailable(text="Too busy, try again later")
            case "slow":
                await asyncio.sleep(self.mailbox.slowness)
            case "lose":
                self.mailbox.keep(content, "json")
                if request.transport:
                    request.transport.close()
                return web.Response()
        return web.json_response({"id": f"mailbox-{self.mailbox.keep(content, 'json')}"})

    async def language(self, request: web.Request) -> web.Response:
        asked = await request.post()
        answer = web.HTTPSeeOther(layout.inside(str(asked.get("back", "/"))))
        if asked.get("lang") in ("vi", "en"):
            answer.set_cookie(layout.LANGUAGE_COOKIE, str(asked["lang"]), samesite="lax")
        raise answer

    async def ready(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    def _named(self, request: web.Request) -> Kept:
        found = self.mailbox.find(int(request.match_info["number"]))
        if not found:
            raise web.HTTPNotFound
        return found

    def _page(self, request: web.Request, template: str, **data: Any) -> web.Response:
        lang = "en" if request.cookies.get(layout.LANGUAGE_COOKIE) == "en" else "vi"
        html = layout.page(
            template, folder=PAGES, lang=lang, path=request.path, back=request.path, demo=True, moods=MOODS, **data
        )
        headers = {"content-security-policy": NOT_OURS, "cache-control": "no-store", "content-language": lang}
        return web.Response(text=html, content_type="text/html", headers=headers)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


@asynccontextmanager
async def opened(mailbox: Mailbox, smtp: tuple[str, int], http: tuple[str, int]) -> AsyncIterator[None]:
    """Serve a mailbox by SMTP and HTTP at two addresses (host, port). Raises Trouble where one of them is taken."""
    loop = asyncio.get_running_loop()
    catcher = _Catcher(mailbox)
    site = web.AppRunner(_Site(mailbox).app(), access_log=None, shutdown_timeout=1)
    await site.setup()
    try:
        try:
            server = await loop.create_server(
                lambda: SMTP(catcher, hostname="mailbox.localhost", ident="Motcua's mailbox", data_size_limit=LARGEST),
                *smtp,
            )
            await web.TCPSite(site, *http).start()
        except OSError as error:
            ports = " or ".join(f"{port} (held by {holder(port)})" for _, port in (smtp, http))
            raise Trouble(f"The mailbox can't listen on port {ports}: set MOTCUA_SMTP and MOTCUA_SMS.") from error
        async with server:
            yield
    finally:
        await site.cleanup()


def environment(port: int) -> dict[str, str]:
    """The settings of what sends to a mailbox with SMTP on this port, and its pages and SMS on the one above it."""
    return {
        "MOTCUA_SMTP": f"127.0.0.1:{port}",
        "MOTCUA_SMTP_SECURITY": "none",
        "MOTCUA_MAIL_FROM": "khong-tra-loi@motcua.example",
        "MOTCUA_SMS": f"http://127.0.0.1:{port + 1}/sms",
    }


def addresses(config: Settings) -> tuple[tuple[str, int], tuple[str, int]]:
    """Where what sends looks for the mail server and for the SMS gateway: the mailbox stands just there."""
    host, port = config.smtp.rsplit(":", 1)
    gateway = urlsplit(config.sms)
    return (host, int(port)), (gateway.hostname or "", gateway.port or 80)


async def _serve(folder: Path, config: Settings) -> None:
    async with opened(Mailbox(folder), *addresses(config)):
        await asyncio.Event().wait()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mailbox", description=__doc__)
    parser.add_argument("folder", type=Path, help="where messages are kept")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(given.folder, settings()))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
