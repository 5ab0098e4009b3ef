"""Results and answers as files: CSV, XLSX, PDF, and data with labels for SPSS (CSV and the syntax that reads it)."""

import asyncio
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException, Response

from kernel import paper
from kernel.layout import day, moment, number, percent
from kernel.service import Service
from kernel.tables import safe
from kernel.web import Here
from schemas.event import Actor
from schemas.surveys import Answers, Figure, Question, QuestionnairePublished
from services.surveys.api.access import Reader, sees_all
from services.surveys.api.results import Outcome, ResultsTold, outcome, seen, told
from services.surveys.api.slips import unit_name
from services.surveys.api.tables import XLSX, as_csv, download, workbook
from services.surveys.api.voiding import voidings
from services.surveys.domain.questionnaire import LEVELS

router = APIRouter(tags=["Kết quả / Results"])
_percent = partial(percent, lang="vi")
HEADING = (
    "đơn vị", "nhóm nhỏ", "tên", "lĩnh vực", "tên lĩnh vực", "câu hỏi", "nội dung", "số trả lời", "số được hỏi",
    "tỉ lệ hài lòng", "cận dưới", "cận trên", "điểm trung bình", "sai số chuẩn", "hệ số thiết kế", "ẩn vì",
)  # fmt: skip
WHY = {"": "", "few": "dưới 5 người", "guard": "để không suy ra ô khác"}
SHEETS = "SELECT sheet, cell, answers, week, void FROM view.sheet WHERE campaign = $1 ORDER BY sheet"
_answers = msgspec.json.Decoder(Answers)
_cell = msgspec.json.Decoder(tuple[str, ...])


def rows(of: Outcome, actor: Actor) -> list[tuple[Any, ...]]:
    """A line a figure, under HEADING."""
    return [_row(of, each) for each in seen(of, actor)]


def _row(of: Outcome, each: Figure) -> tuple[Any, ...]:
    question = of.question(each.question) if each.question else None
    about = (
        each.cell[0] if each.cell else "",
        each.cell[1] if len(each.cell) > 1 else "",
        of.name(each.cell).vi,
        each.area,
        of.area(each.area).vi if each.area or not each.question else "",
        each.question,
        question.vi if question else "",
    )
    if each.hidden:
        return (*about, *("",) * 8, WHY[each.hidden])
    numbers = (each.n, each.people, each.share, each.low, each.high, each.mean, each.error, each.effect)
    return (*about, *numbers, "")


def method_rows(of: Outcome, found: ResultsTold) -> list[tuple[str, Any]]:
    """How the figures were made, as pairs."""
    sample = of.found.state.sample
    pairs: list[tuple[str, Any]] = [
        ("đợt khảo sát", of.found.row.title_vi),
        ("mã", str(found.campaign)),
        ("trạng thái", "đã chốt" if of.frozen else "tạm tính"),
        ("mẫu phiếu", f"{of.published.title.vi} ({found.questionnaire}), lần ban hành {found.edition}"),
        ("căn cứ", of.published.basis),
        ("phương pháp", found.method),
        ("độ tin cậy", f"{round(found.confidence * 100, 1):g}%".replace(".", ",")),
        ("phiếu đã phát", found.issued),
        ("phiếu đã trả lời", found.used),
        ("phiếu được tính", found.sheets),
        ("phiếu bị loại", found.void),
        ("phiếu không công bố vì quá ít", found.withheld if found.withheld is not None else ""),
        ("dấu vân tay của các phiếu (SHA-256)", found.digest),
    ]
    if sample:
        pairs += [
            ("cách rút mẫu", sample.method),
            ("hạt giống", sample.seed),
            ("dấu vân tay của khung mẫu (SHA-256)", sample.digest),
        ]
    return pairs


async def as_workbook(service: Service, of: Outcome, actor: Actor) -> bytes:
    """All of it as one workbook: figures, ranks, what was voided, the method."""
    found = await told(service, of, actor)
    ranks = [
        (each.name, each.from_rank, each.to_rank, each.share, each.low, each.high, each.n) for each in found.ranking
    ]
    voids = [
        (str(sheet), each.status, each.reason, each.proposed_by, moment(each.proposed_at), each.settled_by,
         moment(each.settled_at), each.refusal)
        for each in voidings(of.found)
        for sheet in each.sheets
    ]  # fmt: skip
    places = ("đơn vị", "hạng từ", "hạng đến", "tỉ lệ hài lòng", "cận dưới", "cận trên", "số trả lời")
    voided = ("phiếu", "trạng thái", "lý do", "người đề nghị", "lúc", "người xử lý", "lúc xử lý", "lý do từ chối")
    sheets: list[tuple[str, Sequence[str], Iterable[Sequence[Any]]]] = [("Kết quả", HEADING, rows(of, actor))]
    if sees_all(actor):
        sheets += [("Xếp hạng", places, ranks), ("Phiếu bị loại", voided, voids)]
    sheets.append(("Phương pháp", ("mục", "giá trị"), method_rows(of, found)))
    return await asyncio.to_thread(workbook, sheets)


async def as_pdf(service: Service, of: Outcome, actor: Actor) -> bytes:
    """The results on paper: by area, by unit, and how they were made."""
    found, figures = await told(service, of, actor), seen(of, actor)
    everybody = [each for each in figures if not each.cell and not each.question]
    units = [each for each in figures if len(each.cell) == 1 and not each.area and not each.question]
    ranges = {each.unit: each for each in found.ranking}

    def numbers(each: Figure) -> list[str]:
        if each.hidden:
            return ["–", "–", "–", WHY[each.hidden]]
        return [
            f"{each.n}",
            _percent(each.share),
            f"{_percent(each.low)} – {_percent(each.high)}",
            number(each.mean, 2, lang="vi"),
        ]

    places = [
        f"{r.from_rank}–{r.to_rank}" if (r := ranges.get(each.cell[0])) and r.from_rank else "–" for each in units
    ]
    data = {
        "unit": await unit_name(service, of.found.row.unit),
        "title": of.found.row.title_vi,
        "issued_at": service.clock.now(),
        "frozen": of.frozen,
        "period": f"{day(of.found.row.starts)} – {day(of.found.state.ends)}",
        "areas": [[of.area(each.area).vi, *numbers(each)] for each in everybody],
        "units": [[of.name(each.cell).vi, *numbers(each), place] for each, place in zip(units, places, strict=True)],
        "method": [[name, str(value)] for name, value in method_rows(of, found)],
        "confidence": f"{round(found.confidence * 100)}%",
    }
    return await asyncio.to_thread(paper.pdf, "sheets/results", data)


# For SPSS


def variables(published: QuestionnairePublished) -> list[tuple[str, Question, str]]:
    """(name, question, option) of each column: one a question, one an option of a multiple choice. Names are such that
    SPSS takes: letters, digits and underscores, at most 64, unique. Free texts are not among them."""
    found: list[tuple[str, Question, str]] = []
    taken: set[str] = set()
    for each in published.questions:
        if each.kind == "text":
            continue
        for option in [o.code for o in each.options] if each.kind == "multiple" else [""]:
            plain = re.sub(r"[^A-Za-z0-9_]", "_", f"{each.code}_{option}" if option else each.code)
            name = (plain if plain[:1].isalpha() else f"q_{plain}")[:60].rstrip("_") or "q"
            while name.lower() in taken:
                name += "_x"
            taken.add(name.lower())
            found.append((name, each, option))
    return found


def code_of(question: Question, option: str, answer: Any) -> int | str:
    """An answer as a number: the level or number, the place of the option from 1, 1 or 0 for one of several."""
    if answer is None:
        return ""
    if question.kind == "multiple":
        return int(option in (answer if isinstance(answer, tuple) else (answer,)))
    if question.kind == "single":
        codes = [each.code for each in question.options]
        return codes.index(answer) + 1 if answer in codes else ""
    return int(answer) if isinstance(answer, int) else ""


def syntax(published: QuestionnairePublished, title: str) -> str:
    """SPSS syntax that reads data.csv and labels it."""
    known = variables(published)
    lines = [
        f"* {_quoted(title)[1:-1]}.",
        "SET UNICODE=ON.",
        "GET DATA /TYPE=TXT /FILE='data.csv' /ENCODING='UTF8' /ARRANGEMENT=DELIMITED",
        '  /DELIMITERS="," /QUALIFIER=\'"\' /FIRSTCASE=2 /VARIABLES=',
        "  sheet A36 unit A60 part A60 week A10 void F1.0",
        *(f"  {name} F8.0" for name, _, _ in known),
        "  .",
        "VARIABLE LABELS",
        "  sheet 'Mã phiếu (đặt ngẫu nhiên khi công bố)'",
        "  unit 'Đơn vị' part 'Nhóm nhỏ' week 'Tuần công bố' void 'Phiếu bị loại'",
    ]
    for name, question, option in known:
        chosen = next((each.label.vi for each in question.options if each.code == option), "")
        lines.append(f"  {name} {_quoted(f'{question.label.vi}: {chosen}' if chosen else question.label.vi)}")
    lines += ["  .", "VALUE LABELS", "  void 0 'được tính' 1 'bị loại'"]
    for name, question, option in known:
        if labels := _labels(question, option):
            lines.append(f"  /{name} " + " ".join(f"{value} {_quoted(label)}" for value, label in labels))
    return "\r\n".join([*lines, "  .", "EXECUTE.", ""])


def _labels(question: Question, option: str) -> list[tuple[int, str]]:
    match question.kind:
        case "likert":
            return [(level, name.vi) for level, name in LEVELS.items()]
        case "single":
            return [(n, each.label.vi) for n, each in enumerate(question.options, 1)]
        case "multiple":
            return [(0, "không"), (1, "có")]
        case _:
            return []


def _quoted(text: str) -> str:
    """A text in SPSS syntax, at most 120 letters of it."""
    plain = " ".join(text.split())[:120]
    return "'" + plain.replace("'", "''") + "'"


async def for_spss(service: Service, of: Outcome) -> bytes:
    """A ZIP: data.csv with numbers alone, labels.sps that reads and labels it."""
    known = variables(of.published)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["sheet", "unit", "part", "week", "void", *(name for name, _, _ in known)])
    for row in await service.pool.fetch(SHEETS, of.found.stream):
        cell, answers = _cell.decode(row["cell"]), _answers.decode(row["answers"])
        codes = [code_of(question, option, answers.get(question.code)) for _, question, option in known]
        about = [str(row["sheet"]), *(safe(each) for each in (*cell, "", "")[:2]), row["week"], int(row["void"])]
        writer.writerow([*about, *codes])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.csv", b"\xef\xbb\xbf" + out.getvalue().encode())
        file.writestr("labels.sps", b"\xef\xbb\xbf" + syntax(of.published, of.found.row.title_vi).encode())
    return packed.getvalue()


@router.get("/campaigns/{id}/results.csv", response_class=Response, summary="Figures as CSV (staff)")
async def get_csv(service: Here, actor: Reader, id: UUID) -> Response:
    return as_csv("ket-qua.csv", HEADING, rows(await outcome(service, id), actor))


@router.get("/campaigns/{id}/results.xlsx", response_class=Response, summary="Figures, ranks, method as XLSX (staff)")
async def get_xlsx(service: Here, actor: Reader, id: UUID) -> Response:
    return download("ket-qua.xlsx", await as_workbook(service, await outcome(service, id), actor), XLSX)


@router.get("/campaigns/{id}/results.pdf", response_class=Response, summary="Figures as PDF (staff)")
async def get_pdf(service: Here, actor: Reader, id: UUID) -> Response:
    return download("ket-qua.pdf", await as_pdf(service, await outcome(service, id), actor), "application/pdf")


@router.get(
    "/campaigns/{id}/data.zip", response_class=Response, summary="Answers with labels for SPSS (who oversees all units)"
)
async def get_data(service: Here, actor: Reader, id: UUID) -> Response:
    """What was let go, a row a sheet: nothing in it says who answered, or when. Free texts are not in it."""
    if not sees_all(actor):
        raise HTTPException(403)
    return download("du-lieu.zip", await for_spss(service, await outcome(service, id)), "application/zip")
