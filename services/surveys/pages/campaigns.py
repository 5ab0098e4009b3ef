"""What who runs a campaign sees: all campaigns, and the cockpit of one, which moves by itself."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from kernel.decider import Text
from kernel.identity import ANONYMOUS
from kernel.layout import day, lang, moment, percent, read_day, render, say, see_other, typed_in
from kernel.service import Service
from kernel.web import Here, Lang, Live, Who
from schemas.event import Actor
from services.surveys.api import voiding
from services.surveys.api.access import Manager, Reader, sees_all, sees_cell
from services.surveys.api.campaigns import (
    CampaignTold,
    ExtendBody,
    Found,
    ReasonBody,
    find,
    id_of,
    told,
)
from services.surveys.api.campaigns import listed as all_campaigns
from services.surveys.api.campaigns import say as tell
from services.surveys.api.catalogue import catalogue
from services.surveys.api.counting import Invited, freeze, invited_of
from services.surveys.api.results import cell_name, unit_names
from services.surveys.api.voiding import ProposeBody, propose, signals_of
from services.surveys.domain import campaign as life
from services.surveys.pages import terms
from services.surveys.pages.forms import WRONG, by_hand, problem_of

router = APIRouter(include_in_schema=False)
USED = (
    "SELECT campaign, sum(issued - revoked)::int AS issued, sum(used)::int AS used FROM view.invited GROUP BY campaign"
)
RELEASED = "SELECT count(*)::int FROM view.sheet WHERE campaign = $1"
OUTREACH = (
    "SELECT coalesce(sum(due), 0)::int AS due, coalesce(sum(reached), 0)::int AS reached,"
    " coalesce(sum(reminders), 0)::int AS reminders, coalesce(sum(skipped), 0)::int AS skipped"
    " FROM view.outreach WHERE campaign IN ($1, '') AND ($2 = '' OR unit = $2)"
)
MOST_DRAWN = 15  # units in the cockpit's chart; all are in the table
DONE = {
    "mo": Text("Đã mở đợt khảo sát.", "The campaign is open."),
    "gia-han": Text("Đã gia hạn.", "It goes on longer."),
    "dong": Text("Đã đóng đợt khảo sát.", "The campaign is closed."),
    "huy": Text("Đã hủy đợt khảo sát.", "The campaign is cancelled."),
    "chot": Text("Đã chốt kết quả.", "The results are frozen."),
}


@router.get("/")
async def start(request: Request, service: Here, actor: Who) -> Response:
    """Campaigns for staff; whoever is not signed in wants to answer."""
    if actor is ANONYMOUS:
        return see_other("/phieu")
    counts = {row["campaign"]: (row["issued"], row["used"]) for row in await service.pool.fetch(USED)}
    return render(
        request,
        "campaigns.html",
        found=[told(row) for row in await all_campaigns(service)],
        invited={id_of(stream): count for stream, count in counts.items()},
        terms=terms,
    )


# The cockpit


@router.get("/dot/{id}")
async def cockpit(request: Request, service: Here, actor: Reader, id: UUID) -> Response:
    """Where a campaign stands, and what can be done."""
    return await _cockpit(request, service, actor, await find(service, id))


async def _cockpit(request: Request, service: Service, actor: Actor, found: Found, problem: Any = None) -> Response:
    said, row = lang(request), told(found.row)
    names = await unit_names(service, found)
    figures, groups, schools = await _figures(service, actor, found, names, said)
    asks = await catalogue(service).of(found.state)
    signals = None
    if sees_all(actor) and row.status in {"open", "closed"}:
        signals = [
            {**each.model_dump(), "name": str(getattr(cell_name(each.cell, names), said)) if each.cell else "–"}
            for each in await signals_of(service, found)
        ]
    return render(
        request,
        "cockpit.html",
        status=problem["status"] if problem else 200,
        row=row,
        figures=figures,
        groups=groups,
        schools=schools,
        response=_chart(groups, said),
        signals=signals,
        facts=_facts(row, str(getattr(asks.title, said)), said),
        problem=problem,
        terms=terms,
    )


def _facts(row: CampaignTold, called: str, said: str) -> list[tuple[str, str]]:
    en = said == "en"
    pairs = [
        ("Kind" if en else "Loại", say(terms.KIND[row.kind], lang=said)),
        ("Group" if en else "Đối tượng", say(terms.GROUP[row.group], lang=said)),
        (
            "Questionnaire" if en else "Mẫu phiếu",
            f"{called}, {'edition' if en else 'lần ban hành'} {row.edition}",
        ),
        ("Days" if en else "Thời gian", f"{day(row.starts)} – {day(row.ends)}"),
        ("Let go together, at least" if en else "Công bố cùng nhau ít nhất", str(row.batch)),
        ("Reminders after days" if en else "Nhắc sau số ngày", ", ".join(map(str, row.remind_after)) or "–"),
    ]
    times = (
        ("Opened" if en else "Mở lúc", row.opened_at),
        ("Closed" if en else "Đóng lúc", row.closed_at),
        ("Frozen" if en else "Chốt lúc", row.frozen_at),
    )
    return pairs + [(name, moment(at)) for name, at in times if at]


async def _figures(
    service: Service, actor: Actor, found: Found, names: Mapping[str, str], said: str
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """The cockpit's numbers, by group (stratum, or unit) and by school."""
    everybody = await invited_of(service, found.stream)
    invited = {cell: each for cell, each in everybody.items() if sees_cell(actor, cell or ("",))}
    whole_ = sum(invited.values(), Invited())
    released = await service.pool.fetchval(RELEASED, found.stream)
    outreach = await service.pool.fetchrow(OUTREACH, found.stream, "" if sees_all(actor) else actor.unit or "-")
    used = sum(each.used for each in everybody.values())
    figures: dict[str, Any] = {
        "issued": whole_.issued,
        "opened": whole_.opened,
        "used": whole_.used,
        "response": _part(whole_, said),
        "released": released,
        "waiting": max(used - released - (found.state.withheld or 0), 0),
        **{name: outreach[name] for name in ("due", "reached", "reminders", "skipped")},
    }
    if found.row.kind == "yearly":
        groups, schools = _by_stratum(found, invited, names, said, actor)
    else:
        groups, schools = _by_unit(invited, names, said), []
    for each in (*groups, *schools):
        figures |= {f"{name}:{each['key']}": each[name] for name in ("issued", "used", "part")}
    return figures, groups, schools


def _part(invited: Invited, said: str) -> str:
    return percent(invited.used / invited.issued, lang=said) if invited.issued else "–"


def _line(key: str, name: str, invited: Invited, said: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "issued": invited.issued,
        "used": invited.used,
        "part": _part(invited, said),
        **more,
    }


def _by_stratum(
    found: Found, invited: Mapping[tuple[str, ...], Invited], names: Mapping[str, str], said: str, actor: Actor
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    strata: dict[str, Invited] = (
        {each.stratum: Invited() for each in found.state.sample.strata} if found.state.sample else {}
    )
    schools: dict[str, Invited] = {}
    about: dict[str, tuple[str, int]] = {}
    for each in found.state.chosen:
        if not sees_cell(actor, (each.school,)):
            continue
        one = invited.get((each.school, each.class_name), Invited())
        strata[each.stratum] = strata.get(each.stratum, Invited()) + one
        schools[each.school] = schools.get(each.school, Invited()) + one
        about[each.school] = each.stratum, about.get(each.school, ("", 0))[1] + each.asked
    wanted = {each.stratum: each.needed for each in found.state.sample.strata} if found.state.sample else {}
    groups = [
        _line(f"s{at}", stratum, one, said, wanted=wanted.get(stratum, 0))
        for at, (stratum, one) in enumerate(sorted(strata.items()))
    ]
    lines = [
        _line(f"u{at}", names.get(school, school), one, said, stratum=about[school][0], wanted=about[school][1])
        for at, (school, one) in enumerate(sorted(schools.items()))
    ]
    return groups, lines


def _by_unit(invited: Mapping[tuple[str, ...], Invited], names: Mapping[str, str], said: str) -> list[dict[str, Any]]:
    units: dict[str, Invited] = {}
    for cell, one in invited.items():
        unit = cell[0] if cell else ""
        units[unit] = units.get(unit, Invited()) + one
    return [
        _line(f"u{at}", names.get(unit, unit), one, said, wanted=0)
        for at, (unit, one) in enumerate(sorted(units.items(), key=lambda each: (-each[1].issued, each[0])))
    ]


def _chart(groups: list[dict[str, Any]], said: str) -> dict[str, Any]:
    en, groups = said == "en", groups[:MOST_DRAWN]
    wanted = any(each["wanted"] for each in groups)
    series = [
        {"name": "Answered" if en else "Đã trả lời", "values": [each["used"] for each in groups]},
        {
            "name": ("Wanted" if en else "Cần có") if wanted else ("Issued" if en else "Đã phát"),
            "values": [each["wanted"] if wanted else each["issued"] for each in groups],
        },
    ]
    return {
        "name": "response",
        "title": "Answers so far" if en else "Trả lời đến lúc này",
        "kind": "rows",
        "labels": [each["name"] for each in groups],
        "series": series,
    }


async def _watched(service: Here, actor: Reader, id: UUID) -> Found:
    return await find(service, id)  # what is wrong with the question is said before the stream begins


@router.get("/dot/{id}/live", response_class=EventSourceResponse)
async def live(
    service: Here,
    pulse: Live,
    actor: Reader,
    said: Lang,
    found: Annotated[Found, Depends(_watched)],
    last_event_id: Annotated[str, Header()] = "",
    last: Annotated[str, Query(alias="last_event_id", max_length=40)] = "",
) -> AsyncIterator[ServerSentEvent]:
    """The cockpit's numbers, whenever they change."""
    seen: dict[str, Any] = {}
    drawn: dict[str, Any] = {}
    async for count in pulse.beats():
        figures, groups, _ = await _figures(service, actor, found, await unit_names(service, found), said)
        chart = _chart(groups, said)
        if chart != drawn:
            drawn = chart
            yield ServerSentEvent(event="chart", data=chart)
        if figures != seen:
            seen = figures
            yield ServerSentEvent(event="figures", data=figures, id=str(count), retry=1000)
        else:
            yield ServerSentEvent(comment="still here")


@router.post("/dot/{id}/loai")
async def proposed(request: Request, service: Here, actor: Manager, id: UUID) -> Response:
    """Propose to void the sheets of a signal."""
    said = lang(request)
    form = await typed_in(request, 20)
    try:
        body = ProposeBody.model_validate({"sheets": form.get("sheets", "").split(), "reason": reason(form)})
        await propose(service, actor, id, body, by_hand(said))
    except WRONG as error:
        return await _cockpit(request, service, actor, await find(service, id), problem_of(error, said))
    told_ = Text("Đã gửi đề nghị; một người khác phải duyệt.", "Proposed; another person has to agree.")
    return see_other(f"/dot/{id}/ket-qua", say(told_, lang=said))


def reason(form: Mapping[str, str]) -> str:
    """The reason in a form that is one of several on its page."""
    return next((value for name, value in form.items() if name.startswith("reason")), "")


@router.post("/dot/{id}/loai/{voiding_id}/{verdict}")
async def settled(request: Request, service: Here, actor: Reader, id: UUID, voiding_id: UUID, verdict: str) -> Response:
    """Agree to void, or let it count."""
    if not {"leadership", "survey_manager"} & set(actor.roles):
        raise HTTPException(403)
    said = lang(request)
    form = await typed_in(request, 20)
    try:
        if verdict == "duyet":
            await voiding.approve(service, actor, id, voiding_id, by_hand(said))
        elif verdict == "tu-choi":
            body = ReasonBody.model_validate({"reason": reason(form)})
            await voiding.refuse(service, actor, id, voiding_id, body.reason, by_hand(said))
        else:
            raise HTTPException(404)
    except WRONG as error:
        problem = problem_of(error, said)
        return see_other(f"/dot/{id}/ket-qua", problem["detail"], kind="bad")
    return see_other(f"/dot/{id}/ket-qua", say(Text("Đã ghi nhận.", "Noted."), lang=said))


@router.post("/dot/{id}/{action}")
async def act(request: Request, service: Here, actor: Manager, id: UUID, action: str) -> Response:
    """Open, extend, close, cancel, freeze."""
    said = lang(request)
    form = await typed_in(request, 20)
    found = await find(service, id)
    now = service.clock.now()
    try:
        match action:
            case "mo":
                await tell(service, actor, found.stream, life.Open(at=now), by_hand(said))
            case "gia-han":
                longer = ExtendBody.model_validate({"ends": read_day(form.get("ends", "")), "reason": reason(form)})
                command = life.Extend(ends=longer.ends, reason=longer.reason, at=now)
                await tell(service, actor, found.stream, command, by_hand(said))
            case "dong" | "huy":
                why = ReasonBody.model_validate({"reason": reason(form)}).reason
                done = life.Close(reason=why, at=now) if action == "dong" else life.Cancel(reason=why, at=now)
                await tell(service, actor, found.stream, done, by_hand(said))
            case "chot":
                await freeze(service, actor, id)
            case _:
                raise HTTPException(404)
    except WRONG as error:
        return await _cockpit(request, service, actor, await find(service, id), problem_of(error, said))
    return see_other(f"/dot/{id}{'/ket-qua' if action == 'chot' else ''}", say(DONE[action], lang=said))
