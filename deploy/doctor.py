"""Whether this machine has what Motcua needs, told item by item with what to do."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import psutil

from deploy.local import jars, kafka, postgres, process
from deploy.trouble import Trouble

MEMORY = 2 << 30


class Finding(NamedTuple):
    """One line of the doctor's table. `later` means: not here yet, and comes by itself at the first start."""

    item: str
    status: Literal["ok", "later", "wrong"]
    found: str


def examine(state: Path, ports: dict[str, int], *, bundled: bool) -> list[Finding]:
    """Look at everything; nothing is changed."""
    return [
        _python(),
        _try("java", lambda: _java(bundled)),
        _try("postgresql", lambda: _postgres(state, bundled)),
        _jars(state),
        *(_port(name, port, state) for name, port in ports.items()),
        _state(state),
        _disk(state),
        _memory(),
    ]


def _try(item: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(item, "ok", look())
    except Trouble as trouble:
        return Finding(item, "wrong", str(trouble))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    new = sys.version_info >= (3, 11)
    return Finding("python", "ok" if new else "wrong", f"{version}{'' if new else ': install Python 3.11 or newer.'}")


def _java(bundled: bool) -> str:
    java = kafka.find_java(bundled)
    return f"{kafka.java_version(java)} at {java}"


def _postgres(state: Path, bundled: bool) -> str:
    at = state / "postgres" / "data"
    programs = postgres.choose(bundled, at)
    user = postgres.lent_to()
    return f"{postgres.version(programs)} at {programs}" + (f", run as {user.pw_name}" if user else "")


def _jars(state: Path) -> Finding:
    lacking = jars.missing(state.parent / "kafka-jars")
    if lacking:
        return Finding("kafka", "later", f"{len(lacking)} of {len(jars.locked())} files are fetched at the first start")
    return Finding("kafka", "ok", f"{jars.KAFKA} in {state.parent / 'kafka-jars'}")


def _port(name: str, port: int, state: Path) -> Finding:
    if process.is_free(port):
        return Finding(f"port {port}", "ok", f"free for {name}")
    marks = {"postgres": state / "postgres.pid", "kafka": state / "kafka" / "pid"}
    mine = process.running(marks.get(name, state / "services" / f"{name}.pid"))
    if mine and process.listens(mine[0], port):
        return Finding(f"port {port}", "ok", f"used by our own {name}, process {mine[0]}")
    holder = process.holder(port)
    return Finding(f"port {port}", "wrong", f"wanted by {name} and taken by {holder}: stop it, or choose another port.")


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.resolve().parents) if each.is_dir())


def _state(state: Path) -> Finding:
    place = _existing(state)
    if os.access(place, os.W_OK):
        return Finding("state", "ok", str(state))
    return Finding("state", "wrong", f"{place} may not be written: choose another folder with --state.")


def _disk(state: Path) -> Finding:
    free = shutil.disk_usage(_existing(state)).free
    if free >= process.ENOUGH:
        return Finding("disk", "ok", f"{free / 1e9:.0f} GB free")
    return Finding("disk", "wrong", f"only {free // 1_000_000} MB free: free at least 1 GB, or choose another --state.")


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    enough = free >= MEMORY
    return Finding(
        "memory", "ok" if enough else "wrong", f"{free / 1e9:.1f} GB free" + ("" if enough else ": 2 GB are needed.")
    )
