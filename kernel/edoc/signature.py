"""XMLDSig for a message: one enveloped signature in its header, over all of it, by RSA or ECDSA with SHA-256.

SHA-1, which the exchange's old samples show, is refused. Trust is in certificates that were handed over beforehand,
one file for each organisation: what a message brings along is not believed. What may be believed is what `verified`
answers, so read that and not what came ("see what is signed").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from kernel.decider import Text
from kernel.edoc import schema
from kernel.edoc.message import NAMESPACE, ORGAN_ID, Malformed

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_HEADER = f"{{{NAMESPACE}}}edXMLEnvelope/{{{NAMESPACE}}}edXMLHeader"
_WHERE = "edXMLHeader/Signature"
_EXPECTED = SignatureConfiguration(
    location=f"./{_HEADER}/",
    signature_methods=frozenset(
        (
            SignatureMethod.RSA_SHA256,
            SignatureMethod.RSA_SHA384,
            SignatureMethod.RSA_SHA512,
            SignatureMethod.ECDSA_SHA256,
            SignatureMethod.ECDSA_SHA384,
            SignatureMethod.ECDSA_SHA512,
        )
    ),
)
_UNSIGNED = Text("Văn bản chưa được ký số", "The message is not signed")
_SIGNED = Text("Văn bản đã có chữ ký số", "The message is signed already")
_UNKNOWN = Text(
    "Chữ ký số không khớp với nội dung hoặc với chứng thư đã đăng ký của bên gửi",
    "The signature does not fit the message, or none of the certificates that are known of its sender",
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its certificates, its own first."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificates: tuple[x509.Certificate, ...]


class _Signer(XMLSigner):
    """Signs what is larger than libxml2 takes unasked."""

    @property
    def parser(self) -> Any:
        return schema.parser()


def load_key(pem: bytes) -> SigningKey:
    """A key file: an RSA or EC private key and at least one certificate, in PEM. Raises ValueError, which says why."""
    key = load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("the key must be RSA or EC")
    certificates = tuple(x509.load_pem_x509_certificates(pem))
    if certificates[0].public_key() != key.public_key():
        raise ValueError("the first certificate is not that of the key")
    return SigningKey(key, certificates)


def trusted(folder: Path, organ_id: str) -> tuple[x509.Certificate, ...]:
    """The certificates that are known of an organisation: those in the file <OrganId>.pem, none where there is none."""
    path = folder / f"{organ_id}.pem"
    if not ORGAN_ID.fullmatch(organ_id) or not path.is_file():
        return ()
    return tuple(x509.load_pem_x509_certificates(path.read_bytes()))


def sign(content: bytes, key: SigningKey) -> bytes:
    """The same message with a signature. With an EC key it is other bytes each time: keep them if they are sent again.

    Raises Malformed where it is signed already, or no message.
    """
    root = schema.parsed(content)
    header = root.find(_HEADER)
    if header is None or header.find(f"{{{_DSIG}}}Signature") is not None:
        raise Malformed("signed", _SIGNED, where=_WHERE)
    etree.SubElement(header, f"{{{_DSIG}}}Signature", {"Id": "placeholder"}, nsmap={"ds": _DSIG})
    rsa_key = isinstance(key.key, rsa.RSAPrivateKey)
    signer = _Signer(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256 if rsa_key else SignatureMethod.ECDSA_SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(root, key=key.key, cert=list(key.certificates))
    return bytes(etree.tostring(signed, xml_declaration=True, encoding="UTF-8"))


def verified(content: bytes, certificates: Sequence[x509.Certificate]) -> bytes:
    """What of a message is signed by the holder of one of these certificates: read this, not what came.

    Only for bytes that `edxml.read` has taken. Raises Malformed where nothing is signed, or by nobody known.
    """
    root = schema.parsed(content)
    if root.find(f"{_HEADER}/{{{_DSIG}}}Signature") is None:
        raise Malformed("not_signed", _UNSIGNED, where=_WHERE)
    for certificate in certificates:
        try:
            found = XMLVerifier().verify(root, x509_cert=certificate, parser=schema.parser(), expect_config=_EXPECTED)
        except (SignXMLException, etree.LxmlError, ValueError, TypeError, AttributeError):
            continue
        return cast(VerifyResult, found).signed_data
    raise unknown()


def unknown() -> Malformed:
    """No certificate of its sender fits."""
    return Malformed("signature", _UNKNOWN, where=_WHERE)
