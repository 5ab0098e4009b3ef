"""An event on the wire: CloudEvents 1.0, Kafka binary mode. Attributes are headers, the value is the event's data."""

import datetime as dt
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

import msgspec

from schemas.event import Meta, Recorded, decode

CONTENT_TYPE = b"application/json; charset=utf-8"


Count = Annotated[int, msgspec.Meta(ge=1, lt=1 << 62)]


class Place(msgspec.Struct, frozen=True):
    """An event's place in history as it travels: one header, because each header costs its reader a microsecond."""

    id: UUID
    number: Count
    version: Count
    position: Count
    epoch: int
    meta: msgspec.Raw


_place = msgspec.json.Decoder(Place)
_meta = msgspec.json.Decoder(Meta)


class Message(msgspec.Struct):
    """What a topic's partition holds at one offset."""

    offset: int
    headers: Mapping[str, bytes | None]
    value: bytes
    _place: Place | None = None
    _stream: str | None = None
    _type: str | None = None

    @property
    def place(self) -> Place | None:
        """The event's place in history, or None for a message that no service of ours wrote."""
        if self._place is None and (self.headers.get("ce_source") or b"").startswith(b"/motcua/"):
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                self._place = _place.decode(self.headers.get("ce_motcua") or b"")
        return self._place

    @property
    def position(self) -> int:
        """The event's place in the sealed log, or -1 for a message that no service of ours wrote."""
        place = self.place
        return -1 if place is None else place.position

    @property
    def stream(self) -> str:
        if self._stream is None:
            self._stream = _text(self.headers.get("ce_subject"))
        return self._stream

    @property
    def type(self) -> str:
        if self._type is None:
            self._type = _text(self.headers.get("ce_type"))
        return self._type


def _text(header: bytes | None) -> str:
    """What a header says, whoever wrote it, as text that PostgreSQL takes."""
    text = (header or b"").decode(errors="replace")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


def partition(stream: str, partitions: int) -> int:
    """CRC32 of the stream, as librdkafka's `consistent` partitioner does: the same in every language."""
    return zlib.crc32(stream.encode()) % partitions


def headers(service: bytes, epoch: int, row: Any) -> list[tuple[str, bytes]]:
    """The headers of a sealed row (position, id, stream, number, type, version, meta)."""
    id = str(row["id"]).encode()
    place = b'{"id":"%b","number":%d,"version":%d,"position":%d,"epoch":%d,"meta":%b}' % (
        id,
        row["number"],
        row["version"],
        row["position"],
        epoch,
        row["meta"],
    )
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", id),
        ("ce_source", service),
        ("ce_type", row["type"].encode()),
        ("ce_subject", row["stream"].encode()),
        ("ce_motcua", place),
        ("content-type", CONTENT_TYPE),
    ]


def recorded(message: Message) -> Recorded:
    """Read a message of ours. Raises UnknownEvent or msgspec.MsgspecError where it can't be read."""
    place = message.place
    assert place is not None
    return Recorded(
        id=place.id,
        stream=message.stream,
        number=place.number,
        meta=_meta.decode(place.meta),
        event=decode(message.type, place.version, message.value),
        position=place.position,
    )


def recorded_at(message: Message) -> dt.datetime:
    """When the event was written, in the clock of the service that wrote it."""
    place = message.place
    assert place is not None
    return _meta.decode(place.meta).recorded_at
