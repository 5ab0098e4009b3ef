"""Tokens: 128 random bits that open one invitation. They are told once, and stored nowhere.

A token is written as 26 letters of Crockford's base 32, in groups. What somebody has begun is kept sealed under a key
that is made of their token, so that whoever has the database alone can't open it.
"""

import os
import secrets
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.waiting import padded, unpadded
from services.surveys.domain.naming import invitation_stream

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
GROUP = 4
NONCE = 12
_READ_AS = str.maketrans("OIL", "011", " -–.\t\r\n")


def new_token() -> str:
    number = secrets.randbits(128)
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def shown(token: str) -> str:
    """As it is printed: 7QK2-M9X0-…"""
    return "-".join(token[n : n + GROUP] for n in range(0, LENGTH, GROUP))


def read_token(text: str) -> str | None:
    """The token that somebody typed, whatever its case and its dashes; None where it is none."""
    token = text[:100].upper().translate(_READ_AS)
    fits = len(token) == LENGTH and set(token) <= set(LETTERS) and token[0] in LETTERS[:8]
    return token if fits else None


def key_of(token: str) -> UUID:
    """What is kept of this token's invitation is under this key."""
    return key_of_stream(invitation_stream(token))


def key_of_stream(stream: str) -> UUID:
    """The same, where the stream is known already."""
    return UUID(stream.partition("-")[2])


def seal(token: str, value: Any) -> bytes:
    """A value that only who has the token can open. All of usual length are of one length."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher(token).encrypt(nonce, padded(msgspec.json.encode(value)), key_of(token).bytes)


def unseal(token: str, box: bytes) -> Any:
    """The value; None where it was not sealed under this token."""
    try:
        clear = _cipher(token).decrypt(box[:NONCE], box[NONCE:], key_of(token).bytes)
    except InvalidTag:
        return None
    return msgspec.json.decode(unpadded(clear))


def _cipher(token: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"motcua surveys kept").derive(token.encode()))
