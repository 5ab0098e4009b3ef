"""The one-stop's counter as the demo's people use it: the public API, each answer checked, each surprise counted."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Collection
from types import TracebackType
from typing import Any

import aiohttp
import msgspec

from deploy.trouble import Trouble

CONNECTIONS = 32
TRIES = 5
OPERATOR = ("operator", "")

Who = tuple[str, str]  # role, unit
Answer = dict[str, Any]


class Unexpected(Exception):
    """An answer that nobody expected; it has been counted. The life that got it ends there."""


class Desk:
    """Requests to a service, as an anonymous citizen or as an officer of a unit. `surprises` counts what went wrong."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._tokens: dict[Who, asyncio.Future[str]] = {}
        self.sent = 0
        self.surprises: Counter[str] = Counter()

    async def __aenter__(self) -> "Desk":
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def say(
        self,
        path: str,
        body: Any = None,
        *,
        who: Who | None = None,
        key: str = "",
        tracking: str = "",
        fine: Collection[str] = (),
    ) -> Answer:
        """POST. `fine` are codes of problems that are answers too, to be looked for in `code`. Raises Unexpected."""
        headers = {"content-type": "application/json"}
        if who:
            headers["authorization"] = f"Bearer {await self._token(who)}"
        if key:
            headers["idempotency-key"] = key
        if tracking:
            headers["motcua-tracking"] = tracking
        status, raw = await self._send("POST", path, headers, b"" if body is None else msgspec.json.encode(body))
        found: Answer = self._checked(f"POST {_plain(path)}", status, raw, fine)
        return found

    async def upload(self, path: str, name: str, content: bytes, *, who: Who) -> Answer:
        """POST of a file as a form's. Raises Unexpected."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        headers = {"authorization": f"Bearer {await self._token(who)}"}
        self.sent += 1
        async with self._session.post(self._url + path, data=form, headers=headers) as answer:
            found: Answer = self._checked(f"POST {_plain(path)}", answer.status, await answer.read(), ())
            return found

    async def answer(self, token: str, answers: Answer) -> None:
        """Send a questionnaire's answers, as nobody. Raises Unexpected."""
        headers = {"content-type": "application/json", "motcua-invitation": token}
        status, raw = await self._send("POST", "/answers", headers, msgspec.json.encode(answers))
        self._checked("POST /answers", status, raw, ("invitation_used", "invitation_revoked", "invitation_expired"))

    async def questions(self, token: str) -> Answer:
        """What an invitation asks; {} where it opens nothing any more. Raises Unexpected."""
        status, raw = await self._send("GET", "/questionnaire", {"motcua-invitation": token}, b"")
        fine = ("invitation_used", "invitation_revoked", "invitation_expired")
        found: Answer = self._checked("GET /questionnaire", status, raw, fine)
        return found if "questions" in found else {}

    async def ask(self, path: str, *, who: Who | None = None) -> Any:
        """GET. Raises Unexpected."""
        headers = {"authorization": f"Bearer {await self._token(who)}"} if who else {}
        status, raw = await self._send("GET", path, headers, b"")
        return self._checked(f"GET {_plain(path)}", status, raw, ())

    async def read(self, path: str) -> str:
        """GET of what is no JSON."""
        return (await self._send("GET", path, {}, b""))[1].decode()

    async def pretend(self, now: dt.datetime | None) -> None:
        """Tell the service what time it is; None: the real one."""
        await self.say("/demo/clock", {"now": now})

    async def _token(self, who: Who) -> str:
        if who not in self._tokens:
            self._tokens[who] = asyncio.ensure_future(self._login(*who))
        return await self._tokens[who]

    async def _login(self, role: str, unit: str) -> str:
        status, raw = await self._send("POST", f"/demo/login/{role}?unit={unit}", {}, b"")
        if status == 404:
            raise Trouble(f"{self._url} is not in demo mode: start it with `motcua demo`.")
        return str(self._checked("POST /demo/login", status, raw, ())["token"])

    async def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """An answer, however often it has to be asked for: keys make that harmless."""
        reason = ""
        for attempt in range(TRIES):
            self.sent += 1
            try:
                async with self._session.request(method, self._url + path, headers=headers, data=body) as answer:
                    raw = await answer.read()
                    if answer.status != 503:
                        return answer.status, raw
                    reason = "it says that it is not ready"
            except (aiohttp.ClientError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            await asyncio.sleep(0.2 * 2**attempt)
        raise Trouble(f"Nobody answers at {self._url} ({reason}): read the service's log, then start the demo again.")

    def _checked(self, what: str, status: int, raw: bytes, fine: Collection[str]) -> Any:
        answer = msgspec.json.decode(raw) if raw else {}
        if status < 300 or answer.get("code") in fine:
            return answer
        self.surprises[f"{what}: {status} {answer.get('code', '')} {answer.get('detail', '')}"] += 1
        raise Unexpected(next(reversed(self.surprises)))


def _plain(path: str) -> str:
    """The path without what names one dossier."""
    parts = path.split("?", maxsplit=1)[0].split("/")
    return "/".join("{id}" if len(part) == 36 else part for part in parts)
