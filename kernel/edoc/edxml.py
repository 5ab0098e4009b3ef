"""An edXML message as bytes, and bytes as a message.

Writing is exact: the same message is the same bytes each time, with the prefixes that receivers look for by name.
Reading trusts nothing: no document type, so no entities; limits of size, depth and number before anything is kept.
It takes elements in any order and passes over those it does not know, for senders differ; what stands twice where it
may stand once is refused, for two readers could understand two things.
"""

import base64
import binascii
import datetime as dt
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from kernel.calendar import ZONE
from kernel.edoc.checks import (
    ABSENT,
    BROKEN,
    FILES,
    LARGE,
    MANY,
    OTHER,
    TWICE,
    UNSAFE,
    WRONG,
    check,
    empty,
    is_required,
    plain,
    tidied,
)
from kernel.edoc.message import (
    LARGEST,
    LARGEST_FILE,
    LONGEST,
    LONGEST_ID,
    MOST_FILES,
    NAMESPACE,
    Attachment,
    Envelope,
    Malformed,
    MessageHeader,
    Status,
    Trace,
)

PREFIX = "edXML:"
DEEPEST = 16
MOST_ELEMENTS = 20_000
_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<edXML xmlns="{NAMESPACE}">'
_ENVELOPE = f'<edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}"><edXML:edXMLHeader>'
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NUMBER = re.compile(r"[0-9]{1,6}")
_DAY = (
    re.compile(r"(?P<y>\d{4})[/-](?P<m>\d{1,2})[/-](?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})"),  # as some provinces' systems write
)
_TIME = re.compile(r"(?P<h>\d{2}):(?P<i>\d{2}):(?P<s>\d{2})(?:\.\d{1,9})?")


# --- writing ---------------------------------------------------------------------------------------------------------


def write(message: Envelope | Status) -> bytes:
    """A message as bytes. Raises Malformed where a text can't be in XML, an id is missing or a limit is passed."""
    out: list[str] = [_HEAD, _ENVELOPE]
    if isinstance(message, Status):
        _put(out, "Status", message, "edXMLHeader")
        out.append("</edXML:edXMLHeader></edXML:edXMLEnvelope></edXML>")
    else:
        _put(out, "MessageHeader", message.header, "edXMLHeader")
        _put(out, "TraceHeaderList", message.trace, "edXMLHeader")
        out.append("</edXML:edXMLHeader>")
        _put_files(out, message.attachments)
        out.append("</edXML>")
    content = "".join(out).encode()
    if len(content) > LARGEST:
        raise Malformed("too_large", LARGE)
    return content


def _put(out: list[str], name: str, value: Any, where: str) -> None:
    """One element in the prefix of the header, with what is in it."""
    where = f"{where}/{name}"
    out.append(f"<{PREFIX}{name}>")
    if is_dataclass(value):
        check(value, where)
        for each in fields(value):
            _put_field(out, each.metadata["element"], getattr(value, each.name), where, is_required(each))
    else:
        out.append(escape(_text(value, where)))
    out.append(f"</{PREFIX}{name}>")


def _put_field(out: list[str], name: str, value: Any, where: str, required: bool) -> None:
    if isinstance(value, tuple):
        value = tuple(each for each in value if not empty(each))
    if empty(value):
        if required:
            raise Malformed("missing", ABSENT, where=f"{where}/{name}")
        return
    if not isinstance(value, tuple):
        _put(out, name, value, where)
        return
    wrapper, _, item = name.rpartition("/")
    if wrapper:
        out.append(f"<{PREFIX}{wrapper}>")
    for each in value:
        _put(out, item, each, f"{where}/{wrapper}" if wrapper else where)
    if wrapper:
        out.append(f"</{PREFIX}{wrapper}>")


def _text(value: object, where: str) -> str:
    match value:
        case IntEnum() | int():
            made = str(int(value))
            if not _NUMBER.fullmatch(made):
                raise Malformed("wrong", WRONG, where=where)
            return made
        case StrEnum():
            return value.value
        case dt.datetime():
            if value.tzinfo is None:
                raise Malformed("wrong", WRONG, where=where)
            local = value.astimezone(ZONE)
            return f"{_day(local)} {local:%H:%M:%S}"
        case dt.date():
            return _day(value)
    return tidied(str(value), where)


def _day(on: dt.date) -> str:
    return f"{on.year:04}/{on.month:02}/{on.day:02}"


def _put_files(out: list[str], attachments: tuple[Attachment, ...]) -> None:
    where = "edXMLBody/edXMLManifest/Reference"
    if len(attachments) > MOST_FILES:
        raise Malformed("too_many", MANY, where=where)
    ids = [f"cid:{plain(each.id) or number}" for number, each in enumerate(attachments, 1)]
    if len(set(ids)) < len(ids):
        raise Malformed("twice", TWICE, where=where)
    named = [
        {
            "ContentId": tidied(id, where, LONGEST_ID),
            "AttachmentName": tidied(each.name, where, LONGEST_ID),
            "Description": tidied(each.description, where),
            "ContentType": tidied(each.kind, where, LONGEST_ID),
        }
        for id, each in zip(ids, attachments, strict=True)
    ]
    out.append('<edXML:edXMLBody><edXML:edXMLManifest version="1.0">')
    for said in named:
        if not (said["AttachmentName"] and said["ContentType"]):
            raise Malformed("missing", ABSENT, where=where)
        out.append("<edXML:Reference>")
        for name in ("ContentId", "ContentType", "Description", "AttachmentName"):
            if said[name]:
                out.append(f"<{PREFIX}{name}>{escape(said[name])}</{PREFIX}{name}>")
        out.append("</edXML:Reference>")
    out.append("</edXML:edXMLManifest></edXML:edXMLBody></edXML:edXMLEnvelope>")
    if attachments:
        out.append("<AttachmentEncoded>")
        for said, each in zip(named, attachments, strict=True):
            if len(each.content) > LARGEST_FILE:
                raise Malformed("too_large", LARGE, where="AttachmentEncoded/Attachment")
            out.append("<Attachment>")
            out.extend(f"<{name}>{escape(text)}</{name}>" for name, text in said.items() if text)
            encoded = base64.b64encode(each.content).decode("ascii")
            out.append(f"<ContentTransferEncoded>{encoded}</ContentTransferEncoded></Attachment>")
        out.append("</AttachmentEncoded>")


# --- reading ---------------------------------------------------------------------------------------------------------


class _Builder(ET.TreeBuilder):
    """Keeps a tree only within limits: it is asked for each element as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._number = 0

    def start(self, tag: Any, attrs: Any, /) -> ET.Element:
        self._depth += 1
        self._number += 1
        if self._depth > DEEPEST or self._number > MOST_ELEMENTS:
            raise Malformed("too_many", MANY)
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def read(content: bytes) -> Envelope | Status:
    """What these bytes say. Raises Malformed, and nothing else, where they are not an edXML 1.02 message."""
    root = _tree(content)
    if root.tag != _named("edXML"):
        raise Malformed("not_edxml", OTHER, where=_short(root.tag))
    envelope = _only(root, "edXMLEnvelope", "edXML")
    header = _only(envelope, "edXMLHeader", "edXML/edXMLEnvelope")
    said = _one(header, "Status", "edXMLHeader")
    if said is None:
        said = _only(header, "MessageHeader", "edXMLHeader")
    elif _one(header, "MessageHeader", "edXMLHeader") is not None:
        raise Malformed("twice", TWICE, where="edXMLHeader")
    if said.tag == _named("Status") or said.find(_named("StatusCode")) is not None:  # both names are met for a status
        status: Status = _get(Status, said, f"edXMLHeader/{_short(said.tag)}")
        return status
    trace = _one(header, "TraceHeaderList", "edXMLHeader")
    return Envelope(
        header=_get(MessageHeader, said, "edXMLHeader/MessageHeader"),
        trace=Trace() if trace is None else _get(Trace, trace, "edXMLHeader/TraceHeaderList"),
        attachments=_files(root, envelope),
    )


def _tree(content: bytes) -> ET.Element:
    if len(content) > LARGEST:
        raise Malformed("too_large", LARGE)
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
    try:
        parser.feed(content)
        root: ET.Element = parser.close()
    except DefusedXmlException:
        raise Malformed("unsafe", UNSAFE) from None
    except (ET.ParseError, ValueError, LookupError):
        raise Malformed("not_xml", BROKEN) from None
    return root


def _get(kind: type, of: ET.Element, where: str) -> Any:
    """A dataclass of an element's children."""
    values: dict[str, Any] = {}
    for name, element, inner, many, required in _shape(kind):
        wrapper, _, item = element.rpartition("/")
        holder = _one(of, wrapper, where) if wrapper else of
        path = f"{where}/{element}"
        if many:
            found = () if holder is None else tuple(_value(inner, each, path) for each in holder.iterfind(_named(item)))
            value: Any = tuple(each for each in found if not empty(each))
        else:
            child = _one(of, element, where)
            value = None if child is None else _value(inner, child, path)
        if empty(value):
            if required:
                raise Malformed("missing", ABSENT, where=path)
            continue
        values[name] = value
    made = kind(**values)
    check(made, where)
    return made


@cache
def _shape(kind: type) -> tuple[tuple[str, str, type, bool, bool], ...]:
    """(field, element, type of a value, is it a list, must it be there) of each field of a dataclass."""
    return tuple(_shapes(kind))


def _shapes(kind: type) -> Iterator[tuple[str, str, type, bool, bool]]:
    hints = typing.get_type_hints(kind)
    for each in fields(kind):
        hint, many = hints[each.name], False
        if typing.get_origin(hint) is tuple:
            hint, many = typing.get_args(hint)[0], True
        elif typing.get_origin(hint) is types.UnionType:
            [hint] = [each for each in typing.get_args(hint) if each is not types.NoneType]
        yield each.name, each.metadata["element"], hint, many, is_required(each)


def _value(kind: type, of: ET.Element, where: str) -> Any:
    """A value of a leaf, or a dataclass of what is in it; None where a leaf that is no text is empty."""
    if is_dataclass(kind):
        return _get(kind, of, where)
    text = _leaf(of, where)
    if kind is str:
        return text
    if not text:
        return None
    try:
        if issubclass(kind, StrEnum):
            return kind(text.zfill(2))
        if issubclass(kind, int):
            if not _NUMBER.fullmatch(text):
                raise ValueError
            return kind(int(text))
        return _moment(text) if kind is dt.datetime else _moment(text).date()
    except ValueError:
        raise Malformed("wrong", WRONG, where=where) from None


def _moment(text: str) -> dt.datetime:
    """A day, and its time where it is there, in Vietnamese time."""
    day, _, time = text.replace("T", " ").partition(" ")
    on = next((found for each in _DAY if (found := each.fullmatch(day))), None)
    at = _TIME.fullmatch(time.strip() or "00:00:00")
    if on is None or at is None:
        raise ValueError
    parts: Mapping[str, int] = {name: int(value) for name, value in (on.groupdict() | at.groupdict()).items()}
    if not 1900 <= parts["y"] < 2200:  # the first and the last moments of all are not to be had in every zone
        raise ValueError
    return dt.datetime(parts["y"], parts["m"], parts["d"], parts["h"], parts["i"], parts["s"], tzinfo=ZONE)


def _leaf(of: ET.Element, where: str, longest: int = LONGEST) -> str:
    if len(of):
        raise Malformed("wrong", WRONG, where=where)
    return tidied(of.text or "", where, longest)


def _files(root: ET.Element, envelope: ET.Element) -> tuple[Attachment, ...]:
    """The files, in the order in which they are listed; each is listed once and is there once."""
    where = "AttachmentEncoded/Attachment"
    body = _one(envelope, "edXMLBody", "edXMLEnvelope")
    manifest = None if body is None else _one(body, "edXMLManifest", "edXMLBody")
    listed = [] if manifest is None else [_listed(each) for each in manifest.iterfind(_named("Reference"))]
    encoded = _one(root, "AttachmentEncoded", "edXML")
    there = [] if encoded is None else list(encoded.iterfind(_named("Attachment")))
    if len(listed) > MOST_FILES or len(there) > MOST_FILES:
        raise Malformed("too_many", MANY, where=where)
    found = {}
    for each in there:
        id = plain(_said(each, "ContentId", where, LONGEST_ID))
        if not id or id in found:
            raise Malformed("files", FILES, where=where)
        name = _said(each, "AttachmentName", where, LONGEST_ID)
        kind = _said(each, "ContentType", where, LONGEST_ID)
        if not (name and kind):
            raise Malformed("missing", ABSENT, where=where)
        found[id] = Attachment(
            id=f"cid:{id}",
            name=name,
            kind=kind,
            description=_said(each, "Description", where),
            content=_decoded(_only(each, "ContentTransferEncoded", where)),
        )
    if len(listed) != len(set(listed)) or set(listed) != set(found):
        raise Malformed("files", FILES, where=where)
    return tuple(found[id] for id in listed)


def _listed(reference: ET.Element) -> str:
    """The id of a listed file: an element, or as a link in older messages."""
    where = "edXMLBody/edXMLManifest/Reference"
    link = reference.get("{http://www.w3.org/1999/xlink}href", "")
    return plain(_said(reference, "ContentId", where, LONGEST_ID) or tidied(link, where, LONGEST_ID))


def _decoded(of: ET.Element) -> bytes:
    where = "AttachmentEncoded/Attachment/ContentTransferEncoded"
    if len(of):
        raise Malformed("wrong", WRONG, where=where)
    text = "".join((of.text or "").split())
    if len(text) > (LARGEST_FILE + 2) // 3 * 4:
        raise Malformed("too_large", LARGE, where=where)
    if not _BASE64.fullmatch(text):
        raise Malformed("base64", WRONG, where=where)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Malformed("base64", WRONG, where=where) from None


def _said(of: ET.Element, name: str, where: str, longest: int = LONGEST) -> str:
    found = _one(of, name, where)
    return "" if found is None else _leaf(found, f"{where}/{name}", longest)


def _only(of: ET.Element, name: str, where: str) -> ET.Element:
    found = _one(of, name, where)
    if found is None:
        raise Malformed("missing", ABSENT, where=f"{where}/{name}")
    return found


def _one(of: ET.Element, name: str, where: str) -> ET.Element | None:
    found = of.findall(_named(name))
    if len(found) > 1:
        raise Malformed("twice", TWICE, where=f"{where}/{name}")
    return found[0] if found else None


def _named(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _short(tag: str) -> str:
    return tag.rpartition("}")[2][:80]
