"""Cases, classes, letters and a pupil that tests talk about: one good command of each kind and the events of whole
lives. Minh goes from THPT Suối Hoa to THPT Bản Mây, in the windows of 2019 or in August 2026. The special case is from
a private school."""

import datetime as dt
from pathlib import Path
from typing import Any
from uuid import UUID

from kernel.calendar import ZONE
from kernel.decider import Decider, fold
from kernel.letters import TakeNumber
from kernel.packs import read
from schemas.event import Event, Personal, encode
from schemas.people import Person
from schemas.transfers import Consultation, Facts, Reply
from services.transfers.domain import arrival as a
from services.transfers.domain import commands as t
from services.transfers.domain import delegation as g
from services.transfers.domain import document as d
from services.transfers.domain import letters as n
from services.transfers.domain import opinion as o
from services.transfers.domain import place as k
from services.transfers.domain import pupil as w
from services.transfers.domain.dossier import class_stream, document_id, opinion_stream, transfer_stream
from services.transfers.domain.rules import Known, Rules, Unit, rules_on
from services.transfers.domain.transfer import transfer

PACKS = read(Path(__file__).parents[2] / "services" / "transfers" / "rules")
DECIDERS: tuple[Decider[Any], ...] = (
    transfer,
    w.pupil,
    k.school_class,
    d.document,
    o.opinion,
    g.delegation,
    n.letters,
    a.arrival,
)
FROM, TO, PRIVATE, DEPARTMENT, COMMITTEE = "thpt-suoi-hoa", "thpt-ban-may", "thpt-tu-thuc", "so-gddt", "ubnd-tinh"
UNITS = {
    FROM: Unit(name="Trường THPT Suối Hoa", parent=DEPARTMENT),
    TO: Unit(name="Trường THPT Bản Mây"),
    PRIVATE: Unit(name="Trường THPT tư thục Ánh Dương", parent=DEPARTMENT),
    DEPARTMENT: Unit(name="Sở Giáo dục và Đào tạo tỉnh Sơn Hà", parent=COMMITTEE),
    COMMITTEE: Unit(name="UBND tỉnh Sơn Hà"),
}


def rules(day: dt.date) -> Rules:
    return rules_on(day, PACKS)


def at(day: int, hour: int = 9, minute: int = 0, *, month: int = 8, year: int = 2026) -> dt.datetime:
    """A moment by the clock on the wall in Việt Nam; August 2026 where nothing else is named."""
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZONE).astimezone(dt.UTC)


def in_2019(day: int, hour: int = 9, *, month: int = 8) -> dt.datetime:
    return at(day, hour, month=month, year=2019)


CLASS = class_stream(TO, 2026, 10, "10A1")
CLASS_2 = class_stream(TO, 2026, 10, "10A2")
CLASS_2019 = class_stream(TO, 2019, 10, "10A1")
KNOWN = Known(rules=rules, units=UNITS, department=DEPARTMENT, subjects={CLASS: ("physics", "biology", "geography")})
UNKNOWN = Known(rules=rules)
PUPIL, PARENT = UUID(int=21), UUID(int=22)
APPLICATION = "application-00000000-0000-0000-0000-000000000001"
TRANSFER = transfer_stream(APPLICATION)
OTHER, THIRD = (transfer_stream(f"application-00000000-0000-0000-0000-00000000000{n}") for n in (2, 3))
CODE = "H99.12-260824-0001"
HEAD, OTHER_HEAD, DIRECTOR, DEPUTY, OFFICER = "head-ban-may", "head-suoi-hoa", "director", "deputy", "officer-9"


def of_pupil(value: Any) -> Personal[Any]:
    return Personal(subject=PUPIL, clear=value)


WHO = of_pupil(Person(name="Lò Văn Minh", born=dt.date(2011, 3, 4), id_number="001211000001"))


def facts(**changes: Any) -> Facts:
    papers = ("application", "record", "admission", "introduction", "summary")
    return Facts(
        **{
            "from_school": FROM,
            "to_school": TO,
            "to_class": "10A1",
            "grade": 10,
            "subjects": ("physics", "biology"),
            "documents": papers,
            **changes,
        }
    )


SPECIAL = facts(from_school=PRIVATE, from_type="private", reason="no_equivalent_private")
ELSEWHERE = facts(from_school="", from_name="Trường THPT Kim Liên", from_place="Hà Nội")
AWAY = facts(to_school="", to_name="Trường THPT Kim Liên", to_place="Hà Nội", to_class="")

# The case


def request(said: Facts | None = None, *, submitted_at: dt.datetime = at(23, 21), **changes: Any) -> t.Request:
    return t.Request(
        **{
            "application": APPLICATION,
            "procedure": "2.002854",
            "received_by": TO,
            "decided_by": TO,
            "facts": said or facts(),
            "pupil": PUPIL,
            "who": WHO,
            "applicant": PARENT,
            "submitted_at": submitted_at,
            "tracking": "0d" * 32,
            **changes,
        }
    )


def end(step: Any, outcome: Any = "consented", when: dt.datetime = at(25), turn: int = 1, **more: Any) -> t.EndStep:
    return t.EndStep(step=step, turn=turn, outcome=outcome, at=when, by=HEAD, **more)


def begin(when: dt.datetime = at(24)) -> t.Begin:
    return t.Begin(known=KNOWN, code=CODE, received_at=when)


REQUEST, REQUEST_SPECIAL = request(), request(SPECIAL)
REQUEST_2019 = request(submitted_at=in_2019(19), procedure="2.002478")
UNDESCRIBED = t.Undescribed(
    application=APPLICATION,
    procedure="2.002854",
    received_by=TO,
    decided_by=TO,
    applicant=PARENT,
    submitted_at=at(23, 21),
)
BEGIN, BEGIN_2019 = begin(), begin(in_2019(20))
PROCEED, PROCEED_2019 = t.Proceed(at=at(24, 9, 1)), t.Proceed(at=in_2019(20))
DENY = t.Deny(known=KNOWN, at=at(24, 9, 1))
NOT_THERE = t.NoteElsewhere(at_school=PRIVATE, at=at(24, 9, 1))
HELD = t.NotePlace(class_id=CLASS, held=True, at=at(24, 9, 2))
LOST = t.NotePlace(class_id=CLASS, held=False, at=at(24, 9, 3))
ACCEPT, ACCEPT_AGAIN = end("accept"), end("accept", turn=2, when=at(26))
REASON = of_pupil("Lớp 10A1 đã đủ sĩ số")
REFUSE = end("accept", "refused", note=REASON, ground="no_place", document_number="12/THPTBM")
GRANT = t.Grant(class_id=CLASS, at=at(25, 9, 1))
REOPEN = t.Reopen(class_id=CLASS, turn=1, at=at(25, 9, 1))
RECORDS, PLACEMENT = end("records", "done", at(26)), end("placement", "done", at(27))
CLOSE = t.Close(ground="withdrawn", at=at(25, 10))
RESOLVED = t.Close(ground="resolved", at=at(25, 10), granted=True)
REFUSED_BY_HAND = t.Close(ground="resolved", at=at(25, 10))
COMPOSE = t.Compose(known=KNOWN, at=at(24, 9, 2))
LETTER = Consultation(subject="Xin ý kiến về trường hợp chuyển trường", text="Kính gửi: Sở.", signer="Hà Thị Sương")
REDRAFT = t.Redraft(draft=2, text=of_pupil(LETTER), at=at(24, 10), by=OFFICER)
DOCUMENT = document_id(TRANSFER, 1)
ISSUE = t.IssueConsultation(number="5/THPTBM", to_unit=DEPARTMENT, text=of_pupil(LETTER), at=at(24, 14), by=HEAD)
REPLY_ID = document_id(opinion_stream(DOCUMENT), 1)
ANSWER = Reply(text="Đồng ý tiếp nhận học sinh.", signer="Lò Văn Pành")


def reply(opinion: Any = "approved", text: str = "Đồng ý tiếp nhận học sinh.") -> t.HearReply:
    return t.HearReply(
        document=DOCUMENT,
        reply=REPLY_ID,
        number="9/SGDĐT",
        opinion=opinion,
        at=at(25, 8),
        text=of_pupil(Reply(text=text)),
    )


APPROVED, NOT_APPROVED = reply(), reply("refused", "Trường đến đã đủ sĩ số.")
DESCRIBE = t.Describe(known=KNOWN, facts=facts(), pupil=PUPIL, who=WHO, at=at(24, 10), by=OFFICER)
CHOOSE = t.ChooseClass(name="10A2", at=at(24, 11), by=HEAD)
RAISE = t.Raise(known=KNOWN, reason=of_pupil("Hoàn cảnh gia đình đặc biệt"), at=at(24, 10), by=OFFICER)
DUE = t.NoteDue(step="accept", turn=1, due_at=at(31, 17))
CONFIRM = t.ConfirmSchool(reason=of_pupil("Học sinh đã trở lại trường."), at=at(24, 13), by=OFFICER)
TURN_AWAY = t.TurnAway(known=KNOWN, reason=of_pupil("Học sinh đang học ở trường khác."), at=at(24, 13), by=HEAD)
CORRECT = t.CorrectFacts(
    known=KNOWN, facts=facts(grade=11), reason=of_pupil("Nhập nhầm khối lớp."), at=at(24, 12), by=OFFICER
)
OVERDUE = t.Escalate(known=KNOWN, step="accept", turn=1, due_at=at(31, 17), at=at(1, 8, month=9))

OPEN = (REQUEST, BEGIN, PROCEED)
CONSULTING = (REQUEST_SPECIAL, BEGIN, PROCEED, COMPOSE)
GRANTED = (*OPEN, HELD, ACCEPT, GRANT)
LIVES: dict[str, tuple[t.Command, ...]] = {
    "none": (),
    "undescribed": (UNDESCRIBED,),
    "undescribed_and_received": (UNDESCRIBED, BEGIN),
    "described": (UNDESCRIBED, DESCRIBE),
    "described_late": (UNDESCRIBED, BEGIN, DESCRIBE),
    "requested": (REQUEST,),
    "begun": (REQUEST, BEGIN),
    "open": OPEN,
    "denied": (REQUEST, BEGIN, DENY),
    "not_there": (REQUEST, BEGIN, NOT_THERE),
    "confirmed": (REQUEST, BEGIN, NOT_THERE, CONFIRM),
    "turned_away": (REQUEST, BEGIN, NOT_THERE, TURN_AWAY),
    "corrected": (*OPEN, CORRECT),
    "barred": (request(facts(from_school=TO)), BEGIN),
    "held": (*OPEN, HELD),
    "lost": (*OPEN, HELD, LOST),
    "accepted": (*OPEN, HELD, ACCEPT),
    "reopened": (*OPEN, HELD, ACCEPT, REOPEN),
    "accepted_again": (*OPEN, HELD, ACCEPT, REOPEN, HELD, ACCEPT_AGAIN),
    "refused": (*OPEN, REFUSE),
    "granted": GRANTED,
    "records_done": (*GRANTED, RECORDS),
    "completed": (*GRANTED, RECORDS, PLACEMENT),
    "closed": (*OPEN, CLOSE),
    "closed_after_grant": (*GRANTED, CLOSE),
    "another_class": (*OPEN, HELD, CHOOSE),
    "due": (*OPEN, DUE),
    "escalated": (*OPEN, DUE, OVERDUE),
    "raised": (*OPEN, RAISE),
    "raised_before_its_claim": (REQUEST, BEGIN, RAISE),
    "consulting": CONSULTING,
    "redrafted": (*CONSULTING, REDRAFT),
    "issued": (*CONSULTING, REDRAFT, ISSUE),
    "approved": (*CONSULTING, ISSUE, APPROVED),
    "not_approved": (*CONSULTING, ISSUE, NOT_APPROVED),
    "away": (request(AWAY), BEGIN, PROCEED),
    "in_2019": (REQUEST_2019, BEGIN_2019, PROCEED_2019),
    "from_elsewhere": (request(ELSEWHERE), BEGIN, PROCEED),
}

# The pupil

CLAIM = w.Claim(pupil=PUPIL, transfer=TRANSFER, from_school=FROM)
CLAIM_2 = w.Claim(pupil=PUPIL, transfer=OTHER, from_school=FROM)
CLAIM_BACK = w.Claim(pupil=PUPIL, transfer=THIRD, from_school=TO)
PUT_RIGHT = w.CorrectSchool(transfer=OTHER, school=FROM, at=at(28))
FREE = w.Free(transfer=TRANSFER)
MOVE = w.Move(transfer=TRANSFER, from_school=FROM, to_school=TO, to_class=CLASS, at=at(27))
PUPILS: dict[str, tuple[w.Command, ...]] = {
    "none": (),
    "claimed": (CLAIM,),
    "claimed_twice": (CLAIM, CLAIM_2),
    "freed": (CLAIM, FREE),
    "moved": (CLAIM, MOVE),
    "not_there": (CLAIM, MOVE, CLAIM_2),
    "put_right": (CLAIM, MOVE, CLAIM_2, PUT_RIGHT),
    "going_back": (CLAIM, MOVE, CLAIM_BACK),
}

# Places


def ask(transfer: str = TRANSFER, minute: int = 0) -> k.Ask:
    return k.Ask(class_id=CLASS, school=TO, transfer=transfer, submitted_at=at(23, 21, minute))


def take(transfer: str = TRANSFER, turn: int = 1) -> k.Take:
    return k.Take(class_id=CLASS, school=TO, transfer=transfer, turn=turn)


def open_class(places: int = 1) -> k.OpenClass:
    return k.OpenClass(
        school=TO, year=2026, grade=10, name="10A1", places=places, subjects=("physics", "biology"), at=at(1)
    )


OPEN_CLASS = open_class()
ASK, ASK_LATER = ask(), ask(OTHER, 5)
ASK_EARLIER = k.Ask(class_id=CLASS, school=TO, transfer=THIRD, submitted_at=at(23, 20))
ASK_LATE = k.Ask(class_id=CLASS, school=TO, transfer=THIRD, submitted_at=at(23, 20), entered_late=True)
TAKE, GIVE_BACK = take(), k.GiveBack(transfer=TRANSFER)
MORE, NONE = k.ChangePlaces(places=2, at=at(2)), k.ChangePlaces(places=0, at=at(2))
PLACES: dict[str, tuple[k.Command, ...]] = {
    "none": (),
    "asked_before_it_opened": (ASK, OPEN_CLASS),
    "opened": (OPEN_CLASS,),
    "reserved": (OPEN_CLASS, ASK),
    "queue": (OPEN_CLASS, ASK, ASK_LATER),
    "displaced": (OPEN_CLASS, ASK, ASK_EARLIER),
    "displaced_late": (OPEN_CLASS, ASK, ASK_LATE),
    "refused": (OPEN_CLASS, ASK, ASK_EARLIER, TAKE),
    "taken": (OPEN_CLASS, ASK, ASK_LATER, TAKE),
    "given_back": (OPEN_CLASS, ASK, ASK_LATER, GIVE_BACK),
    "given_back_after_it_was_taken": (OPEN_CLASS, ASK, ASK_LATER, TAKE, GIVE_BACK),
    "more": (OPEN_CLASS, ASK, ASK_LATER, MORE),
    "fewer": (OPEN_CLASS, ASK, NONE),
}

# Documents

QUEUE = d.Queue(
    document=DOCUMENT,
    application=APPLICATION,
    kind="consultation",
    source=TRANSFER,
    from_unit=TO,
    to_unit=DEPARTMENT,
    number="5/THPTBM",
    at=at(24, 14),
)
QUEUE_REPLY = d.Queue(
    document=REPLY_ID,
    application=APPLICATION,
    kind="reply",
    source=opinion_stream(DOCUMENT),
    from_unit=DEPARTMENT,
    to_unit=TO,
    number="9/SGDĐT",
    at=at(25, 8),
    response_to=DOCUMENT,
)
SENT = d.MarkSent(at=at(24, 14, 1))
ARRIVED = d.NoteStatus(code="01", said_at=at(24, 14, 2), at=at(24, 14, 3))
REFUSED_THERE = d.NoteStatus(code="02", said_at=at(24, 14, 2), at=at(24, 14, 3))
FAIL = d.Fail(reason="HTTP 400: OrganId", at=at(24, 14, 1))
REQUEUE = d.Requeue(by=OFFICER, at=at(24, 15))
DOCUMENTS: dict[str, tuple[d.Command, ...]] = {
    "none": (),
    "queued": (QUEUE,),
    "reply": (QUEUE_REPLY,),
    "sent": (QUEUE, SENT),
    "arrived": (QUEUE, SENT, ARRIVED),
    "arrived_before_it_was_noted_as_sent": (QUEUE, ARRIVED),
    "refused_there": (QUEUE, SENT, REFUSED_THERE),
    "failed": (QUEUE, FAIL),
    "requeued": (QUEUE, FAIL, REQUEUE),
}

# The Department's side

DELEGATE = g.Delegate(
    delegation=UUID(int=31),
    unit=DEPARTMENT,
    by=DIRECTOR,
    to=DEPUTY,
    starts=dt.date(2026, 8, 24),
    ends=dt.date(2026, 8, 28),
    number="3/QĐ-SGDĐT",
    at=at(21),
)
END_DELEGATION = g.EndDelegation(delegation=UUID(int=31), by=DIRECTOR, at=at(26, 12))
DELEGATIONS: dict[str, tuple[g.Command, ...]] = {
    "none": (),
    "given": (DELEGATE,),
    "ended": (DELEGATE, END_DELEGATION),
}
DELEGATED = fold(g.delegation, g.decide(DELEGATE, g.initial)).given[0]
ASK_OPINION = o.Ask(
    document=DOCUMENT,
    application=APPLICATION,
    from_unit=TO,
    to_unit=DEPARTMENT,
    number="5/THPTBM",
    pupil=PUPIL,
    text=of_pupil(LETTER),
    at=at(24, 15),
)


def give(by: str = DIRECTOR, when: dt.datetime = at(25, 8), opinion: Any = "approved", **more: Any) -> o.Give:
    return o.Give(
        **{
            "opinion": opinion,
            "number": "9/SGDĐT",
            "text": of_pupil(ANSWER),
            "at": when,
            "by": by,
            "position": "Giám đốc" if by == DIRECTOR else "Phó Giám đốc",
            "head": by == DIRECTOR,
            **more,
        }
    )


GIVE, GIVE_AS_DEPUTY = give(), give(DEPUTY, delegation=DELEGATED)
OPINIONS: dict[str, tuple[o.Command, ...]] = {
    "none": (),
    "asked": (ASK_OPINION,),
    "given": (ASK_OPINION, GIVE),
    "given_by_a_deputy": (ASK_OPINION, GIVE_AS_DEPUTY),
}
NUMBER = TakeNumber(unit=TO, year=2026, request=UUID(int=41))
NUMBER_2 = TakeNumber(unit=TO, year=2026, request=UUID(int=42))


def history(decider: Decider[Any], *commands: Any) -> list[Event]:
    """The events that these commands came to, each decided after the ones before."""
    state, events = decider.initial, []
    for command in commands:
        new = decider.decide(command, state)
        state = fold(decider, new, state)
        events += new
    return events


SET_ASIDE = a.SetAside(
    arrival=a.arrival_id(TO, "a" * 64),
    unit=TO,
    reason="answer_to_be_read",
    digest="a" * 64,
    size=2048,
    at=at(27),
    sender="H01.12",
    document_id="H01.12,2026/08/27,15/SGDĐT-VP",
    response_to="00000000-0000-0000-0000-000000000007",
    number="15/SGDĐT-VP",
    application=APPLICATION,
    fault="none",
)
ARRIVAL_LIVES = {"looked at": (SET_ASIDE, a.Settle(by=OFFICER, at=at(28)))}

_ALL: tuple[tuple[Decider[Any], dict[str, Any]], ...] = (
    (transfer, LIVES),
    (w.pupil, PUPILS),
    (k.school_class, PLACES),
    (d.document, DOCUMENTS),
    (o.opinion, OPINIONS),
    (g.delegation, DELEGATIONS),
    (n.letters, {"none": (), "one": (NUMBER,), "two": (NUMBER, NUMBER_2)}),
    (a.arrival, ARRIVAL_LIVES),
)
COMMANDS: tuple[Any, ...] = tuple(
    {id(each): each for _, lives in _ALL for life in lives.values() for each in life}.values()
)
HISTORIES: dict[str, list[list[Event]]] = {
    decider.name: [history(decider, *life) for life in lives.values()] for decider, lives in _ALL
}


def all_events() -> dict[str, Event]:
    """One of every event that transfers ever says, by wire name; the fuller one where there are several."""
    found = [event for lives in HISTORIES.values() for life in lives for event in life]
    return {event.type: event for event in sorted(found, key=lambda each: len(encode(each)))}
