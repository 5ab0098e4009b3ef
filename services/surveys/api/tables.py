"""Tables as files for people's own programs: CSV that a spreadsheet opens as it is, and XLSX. No cell is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import Response

from kernel.tables import safe

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_bytes(heading: Sequence[str], rows: Iterable[Sequence[Any]], *, guard: bool = True) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets want. `guard` False: read back by a program, cells as they
    are."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([safe(each) if guard else each for each in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_csv(name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]], *, guard: bool = True) -> Response:
    return download(name, csv_bytes(heading, rows, guard=guard), "text/csv; charset=utf-8")


def workbook(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> bytes:
    """A workbook of sheets (name, heading, rows). Texts stay texts."""
    import xlsxwriter  # noqa: PLC0415 - slow to import

    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    ) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for name, heading, rows in sheets:
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(1, 0)
            widths = [len(each) for each in heading]
            for column, each in enumerate(heading):
                sheet.write_string(0, column, each, bold)
            for line, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, bool) or cell is None:
                        sheet.write_string(line, column, "" if cell is None else str(int(cell)))
                    elif isinstance(cell, int | float):
                        sheet.write_number(line, column, cell)
                    else:
                        sheet.write_string(line, column, str(cell))
                    widths[column] = max(widths[column], len(str(cell)))
            for column, width in enumerate(widths):
                sheet.set_column(column, column, min(60, width + 2))
    return out.getvalue()


def download(name: str, content: bytes, kind: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
