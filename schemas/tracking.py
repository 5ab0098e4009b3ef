"""The short code by which people follow their dossier, on any page of any service.

It is made from the dossier's UUID under a secret of this deployment, so it exists before a register number does, and
who knows the UUID (it is on every topic) does not know the code. Views and events hold only its look-up digest, made
under the same secret: fifty bits without a key could be searched through.
"""

import hmac
import re
from uuid import UUID

# Crockford's 32 characters: none is mistaken for another in handwriting or over the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")
# What is made under one key for two ends bears the name of its end.
_CODE, _LOOK_UP = b"motcua tracking code\n", b"motcua tracking look-up\n"


def tracking_code(application: UUID, key: bytes) -> str:
    """A short code for typing on a telephone: ten characters and a check character, "7QK2M-9X0TD-4"."""
    number = int.from_bytes(hmac.digest(key, _CODE + application.bytes, "sha256")) >> (256 - 50)
    text = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(45, -1, -5))
    return f"{text[:5]}-{text[5:]}-{_check(text)}"


def look_up_digest(code: str, key: bytes) -> str:
    """What a dossier is looked up by, from its code in the printed form: HMAC-SHA256, in hex."""
    return hmac.digest(key, _LOOK_UP + code.encode(), "sha256").hex()


def read_tracking_code(text: str) -> str | None:
    """The tracking code that somebody typed, in its printed form; None where the check character says no."""
    plain = re.sub(r"[\s-]", "", text).upper().translate(_MISREAD)
    if len(plain) != 11 or any(each not in _ALPHABET for each in plain) or _check(plain[:10]) != plain[10]:
        return None
    return f"{plain[:5]}-{plain[5:10]}-{plain[10]}"


def _check(text: str) -> str:
    """Weights that are odd find every single wrong character; different ones find most swaps of neighbours."""
    weighted = sum((2 * place + 1) * _ALPHABET.index(each) for place, each in enumerate(text))
    return _ALPHABET[weighted % 32]
