"""Kafka's jars: which ones, with their hashes, in kafka.lock; fetched by jgo, so no address is written here.

The lock leaves out what only Kafka Connect needs. After changing KAFKA run `python -m deploy.local.jars` and commit
the new lock.
"""

import fcntl
import hashlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from deploy.local.process import Progress, silent
from deploy.trouble import Trouble

KAFKA = "4.3.1"
WANTED = (
    f"org.apache.kafka:kafka_2.13:{KAFKA}",
    f"org.apache.kafka:kafka-tools:{KAFKA}",
    "org.slf4j:slf4j-simple:1.7.36",
)
CONNECT = ("org.glassfish.", "org.eclipse.jetty", "jakarta.", "javax.", "com.sun.", "org.javassist",
           "io.swagger", "io.github.classgraph", "org.codehaus.plexus", "org.apache.maven",
           "org.apache.kafka:connect-", "com.fasterxml.jackson.jakarta", "com.fasterxml.jackson.module")  # fmt: skip
LOCK = Path(__file__).with_name("kafka.lock")


def locked() -> dict[str, str]:
    """Coordinates and the SHA-256 each jar must have."""
    lines = LOCK.read_text(encoding="ascii").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def path_of(folder: Path, coordinate: str) -> Path:
    _, artifact, version = coordinate.split(":")
    return folder / f"{artifact}-{version}.jar"


def missing(folder: Path) -> list[str]:
    return [coordinate for coordinate in locked() if not path_of(folder, coordinate).exists()]


def fetch(folder: Path, progress: Progress = silent) -> Path:
    """Every jar of the lock in `folder`, each verified before it gets its name there. Who comes while another process
    fetches waits for it: half a download of somebody else's would be taken for a wrong file."""
    if not missing(folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _fetch_missing(folder, progress)


def _fetch_missing(folder: Path, progress: Progress) -> Path:
    todo, hashes = missing(folder), locked()
    cache = folder / "download"
    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(_fetch, each, hashes[each], cache, path_of(folder, each)) for each in todo]
        try:
            for done, job in enumerate(as_completed(jobs)):
                job.result()
                progress(f"fetching Kafka {KAFKA}", done + 1, len(jobs))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    shutil.rmtree(cache, ignore_errors=True)
    return folder


def _fetch(coordinate: str, sha256: str, cache: Path, to: Path) -> None:
    import requests  # noqa: PLC0415 - jgo's own client; only a first start needs it

    try:
        got: Path = _artifact(coordinate, cache).resolve()
    except (requests.RequestException, RuntimeError) as error:
        raise Trouble(
            f"Kafka's file {to.name} could not be fetched ({type(error).__name__}): check the network connection"
            " or the proxy settings, then start again."
        ) from error
    if hashlib.sha256(got.read_bytes()).hexdigest() != sha256:
        got.unlink()
        raise Trouble(
            f"Kafka's file {to.name} is not the one in kafka.lock: start again; if it stays so, do not trust it."
        )
    got.replace(to)


def _artifact(coordinate: str, cache: Path) -> Any:
    from jgo.maven import MavenContext  # noqa: PLC0415 - slow to import, and only a first start needs it

    group, artifact, version = coordinate.split(":")
    context = MavenContext(repo_cache=cache, local_repos=[], timeout=60)
    return context.project(group, artifact).at_version(version).artifact()


def relock(cache: Path) -> list[str]:
    """Resolve WANTED anew: the lines of the lock."""
    from jgo.maven import Dependency  # noqa: PLC0415

    inputs = [Dependency(_artifact(each, cache)) for each in WANTED]
    found = inputs[0].artifact.context.resolver.resolve(inputs)
    lines = []
    for each in (dependency for group in found for dependency in group):
        coordinate = f"{each.groupId}:{each.artifactId}:{each.version}"
        if not coordinate.startswith(CONNECT):
            lines.append(f"{coordinate} {hashlib.sha256(each.artifact.resolve().read_bytes()).hexdigest()}")
    return sorted(lines)


if __name__ == "__main__":
    LOCK.write_text("\n".join(relock(Path(sys.argv[1]))) + "\n", encoding="ascii")
