"""What a person sees: the dashboard, which moves by itself, and the list behind each of its figures.

The dashboard is public, like the figures it shows; the list is for staff. What is asked of the figures (`api`) comes in
through app.py.
"""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol, TypeAlias
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import ConfigDict

from kernel.calendar import ZONE
from kernel.decider import Text
from kernel.layout import day, moment, number, render
from kernel.service import Service
from kernel.web import Here, Lang, Live, Pulse, may, name_unit
from schemas.event import Actor
from services.reporting.domain import CHANNELS, By, Figures, Filter, Line, Listing, Question, top

STAFF = ("leadership", "operator", "auditor", "unit_head", "case_officer", "desk_officer")
USUAL = 30  # days that the dashboard shows where nothing was chosen
MOST_DAYS = 92  # days up to which they are shown one by one; beyond, months
MOST_LINES = 12
CHARTS = ("by_day", "by_unit", "by_procedure", "by_channel")
WORK = ("received", "resolved", "in_progress")  # the figures that most charts show
DIMENSIONS: tuple[By, ...] = ("unit", "procedure", "channel")

CHANNEL = {
    "desk": Text("Trực tiếp", "At the desk"),
    "post": Text("Bưu chính", "By post"),
    "hired_service": Text("Dịch vụ được thuê", "Hired service"),
    "authorised": Text("Người được ủy quyền", "Authorised person"),
    "online": Text("Trực tuyến", "Online"),
    "assisted": Text("Trực tuyến, có hỗ trợ", "Online, with help"),
    "national_portal": Text("Cổng DVC quốc gia", "National portal"),
}
FIGURE = {
    "received": Text("Đã tiếp nhận", "Received"),
    "carried_over": Text("Kỳ trước chuyển sang", "Carried over"),
    "in_progress": Text("Đang giải quyết", "In progress"),
    "finished": Text("Đã kết thúc", "Finished"),
    "resolved": Text("Đã giải quyết", "Resolved"),
    "granted": Text("Đã cấp kết quả", "Granted"),
    "refused": Text("Từ chối giải quyết", "Refused"),
    "stopped": Text("Dừng giải quyết", "Stopped"),
    "withdrawn": Text("Người nộp rút", "Withdrawn"),
    "not_accepted": Text("Không tiếp nhận", "Not accepted"),
    "waiting": Text("Chờ tiếp nhận", "Waiting to be received"),
    "turned_away": Text("Không tiếp nhận, hướng dẫn", "Not accepted or guided"),
}
STATUS = {
    "submitted": (Text("Chờ tiếp nhận", "Waiting"), "wait"),
    "in_process": (Text("Đang giải quyết", "In process"), "going"),
    "supplement_asked": (Text("Chờ bổ sung", "Supplement asked"), "wait"),
    "resolved": (Text("Đã có kết quả", "Resolved"), "good"),
    "handed_over": (Text("Đã trả kết quả", "Handed over"), "good"),
    "not_accepted": (Text("Không tiếp nhận", "Not accepted"), "bad"),
    "stopped": (Text("Đã dừng", "Stopped"), "over"),
    "withdrawn": (Text("Đã rút", "Withdrawn"), "over"),
}
LOG = {"intake": Text("tiếp nhận", "intake")}


class Names(Protocol):
    """What units and procedures are called, by id."""

    @property
    def unit(self) -> Mapping[str, str]: ...
    @property
    def procedure(self) -> Mapping[str, str]: ...


Answered: TypeAlias = Callable[[Service, Question, str], Awaitable[Figures]]
Watch: TypeAlias = Callable[[Service, Pulse, Question, str], AsyncIterator[tuple[str, Figures]]]
Listed: TypeAlias = Callable[[Service, Listing, Actor, str], Awaitable[Any]]
Named: TypeAlias = Callable[[Service], Awaitable[Names]]


class PageFilter(Filter):
    """What an address asks for. A page forgives what was hung on its address on the way (a social network's mark)."""

    model_config = ConfigDict(extra="ignore")


class PageListing(Listing):
    model_config = ConfigDict(extra="ignore")


class PageWatching(PageFilter):
    last_event_id: str = ""


def router(answered: Answered, watch: Watch, listed: Listed, named: Named) -> APIRouter:
    """The pages, given what answers the figures, what tells when they move, what lists dossiers, what names units."""
    pages = APIRouter(include_in_schema=False, dependencies=[Depends(name_unit)])

    @pages.get("/")
    async def dashboard(request: Request, service: Here, said: Lang, asked: Annotated[PageFilter, Query()]) -> Response:
        """Where the one-stop stands."""
        now = today(service)
        if "from" not in request.query_params:
            usual = (asked.to or now) - dt.timedelta(days=USUAL - 1)
            asked = asked.model_copy(update={"since": usual})
        question = _question(asked, now)
        found = await answered(service, question, said)
        called = await named(service)
        return render(
            request,
            "dashboard.html",
            asked=asked,
            total=found.total,
            figures=_flat(found, said),
            charts=dict.fromkeys(CHARTS) | {each["name"]: each for each in _charts(found, said)},
            stream="/live?" + _query(asked),
            behind={each: "/dossiers?" + _query(asked, figure=each) for each in FIGURE},
            presets=_presets(asked, now),
            units=_sorted(called.unit),
            procedures=_sorted(called.procedure),
            channels=[(each, getattr(CHANNEL[each], said)) for each in CHANNELS],
            period=_period(asked, said),
            narrowed=[*_narrowed(asked, called, said)],
            staff=STAFF,
        )

    async def watched(service: Here, said: Lang, asked: Annotated[PageWatching, Query()]) -> PageWatching:
        # What is wrong with the question is said before the stream begins.
        await answered(service, _question(asked, today(service)), said)
        return asked

    @pages.get("/live", response_class=EventSourceResponse)
    async def live(
        service: Here,
        pulse: Live,
        said: Lang,
        asked: Annotated[PageWatching, Depends(watched)],
        last_event_id: Annotated[str, Header()] = "",
    ) -> AsyncIterator[ServerSentEvent]:
        """The dashboard's numbers and charts, whenever they change."""
        question = _question(asked, today(service))
        seen: dict[str, dict[str, Any]] = {}
        async for mark, found in watch(service, pulse, question, last_event_id or asked.last_event_id):
            for chart in _charts(found, said):
                if seen.get(chart["name"]) != chart:
                    seen[chart["name"]] = chart
                    yield ServerSentEvent(event="chart", data=chart)
            # The mark comes last: whoever has it has everything before it.
            yield ServerSentEvent(event="figures", data=_flat(found, said), id=mark, retry=1000)

    @pages.get("/dossiers")
    async def dossiers(
        request: Request,
        service: Here,
        said: Lang,
        asked: Annotated[PageListing, Query()],
        actor: Annotated[Actor, Depends(may(*STAFF))],
    ) -> Response:
        """The dossiers behind a figure."""
        found = await listed(service, asked, actor, said)
        called = await named(service)
        return render(
            request,
            "dossiers.html",
            asked=asked,
            title=FIGURE[asked.figure],
            dossiers=found.dossiers,
            channel=CHANNEL,
            states=STATUS,
            ended=FIGURE,
            period=_period(asked, said),
            narrowed=[*_narrowed(asked, called, said)],
            next="/dossiers?" + _query(asked, figure=asked.figure, after=found.next) if found.next else "",
            first="/dossiers?" + _query(asked, figure=asked.figure) if asked.after else "",
            overview="/?" + _query(asked),
        )

    return pages


def today(service: Service) -> dt.date:
    return service.clock.now().astimezone(ZONE).date()


def _question(asked: Filter, now: dt.date) -> Question:
    days = ((asked.to or now) - asked.since).days + 1 if asked.since else MOST_DAYS + 1
    # Where one unit was chosen there is nothing to break down by unit.
    rest = tuple(each for each in DIMENSIONS if getattr(asked, each) is None)
    by: tuple[By, ...] = ("day" if days <= MOST_DAYS else "month", *rest)
    return Question(
        unit=asked.unit, procedure=asked.procedure, channel=asked.channel, since=asked.since, to=asked.to, by=by
    )


def _query(asked: Filter, **more: str) -> str:
    """The same question as an address. `from` is always there: empty says "from the beginning"."""
    given = {
        "unit": asked.unit,
        "procedure": asked.procedure,
        "channel": asked.channel,
        "from": asked.since or "",
        "to": asked.to,
        **more,
    }
    return urlencode({name: str(value) for name, value in given.items() if value is not None})


def _presets(asked: Filter, now: dt.date) -> list[tuple[Text, str, bool]]:
    """Usual periods: what they are called, where they are, and whether this is it."""
    usual = [
        (Text("Hôm nay", "Today"), now),
        (Text("7 ngày", "7 days"), now - dt.timedelta(days=6)),
        (Text("30 ngày", "30 days"), now - dt.timedelta(days=29)),
        (Text("Từ đầu năm", "This year"), now.replace(month=1, day=1)),
        (Text("Tất cả", "All"), None),
    ]
    return [
        (
            name,
            "/?" + _query(asked.model_copy(update={"since": since, "to": None})),
            (since, None) == (asked.since, asked.to),
        )
        for name, since in usual
    ]


def _period(asked: Filter, said: str) -> str:
    match asked.since, asked.to:
        case None, None:
            text = Text("Từ đầu đến nay", "From the beginning until now")
        case None, to:
            text = Text(f"Đến hết {day(to)}", f"Until {day(to)}")
        case since, None:
            text = Text(f"Từ {day(since)} đến nay", f"From {day(since)} until now")
        case since, to:
            text = Text(f"Từ {day(since)} đến {day(to)}", f"From {day(since)} to {day(to)}")
    return getattr(text, said)  # type: ignore[no-any-return]


def _narrowed(asked: Filter, called: Names, said: str) -> list[str]:
    """What the page is narrowed to, in words."""
    found = []
    if asked.unit:
        found.append(called.unit.get(asked.unit, asked.unit))
    if asked.procedure:
        found.append(called.procedure.get(asked.procedure, asked.procedure))
    if asked.channel:
        found.append(getattr(CHANNEL[asked.channel], said))
    return found


def _sorted(called: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(called.items(), key=lambda each: each[1].casefold())


def _flat(found: Figures, said: str) -> dict[str, Any]:
    """The big figures by name, and the line that says as of when."""
    return found.total.model_dump() | {"as_of": _as_of(found, said)}


def _as_of(found: Figures, said: str) -> str:
    if not found.as_of:
        return getattr(Text("Chưa có số liệu nào được ghi nhận.", "Nothing has been heard yet."), said)  # type: ignore[no-any-return]
    parts = [
        getattr(
            Text(
                f"{moment(each.at)}, đến sự kiện số {number(each.position, lang='vi')} của nhật ký {{log}}",
                f"{moment(each.at)}, up to event {number(each.position, lang='en')} of the log of {{log}}",
            ).of(log=getattr(LOG.get(each.log, Text(each.log, each.log)), said)),
            said,
        )
        for each in found.as_of
    ]
    return "; ".join(parts)


def _charts(found: Figures, said: str) -> list[dict[str, Any]]:
    by = found.by
    steps = by.get("day") or by.get("month") or []
    when = Text("Theo tháng", "By month") if "month" in by else Text("Theo ngày", "By day")
    charts = [_chart("by_day", when, "line", _days(steps, months="month" in by), steps, WORK, said)]
    if "unit" in by:
        units = top(by["unit"], MOST_LINES, getattr(Text("Đơn vị khác ({count})", "Other units ({count})"), said))
        names = [each.name.removeprefix("Trường ") for each in units]
        charts.append(_chart("by_unit", Text("Theo đơn vị giải quyết", "By unit"), "rows", names, units, WORK, said))
    if "procedure" in by:
        others = getattr(Text("Thủ tục khác ({count})", "Other procedures ({count})"), said)
        lines = top(by["procedure"], MOST_LINES, others)
        names = [each.name for each in lines]
        charts.append(_chart("by_procedure", Text("Theo thủ tục", "By procedure"), "rows", names, lines, WORK, said))
    if "channel" in by:
        names = [getattr(CHANNEL[each.key], said) if each.key in CHANNEL else each.key for each in by["channel"]]
        title, figures = Text("Theo hình thức nộp", "By channel"), ("received", "turned_away")
        charts.append(_chart("by_channel", title, "rows", names, by["channel"], figures, said))
    return charts


def _chart(
    name: str,
    title: Text,
    kind: str,
    labels: list[str],
    lines: Sequence[Line],
    figures: tuple[str, ...],
    said: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "title": getattr(title, said),
        "kind": kind,
        "labels": labels,
        "series": [
            {"name": getattr(FIGURE[figure], said), "values": [getattr(each, figure) for each in lines]}
            for figure in figures
        ],
        "unit": getattr(Text("hồ sơ", "dossiers"), said),
    }


def _days(lines: Sequence[Line], *, months: bool) -> list[str]:
    """05/09, or 09/2026 for months; with the year where the days are of two."""
    days = [dt.date.fromisoformat(each.key) for each in lines]
    if months:
        return [f"{each:%m/%Y}" for each in days]
    return [f"{each:%d/%m/%Y}" if days[0].year != days[-1].year else f"{each:%d/%m}" for each in days]
