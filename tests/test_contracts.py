"""What is published of the events is true: it is what the program says today, and what it ever wrote fits it."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from deploy.contracts import GOLDEN, PUBLISHED, contracts, publish
from deploy.trouble import Trouble
from kernel.vault import personal_fields
from kernel.wire import headers
from schemas.event import known

SAMPLES = sorted(GOLDEN.glob("*.json"))
DOCUMENTS = sorted(PUBLISHED.glob("*.asyncapi.json"))
ASYNCAPI = Path(__file__).parent / "vendor" / "asyncapi-3.0.0.json"


def published(name: str):
    return json.loads((PUBLISHED / name).read_text("utf-8"))


def faults(schema, data) -> list[str]:
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    return [each.message for each in validator.iter_errors(data)]


def test_what_is_published_is_what_the_program_says_today():
    assert publish(dry_run=True) == [], "run `motcua contracts` and commit schemas/published"
    assert {each.name for each in PUBLISHED.iterdir()} == set(contracts()), "nothing else is there"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda each: each.stem)
def test_what_was_ever_written_fits_its_schema(path: Path):
    assert faults(published(path.name), json.loads(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda each: each.stem)
def test_what_lacks_a_field_or_says_it_wrongly_does_not_fit(path: Path):
    schema, sample = published(path.name), json.loads(path.read_text("utf-8"))
    for name in schema["required"]:
        assert faults(schema, {key: value for key, value in sample.items() if key != name})
        assert faults(schema, sample | {name: [None]})


@pytest.mark.parametrize("path", SAMPLES, ids=lambda each: each.stem)
def test_a_time_without_its_zone_does_not_fit(path: Path):
    written = path.read_text("utf-8")
    for moment in set(re.findall(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"', written)):
        assert faults(published(path.name), json.loads(written.replace(moment, moment.replace("Z", ""))))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda each: each.stem)
def test_personal_fields_are_marked_and_never_in_clear(path: Path):
    """The marks are compared with what the kernel seals."""
    schema, sample = published(path.name), json.loads(path.read_text("utf-8"))
    marked = {
        name: option
        for name, each in schema["properties"].items()
        for option in each.get("anyOf", [each])
        if "x-personal" in option
    }
    assert set(marked) == {name for name, _ in personal_fields(known()[schema["title"]])}
    for name, each in marked.items():
        assert set(each["properties"]) == {"subject", "sealed"}
        assert faults(schema, sample | {name: "Nguyễn Thị Bình"})


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda each: each.stem)
def test_each_topics_document_is_valid_asyncapi_and_names_every_event(path: Path):
    document, service = json.loads(path.read_text("utf-8")), path.name.partition(".")[0]
    assert faults(json.loads(ASYNCAPI.read_text("utf-8")), document) == []
    messages = document["components"]["messages"]
    assert set(messages) == {each.stem for each in SAMPLES if each.stem.startswith(f"{service}.")}
    assert set(document["channels"][service]["messages"]) == set(messages)
    for name, each in messages.items():
        assert each["payload"] == {"$ref": f"./{name}.json"}
        assert published(f"{name}.json")["title"] == each["name"] == name.rpartition(".v")[0]


def test_every_service_that_says_something_has_its_document():
    assert [each.name for each in DOCUMENTS] == sorted(
        {f"{each.name.partition('.')[0]}.asyncapi.json" for each in SAMPLES}
    )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda each: each.stem)
def test_an_events_place_in_history_is_as_the_header_says(path: Path):
    trait = json.loads(path.read_text("utf-8"))["components"]["messageTraits"]["event"]["headers"]
    place = json.loads(trait["properties"]["ce_motcua"]["examples"][0])
    assert faults(published("place.json"), place) == []
    assert faults(published("place.json"), place | {"meta": {}})
    row = dict.fromkeys(("id", "type", "stream"), "") | dict.fromkeys(("number", "version", "position"), 1)
    assert trait["required"] == [name for name, _ in headers(b"", 1, row | {"meta": b"{}"})]


def test_a_schema_of_an_old_version_stays_as_it_was_published(tmp_path, monkeypatch):
    golden, kept = tmp_path / "golden", tmp_path / "published"
    golden.mkdir()
    kept.mkdir()
    for path in SAMPLES:
        (golden / path.name).write_bytes(path.read_bytes())
    (golden / "intake.unit_closed.v0.json").write_text("{}")
    monkeypatch.setattr("deploy.contracts.GOLDEN", golden)
    monkeypatch.setattr("deploy.contracts.PUBLISHED", kept)
    with pytest.raises(Trouble, match=r"intake\.unit_closed\.v0\.json is gone and can't be made again"):
        publish(kept)
    old = published("intake.unit_closed.v1.json") | {"x-version": 0}
    (kept / "intake.unit_closed.v0.json").write_text(json.dumps(old))
    publish(kept)
    assert json.loads((kept / "intake.unit_closed.v0.json").read_text()) == old
    assert "intake.unit_closed.v0" in json.loads((kept / "intake.asyncapi.json").read_text())["components"]["messages"]
