"""The operator's catalogue: what is offered, how it changed, and how it stands against the national one."""

from dataclasses import fields
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import dong, lang, read_day, render, say, see_other
from kernel.service import Service
from kernel.store import Conflict
from kernel.web import Here
from schemas.intake import AtSupplement, Terms
from services.intake.api.catalogue import (
    CountingBody,
    NationalBody,
    Operator,
    bring_catalogue_in_line,
    count_otherwise,
    diff_catalogue,
    search,
)
from services.intake.api.reference import Known
from services.intake.domain.procedure import procedure, procedure_stream, terms_on
from services.intake.pages import words
from services.intake.pages.shared import form_of, keyed, name_of, text, time_in_words, today, unit_names

router = APIRouter(include_in_schema=False)
PAGE = 25
LARGEST = 16 << 20
KINDS = {
    "missing": (Text("Thiếu", "Missing"), "bad"),
    "outdated": (Text("Chưa cập nhật", "Outdated"), "wait"),
    "surplus": (Text("Thừa", "Surplus"), "over"),
}


@router.get("/danh-muc")
async def catalogue(
    request: Request,
    service: Here,
    _: Operator,
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Response:
    """Everything in force today."""
    found = await search(service, today(service), q)
    pages = max(1, -(-len(found) // PAGE))
    page = min(page, pages)
    return render(
        request,
        "catalogue.html",
        q=q,
        found=found[(page - 1) * PAGE : page * PAGE],
        count=len(found),
        page=page,
        pages=pages,
        words=words,
        name_of=name_of,
    )


@router.get("/danh-muc/doi-chieu")
async def compare(request: Request, _: Operator) -> Response:
    return render(request, "compare.html", error="", result=None, applied=False, names={}, kinds=KINDS)


@router.post("/danh-muc/doi-chieu")
async def compared(request: Request, service: Here, known: Known, actor: Operator) -> Response:
    """Hold the catalogue against an export of the national one; bring it in line where that was asked for."""
    form = await form_of(request)
    upload = form.get("export")
    says = Text(
        "Hãy chọn tệp JSON: một danh sách thủ tục theo mẫu của /docs.", "Choose a JSON file: procedures as /docs says."
    )
    applied = text(form, "do") == "apply"
    try:
        if not isinstance(upload, UploadFile) or not upload.filename or (upload.size or 0) > LARGEST:
            raise ValueError
        raw = (await upload.read()).strip()
        body = NationalBody.model_validate_json(raw if raw.startswith(b"{") else b'{"national":' + raw + b"}")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = Text(
            f"Tệp chưa đúng mẫu, tại «{where}»: {first['msg']}", f"Not in the form, at “{where}”: {first['msg']}"
        )
        return _compare(request, say(said, lang=lang(request)))
    except ValueError:
        return _compare(request, say(says, lang=lang(request)))
    run = bring_catalogue_in_line if applied else None
    result = await (run(service, known, actor, body) if run else diff_catalogue(service, known, actor, body))
    return render(
        request,
        "compare.html",
        error="",
        result=result,
        applied=applied,
        names=await unit_names(service),
        kinds=KINDS,
    )


def _compare(request: Request, error: str) -> Response:
    return render(request, "compare.html", status=422, error=error, result=None, applied=False, names={}, kinds=KINDS)


@router.get("/danh-muc/{id}")
async def history(request: Request, service: Here, _: Operator, id: str) -> Response:
    """All terms that a procedure ever had, each with what it changed."""
    return await _history(request, service, id)


@router.post("/danh-muc/{id}")
async def counted_otherwise(request: Request, service: Here, actor: Operator, id: str) -> Response:
    """Count its deadlines otherwise from a day on."""
    form, said = await form_of(request), lang(request)
    typed = {name: text(form, name) for name in COUNTING}
    try:
        body = CountingBody.model_validate(
            {
                **{name: value for name, value in typed.items() if value},
                "effective_from": read_day(typed["effective_from"]),
            }
        )
        done = await count_otherwise(service, actor, id, body, keyed(request, form))
    except (Rejected, Conflict, ValueError) as error:
        return await _history(request, service, id, typed, _problem(error, said))
    told = CHANGED if done.changed else UNCHANGED
    return see_other(f"/danh-muc/{id}", say(told.of(day=f"{body.effective_from:%d/%m/%Y}"), lang=said))


CHANGED = Text("Áp dụng từ ngày {day}.", "In force from {day} on.")
UNCHANGED = Text("Vào ngày {day} đã như vậy rồi.", "It is so already on {day}.")
COUNTING = ("effective_from", "cut_off", "at_supplement", "close_after", "warn_before", "decision")


def _problem(error: Exception, said: str) -> dict[str, Any]:
    match error:
        case Rejected():
            return problems.of_rejected(error, said)
        case Conflict():
            return problems.problem(409, "changed_meanwhile", problems.CHANGED, said)
        case ValidationError():
            found = problems.of_fields(error.errors(), said)
            return found | {"wrong": {each["where"].split(".")[-1]: each["what"] for each in found["errors"]}}
        case _:
            wrong = Text("Ngày chưa đúng dạng dd/mm/yyyy", "Not a day such as 05/09/2026")
            return problems.problem(422, "invalid", wrong, said) | {"wrong": {"effective_from": say(wrong, lang=said)}}


async def _history(
    request: Request,
    service: Service,
    id: str,
    typed: dict[str, str] | None = None,
    problem: dict[str, Any] | None = None,
) -> Response:
    found, _ = await service.state(procedure, procedure_stream(id))  # not what is known: it shows what was just said
    versions: list[dict[str, Any]] = []
    before: Terms | None = None
    for each in found.history:
        versions.append(
            {"since": each.since, "terms": each.terms, "changes": _changes(before, each.terms) if each.terms else []}
        )
        before = each.terms or before
    if not versions:
        raise HTTPException(404)
    latest = next((each["terms"] for each in reversed(versions) if each["terms"]), None)
    now = terms_on(found, today(service))
    return render(
        request,
        "history.html",
        status=problem["status"] if problem else 200,
        id=found.id,
        versions=list(reversed(versions)),
        latest=latest,
        counting=now.terms if now else None,
        typed=typed or {},
        problem=problem,
        key=uuid4().hex,
        shown=found.shown,
        names=await unit_names(service),
        name_of=name_of,
        day=today(service),
        labels=LABELS,
        supplement=SUPPLEMENT,
    )


SUPPLEMENT: dict[AtSupplement, Text] = {
    "restart": Text("Tính lại từ đầu", "Starts again from zero"),
    "pause": Text("Tạm dừng, rồi tính tiếp", "Stands still, then goes on"),
}
LABELS: dict[str, Text] = {
    "name_vi": Text("Tên", "Name"),
    "name_en": Text("Tên tiếng Anh", "English name"),
    "national_code": Text("Mã quốc gia", "National code"),
    "level": Text("Cấp học", "Level"),
    "field": Text("Lĩnh vực", "Field"),
    "authority": Text("Cơ quan quyết định", "Who decides"),
    "documents": Text("Giấy tờ", "Documents"),
    "fee_vnd": Text("Lệ phí", "Fee"),
    "times": Text("Thời gian", "Time"),
    "cut_off": Text("Giờ chốt trong ngày", "Cut-off"),
    "at_supplement": Text("Khi bổ sung hồ sơ", "At a supplement"),
    "close_after": Text("Tự đóng nếu không bổ sung (ngày làm việc)", "Closed without a supplement (working days)"),
    "warn_before": Text("Cảnh báo trước hạn", "Approaching before the end"),
    "stages": Text("Các khâu", "Stages"),
    "online_level": Text("Mức độ trực tuyến", "Online level"),
    "legal_basis": Text("Căn cứ", "Legal basis"),
    "confidence": Text("Độ tin cậy", "Confidence"),
    "official": Text("Đã xác nhận", "Confirmed"),
    "source": Text("Nguồn", "Source"),
    "assumed": Text("Tỉnh tự ghi", "Filled in by the province"),
    "effective_from": Text("Ngày hiệu lực", "Effective date"),
}


def _changes(before: Terms | None, now: Terms) -> list[tuple[str, list[Text], list[Text]]]:
    """Field by field: what went, what came. The first version has no changes."""
    if before is None:
        return []
    found = []
    for name in (each.name for each in fields(Terms)):
        was, is_now = _lines(name, getattr(before, name)), _lines(name, getattr(now, name))
        if was != is_now:
            found.append((name, [x for x in was if x not in is_now], [x for x in is_now if x not in was]))
    return found


def _lines(name: str, value: Any) -> list[Text]:
    """A field's value in words, one a line."""
    match name, value:
        case _, None | "" | ():
            return []
        case "warn_before", 0:
            return []
        case "close_after", 0:
            return [Text("không tự đóng", "never")]
        case "cut_off", "none":
            return [Text("không có giờ chốt", "no cut-off")]
        case "at_supplement", _:
            return [SUPPLEMENT[value]]
        case "times", _:
            return [time_in_words(each) for each in value]
        case "stages", _:
            roles = [(words.STAGE.get(each.role, Text(each.role, each.role)), each.weight) for each in value]
            return [Text(f"{role.vi}: {weight}", f"{role.en}: {weight}") for role, weight in roles]
        case "assumed", _:
            return [LABELS.get(each, Text(each, each)) for each in value]
        case "level", _:
            return [words.LEVEL[value]]
        case "authority", _:
            return [words.AUTHORITY[value]]
        case "online_level", _:
            return [words.ONLINE[value]]
        case "fee_vnd", _:
            return [Text(dong(value, lang="vi"), dong(value, lang="en"))]
        case _, bool():
            return [Text("rồi", "yes") if value else Text("chưa", "no")]
        case _, tuple():
            return [Text(str(each), str(each)) for each in value]
    return [Text(str(value), str(value))]
