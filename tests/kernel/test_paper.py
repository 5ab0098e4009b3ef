"""Paper: what people typed arrives as they typed it, in letters that are there, the same bytes for the same data."""

import datetime as dt
import io
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import typst
import zxingcpp
from fontTools.ttLib import TTFont

from kernel import paper
from paper_samples import CONTENT, DOCUMENTS, SAMPLES, at

FONTS = sorted((paper.PAPERS / "fonts").glob("*.ttf"))
VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
VIETNAMESE = sorted(
    {unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES} | set("bcdđghklmnpqrstvxfjwz")
)
# Jrai, Êđê, Bahnar and other names that people of the highlands bear
HIGHLAND = "ƀčñŏĭŭĕĂƁČÑ"
HOSTILE = [
    '#read("/etc/passwd")',
    '"); #panic("x") //',
    "\\u{41} \\#x $x^2$ *b* _i_ `raw` <label> @ref = Heading",
    '#import "letter.typ": *',
    "}} {{ %s {0} </script>",
    "'\"\\",
]


def words(pdf: bytes) -> str:
    """All that a reader's program can find in it, spaces and lines made one."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages)))


def told(name: str, **other: Any) -> bytes:
    return paper.pdf(name, SAMPLES[name] | other)


def test_every_paper_has_a_sample_that_tells_all_it_needs_and_no_more() -> None:
    assert paper.papers() == sorted(SAMPLES)
    common = set(re.findall(r"told\.(\w+)", (paper.PAPERS / "letter.typ").read_text())) - {"qr"}
    for name, sample in SAMPLES.items():
        needed = set(re.findall(r"told\.(\w+)", (paper.PAPERS / f"{name}.typ").read_text()))
        assert needed | common == set(sample), name


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_paper_says_what_it_was_told(name: str) -> None:
    found = words(told(name))
    sample = SAMPLES[name]
    for key, value in sample.items():
        if isinstance(value, str) and value and key not in ("parent", "unit", "title", "qr", "signer_title"):
            assert re.sub(r"\s+", " ", value) in found.replace("- ", "-"), key
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in found
    assert "Độc lập - Tự do - Hạnh phúc" in found
    assert str(sample["unit"]).upper() in found


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_paper_lasts_and_can_be_read_aloud(name: str) -> None:
    reader = pypdf.PdfReader(io.BytesIO(told(name)))
    root: Any = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert "pdfaid:part>2<" in metadata and "pdfaid:conformance>A<" in metadata and "pdfuaid:part>1<" in metadata
    assert root["/Lang"].startswith("vi") and bool(root["/MarkInfo"]["/Marked"])
    assert reader.metadata is not None and reader.metadata.title
    width, height = reader.pages[0].mediabox[2:]
    assert sorted((round(width), round(height))) == [595, 842]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_same_data_gives_the_same_bytes(name: str) -> None:
    assert told(name) == told(name)


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:]; from paper_samples import SAMPLES; from kernel import paper;"
        "print(hashlib.sha256(paper.pdf('receipt', SAMPLES['receipt'])).hexdigest())"
    )
    here = Path(__file__).parents[1]
    again = [
        subprocess.run(
            [sys.executable, "-c", code, str(here), str(here.parent)], capture_output=True, check=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert again[0] == again[1]


def test_moments_are_vietnamese_and_written_as_the_decree_says() -> None:
    found = words(told("receipt", received_at=dt.datetime(2026, 1, 5, 1, 5, tzinfo=dt.UTC), due_at=at(9, 9, 0, 3)))
    assert "08 giờ 05 phút, ngày 05 tháng 01 năm 2026" in found
    assert "09 giờ 00 phút, ngày 09 tháng 3 năm 2026" in found


def test_the_page_number_stands_on_every_page_but_the_first() -> None:
    pages = pypdf.PdfReader(io.BytesIO(told("register"))).pages
    assert len(pages) > 2
    first = [page.extract_text().strip().split("\n")[0].strip() for page in pages]
    assert first[0] != "1" and first[1:] == [str(number) for number in range(2, len(pages) + 1)]


@pytest.mark.parametrize("font", FONTS, ids=lambda path: path.stem)
def test_the_font_has_every_vietnamese_letter(font: Path) -> None:
    have = set(TTFont(font).getBestCmap())
    letters = "".join(VIETNAMESE) + "".join(VIETNAMESE).upper() + HIGHLAND + "₫–…“”" + paper.UNKNOWN_LETTER
    assert [each for each in letters if ord(each) not in have] == []


def test_the_list_of_letters_is_that_of_the_fonts() -> None:
    have = set.intersection(*(set(TTFont(font).getBestCmap()) for font in FONTS))
    assert {number for number in range(0x20000) if paper.shown(chr(number))} == have


def test_every_vietnamese_letter_arrives_in_the_embedded_font() -> None:
    text = " ".join(VIETNAMESE) + " " + " ".join(VIETNAMESE).upper() + " " + " ".join(HIGHLAND)
    for form in ("NFC", "NFD"):
        pdf = told("refusal", reason=unicodedata.normalize(form, text))
        found = words(pdf)
        assert [each for each in text.split() if f" {each} " not in f" {found} "] == []
        fonts = {
            str(font.get_object()["/BaseFont"]).split("+")[-1]
            for page in pypdf.PdfReader(io.BytesIO(pdf)).pages
            for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
        }
        assert all(name.startswith("LiberationSerif") for name in fonts), fonts


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(("name", "key"), [("receipt", "applicant"), ("refusal", "reason"), ("guidance", "text")])
def test_typed_text_is_shown_and_never_obeyed(name: str, key: str, text: str) -> None:
    assert text in words(told(name, **{key: text}))


def test_typed_text_in_lists_and_rows_is_never_obeyed() -> None:
    assert HOSTILE[0] in words(told("receipt", documents=[HOSTILE[0]]))
    rows = [SAMPLES["register"]["rows"][0] | {"applicant": "#panic(1)", "note": "*x*"}]
    found = words(told("register", rows=rows))
    assert "#panic(1)" in found and "*x*" in found


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Bình 😀", "Bình □"),
        ("\u202eđảo ngược\u202c", "đảo ngược"),
        ("مرحبا", "□□□□□"),
        ("a\x00\x07\u200bb", "ab"),
        ("漢", "□"),
        ("\ud800x", "x"),
    ],
)
def test_what_no_letter_is_there_for_is_a_box(typed: str, shown: str) -> None:
    assert paper.printable(typed) == shown
    assert shown in words(told("receipt", applicant=typed))


def test_very_long_text_goes_on_over_the_pages() -> None:
    long_name = "Nguyễn" * 60
    found = told("receipt", applicant=long_name, content=(CONTENT + ". ") * 80, documents=DOCUMENTS * 30)
    assert len(pypdf.PdfReader(io.BytesIO(found)).pages) > 2
    assert words(found).replace(" ", "").count("Nguyễn") >= 60


def test_what_was_not_told_is_an_error() -> None:
    sample = dict(SAMPLES["receipt"])
    del sample["due_at"]
    with pytest.raises(typst.TypstError, match="due_at"):
        paper.pdf("receipt", sample)


@pytest.mark.parametrize("name", ["receipt", "guidance"])
def test_the_code_can_be_read_by_a_phone(name: str) -> None:
    """By another library than the one that drew it, from the rendered page."""
    page = pypdfium2.PdfDocument(told(name))[0]
    picture = page.render(scale=2, grayscale=True)
    pixels = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
    assert [each.text for each in zxingcpp.read_barcodes(pixels)] == [SAMPLES[name]["qr"]]
