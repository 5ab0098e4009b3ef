"""The HTTP client of the bench, as lean as Python allows: raw requests made beforehand, kept-alive connections, each
sending its next request when the last one is answered. A process of its own, so that it costs the server nothing.

    python -m bench.load HOST PORT CONNECTIONS < requests     (msgpack: a list of bytes) > result (JSON)
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

HEAD_END = b"\r\n\r\n"


def request(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a POST."""
    lines = {"Host": "bench", "Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    return "\r\n".join([f"POST {path} HTTP/1.1", *(f"{k}: {v}" for k, v in lines.items()), "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive connection: send a request, await the status and the body of its answer."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._buffer = b""

    @classmethod
    async def open(cls, host: str, port: int) -> "Connection":
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def send(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + size:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + size], b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server closed the connection"))

    def close(self) -> None:
        self._transport.close()


async def send_all(host: str, port: int, connections: int, requests: Sequence[bytes]) -> dict[str, Any]:
    """Send all, shared among the connections; answers the seconds it took and how often each status came."""
    left: Iterator[bytes] = iter(requests)
    statuses: Counter[int] = Counter()
    opened = [await Connection.open(host, port) for _ in range(connections)]
    example = b""

    async def caller(connection: Connection) -> None:
        nonlocal example
        for each in left:
            status, body = await connection.send(each)
            statuses[status] += 1
            if status >= 300:
                example = body

    started = time.perf_counter()
    await asyncio.gather(*(caller(each) for each in opened))
    seconds = time.perf_counter() - started
    for each in opened:
        each.close()
    return {"seconds": seconds, "statuses": dict(statuses), "example": example.decode(errors="replace")[:500]}


def main() -> None:
    import uvloop  # noqa: PLC0415

    host, port, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    requests = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[bytes])
    print(json.dumps(uvloop.run(send_all(host, port, connections, requests))))


if __name__ == "__main__":
    main()
