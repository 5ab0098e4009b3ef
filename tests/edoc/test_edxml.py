"""edXML: what is written is read again and fits the schema, what was written by hand from the standard is read, and
nothing that anybody sends can do more than be refused in one clear way."""

import base64
import dataclasses
import datetime as dt
import re
import time
import zipfile
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edoc_samples import AT, DEPARTMENT, ENVELOPES, HERE, SCHOOL, STATUSES, document, status
from kernel.calendar import ZONE
from kernel.edoc import edxml, message, schema
from kernel.edoc.edxml import read, write
from kernel.edoc.message import (
    Attachment,
    Business,
    Code,
    Envelope,
    Malformed,
    Organisation,
    Status,
    StatusCode,
    tidy,
    unpacked,
)

PDF = Attachment(name="Tờ trình.pdf", content=b"%PDF-1.7 invented")
SENT = write(document(attachments=(PDF,)))


def hand(name: str) -> bytes:
    return (HERE / name).read_bytes()


def refused(content: bytes) -> Malformed:
    with pytest.raises(Malformed) as error:
        read(content)
    return error.value


# --- there and back --------------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ENVELOPES)
def test_any_document_comes_back_as_it_was_and_fits_the_schema(envelope: Envelope) -> None:
    content = write(envelope)
    assert read(content) == envelope
    assert schema.faults(content) == []
    assert write(envelope) == content == write(read(content))


@settings(deadline=None)
@given(STATUSES)
def test_any_status_comes_back_as_it_was_and_fits_the_schema(said: Status) -> None:
    content = write(said)
    again = read(content)
    assert again == said and isinstance(again, Status)
    assert (again.key, again.id) == (said.key, said.id)
    assert schema.faults(content) == []


@given(st.text(max_size=30))
def test_any_text_that_was_typed_arrives_tidied_or_is_refused_before_it_is_sent(typed: str) -> None:
    envelope = document()
    envelope = dataclasses.replace(envelope, header=dataclasses.replace(envelope.header, content=typed))
    try:
        content = write(envelope)
    except Malformed as error:
        assert error.where == "edXMLHeader/MessageHeader/Content"
        with pytest.raises(ValueError, match="character"):
            tidy(typed)
        return
    again = read(content)
    assert isinstance(again, Envelope) and again.header.content == tidy(typed)


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_are_refused_in_the_one_way(content: bytes) -> None:
    assert refused(content).says.vi


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_message_that_was_damaged_on_its_way_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(SENT)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        found = read(bytes(content))
    except Malformed:
        return
    assert read(write(found)) == found


# --- from the standard -----------------------------------------------------------------------------------------------


def test_a_document_written_by_hand_from_the_standard_is_read_and_fits_the_schema() -> None:
    content = hand("document.xml")
    assert schema.faults(content) == []
    found = read(content)
    assert isinstance(found, Envelope)
    header = found.header
    assert header.sender.id == SCHOOL and header.sender.name == "Trường THPT Minh Khai"
    assert [each.id for each in header.receivers] == [DEPARTMENT]
    assert str(header.code) == "47/TTr-THPTMK" and header.promulgation.on == dt.date(2026, 5, 18)
    assert header.due == dt.date(2026, 5, 25) and header.places == ("Như trên", "Lưu: VT")
    assert header.content.startswith("Nhà trường xin ý kiến lãnh đạo Sở & đề nghị")
    assert header.signer and header.signer.competence == "KT. HIỆU TRƯỞNG"
    assert header.other and (header.other.priority, header.other.pages) == (1, 3)
    assert header.other.appendixes == ("Danh mục hồ sơ",)
    assert header.response_for[0].document_id == "000.00.15.H99,2026/05/11,901/SGDĐT-QLCL"
    assert found.document_id == message.document_id(SCHOOL, header.promulgation.on, header.code)
    assert found.trace.passed[0].at == AT and found.trace.business.kind is Business.NEW
    assert found.attachments[0].content == PDF.content and found.attachments[0].name == PDF.name
    assert read(write(found)) == found


def test_a_document_in_the_habits_of_other_senders_is_read_too() -> None:
    found = read(hand("document_of_a_kit.xml"))
    assert isinstance(found, Envelope)
    assert [each.id for each in found.header.receivers] == ["H99.15.21", "H99.15.22"]
    assert found.header.receivers[0].name == "Trường THPT Minh Khai"
    assert found.header.promulgation.on == dt.date(2026, 5, 20) and found.header.due is None
    assert found.header.response_for[0].on == dt.date(2026, 5, 18)
    assert found.trace.business.kind is Business.REPLACE
    assert found.trace.business.document_id == "H99.15,2026/05/19,949/SGDĐT-VP"
    [packed] = found.attachments
    assert unpacked(packed).content.decode() == "Sở trả lời: đồng ý." and unpacked(PDF) is PDF
    assert schema.faults(write(found)) == []


@pytest.mark.parametrize("name", ["status.xml", "status_of_a_kit.xml"])
def test_a_status_is_read_under_both_of_its_names(name: str) -> None:
    found = read(hand(name))
    assert isinstance(found, Status)
    assert (found.code, found.sender.id) == (StatusCode.IN_PROCESS, DEPARTMENT)
    assert found.response_for.document_id == "000.21.15.H99,2026/05/18,47/TTr-THPTMK"
    assert found.at == dt.datetime(2026, 5, 19, 8, 30, 15, tzinfo=ZONE)
    assert found.staff and found.staff.name == "Phạm Thị Lan"


def test_the_schema_takes_the_status_of_the_standard_and_none_of_another_name() -> None:
    assert schema.faults(hand("status.xml")) == []
    assert schema.faults(hand("status_of_a_kit.xml"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<edXML:Subject>", b"<edXML:Topic>x</edXML:Topic><edXML:Subject>"),
        (b"2026/05/18<", b"18/05/2026<"),
        (b"<edXML:Type>1<", b"<edXML:Type>one<"),
        (b"<edXML:BussinessDocType>0<", b"<edXML:BussinessDocType>7<"),
        (b"cid:1", b"1"),
        (b'version="1.0"><edXML:Reference', b'version="2.0"><edXML:Reference'),
        (b"JVBERi0x", b"JVBERi0"),
    ],
)
def test_the_schema_is_a_judge_of_its_own(old: bytes, new: bytes) -> None:
    assert SENT.count(old)
    assert schema.faults(SENT.replace(old, new))


def test_a_status_is_the_same_whatever_zone_it_was_said_in() -> None:
    here, there = status(document()), status(document(), at=AT.astimezone(dt.UTC) + dt.timedelta(microseconds=5))
    assert here.key == there.key and here.id == there.id and write(here) == write(there)
    assert here.id != status(document(), StatusCode.DONE).id


# --- hostile ---------------------------------------------------------------------------------------------------------

HEAD, BODY = SENT.split(b"\n", 1)
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE edXML [<!ENTITY l0 "ha">' + LAUGHS + b"]>",
        b'<!DOCTYPE edXML [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE edXML SYSTEM "http://127.0.0.1:9/x.dtd">',
        b"<!DOCTYPE edXML>",
    ],
    ids=["billion laughs", "a file", "a fetched type", "an empty type"],
)
def test_a_document_type_is_refused_before_anything_of_it_is_done(doctype: bytes) -> None:
    began = time.monotonic()
    error = refused(HEAD + doctype + BODY.replace(b"C\xc3\xb4ng v\xc4\x83n", b"&l11;"))
    assert error.code == "unsafe" and "DTD" in error.says.vi
    assert time.monotonic() - began < 1


def test_an_entity_that_nobody_declared_is_refused() -> None:
    assert refused(SENT.replace("Công".encode(), b"&l11;")).code == "not_xml"


def test_depth_and_number_of_elements_have_limits() -> None:
    began = time.monotonic()
    for depth in (20, 200_000):
        deep = b"<a>" * depth + b"</a>" * depth
        assert refused(SENT.replace(b"<edXML:MessageHeader>", b"<edXML:MessageHeader>" + deep)).code == "too_many"
    assert refused(SENT.replace(b"<edXML:Subject>", b"<a/>" * 200_000 + b"<edXML:Subject>")).code == "too_many"
    assert time.monotonic() - began < 5


def test_files_and_messages_that_are_too_large_are_refused_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edxml, "LARGEST_FILE", 1000)
    with pytest.raises(Malformed, match="too_large at AttachmentEncoded"):
        write(document(attachments=(dataclasses.replace(PDF, content=bytes(1001)),)))
    assert read(write(document(attachments=(dataclasses.replace(PDF, content=bytes(1000)),))))
    encoded = base64.b64encode(bytes(1005))
    large = SENT.replace(base64.b64encode(PDF.content), encoded)
    assert refused(large).where == "AttachmentEncoded/Attachment/ContentTransferEncoded"
    monkeypatch.setattr(edxml, "LARGEST", 500)
    assert refused(SENT).code == "too_large"
    with pytest.raises(Malformed, match="too_large"):
        write(document())


def test_a_file_that_was_zipped_to_burst_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def zipped(*names: str, content: bytes = b"x") -> Attachment:
        made = BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in names:
                packed.writestr(name, content)
        return Attachment(name="a.doc", kind="application/zip", content=made.getvalue())

    monkeypatch.setattr(message, "LARGEST_FILE", 1 << 20)
    assert unpacked(zipped("a.doc")).content == b"x"
    broken = dataclasses.replace(zipped("a"), content=zipped("a").content[:-10])
    for each in (zipped("a", content=bytes(10 << 20)), zipped("a", "b"), zipped(), broken):
        with pytest.raises(Malformed, match="zip"):
            unpacked(each)


NS = b"http://www.mic.gov.vn/TBT/QCVN_102_2016"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (NS, b"http://www.e-doc.vn/Schema/", "not_edxml"),
        (b"edXML:edXMLHeader", b"edXML:Header", "missing"),
        (b"<edXML:OrganId>000.21.15.H99</edXML:OrganId>", b"", "missing"),
        (b"<edXML:OrganId>000.21.15.H99</edXML:OrganId>", b"<edXML:OrganId>../a</edXML:OrganId>", "organ_id"),
        (b"<edXML:To><edXML:OrganId>000.00.15.H99</edXML:OrganId></edXML:To>", b"", "missing"),
        (b"<edXML:Subject>", b"<edXML:Subject>a</edXML:Subject><edXML:Subject>", "twice"),
        (b"<edXML:Subject>", b"<edXML:Subject><b/>", "wrong"),
        (b"2026/05/18<", b"2026/02/30<", "wrong"),
        (b"<edXML:Type>1<", b"<edXML:Type>-1<", "wrong"),
        (b"<edXML:BussinessDocType>0<", b"<edXML:BussinessDocType>9<", "wrong"),
        (b"<AttachmentEncoded>.*</AttachmentEncoded>", b"", "files"),
        (b"<edXML:Reference>.*</edXML:Reference>", b"", "files"),
        (b"<ContentTransferEncoded>J", b"<ContentTransferEncoded>?", "base64"),
        (b"<ContentTransferEncoded>J", b"<ContentTransferEncoded>", "base64"),
    ],
)
def test_what_is_missing_twice_or_wrong_is_named(old: bytes, new: bytes, code: str) -> None:
    if b".*" in old:
        begin, _, end = old.partition(b".*")
        content = SENT[: SENT.index(begin)] + SENT[SENT.index(end) + len(end) :]
    else:
        assert old in SENT
        content = SENT.replace(old, new)
    error = refused(content)
    assert error.code == code and error.where
    assert error.says.vi and error.says.en and "edXML" in error.instead.vi


def test_a_document_without_an_id_is_refused() -> None:
    begin, end = SENT.index(b"<edXML:DocumentId>"), SENT.index(b"</edXML:MessageHeader>")
    error = refused(SENT[:begin] + SENT[end:])
    assert (error.code, error.where) == ("missing", "edXMLHeader/MessageHeader/DocumentId")


def test_a_status_with_a_code_that_nobody_knows_is_refused() -> None:
    assert refused(hand("status.xml").replace(b">05<", b">99<")).where == "edXMLHeader/Status/StatusCode"


@pytest.mark.parametrize("year", [b"0001", b"1899", b"2200", b"9999"])
def test_a_moment_that_no_database_holds_in_every_zone_is_refused(year: bytes) -> None:
    content = re.sub(rb"(<edXML:Timestamp>)\d{4}", rb"\g<1>" + year, write(status(document())))
    assert refused(content).where == "edXMLHeader/Status/Timestamp"


@pytest.mark.parametrize(
    "change",
    [
        {"document_id": ""},
        {"document_id": " a"},
        {"document_id": "a" * 301},
        {"subject": "  "},
        {"receivers": ()},
        {"receivers": (Organisation(id="H1"), Organisation(id="H1"))},
        {"sender": Organisation(id="")},
        {"sender": Organisation(id="H1/../..")},
        {"steering": -1},
        {"content": "a" * 20_001},
        {"code": Code(number="1", notation="")},
    ],
    ids=str,
)
def test_what_could_not_be_read_is_not_written(change: dict[str, Any]) -> None:
    envelope = document()
    with pytest.raises(Malformed):
        write(dataclasses.replace(envelope, header=dataclasses.replace(envelope.header, **change)))


def test_what_a_person_pasted_can_be_made_fit_to_be_written() -> None:
    text = message.holdable("Dòng một\r\nDòng\x0bhai\x00 đủ dấu")
    assert text == "Dòng một\nDòng hai  đủ dấu" == tidy(text)


def test_a_moment_without_a_zone_is_not_written() -> None:
    with pytest.raises(Malformed, match="Timestamp"):
        write(dataclasses.replace(status(document()), at=dt.datetime(2026, 5, 18)))  # noqa: DTZ001


def test_files_without_an_id_are_numbered_and_two_of_one_id_are_refused() -> None:
    found = read(write(document(attachments=(PDF, PDF))))
    assert isinstance(found, Envelope) and [each.id for each in found.attachments] == ["cid:1", "cid:2"]
    with pytest.raises(Malformed, match="twice"):
        write(document(attachments=(dataclasses.replace(PDF, id="a"), dataclasses.replace(PDF, id="cid:a"))))


def test_the_prefixes_are_those_that_receivers_look_for() -> None:
    assert (
        b"<edXML:edXMLEnvelope " in SENT
        and b"<edXML:DocumentId>" in SENT
        and b"<AttachmentEncoded><Attachment>" in SENT
    )
    assert ET.fromstring(SENT).tag == f"{{{NS.decode()}}}edXML"


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    error = refused(SENT.replace(b"<edXML:Type>1<", b"<edXML:Type>Nguyen Van A<"))
    said = f"{error} {error.says} {error.where} {error.instead}"
    assert "Nguyen" not in said and "edXMLHeader/MessageHeader/DocumentType/Type" in said
