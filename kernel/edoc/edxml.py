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
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from kernel.calendar import ZONE
from kernel.decider import Text
from kernel.edoc.message import (
    LARGEST,
    LARGEST_FILE,
    LONGEST,
    LONGEST_ID,
    MOST_FILES,
    MOST_RECEIVERS,
    NAMESPACE,
    ORGAN_ID,
    Attachment,
    Envelope,
    Malformed,
    MessageHeader,
    Organisation,
    ResponseFor,
    Status,
    Trace,
    tidy,
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

_MISSING = Text("Thiếu thông tin bắt buộc", "Something that must be there is missing")
_TWICE = Text("Thông tin xuất hiện nhiều hơn một lần", "Something stands there more than once")
_WRONG = Text("Giá trị không hợp lệ", "The value is not valid")
_LONG = Text("Nội dung quá dài", "The text is too long")
_MANY = Text("Số lượng vượt quá giới hạn", "There are too many of these")
_LARGE = Text("Văn bản hoặc tệp kèm theo quá lớn", "The message or one of its files is too large")
BROKEN = Text("Không phải XML hợp lệ", "This is not well-formed XML")
_UNSAFE = Text("XML có khai báo DTD nên không được nhận", "The XML declares a document type, so it is not taken")
_OTHER = Text("Không phải văn bản edXML 1.02", "This is not an edXML 1.02 message")
_FILES = Text(
    "Danh mục tệp (edXMLManifest) không khớp với tệp kèm theo (AttachmentEncoded)",
    "The list of files (edXMLManifest) does not fit the files that are there (AttachmentEncoded)",
)


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
        raise Malformed("too_large", _LARGE)
    return content


def _put(out: list[str], name: str, value: Any, where: str) -> None:
    """One element in the prefix of the header, with what is in it."""
    where = f"{where}/{name}"
    out.append(f"<{PREFIX}{name}>")
    if is_dataclass(value):
        _check(value, where)
        for each in fields(value):
            _put_field(out, each.metadata["element"], getattr(value, each.name), where, _required(each))
    else:
        out.append(escape(_text(value, where)))
    out.append(f"</{PREFIX}{name}>")


def _put_field(out: list[str], name: str, value: Any, where: str, required: bool) -> None:
    if isinstance(value, tuple):
        value = tuple(each for each in value if not _empty(each))
    if _empty(value):
        if required:
            raise Malformed("missing", _MISSING, where=f"{where}/{name}")
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


def _empty(value: object) -> bool:
    return value is None or value == () or (isinstance(value, str) and not value.strip())


def _text(value: object, where: str) -> str:
    match value:
        case IntEnum() | int():
            made = str(int(value))
            if not _NUMBER.fullmatch(made):
                raise Malformed("wrong", _WRONG, where=where)
            return made
        case StrEnum():
            return value.value
        case dt.datetime():
            if value.tzinfo is None:
                raise Malformed("wrong", _WRONG, where=where)
            local = value.astimezone(ZONE)
            return f"{_day(local)} {local:%H:%M:%S}"
        case dt.date():
            return _day(value)
    return _tidied(str(value), where)


def _tidied(text: str, where: str, longest: int = LONGEST) -> str:
    try:
        made = tidy(text)
    except ValueError:
        raise Malformed("wrong", _WRONG, where=where) from None
    if len(made) > longest:
        raise Malformed("too_long", _LONG, where=where)
    return made


def _day(on: dt.date) -> str:
    return f"{on.year:04}/{on.month:02}/{on.day:02}"


def _put_files(out: list[str], attachments: tuple[Attachment, ...]) -> None:
    where = "edXMLBody/edXMLManifest/Reference"
    if len(attachments) > MOST_FILES:
        raise Malformed("too_many", _MANY, where=where)
    ids = [f"cid:{_plain(each.id) or number}" for number, each in enumerate(attachments, 1)]
    if len(set(ids)) < len(ids):
        raise Malformed("twice", _TWICE, where=where)
    named = [
        {
            "ContentId": _tidied(id, where, LONGEST_ID),
            "AttachmentName": _tidied(each.name, where, LONGEST_ID),
            "Description": _tidied(each.description, where),
            "ContentType": _tidied(each.kind, where, LONGEST_ID),
        }
        for id, each in zip(ids, attachments, strict=True)
    ]
    out.append('<edXML:edXMLBody><edXML:edXMLManifest version="1.0">')
    for said in named:
        if not (said["AttachmentName"] and said["ContentType"]):
            raise Malformed("missing", _MISSING, where=where)
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
                raise Malformed("too_large", _LARGE, where="AttachmentEncoded/Attachment")
            out.append("<Attachment>")
            out.extend(f"<{name}>{escape(text)}</{name}>" for name, text in said.items() if text)
            encoded = base64.b64encode(each.content).decode("ascii")
            out.append(f"<ContentTransferEncoded>{encoded}</ContentTransferEncoded></Attachment>")
        out.append("</AttachmentEncoded>")


# --- what both keep --------------------------------------------------------------------------------------------------


def _check(value: Any, where: str) -> None:
    """What a schema can't say well: ids that others file us under."""
    organ = {Organisation: "id", ResponseFor: "organ_id"}.get(type(value))
    if organ and not ORGAN_ID.fullmatch(getattr(value, organ)):
        raise Malformed("organ_id", _WRONG, where=f"{where}/OrganId")
    if isinstance(value, MessageHeader | ResponseFor):
        if not value.document_id or _tidied(value.document_id, f"{where}/DocumentId") != value.document_id:
            raise Malformed("wrong" if value.document_id else "missing", _WRONG, where=f"{where}/DocumentId")
        if len(value.document_id) > LONGEST_ID:
            raise Malformed("too_long", _LONG, where=f"{where}/DocumentId")
    if isinstance(value, MessageHeader):
        if len(value.receivers) > MOST_RECEIVERS:
            raise Malformed("too_many", _MANY, where=f"{where}/To")
        if len({each.id for each in value.receivers}) < len(value.receivers):
            raise Malformed("twice", _TWICE, where=f"{where}/To")


def _required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _plain(id: str) -> str:
    return id.strip().removeprefix("cid:")


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
            raise Malformed("too_many", _MANY)
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def read(content: bytes) -> Envelope | Status:
    """What these bytes say. Raises Malformed, and nothing else, where they are not an edXML 1.02 message."""
    root = _tree(content)
    if root.tag != _named("edXML"):
        raise Malformed("not_edxml", _OTHER, where=_short(root.tag))
    envelope = _only(root, "edXMLEnvelope", "edXML")
    header = _only(envelope, "edXMLHeader", "edXML/edXMLEnvelope")
    said = _one(header, "Status", "edXMLHeader")
    if said is None:
        said = _only(header, "MessageHeader", "edXMLHeader")
    elif _one(header, "MessageHeader", "edXMLHeader") is not None:
        raise Malformed("twice", _TWICE, where="edXMLHeader")
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
        raise Malformed("too_large", _LARGE)
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
    try:
        parser.feed(content)
        root: ET.Element = parser.close()
    except DefusedXmlException:
        raise Malformed("unsafe", _UNSAFE) from None
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
            value: Any = tuple(each for each in found if not _empty(each))
        else:
            child = _one(of, element, where)
            value = None if child is None else _value(inner, child, path)
        if _empty(value):
            if required:
                raise Malformed("missing", _MISSING, where=path)
            continue
        values[name] = value
    made = kind(**values)
    _check(made, where)
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
        yield each.name, each.metadata["element"], hint, many, _required(each)


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
        raise Malformed("wrong", _WRONG, where=where) from None


def _moment(text: str) -> dt.datetime:
    """A day, and its time where it is there, in Vietnamese time."""
    day, _, time = text.replace("T", " ").partition(" ")
    on = next((found for each in _DAY if (found := each.fullmatch(day))), None)
    at = _TIME.fullmatch(time.strip() or "00:00:00")
    if on is None or at is None:
        raise ValueError
    parts: Mapping[str, int] = {name: int(value) for name, value in (on.groupdict() | at.groupdict()).items()}
    return dt.datetime(parts["y"], parts["m"], parts["d"], parts["h"], parts["i"], parts["s"], tzinfo=ZONE)


def _leaf(of: ET.Element, where: str, longest: int = LONGEST) -> str:
    if len(of):
        raise Malformed("wrong", _WRONG, where=where)
    return _tidied(of.text or "", where, longest)


def _files(root: ET.Element, envelope: ET.Element) -> tuple[Attachment, ...]:
    """The files, in the order in which they are listed; each is listed once and is there once."""
    where = "AttachmentEncoded/Attachment"
    body = _one(envelope, "edXMLBody", "edXMLEnvelope")
    manifest = None if body is None else _one(body, "edXMLManifest", "edXMLBody")
    listed = [] if manifest is None else [_listed(each) for each in manifest.iterfind(_named("Reference"))]
    encoded = _one(root, "AttachmentEncoded", "edXML")
    there = [] if encoded is None else list(encoded.iterfind(_named("Attachment")))
    if len(listed) > MOST_FILES or len(there) > MOST_FILES:
        raise Malformed("too_many", _MANY, where=where)
    found = {}
    for each in there:
        id = _plain(_said(each, "ContentId", where, LONGEST_ID))
        if not id or id in found:
            raise Malformed("files", _FILES, where=where)
        name = _said(each, "AttachmentName", where, LONGEST_ID)
        kind = _said(each, "ContentType", where, LONGEST_ID)
        if not (name and kind):
            raise Malformed("missing", _MISSING, where=where)
        found[id] = Attachment(
            id=f"cid:{id}",
            name=name,
            kind=kind,
            description=_said(each, "Description", where),
            content=_decoded(_only(each, "ContentTransferEncoded", where)),
        )
    if len(listed) != len(set(listed)) or set(listed) != set(found):
        raise Malformed("files", _FILES, where=where)
    return tuple(found[id] for id in listed)


def _listed(reference: ET.Element) -> str:
    """The id of a listed file: an element, or as a link in older messages."""
    where = "edXMLBody/edXMLManifest/Reference"
    link = reference.get("{http://www.w3.org/1999/xlink}href", "")
    return _plain(_said(reference, "ContentId", where, LONGEST_ID) or _tidied(link, where, LONGEST_ID))


def _decoded(of: ET.Element) -> bytes:
    where = "AttachmentEncoded/Attachment/ContentTransferEncoded"
    if len(of):
        raise Malformed("wrong", _WRONG, where=where)
    text = "".join((of.text or "").split())
    if len(text) > (LARGEST_FILE + 2) // 3 * 4:
        raise Malformed("too_large", _LARGE, where=where)
    if not _BASE64.fullmatch(text):
        raise Malformed("base64", _WRONG, where=where)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Malformed("base64", _WRONG, where=where) from None


def _said(of: ET.Element, name: str, where: str, longest: int = LONGEST) -> str:
    found = _one(of, name, where)
    return "" if found is None else _leaf(found, f"{where}/{name}", longest)


def _only(of: ET.Element, name: str, where: str) -> ET.Element:
    found = _one(of, name, where)
    if found is None:
        raise Malformed("missing", _MISSING, where=f"{where}/{name}")
    return found


def _one(of: ET.Element, name: str, where: str) -> ET.Element | None:
    found = of.findall(_named(name))
    if len(found) > 1:
        raise Malformed("twice", _TWICE, where=f"{where}/{name}")
    return found[0] if found else None


def _named(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _short(tag: str) -> str:
    return tag.rpartition("}")[2][:80]
