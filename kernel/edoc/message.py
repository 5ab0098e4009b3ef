"""What an edXML 1.02 message holds: a document with its files, or the status of one that was sent.

Names of elements and their order are those of QCVN 102:2016/BTTTT (circular 10/2016/TT-BTTTT), as far as samples of
the national exchange's kit show them; each field names its element. Sources, and how sure each is:
docs/document-exchange.md.

Texts are kept as `tidy` makes them. Days are dates; moments are aware and whole seconds, written in Vietnamese time.
"""
# `element` makes a dataclass field:
# ruff: noqa: RUF009

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any, TypeAlias

from kernel.decider import Text

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
LARGEST = 64 << 20  # bytes of a whole message
LARGEST_FILE = 20 << 20  # bytes of one file, unpacked
MOST_FILES = 50
MOST_RECEIVERS = 500
LONGEST = 20_000  # characters of one text
LONGEST_ID = 300
ORGAN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Malformed(Exception):
    """A message that is not as it must be: `says` what is wrong, `where` (the path of its element), `instead` what to
    do. Holds no text of the message, which may be personal."""

    def __init__(self, code: str, says: Text, *, where: str = "", instead: Text | None = None) -> None:
        super().__init__(f"{code} at {where}" if where else code)
        self.code, self.says, self.where = code, says, where
        self.instead = instead or Text(
            "Đề nghị bên gửi kiểm tra và gửi lại văn bản đúng định dạng edXML 1.02 (QCVN 102:2016/BTTTT).",
            "Ask the sender to check the document and send it again as edXML 1.02 (QCVN 102:2016/BTTTT).",
        )


class Business(IntEnum):
    """BussinessDocType (so spelled): what a document does to one that was sent before."""

    NEW = 0
    RECALL = 1
    UPDATE = 2
    REPLACE = 3


class StatusCode(StrEnum):
    """What became of a document at its receiver. RECALLED is said by its sender, and answered by the last two."""

    ARRIVED = "01"
    REFUSED = "02"
    RECEIVED = "03"
    ASSIGNED = "04"
    IN_PROCESS = "05"
    DONE = "06"
    RECALLED = "13"
    CHANGE_AGREED = "15"
    CHANGE_REFUSED = "16"


STATUS_TEXTS: Mapping[StatusCode, Text] = {
    StatusCode.ARRIVED: Text("Đã đến", "Arrived"),
    StatusCode.REFUSED: Text("Từ chối nhận", "Refused"),
    StatusCode.RECEIVED: Text("Đã tiếp nhận", "Received"),
    StatusCode.ASSIGNED: Text("Đã phân công", "Assigned"),
    StatusCode.IN_PROCESS: Text("Đang xử lý", "In process"),
    StatusCode.DONE: Text("Đã hoàn thành", "Done"),
    StatusCode.RECALLED: Text("Thu hồi", "Recalled"),
    StatusCode.CHANGE_AGREED: Text("Đồng ý thu hồi, cập nhật", "Recall or update agreed"),
    StatusCode.CHANGE_REFUSED: Text("Từ chối thu hồi, cập nhật", "Recall or update refused"),
}

StatusKey: TypeAlias = tuple[str, StatusCode, dt.datetime, str]


def element(name: str, **more: Any) -> Any:
    """A field, and the element it is written as; `List/Item` is a list of items inside one element."""
    return field(metadata={"element": name}, **more)


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    """Who sends or receives. `id` is its code in the exchange, such as 000.00.15.H40 or H40.15."""

    id: str = element("OrganId")
    in_charge: str = element("OrganizationInCharge", default="")
    name: str = element("OrganName", default="")
    address: str = element("OrganAdd", default="")
    email: str = element("Email", default="")
    telephone: str = element("Telephone", default="")
    fax: str = element("Fax", default="")
    website: str = element("Website", default="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """Number and notation of a document: 123 and SGDĐT-QLCL are written 123/SGDĐT-QLCL."""

    number: str = element("CodeNumber")
    notation: str = element("CodeNotation")

    def __str__(self) -> str:
        return f"{self.number}/{self.notation}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Promulgation:
    place: str = element("Place", default="")
    on: dt.date = element("PromulgationDate")


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentType:
    """`type` is a number of the exchange's list of kinds; lists differ, so `name` is what people read."""

    type: int = element("Type")
    name: str = element("TypeName")


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """`competence`: in what capacity, such as KT. GIÁM ĐỐC."""

    competence: str = element("Competence", default="")
    position: str = element("Position", default="")
    name: str = element("FullName")


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherInfo:
    """`priority`: 0 normal, 1 urgent, 2 very urgent, 3 express; `copies` and `pages` are counts."""

    priority: int = element("Priority", default=0)
    sphere: str = element("SphereOfPromulgation", default="")
    typist: str = element("TyperNotation", default="")
    copies: int | None = element("PromulgationAmount", default=None)
    pages: int | None = element("PageAmount", default=None)
    appendixes: tuple[str, ...] = element("Appendixes/Appendix", default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseFor:
    """The document that is answered. `organ_id` is its sender; `document_id` is what answers are matched by."""

    organ_id: str = element("OrganId")
    code: str = element("Code", default="")
    on: dt.date | None = element("PromulgationDate", default=None)
    document_id: str = element("DocumentId")


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageHeader:
    """What a document is, from whom, to whom. `steering`: 0 unless it directs its receivers to do something."""

    sender: Organisation = element("From")
    receivers: tuple[Organisation, ...] = element("To")
    code: Code = element("Code")
    promulgation: Promulgation = element("PromulgationInfo")
    type: DocumentType = element("DocumentType")
    subject: str = element("Subject")
    content: str = element("Content", default="")
    signer: Signer | None = element("SignerInfo", default=None)
    due: dt.date | None = element("DueDate", default=None)
    places: tuple[str, ...] = element("ToPlaces/Place", default=())
    other: OtherInfo | None = element("OtherInfo", default=None)
    response_for: tuple[ResponseFor, ...] = element("ResponseFor", default=())
    steering: int = element("SteeringType", default=0)
    document_id: str = element("DocumentId")


@dataclass(frozen=True, kw_only=True, slots=True)
class Staff:
    """Who can be asked."""

    department: str = element("Department", default="")
    name: str = element("Staff", default="")
    mobile: str = element("Mobile", default="")
    email: str = element("Email", default="")


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceHeader:
    """A body that the message passed, and when."""

    organ_id: str = element("OrganId")
    at: dt.datetime = element("Timestamp")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bussiness:
    """What this message does: a new document, or a change of the one named by `document_id`. `paper`: 1 where paper
    follows."""

    kind: Business = element("BussinessDocType", default=Business.NEW)
    reason: str = element("BussinessDocReason", default="")
    document_id: str = element("DocumentId", default="")
    staff: Staff | None = element("StaffInfo", default=None)
    paper: int = element("Paper", default=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    passed: tuple[TraceHeader, ...] = element("TraceHeader", default=())
    business: Bussiness = element("Bussiness", default=Bussiness())


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file. `kind` is its media type; `id` (written cid:…) is given by position where it is empty."""

    name: str
    content: bytes
    kind: str = "application/pdf"
    description: str = ""
    id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A document on its way. `trace` says what it does to an earlier one."""

    header: MessageHeader
    trace: Trace = field(default_factory=Trace)
    attachments: tuple[Attachment, ...] = ()

    @property
    def document_id(self) -> str:
        return self.header.document_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What became of the document `response_for`, said by `sender`."""

    sender: Organisation = element("From")
    response_for: ResponseFor = element("ResponseFor")
    staff: Staff | None = element("StaffInfo", default=None)
    code: StatusCode = element("StatusCode")
    description: str = element("Description", default="")
    at: dt.datetime = element("Timestamp")

    @property
    def key(self) -> StatusKey:
        """The same for every repeat. Who says it is part of it: two receivers may say the same in one second."""
        return (
            self.response_for.document_id,
            self.code,
            self.at.astimezone(dt.UTC).replace(microsecond=0),
            self.sender.id,
        )

    @property
    def id(self) -> str:
        """The key as one text, for a port that wants an id."""
        document_id, code, at, sender = self.key
        return f"{document_id}|{code.value}|{at:%Y%m%dT%H%M%SZ}|{sender}"


def document_id(organ_id: str, on: dt.date, code: Code) -> str:
    """An id as the exchange's own samples make it: sender, day of issue and code, such as
    000.00.00.G22,2015/09/30,7816/VPCP-TTĐT. It is the same each time it is made."""
    return f"{organ_id},{on.year:04}/{on.month:02}/{on.day:02},{code}"


def tidy(text: str) -> str:
    """A text as it is kept: line ends are \\n, no space around. Raises ValueError where XML can't hold it."""
    made = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _ILLEGAL.search(made):
        raise ValueError("a character that XML can't hold")
    return made


def holdable(text: str) -> str:
    """A text that a person wrote, with a blank for each character that XML can't hold (such as Word pastes)."""
    return _ILLEGAL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def unpacked(attachment: Attachment) -> Attachment:
    """A file as its author saved it: some senders' kits zip every file but keep its name. Others come back as they are.

    Raises Malformed where such a zip holds not just one file, or one that is too large.
    """
    if attachment.kind != "application/zip" or attachment.name.lower().endswith(".zip"):
        return attachment
    wrong = Malformed(
        "zip", Text("Tệp nén kèm theo không mở được", "An attached zip can't be opened"), where="AttachmentEncoded"
    )
    try:
        with zipfile.ZipFile(io.BytesIO(attachment.content)) as packed:
            [only] = packed.infolist()
            with packed.open(only) as file:
                content = file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, EOFError, OSError) as error:
        raise wrong from error
    if len(content) > LARGEST_FILE:
        raise wrong
    return replace(attachment, content=content, kind="application/octet-stream")
