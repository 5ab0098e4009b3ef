"""Documents by HTTP, to a gateway of the iOffice kind, which is polled.

The four calls and their answers are named as in the national exchange's kit (sendEdoc, getReceivedEdocList, getEdoc,
updateStatus; {"status": "OK" | "FAIL", "ErrorCode", "ErrorDesc"}); their paths and the sign-in are ours, for the kit
hides its own. A province's gateway that speaks otherwise needs one adapter with the four functions of
`kernel.edoc.exchange.Exchange`; see docs/document-exchange.md.

    POST sendEdoc            the message as application/xml; headers MessageType (edoc or status) and Idempotency-Key
    GET  getReceivedEdocList?messagetype=edoc    {"data": [{"docId": …}, …]}, what is not acknowledged
    GET  getEdoc?docId=…                         the message
    POST updateStatus        {"docId": …, "status": "done" | "fail"}

Every call says who asks (SystemId) and, where a key is set, Authorization: Bearer. 400, 404, 413, 415 and 422, and a
FAIL, mean never; a document that is there already is as good as sent; anything else means later. Nothing that a gateway
says is repeated but its numbers and codes: servers like to quote what they were sent.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx2

from kernel.edoc.message import LARGEST
from kernel.post import Refused, Unreachable

NEVER = frozenset((400, 404, 413, 415, 422))
THERE_ALREADY = frozenset(("M.Exist", "M.Exists"))
LATER = frozenset(("E.Server",))
MESSAGE_KINDS = frozenset(("application/xml", "text/xml", "application/octet-stream"))
LARGEST_ANSWER = 1 << 20  # bytes of anything but a message
_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Gateway:
    """One organisation's way through one gateway. Each call has a connection of its own and ends within `seconds`."""

    def __init__(self, url: str, organ_id: str, key: str = "", seconds: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._seconds = seconds
        self._tls = httpx2.create_ssl_context()  # once: reading the authorities' certificates takes longer than a call
        self._headers = {"systemid": organ_id} | ({"authorization": f"Bearer {key}"} if key else {})

    async def send(self, id: str, message: bytes, kind: str = "edoc") -> None:
        headers = {
            "content-type": "application/xml",
            "messagetype": kind,
            "idempotency-key": quote(id, safe=""),
        }
        await self._ask("POST", "sendEdoc", headers=headers, content=message)

    async def received(self) -> Sequence[str]:
        found: list[str] = []
        for kind in ("edoc", "status"):
            answer = await self._ask("GET", "getReceivedEdocList", params={"messagetype": kind})
            try:
                ids = [str(each["docId"]) for each in answer["data"]]
            except (KeyError, TypeError):
                raise Unreachable("the gateway's list can't be read") from None
            found.extend(id for id in ids if _ID.fullmatch(id))
        return found

    async def fetch(self, id: str) -> bytes:
        status, kind, content = await self._call("GET", "getEdoc", LARGEST, params={"docId": id})
        if status == 200 and kind in MESSAGE_KINDS:
            return content
        _judge(status, _json(content))
        raise Unreachable(
            "the gateway did not answer with a message"
        )  # such as a page of a proxy: not to be thrown away

    async def acknowledge(self, id: str, *, good: bool = True) -> None:
        await self._ask("POST", "updateStatus", json={"docId": id, "status": "done" if good else "fail"})

    async def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        status, _, content = await self._call(method, path, LARGEST_ANSWER, **more)
        answer = _json(content)
        _judge(status, answer)
        return answer

    async def _call(
        self, method: str, path: str, largest: int, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, str, bytes]:
        """Status, media type and body of an answer, read no further than `largest`."""
        said = self._headers | (headers or {})
        try:
            async with (
                asyncio.timeout(self._seconds),
                httpx2.AsyncClient(timeout=self._seconds, verify=self._tls) as client,
                client.stream(method, f"{self._url}/{path}", headers=said, **more) as answer,
            ):
                content = bytearray()
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > largest:
                        raise Refused("the gateway's answer is too large")
                kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
                return answer.status_code, kind, bytes(content)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:
            raise Unreachable(f"the gateway did not answer ({type(error).__name__})") from None


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _judge(status: int, answer: dict[str, Any]) -> None:
    """Raises what an answer means, unless it is good."""
    said = str(answer.get("ErrorCode", ""))
    code = said if _CODE.fullmatch(said) else ""
    if code in THERE_ALREADY and status < 500:
        return
    told = f"{status} {code}".strip()
    if status in NEVER:
        raise Refused(f"the gateway refused it: {told}")
    if 200 <= status < 300 and answer.get("status") == "OK":
        return
    if status == 200 and answer.get("status") == "FAIL" and code not in LATER:
        raise Refused(f"the gateway refused it: {told}")
    raise Unreachable(f"the gateway did not take it: {told}")
