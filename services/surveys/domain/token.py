"""A token: 128 random bits as 26 letters that people can read out and type in, shown in groups.

Crockford's base32: no I, L, O or U, so that what was read wrongly is still read right.
"""

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
MEANT = str.maketrans({"I": "1", "L": "1", "O": "0"})


def token_of(bits: bytes) -> str:
    """The token of 16 random bytes."""
    number = int.from_bytes(bits[:16], "big")
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def read_token(text: str) -> str | None:
    """The token as it was typed, whatever its groups and case; None where it is none."""
    found = "".join(text.upper().replace("-", " ").split()).translate(MEANT)
    return found if len(found) == LENGTH and set(found) <= set(LETTERS) and found[0] in LETTERS[:8] else None


def grouped(token: str) -> str:
    """As it is printed: 26 letters as 4-4-4-4-5-5."""
    parts, start = [], 0
    for size in (4, 4, 4, 4, 5, 5):
        parts.append(token[start : start + size])
        start += size
    return "-".join(parts)
