"""An officer's desk: what is in hand, what came, the register. Made for the keyboard; "?" lists the keys."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from kernel.decider import Text
from kernel.layout import lang, read_day, render, say, see_other
from kernel.service import Service
from kernel.web import Here, Live
from schemas.event import Actor
from services.intake.api.register import Entry, Figures, Officer, figures, find, listed, own_unit
from services.intake.pages import words
from services.intake.pages.shared import today, unit_names

router = APIRouter(include_in_schema=False)
QUEUES = ("submitted", "in_process", "supplement_asked", "resolved")
MOST = 100
FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


@router.get("/ban-lam-viec")
async def desk(
    request: Request, service: Here, actor: Officer, queue: Annotated[str, Query(max_length=30)] = ""
) -> Response:
    """What waits, the most urgent first."""
    return render(request, "desk.html", **await _desk(service, actor, queue))


@router.get("/ban-lam-viec/hang-doi")
async def queue_only(
    request: Request, service: Here, actor: Officer, queue: Annotated[str, Query(max_length=30)] = ""
) -> Response:
    """The queue alone, for the page that renews itself."""
    return render(request, "queue.html", **await _desk(service, actor, queue))


async def _desk(service: Service, actor: Actor, queue: str) -> dict[str, Any]:
    unit = own_unit(actor, "")
    counts = await figures(service, unit)
    if queue not in QUEUES:
        queue = next((each for each in QUEUES if counts.by_state.get(each)), "submitted")
    found = await listed(service, unit=unit, status=queue, most=MOST, urgent_first=True)
    return {
        "unit": unit,
        "names": await unit_names(service),
        "counts": counts,
        "flat": _flat(counts),
        "queue": queue,
        "queues": QUEUES,
        "entries": sorted(found.entries, key=_urgency),
        "more": found.after is not None,
        "now": service.clock.now(),
        "words": words,
    }


def _urgency(entry: Entry) -> dt.datetime:
    return (entry.submitted_at if entry.status == "submitted" else entry.due_at) or FAR


def _flat(counts: Figures) -> dict[str, int]:
    return {name: counts.by_state.get(name, 0) for name in QUEUES} | {"overdue": counts.overdue}


@router.get("/ban-lam-viec/live", response_class=EventSourceResponse)
async def live(service: Here, pulse: Live, actor: Officer) -> AsyncIterator[ServerSentEvent]:
    """The desk's figures whenever something was heard, and that the queue may have changed."""
    unit = own_unit(actor, "")
    before: dict[str, int] | None = None
    async for beat in pulse.beats():
        now = _flat(await figures(service, unit))
        yield ServerSentEvent(event="figures", data=now, id=str(beat), retry=1000)
        if before is not None and now != before:
            yield ServerSentEvent(event="changed", data={})
        before = now


@router.get("/tim-ho-so")
async def go_to(
    request: Request, service: Here, _: Officer, code: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """Straight to a dossier by its code."""
    try:
        return see_other(f"/ho-so/{await find(service, code)}")
    except HTTPException:
        says = Text(f"Không có hồ sơ nào mang mã «{code}».", f"No dossier has the code “{code}”.")
        return see_other("/ban-lam-viec", say(says, lang=lang(request)), kind="bad")


@router.get("/so-theo-doi")
async def register(
    request: Request,
    service: Here,
    actor: Officer,
    since: Annotated[str, Query(max_length=20)] = "",
    until: Annotated[str, Query(max_length=20)] = "",
    status: Annotated[str, Query(max_length=30)] = "",
    unit: Annotated[str, Query(max_length=60)] = "",
    after: UUID | None = None,
) -> Response:
    """The register of some days."""
    day, errors = today(service), {}
    first, last = day - dt.timedelta(days=30), day
    for name, typed in (("since", since), ("until", until)):
        try:
            if typed and name == "since":
                first = read_day(typed)
            elif typed:
                last = read_day(typed)
        except ValueError:
            errors[name] = say(words.WRONG["born"], lang=lang(request))
    mine = own_unit(actor, unit)
    status = status if status in words.STATUS else ""
    found = await listed(service, unit=mine, status=status, since=first, until=last, after=after)
    chosen = {"since": first.strftime("%d/%m/%Y"), "until": last.strftime("%d/%m/%Y"), "status": status, "unit": unit}
    names = await unit_names(service)
    return render(
        request,
        "register.html",
        status=422 if errors else 200,
        errors=errors,
        chosen=chosen,
        mine=mine,
        names=names,
        all_units=not actor.unit,
        found=found,
        next="/so-theo-doi?" + urlencode({**chosen, "after": str(found.after)}) if found.after else "",
        print="/register.pdf?" + urlencode({"since": first, "until": last, "unit": mine}) if mine else "",
        words=words,
    )
