"""What other agencies build on: a JSON Schema of every version of every event, and an AsyncAPI document a topic.

All of it is made from what the program itself runs on: the events' classes and docstrings, the golden samples, the
headers as they are written to Kafka. Draft 7 of JSON Schema, because AsyncAPI's own is a superset of that one. The
schema of a version that is no longer the latest can't be made again, so it stays as it was published.
"""

import datetime as dt
import importlib
import inspect
import json
import pkgutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_origin
from uuid import UUID

import msgspec
import msgspec.inspect as types

import schemas
from deploy.trouble import Trouble
from kernel import wire
from kernel.settings import Settings
from schemas.event import Actor, Event, Meta, Personal, known

GOLDEN = Path(schemas.__file__).parent / "golden"
PUBLISHED = Path(schemas.__file__).parent / "published"
PLACE = "place.json"
DRAFT = "http://json-schema.org/draft-07/schema#"
REF = "#/definitions/{name}"


def contracts() -> dict[str, Any]:
    """What is in each file of `schemas/published`, by its name.

    An event is published once it has its golden sample. Raises Trouble where an old version's schema is gone.
    """
    events = _events()
    found = {PLACE: _place()}
    said: dict[str, dict[str, Any]] = {}
    for path in sorted(GOLDEN.glob("*.json")):
        name, _, number = path.stem.rpartition(".v")
        if name in events and events[name].version == int(number):
            schema = _event(events[name], json.loads(path.read_text("utf-8")))
        else:
            schema = _as_published(PUBLISHED / path.name)
        found[path.name] = said.setdefault(name.partition(".")[0], {})[path.stem] = schema
    return found | {f"{service}.asyncapi.json": _document(service, messages) for service, messages in said.items()}


def publish(folder: Path = PUBLISHED, *, dry_run: bool = False) -> list[str]:
    """Bring the folder's files up to date; answers the names of those that were not."""
    texts = {name: json.dumps(each, ensure_ascii=False, indent=2) + "\n" for name, each in contracts().items()}
    stale = [
        name
        for name, text in texts.items()
        if not (folder / name).exists() or (folder / name).read_text("utf-8") != text
    ]
    if not dry_run:
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).write_text(texts[name], "utf-8")
    return stale


def _events() -> dict[str, type[Event]]:
    for module in pkgutil.iter_modules(schemas.__path__):
        importlib.import_module(f"schemas.{module.name}")
    return {name: cls for name, cls in known().items() if cls.__module__.startswith("schemas.")}


def _as_published(path: Path) -> Any:
    if not path.exists():
        raise Trouble(f"{path} is gone and can't be made again: bring it back from the version control.")
    return json.loads(path.read_text("utf-8"))


# JSON Schemas


def _event(event: type[Event], sample: Any) -> dict[str, Any]:
    definitions = _definitions(event)
    schema = {"$schema": DRAFT, **definitions.pop(event.__name__), "title": event.type, "x-version": event.version}
    return schema | {"examples": [sample]} | ({"definitions": definitions} if definitions else {})


def _place() -> dict[str, Any]:
    definitions = _definitions(wire.Place, Meta)
    schema = {"$schema": DRAFT, **definitions.pop("Place"), "definitions": definitions}
    schema["properties"]["meta"] = {"$ref": REF.format(name="Meta")}
    return schema


def _definitions(*classes: Any) -> dict[str, Any]:
    refs, definitions = msgspec.json.schema_components(classes, ref_template=REF)
    for cls, ref in zip(classes, refs, strict=True):
        _as_on_the_wire(types.type_info(cls), ref, definitions)
    for each in definitions.values():
        each["description"] = inspect.cleandoc(each["description"])
    return {name: each for name, each in definitions.items() if not name.startswith(f"{Personal.__name__}_")}


def _as_on_the_wire(info: types.Type, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Say what msgspec does not: times have their zone, and personal values are sealed. These are marked `x-personal`,
    with the schema of what is inside for whoever holds the key."""
    match info:
        case types.DateTimeType():
            schema["format"] = "date-time"
        case types.UnionType(types=choices):
            real = (each for each in choices if not isinstance(each, types.NoneType))
            for choice, option in zip(real, schema["anyOf"], strict=False):
                _as_on_the_wire(choice, option, definitions)
        case types.CollectionType(item_type=item):
            _as_on_the_wire(item, schema["items"], definitions)
        case types.DictType(value_type=value):
            _as_on_the_wire(value, schema["additionalProperties"], definitions)
        case types.StructType(fields=fields) | types.DataclassType(fields=fields):
            target = definitions[schema["$ref"].rpartition("/")[2]]
            for each in fields:
                _as_on_the_wire(each.type, target["properties"][each.encode_name], definitions)
            if get_origin(info.cls) is Personal:
                del schema["$ref"]
                properties = dict(target["properties"])
                inside = properties.pop("clear")["anyOf"][0]
                schema |= {"type": "object", "properties": properties, "required": ["subject"], "x-personal": inside}


# AsyncAPI


def _document(service: str, said: dict[str, Any]) -> dict[str, Any]:
    config = Settings.model_construct()  # as it is installed, whatever this machine's environment says
    topic = config.topic(service)
    headers = _headers(service, next(iter(said.values()))["title"])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Motcua: what {service} says",
            "version": version("motcua"),
            "description": inspect.cleandoc(sys.modules[f"schemas.{service}"].__doc__ or ""),
        },
        "defaultContentType": headers["content-type"]["examples"][0],
        "channels": {
            service: {
                "address": topic,
                "description": inspect.cleandoc(wire.__doc__ or ""),
                "messages": {stem: {"$ref": f"#/components/messages/{stem}"} for stem in said},
                "bindings": {"kafka": {"topic": topic, "partitions": config.partitions}},
            }
        },
        "operations": {
            "say": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{service}"},
                "summary": "What happened: each stream in the order of its numbers, each event at least once.",
            }
        },
        "components": {
            "messages": {
                stem: {
                    "name": schema["title"],
                    "title": f"{schema['title']} version {schema['x-version']}",
                    "description": schema["description"],
                    "traits": [{"$ref": "#/components/messageTraits/event"}],
                    "payload": {"$ref": f"./{stem}.json"},
                    "examples": [{"payload": each} for each in schema["examples"]],
                }
                for stem, schema in said.items()
            },
            "messageTraits": {
                "event": {
                    "headers": {"type": "object", "required": list(headers), "properties": headers},
                    "bindings": {"kafka": {"key": {"type": "string", "description": "The stream, as in ce_subject."}}},
                }
            },
        },
    }


def _headers(service: str, type: str) -> dict[str, Any]:
    """The headers as they are written, of an invented event."""
    noon = dt.datetime(2026, 8, 21, 5, tzinfo=dt.UTC)
    meta = Meta(actor=Actor(id="officer-7", roles=("desk_officer",)), happened_at=noon, recorded_at=noon)
    row = {"id": UUID(int=1), "number": 1, "version": 1, "position": 1, "type": type, "stream": f"noun-{UUID(int=2)}"}
    written = wire.headers(f"/motcua/{service}".encode(), 1, row | {"meta": msgspec.json.encode(meta)})
    found: dict[str, Any] = {name: {"type": "string", "examples": [value.decode()]} for name, value in written}
    found["ce_motcua"] |= {"contentMediaType": "application/json", "description": f"Its schema is {PLACE}."}
    return found
