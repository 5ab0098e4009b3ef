"""Letters and forms on paper: Typst templates in `papers/`, out of data, as accessible PDF/A.

The same data gives the same bytes. What people typed reaches Typst as JSON and is only ever shown: none of it is read
as markup. Each template's head says what it must be told; a key that is missing is an error, never a gap on paper.
"""

import datetime as dt
import io
import json
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import segno
import typst

from kernel.layout import local

PAPERS = Path(__file__).with_name("papers")
STANDARDS: list[Any] = ["a-2a", "ua-1"]
UNKNOWN_LETTER = "□"
LONGEST = 20_000

_lock = Lock()


def papers() -> list[str]:
    """The names of all papers."""
    return sorted(path.stem for path in PAPERS.glob("*.typ") if path.stem != "letter")


def pdf(paper: str, data: Mapping[str, Any]) -> bytes:
    """A paper by name ("receipt"; "sheets/slips" for one that is no letter) as PDF/A-2a and PDF/UA-1.

    `issued_at` is the date it bears. `qr`, where a paper has one, is the text that the code says. Moments are aware and
    are shown in Vietnamese time. Raises typst.TypstError where something that the paper needs was not told.
    """
    told = {key: _plain(value) for key, value in data.items()}
    if data.get("qr"):
        told["qr"] = qr_svg(data["qr"])
    issued_at: dt.datetime = data["issued_at"]
    with _lock:
        made = _compiler().compile(
            str(PAPERS / f"{paper}.typ"),
            format="pdf",
            sys_inputs={"data": json.dumps(told, ensure_ascii=False)},
            pdf_standards=STANDARDS,
            timestamp=int(issued_at.timestamp()),
        )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def qr_svg(text: str) -> str:
    """A QR code (medium correction, quiet zone and all) as an SVG image."""
    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", border=4, omitsize=True, xmldecl=False, svgclass=None, lineclass=None)
    return out.getvalue().decode()


def printable(text: str) -> str:
    """Text with nothing in it that the font can't show: control and direction marks go, an unknown letter is a box."""
    composed = unicodedata.normalize("NFC", text[:LONGEST])
    kept = (char for char in composed if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(char if char == "\n" or shown(char) else UNKNOWN_LETTER for char in kept)


def shown(char: str) -> bool:
    """Whether all four styles of the font have this letter."""
    starts, ends = _letters()
    at = bisect_right(starts, ord(char)) - 1
    return at >= 0 and ord(char) <= ends[at]


def _plain(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dt.datetime():
            here = local(value)
            return {"year": here.year, "month": here.month, "day": here.day, "hour": here.hour, "minute": here.minute}
        case dt.date():
            return {"year": value.year, "month": value.month, "day": value.day, "hour": 0, "minute": 0}
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(PAPERS / "fonts")])
    return typst.Compiler(root=str(PAPERS), font_paths=fonts)


@cache
def _letters() -> tuple[list[int], list[int]]:
    """First and last letters of the ranges that the font has; tests compare the file with the font."""
    ranges = [line.split("-") for line in (PAPERS / "fonts" / "letters.txt").read_text().split()]
    return [int(each[0], 16) for each in ranges], [int(each[-1], 16) for each in ranges]
