"""`make`, as a newcomer meets it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = ["demo", "test", "check", "bench", "clean"]


def make(folder, *arguments, path=None):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    if path:
        environment["PATH"] = path
    return subprocess.run(
        [shutil.which("make"), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def clone(tmp_path):
    """Only what the set-up reads."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_alone_it_prints_its_targets_and_does_nothing(clone):
    said = make(clone)
    assert said.returncode == 0
    assert set(TARGETS) <= set(re.findall(r"^make (\w+) +\w", said.stdout, re.MULTILINE))
    assert not (clone / ".venv").exists()


def test_an_old_python_is_refused_in_one_sentence(clone):
    old = program(clone, "old", 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac')
    said = make(clone, "demo", f"PYTHON={old}")
    assert said.returncode != 0
    first = said.stderr.splitlines()[0]
    assert re.fullmatch(
        r"Motcua needs Python 3\.11 or newer, and .* is Python 3\.9\.2: install .* make PYTHON=.*", first
    )
    assert not (clone / ".venv").exists()


def test_a_missing_python_is_told_in_one_sentence(clone):
    said = make(clone, "demo", "PYTHON=no-such-python")
    assert said.stderr.splitlines()[0].startswith("no-such-python was not found: install Python 3.11 or newer")


def test_an_unreachable_registry_is_told_and_nothing_is_taken_for_done(clone):
    (clone / ".venv" / "bin").mkdir(parents=True)
    program(clone / ".venv" / "bin", "python", 'case "$*" in *--version*) exit 0 ;; *) exit 1 ;; esac')
    said = make(clone, "setup")
    assert said.returncode != 0
    assert "could not be installed" in said.stderr and "check the network" in said.stderr
    assert not (clone / ".venv" / ".ready").exists()


def test_set_up_is_done_once(clone):
    (clone / ".venv" / "bin").mkdir(parents=True)
    program(clone / ".venv" / "bin", "python", f"echo python >> {clone}/calls")
    program(clone / ".venv" / "bin", "motcua", f"echo motcua $1 >> {clone}/calls")
    assert make(clone, "demo").returncode == 0
    calls = (clone / "calls").read_text().split("\n")
    assert calls[-2] == "motcua demo" and calls.count("python") >= 2
    (clone / "calls").unlink()
    assert make(clone, "demo").returncode == 0
    assert (clone / "calls").read_text() == "motcua demo\n"


def test_the_locks_pin_every_package_with_hashes_and_name_no_address():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text and "--index" not in text
        for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
            assert re.match(r"[\w.\[\]-]+==", block) and "--hash=sha256:" in block, block.splitlines()[0]
