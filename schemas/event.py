"""What an event is: its name, its version and its place in history.

Events are msgspec structs, because they are decoded by the hundred thousand. The values inside them that people type
in (a person, a document, an address) are frozen dataclasses with pydantic constraints, because those are also read
from forms. The wire name of an event is storage: it is written out here and never derived from a Python name.

    @event("intake.application_received", version=2)
    class ApplicationReceived(Event):
        \"\"\"A dossier was accepted for processing. Every clock starts here.\"\"\"
        code: str

    @upcast("intake.application_received", 1)
    def _(data): return data | {"code": data.pop("number")}
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T")
E = TypeVar("E", bound="type[Event]")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, in the past tense. Its docstring states the fact in plain words."""

    type: ClassVar[str]
    version: ClassVar[int]


class Personal(msgspec.Struct, Generic[T], frozen=True, kw_only=True, omit_defaults=True):
    """A value about one person, under that person's own key.

    `clear` exists in memory only: the kernel seals it before anything is written and opens it for a reader who may
    see it. A sealed value whose key was destroyed stays closed for ever. `subject` names the key.
    """

    subject: UUID
    sealed: bytes = b""
    clear: T | None = None


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who gave the command: an identifier (never a name), roles, and the unit acted for ("" for a citizen)."""

    id: str
    roles: tuple[str, ...]
    unit: str = ""


class Meta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is true of every event, whatever its type. Both times are aware, in UTC."""

    actor: Actor
    happened_at: dt.datetime
    recorded_at: dt.datetime
    cause: UUID | None = None
    trace: str = ""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in history. `number` counts within the stream from 1; `position` within the service's
    sealed log from 1, and is 0 until it is sealed."""

    id: UUID
    stream: str
    number: int
    meta: Meta
    event: Event
    position: int = 0


class UnknownEvent(Exception):
    """No such event type or version is known here. A newer producer wrote it: update this service, then replay."""


_types: dict[str, type[Event]] = {}
_upcasters: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
_decoders: dict[str, msgspec.json.Decoder[Any]] = {}
_encoder = msgspec.json.Encoder()


def event(type: str, *, version: int = 1) -> Callable[[E], E]:
    """Give an event its wire name and version. Raises ValueError where the name is taken."""

    def register(cls: E) -> E:
        if type in _types:
            raise ValueError(f"two events are named {type}")
        cls.type, cls.version = type, version
        _types[type] = cls
        return cls

    return register


def upcast(type: str, version: int) -> Callable[[Callable[[dict[str, Any]], dict[str, Any]]], None]:
    """Register the step from `version` to `version + 1`: a function from old data to new data."""

    def register(step: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        _upcasters[type, version] = step

    return register


def known() -> dict[str, type[Event]]:
    """Every event type that has been imported, by wire name."""
    return dict(_types)


def encode(event: Event) -> bytes:
    return _encoder.encode(event)


def decode(type: str, version: int, data: bytes) -> Event:
    """Read an event of any version ever written; readers see the latest shape only.

    Raises UnknownEvent for a type or a newer version that is not known here, msgspec.ValidationError for data that
    does not fit.
    """
    cls = _types.get(type)
    if cls is None or version > cls.version:
        raise UnknownEvent(f"{type} version {version}")
    if version == cls.version:
        decoder = _decoders.get(type)
        if decoder is None:
            decoder = _decoders[type] = msgspec.json.Decoder(cls)
        return decoder.decode(data)  # type: ignore[no-any-return]
    raw = msgspec.json.decode(data)
    for step in range(version, cls.version):
        raw = _upcasters[type, step](raw)
    return msgspec.convert(raw, cls)
