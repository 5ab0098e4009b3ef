"""Tables that people upload: CSV as spreadsheets write it, or XLSX; a heading and rows, as text. And what no cell of a
table that they get may be."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from kernel.decider import Text

MOST_UNPACKED = 200 << 20  # bytes: a small file may unpack to a very large one
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Unreadable(ValueError):
    """A file that can't be read as a table; `says` tells a person why and what to do."""

    def __init__(self, says: Text) -> None:
        super().__init__(says.en)
        self.says = says


def read_table(content: bytes, *, most: int) -> list[tuple[int, dict[str, str]]]:
    """The rows below the heading, as (line in the file, cell by column), without empty ones. XLSX is known by its first
    bytes; all else is read as CSV in UTF-8, divided by commas, semicolons or tabs. Raises Unreadable."""
    lines = _xlsx(content, most) if content[:2] == b"PK" else _csv(content)
    numbered = enumerate(lines, 1)
    heading = [_text(each) for each in next(numbered, (1, ()))[1]]
    if not any(heading):
        raise Unreadable(Text("Tệp không có dòng tiêu đề.", "The file has no heading."))
    double = [name for name, count in Counter(heading).items() if name and count > 1]
    if double:
        raise Unreadable(Text("Có hai cột “{name}”.", "Two columns are called “{name}”.").of(name=double[0][:60]))
    found = []
    for number, line in numbered:
        cells = [_text(each) for each in line]
        if any(cells):
            found.append((number, {name: cell for name, cell in zip(heading, cells, strict=False) if name}))
        if len(found) > most:
            raise Unreadable(Text("Tối đa {most} dòng mỗi tệp.", "At most {most} rows a file.").of(most=most))
    return found


def safe(cell: Any) -> Any:
    """A text that a spreadsheet would run gets an apostrophe before it (OWASP: CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).replace("\0", "").strip()


def _csv(content: bytes) -> Iterable[Sequence[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(
            Text("Tệp không phải UTF-8: hãy lưu lại dạng “CSV UTF-8”.", "Not UTF-8: save it again as “CSV UTF-8”.")
        ) from None
    heading = text.partition("\n")[0]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count)))
    except csv.Error:
        raise Unreadable(Text("Tệp không phải CSV: hãy xuất lại.", "The file is not CSV: export it again.")) from None


def _xlsx(content: bytes, most: int) -> Iterable[Sequence[Any]]:
    from openpyxl import load_workbook  # noqa: PLC0415 -- slow to import

    wrong = Unreadable(Text("Tệp XLSX không đọc được: hãy lưu lại.", "The XLSX workbook can't be read: save it again."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable(Text("Tệp XLSX quá lớn.", "The XLSX workbook is too large."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Unreadable:
        raise
    except Exception:  # the library lets out whatever the parts of a broken workbook make it stumble over
        raise wrong from None
    try:
        return list(book[book.sheetnames[0]].iter_rows(values_only=True, max_row=most + 2, max_col=1_000))
    except Exception:
        raise wrong from None
    finally:
        book.close()
