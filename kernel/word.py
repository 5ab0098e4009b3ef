"""Letters as Word files (DOCX), to go on writing in: the layout of Decree 30/2020/NĐ-CP, Appendix I, in named styles.

The same data gives the same bytes: the file bears the letter's own day, never that of its making.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from kernel.layout import local
from kernel.paper import printable

FONT = "Times New Roman"
TEXT_WIDTH = Mm(210 - 30 - 17)
LEFT_WIDTH = Mm(68)
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip file can say
CENTRE, RIGHT, BOTH, LEFT = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
    WD_ALIGN_PARAGRAPH.LEFT,
)


def letter(told: Mapping[str, Any]) -> bytes:
    """A letter out of the data of papers/apology.typ, whose head says what it must be told. Raises KeyError."""
    document = docx.Document()
    _set_up(document, told)
    if told["form"]:
        _line(document, "Form", told["form"])
    _head(document, told)
    _line(document, "Title", told["title"].upper())
    if told["draft"]:
        _line(document, "Subtitle", "(Dự thảo, chưa ký, chưa có giá trị)")
    salutation = _line(document, "Salutation", "Kính gửi: ")
    salutation.add_run(printable(told["addressee"])).bold = True
    if told["address"]:
        _line(document, "Address", f"Địa chỉ: {told['address']}")
    for runs in told["paragraphs"]:
        paragraph = document.add_paragraph(style="Body Text")
        for run in runs:
            paragraph.add_run(printable(run["text"])).bold = run["strong"] or None
    paragraph.paragraph_format.keep_with_next = True
    _foot(document, told)
    return _same_bytes(document)


def _set_up(document: Document, told: Mapping[str, Any]) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(17)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    _styles(document)
    for header in (section.first_page_header, section.header):
        line = header.paragraphs[0]
        if told["draft"]:
            line.style, line.text = document.styles["Draft"], "DỰ THẢO"
            line = header.add_paragraph()
        line.style = document.styles["Header"]
    _page_number(line)
    written = local(told["issued_at"]).replace(tzinfo=None)
    about = document.core_properties
    about.title, about.author, about.last_modified_by = told["title"], printable(told["unit"]), ""
    about.language, about.comments, about.revision = "vi-VN", "", 1
    about.created = about.modified = written


def _styles(document: Document) -> None:
    defaults = document.styles.element.find(qn("w:docDefaults"))
    for language in defaults.iter(qn("w:lang")):
        for key in ("val", "eastAsia"):
            language.set(qn(f"w:{key}"), "vi-VN")
    normal = _style(document, "Normal", 14, LEFT)
    normal.paragraph_format.space_after = Pt(0)
    body = _style(document, "Body Text", 14, BOTH, after=6)
    body.paragraph_format.first_line_indent = Mm(10)
    body.paragraph_format.line_spacing = 1.1
    _style(document, "Title", 14, CENTRE, bold=True, before=14, after=6)
    _style(document, "Subtitle", 12, CENTRE, italic=True, after=6)
    _style(document, "Header", 13, CENTRE)
    _style(document, "Draft", 13, LEFT, bold=True)
    _style(document, "Form", 11, RIGHT, italic=True)
    _style(document, "Parent body", 12, CENTRE)
    _style(document, "Issuing body", 12, CENTRE, bold=True)
    _style(document, "Country", 12, CENTRE, bold=True)
    _style(document, "Motto", 13, CENTRE, bold=True)
    _style(document, "Rule", 2, CENTRE)
    _style(document, "Number", 13, CENTRE, before=6)
    _style(document, "Place and day", 13, CENTRE, italic=True, before=6)
    _style(document, "Salutation", 14, CENTRE, before=6)
    _style(document, "Address", 13, CENTRE, after=6)
    _style(document, "Recipients heading", 12, LEFT, bold=True, italic=True)
    _style(document, "Recipients", 11, LEFT)
    _style(document, "Position", 14, CENTRE, bold=True, after=54)
    _style(document, "Signer", 14, CENTRE, bold=True)


def _style(
    document: Document,
    name: str,
    size: int,
    align: WD_ALIGN_PARAGRAPH,
    *,
    bold: bool = False,
    italic: bool = False,
    before: int = 0,
    after: int = 0,
) -> ParagraphStyle:
    """A paragraph style, Word's own of that name or a new one; sizes and spaces in points."""
    styles = document.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    if style.element.pPr is not None:
        style.element.remove(style.element.pPr)  # such as the coloured line under Word's own titles
    properties = style.element.get_or_add_rPr()
    properties.clear()
    fonts = OxmlElement("w:rFonts")
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), FONT)
    properties.append(fonts)
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
    form = style.paragraph_format
    form.alignment, form.space_before, form.space_after, form.line_spacing = align, Pt(before), Pt(after), 1.0
    return style


def _head(document: Document, told: Mapping[str, Any]) -> None:
    """The body that issues on the left, the country on the right, number and date beneath."""
    right_width = Length(TEXT_WIDTH - LEFT_WIDTH)
    table = _columns(document, LEFT_WIDTH, right_width, rows=2)
    (left, right), (number, date) = (row.cells for row in table.rows)
    if told["parent"]:
        _line(left, "Parent body", told["parent"].upper())
    _line(left, "Issuing body", told["unit"].upper())
    _rule(left, LEFT_WIDTH, Mm(30))
    _line(right, "Country", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    _line(right, "Motto", "Độc lập - Tự do - Hạnh phúc")
    _rule(right, right_width, Mm(57))
    if told["number"]:
        _line(number, "Number", f"Số: {told['number']}")
    at = local(told["issued_at"])
    month = f"{at.month:02}" if at.month < 3 else f"{at.month}"
    day = "ngày ..... tháng ....." if told["draft"] else f"ngày {at:%d} tháng {month}"
    place = f"{told['place']}, " if told["place"] else ""
    _line(date, "Place and day", f"{place}{day} năm {at.year}")
    _without_first_lines(table)


def _foot(document: Document, told: Mapping[str, Any]) -> None:
    half = Length(TEXT_WIDTH // 2)
    table = _columns(document, half, half)
    left, right = table.rows[0].cells
    _line(left, "Recipients heading", "Nơi nhận:")
    for each in told["recipients"]:
        _line(left, "Recipients", f"- {each}")
    _line(right, "Position", told["signer_title"].upper())
    _line(right, "Signer", told["signer"])
    _without_first_lines(table)
    document.add_paragraph(style="Rule")  # Word wants a paragraph after a table


def _columns(document: Document, *widths: Length, rows: int = 1) -> Table:
    """Columns without lines, whose rows no page parts."""
    table: Table = document.add_table(rows, len(widths))
    table.autofit, table.alignment = False, WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    return table


def _without_first_lines(table: Table) -> None:
    """Each cell is made with an empty line; one that was filled does not need it."""
    for row in table.rows:
        for cell in row.cells:
            if len(cell.paragraphs) > 1:
                cell._tc.remove(cell.paragraphs[0]._p)


def _line(where: Document | _Cell, style: str, text: str) -> Paragraph:
    return where.add_paragraph(printable(text), style)


def _rule(cell: _Cell, width: Length, length: Length) -> None:
    """A line in the middle of a column: the border of a paragraph that is as narrow as the line is long."""
    paragraph = cell.add_paragraph(style="Rule")
    indent = Length((width - Mm(4) - length) // 2)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = indent
    border = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for key, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        bottom.set(qn(f"w:{key}"), value)
    border.append(bottom)
    paragraph._p.get_or_add_pPr().insert_element_before(border, "w:spacing", "w:ind", "w:jc")


def _page_number(paragraph: Paragraph) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    field.append(paragraph.add_run("2")._r)  # what is shown until Word has counted
    paragraph._p.append(field)


def _same_bytes(document: Document) -> bytes:
    """The file without the moment of its making in it."""
    made, out = io.BytesIO(), io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in parts.namelist():
            file.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), parts.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
