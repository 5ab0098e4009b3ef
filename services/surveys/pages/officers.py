"""What officers see of answering: a sheet of paper to be typed in, twice, by two people."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.layout import lang, render, say, see_other
from kernel.store import Conflict
from kernel.web import Here
from services.surveys.api.answering import STATUS, Opened, Unfit, opened
from services.surveys.api.entering import Difference, Enterer, check_unit, enter
from services.surveys.api.tokens import shown as written
from services.surveys.domain.questionnaire import LEVELS
from services.surveys.pages import words
from services.surveys.pages.asking import MOST_FIELDS, both, filled_in, named, on_paper, only, shown

router = APIRouter(include_in_schema=False)
QUIET = {"referrer-policy": "no-referrer", "cache-control": "no-store"}


def _page(request: Request, status: int = 200, **data: Any) -> Response:
    known: dict[str, Any] = {"wrong": None, "found": None, "answers": {}, "errors": {}, "differences": {}}
    response = render(request, "paper.html", status=status, levels=LEVELS, both=both, **known | data)
    response.headers.update(QUIET)
    return response


@router.get("/nhap-phieu")
async def begin(request: Request, actor: Enterer) -> Response:
    """Where the code of a sheet is typed in."""
    return _page(request)


@router.post("/nhap-phieu")
async def typed_code(
    request: Request, service: Here, actor: Enterer, ma: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    try:
        found = await opened(service, ma)
    except Rejected as error:
        return _page(request, STATUS.get(error.code, 409), wrong=error.says)
    check_unit(actor, found)
    return _form(request, found, {})


def _form(
    request: Request,
    found: Opened,
    answers: Mapping[str, Any],
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    differences: Mapping[str, tuple[Any, Any]] | None = None,
    wrong: Text | None = None,
) -> Response:
    return _page(
        request,
        status,
        found=found,
        code=written(found.token),
        areas=on_paper(found.published, found.state.cell),
        answers=answers,
        errors=errors or {},
        named=named(found.published, errors or {}, lang(request)),
        differences=differences or {},
        wrong=wrong,
    )


@router.post("/nhap-phieu/ghi")
async def entered(request: Request, service: Here, actor: Enterer) -> Response:
    """Take an entry: the first is kept, the second makes it count where both say the same."""
    form = await request.form(max_fields=MOST_FIELDS)
    said = lang(request)
    try:
        found = await opened(service, str(form.get("ma", ""))[:100])
        answers = filled_in(form, list(found.published.questions))
        try:
            told = await enter(service, actor, found, only(answers))
        except Unfit as error:
            errors = {code: say(text, lang=said) for code, text in error.wrong}
            return _form(request, found, answers, 422, errors)
        except Conflict:
            return _form(request, found, answers, 409, wrong=problems.CHANGED)
        except Rejected as error:
            return _form(request, found, answers, 409, wrong=error.says)
    except Rejected as error:
        return _page(request, STATUS.get(error.code, 409), wrong=error.says)
    if told.state == "differs":
        return _form(request, found, answers, differences=_read(found, told.differences))
    response = see_other("/nhap-phieu", say(words.FIRST if told.state == "first" else words.TAKEN, lang=said))
    response.headers.update(QUIET)
    return response


def _read(found: Opened, differences: list[Difference]) -> dict[str, tuple[Any, Any]]:
    """What two entries said, as a person reads it."""
    by_code = {each.code: each for each in found.published.questions}
    return {
        each.question: (
            shown(by_code[each.question], each.first) if each.first is not None else "–",
            shown(by_code[each.question], each.second) if each.second is not None else "–",
        )
        for each in differences
    }
