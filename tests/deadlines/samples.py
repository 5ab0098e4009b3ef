"""A clock, an apology, a register of letters and the calendar that tests talk about: one good command of each kind and
the events of whole lives. The dossier is the one of intake's samples: received on Friday 21/8/2026 at 10:30 in Việt
Nam, due after five working days on Thursday 27/8 at 17:00. Saturday 22/8 is worked, 31/8 to 2/9 are rest."""

import datetime as dt
from pathlib import Path
from typing import Any
from uuid import UUID

from intake.samples import ANNA, CALENDAR, CENTRE, CODE, DEPARTMENT, TERMS, of_anna, promised
from kernel.calendar import ZONE, Calendar, Declared, with_changes
from kernel.decider import Decider, fold
from kernel.letters import TakeNumber
from kernel.packs import read
from schemas.calendar import CalendarDay
from schemas.deadlines import Letter, Outlook
from schemas.event import Event, encode
from schemas.intake import Promise
from schemas.rules import Cited
from services.deadlines.domain import apology as s
from services.deadlines.domain import calendar as w
from services.deadlines.domain import clock as c
from services.deadlines.domain import leg as steps
from services.deadlines.domain import letters as n
from services.deadlines.domain.counting import IMPORTED
from services.deadlines.domain.rules import Known, Rules, rules_on

PACKS = read(Path(__file__).parents[2] / "services" / "deadlines" / "rules")
DECIDERS: tuple[Decider[Any], ...] = (c.clock, s.apology, steps.leg, n.letters, w.calendar)


def on(day: int, hour: int, minute: int = 0, *, month: int = 8) -> dt.datetime:
    """A moment of 2026 by the clock on the wall in Việt Nam; August where no month is named."""
    return dt.datetime(2026, month, day, hour, minute, tzinfo=ZONE).astimezone(dt.UTC)


def rules(day: dt.date) -> Rules:
    return rules_on(day, PACKS)


def known(calendar: Calendar = CALENDAR) -> Known:
    return Known(calendar=calendar, number=calendar.number, rules=rules)


RECEIVED = on(21, 10, 30)
STORM = CalendarDay(date=dt.date(2026, 8, 26), kind="rest", name="Nghỉ phòng chống bão")
FAR_DAY = CalendarDay(date=dt.date(2026, 10, 5), kind="rest", name="Nghỉ lễ hội tỉnh")
STORMY = with_changes(CALENDAR, [Declared(1, STORM)])
KNOWN, CHANGED, CHANGED_FAR = known(), known(STORMY), known(with_changes(CALENDAR, [Declared(1, FAR_DAY)]))
PROMISE: Promise = promised(RECEIVED)
DUE = PROMISE.due_at
APPLICATION = "application-00000000-0000-0000-0000-000000000001"
EXPERTS, HEAD_OFFICE = "so-gddt-qlcl", "so-gddt-vp"
CLOCK = c.clock_stream(APPLICATION)
APOLOGY = s.apology_stream(CLOCK)
OFFICER, HEAD = "officer-9", "head-1"

# Clocks


def start(promise: Promise = PROMISE, received_at: dt.datetime = RECEIVED, **changes: Any) -> c.Start:
    return c.Start(
        **{
            "known": KNOWN,
            "application": APPLICATION,
            "code": CODE,
            "procedure": "3.000465",
            "procedure_name": TERMS.name_vi,
            "level": "any",
            "channel": "online",
            "received_by": CENTRE,
            "decided_by": DEPARTMENT,
            "subject": ANNA,
            "received_at": received_at,
            "promise": promise,
            **changes,
        }
    )


def notice(now: dt.datetime) -> c.Notice:
    return c.Notice(known=KNOWN, now=now)


def answer(at: dt.datetime, noticed_at: dt.datetime | None = None) -> c.Answer:
    return c.Answer(known=KNOWN, at=at, noticed_at=noticed_at or at, outcome="granted")


def begin(at: dt.datetime, stage: int = 2, role: str = "expert", unit: str = EXPERTS) -> c.BeginStage:
    due_at = PROMISE.stages[stage - 1].due_at
    return c.BeginStage(known=KNOWN, at=at, noticed_at=at, stage=stage, role=role, unit=unit, due_at=due_at)


def pause(at: dt.datetime, answer_by: dt.datetime | None = None) -> c.Pause:
    return c.Pause(known=KNOWN, at=at, noticed_at=at, answer_by=answer_by)


def resume(at: dt.datetime, promise: Promise | None = None) -> c.Resume:
    return c.Resume(known=KNOWN, at=at, noticed_at=at, promise=promise)


def recount(known: Known, now: dt.datetime, *days: CalendarDay) -> c.Recount:
    return c.Recount(known=known, now=now, days=tuple(each.date for each in days))


START = start()
BEGIN = begin(on(22, 9))
BEGIN_HEAD = begin(on(26, 9), 3, "head", HEAD_OFFICE)
PAUSE = pause(on(24, 9), answer_by=on(14, 17, month=9))
RESUME = resume(on(26, 9))
RESTART = resume(on(26, 9), promised(on(26, 9)))
ANSWER = answer(on(27, 16))
ANSWER_LATE = answer(on(28, 10))
ANSWER_AGAIN_LATE = answer(on(7, 9, month=9))
WITHDRAWN = c.End(known=KNOWN, at=on(25, 9), noticed_at=on(25, 9), ground="withdrawn")
STOPPED = c.End(known=KNOWN, at=on(15, 9, month=9), noticed_at=on(15, 9, month=9), ground="stopped")
PASS_ON = c.PassOn(received_by=CENTRE, decided_by="so-gddt-moi", at=on(24, 10))
NEAR = notice(on(27, 8))
OVERDUE = notice(on(28, 7))
NO_SUPPLEMENT = notice(on(15, 8, month=9))
RECOUNT = recount(CHANGED, on(24, 15), STORM)
RECOUNT_IN_VAIN = recount(CHANGED_FAR, on(24, 15), FAR_DAY)
OUTLOOK = Outlook(expected_at=on(3, 10, month=9), used=600, usual=1500, ahead=12, per_day=4.5, samples=9)
FORECAST = c.Forecast(outlook=OUTLOOK, now=on(25, 8))
NEW_DUE = on(4, 17, month=9)
REAPPOINT = c.Reappoint(new_due_at=NEW_DUE, apology=APOLOGY)
BROKEN = notice(on(5, 8, month=9))
LATE_ENTRY = answer(on(27, 16), noticed_at=on(28, 8))
ELSEWHERE = Promise(
    due_at=on(25, 17),
    amount=0,
    unit="working_days",
    counted_from=dt.date(2026, 8, 19),
    cut_off="",
    calendar="",
    rule=Cited(pack=IMPORTED, version="igate", name="appointment", basis=""),
)
MOVED_ELSEWHERE = Promise(
    due_at=on(28, 17),
    amount=0,
    unit="working_days",
    counted_from=dt.date(2026, 8, 19),
    cut_off="",
    calendar="",
    rule=ELSEWHERE.rule,
)
START_IMPORTED = start(ELSEWHERE, on(19, 10), moved=(MOVED_ELSEWHERE,))
BEGIN_IMPORTED = c.BeginStage(known=KNOWN, at=on(19, 10), noticed_at=on(21, 10), stage=1, role="expert", unit=EXPERTS)

LIVES: dict[str, tuple[c.Command, ...]] = {
    "none": (),
    "running": (START,),
    "in_time": (START, BEGIN, BEGIN_HEAD, ANSWER),
    "late": (START, BEGIN, NEAR, OVERDUE, ANSWER_LATE),
    "overdue": (START, BEGIN, NEAR, OVERDUE),
    "paused": (START, PAUSE),
    "restarted": (START, BEGIN, PAUSE, RESTART),
    "went_on": (START, BEGIN, PAUSE, RESUME),
    "supplement_lapsed": (START, PAUSE, NO_SUPPLEMENT),
    "stopped": (START, PAUSE, NO_SUPPLEMENT, STOPPED),
    "reappointed": (START, BEGIN, OVERDUE, REAPPOINT),
    "kept": (START, BEGIN, OVERDUE, REAPPOINT, ANSWER_LATE),
    "broken": (START, BEGIN, BEGIN_HEAD, OVERDUE, REAPPOINT, BROKEN, ANSWER_AGAIN_LATE),
    "imported": (START_IMPORTED, BEGIN_IMPORTED),
    "withdrawn": (START, BEGIN, WITHDRAWN),
    "passed_on": (START, PASS_ON),
    "forecast": (START, BEGIN, FORECAST),
    "moved_by_the_calendar": (START, BEGIN, RECOUNT),
    "confirmed": (START, BEGIN, RECOUNT_IN_VAIN),
    "lifted": (START, BEGIN, OVERDUE, LATE_ENTRY),
}

# Apologies

RULE = rules(dt.date(2026, 8, 21)).apology
REASON = of_anna("Đến thời hạn đã hẹn, hồ sơ vẫn đang ở khâu công chức thẩm định.")
LETTER = of_anna(
    Letter(
        addressee="Nguyễn Thị Ánh",
        address="12 đường Hoa Ban, phường Suối Hoa, tỉnh Sơn Hà",
        phone="0912 345 678",
        email="anh@example.vn",
        content="Xin cấp bản sao bằng tốt nghiệp THPT",
        reason="Hồ sơ còn chờ đối chiếu sổ gốc.",
        signer="Lò Văn Pành",
    )
)


def owed(cause: Any = "breach", **changes: Any) -> s.Open:
    forecast = cause == "forecast"
    became_at, issue_by = (on(25, 8), on(26, 17)) if forecast else (DUE, on(28, 17))
    return s.Open(
        **{
            "application": APPLICATION,
            "code": CODE,
            "procedure": "3.000465",
            "received_by": CENTRE,
            "decided_by": DEPARTMENT,
            "clock": CLOCK,
            "cause": cause,
            "due_at": DUE,
            "issue_by": issue_by,
            "became_at": became_at,
            "noticed_at": became_at + dt.timedelta(minutes=1),
            "subject": ANNA,
            "rule": RULE.cited,
            "reason": REASON,
            "new_due_at": NEW_DUE,
            **changes,
        }
    )


def draft(number: int, at: dt.datetime, new_due_at: dt.datetime | None = NEW_DUE) -> s.Draft:
    return s.Draft(draft=number, reason=of_anna("Chờ đối chiếu sổ gốc"), new_due_at=new_due_at, at=at, by=OFFICER)


def issue(
    at: dt.datetime, new_due_at: dt.datetime | None = NEW_DUE, *, number: str = "1/PXL-GDDT", way: Any = "email"
) -> s.Issue:
    return s.Issue(
        number=number,
        rule=RULE,
        letter=LETTER,
        new_due_at=new_due_at,
        way=way,
        at=at,
        signed_by=HEAD,
        position="Giám đốc Sở",
    )


OPEN_FORECAST, OPEN_BREACH = owed("forecast"), owed()
DRAFT = draft(2, on(28, 8))
ISSUE = issue(on(28, 9))
ISSUE_LATE = issue(on(3, 9, month=9))
ANSWERED = s.Answered(answered_at=on(28, 10), noticed_at=on(28, 10), reason=REASON)
ISSUE_ANSWERED = issue(on(28, 11), None)
DELIVER = s.Deliver(way="email", at=on(28, 9, 1), proof="250 queued")
FAIL = s.FailDelivery(way="email", at=on(28, 9, 5), reason="Hộp thư không tồn tại")
DELIVER_BY_HAND = s.Deliver(way="desk", at=on(28, 15), by=OFFICER)
MISSED = s.Notice(now=on(29, 8))
LAPSE = s.Lapse(ground="answered_in_time", at=on(28, 8))
LAPSE_FORECAST = s.Lapse(ground="moved", at=on(25, 9), only="forecast")

APOLOGIES: dict[str, tuple[s.Command, ...]] = {
    "none": (),
    "forecast": (OPEN_FORECAST,),
    "came_true": (OPEN_FORECAST, OPEN_BREACH),
    "due": (OPEN_BREACH,),
    "edited": (OPEN_BREACH, DRAFT),
    "missed": (OPEN_BREACH, MISSED),
    "missed_twice": (OPEN_FORECAST, s.Notice(now=on(27, 8)), OPEN_BREACH, MISSED),
    "answered": (OPEN_BREACH, ANSWERED),
    "issued_for_an_answered_one": (OPEN_BREACH, ANSWERED, ISSUE_ANSWERED),
    "issued_late": (OPEN_BREACH, ISSUE_LATE),
    "issued": (OPEN_BREACH, DRAFT, ISSUE),
    "delivered": (OPEN_BREACH, ISSUE, DELIVER),
    "undeliverable": (OPEN_BREACH, ISSUE, FAIL),
    "handed_over": (OPEN_BREACH, DRAFT, ISSUE, FAIL, DELIVER_BY_HAND),
    "lapsed": (OPEN_BREACH, LAPSE),
    "forecast_lapsed": (OPEN_FORECAST, LAPSE_FORECAST),
    "owed_again": (OPEN_FORECAST, LAPSE_FORECAST, OPEN_BREACH),
}

# The steps of a transfer: opened on Monday 24/8 at 9:00, three working days, so due on Thursday 27/8 at 17:00

TRANSFER = "transfer-00000000-0000-0000-0000-000000000002"
LEG = steps.leg_stream(TRANSFER, "release", 1)
START_LEG = steps.Start(
    known=KNOWN,
    transfer=TRANSFER,
    application=APPLICATION,
    step="release",
    turn=1,
    unit="thpt-le-loi",
    days=3,
    opened_at=on(24, 9),
    rule=Cited(pack="2026", version="2026.1", name="records", basis="TT 15/2026/TT-BGDĐT"),
)
LEG_DUE = on(27, 17)
LEG_OVERDUE = steps.Notice(now=on(28, 8))
RECOUNT_LEG = steps.Recount(known=CHANGED, now=on(25, 8))


def finish_leg(at: dt.datetime, outcome: str = "done", noticed_at: dt.datetime | None = None) -> steps.Finish:
    return steps.Finish(known=KNOWN, outcome=outcome, at=at, noticed_at=noticed_at or at)


LEGS: dict[str, tuple[steps.Command, ...]] = {
    "none": (),
    "open": (START_LEG,),
    "in_time": (START_LEG, finish_leg(on(26, 9), "consented")),
    "overdue": (START_LEG, LEG_OVERDUE),
    "late": (START_LEG, LEG_OVERDUE, finish_leg(on(28, 10))),
    "moved": (START_LEG, RECOUNT_LEG),
    "dropped": (START_LEG, finish_leg(on(28, 10), "dropped")),
}

# Letters and the calendar

TAKE = TakeNumber(unit=DEPARTMENT, year=2026, request=UUID(int=11))
TAKE_NEXT = TakeNumber(unit=DEPARTMENT, year=2026, request=UUID(int=12))
SWAP = w.ChangeCalendar(
    reviewed=CALENDAR,
    number=1,
    days=(STORM, CalendarDay(date=dt.date(2026, 8, 29), kind="worked", name="Làm bù ngày 26/8")),
    basis="CV 12/UBND-VX",
    at=on(24, 14),
)
BACK = w.ChangeCalendar(
    reviewed=CALENDAR,
    number=2,
    days=(CalendarDay(date=dt.date(2026, 8, 26), kind="as_before", name="Bão đã tan"),),
    basis="CV 13/UBND-VX",
    at=on(25, 14),
)

COMMANDS: tuple[Any, ...] = (
    *{id(each): each for life in (*LIVES.values(), *APOLOGIES.values(), *LEGS.values()) for each in life}.values(),
    TAKE,
    TAKE_NEXT,
    SWAP,
    BACK,
)


def history(decider: Decider[Any], *commands: Any) -> list[Event]:
    """The events that these commands came to, each decided after the ones before."""
    state, events = decider.initial, []
    for command in commands:
        new = decider.decide(command, state)
        state = fold(decider, new, state)
        events += new
    return events


HISTORIES: dict[str, list[list[Event]]] = {
    "clock": [history(c.clock, *life) for life in LIVES.values()],
    "apology": [history(s.apology, *life) for life in APOLOGIES.values()],
    "leg": [history(steps.leg, *life) for life in LEGS.values()],
    "letters": [[], history(n.letters, TAKE), history(n.letters, TAKE, TAKE_NEXT)],
    "calendar": [[], history(w.calendar, SWAP), history(w.calendar, SWAP, BACK)],
}


def all_events() -> dict[str, Event]:
    """One of every event that deadlines ever says, by wire name; the fuller one where there are several."""
    found = [event for lives in HISTORIES.values() for life in lives for event in life]
    return {event.type: event for event in sorted(found, key=lambda each: len(encode(each)))}
