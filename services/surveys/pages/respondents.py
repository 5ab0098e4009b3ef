"""What who was asked sees: the questionnaire, an area a page; their answers once more; thanks.

Made for a phone, the keyboard alone and no script. Every page says `no-referrer` and is not kept by the browser; the
token is in the address of these pages, and of none after the answers were sent.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response

from kernel.decider import Rejected, Text
from kernel.layout import lang, render, say, see_other
from kernel.service import Service
from kernel.web import Here
from services.surveys.api.answering import STATUS, Opened, Unfit, begin, kept, opened, put_by, send
from services.surveys.api.tokens import read_token
from services.surveys.api.tokens import shown as written
from services.surveys.domain.questionnaire import LEVELS, problems
from services.surveys.pages import words
from services.surveys.pages.asking import MOST_FIELDS, areas, both, filled_in, named, only, shown

router = APIRouter(include_in_schema=False)
Token = Annotated[str, Path(max_length=100)]
Page = Annotated[int, Path(ge=1, le=99)]
QUIET = {"referrer-policy": "no-referrer", "cache-control": "no-store", "x-robots-tag": "noindex"}


def _quiet(response: Response) -> Response:
    response.headers.update(QUIET)
    return response


def _page(request: Request, template: str, status: int = 200, **data: Any) -> Response:
    return _quiet(render(request, template, status=status, words=words, both=both, **data))


def _go(path: str, said: str = "") -> Response:
    return _quiet(see_other(path, said))


def _closed(request: Request, error: Rejected) -> Response:
    """Why a token opens nothing, and a way to type another one in."""
    status = STATUS.get(error.code, 409)
    if error.code == "invitation_used":
        return _page(request, "slip_used.html", status)
    says = words.NO_CODE if error.code == "invitation_unknown" else error.says
    return _page(request, "slip_start.html", status, wrong=says, instead=error.instead)


@router.get("/phieu")
async def start(request: Request) -> Response:
    """Where a code from a slip of paper is typed in."""
    return _page(request, "slip_start.html", wrong=None, instead=None)


@router.post("/phieu")
async def typed_code(request: Request, service: Here, ma: Annotated[str, Form(max_length=100)] = "") -> Response:
    token = read_token(ma)
    if token is None:
        return _page(request, "slip_start.html", 404, wrong=words.NO_CODE, instead=None)
    return _go(f"/phieu/{token}")


@router.get("/phieu/cam-on")
async def thanks(request: Request) -> Response:
    """Nothing here tells who answered, nor that it was this browser."""
    return _page(request, "slip_thanks.html")


@router.get("/phieu/{token}")
async def welcome(request: Request, service: Here, token: Token) -> Response:
    """What is asked, by whom, until when, and what becomes of the answers."""
    try:
        found = await opened(service, token)
    except Rejected as error:
        return _closed(request, error)
    answers = await _answers(service, found)
    count = sum(len(questions) for _, questions in areas(found.published, found.state.cell, answers))
    return _page(
        request,
        "slip_welcome.html",
        found=found,
        count=count,
        minutes=max(1, round(count / 6)),
        begun=bool(answers),
        code=written(found.token),
        you="em" if found.published.group == "pupil" else "ông/bà",
    )


@router.post("/phieu/{token}")
async def first(request: Request, service: Here, token: Token) -> Response:
    try:
        found = await opened(service, token)
        await begin(service, found)
    except Rejected as error:
        return _closed(request, error)
    return _go(f"/phieu/{found.token}/{_next_open(found, await _answers(service, found))}")


def _next_open(found: Opened, answers: Mapping[str, Any]) -> int:
    """The first page on which something that is needed is missing; else the first."""
    missing = {code for code, _ in problems(found.published, found.state.cell, answers)}
    for number, (_, questions) in enumerate(areas(found.published, found.state.cell, answers), 1):
        if missing & {each.code for each in questions}:
            return number
    return 1


async def _answers(service: Service, found: Opened) -> dict[str, Any]:
    told = (await kept(service, found)).get("answers", {})
    return told if isinstance(told, dict) else {}


@router.get("/phieu/{token}/kiem-tra")
async def check(request: Request, service: Here, token: Token) -> Response:
    """All answers once more, before they are sent."""
    try:
        found = await opened(service, token)
    except Rejected as error:
        return _closed(request, error)
    return _checked(request, found, await _answers(service, found))


def _checked(request: Request, found: Opened, answers: Mapping[str, Any], status: int = 200) -> Response:
    pages = areas(found.published, found.state.cell, answers)
    wrong = dict(problems(found.published, found.state.cell, answers))
    told = [
        (number, area, [(each, shown(each, answers.get(each.code, ""))) for each in questions])
        for number, (area, questions) in enumerate(pages, 1)
    ]
    where = {each.code: number for number, (_, questions) in enumerate(pages, 1) for each in questions}
    errors = [(f"/phieu/{found.token}/{where.get(code, 1)}#{code}", code, text) for code, text in wrong.items()]
    labels = {each.code: both(each.label) for each in found.published.questions}
    return _page(
        request, "slip_check.html", status, found=found, told=told, errors=errors, labels=labels, steps=len(pages)
    )


@router.post("/phieu/{token}/gui")
async def sent(request: Request, service: Here, token: Token) -> Response:
    """Send what was put by: once."""
    try:
        found = await opened(service, token)
        answers = await _answers(service, found)
        try:
            await send(service, found, answers)
        except Unfit:
            return _checked(request, found, answers, 422)
    except Rejected as error:
        return _closed(request, error)
    return _go("/phieu/cam-on")


@router.get("/phieu/{token}/{number}")
async def area(request: Request, service: Here, token: Token, number: Page) -> Response:
    try:
        found = await opened(service, token)
    except Rejected as error:
        return _closed(request, error)
    answers = await _answers(service, found)
    if number > len(areas(found.published, found.state.cell, answers)):
        return _go(f"/phieu/{found.token}/kiem-tra")
    return _area(request, found, number, answers)


def _area(
    request: Request,
    found: Opened,
    number: int,
    answers: Mapping[str, Any],
    errors: Mapping[str, Text] | None = None,
    more: bool = False,
) -> Response:
    pages = areas(found.published, found.state.cell, answers)
    area, questions = pages[min(number, len(pages)) - 1]
    said = lang(request)
    told = {code: say(text, lang=said) for code, text in (errors or {}).items()}
    return _page(
        request,
        "slip_area.html",
        422 if errors else 200,
        found=found,
        area=area,
        questions=questions,
        levels=LEVELS,
        answers=answers,
        errors=told,
        named=named(found.published, told, said),
        number=number,
        steps=len(pages),
        more=more,
    )


@router.post("/phieu/{token}/{number}")
async def answered(request: Request, service: Here, token: Token, number: Page) -> Response:
    """Put a page's answers by and go on; what is missing on it is said first."""
    form = await request.form(max_fields=MOST_FIELDS)
    try:
        found = await opened(service, token)
        await begin(service, found)
    except Rejected as error:
        return _closed(request, error)
    before = await _answers(service, found)
    cell, published = found.state.cell, found.published
    seen = set(str(form.get("seen", ""))[:5000].split())
    questions = [each for each in published.questions if each.code in seen]
    now = {**before, **filled_in(form, questions)}
    wrong = dict(problems(published, cell, only(now), half=True))
    good = {code: each for code, each in only(now).items() if code not in wrong}
    await put_by(service, found, {**await kept(service, found), "answers": good})
    if form.get("do") == "save":
        return _go(f"/phieu/{found.token}", say(words.SAVED, lang=lang(request)))
    if form.get("do") == "back":
        return _go(f"/phieu/{found.token}/{number - 1}" if number > 1 else f"/phieu/{found.token}")
    pages = areas(published, cell, now)
    here = {each.code for each in pages[min(number, len(pages)) - 1][1]}
    bad = {code: text for code, text in problems(published, cell, only(now)) if code in here}
    if fresh := (here - seen) & set(bad):
        if set(bad) == fresh:
            return _area(request, found, number, now, more=True)
        bad = {code: text for code, text in bad.items() if code not in fresh}
    if bad:
        return _area(request, found, number, now, bad)
    return _go(f"/phieu/{found.token}/{number + 1 if number < len(pages) else 'kiem-tra'}")
