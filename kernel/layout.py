"""The pages that people see: Jinja2 templates, in Vietnamese or English, that work without a script.

A service's own templates lie in its `pages` folder and extend `site.html`, which it may replace by its own; what all
services share lies in `kernel/pages`. Both languages of a sentence stand side by side where it is used:

    {{ t("Tìm thủ tục", "Find a procedure") }}      {{ due_at | moment }}      {{ rejected.says | say }}

Every template knows `lang`, `actor`, `unit_name` (what the actor's unit is called, see `Definition.unit_called`),
`signed_in`, `may(*roles)`, `path`, `demo` and `flash`.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal, format_percent
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kernel.decider import Text
from kernel.identity import ANONYMOUS
from kernel.problems import language
from schemas.event import Actor

SHARED = Path(__file__).with_name("pages")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LANGUAGE_COOKIE, FLASH_COOKIE = "motcua_lang", "motcua_flash"
LANGUAGE_SECONDS, FLASH_SECONDS = 365 * 86400, 60

router = APIRouter(include_in_schema=False)
"""What every site has: the language switch."""


def lang(request: Request) -> str:
    """The language of this answer: chosen on the page (cookie), else asked for by the browser, else Vietnamese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in ("vi", "en") else language(request.headers.get("accept-language", ""))


def render(request: Request, template: str, *, status: int = 200, **data: Any) -> HTMLResponse:
    """A template of the running service (or of all) as an answer. Raises jinja2.TemplateError where it is wrong."""
    app_state = request.scope["app"].state
    service = getattr(app_state, "service", None)
    actor: Actor = request.scope.get("motcua.actor", ANONYMOUS)
    said = request.cookies.get(FLASH_COOKIE)
    chosen = lang(request)
    html = page(
        template,
        folder=service.definition.templates if service else None,
        lang=chosen,
        path=request.url.path,
        back=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        actor=actor,
        unit_name=getattr(request.state, "unit_name", ""),
        demo=bool(service and service.settings.demo),
        flash=_flash(said),
        **data,
    )
    response = HTMLResponse(html, status)
    response.headers["content-language"] = chosen
    response.headers["vary"] = "accept-language, cookie"
    response.headers["cache-control"] = "no-store" if actor is not ANONYMOUS else "no-cache"
    if said is not None:
        response.delete_cookie(FLASH_COOKIE)
    return response


def page(
    template: str,
    *,
    folder: Path | None = None,
    lang: str = "vi",
    path: str = "/",
    back: str = "/",
    actor: Actor = ANONYMOUS,
    unit_name: str = "",
    demo: bool = False,
    flash: dict[str, str] | None = None,
    **data: Any,
) -> str:
    """A page as HTML, from nothing but its data."""
    known = {"path": path, "back": back, "actor": actor, "unit_name": unit_name, "demo": demo, "flash": flash}
    return (
        environment(folder, lang)
        .get_template(template)
        .render(
            **known,
            signed_in=actor.id != ANONYMOUS.id,
            may=lambda *roles: bool(set(roles) & set(actor.roles)),
            **data,
        )
    )


def see_other(path: str, said: str = "", *, kind: Literal["good", "bad", "info"] = "good") -> RedirectResponse:
    """The answer to a form that was sent: go and look there. `said` is shown once at the top of that page."""
    response = RedirectResponse(path, 303)
    if said:
        value = quote(json.dumps({"kind": kind, "text": said[:600]}))
        response.set_cookie(FLASH_COOKIE, value, max_age=FLASH_SECONDS, httponly=True, samesite="strict")
    return response


def inside(path: str) -> str:
    """The path where it is one of this site, else the first page: nobody is sent elsewhere by what an address says."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


@router.post("/language")
async def choose_language(chosen: Annotated[str, Form(alias="lang")], back: Annotated[str, Form()] = "/") -> Response:
    """Show the pages in another language from now on, and go back to where one was."""
    response = RedirectResponse(inside(back), 303)
    if chosen in ("vi", "en"):
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=LANGUAGE_SECONDS, samesite="lax")
    return response


@cache
def environment(folder: Path | None, lang: str) -> Environment:
    """Templates of one folder and the shared ones, in one language. Everything that is printed is escaped."""
    env = Environment(
        loader=FileSystemLoader([*([folder] if folder else []), SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    env.globals.update(lang=lang, t=lambda vi, en: en if lang == "en" else vi, static=static)
    filters: dict[str, Callable[..., Any]] = {
        "say": partial(say, lang=lang),
        "day": day,
        "moment": moment,
        "weekday": partial(weekday, lang=lang),
        "number": partial(number, lang=lang),
        "percent": partial(percent, lang=lang),
        "dong": partial(dong, lang=lang),
        "paragraphs": paragraphs,
    }
    env.filters.update(filters)
    return env


@cache
def static(name: str) -> str:
    """The address of a static file, with its content's hash, so that a new one is fetched at once."""
    digest = hashlib.sha256((SHARED / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:8]}"


# How values are written


def say(text: Text | str | None, *, lang: str) -> str:
    """A sentence in the page's language."""
    return text.en if isinstance(text, Text) and lang == "en" else text.vi if isinstance(text, Text) else text or ""


def local(value: dt.datetime) -> dt.datetime:
    """The same moment on a clock in Vietnam."""
    return value.astimezone(ZONE)


def day(value: dt.date | dt.datetime | None) -> str:
    """05/09/2026"""
    if isinstance(value, dt.datetime):
        value = local(value)
    return value.strftime("%d/%m/%Y") if value else ""


def moment(value: dt.datetime | None) -> str:
    """05/09/2026 08:30"""
    return local(value).strftime("%d/%m/%Y %H:%M") if value else ""


WEEKDAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def weekday(value: dt.date | dt.datetime | None, *, lang: str) -> str:
    """thứ Sáu"""
    if isinstance(value, dt.datetime):
        value = local(value)
    return WEEKDAYS[lang][value.weekday()] if value else ""


def number(value: Decimal | float | None, decimals: int | None = None, *, lang: str) -> str:
    """1.234,5 (in English 1,234.5). None is "–": unknown is not nought."""
    if value is None:
        return "–"
    pattern = "#,##0.###" if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, pattern, locale=lang)


def percent(share: Decimal | float | None, decimals: int = 1, *, lang: str) -> str:
    """0.985 as 98,5%"""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "%"
    return "–" if share is None else format_percent(share, pattern, locale=lang)


def dong(amount: int | None, *, lang: str) -> str:
    """30.000 đồng; unknown stays unknown."""
    if amount is None:
        return "not known" if lang == "en" else "chưa rõ"
    if amount == 0:
        return "free" if lang == "en" else "không thu"
    return f"{number(amount, 0, lang=lang)} đồng"


def paragraphs(text: str) -> Markup:
    """Typed text with its line breaks kept, and nothing else of it believed."""
    parts = [part for part in text.replace("\r", "").split("\n\n") if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(Markup("<br>").join(part.strip().split("\n"))) for part in parts)


async def typed_in(request: Request, most: int = 60) -> dict[str, str]:
    """What was typed into a form of at most so many fields, without blanks around, and without NULs, which no table
    holds."""
    sent = await request.form(max_fields=most)
    return {name: str(value).replace("\0", "").strip() for name, value in sent.items()}


def read_day(text: str) -> dt.date:
    """What a person typed as a day: 5/9/2026, 05-09-2026 or 2026-09-05. Raises ValueError for anything else."""
    parts = text.strip().replace("-", "/").replace(".", "/").split("/")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() for part in parts):
        raise ValueError("not a day")
    first, month, last = map(int, parts)
    return dt.date(first, month, last) if len(parts[0]) == 4 else dt.date(last, month, first)


def read_moment(text: str) -> dt.datetime:
    """What a person typed as a day and a time of the day in Vietnam: 5/9/2026 08:30. Raises ValueError."""
    on, _, at = text.strip().replace("T", " ").partition(" ")
    hour, _, minute = at.strip().partition(":")
    return dt.datetime.combine(read_day(on), dt.time(int(hour), int(minute)), ZONE)


def _flash(cookie: str | None) -> dict[str, str] | None:
    try:
        found = json.loads(unquote(cookie or ""))
        return {"kind": {"bad": "bad", "info": "info"}.get(found["kind"], "good"), "text": str(found["text"])}
    except (ValueError, TypeError, KeyError):
        return None
