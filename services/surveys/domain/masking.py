"""What people wrote, with what tells who they are or whom they mean taken out before anybody reads it.

For display only: what was written stays as it is, sealed. Rules, not learning, so that the same text is always masked
alike; a name without capitals ("cô lan") is not found, and a nickname neither: a listing says so.
"""

import re
import unicodedata
from collections.abc import Callable

from schemas.tracking import read_tracking_code
from services.surveys.domain.names import LOWER, UPPER, names

MASK = "▮▮▮"
"""Stands for what was taken out."""

CAPITALS = rf"[{UPPER}][{UPPER}{LOWER}]*(?:[ \t]+[{UPPER}][{UPPER}{LOWER}]*)*"
CODES = re.compile(r"\b[A-Z]\d{2}(?:\.\d{1,4})*[-–.]\d{6}[-–.](?:[A-Z]{2})?\d{3,6}\b", re.IGNORECASE)
"""The code of a dossier, such as H99.2-260824-0001."""
TRACKING = re.compile(r"\b[0-9A-Z]{5}[ -]?[0-9A-Z]{5}[ -]?[0-9A-Z]\b", re.IGNORECASE)
GROUPS = re.compile(r"\b(?=[A-Z-]*\d)(?=[\d-]*[A-Z])[\dA-Z]{3,8}(?:-[\dA-Z]{2,8}){2,}\b")
"""The token of an invitation, or another code in groups of capitals and digits."""
TOKENS = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[0-9A-Za-z]{16,}\b")
MAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")
SITES = re.compile(
    r"(?:https?://|www\.)\S+|\b(?:facebook|fb|zalo|tiktok|instagram|t)\.(?:com|me|vn)/\S+", re.IGNORECASE
)
BORN = re.compile(r"(?i)\b(sinh(?:\s+(?:ngày|năm))?:?\s+)\d{1,4}(?:\s?[/.-]\s?\d{1,4}){0,2}\b")
PHONE = re.compile(r"(?<![\w.,])(?:\(?\+?84\)?|\(?0)(?:[ .\-()]{0,2}\d){8,10}(?!\d)")
DIGITS = re.compile(r"(?<!\w)\d{2,}(?:[ .\-]\d{2,})*(?!\w)")
MONEY = re.compile(r"\s*(?:đồng|đ\b|vnđ|vnd|₫|triệu|tỷ)", re.IGNORECASE)
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
HOTLINE = re.compile(r"1[89]00[ .]?\d{2,3}[ .]?\d{1,3}")
DAY_OR_YEARS = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[.\-](?:0?[1-9]|1[0-2])[.\-](?:19|20)\d\d|(?:19|20)\d\d[ \-]+(?:19|20)\d\d"
)
HOUSE = (
    rf"(?:[Ss]ố\s+nhà|[Nn]hà\s+số)\s+\d+[\w/-]*"
    rf"|(?:[Ss]ố\s+)?\d+[\w/-]*\s+(?:đường|phố|ngõ|ngách|hẻm|kiệt)\s+(?:\d+[\w/-]*|{CAPITALS})"
    rf"|(?:[Nn]gõ|ngách|hẻm|kiệt)\s+\d+[\w/-]*"
    rf"|(?:[Ấấ]p|[Tt]hôn|xóm|buôn|khu\s+phố)\s+(?:số\s+)?(?:\d+\w*|{CAPITALS})|tổ(?:\s+dân\s+phố)?\s+(?:số\s+)?\d+"
)
FURTHER = (
    rf"(?:,?\s*(?:đường|phố|ngõ|ngách|hẻm|kiệt|tổ(?:\s+dân\s+phố)?|ấp|thôn|xóm|buôn|khu\s+phố|xã|phường|thị\s+trấn)"
    rf"\s+(?:\d+[\w/-]*|{CAPITALS}))*"
)
ADDRESS = re.compile(rf"(?<!\w)(?:{HOUSE}){FURTHER}")


def masked(text: str) -> str:
    """The text in NFC with MASK for: e-mail and web addresses, dossier and tracking codes, telephone numbers, identity
    numbers (9 or 12 digits), account and other numbers of at least 8 digits (sums of money, dates, school years and
    1800 or 1900 hotlines stay), days of birth, addresses of houses, names after a title (thầy, cô, ông, bà, em, …),
    and names of at least two capitalised words. Names of offices, schools and provinces stay."""
    text = unicodedata.normalize("NFC", text)
    for pattern in (MAIL, SITES, CODES, GROUPS, TOKENS):
        text = pattern.sub(MASK, text)
    text = TRACKING.sub(_unless(lambda found: read_tracking_code(found[0]) is None), text)
    text = BORN.sub(rf"\1{MASK}", text)
    text = ADDRESS.sub(MASK, text)
    text = PHONE.sub(_unless(_money), text)
    text = DIGITS.sub(_unless(_short_or_money), text)
    said, end = "", 0
    for start, after in names(text):
        said += text[end:start] + MASK
        end = after
    return said + text[end:]


def _unless(stays: Callable[[re.Match[str]], bool]) -> Callable[[re.Match[str]], str]:
    return lambda found: found[0] if stays(found) else MASK


def _money(found: re.Match[str]) -> bool:
    """A telephone number begins with 0 or 84, so only 84.xxx.xxx đồng may be money."""
    return bool(THOUSANDS.fullmatch(found[0]) and MONEY.match(found.string, found.end()))


def _short_or_money(found: re.Match[str]) -> bool:
    many = sum(char.isdigit() for char in found[0])
    if many < 8 or DAY_OR_YEARS.fullmatch(found[0]) or HOTLINE.fullmatch(found[0]):
        return True
    if THOUSANDS.fullmatch(found[0]) or found[0].isdigit():
        return (many < 9 and not found[0].isdigit()) or bool(MONEY.match(found.string, found.end()))
    return False
