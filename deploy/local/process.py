"""Processes that must outlive a Ctrl-C of whoever started them, so that they can be stopped in order."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from deploy.trouble import Trouble

Progress = Callable[[str, int, int], None]  # (what is being done, how much is done, of how much or 0)
TICK = 0.02
ENOUGH = 1 << 30  # bytes that must be free before anything is started

_children: list[subprocess.Popen[bytes]] = []  # kept so that Python does not warn of children it no longer knows


def silent(what: str, done: int, of: int) -> None:
    """No progress is shown."""


def spawn(command: Sequence[str | Path], log: Path, mark: Path, how: str, **options: Any) -> None:
    """Start a program in a session of its own, its output in `log` (the run before is kept as .1).

    `mark` remembers its pid and `how` it was started, for whoever looks for it later, in this process or another.
    """
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))
    with log.open("wb") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, **options
        )
    _children.append(child)
    remember(mark, child.pid, how)


def remember(mark: Path, pid: int, how: str) -> None:
    mark.write_text(f"{pid} {psutil.Process(pid).create_time()} {how}", encoding="ascii")


def running(mark: Path) -> tuple[int, str] | None:
    """(pid, how it was started) of what a mark remembers. Pids are reused, so the time of its start must match."""
    try:
        number, born, how = mark.read_text(encoding="ascii").split(" ", 2)
        same = abs(psutil.Process(int(number)).create_time() - float(born)) < 1
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return (int(number), how) if same and alive(int(number)) else None


def alive(pid: int) -> bool:
    """A zombie is dead, whoever forgot to collect it, but only when its last thread has let go of its ports."""
    for child in reversed(_children):
        if child.pid == pid:
            return child.poll() is None
    try:
        each = psutil.Process(pid)
        return bool(each.status() != psutil.STATUS_ZOMBIE or each.num_threads() > 1)
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; answers whether it did in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(TICK)
    return True


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    try:
        return [pid, *(each.pid for each in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def send(pid: int, sig: int, *, seconds: float) -> bool:
    """Signal a process and wait until it and its children are gone; answers whether they are."""
    pids = family(pid)
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return True
    return wait_until(lambda: not any(alive(each) for each in pids), seconds)


def end(pid: int, sig: int, *, seconds: float = 30) -> None:
    """Ask a process to end, and end it by force where it does not listen."""
    if not send(pid, sig, seconds=seconds):
        send(pid, signal.SIGKILL, seconds=10)


def tail(log: Path, lines: int = 5) -> str:
    """The last lines that a program wrote, for an error's second part."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def died(name: str, log: Path, state: Path) -> Trouble:
    """Why a program ended at its start, with the usual causes told apart."""
    said = tail(log, 40)
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return Trouble(f"The disk is full at {state}: free at least 1 GB there, or choose another folder with --state.")
    if "Address already in use" in said:
        return Trouble(f"{name} found its port taken: stop the program that holds it, or choose another port.")
    return Trouble(f"{name} ended at its start; read {log} for the reason, which ends with:\n{tail(log)}")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def holder(port: int) -> str:
    """Who listens on a port, as far as this user may know."""
    try:
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port and each.pid:
                return f"{psutil.Process(each.pid).name()}, process {each.pid}"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return "another program"


def listens(pid: int, port: int) -> bool:
    """Whether this process listens on a port; True where this user may not know."""
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in found)


def check_port(port: int, option: str) -> None:
    if not is_free(port):
        raise Trouble(f"Port {port} is taken by {holder(port)}: stop it, or choose another port with {option}.")


def check_disk(state: Path) -> None:
    """Refuse early: a database that runs out of space while it starts says so in many words."""
    state.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(state).free
    if free < ENOUGH:
        raise Trouble(
            f"Only {free // 1_000_000} MB are free at {state}: free at least 1 GB there,"
            " or choose another folder with --state."
        )
