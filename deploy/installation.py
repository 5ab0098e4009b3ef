"""One local installation: its state folder, its secrets and the settings that its processes get."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from deploy.local import ground as local
from deploy.local.ground import Ground
from deploy.trouble import Trouble

SETTINGS = "settings.json"


def environment(ground: Ground, *, demo: bool, ports: dict[str, int]) -> dict[str, str]:
    """What a service process of this installation is given."""
    return {
        "MOTCUA_POSTGRES": ground.postgres,
        "MOTCUA_POSTGRES_PASSWORD": ground.password,
        "MOTCUA_KAFKA": ground.kafka,
        "MOTCUA_SESSION_KEY": local.secret(ground.state, "session_key"),
        "MOTCUA_VAULT_KEY": local.secret(ground.state, "vault_key"),
        "MOTCUA_TRACKING_KEY": local.secret(ground.state, "tracking_key"),
        "MOTCUA_BLOBS": str(ground.state / "blobs"),
        "MOTCUA_PORTS": json.dumps(ports),
        "MOTCUA_DEMO": str(demo).lower(),
    }


def save(ground: Ground, settings: dict[str, str]) -> None:
    """Remember the settings, secrets included, so that later commands find this installation."""
    path = ground.state / "secrets" / SETTINGS
    path.touch(0o600)
    path.write_text(json.dumps(settings), encoding="utf-8")


def use(state: Path) -> None:
    """Work on the installation in a state folder, unless the environment already names another."""
    if "MOTCUA_POSTGRES" in os.environ:
        return
    try:
        saved = json.loads((state / "secrets" / SETTINGS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Trouble(
            f"No installation is known in {state}: run `motcua demo` or `motcua up` first, or set MOTCUA_POSTGRES."
        ) from None
    os.environ.update({**saved, **os.environ})


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold a state folder: two supervisors of one cluster would stop it under each other."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Trouble(
                f"Motcua already runs from {state} (process {lock.read() or 'unknown'}):"
                " stop it there with Ctrl-C, or choose another folder with --state."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
