"""A dossier, a visit, a procedure and a unit that tests talk about: one good command of each kind and the events of one
whole life. It is Friday 21/8/2026, 10:00 in Việt Nam; 2.002478 has ended, so it is a returning pupil's diploma copy."""

import csv
import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from kernel.calendars import seed
from kernel.decider import fold
from schemas.event import Event, Personal
from schemas.intake import (
    ApplicationImported,
    Change,
    ProcessingTime,
    Stage,
    Terms,
    UnitFacts,
)
from schemas.people import Address, Document, Person, Place
from schemas.rules import Cited
from services.intake.domain import procedure as p
from services.intake.domain import register as r
from services.intake.domain import unit as u
from services.intake.domain import visit as v
from services.intake.domain.application.consultation import AnswerConsultation, Consult, NameLateConsultee
from services.intake.domain.application.correction import Correct
from services.intake.domain.application.dossier import Application, initial
from services.intake.domain.application.ending import Stop, Withdraw
from services.intake.domain.application.handling import Assign, PassOn
from services.intake.domain.application.life import Command, application, decide
from services.intake.domain.application.promise import MoveAppointment
from services.intake.domain.application.receipt import Receive, RefuseReceipt
from services.intake.domain.application.result import Conclude, HandOverResult, Resolve
from services.intake.domain.application.submission import Draft, Submit
from services.intake.domain.application.supplement import AskSupplement, Close, Supply
from services.intake.domain.application.takeover import Import
from services.intake.domain.appointment import promise, supplement_by
from services.intake.domain.rules import rules_on
from services.intake.domain.when import When

RULES = Path(__file__).parents[2] / "services" / "intake" / "rules"
PACKS = [tomllib.loads((RULES / f"{name}.toml").read_text("utf-8")) for name in ("2019", "2026", "province")]
CALENDAR = seed()
UNITS = tomllib.loads((RULES / "units.toml").read_text("utf-8"))
with (RULES / "catalogue.csv").open(encoding="utf-8", newline="") as file:
    CATALOGUE = list(csv.DictReader(file))

TODAY = dt.date(2026, 8, 21)
NOW = rules_on(TODAY, PACKS)
ANNA = UUID(int=1)
FIRST = dt.datetime(2026, 8, 21, 3, 0, tzinfo=dt.UTC)


def at(minutes: float = 0, *, entered: float | None = None, reason: str = "", **days: float) -> When:
    """So many minutes (and days=…) after the dossier was drafted; written down at once, or at `entered`."""
    happened = FIRST + dt.timedelta(minutes=minutes, **days)
    recorded = happened if entered is None else FIRST + dt.timedelta(minutes=entered, **days)
    return When(happened_at=happened, recorded_at=recorded, rule=NOW.late_entry, reason=reason)


def of_anna(value: Any) -> Personal[Any]:
    return Personal(subject=ANNA, clear=value)


PERSON = Person(
    name="Nguyễn Thị Ánh",
    id_number="001190000001",
    born=dt.date(1990, 4, 30),
    phone="0912 345 678",
    email="anh@example.vn",
    address=Address(street="12 đường Hoa Ban", commune="phường Suối Hoa", province="tỉnh Sơn Hà"),
)
PAPER = Document(title="Đơn đề nghị", digest="ab" * 32, size=2048, media_type="application/pdf")
TERMS = Terms(
    national_code="3.000465",
    name_vi="Cấp bản sao văn bằng, chứng chỉ từ sổ gốc",
    name_en="Copies of diplomas from the register",
    authority="province_department",
    documents=("Đơn đề nghị",),
    times=(ProcessingTime(amount=5), ProcessingTime(amount=2, case="urgent")),
    stages=(Stage(role="one_stop", weight=1), Stage(role="expert", weight=3), Stage(role="head", weight=1)),
    online_level=4,
    legal_basis=("62/2021/NĐ-CP",),
    confidence="H",
    official=True,
    source="Cổng DVCQG",
)
SINCE = dt.date(2026, 4, 1)
CITED = Cited(pack="2026", version="2026.1", name="supplement_once", basis="NĐ 118/2025/NĐ-CP")
CODE = "H99.2-260821-0001"
CENTRE, DEPARTMENT = "ttpvhcc", "so-gddt"
DIGEST = "0d" * 32
REQUEST, CONSULTATION, CORRECTION = UUID(int=11), UUID(int=12), UUID(int=13)


def promised(received: dt.datetime, case: str = "") -> Any:
    return promise(TERMS, SINCE, NOW, CALENDAR, received, case)


def submit(minutes: float = 10, **changes: Any) -> Submit:
    return Submit(
        **{
            "when": at(minutes),
            "procedure": "3.000465",
            "terms": TERMS,
            "terms_from": SINCE,
            "rules": NOW,
            "received_by": CENTRE,
            "place_kind": "service_centre",
            "decided_by": DEPARTMENT,
            "channel": "online",
            "applicant": of_anna(PERSON),
            "content": of_anna("Xin cấp bản sao bằng tốt nghiệp THPT"),
            "documents": (PAPER,),
            "file_names": of_anna({PAPER.digest: "don.pdf"}),
            "delivery": "post",
            "notify": "sms",
            "tracking": DIGEST,
            **changes,
        }
    )


def receive(minutes: float = 30, **changes: Any) -> Receive:
    when = changes.pop("when", at(minutes))
    return Receive(
        **{
            "when": when,
            "code": CODE,
            "terms": TERMS,
            "rules": NOW,
            "promise": promised(when.happened_at),
            "supplement_by": supplement_by(NOW, CALENDAR, when.happened_at),
            "officer": "officer-7",
            "tracking": DIGEST,
            **changes,
        }
    )


DRAFT = Draft(when=at(0), procedure="3.000465", received_by=CENTRE, decided_by=DEPARTMENT, applicant=of_anna(PERSON))
SUBMIT = submit()
RECEIVE = receive()
PUPIL = Person(name="Lò Văn Nam", id_number="011210000003", born=dt.date(2010, 3, 2))
OF_PUPIL = UUID(int=2)
DESCRIBE = submit(
    answers={"to_school": "thpt-le-loi", "grade": 11, "subjects": ("physics", "biology")},
    concerns=Personal(subject=OF_PUPIL, clear=PUPIL),
)
REFUSE = RefuseReceipt(when=at(31), ground="incomplete", reason=of_anna("Thiếu đơn"), rule=CITED)
ASSIGN = Assign(
    when=at(40),
    stage=1,
    role="expert",
    to_unit="so-gddt-qlcl",
    due_at=FIRST + dt.timedelta(days=4),
    giver="officer-7",
    receiver="officer-9",
    note=of_anna("Đối chiếu sổ gốc"),
)
ASK = AskSupplement(
    when=at(50),
    request=REQUEST,
    items=1,
    wanted=of_anna(("Bản sao căn cước",)),
    reason=of_anna("Chưa có trong hồ sơ"),
    rule=CITED,
    contact="0200 000 0012",
    answer_by=FIRST + dt.timedelta(days=21),
)
SUPPLY = Supply(
    when=at(60, days=1),
    complete=True,
    rule=NOW.supplement.cited,
    promise=promised(FIRST + dt.timedelta(days=1, minutes=60)),
    documents=(PAPER,),
)
CONSULT = Consult(
    when=at(70, days=1),
    consultation=CONSULTATION,
    body="thpt-le-loi",
    answer_by=FIRST + dt.timedelta(days=3),
    question=of_anna("Xác nhận quá trình học"),
)
ANSWER = AnswerConsultation(
    when=at(80, days=2), consultation=CONSULTATION, opinion="agrees", answer=of_anna("Đúng"), document_number="12/CV"
)
LATE = NameLateConsultee(when=at(80, days=4), consultation=CONSULTATION)
PASS_ON = PassOn(when=at(80, days=2), received_by=CENTRE, decided_by="so-gddt-moi", reason="Sáp nhập")
RESOLVE = Resolve(
    when=at(90, days=4),
    decided_by=DEPARTMENT,
    outcome="granted",
    refusal_rule=NOW.refusal_cited,
    document_number="15/QĐ",
    results=(PAPER,),
)
TURN_DOWN = Resolve(
    when=at(90, days=4),
    decided_by=DEPARTMENT,
    outcome="refused",
    refusal_rule=NOW.refusal_cited,
    ground="not_entitled",
    reason=of_anna("Không có trong sổ gốc"),
    rule=CITED,
)
CONCLUDE = Conclude(at=at(90, days=4).happened_at, outcome="granted", rule=CITED, document_number="15/QĐ")
TURN_AWAY = Conclude(
    at=at(90, days=4).happened_at,
    outcome="refused",
    rule=CITED,
    ground="not_entitled",
    reason=Personal(subject=OF_PUPIL, sealed=b"sealed by another service"),
)
HAND_OVER = HandOverResult(when=at(100, days=5), way="post", taken_by=of_anna(PERSON), proof="EMS 123")
STOP = Stop(when=at(95, days=4), ground="citizens_wish", reason=of_anna("Đã tìm thấy bản chính"), rule=CITED)
CLOSE = Close(at=at(0, days=22).recorded_at, answer_by=ASK.answer_by)
MOVE = MoveAppointment(
    promise=replace(promised(FIRST + dt.timedelta(minutes=30)), due_at=FIRST + dt.timedelta(days=7, hours=7)),
    at=at(0, days=3).recorded_at,
)
WITHDRAW = Withdraw(when=at(95, days=4), reason=of_anna("Nộp nhầm"))
CORRECT = Correct(
    when=at(110, days=5),
    correction=CORRECTION,
    fields=("applicant", "channel"),
    changes=of_anna((Change(field="applicant", was="Nguyễn Thị Anh", now="Nguyễn Thị Ánh"),)),
    reason=of_anna("Gõ thiếu dấu"),
    applicant=of_anna(PERSON),
    channel="desk",
)
IMPORTED = ApplicationImported(
    system="igate",
    key="HS-0001",
    code="000.00.12.H99-260819-0007",
    procedure="3.000465",
    procedure_name=TERMS.name_vi,
    level="any",
    field="Văn bằng, chứng chỉ",
    authority="province_department",
    terms_from=dt.date(2026, 4, 1),
    received_by=CENTRE,
    decided_by=DEPARTMENT,
    channel="desk",
    status="in_process",
    received_at=FIRST - dt.timedelta(days=2),
    imported_at=FIRST,
    promise=promised(FIRST - dt.timedelta(days=2)),
    applicant=of_anna(PERSON),
    rule=NOW.receiving_cited,
    supplements_left=1,
    holder="so-gddt-qlcl",
    stage=1,
)
IMPORT = Import(imported=IMPORTED)

COMMANDS: tuple[Command, ...] = (
    DRAFT,
    SUBMIT,
    RECEIVE,
    REFUSE,
    ASK,
    SUPPLY,
    CONSULT,
    ANSWER,
    LATE,
    ASSIGN,
    PASS_ON,
    RESOLVE,
    TURN_DOWN,
    CONCLUDE,
    HAND_OVER,
    STOP,
    CLOSE,
    MOVE,
    WITHDRAW,
    CORRECT,
    IMPORT,
)
LIVES: dict[str, tuple[Command, ...]] = {
    "none": (),
    "drafted": (DRAFT,),
    "submitted": (DRAFT, SUBMIT),
    "not_accepted": (SUBMIT, REFUSE),
    "in_process": (SUBMIT, RECEIVE),
    "assigned": (SUBMIT, RECEIVE, ASSIGN),
    "supplement_asked": (SUBMIT, RECEIVE, ASK),
    "supplied": (SUBMIT, RECEIVE, ASK, SUPPLY),
    "consulting": (SUBMIT, RECEIVE, CONSULT),
    "consulted": (SUBMIT, RECEIVE, CONSULT, ANSWER),
    "resolved": (SUBMIT, RECEIVE, ASSIGN, RESOLVE),
    "refused": (SUBMIT, RECEIVE, TURN_DOWN),
    "handed_over": (DRAFT, SUBMIT, RECEIVE, ASSIGN, ASK, SUPPLY, CONSULT, ANSWER, RESOLVE, HAND_OVER, CORRECT),
    "stopped": (SUBMIT, RECEIVE, STOP),
    "withdrawn": (SUBMIT, WITHDRAW),
    "imported": (IMPORT,),
    "described": (DESCRIBE, RECEIVE),
    "concluded": (DESCRIBE, RECEIVE, CONCLUDE),
    "turned_away": (DESCRIBE, RECEIVE, ASK, TURN_AWAY),
}


def given(*commands: Command) -> Application:
    return fold(application, history(*commands))


def history(*commands: Command) -> list[Event]:
    """The events that these commands came to, each decided after the ones before."""
    state, events = initial, []
    for command in commands:
        new = decide(command, state)
        state = fold(application, new, state)
        events += new
    return events


PLACE = Place(unit=CENTRE, name="Trung tâm Phục vụ hành chính công tỉnh Sơn Hà", kind="service_centre", hours="7:30")
GUIDE = v.Guide(
    when=at(0),
    unit="thpt-le-loi",
    place_kind="school",
    procedure="3.000465",
    terms=TERMS,
    rules=NOW,
    channel="desk",
    places=(PLACE,),
)
REFUSE_PAPER = v.Guide(
    when=at(0),
    unit=CENTRE,
    place_kind="service_centre",
    procedure="3.000465",
    terms=TERMS,
    rules=NOW,
    channel="desk",
    places=(PLACE,),
)
LIST = p.ListProcedure(
    procedure="3.000465", effective_from=dt.date(2026, 4, 1), terms=TERMS, decision="QĐ 1130/QĐ-BGDĐT"
)
AMEND = p.AmendProcedure(
    effective_from=dt.date(2026, 9, 1), terms=Terms(name_vi="Cấp bản sao văn bằng"), decision="QĐ 2/QĐ-BGDĐT"
)
END = p.WithdrawProcedure(effective_from=dt.date(2026, 12, 1), replaced_by=("3.000466",), decision="QĐ 3/QĐ-BGDĐT")
PUBLISH = p.PublishProcedure(unit=CENTRE, on=TODAY)
TAKE_DOWN = p.TakeDownProcedure(unit=CENTRE, on=TODAY, reason="surplus")
FACTS = UnitFacts(
    name="Trường THPT Lê Lợi", kind="school", parent=DEPARTMENT, codes={"2020": "H99.12.101"}, invented=True
)
OPEN = u.OpenUnit(unit="thpt-le-loi", effective_from=dt.date(2016, 1, 1), facts=FACTS, decision="giả định")
RENAME = u.ChangeUnit(
    effective_from=dt.date(2020, 8, 1),
    facts=UnitFacts(name="Trường THPT Lê Lợi - Suối Hoa", kind="school", parent=DEPARTMENT),
    decision="giả định",
)
MERGE = u.MergeUnit(into="thpt-tran-phu", effective_from=dt.date(2025, 7, 1), decision="giả định")
SPLIT = u.SplitUnit(into=("thpt-le-loi", "thpt-le-loi-2"), effective_from=dt.date(2025, 7, 1), decision="giả định")
CLOSE = u.CloseUnit(effective_from=dt.date(2026, 7, 1), decision="giả định")
TAKE = r.TakeNumbers(unit=CENTRE, on=TODAY, count=3, request=REQUEST)
DECIDERS = (application, v.visit, p.procedure, u.unit, r.register)
OTHER_COMMANDS = (GUIDE, REFUSE_PAPER, LIST, AMEND, END, PUBLISH, TAKE_DOWN, OPEN, RENAME, MERGE, SPLIT, CLOSE, TAKE)


def all_events() -> dict[str, Event]:
    """One of every event that intake ever says, by wire name; the fuller one where there are several."""
    others = ((SUBMIT, RECEIVE, CONSULT, LATE), (SUBMIT, RECEIVE, PASS_ON), (SUBMIT, RECEIVE, MOVE))
    lives = [*LIVES.values(), *others]
    found: list[Event] = [event for life in lives for event in history(*life)]
    found += v.decide(GUIDE, v.initial) + v.decide(REFUSE_PAPER, v.initial)
    listed = fold(p.procedure, p.decide(LIST, p.initial))
    shown = fold(p.procedure, p.decide(PUBLISH, listed), listed)
    found += [*p.decide(LIST, p.initial), *p.decide(AMEND, listed), *p.decide(END, listed)]
    found += [*p.decide(PUBLISH, listed), *p.decide(TAKE_DOWN, shown)]
    opened = fold(u.unit, u.decide(OPEN, u.initial))
    found += u.decide(OPEN, u.initial)
    for command in (RENAME, MERGE, SPLIT, CLOSE):
        found += u.decide(command, opened)
    found += r.decide(TAKE, r.initial)
    return {event.type: event for event in found}
