"""What is held against every message, written or read: the limits, the ids that others file us under, and the words for
what is wrong."""

from dataclasses import MISSING, Field
from typing import Any

from kernel.decider import Text
from kernel.edoc.message import (
    LONGEST,
    LONGEST_ID,
    MOST_RECEIVERS,
    ORGAN_ID,
    Bussiness,
    Malformed,
    MessageHeader,
    Organisation,
    ResponseFor,
    TraceHeader,
    tidy,
)

ABSENT = Text("Thiếu thông tin bắt buộc", "Something that must be there is missing")
TWICE = Text("Thông tin xuất hiện nhiều hơn một lần", "Something stands there more than once")
WRONG = Text("Giá trị không hợp lệ", "The value is not valid")
LONG = Text("Nội dung quá dài", "The text is too long")
MANY = Text("Số lượng vượt quá giới hạn", "There are too many of these")
LARGE = Text("Văn bản hoặc tệp kèm theo quá lớn", "The message or one of its files is too large")
BROKEN = Text("Không phải XML hợp lệ", "This is not well-formed XML")
UNSAFE = Text("XML có khai báo DTD nên không được nhận", "The XML declares a document type, so it is not taken")
OTHER = Text("Không phải văn bản edXML 1.02", "This is not an edXML 1.02 message")
FILES = Text(
    "Danh mục tệp (edXMLManifest) không khớp với tệp kèm theo (AttachmentEncoded)",
    "The list of files (edXMLManifest) does not fit the files that are there (AttachmentEncoded)",
)


def tidied(text: str, where: str, longest: int = LONGEST) -> str:
    """A text as it is kept. Raises Malformed where XML can't hold it, or it is longer than `longest` characters."""
    try:
        made = tidy(text)
    except ValueError:
        raise Malformed("wrong", WRONG, where=where) from None
    if len(made) > longest:
        raise Malformed("too_long", LONG, where=where)
    return made


def check(value: Any, where: str) -> None:
    """The ids that others file us under, and no receiver twice. Raises Malformed."""
    organ = {Organisation: "id", ResponseFor: "organ_id", TraceHeader: "organ_id"}.get(type(value))
    if organ and not ORGAN_ID.fullmatch(getattr(value, organ)):
        raise Malformed("organ_id", WRONG, where=f"{where}/OrganId")
    if isinstance(value, MessageHeader | ResponseFor | Bussiness):
        path = f"{where}/DocumentId"
        if tidied(value.document_id, path, LONGEST_ID) != value.document_id:
            raise Malformed("wrong", WRONG, where=path)
    if isinstance(value, MessageHeader):
        if len(value.receivers) > MOST_RECEIVERS:
            raise Malformed("too_many", MANY, where=f"{where}/To")
        if len({each.id for each in value.receivers}) < len(value.receivers):
            raise Malformed("twice", TWICE, where=f"{where}/To")


def is_required(each: Field[Any]) -> bool:
    """Must this field of a message have a value?"""
    return each.default is MISSING and each.default_factory is MISSING


def plain(id: str) -> str:
    """The id of a file without cid:, which some senders leave out in one of its two places."""
    return id.strip().removeprefix("cid:")


def empty(value: object) -> bool:
    """Is there nothing to write?"""
    return value is None or value == () or (isinstance(value, str) and not value.strip())
