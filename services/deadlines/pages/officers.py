"""What officers see: today's work, one dossier's clock, the apology to sign, the calendar."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import ValidationError

from kernel import problems
from kernel.access import ALL_UNITS, Operator, Staff, own
from kernel.calendar import local
from kernel.decider import Rejected, Text
from kernel.layout import lang, moment, read_day, read_moment, render, say, see_other, typed_in
from kernel.service import Service
from kernel.store import Conflict
from kernel.web import Asked, Here, Who, who
from schemas.event import Recorded
from services.deadlines.api import apology as letters
from services.deadlines.api import calendar as days
from services.deadlines.api.access import DELIVERERS, SIGNERS, WRITERS, check_sees
from services.deadlines.api.deadline import State, explained, find, listed, told, units
from services.deadlines.api.leg import legs_of, open_legs
from services.deadlines.pages import words

router = APIRouter(include_in_schema=False)
SECTIONS: tuple[State, ...] = ("unapologised", "overdue", "due_today", "forecast", "approaching", "paused")
MOST = 100
OPEN = 10  # of a section are shown at once; the rest unfolds


async def names(service: Service) -> dict[str, str]:
    return {row["unit"]: row["name"] for row in await service.pool.fetch("SELECT unit, name FROM view.unit")}


@router.get("/")
async def today(
    request: Request, service: Here, actor: Who, unit: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """What needs doing now, the loudest first. Who is not signed in is shown how to follow a dossier."""
    if not set(actor.roles) & {*ALL_UNITS, *SIGNERS, "desk_officer", "case_officer"}:
        return render(request, "start.html", wrong="")
    chosen = own(actor, unit)
    found = [(each, await listed(service, each, chosen, most=MOST + 1)) for each in SECTIONS]
    called = await names(service)
    loads = await service.pool.fetch(
        "SELECT decided_by, sum(open)::int AS open, sum(approaching)::int AS approaching, sum(overdue)::int AS overdue"
        " FROM view.load WHERE $1 = '' OR decided_by = $1 OR unit = $1 GROUP BY decided_by ORDER BY 4 DESC, 2 DESC",
        chosen,
    )
    return render(
        request,
        "today.html",
        sections=[(state, [told(row) for row in rows[:MOST]], len(rows) > MOST) for state, rows in found],
        legs=await open_legs(service, chosen, local(service.clock.now()).date(), MOST),
        loads=loads,
        unit=chosen,
        names=called,
        all_units=bool(set(actor.roles) & ALL_UNITS),
        now=service.clock.now(),
        words=words,
        open=OPEN,
    )


@router.get("/ho-so/{id}")
async def dossier(request: Request, service: Here, actor: Staff, id: UUID) -> Response:
    """One dossier's clock: drawn, told step by step, and explained day by day."""
    row = await find(service, id)
    legs = await legs_of(service, id)
    check_sees(actor, units(row) | {each.unit for each in legs})
    history = await service.history(row["stream"])
    if row["apology"]:
        history = [*history, *await service.history(row["apology"])]
    called = await names(service)
    said = lang(request)
    return render(
        request,
        "dossier.html",
        found=told(row),
        legs=legs,
        steps=steps(history, called, said),
        explained=await explained(service, row, said),
        drawn=drawn(row, service.clock.now()),
        names=called,
        words=words,
    )


def steps(history: list[Recorded], called: Mapping[str, str], said: str) -> list[tuple[str, str, str]]:
    """(moment, title, details) of each event, the latest first."""
    found = []
    for each in history:
        event: Any = each.event
        at = each.meta.happened_at
        noticed = getattr(event, "noticed_at", None)
        became = getattr(event, "became_at", None)
        title = say(words.STEP[event.type], lang=said)
        found.append((became or at, title, _details(event, called, said, became, noticed)))
    found.sort(key=lambda each: each[0])
    return [(moment(at), title, more) for at, title, more in reversed(found)]


def _details(event: Any, called: Mapping[str, str], said: str, became: Any, noticed: Any) -> str:
    parts = []
    match event.type:
        case "deadlines.due_date_set":
            parts.append(Text(f"Hẹn trả {moment(event.promise.due_at)}", f"Due {moment(event.promise.due_at)}"))
        case "deadlines.due_date_moved":
            cause, was, now = words.CAUSE[event.cause], moment(event.was), moment(event.promise.due_at)
            parts.append(Text(f"{was} → {now}: {cause.vi}", f"{was} → {now}: {cause.en}"))
            parts += [Text(f"{each:%d/%m/%Y}", f"{each:%d/%m/%Y}") for each in event.days]
        case "deadlines.stage_started" | "deadlines.stage_overdue":
            parts.append(_stage(event.role, event.unit, called))
        case "deadlines.stage_finished":
            use = event.use
            parts.append(_stage(use.role, use.unit, called))
            used = words.office_time(use.used)
            parts.append(Text(f"dùng {used.vi}", f"used {used.en}"))
            if use.over:
                over = words.office_time(use.over)
                parts.append(Text(f"quá {over.vi}", f"{over.en} over"))
        case "deadlines.lateness_forecast":
            expected = moment(event.outlook.expected_at)
            parts.append(Text(f"dự kiến xong {expected}", f"expected {expected}"))
        case "deadlines.application_answered" if event.late:
            late = words.late_words(event.late.days, event.late.minutes)
            parts.append(Text(f"trễ {late.vi}", f"{late.en} late"))
        case "deadlines.reappointed":
            parts.append(Text(f"ngày mới {moment(event.reappointed_at)}", f"new day {moment(event.reappointed_at)}"))
        case "deadlines.apology_issued":
            parts.append(Text(f"số {event.number}", f"number {event.number}"))
        case _:
            pass
    if became and noticed and noticed - became > dt.timedelta(minutes=1):
        parts.append(Text(f"ghi nhận lúc {moment(noticed)}", f"noticed {moment(noticed)}"))
    return "; ".join(say(each, lang=said) for each in parts)


def _stage(role: str, unit: str, called: Mapping[str, str]) -> Text:
    name = called.get(unit, unit)
    kind = words.ROLE.get(role, Text(role, role))
    return Text(f"{kind.vi}, {name}", f"{kind.en}, {name}")


def drawn(row: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """The clock as a line from receipt to its end: where marks stand, in per cent of its length."""
    ends = [row["due_at"], row["first_due_at"], row["reappointed_at"], row["answered_at"], now]
    end = max(each for each in ends if each)
    start = row["received_at"]
    length = max((end - start).total_seconds(), 1.0)

    def at(moment_: dt.datetime | None) -> float | None:
        return None if moment_ is None else round(max(0.0, (moment_ - start).total_seconds()) / length * 100, 2)

    until = row["answered_at"] or row["ended_at"] or now
    return {
        "used": at(min(until, row["due_at"])),
        "over": at(until) if until > row["due_at"] else None,
        "first": at(row["first_due_at"]),
        "due": at(row["due_at"]),
        "again": at(row["reappointed_at"]),
        "answered": at(row["answered_at"]),
    }


# Apologies


@router.get("/xin-loi/{id}")
async def apology(request: Request, service: Here, actor: Staff, id: UUID) -> Response:
    """The apology as it stands: its text, and what may be done with it."""
    row = await letters.find_now(service, id)
    check_sees(actor, letters.units(row))
    return await _sheet(request, service, row)


async def _sheet(
    request: Request, service: Service, row: Any, problem: Any = None, typed: Mapping[str, str] | None = None
) -> Response:
    actor = who(request)
    found = await letters.told(service, row)
    roles = set(actor.roles)
    mine = actor.unit == found.decided_by
    return render(
        request,
        "apology.html",
        status=problem["status"] if problem else 200,
        found=found,
        problem=problem,
        typed=typed or {},
        writes=found.status == "due" and bool(roles & WRITERS) and actor.unit in {row["decides"], row["unit"]},
        signs=found.status == "due" and bool(roles & SIGNERS) and mine,
        delivers=found.status in {"issued", "undeliverable"} and bool(roles & DELIVERERS),
        words=words,
    )


@router.post("/xin-loi/{id}/{action}")
async def act(request: Request, service: Here, actor: Staff, id: UUID, action: str) -> Response:
    """Save another text, sign, or write down that it was handed over."""
    said = lang(request)
    form = await typed_in(request, 20)
    row = await letters.find(service, id)
    asked = Asked(None, b"", said)
    try:
        match action:
            case "draft" | "issue":
                await _save(service, actor, row, id, form, asked)
                if action == "issue":
                    body = letters.IssueBody.model_validate(
                        {name: form.get(name) or None for name in ("signer", "position", "way")}
                    )
                    await letters.issue(service, actor, id, body, asked)
            case "deliver":
                done_by = letters.DeliverBody.model_validate(
                    {"way": form.get("way", "desk"), "proof": form.get("proof", "")}
                )
                await letters.deliver(service, actor, id, done_by)
            case _:
                raise HTTPException(404)
    except (Rejected, Conflict, ValueError) as error:
        problem = _problem(error, said, Text("Ngày giờ chưa đúng dạng.", "Not a day and time."))
        return await _sheet(request, service, row, problem, form)
    done = {
        "draft": Text("Đã lưu bản dự thảo.", "The draft was saved."),
        "issue": Text("Đã ký phiếu xin lỗi.", "The apology was signed."),
        "deliver": Text("Đã ghi nhận việc trao phiếu.", "It is written down as handed over."),
    }[action]
    return see_other(f"/xin-loi/{id}", say(done, lang=said))


def _problem(error: Exception, said: str, unread: Text) -> dict[str, Any]:
    """What is wrong with a form that was sent; `unread` where what was typed could not be read."""
    match error:
        case Rejected():
            return problems.of_rejected(error, said)
        case Conflict():
            return problems.problem(409, "changed_meanwhile", problems.CHANGED, said)
        case ValidationError():
            return problems.of_fields(error.errors(), said)
        case _:
            return problems.problem(422, "invalid", unread, said)


async def _save(service: Service, actor: Any, row: Any, id: UUID, form: Mapping[str, str], asked: Asked) -> None:
    """Save what was typed, where it is not what was drafted."""
    found = await letters.told(service, row)
    new = read_moment(form["new_due_at"]).astimezone(dt.UTC) if form.get("new_due_at") else None
    reason = form.get("reason", "")
    if (reason, new) == (found.reason, found.new_due_at):
        return
    drafts = int(form["drafts"]) if form.get("drafts", "").isdecimal() else found.drafts
    body = letters.DraftBody(draft=drafts + 1, reason=reason, new_due_at=new)
    await letters.draft(service, actor, id, body, asked)


# Calendar


@router.get("/lich")
async def calendar(
    request: Request, service: Here, actor: Staff, thang: Annotated[str, Query(pattern=r"^(\d{4}-\d{2})?$")] = ""
) -> Response:
    """A month of working time; operators declare changes here."""
    return await _month(request, service, thang)


async def _month(
    request: Request, service: Service, month: str, problem: Any = None, typed: Any = None, preview: Any = None
) -> Response:
    try:
        first = dt.date.fromisoformat(f"{month}-01") if month else local(service.clock.now()).date().replace(day=1)
    except ValueError:
        raise HTTPException(404) from None
    if not 2000 < first.year < 2100:
        raise HTTPException(404)
    return render(
        request,
        "calendar.html",
        status=problem["status"] if problem else 200,
        month=await days.month(service, first),
        first=first,
        before=(first - dt.timedelta(days=1)).strftime("%Y-%m"),
        after=(first + dt.timedelta(days=32)).strftime("%Y-%m"),
        today=local(service.clock.now()).date(),
        problem=problem,
        typed=typed or {},
        preview=preview,
    )


@router.post("/lich")
async def change_calendar(request: Request, service: Here, actor: Operator) -> Response:
    """Show what a change would move, then declare it."""
    said = lang(request)
    form = await typed_in(request, 20)
    month = form.get("month", "")[:7]
    try:
        found = [
            {"date": read_day(form[f"date{n}"]), "kind": form.get(f"kind{n}"), "name": form.get(f"name{n}", "")}
            for n in (1, 2)
            if form.get(f"date{n}")
        ]
        number = int(form["number"]) + 1 if form.get("number", "").isdecimal() else 1
        body = days.ChangeBody.model_validate({"number": number, "basis": form.get("basis", ""), "days": found})
        if form.get("do") != "declare":
            return await _month(request, service, month, typed=form, preview=await days.preview(service, body.days))
        await days.change(service, actor, body, Asked(None, b"", said))
    except (Rejected, Conflict, ValueError) as error:
        problem = _problem(error, said, Text("Ngày chưa đúng dạng dd/mm/yyyy.", "Not a day."))
        return await _month(request, service, month, problem, form)
    told_ = Text("Đã công bố; các hạn trả đang được tính lại.", "Declared; due dates are being counted again.")
    return see_other(f"/lich?thang={month}" if month else "/lich", say(told_, lang=said))
