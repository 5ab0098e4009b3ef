"""Messages for tests: one of each kind that is told in full, and any that hypothesis thinks of."""

import datetime as dt
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import strategies as st

from kernel.calendar import ZONE
from kernel.edoc.message import (
    Attachment,
    Business,
    Bussiness,
    Code,
    DocumentType,
    Envelope,
    MessageHeader,
    Organisation,
    OtherInfo,
    Promulgation,
    ResponseFor,
    Signer,
    Staff,
    Status,
    StatusCode,
    Trace,
    TraceHeader,
    tidy,
)

HERE = Path(__file__).with_name("edoc")
SCHOOL, DEPARTMENT = "000.21.15.H99", "000.00.15.H99"
AT = dt.datetime(2026, 5, 18, 9, 5, tzinfo=ZONE)


def document(number: int = 47, *, sender: str = SCHOOL, to: tuple[str, ...] = (DEPARTMENT,), **more: Any) -> Envelope:
    """A document of a school, in its least form."""
    code = Code(number=str(number), notation="TTr-THPTMK")
    header = MessageHeader(
        sender=Organisation(id=sender),
        receivers=tuple(Organisation(id=each) for each in to),
        code=code,
        promulgation=Promulgation(on=AT.date()),
        type=DocumentType(type=1, name="Công văn"),
        subject="V/v xin ý kiến về trường hợp chuyển trường đặc biệt",
        document_id=f"{sender},2026/05/18,{code}",
    )
    return Envelope(header=header, **more)


def status(
    of: Envelope, code: StatusCode = StatusCode.RECEIVED, *, sender: str = DEPARTMENT, at: dt.datetime = AT
) -> Status:
    about = ResponseFor(organ_id=of.header.sender.id, code=str(of.header.code), document_id=of.document_id)
    return Status(sender=Organisation(id=sender), response_for=about, code=code, at=at)


def key_file(kind: str, name: str = "thpt-minhkhai.example", days: int = 10_000) -> bytes:
    """A new private key and its certificate, in PEM; `days` from 2026 on that the certificate is good."""
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


# --- any message -----------------------------------------------------------------------------------------------------

_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=("Cs", "Cc"))
_TEXT = st.text(st.one_of(_CHARACTERS, st.sampled_from("<>&\"'\n\t]]>ệ")), max_size=20).map(tidy)
_FILLED = _TEXT.filter(bool)
_ORGAN = st.from_regex(r"[0-9A-Z]{1,3}(\.[0-9A-Z]{1,3}){0,3}", fullmatch=True)
_DAY = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))
_MOMENT = st.datetimes(
    dt.datetime(1970, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
    dt.datetime(2199, 12, 31),  # noqa: DTZ001
    timezones=st.sampled_from([ZONE, dt.UTC]),
).map(lambda at: at.replace(microsecond=0))
_NUMBER = st.integers(0, 999_999)


_ORGANISATION = st.builds(
    Organisation,
    id=_ORGAN,
    in_charge=_TEXT,
    name=_TEXT,
    address=_TEXT,
    email=_TEXT,
    telephone=_TEXT,
    fax=_TEXT,
    website=_TEXT,
)
_RESPONSE = st.builds(ResponseFor, organ_id=_ORGAN, code=_TEXT, on=st.none() | _DAY, document_id=_FILLED)
_STAFF = st.builds(Staff, department=_TEXT, name=_TEXT, mobile=_TEXT, email=_TEXT)
_OTHER = st.builds(
    OtherInfo,
    priority=_NUMBER,
    sphere=_TEXT,
    typist=_TEXT,
    copies=st.none() | _NUMBER,
    pages=st.none() | _NUMBER,
    appendixes=st.lists(_FILLED, max_size=3).map(tuple),
)
_HEADER = st.builds(
    MessageHeader,
    sender=_ORGANISATION,
    receivers=st.lists(_ORGANISATION, min_size=1, max_size=3, unique_by=lambda each: each.id).map(tuple),
    code=st.builds(Code, number=_FILLED, notation=_FILLED),
    promulgation=st.builds(Promulgation, place=_TEXT, on=_DAY),
    type=st.builds(DocumentType, type=_NUMBER, name=_FILLED),
    subject=_FILLED,
    content=_TEXT,
    signer=st.none() | st.builds(Signer, competence=_TEXT, position=_TEXT, name=_FILLED),
    due=st.none() | _DAY,
    places=st.lists(_FILLED, max_size=3).map(tuple),
    other=st.none() | _OTHER,
    response_for=st.lists(_RESPONSE, max_size=3).map(tuple),
    steering=_NUMBER,
    document_id=_FILLED,
)
_TRACE = st.builds(
    Trace,
    passed=st.lists(st.builds(TraceHeader, organ_id=_ORGAN, at=_MOMENT), max_size=3).map(tuple),
    business=st.builds(
        Bussiness,
        kind=st.sampled_from(Business),
        reason=_TEXT,
        document_id=_TEXT,
        staff=st.none() | _STAFF,
        paper=_NUMBER,
    ),
)
_FILE = st.builds(
    Attachment,
    name=_FILLED,
    content=st.binary(max_size=200),
    kind=st.sampled_from(["application/pdf", "text/plain", "application/octet-stream"]),
    description=_TEXT,
    id=st.from_regex(r"cid:[a-z0-9-]{1,10}", fullmatch=True),
)
ENVELOPES: st.SearchStrategy[Envelope] = st.builds(
    Envelope,
    header=_HEADER,
    trace=_TRACE,
    attachments=st.lists(_FILE, max_size=3, unique_by=lambda each: each.id).map(tuple),
)
STATUSES: st.SearchStrategy[Status] = st.builds(
    Status,
    sender=_ORGANISATION,
    response_for=_RESPONSE,
    staff=st.none() | _STAFF,
    code=st.sampled_from(StatusCode),
    description=_TEXT,
    at=_MOMENT,
)
