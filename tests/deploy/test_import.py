"""The import of dossiers in flight, from every kind of file, against a real intake."""

import asyncio
import csv
import datetime as dt
import itertools
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import pytest_asyncio
import xlsxwriter
from office import office_on
from test_cli import motcua

from deploy import operator
from deploy.importing import export, sending
from deploy.importing.export import Row
from deploy.importing.line import line_of
from deploy.importing.mapping import REQUIRED, read_mapping
from deploy.importing.report import ADDED, Wrong, write_report
from deploy.operator import SILENT, Intake, Refused
from deploy.trouble import Trouble
from kernel.tables import FORMULA
from running import until

pytestmark = pytest.mark.xdist_group("import")
EXAMPLE = Path(operator.__file__).parent / "demo" / "import"
EXPORT, MAPPING = EXAMPLE / "export.csv", EXAMPLE / "mapping.toml"
names = itertools.count()


def system():
    """Another system's name: its dossiers are nobody else's."""
    return f"cu-{next(names)}"


@pytest_asyncio.fixture(scope="module")
async def office(ground, templates, tmp_path_factory):
    async with office_on(ground, templates, tmp_path_factory.mktemp("office")) as here:
        yield here


@pytest.fixture
def plan():
    return read_mapping(MAPPING)


@pytest.fixture
def rows(plan):
    return export.read(EXPORT, plan)


async def run(office, rows, plan, **more):
    def work():
        with Intake(office.url) as server:
            return sending.run(server, rows, plan, **more)

    return await asyncio.to_thread(work)


async def count(office, system):
    """How many dossiers of a system there are, as the truth has it."""
    connection = await office.place.connect("intake")
    try:
        return await connection.fetchval(
            "SELECT count(*) FROM truth.events WHERE type = 'intake.application_imported'"
            " AND convert_from(data, 'UTF8') LIKE $1",
            f'%"system":"{system}"%',
        )
    finally:
        await connection.close()


def changed(row, **cells):
    return Row(row.number, {**row.cells, **{name.replace("_", " "): value for name, value in cells.items()}})


# --- one file, twice, broken off -------------------------------------------------------------------------------------


async def test_a_dry_run_changes_nothing_and_twice_is_once(office, rows, plan):
    plan = replace(plan, system=system())
    told = await run(office, rows, plan, dry_run=True)
    assert told.rows == 30 and told.skipped and not told.wrong
    assert told.would_import == told.rows - told.skipped and told.imported == 0
    assert await count(office, plan.system) == 0

    first = await run(office, rows, plan)
    assert first.imported == told.would_import and not first.wrong
    again = await run(office, rows, plan)
    assert (again.imported, again.already) == (0, first.imported)
    assert await count(office, plan.system) == first.imported


async def test_what_broke_off_in_the_middle_is_simply_started_again(office, rows, plan, monkeypatch):
    plan = replace(plan, system=system())
    monkeypatch.setattr(sending, "MOST_LINES", 7)
    calls = itertools.count()
    real = Intake.post

    def cut(self, path, body=None):
        if path == "/imports" and next(calls) == 2:
            real(self, path, body)  # the batch was taken, and its answer was lost
            raise Trouble(SILENT.format(url=self.url, reason="cut"))
        return real(self, path, body)

    monkeypatch.setattr(Intake, "post", cut)
    with pytest.raises(Trouble, match="nothing is done twice"):
        await run(office, rows, plan)
    assert await count(office, plan.system) == 21
    result = await run(office, rows, plan)
    assert result.already == 21 and result.imported == result.rows - result.skipped - 21
    assert await count(office, plan.system) == result.rows - result.skipped


async def test_imported_dossiers_are_in_the_register_and_go_on_from_where_they_were(office, rows, plan):
    plan = replace(plan, system=system())
    row = next(row for row in rows if row.cells["Trạng thái"] == "Đang giải quyết")
    row = changed(row, Mã_biên_nhận="H99.12-260601-7001")
    assert (await run(office, [row], plan)).imported == 1

    async def there():
        return (await office.operator.read("/applications", code="H99.12-260601-7001"))["entries"]

    entry = (await until(there))[0]
    assert entry["status"] == "in_process" and entry["applicant"] == row.cells["Người nộp"]
    done = await office.operator.ok(f"/applications/{entry['id']}/resolve", outcome="granted")
    assert done["status"] == "resolved"


# --- wrong rows ------------------------------------------------------------------------------------------------------

SOON = dt.datetime.now(dt.UTC) + dt.timedelta(days=9)
WRONG = [
    ({"Ngày hẹn trả": "32/13/2026"}, "Ngày hẹn trả", "is not a date of the form"),
    ({"Trạng thái": "Lạc"}, "Trạng thái", "add it there"),
    ({"Thủ tục": "Xin phép bay"}, "Thủ tục", r"no procedure “Xin phép bay”.*\[values.procedure\]"),
    ({"Cơ quan giải quyết": "Sở Bay"}, "Cơ quan giải quyết", r"no unit “Sở Bay”.*\[values.decided_by\]"),
    ({"CCCD": "12345"}, "CCCD", "Not in the right form"),
    ({"Người nộp": ""}, "Người nộp", "fill it in"),
    ({"Mã biên nhận": "không mã"}, "Mã biên nhận", "not a dossier code"),
    ({"Ngày tiếp nhận": f"{SOON:%d/%m/%Y}", "Ngày hẹn trả": f"{SOON:%d/%m/%Y}"}, "Ngày tiếp nhận", "future"),
    ({"Ngày hẹn trả": "05/01/2026"}, "Ngày hẹn trả", "before the dossier came"),
    ({"Số hồ sơ": "2026-000001"}, "Số hồ sơ", "Row 2 has the same key"),
]


async def test_each_wrong_row_is_told_by_number_column_and_cure_and_the_others_go_on(office, rows, plan):
    plan = replace(plan, system=system(), pad={})
    rows = [row for row in rows if row.cells["Trạng thái"] == "Đang giải quyết"][: len(WRONG) + 1]
    assert rows[0].number == 2
    spoiled = [
        rows[0],
        *(Row(r.number, {**r.cells, **cells}) for r, (cells, _, _) in zip(rows[1:], WRONG, strict=True)),
    ]
    result = await run(office, spoiled, plan)
    assert result.imported == 1 and result.wrong_rows == len(WRONG)
    for each, row, (_, column, cure) in zip(result.wrong, rows[1:], WRONG, strict=True):
        assert (each.row.number, each.column) == (row.number, column), each
        assert re.search(cure, each.reason), each.reason


async def test_the_report_is_mended_and_imported_as_it_is(office, rows, plan, tmp_path):
    plan = replace(plan, system=system())
    bad = changed(rows[0], Trạng_thái='=HYPERLINK("x")', Ghi_chú="@cmd")
    result = await run(office, [bad], plan)
    report = tmp_path / "export.csv.wrong.csv"
    write_report(report, result.wrong)
    text = report.read_text(encoding="utf-8-sig")
    heading, line = list(csv.reader(text.splitlines()))
    cells = dict(zip(heading, line, strict=True))
    assert cells["Trạng thái"] == '\'=HYPERLINK("x")' and cells["Ghi chú"] == "'@cmd" and cells["row"] == "2"
    assert not any(cell.startswith(FORMULA) for cell in line)
    assert "add it there" in cells["what to do"] and cells["wrong column"] == "Trạng thái"

    mended = [changed(each, Trạng_thái="Đang giải quyết") for each in export.read(report, plan)]
    assert (await run(office, mended, plan)).imported == 1


def test_a_row_that_is_wrong_twice_is_in_the_report_once(tmp_path):
    row = Row(5, {"a": "1", "b": "-2"})
    write_report(tmp_path / "r.csv", [Wrong(row, "a", "This."), Wrong(row, "b", "That.")])
    lines = list(csv.reader((tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert lines == [["a", "b", *ADDED], ["1", "'-2", "5", "a; b", "This. That."]]


async def test_a_batch_that_is_refused_whole_is_sent_row_by_row(rows, plan):
    class Strict:
        def post(self, path, body=None):
            if len(body["lines"]) > 1 or body["lines"][0]["key"].endswith("3"):
                raise Refused(413, {"detail": "Too large."})
            return {"lines": [{"index": 0, "outcome": "imported"}]}

    result = sending.run(Strict(), rows[:4], plan)
    assert [(each.row.number, each.reason) for each in result.wrong] == [(4, "Too large.")]


# --- kinds of files --------------------------------------------------------------------------------------------------


def test_csv_with_and_without_a_mark_with_either_delimiter_is_the_same(rows, plan, tmp_path):
    for n, (encoding, delimiter) in enumerate(itertools.product(("utf-8", "utf-8-sig"), (",", ";", "\t"))):
        path = tmp_path / f"{n}.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow(rows[0].cells)
            writer.writerows(row.cells.values() for row in rows)
        assert export.read(path, plan) == rows


async def test_a_workbook_whose_cells_are_dates_and_numbers(office, rows, plan, tmp_path):
    plan = replace(plan, system=system())
    book = xlsxwriter.Workbook(tmp_path / "export.xlsx")
    sheet = book.add_worksheet("Hồ sơ")
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    sheet.write_row(0, 0, list(rows[0].cells))
    for n, row in enumerate(rows[:8], 1):
        for column, (name, text) in enumerate(row.cells.items()):
            if name == "Ngày tiếp nhận":
                sheet.write_datetime(n, column, dt.datetime.strptime(text, "%d/%m/%Y %H:%M"), moment)  # noqa: DTZ007
            elif name == "CCCD":
                sheet.write_number(n, column, int(f"1{n:08d}"))  # a spreadsheet has dropped the noughts at the front
            else:
                sheet.write_string(n, column, text)
    book.close()
    found = export.read(tmp_path / "export.xlsx", plan)
    assert [row.number for row in found] == list(range(2, 10))
    line, wrong = line_of(found[0], plan)
    assert not wrong and line["applicant"]["id_number"] == "000100000001"
    assert line["received_at"].endswith("+07:00") and line["due_at"].endswith("T17:00:00+07:00")
    result = await run(office, found, plan)
    assert not result.wrong and result.imported == result.rows - result.skipped


def test_a_formula_in_a_workbook_counts_as_what_it_last_came_to(plan, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(list(plan.columns.values()))
    book.active.append(["=1+1"] * len(plan.columns))
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(Trouble, match="has no row"):  # it was never computed, so the row is empty
        export.read(tmp_path / "x.xlsx", plan)


XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/" xes.version="1.0">
  <trace>
    <string key="concept:name" value="{key}-1"/><string key="receipt" value="H99.2-260803-0001"/>
    <string key="person" value="Lò Thị Mai"/>
    <event><string key="concept:name" value="Tiếp nhận"/><string key="org:group" value="thpt-le-loi"/>
      <date key="time:timestamp" value="2026-08-03T08:15:00+07:00"/><date key="due" value="2026-08-10T17:00:00+07:00"/>
    </event>
    <event><string key="concept:name" value="Đang giải quyết"/><string key="org:group" value="thpt-le-loi"/>
      <date key="time:timestamp" value="2026-08-04T09:00:00+07:00"/></event>
  </trace>
  <trace><string key="concept:name" value="{key}-2"/><string key="receipt" value="H99.2-260803-0002"/>
    <event><string key="concept:name" value="Tiếp nhận"/><string key="org:group" value="thpt-le-loi"/>
      <date key="time:timestamp" value="2026-08-03T08:20:00+07:00"/></event>
  </trace>
</log>"""
XES_MAPPING = """
system = "{key}"
[columns]
key = "case:concept:name"
code = "case:receipt"
"applicant.name" = "case:person"
received_by = "org:group"
decided_by = "org:group"
received_at = "first:time:timestamp"
due_at = "due"
status = "concept:name"
[fixed]
procedure = "2.002854"
[values.status]
"Tiếp nhận" = "in_process"
"Đang giải quyết" = "in_process"
"""


async def test_xes_is_one_row_a_case_from_its_last_attributes(office, tmp_path):
    key = system()
    (tmp_path / "log.xes").write_text(XES.format(key=key), encoding="utf-8")
    (tmp_path / "map.toml").write_text(XES_MAPPING.format(key=key), encoding="utf-8")
    plan = read_mapping(tmp_path / "map.toml")
    rows = export.read(tmp_path / "log.xes", plan)
    line, _ = line_of(rows[0], plan)
    assert line["received_at"] == "2026-08-03T08:15:00+07:00" and line["due_at"] == "2026-08-10T17:00:00+07:00"
    result = await run(office, rows, plan)
    assert result.imported == 1
    assert {(each.row.number, each.column) for each in result.wrong} == {(2, "case:person"), (2, "due")}


def test_a_file_that_attacks_is_refused(plan, tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><log><trace><string key="k" value="&a;"/></trace></log>'
    (tmp_path / "log.xes").write_text(bomb, encoding="utf-8")
    with pytest.raises(Trouble, match="not a safe XES file"):
        export.read(tmp_path / "log.xes", plan)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.pdf", b"%PDF", "is not CSV, XLSX or XES"),
        ("x.xlsx", b"no zip", "is not an XLSX workbook"),
        ("x.xes", b"<log>", "is not a safe XES file"),
        ("x.csv", b"\xff\xfe", "is not UTF-8"),
        ("x.csv", b"", "has no row"),
        ("x.csv", b"a;a\n1;2\n", "two columns “a”"),
        ("x.csv", b"a;b\n1;2\n", "has no column “Số hồ sơ”, which the mapping names for key"),
    ],
)
def test_a_file_that_is_not_one_is_told_in_one_sentence(plan, tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Trouble, match=sentence):
        export.read(tmp_path / name, plan)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[columns", "is not TOML"),
        ('system = "x"', "says nothing of key, code, procedure"),
        ('system = "x"\n[columns]\nkeys = "a"', "names a field “keys”"),
        ('system = "x"\ncolumns = 3', r"\[columns\] must be a section"),
        ("[fixed]\n{all}", "does not name the system"),
        ('system = "x"\n[fixed]\n{all}\n[format]\nzone = "Mars"', "has a value that can't be used"),
    ],
)
def test_a_mapping_that_is_not_one_is_told_in_one_sentence(tmp_path, text, sentence):
    (tmp_path / "m.toml").write_text(text.replace("{all}", "\n".join(f'"{n}" = "1"' for n in REQUIRED)))
    with pytest.raises(Trouble, match=sentence):
        read_mapping(tmp_path / "m.toml")


# --- the command -----------------------------------------------------------------------------------------------------


async def test_the_command_tells_wrong_rows_by_its_exit_code_and_a_report(office, tmp_path):
    export = shutil.copy(EXPORT, tmp_path / "export.csv")
    text = export.read_text(encoding="utf-8-sig").replace("Đang giải quyết", "Lạc", 1)
    export.write_text(text, encoding="utf-8")
    asked = ["import", str(export), "--mapping", str(MAPPING), "--url", office.url, "--system", system(), "--json"]
    told = await asyncio.to_thread(motcua, *asked)
    assert told.returncode == 1, told.stderr
    found = json.loads(told.stdout)
    assert found["imported"] == 29 - found["skipped"] and [each["row"] for each in found["wrong"]] == [2]
    assert (tmp_path / "export.csv.wrong.csv").exists() and found["report"].endswith("export.csv.wrong.csv")


async def test_outside_demo_mode_the_command_says_that_nobody_can_sign_in_yet(tmp_path):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        told = await asyncio.to_thread(
            motcua, "import", str(EXPORT), "--mapping", str(MAPPING), "--url", f"http://127.0.0.1:{port}"
        )
    assert told.returncode == 1 and "no identity provider is connected yet" in told.stderr
    assert told.stderr.count("\n") == 1
