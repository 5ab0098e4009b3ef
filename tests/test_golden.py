"""Event names and shapes are storage. Each version of each event has a golden sample, schemas/golden/<type>.v<n>.json,
made once and never edited: what was written then must be read now, and say the same.

Within a version only optional fields with a default may be added. Anything else fails here: raise the version, write
one upcaster, add one sample (the failing test prints it)."""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

import schemas
from deadlines import samples as deadlines
from intake import samples as intake
from schemas.event import Event, Personal, decode, encode, known
from surveys import samples as surveys
from surveys import samples_campaign as campaigns
from transfers import samples as transfers

GOLDEN = Path(schemas.__file__).parent / "golden"
for module in pkgutil.iter_modules(schemas.__path__):
    importlib.import_module(f"schemas.{module.name}")
TYPES = {name: cls for name, cls in known().items() if cls.__module__.startswith("schemas.")}
FILES = sorted(GOLDEN.glob("*.json"))


def lost(was: Any, now: Any, where: str = "") -> list[str]:
    """What of `was` is not in `now`: keys may be added, none may go, and what stays must say the same."""
    match was, now:
        case dict(), dict():
            gone = [f"{where}.{key}" for key in was if key not in now]
            return gone + [each for key in was if key in now for each in lost(was[key], now[key], f"{where}.{key}")]
        case list(), list() if len(was) == len(now):
            return [e for n, (a, b) in enumerate(zip(was, now, strict=True)) for e in lost(a, b, f"{where}[{n}]")]
        case _:
            return [] if was == now else [f"{where}: {was!r} became {now!r}"]


def added(was: Any, cls: type[Event]) -> list[str]:
    """Fields of the class that the sample lacks and that are not optional."""
    return [each.encode_name for each in msgspec.structs.fields(cls) if each.encode_name not in was and each.required]


@pytest.mark.parametrize("path", FILES, ids=lambda each: each.stem)
def test_what_was_written_is_read_and_says_the_same(path: Path):
    type, _, version = path.stem.rpartition(".v")
    assert type in TYPES, "an event was renamed or is gone; its name is storage"
    cls, written = TYPES[type], path.read_bytes()
    assert int(version) <= cls.version
    event = decode(type, int(version), written)
    if int(version) == cls.version:
        was = json.loads(written)
        assert added(was, cls) == [], "a new field without a default: raise the version"
        assert lost(was, json.loads(encode(event))) == [], "the shape changed: raise the version"


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_version_of_every_event_has_its_sample(name: str):
    missing = [n for n in range(1, TYPES[name].version + 1) if not (GOLDEN / f"{name}.v{n}.json").exists()]
    assert missing == [], f"save schemas/golden/{name}.v{TYPES[name].version}.json:\n{sample(name)}"


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_sample_leaves_no_field_of_today_unsaid(name: str):
    """A field that the sample lacks is guarded by nothing: what is added later is added to the sample of its version
    only by a new version, so only fields with a default may be missing."""
    path = GOLDEN / f"{name}.v{TYPES[name].version}.json"
    assert added(json.loads(path.read_text("utf-8")), TYPES[name]) == []


def test_the_guard_sees_each_kind_of_change():
    was = {"a": 1, "b": {"c": [1, 2]}}
    assert lost(was, {**was, "new": 0}) == []
    assert lost(was, {"b": {"c": [1, 2]}}) == [".a"]
    assert lost(was, {"a": 1, "b": {"c": [1]}}) == [".b.c: [1, 2] became [1]"]
    assert lost(was, {"a": "1", "b": {"c": [1, 2]}}) == [".a: 1 became '1'"]


def sample(name: str) -> str:
    """A sample as it is kept: personal values as the kernel would have sealed them."""
    event = (
        intake.all_events()
        | deadlines.all_events()
        | transfers.all_events()
        | surveys.all_events()
        | campaigns.all_events()
    )[name]
    sealed = {
        each: Personal(subject=value.subject, sealed=b"sealed under this subject's key")
        for each in event.__struct_fields__
        if isinstance(value := getattr(event, each), Personal)
    }
    data = json.loads(encode(msgspec.structs.replace(event, **sealed)))
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
