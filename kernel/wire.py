"""An event on the wire: CloudEvents 1.0, Kafka binary mode. Attributes are headers, the value is the event's data."""

import datetime as dt
import zlib
from collections.abc import Mapping
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
    """What a topic's partition holds at one offset. Its headers are read once, when it is made."""

    offset: int
    headers: Mapping[str, bytes | None]
    value: bytes
    stream: str = ""
    type: str = ""
    place: Place | None = None
    """The event's place in history, or None for a message that no service of ours wrote."""
    position: int = -1
    """The event's place in the sealed log, or -1 for a message that no service of ours wrote."""

    def __post_init__(self) -> None:
        headers = self.headers
        self.stream, self.type = _text(headers.get("ce_subject")), _text(headers.get("ce_type"))
        if (headers.get("ce_source") or b"").startswith(b"/motcua/"):
            try:
                self.place = place = _place.decode(headers.get("ce_motcua") or b"")
            except (msgspec.MsgspecError, UnicodeDecodeError):
                return
            self.position = place.position


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
