"""The short code by which people follow their dossier, on any page of any service.

It is made from the dossier's UUID, so it exists before a register number does, and guesses nobody's neighbour.
"""

import re
from uuid import UUID, uuid5

NAMESPACE = UUID("6f5d1f1e-6a34-5a53-9a3c-1d5f2b6a7c10")
# Crockford's 32 characters: none is mistaken for another in handwriting or over the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")


def tracking_code(application: UUID) -> str:
    """A short code for typing on a telephone: ten characters and a check character, "7QK2M-9X0TD-4"."""
    number = uuid5(NAMESPACE, str(application)).int >> (128 - 50)
    text = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(45, -1, -5))
    return f"{text[:5]}-{text[5:]}-{_check(text)}"


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
