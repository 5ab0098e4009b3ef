"""Processes of the bench: HTTP servers and the client that loads them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import msgspec

from bench.load import Connection

HOST = "127.0.0.1"
CONNECTIONS = 64
ROOT = Path(__file__).parent.parent


@asynccontextmanager
async def server(port: int, *arguments: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[None]:
    """Run `python -m …` until the block ends; it is ready when it listens on the port."""
    with TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments,
            cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            await _listening(process, port)
            yield
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-3_000:])
            raise
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _listening(process: asyncio.subprocess.Process, port: int) -> None:
    for _ in range(1_200):
        if process.returncode is not None:
            raise RuntimeError(f"a server ended at its start with {process.returncode}")
        try:
            (await Connection.open(HOST, port)).close()
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def bare(port: int) -> tuple[str, ...]:
    """Arguments of the bare FastAPI: uvicorn at its fastest, one process, as ours runs."""
    return (
        "uvicorn", "bench.bare:app", "--port", str(port), "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--lifespan", "off", "--log-level", "warning",
    )  # fmt: skip


async def load(port: int, requests: Sequence[bytes], wanted: int) -> float:
    """Send all from a process of its own; answers requests a second. Every answer must have the status `wanted`."""
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", HOST, str(port), str(CONNECTIONS),
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await client.communicate(msgspec.msgpack.encode(list(requests)))
    if client.returncode:
        raise RuntimeError("the load client failed")
    result = json.loads(printed)
    if result["statuses"] != {str(wanted): len(requests)}:
        raise RuntimeError(f"wanted {wanted} only, got {result['statuses']}: {result['example']}")
    return len(requests) / float(result["seconds"])
