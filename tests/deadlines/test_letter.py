"""The apology: what it says in each case, that every letter of it is there, and that its files can be read again."""

import datetime as dt
import io
import re
import unicodedata
import zipfile
from dataclasses import replace
from typing import Any

import docx
import pypdf
import pypdfium2
import pytest
import time_machine
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from pypdf.generic import ContentStream

from paper_samples import APOLOGY, at
from services.deadlines.api import letter as apology
from services.deadlines.api.letter import Apology

OLD_FORM = "Phiếu xin lỗi và hẹn lại ngày trả kết quả"
VOWELS, TONES = "aăâeêioôơuưy", ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
ACCENTED = sorted(
    {unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES} - set(VOWELS) | set("ăâêôơưđ")
)
BOTH_CASES = ACCENTED + [each.upper() for each in ACCENTED]
LONG_NAME = "Nguyễn Phúc Công Tằng Tôn Nữ Hoàng Thị Ngọc Bình An Khánh Phương Thảo Nguyên"
LONG_REASON = "\n".join(
    f"{n}. Việc xác minh học bạ tại trường nơi đi cần thêm thời gian vì mưa lũ." for n in range(1, 40)
)

CASES: dict[str, Apology] = {
    "forecast, asks for more time": APOLOGY,
    "broken, names a new day": replace(APOLOGY, title=OLD_FORM, written_at=at(13)),
    "answered meanwhile": replace(APOLOGY, written_at=at(14), new_due_at=None, answered_at=at(13, 15, 20)),
    "to an organisation": replace(APOLOGY, organisation=True, addressee="Công ty TNHH một thành viên Suối Hoa"),
    "draft": replace(APOLOGY, number=""),
    "draft without a day": replace(APOLOGY, number="", new_due_at=None),
    "long": replace(APOLOGY, addressee=LONG_NAME, reason=LONG_REASON),
}


def one_line(text: str) -> str:
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)).strip()


def in_pdf(letter: Apology) -> str:
    """What pdfium, another program than the one that wrote it, finds in the pages."""
    pages = pypdfium2.PdfDocument(apology.pdf(letter))
    return one_line(" ".join(page.get_textpage().get_text_bounded() for page in pages))


def in_docx(letter: Apology) -> str:
    """All text of the Word file as it is read again, in the order of the pages."""
    document = docx.Document(io.BytesIO(apology.docx(letter)))
    parts = [each.text for each in document.element.body.iter(qn("w:t"))]
    return one_line(" ".join(parts).replace("  ", " "))


def body(letter: Apology) -> list[str]:
    return ["".join(run.text for run in each) for each in apology.paragraphs(letter)]


# What it says


@pytest.mark.parametrize("case", CASES)
def test_every_sentence_stands_in_the_pdf_and_in_the_word_file(case: str) -> None:
    letter = CASES[case]
    pdf, word = in_pdf(letter), in_docx(letter).replace(" ", "")
    sayings = [*body(letter), letter.code, letter.addressee, letter.signer, letter.title.upper(), letter.unit.upper()]
    assert [each for each in sayings if one_line(each) not in pdf.replace("- ", "-")] == []
    assert [each for each in sayings if one_line(each).replace(" ", "") not in word] == []


def test_a_forecast_says_that_it_will_be_late_and_a_breach_that_it_is() -> None:
    assert "dự kiến chưa thể giải quyết xong" in in_pdf(APOLOGY)
    late = in_pdf(replace(APOLOGY, written_at=at(12, 17, 1)))
    assert "đến nay Sở Giáo dục và Đào tạo chưa trả kết quả" in late and "dự kiến" not in late


def test_one_form_asks_for_more_time_and_the_other_names_a_new_day() -> None:
    new_day = "17 giờ 00 phút, ngày 16 tháng 01 năm 2026."
    assert f"đề nghị gia hạn thời gian giải quyết hồ sơ đến {new_day}" in in_pdf(APOLOGY)
    old = in_pdf(replace(APOLOGY, title=OLD_FORM))
    assert f"hẹn lại thời gian trả kết quả: {new_day}" in old and "gia hạn" not in old


def test_what_was_answered_meanwhile_names_that_day_and_asks_for_nothing() -> None:
    said = "\n".join(body(CASES["answered meanwhile"]))
    assert "15 giờ 20 phút, ngày 13 tháng 01 năm 2026, Sở Giáo dục và Đào tạo mới giải quyết xong" in said
    assert "gia hạn" not in said and "hẹn lại" not in said


def test_an_organisation_is_not_called_sir_or_madam() -> None:
    said = in_pdf(CASES["to an organisation"])
    assert "Kính gửi: Công ty TNHH một thành viên Suối Hoa" in said and "Quý tổ chức" in said and "Ông/Bà" not in said


def test_a_draft_says_on_every_page_that_it_is_one_and_has_neither_number_nor_day() -> None:
    draft = replace(APOLOGY, number="", reason=LONG_REASON)
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(apology.pdf(draft))]
    assert len(pages) > 1 and all("DỰ THẢO" in page for page in pages)
    assert "Số:" not in pages[0] and "tháng ..... năm 2026" in one_line(pages[0]).replace("…", "...")
    document = docx.Document(io.BytesIO(apology.docx(draft)))
    section = document.sections[0]
    assert [each.paragraphs[0].text for each in (section.first_page_header, section.header)] == ["DỰ THẢO"] * 2
    assert "Số:" not in in_docx(draft)
    assert "DỰ THẢO" not in in_pdf(APOLOGY) and "Dự thảo" not in in_docx(APOLOGY)


def test_a_letter_that_names_no_day_or_two_is_never_written() -> None:
    with pytest.raises(ValueError, match="names a new day"):
        replace(APOLOGY, new_due_at=None)
    with pytest.raises(ValueError, match="needs no new day"):
        replace(APOLOGY, answered_at=at(13))


def test_the_desk_that_took_it_in_is_told_and_not_twice_where_it_is_the_same() -> None:
    assert "- Trung tâm Phục vụ hành chính công;" in in_docx(APOLOGY)
    same = apology.told(replace(APOLOGY, received_by=APOLOGY.unit))["recipients"]
    assert same == ["Như trên;", "Lưu: VT, hồ sơ."]


def test_the_text_of_an_email_says_all_that_the_letter_says() -> None:
    said = apology.text(APOLOGY)
    assert [each for each in [*body(APOLOGY), APOLOGY.number, APOLOGY.signer, APOLOGY.title] if each not in said] == []


@pytest.mark.parametrize("case", CASES)
def test_an_sms_names_dossier_and_days_but_no_person_and_no_reason(case: str) -> None:
    letter = CASES[case]
    said = apology.short(letter)
    assert letter.code in said and "12/01/2026 17:00" in said and len(said) < 300
    day = letter.new_due_at or letter.answered_at
    assert (day is None) or f"{day:%d/%m/%Y %H:%M}" in said
    assert letter.addressee not in said and letter.reason not in said and letter.content not in said


# The PDF


def test_all_134_accented_letters_arrive_in_each_style_and_none_is_a_missing_glyph() -> None:
    assert len(BOTH_CASES) == 134
    letters = " ".join(BOTH_CASES)
    made = apology.pdf(replace(APOLOGY, reason=letters, procedure=letters, place=letters))
    found = one_line(" ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(made)))
    assert found.count(letters) == 3
    styles = set()
    for page in pypdf.PdfReader(io.BytesIO(made)).pages:
        fonts: Any = page["/Resources"]["/Font"]  # type: ignore[index]
        for font in (each.get_object() for each in fonts.values()):
            styles.add(str(font["/BaseFont"]).partition("+")[2])
            inside = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(inside), "not embedded"
        for operands, operator in ContentStream(page.get_contents(), None).operations:
            if operator in (b"Tj", b"TJ"):
                assert 0 not in glyphs(operands[0]), "a missing glyph"
    assert {"LiberationSerif", "LiberationSerif-Bold", "LiberationSerif-Italic"} <= styles
    assert all(each.startswith("LiberationSerif") for each in styles)


def glyphs(shown: Any) -> list[int]:
    """The numbers of the glyphs that a text operator shows."""
    parts = shown if isinstance(shown, list) else [shown]
    raw = b"".join(each.original_bytes for each in parts if hasattr(each, "original_bytes"))
    return [int.from_bytes(raw[n : n + 2], "big") for n in range(0, len(raw), 2)]


@pytest.mark.parametrize("case", CASES)
def test_the_signature_never_stands_alone_on_a_page(case: str) -> None:
    letter = CASES[case]
    pages = [one_line(page.get_textpage().get_text_bounded()) for page in pypdfium2.PdfDocument(apology.pdf(letter))]
    assert letter.signer in pages[-1] and one_line(body(letter)[-1]) in pages[-1]


@pytest.mark.parametrize("lines", range(12, 30))
def test_wherever_the_page_ends_the_last_words_stay_with_the_signature(lines: int) -> None:
    letter = replace(APOLOGY, reason="\n".join(["Chờ xác minh."] * lines))
    pages = [one_line(page.get_textpage().get_text_bounded()) for page in pypdfium2.PdfDocument(apology.pdf(letter))]
    assert letter.signer in pages[-1] and one_line(body(letter)[-1]) in pages[-1]


# The Word file


def test_the_same_facts_give_the_same_word_file_at_any_time() -> None:
    made = []
    for day in (1, 2):
        with time_machine.travel(dt.datetime(2026, 5, day, 9, 30, tzinfo=dt.UTC)):
            made.append(apology.docx(APOLOGY))
    assert made[0] == made[1]


def test_the_word_file_has_the_measures_of_the_decree_and_names_its_styles() -> None:
    document = docx.Document(io.BytesIO(apology.docx(APOLOGY)))
    section = document.sections[0]
    assert [section.page_width.mm, section.page_height.mm] == pytest.approx([210, 297], abs=0.1)
    margins = [section.top_margin, section.bottom_margin, section.left_margin, section.right_margin]
    assert [each.mm for each in margins] == pytest.approx([20, 20, 30, 17], abs=0.1)
    left, right = document.tables[0].rows[0].cells
    assert [each.text for each in left.paragraphs if each.text] == [
        "ỦY BAN NHÂN DÂN TỈNH SƠN HÀ",
        "SỞ GIÁO DỤC VÀ ĐÀO TẠO",
    ]
    assert [each.text for each in right.paragraphs if each.text] == [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
    ]
    below = [each.text for each in document.tables[0].rows[1].cells]
    assert below == ["Số: 03/PXL-SGDĐT", "Sơn Hà, ngày 09 tháng 01 năm 2026"]
    styles = {each.style.name: each.style for each in document.paragraphs if each.style}
    assert {"Title", "Salutation", "Body Text"} <= set(styles)
    text = styles["Body Text"]
    assert (text.font.name, text.font.size.pt) == ("Times New Roman", 14)  # type: ignore[union-attr]
    assert text.paragraph_format.alignment == WD_ALIGN_PARAGRAPH.JUSTIFY  # type: ignore[attr-defined]
    assert not [each for each in document.paragraphs if each.style and each.style.name == "Normal"]


def test_the_word_file_is_vietnamese_and_numbers_all_pages_but_the_first() -> None:
    made = apology.docx(APOLOGY)
    document = docx.Document(io.BytesIO(made))
    languages = {each.get(qn("w:val")) for each in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"vi-VN"} and document.core_properties.language == "vi-VN"
    section = document.sections[0]
    fields = [
        [each.get(qn("w:instr")) for each in header._element.iter(qn("w:fldSimple"))]
        for header in (section.first_page_header, section.header)
    ]
    assert fields == [[], ["PAGE"]]
    assert document.core_properties.created == dt.datetime(
        2026, 1, 9, 9, 0, tzinfo=document.core_properties.created.tzinfo
    )  # type: ignore[union-attr]
    assert zipfile.ZipFile(io.BytesIO(made)).testzip() is None


@pytest.mark.parametrize("typed", ["<w:p>&amp; ]]>", "a\x00b\x0b\x1f", "\ud800", "\u202eđảo", '#read("/etc/passwd")'])
def test_whatever_people_typed_leaves_both_files_whole(typed: str) -> None:
    letter = replace(APOLOGY, addressee=f"Bình {typed}", reason=f"Lý do {typed}", signer=typed, place=typed)
    shown = "".join(char for char in typed if unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
    assert f"Bình {shown}".strip() in in_docx(letter)
    assert f"Bình {shown}".strip() in in_pdf(letter)
