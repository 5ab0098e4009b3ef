"""An official letter (công văn) between a unit and the Department, as PDF/A: form 1.5 of Decree 30/2020/NĐ-CP."""

import datetime as dt
from dataclasses import dataclass

from kernel import paper


@dataclass(frozen=True, kw_only=True, slots=True)
class Official:
    """The facts of one letter. Names are written out; without a `number` it is a draft, and `written_at` is when it was
    drafted. `about` is what stands after "V/v", `position` above the signature ("KT. GIÁM ĐỐC" on a line of its own
    where a deputy signs). `copies` are who gets it too."""

    unit: str
    written_at: dt.datetime
    addressee: str
    about: str
    text: str
    position: str
    parent: str = ""
    place: str = ""
    number: str = ""
    signer: str = ""
    copies: tuple[str, ...] = ()


def pdf(letter: Official) -> bytes:
    """The letter as PDF/A-2a and PDF/UA-1; the same facts give the same bytes."""
    return paper.pdf("official", told(letter))


def told(letter: Official) -> dict[str, object]:
    """What papers/official.typ must be told."""
    paragraphs = [each.strip() for each in letter.text.splitlines() if each.strip()] or ["....."]
    about = letter.about.strip().rstrip(".")
    if about.lower().startswith("v/v "):
        about = about[4:]
    recipients = ["Như trên", *letter.copies, "Lưu: VT, hồ sơ"]
    return {
        "parent": letter.parent,
        "unit": letter.unit,
        "place": letter.place,
        "form": "",
        "number": letter.number,
        "issued_at": letter.written_at,
        "about": about[:1].lower() + about[1:],
        "draft": not letter.number,
        "addressee": letter.addressee,
        "paragraphs": paragraphs,
        "signer_title": letter.position,
        "signer": letter.signer,
        "recipients": [f"{each};" for each in recipients[:-1]] + [f"{recipients[-1]}."],
    }


_SKIPPED = frozenset({"trường", "và", "của"})
_ENDS = frozenset({"tỉnh", "thành"})


def notation(name: str) -> str:
    """The letters behind a unit's numbers, by its name: "Sở Giáo dục và Đào tạo tỉnh Sơn Hà" is SGDĐT-VP, "Trường THPT
    Lê Lợi" THPTLL-VP (Decree 30/2020/NĐ-CP, Appendix I, II.3: abbreviation of the body and of the part that drafts)."""
    short = ""
    for word in name.split():
        plain = word.strip(",.()").casefold()
        if plain in _ENDS:
            break
        if plain and plain not in _SKIPPED:
            short += word if word.isupper() else word[0].upper()
    return f"{short or 'VB'}-VP"
