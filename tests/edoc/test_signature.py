"""Signed messages: believed only where the key of the sender made the signature, over all that is then read."""

import dataclasses
from pathlib import Path

import pytest
from cryptography import x509

from edoc_samples import DEPARTMENT, SCHOOL, document, key_file, status
from kernel.edoc import schema
from kernel.edoc.edxml import read, write
from kernel.edoc.exchange import opened, sealed
from kernel.edoc.message import Attachment, Malformed
from kernel.edoc.signature import load_key, sign, trusted, verified
from kernel.settings import Settings

OURS, THEIRS = key_file("rsa"), key_file("ec")
PDF = Attachment(name="Tờ trình.pdf", content=b"%PDF-1.7 invented", id="cid:1")
CONTENT = write(document(attachments=(PDF,)))


def certificates(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


@pytest.mark.parametrize("pem", [OURS, THEIRS], ids=["RSA", "EC"])
def test_a_signed_document_and_a_signed_status_are_read_as_they_were_written(pem: bytes) -> None:
    for message in (document(attachments=(PDF,)), status(document())):
        signed = sign(write(message), load_key(pem))
        assert schema.faults(signed) == []
        believed = verified(signed, certificates(pem))
        assert read(signed) == message == read(believed)
        assert b"SignatureValue" in signed and b"SignatureValue" not in believed  # that part is signed by nobody


def test_a_signature_reaches_over_files_larger_than_a_parser_takes_unasked() -> None:
    large = document(attachments=(dataclasses.replace(PDF, content=bytes(12 << 20)),))
    signed = sign(write(large), load_key(OURS))
    assert read(verified(signed, certificates(OURS))) == large


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"TTr-THPTMK", b"TTr-THPTML"), (b"JVBERi0x", b"JVBERi0y"), (b"<edXML:Type>1<", b"<edXML:Type>2<")],
)
def test_a_changed_letter_anywhere_is_noticed(old: bytes, new: bytes) -> None:
    signed = sign(CONTENT, load_key(OURS))
    assert old in signed
    with pytest.raises(Malformed, match="signature at edXMLHeader/Signature"):
        verified(signed.replace(old, new), certificates(OURS))


def test_only_what_is_signed_is_read() -> None:
    """Another document around a signed one, or a signature of another place, lends its belief to nothing else."""
    signed = sign(CONTENT, load_key(OURS))
    begin, end = signed.index(b"<ds:Signature"), signed.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    moved = write(document(48)).replace(b"</edXML:edXMLHeader>", signed[begin:end] + b"</edXML:edXMLHeader>")
    elsewhere = CONTENT.replace(b"<AttachmentEncoded>", signed[begin:end] + b"<AttachmentEncoded>")
    for each in (moved, elsewhere):
        with pytest.raises(Malformed):
            verified(each, certificates(OURS))


def test_nobody_is_believed_who_is_not_known_whose_time_is_over_or_who_did_not_sign() -> None:
    signed = sign(CONTENT, load_key(OURS))
    old = key_file("ec", days=1)
    for content, known in (
        (signed, certificates(THEIRS)),
        (signed, []),
        (sign(CONTENT, load_key(old)), certificates(old)),
    ):
        with pytest.raises(Malformed, match="signature"):
            verified(content, known)
    with pytest.raises(Malformed, match="not_signed"):
        verified(CONTENT, certificates(OURS))
    with pytest.raises(Malformed, match="signed"):
        sign(signed, load_key(OURS))


def test_the_weak_hash_of_old_samples_is_refused() -> None:
    signed = sign(CONTENT, load_key(OURS))
    weak = signed.replace(
        b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", b"http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    )
    assert weak != signed
    with pytest.raises(Malformed, match="signature"):
        verified(weak, certificates(OURS))


def test_where_it_is_set_up_messages_leave_signed_and_only_their_senders_are_believed(tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "school.pem").write_bytes(OURS)
    (tmp_path / "trust" / f"{SCHOOL}.pem").write_bytes(OURS[OURS.index(b"-----BEGIN CERT") :])
    (tmp_path / "trust" / f"{DEPARTMENT}.pem").write_bytes(THEIRS[THEIRS.index(b"-----BEGIN CERT") :])
    config = Settings(edoc_signer=tmp_path / "school.pem", edoc_trust=tmp_path / "trust")
    for message in (document(attachments=(PDF,)), status(document(), sender=SCHOOL)):
        assert opened(sealed(message, config), config) == message
    with pytest.raises(Malformed, match="signature"):  # the school signs in the Department's name
        opened(sealed(document(sender=DEPARTMENT, to=(SCHOOL,)), config), config)
    with pytest.raises(Malformed, match="not_signed"):
        opened(CONTENT, config)
    assert opened(CONTENT, Settings()) == document(attachments=(PDF,))
    assert trusted(tmp_path / "trust", "H1") == trusted(tmp_path / "trust", "../school") == ()


def test_a_key_file_that_is_not_one_is_said_at_once() -> None:
    mixed = OURS[: OURS.index(b"-----BEGIN CERT")] + THEIRS[THEIRS.index(b"-----BEGIN CERT") :]
    for pem in (b"", OURS[: OURS.index(b"-----BEGIN CERT")], mixed):
        with pytest.raises(ValueError, match=r"."):
            load_key(pem)
