"""The import laws hold, and would be missed if they were broken: each is broken on purpose in a copy of the tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "kernel", "services", "deploy", "bench")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static", "fonts"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def judged(tree: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.'); {command}", "--no-cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tree_keeps_its_laws(copy: Path) -> None:
    found = judged(copy)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("path", "line", "law"),
    [
        ("kernel/clock.py", "import services.intake.app", "services → kernel → schemas"),
        ("schemas/people.py", "import kernel.clock", "services → kernel → schemas"),
        ("services/reporting/api.py", "import services.intake.projection", "no service knows another"),
        ("services/intake/domain/visit.py", "import asyncpg", "the middle is pure"),
        ("services/intake/domain/when.py", "import time", "the middle is pure"),
        ("services/intake/projection/unit.py", "import random", "the middle is pure"),
        ("kernel/decider.py", "import asyncio", "the middle is pure"),
        ("services/intake/domain/unit.py", "import services.intake.projection", "inside a service"),
        ("services/intake/api/unit.py", "import services.intake.pages", "inside a service"),
        ("services/intake/policy.py", "import services.intake.projection", "inside a service"),
    ],
)
def test_a_broken_law_is_caught(copy: Path, path: str, line: str, law: str) -> None:
    broken = copy / path
    broken.write_text(f"{broken.read_text(encoding='utf-8')}\n{line}  # noqa\n", encoding="utf-8")
    found = judged(copy)
    assert found.returncode != 0
    assert any(law in each and "BROKEN" in each for each in found.stdout.splitlines()), found.stdout


def test_a_stray_room_in_a_service_is_caught(copy: Path) -> None:
    (copy / "services/intake/helpers.py").write_text('"""A stray."""\n', encoding="utf-8")
    assert judged(copy).returncode != 0
