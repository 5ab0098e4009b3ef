"""The command: what it says, how it fails, and that everything it starts it also ends."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy import installation, supervisor
from deploy.doctor import examine
from deploy.local import process
from deploy.trouble import Trouble

MOTCUA = [sys.executable, "-m", "deploy.cli"]
ROOT = Path(__file__).parents[2]
COMMANDS = [
    "up",
    "demo",
    "run",
    "doctor",
    "rebuild",
    "contracts",
    "bench",
    "remove",
    "db migrate",
    "topics apply",
    "parked list",
    "parked replay",
]


def motcua(*arguments, **environment):
    plain = {"NO_COLOR": "1", "COLUMNS": "200", "TERM": "dumb", **environment}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    return subprocess.run(
        [*MOTCUA, *arguments], cwd=ROOT, env={**kept, **plain}, capture_output=True, text=True, check=False
    )


def test_help_is_quick_and_names_every_command():
    start = time.monotonic()
    said = motcua("--help")
    assert said.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command.split()[0]}\b", said.stdout)
    assert time.monotonic() - start < 5, "an import that belongs into a command has moved to the top"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command):
    assert "Example:" in motcua(*command.split(), "--help").stdout


def test_the_command_imports_nothing_heavy_before_it_is_needed():
    heavy = {"faust", "fastapi", "aiokafka", "asyncpg", "typst", "openpyxl", "kernel.web"}
    code = "import sys, deploy.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not heavy & set(loaded.split())


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["run", "nothing"], {}, r"There is no service nothing: choose one of intake"),
        (
            ["run", "intake"],
            {"MOTCUA_SESSION_KEY": "s" * 16, "MOTCUA_TRACKING_KEY": "short"},
            r"MOTCUA_TRACKING_KEY is missing or shorter than 32 characters: set it to a long random text",
        ),
        (["db", "migrate", "--state", "nowhere"], {}, r"No installation is known in nowhere: run `motcua demo`"),
        (["db", "migrate"], {"MOTCUA_POSTGRES": "127.0.0.1:1"}, r"PostgreSQL does not answer at 127.0.0.1:1: start it"),
        (
            ["topics", "apply"],
            {"MOTCUA_POSTGRES": "x", "MOTCUA_KAFKA": "127.0.0.1:1"},
            r"Kafka does not answer at 127.0.0.1:1: start it",
        ),
        (["remove", "--state", "nowhere"], {}, r"nowhere does not exist: name the folder with --state"),
        (["up", "--state", "/dev/null/x"], {}, r"/dev/null/x can't be a folder"),
    ],
)
def test_what_a_person_can_put_right_is_one_sentence(arguments, environment, sentence):
    said = motcua(*arguments, **environment)
    assert said.returncode == 1
    assert re.match(sentence, said.stderr), said.stderr
    assert "Traceback" not in said.stderr and said.stderr.count("\n") == 1


def test_doctor_tells_a_taken_port_and_exits_with_1(free_ports):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_ports[0]))
        taken.listen()
        said = motcua("doctor", "--json", "--postgres-port", str(free_ports[0]))
    assert said.returncode == 1
    wrong = [
        each
        for each in json.loads(said.stdout)
        if each["status"] == "wrong" and each["item"].endswith(str(free_ports[0]))
    ]
    assert wrong and "stop it" in wrong[0]["found"]


def test_doctor_takes_a_port_for_ours_only_where_our_program_listens_on_it(free_ports, tmp_path):
    with socket.socket() as taken, subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as idle:
        taken.bind(("127.0.0.1", free_ports[0]))
        taken.listen()
        mark = tmp_path / "postgres.pid"
        ports = {"postgres": free_ports[0]}
        process.remember(mark, idle.pid, "postgres")
        assert "stop it" in port_line(tmp_path, ports)
        process.remember(mark, os.getpid(), "postgres")
        assert "our own postgres" in port_line(tmp_path, ports)


def port_line(state, ports):
    return next(each.found for each in examine(state, ports, bundled=False) if each.item.startswith("port"))


def test_a_state_folder_has_one_master(tmp_path):
    said = pytest.raises(Trouble, match=f"already runs from .*process {os.getpid()}")
    with installation.alone(tmp_path), said, installation.alone(tmp_path):
        pass


# --- the supervisor, with services of a few lines --------------------------------------------------------------------

SERVICE = """
import http.server, os, signal, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
signal.signal(signal.SIGTERM, lambda *_: (print("good bye", flush=True), os._exit(0)))
print("hello", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


async def supervised(tmp_path, port, work, *, command=None, others=tuple):
    said = []
    await supervisor.supervise(
        {"intake": f"http://127.0.0.1:{port}"},
        command or (lambda _: [sys.executable, "-c", SERVICE, str(port)]),
        {},
        tmp_path,
        show=lambda name, line: said.append((name, line)),
        others=others,
        work=work,
    )
    return said


async def test_services_are_ready_before_work_begins_and_end_when_told(tmp_path, free_ports):
    pids = []

    async def work():
        pids.append(int((tmp_path / "intake.pid").read_text().split()[0]))
        assert psutil.pid_exists(pids[0])
        os.kill(os.getpid(), signal.SIGTERM)

    said = await supervised(tmp_path, free_ports[0], work)
    assert said == [("intake", "hello"), ("intake", "good bye")]
    assert not psutil.pid_exists(pids[0])
    assert (tmp_path / "intake.log").read_text() == "hello\ngood bye\n"


async def test_a_service_that_dies_is_named_with_its_last_lines(tmp_path, free_ports):
    async def work():
        os.kill(int((tmp_path / "intake.pid").read_text().split()[0]), signal.SIGKILL)
        await asyncio.Event().wait()

    with pytest.raises(Trouble, match=r"(?s)intake was ended by signal SIGKILL; everything was stopped.*hello"):
        await supervised(tmp_path, free_ports[0], work)


async def test_a_service_that_never_starts_is_told_at_once(tmp_path, free_ports):
    with pytest.raises(Trouble, match=r"(?s)intake ended with code 3;.*no such thing"):
        await supervised(
            tmp_path,
            free_ports[0],
            work=asyncio.Event().wait,
            command=lambda _: [sys.executable, "-c", "import sys; print('no such thing'); sys.exit(3)"],
        )


async def test_it_stops_when_what_it_stands_on_is_gone(tmp_path, free_ports):
    with pytest.raises(Trouble, match="kafka is gone; everything was stopped"):
        await supervised(tmp_path, free_ports[0], asyncio.Event().wait, others=lambda: ["kafka"])
    assert not (tmp_path / "intake.pid").exists()


async def test_a_service_left_by_a_killed_supervisor_is_replaced(tmp_path, free_ports):
    left = subprocess.Popen([sys.executable, "-c", SERVICE, str(free_ports[0])], start_new_session=True)  # noqa: ASYNC220 - outlives this
    (tmp_path / "intake.pid").write_text(f"{left.pid} {psutil.Process(left.pid).create_time()} intake")

    async def work():
        os.kill(os.getpid(), signal.SIGINT)

    await supervised(tmp_path, free_ports[0], work)
    assert left.wait(5) in (0, -signal.SIGTERM)
