"""Clocks, over HTTP: one dossier's deadline, why it is that day, and what a unit has before it."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from kernel import logs
from kernel.access import Staff, Tracking, own
from kernel.calendar import Entry, local
from kernel.calendars import Calendars
from kernel.decider import Text
from kernel.explain import Counted, Why, explain
from kernel.service import Service
from kernel.tracking import codes
from kernel.web import Here, Lang, Who
from schemas.rules import Cited
from services.deadlines.api.access import check_sees
from services.deadlines.domain.clock import clock, clock_stream
from services.deadlines.domain.counting import IMPORTED

router = APIRouter(tags=["Thời hạn / Deadlines"])
PAGE = 50


class Lateness(BaseModel):
    """Working days after the due day up to and with the day of the answer, and office minutes between the moments."""

    days: int
    minutes: int


class ApologyState(BaseModel):
    """Where the apology for a dossier stands; `id` opens it for officers."""

    id: UUID
    status: Literal["due", "issued", "delivered", "undeliverable", "lapsed"]
    cause: Literal["forecast", "breach"]
    issue_by: dt.datetime
    missed: bool
    issued_at: dt.datetime | None
    delivered_at: dt.datetime | None
    number: str


class Deadline(BaseModel):
    """The clock of a dossier. `due_at` is the lawful due date, `first_due_at` what the receipt says, `reappointed_at`
    the day that an apology named; lateness is kept against the first and the second, and neither hides the other."""

    application: UUID
    code: str
    procedure: str
    procedure_name: str
    received_by: str
    decided_by: str
    unit: str
    role: str
    phase: Literal["running", "paused", "answered", "ended"]
    approaching: bool
    overdue: bool
    received_at: dt.datetime
    first_due_at: dt.datetime
    due_at: dt.datetime
    stage_due_at: dt.datetime | None
    answer_by: dt.datetime | None
    expected_at: dt.datetime | None
    reappointed_at: dt.datetime | None
    kept: Literal["", "kept", "broken"]
    answered_at: dt.datetime | None
    outcome: str
    late: Lateness | None
    late_again: Lateness | None
    late_unit: str
    late_role: str
    apology: ApologyState | None


class Day(BaseModel):
    """One day of an explanation. `number` counts the days that were counted (0: this one was not); `why` says why: in
    words in `says`, with the text behind it in `basis`. Where the calendar is the reason, `name` is what it calls the
    day, `mark` how sure its reviewers were (H, M, L), `change` the declared change that made it so (0: it was
    reviewed), and `swap` the day that is worked, or rests, instead."""

    day: dt.date
    number: int
    why: Why
    says: str
    basis: str
    name: str
    mark: str
    change: int
    swap: dt.date | None
    minutes: int | None


class Explanation(BaseModel):
    """Why a dossier is due when it is: every day from receipt to due date, and what it rests on."""

    application: UUID
    code: str
    received_at: dt.datetime
    started_at: dt.datetime
    counted_from: dt.date
    amount: int
    unit: Literal["working_days", "working_hours"]
    cut_off: str
    due_at: dt.datetime
    first_due_at: dt.datetime
    calendar: str
    rule: Cited
    pauses: list[tuple[dt.datetime, dt.datetime | None]]
    days: list[Day]


class Deadlines(BaseModel):
    """A page of deadlines, the nearest first. `next`: ask for the next page with it; "" at the end."""

    deadlines: list[Deadline]
    next: str


State = Literal["open", "due_today", "approaching", "overdue", "unapologised", "forecast", "paused", "late"]
COLUMNS = """
SELECT c.*, a.stream AS apology, a.status AS apology_status, a.cause, a.issue_by, a.missed, a.issued_at,
    a.delivered_at, a.letter_number
FROM view.clock c LEFT JOIN view.apology a ON a.clock = c.stream
"""
# $1 unit, $2 today, $3 due_at and $4 stream to go on after, $5 most rows
WHERE: Mapping[State, str] = {
    "open": "c.phase IN ('running', 'paused')",
    "due_today": "c.phase = 'running' AND c.due_on = $2 AND NOT c.overdue",
    "approaching": "c.phase = 'running' AND c.approaching AND NOT c.overdue AND c.due_on <> $2",
    "overdue": "c.phase = 'running' AND c.overdue",
    "unapologised": "c.overdue AND c.phase IN ('running', 'answered') AND a.status = 'due'",
    "forecast": "c.phase = 'running' AND c.expected_at IS NOT NULL AND NOT c.overdue",
    "paused": "c.phase = 'paused'",
    "late": "c.phase = 'answered' AND c.late_days IS NOT NULL",
}
LIST = (
    COLUMNS + " WHERE ($1 = '' OR c.unit = $1 OR c.decided_by = $1 OR c.received_by = $1) AND {where}"
    " AND $2::date IS NOT NULL AND (c.due_at, c.stream) > ($3, $4) ORDER BY c.due_at, c.stream LIMIT $5"
)


async def find(service: Service, id: UUID) -> Mapping[str, Any]:
    """The row of a dossier's clock and its apology. Raises 404."""
    row = await service.pool.fetchrow(COLUMNS + " WHERE c.stream = $1", clock_stream(f"application-{id}"))
    if row is None:
        raise HTTPException(404, Text("Hồ sơ này chưa được tiếp nhận.", "This dossier was not received yet."))
    logs.about(row["code"])
    return row  # type: ignore[no-any-return]


def units(row: Mapping[str, Any]) -> set[str]:
    """The units that a dossier is with."""
    return {row["received_by"], row["decided_by"], row["unit"]} - {""}


def told(row: Mapping[str, Any]) -> Deadline:
    """A row as it is told."""
    apology = None
    if row["apology"]:
        apology = ApologyState(
            id=UUID(row["apology"].partition("-")[2]),
            status=row["apology_status"],
            cause=row["cause"],
            issue_by=row["issue_by"],
            missed=row["missed"],
            issued_at=row["issued_at"],
            delivered_at=row["delivered_at"],
            number=row["letter_number"],
        )
    return Deadline(
        **{name: row[name] for name in Deadline.model_fields if name in row.keys() and name not in _MADE},  # noqa: SIM118
        application=UUID(row["application"].partition("-")[2]),
        late=_late(row["late_days"], row["late_minutes"]),
        late_again=_late(row["again_days"], row["again_minutes"]),
        apology=apology,
    )


_MADE = frozenset({"application", "apology", "late", "late_again"})


def _late(days: int | None, minutes: int | None) -> Lateness | None:
    return None if days is None or minutes is None else Lateness(days=days, minutes=minutes)


async def listed(
    service: Service, state: State, unit: str = "", after: tuple[dt.datetime, str] | None = None, most: int = PAGE
) -> list[Mapping[str, Any]]:
    """Rows in a state, the nearest due date first."""
    today = local(service.clock.now()).date()
    since, stream = after or (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), "")
    found: list[Mapping[str, Any]] = await service.pool.fetch(
        LIST.format(where=WHERE[state]), unit, today, since, stream, most
    )
    return found


WHY: Mapping[Why, Text] = {
    "receipt": Text("Ngày tiếp nhận, không tính", "Day of receipt, not counted"),
    "after_cut_off": Text("Tiếp nhận sau giờ chốt, tính từ ngày làm việc sau", "After the cut-off: from the next day"),
    "counted": Text("Ngày làm việc", "Working day"),
    "made_up": Text("Ngày làm bù: {name}", "Make-up day: {name}"),
    "weekend": Text("Nghỉ cuối tuần", "Weekend"),
    "holiday": Text("Nghỉ: {name}", "Day of rest: {name}"),
    "swapped": Text("Nghỉ hoán đổi, làm bù ngày {swap}", "Day of rest by a swap, {swap} is worked instead"),
    "paused": Text("Tạm dừng, chờ bổ sung hồ sơ", "Paused: waiting for a supplement"),
}
MADE_UP = Text("Làm bù cho ngày nghỉ {swap}, được tính", "Worked instead of {swap}: it counts")
CUT_OFF = Text("Giờ chốt {at} của thủ tục", "The procedure's cut-off at {at}")
PAUSE = Text("Tạm dừng từ {since} đến {until}", "Paused from {since} to {until}")
CHANGE = Text("{basis} (thay đổi lịch lần {change})", "{basis} (change {change} of the calendar)")
EVENT_DAY = "Bộ luật Dân sự 2015 Điều 147 khoản 2"  # the day of the event is not counted


def _day(each: Counted, cut_off: str, weekend: str, said: str) -> Day:
    entry = each.entry or NO_ENTRY
    swap = f"{entry.swap:%d/%m/%Y}" if entry.swap else ""
    says = MADE_UP if each.why == "made_up" and swap else WHY[each.why]
    return Day(
        day=each.day,
        number=each.number,
        why=each.why,
        says=getattr(says.of(name=each.name, swap=swap), said),
        basis=getattr(_basis(each, entry, cut_off, weekend), said),
        name=each.name,
        mark=entry.mark,
        change=entry.change,
        swap=entry.swap,
        minutes=each.minutes,
    )


NO_ENTRY = Entry(basis="")


def _basis(each: Counted, entry: Entry, cut_off: str, weekend: str) -> Text:
    match each.why:
        case "receipt":
            return Text(EVENT_DAY, EVENT_DAY)
        case "after_cut_off":
            return CUT_OFF.of(at=cut_off)
        case "weekend":
            return Text(weekend, weekend)
        case "paused" if each.pause and each.pause.until:
            since, until = (f"{local(at):%d/%m/%Y %H:%M}" for at in (each.pause.since, each.pause.until))
            return PAUSE.of(since=since, until=until)
        case "holiday" | "swapped" | "made_up" if entry.change:
            return CHANGE.of(basis=entry.basis, change=entry.change)
        case _:
            return Text(entry.basis, entry.basis)


async def explained(service: Service, row: Mapping[str, Any], said: str) -> Explanation:
    """Why a dossier is due when it is, by the calendar that it was counted with."""
    state, _ = await service.state(clock, row["stream"])
    life = state.running
    if life is None:
        raise HTTPException(404)
    calendar = await service.keep(Calendars).as_of(life.calendar)
    promise = life.promise
    cut_off = dt.time.fromisoformat(promise.cut_off) if promise.cut_off else None
    days = explain(life.started_at, promise.amount, promise.unit, cut_off, calendar, life.pauses)
    return Explanation(
        application=UUID(life.application.partition("-")[2]),
        code=life.code,
        received_at=life.received_at,
        started_at=life.started_at,
        counted_from=promise.counted_from,
        amount=promise.amount,
        unit=promise.unit,
        cut_off=promise.cut_off,
        due_at=promise.due_at,
        first_due_at=life.first.due_at,
        calendar=promise.calendar,
        rule=promise.rule,
        pauses=[(each.since, each.until) for each in life.pauses],
        days=[_day(each, promise.cut_off, calendar.weekend_basis, said) for each in days]
        if promise.rule.pack != IMPORTED
        else [],
    )


@router.get("/applications/{id}/deadline", summary="A dossier's clock")
async def deadline(service: Here, actor: Who, id: UUID, motcua_tracking: Tracking = "") -> Deadline:
    """For officers of its units, and for whoever has its tracking code."""
    row = await find(service, id)
    check_sees(actor, units(row), tracks=codes(service).opens(motcua_tracking, id))
    return told(row)


@router.get("/applications/{id}/deadline/explain", summary="Why it is due on that day")
async def explanation(service: Here, actor: Who, said: Lang, id: UUID, motcua_tracking: Tracking = "") -> Explanation:
    """Every day from receipt to due date: counted or skipped, why, and by what text; with article, rule pack and
    calendar. What another one-stop system promised has no days here, because nobody here knows how it was counted."""
    row = await find(service, id)
    check_sees(actor, units(row), tracks=codes(service).opens(motcua_tracking, id))
    return await explained(service, row, said)


@router.get("/deadlines", summary="Deadlines by state, the nearest first (staff)")
async def deadlines(
    service: Here,
    actor: Staff,
    state: State = "open",
    unit: Annotated[str, Query(max_length=60)] = "",
    after: Annotated[str, Query(max_length=120, pattern=r"^([0-9TZ:.+-]+~[a-z]+-[0-9a-f-]{36})?$")] = "",
    size: Annotated[int, Query(ge=1, le=200)] = PAGE,
) -> Deadlines:
    """`GET /deadlines?state=overdue&unit=so-gddt`. Officers see their own unit."""
    rows = await listed(service, state, own(actor, unit), _cursor(after), size + 1)
    page = rows[:size]
    last = f"{page[-1]['due_at'].isoformat()}~{page[-1]['stream']}" if len(rows) > size else ""
    return Deadlines(deadlines=[told(each) for each in page], next=last.replace("+00:00", "Z"))


def _cursor(text: str) -> tuple[dt.datetime, str] | None:
    if not text:
        return None
    at, _, stream = text.partition("~")
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        raise RequestValidationError([{"type": "datetime_parsing", "loc": ("query", "after")}]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC), stream
