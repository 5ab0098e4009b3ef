"""A dossier's life, from the first draft to the result in hand.

    none ─▶ drafted ─▶ submitted ─▶ in_process ⇄ supplement_asked        (a supplement is asked once)
                           │            │
                           ▼            ▼
                     not_accepted    resolved ─▶ handed_over             stopped and withdrawn end it on the way

What a decision needs from elsewhere (the rules in force, the procedure's terms, the code allotted, the appointment
counted by the calendar) is in the command. Personal values may be sealed here: nothing is decided by what they say.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from uuid import UUID

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import (
    ApplicationAssigned,
    ApplicationCorrected,
    ApplicationDrafted,
    ApplicationImported,
    ApplicationNotAccepted,
    ApplicationPassedOn,
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    AppointmentMoved,
    Change,
    Channel,
    ConsultationAnswered,
    ConsultationAsked,
    ConsultationOverdue,
    Delivery,
    Ground,
    Notify,
    Outcome,
    Promise,
    ResultHandedOver,
    Status,
    StopGround,
    SupplementAsked,
    SupplementSupplied,
    Terms,
    UnitKind,
)
from schemas.people import Document, Person
from schemas.rules import Cited
from services.intake.domain.form import Answer
from services.intake.domain.register import is_code
from services.intake.domain.rules import Admitted, OnlineRequired, Rules, WrongPlace, admission
from services.intake.domain.when import When, check_when

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Save what has been filled in so far."""

    when: When
    procedure: str
    received_by: str
    decided_by: str
    applicant: Personal[Person]
    content: Personal[str] | None = None
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Receive:
    """Accept for processing: the receipt with its code and appointment."""

    when: When
    code: str
    terms: Terms
    rules: Rules
    promise: Promise
    supplement_by: dt.datetime
    officer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submit:
    """Hand a dossier in at a place. `terms` are those in force that day (None: not offered then). At a desk the officer
    receives it in the same breath: `receive`."""

    when: When
    procedure: str
    terms: Terms | None
    terms_from: dt.date
    rules: Rules
    received_by: str
    place_kind: UnitKind
    decided_by: str
    channel: Channel
    applicant: Personal[Person]
    authorised: Personal[Person] | None = None
    content: Personal[str] | None = None
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None
    sets: int = 1
    delivery: Delivery = "desk"
    notify: Notify = "none"
    visit: UUID | None = None
    assisted_by: str = ""
    portal_code: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    concerns: Personal[Person] | None = None
    receive: Receive | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseReceipt:
    """Do not accept the dossier, with a reason in writing."""

    when: When
    ground: Ground
    reason: Personal[str]
    rule: Cited


@dataclass(frozen=True, kw_only=True, slots=True)
class AskSupplement:
    """Ask, once and completely, for what is missing. `request` makes saying it twice the same request."""

    when: When
    request: UUID
    items: int
    wanted: Personal[tuple[str, ...]]
    reason: Personal[str]
    rule: Cited
    contact: str = ""
    answer_by: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Supply:
    """Take in what was asked for. Where that completes the dossier, `promise` is the new appointment."""

    when: When
    complete: bool
    promise: Promise | None
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Consult:
    """Ask another body for its opinion."""

    when: When
    consultation: UUID
    body: str
    answer_by: dt.datetime
    question: Personal[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerConsultation:
    """Enter the opinion that came back."""

    when: When
    consultation: UUID
    opinion: Literal["agrees", "disagrees", "other"]
    answer: Personal[str]
    document_number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NameLateConsultee:
    """Write down that a body let its limit pass."""

    when: When
    consultation: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Assign:
    """Hand the dossier over to the unit that works on it next."""

    when: When
    stage: int
    role: str
    to_unit: str
    due_at: dt.datetime | None = None
    giver: str = ""
    receiver: str = ""
    note: Personal[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PassOn:
    """Let other units receive and decide, because units merged, split or swapped duties."""

    when: When
    received_by: str
    decided_by: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolve:
    """Grant or refuse, in the name of `decided_by`."""

    when: When
    decided_by: str
    outcome: Outcome
    ground: Ground | None = None
    reason: Personal[str] | None = None
    document_number: str = ""
    results: tuple[Document, ...] = ()
    rule: Cited | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclude:
    """Take over what was decided where the case itself is kept. It comes from a service, so it is never refused: where
    the dossier has ended meanwhile nothing is left to conclude."""

    at: dt.datetime
    outcome: Outcome
    rule: Cited
    ground: Ground | None = None
    reason: Personal[str] | None = None
    document_number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOverResult:
    """Give the result to the applicant, or to who acts for them."""

    when: When
    way: Delivery
    taken_by: Personal[Person] | None = None
    proof: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Stop processing without a decision."""

    when: When
    ground: StopGround
    reason: Personal[str] | None = None
    rule: Cited | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """Stop processing where the supplement that was to come until `answer_by` still has not come."""

    at: dt.datetime
    answer_by: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveAppointment:
    """Keep the appointment that the law moved."""

    promise: Promise
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdraw:
    """Give the dossier back to the applicant, who wants it."""

    when: When
    reason: Personal[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Correct:
    """Put right what was written down wrongly. `fields` name what `changes` change."""

    when: When
    correction: UUID
    fields: tuple[str, ...]
    changes: Personal[tuple[Change, ...]]
    reason: Personal[str]
    applicant: Personal[Person] | None = None
    channel: Channel | None = None
    delivery: Delivery | None = None
    notify: Notify | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """Take over a dossier in flight from another system: its export's line as the event says it."""

    imported: ApplicationImported


Command: TypeAlias = (
    Draft
    | Submit
    | Receive
    | RefuseReceipt
    | AskSupplement
    | Supply
    | Consult
    | AnswerConsultation
    | NameLateConsultee
    | Assign
    | PassOn
    | Resolve
    | Conclude
    | HandOverResult
    | Stop
    | Close
    | MoveAppointment
    | Withdraw
    | Correct
    | Import
)

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Consultation:
    id: UUID
    body: str
    answer_by: dt.datetime
    answered: bool = False
    named_late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """What the next decision may depend on. `promises` holds every appointment given, the first one first. `described`:
    the procedure's own form was answered, so a case is kept of it elsewhere and is decided there."""

    status: Status = "none"
    procedure: str = ""
    procedure_name: str = ""
    terms_from: dt.date = dt.date.min
    received_by: str = ""
    decided_by: str = ""
    channel: Channel = "desk"
    subject: UUID | None = None
    drafted_at: dt.datetime | None = None
    submitted_at: dt.datetime | None = None
    code: str = ""
    received_at: dt.datetime | None = None
    promises: tuple[Promise, ...] = ()
    supplement_by: dt.datetime | None = None
    supplements_left: int = 0
    request: UUID | None = None
    asked_at: dt.datetime | None = None
    answer_by: dt.datetime | None = None
    asked_by_rule: Cited | None = None
    supplied_at: dt.datetime | None = None
    consultations: tuple[Consultation, ...] = ()
    stage: int = 0
    holder: str = ""
    holder_receiver: str = ""
    outcome: Outcome | None = None
    not_accepted_at: dt.datetime | None = None
    stopped_for: StopGround | None = None
    corrections: frozenset[UUID] = frozenset()
    described: bool = False
    imported_from: tuple[str, str] = ("", "")

    @property
    def first_promise(self) -> Promise | None:
        return self.promises[0] if self.promises else None

    @property
    def promise(self) -> Promise | None:
        """The appointment that holds now."""
        return self.promises[-1] if self.promises else None


initial = Application()

# Decide

OPEN: frozenset[Status] = frozenset({"in_process", "supplement_asked"})
CORRECTABLE = frozenset({"applicant", "authorised", "content", "documents", "channel", "delivery", "notify", "sets"})

_STATES: dict[Status, Text] = {
    "none": Text("chưa có", "not there yet"),
    "drafted": Text("đang soạn", "a draft"),
    "submitted": Text("đã nộp, chờ tiếp nhận", "submitted and waiting to be received"),
    "in_process": Text("đang giải quyết", "in process"),
    "supplement_asked": Text("chờ bổ sung", "waiting for a supplement"),
    "resolved": Text("đã có kết quả", "resolved"),
    "handed_over": Text("đã trả kết quả", "handed over"),
    "not_accepted": Text("không được tiếp nhận", "not accepted"),
    "stopped": Text("đã dừng giải quyết", "stopped"),
    "withdrawn": Text("đã rút", "withdrawn"),
}
_NEXT: dict[Status, Text] = {
    "none": Text("Nộp hồ sơ trước.", "Submit the dossier first."),
    "drafted": Text("Nộp hồ sơ trước.", "Submit the dossier first."),
    "submitted": Text("Tiếp nhận hoặc từ chối tiếp nhận trước.", "Receive it, or refuse receipt, first."),
    "in_process": Text("Giải quyết tiếp hồ sơ.", "Go on processing it."),
    "supplement_asked": Text("Chờ người nộp bổ sung hồ sơ.", "Wait for the applicant's supplement."),
    "resolved": Text("Trả kết quả cho người nộp.", "Hand the result over."),
}
_NEW = Text("Nộp hồ sơ mới.", "Submit a new dossier.")


def decide(command: Command, state: Application) -> list[Event]:
    if not isinstance(command, Import | Close | MoveAppointment | Conclude):
        # A submission said again may have been received since: only what follows a receipt is held against it.
        came = state.submitted_at if isinstance(command, Submit) else state.received_at or state.submitted_at
        check_when(command.when, came)
    match command, state.status:
        case Draft(), "none" | "drafted":
            return _draft(command, state)

        case Submit(), "none" | "drafted":
            return _submit(command)
        case Submit(when=when), _ if state.submitted_at == when.happened_at:
            return []

        case Receive(), "submitted":
            return _receive(command, state)
        case Receive(code=code), _ if code and state.code == code:
            return []

        case RefuseReceipt(), "submitted":
            return [
                ApplicationNotAccepted(
                    procedure=state.procedure,
                    received_by=state.received_by,
                    decided_by=state.decided_by,
                    not_accepted_at=command.when.happened_at,
                    ground=command.ground,
                    reason=command.reason,
                    rule=command.rule,
                    late_reason=command.when.reason,
                )
            ]
        case RefuseReceipt(), "not_accepted":
            return []

        case AskSupplement(request=request), _ if state.request == request:
            return []
        case AskSupplement(), "in_process":
            return _ask_supplement(command, state)

        case Supply(when=when), _ if state.supplied_at == when.happened_at:
            return []
        case Supply(), "supplement_asked":
            return _supply(command, state)

        case Consult(), "in_process":
            return _consult(command, state)
        case ((AnswerConsultation() | NameLateConsultee()), _) if state.status in {*OPEN, "resolved"}:
            return _consulted(command, state)

        case Assign(), "in_process":
            return _assign(command, state)

        case PassOn(received_by=received_by, decided_by=decided_by), _ if state.status != "none" and (
            received_by,
            decided_by,
        ) == (state.received_by, state.decided_by):
            return []
        case PassOn(), "drafted" | "submitted" | "in_process" | "supplement_asked" | "resolved":
            return [
                ApplicationPassedOn(
                    received_by=command.received_by,
                    decided_by=command.decided_by,
                    was_received_by=state.received_by,
                    was_decided_by=state.decided_by,
                    passed_on_at=command.when.happened_at,
                    reason=command.reason,
                    late_reason=command.when.reason,
                )
            ]

        case Resolve(), "in_process" if state.described:
            raise Rejected(
                "decided_elsewhere",
                Text(
                    "Hồ sơ này có mẫu riêng; quyết định ở đó là kết quả của hồ sơ.",
                    "This dossier has a form of its own; what is decided there is its result.",
                ),
                instead=Text("Quyết định ở trang Chuyển trường.", "Decide it on the page of transfers."),
                dossier=state.code,
            )
        case Resolve(), "in_process":
            return _resolve(command, state)
        case Resolve(outcome=outcome), "resolved" | "handed_over" if state.outcome == outcome:
            return []

        case Conclude(), "in_process" | "supplement_asked":
            return _conclude(command, state)
        case Conclude(), _:
            return []

        case HandOverResult(), "resolved":
            return [
                ResultHandedOver(
                    received_by=state.received_by,
                    decided_by=state.decided_by,
                    handed_over_at=command.when.happened_at,
                    way=command.way,
                    taken_by=command.taken_by,
                    proof=command.proof,
                    late_reason=command.when.reason,
                )
            ]
        case HandOverResult(), "handed_over":
            return []

        case Stop(), "in_process" | "supplement_asked":
            return _stop(command, state)
        case Stop(ground=ground), "stopped" if state.stopped_for == ground:
            return []

        case Close(answer_by=answer_by), "supplement_asked" if state.answer_by == answer_by:
            return [
                ApplicationStopped(
                    received_by=state.received_by,
                    decided_by=state.decided_by,
                    stopped_at=command.at,
                    ground="no_supplement",
                    rule=state.asked_by_rule,
                )
            ]
        case MoveAppointment(promise=promise), "in_process" | "supplement_asked" if promise != state.promise:
            return [
                AppointmentMoved(
                    received_by=state.received_by, decided_by=state.decided_by, promise=promise, moved_at=command.at
                )
            ]
        case MoveAppointment(), _:
            return []
        case Close(), _:  # it came meanwhile, or the dossier ended
            return []

        case Withdraw(), "drafted" | "submitted" | "in_process" | "supplement_asked":
            return [
                ApplicationWithdrawn(
                    received_by=state.received_by,
                    decided_by=state.decided_by,
                    withdrawn_at=command.when.happened_at,
                    reason=command.reason,
                    late_reason=command.when.reason,
                )
            ]
        case Withdraw(), "withdrawn":
            return []

        case Correct(correction=correction), _ if correction in state.corrections:
            return []
        case Correct(), _ if state.status not in {"none", "drafted"}:
            return _correct(command, state)

        case Import(imported=imported), "none":
            return _import(imported)
        case Import(imported=imported), _ if state.imported_from == (imported.system, imported.key):
            return []

        case _:
            raise _not_now(state)


def _not_now(state: Application) -> Rejected:
    status = _STATES[state.status]
    return Rejected(
        "not_in_this_state",
        Text("Hồ sơ {vi}, nên không làm được việc này.", "The dossier is {en}, so this can't be done.").of(
            vi=status.vi, en=status.en
        ),
        instead=_NEXT.get(state.status, _NEW),
        status=state.status,
        dossier=state.code,
    )


def _draft(command: Draft, state: Application) -> list[Event]:
    if state.drafted_at and command.when.happened_at <= state.drafted_at:
        return []
    return [
        ApplicationDrafted(
            procedure=command.procedure,
            received_by=command.received_by,
            decided_by=command.decided_by,
            drafted_at=command.when.happened_at,
            applicant=command.applicant,
            content=command.content,
            documents=command.documents,
            file_names=command.file_names,
        )
    ]


def _submit(command: Submit) -> list[Event]:
    terms, rules = command.terms, command.rules
    if terms is None:
        raise Rejected(
            "not_offered",
            Text("Thủ tục này không được thực hiện vào ngày nộp.", "This procedure was not offered on that day."),
            instead=Text("Tra cứu thủ tục đang có hiệu lực.", "Look up the procedure in force."),
            procedure=command.procedure,
        )
    match admission(rules, terms, command.place_kind, command.channel):
        case WrongPlace(rule=rule, kinds=kinds):
            raise Rejected(
                "wrong_place",
                Text("Nơi này không tiếp nhận thủ tục này.", "This place does not receive this procedure."),
                instead=Text("Hướng dẫn người nộp đến đúng nơi.", "Guide the visitor to the right place."),
                rule=rule.basis,
                kinds=kinds,
            )
        case OnlineRequired(rule=rule, level=level):
            raise Rejected(
                "online_only",
                Text("Thủ tục này chỉ nhận hồ sơ trực tuyến.", "This procedure is taken online only."),
                instead=Text("Hỗ trợ người nộp gửi trực tuyến ngay tại chỗ.", "Help the visitor submit online now."),
                rule=rule.basis,
                level=level,
            )
        case Admitted(rule=rule):
            pass
    if command.channel in {"authorised", "hired_service"} and command.authorised is None:
        raise Rejected(
            "who_acts_missing",
            Text("Phải ghi người được uỷ quyền hoặc dịch vụ nộp thay.", "Say who hands it in for the applicant."),
        )
    if (command.channel == "assisted") != bool(command.assisted_by):
        raise Rejected(
            "assistant_missing",
            Text(
                "Hồ sơ nộp có hỗ trợ (và chỉ hồ sơ đó) phải ghi cán bộ hỗ trợ.",
                "An assisted submission, and no other, names the officer who assisted.",
            ),
        )
    _check_files(command.documents, rules)
    submitted = ApplicationSubmitted(
        procedure=command.procedure,
        procedure_name=terms.name_vi,
        terms_from=command.terms_from,
        received_by=command.received_by,
        decided_by=command.decided_by,
        channel=command.channel,
        submitted_at=command.when.happened_at,
        applicant=command.applicant,
        rule=rule,
        authorised=command.authorised,
        content=command.content,
        documents=command.documents,
        file_names=command.file_names,
        sets=command.sets,
        delivery=command.delivery,
        notify=command.notify,
        visit=command.visit,
        assisted_by=command.assisted_by,
        portal_code=command.portal_code,
        late_reason=command.when.reason,
        answers=dict(command.answers),
        concerns=command.concerns,
    )
    if command.receive is None:
        return [submitted]
    state = evolve(initial, submitted)
    check_when(command.receive.when, state.submitted_at)
    return [submitted, *_receive(command.receive, state)]


def _check_files(documents: tuple[Document, ...], rules: Rules) -> None:
    limits = rules.attachments
    if len(documents) > limits.most:
        raise Rejected(
            "too_many_files",
            Text("Tối đa {most} giấy tờ.", "At most {most} documents.").of(most=limits.most),
            rule=limits.cited.basis,
            most=limits.most,
        )
    for each in documents:
        if each.digest and each.size > limits.largest:
            raise Rejected(
                "file_too_large",
                Text("Tệp quá lớn.", "The file is too large."),
                rule=limits.cited.basis,
                title=each.title,
                largest=limits.largest,
            )
        if each.digest and each.media_type not in limits.types:
            raise Rejected(
                "file_type",
                Text("Loại tệp này không được nhận.", "Files of this type are not taken."),
                rule=limits.cited.basis,
                title=each.title,
                types=sorted(limits.types),
            )


def _receive(command: Receive, state: Application) -> list[Event]:
    received_at, terms = command.when.happened_at, command.terms
    if not is_code(command.code):
        raise Rejected("bad_code", Text("Mã hồ sơ không hợp lệ.", "That is not a dossier code."), dossier=command.code)
    _check_promise(command.promise, received_at)
    assert state.subject is not None
    return [
        ApplicationReceived(
            code=command.code,
            procedure=state.procedure,
            procedure_name=state.procedure_name,
            level=terms.level,
            field=terms.field,
            authority=terms.authority,
            terms_from=state.terms_from,
            received_by=state.received_by,
            decided_by=state.decided_by,
            channel=state.channel,
            received_at=received_at,
            promise=command.promise,
            supplement_by=command.supplement_by,
            subject=state.subject,
            rule=command.rules.receiving_cited,
            supplement_times=command.rules.supplement.times,
            officer=command.officer,
            fee_vnd=terms.fee_vnd,
            late_reason=command.when.reason,
        )
    ]


def _check_promise(promise: Promise, since: dt.datetime) -> None:
    if promise.due_at < since:
        raise Rejected(
            "promise_in_the_past",
            Text("Ngày hẹn trả trước ngày tiếp nhận.", "The appointment is before the day of receipt."),
            due_at=promise.due_at,
        )


def _ask_supplement(command: AskSupplement, state: Application) -> list[Event]:
    if state.supplements_left <= 0:
        raise Rejected(
            "supplement_once",
            Text(
                "Chỉ được yêu cầu bổ sung một lần, đầy đủ, bằng văn bản.",
                "A supplement is asked once, completely and in writing.",
            ),
            instead=Text(
                "Giải quyết tiếp, hoặc từ chối có nêu lý do.", "Go on processing, or refuse and give the reason."
            ),
            rule=command.rule.basis,
            asked_at=state.asked_at,
        )
    if state.supplement_by and command.when.happened_at > state.supplement_by:
        raise Rejected(
            "supplement_too_late",
            Text("Đã quá hạn yêu cầu bổ sung.", "The time to ask for a supplement is over."),
            instead=Text(
                "Giải quyết tiếp, hoặc từ chối có nêu lý do.", "Go on processing, or refuse and give the reason."
            ),
            rule=command.rule.basis,
            supplement_by=state.supplement_by,
        )
    if command.items < 1:
        raise Rejected("nothing_asked", Text("Phải ghi rõ giấy tờ cần bổ sung.", "Say what is missing."))
    return [
        SupplementAsked(
            request=command.request,
            received_by=state.received_by,
            decided_by=state.decided_by,
            asked_at=command.when.happened_at,
            items=command.items,
            wanted=command.wanted,
            reason=command.reason,
            rule=command.rule,
            contact=command.contact,
            answer_by=command.answer_by,
            late_reason=command.when.reason,
        )
    ]


def _supply(command: Supply, state: Application) -> list[Event]:
    if state.asked_at and command.when.happened_at < state.asked_at:
        raise Rejected("before_it_was_asked", Text("Trước khi yêu cầu bổ sung.", "That is before it was asked for."))
    restarts = state.promise is None or state.promise.at_supplement == "restart"
    if command.complete and restarts and command.promise is None:
        raise Rejected(
            "promise_missing",
            Text("Hồ sơ đủ thì phải hẹn lại ngày trả.", "A complete dossier needs its new appointment."),
            rule="NĐ 61/2018/NĐ-CP Điều 17",
        )
    if command.complete and command.promise:
        _check_promise(command.promise, command.when.happened_at)
    # An imported dossier may have been asked in the other system, by a request that has no id here.
    request = state.request or UUID(int=0)
    return [
        SupplementSupplied(
            request=request,
            received_by=state.received_by,
            decided_by=state.decided_by,
            supplied_at=command.when.happened_at,
            complete=command.complete,
            promise=command.promise if command.complete else None,
            documents=command.documents,
            file_names=command.file_names,
            late_reason=command.when.reason,
        )
    ]


def _consult(command: Consult, state: Application) -> list[Event]:
    if any(each.id == command.consultation for each in state.consultations):
        return []
    if command.answer_by <= command.when.happened_at:
        raise Rejected("no_time_to_answer", Text("Hạn trả lời đã qua.", "The limit to answer is in the past."))
    if command.body in {state.decided_by, state.received_by}:
        raise Rejected("asks_itself", Text("Không lấy ý kiến chính mình.", "A body does not consult itself."))
    return [
        ConsultationAsked(
            consultation=command.consultation,
            received_by=state.received_by,
            decided_by=state.decided_by,
            body=command.body,
            asked_at=command.when.happened_at,
            answer_by=command.answer_by,
            question=command.question,
            late_reason=command.when.reason,
        )
    ]


def _consulted(command: AnswerConsultation | NameLateConsultee, state: Application) -> list[Event]:
    found = next((each for each in state.consultations if each.id == command.consultation), None)
    if found is None:
        raise Rejected("not_consulted", Text("Không có lần lấy ý kiến này.", "There was no such consultation."))
    happened_at = command.when.happened_at
    match command:
        case _ if found.answered:
            return []
        case AnswerConsultation():
            return [
                ConsultationAnswered(
                    consultation=found.id,
                    received_by=state.received_by,
                    decided_by=state.decided_by,
                    body=found.body,
                    answered_at=happened_at,
                    late=happened_at > found.answer_by,
                    opinion=command.opinion,
                    answer=command.answer,
                    document_number=command.document_number,
                    late_reason=command.when.reason,
                )
            ]
        case NameLateConsultee() if found.named_late:
            return []
        case NameLateConsultee() if happened_at > found.answer_by:
            return [_overdue(found, happened_at, state)]
        case NameLateConsultee():
            raise Rejected(
                "not_late_yet",
                Text("Cơ quan được hỏi vẫn còn hạn.", "The body that was asked still has time."),
                answer_by=found.answer_by,
            )


def _overdue(consultation: Consultation, noticed_at: dt.datetime, state: Application) -> Event:
    return ConsultationOverdue(
        consultation=consultation.id,
        received_by=state.received_by,
        decided_by=state.decided_by,
        body=consultation.body,
        answer_by=consultation.answer_by,
        noticed_at=noticed_at,
    )


def _assign(command: Assign, state: Application) -> list[Event]:
    here = (state.stage, state.holder, state.holder_receiver)
    if (command.stage, command.to_unit, command.receiver) == here:
        return []
    if command.stage < 1:
        raise Rejected("no_such_stage", Text("Bước phải từ 1.", "Stages count from 1."))
    return [
        ApplicationAssigned(
            received_by=state.received_by,
            decided_by=state.decided_by,
            stage=command.stage,
            role=command.role,
            from_unit=state.holder or state.received_by,
            to_unit=command.to_unit,
            assigned_at=command.when.happened_at,
            due_at=command.due_at,
            giver=command.giver,
            receiver=command.receiver,
            note=command.note,
            late_reason=command.when.reason,
        )
    ]


def _resolve(command: Resolve, state: Application) -> list[Event]:
    if command.decided_by != state.decided_by:
        raise Rejected(
            "other_body_decides",
            Text("Cơ quan khác có thẩm quyền quyết định.", "Another body decides this dossier."),
            decided_by=state.decided_by,
        )
    if command.outcome == "refused" and (command.ground is None or command.reason is None):
        raise Rejected(
            "refused_without_reason",
            Text("Từ chối phải nêu lý do bằng văn bản.", "A refusal gives its reason in writing."),
            rule="NĐ 61/2018/NĐ-CP Điều 19",
        )
    at = command.when.happened_at
    waiting = [each for each in state.consultations if not each.answered]
    in_time = [each.body for each in waiting if at <= each.answer_by]
    if in_time:
        raise Rejected(
            "opinion_awaited",
            Text("Còn chờ ý kiến trong hạn của: {bodies}.", "An opinion is still due from: {bodies}.").of(
                bodies=", ".join(in_time)
            ),
            instead=Text("Nhập ý kiến, hoặc chờ hết hạn.", "Enter the opinion, or wait for its limit."),
            bodies=in_time,
        )
    return [
        *(_overdue(each, at, state) for each in waiting if not each.named_late),
        ApplicationResolved(
            procedure=state.procedure,
            received_by=state.received_by,
            decided_by=state.decided_by,
            resolved_at=at,
            outcome=command.outcome,
            ground=command.ground,
            reason=command.reason,
            document_number=command.document_number,
            results=command.results,
            rule=command.rule,
            late_reason=command.when.reason,
        ),
    ]


def _conclude(command: Conclude, state: Application) -> list[Event]:
    waiting = [each for each in state.consultations if not each.answered and not each.named_late]
    return [
        *(_overdue(each, command.at, state) for each in waiting if command.at > each.answer_by),
        ApplicationResolved(
            procedure=state.procedure,
            received_by=state.received_by,
            decided_by=state.decided_by,
            resolved_at=command.at,
            outcome=command.outcome,
            ground=command.ground,
            reason=command.reason,
            document_number=command.document_number,
            rule=command.rule,
        ),
    ]


def _stop(command: Stop, state: Application) -> list[Event]:
    if command.ground == "no_supplement":
        over = state.answer_by and command.when.happened_at > state.answer_by
        if state.status != "supplement_asked" or not over:
            raise Rejected(
                "still_time_to_supply",
                Text("Người nộp vẫn còn hạn bổ sung.", "The applicant still has time to supply it."),
                answer_by=state.answer_by,
            )
    return [
        ApplicationStopped(
            received_by=state.received_by,
            decided_by=state.decided_by,
            stopped_at=command.when.happened_at,
            ground=command.ground,
            reason=command.reason,
            rule=command.rule,
            late_reason=command.when.reason,
        )
    ]


def _correct(command: Correct, state: Application) -> list[Event]:
    strange = sorted(set(command.fields) - CORRECTABLE)
    if strange or not command.fields:
        raise Rejected(
            "not_correctable",
            Text("Không đính chính được mục này.", "That can't be corrected here."),
            instead=Text("Mục đính chính được: {fields}.", "What can be: {fields}.").of(
                fields=", ".join(sorted(CORRECTABLE))
            ),
            fields=strange,
        )
    return [
        ApplicationCorrected(
            correction=command.correction,
            received_by=state.received_by,
            decided_by=state.decided_by,
            corrected_at=command.when.happened_at,
            fields=command.fields,
            changes=command.changes,
            reason=command.reason,
            applicant=command.applicant,
            channel=command.channel,
            delivery=command.delivery,
            notify=command.notify,
            late_reason=command.when.reason,
        )
    ]


def _import(imported: ApplicationImported) -> list[Event]:
    if imported.received_at > imported.imported_at:
        raise Rejected("in_the_future", Text("Ngày tiếp nhận ở tương lai.", "It was received in the future."))
    if not imported.system or not imported.key:
        raise Rejected("no_source", Text("Thiếu hệ thống nguồn hoặc khoá.", "The source system or its key is missing."))
    if not is_code(imported.code):
        raise Rejected("bad_code", Text("Mã hồ sơ không hợp lệ.", "That is not a dossier code."), dossier=imported.code)
    if (imported.status == "resolved") != (imported.outcome is not None):
        raise Rejected(
            "outcome_missing",
            Text(
                "Hồ sơ đã giải quyết (và chỉ hồ sơ đó) phải có kết quả.",
                "A resolved dossier, and no other, has an outcome.",
            ),
        )
    return [imported]


# Evolve


def evolve(state: Application, event: Event) -> Application:
    match event:
        case ApplicationDrafted():
            return replace(
                state,
                status="drafted",
                procedure=event.procedure,
                received_by=event.received_by,
                decided_by=event.decided_by,
                drafted_at=event.drafted_at,
                subject=event.applicant.subject,
            )
        case ApplicationSubmitted():
            return replace(
                state,
                status="submitted",
                procedure=event.procedure,
                procedure_name=event.procedure_name,
                terms_from=event.terms_from,
                received_by=event.received_by,
                decided_by=event.decided_by,
                channel=event.channel,
                submitted_at=event.submitted_at,
                subject=event.applicant.subject,
                described=bool(event.answers),
            )
        case ApplicationReceived():
            return replace(
                state,
                status="in_process",
                code=event.code,
                procedure=event.procedure,
                procedure_name=event.procedure_name,
                terms_from=event.terms_from,
                received_by=event.received_by,
                decided_by=event.decided_by,
                channel=event.channel,
                received_at=event.received_at,
                promises=(event.promise,),
                supplement_by=event.supplement_by,
                supplements_left=event.supplement_times,
                subject=event.subject,
            )
        case ApplicationImported():
            return replace(
                state,
                status=event.status,
                code=event.code,
                procedure=event.procedure,
                procedure_name=event.procedure_name,
                terms_from=event.terms_from,
                received_by=event.received_by,
                decided_by=event.decided_by,
                channel=event.channel,
                submitted_at=event.received_at,
                received_at=event.received_at,
                promises=(event.promise, *event.promises),
                supplement_by=event.supplement_by,
                supplements_left=event.supplements_left,
                answer_by=event.answer_by,
                holder=event.holder,
                stage=event.stage,
                outcome=event.outcome,
                subject=event.applicant.subject,
                imported_from=(event.system, event.key),
            )
        case ApplicationNotAccepted():
            return replace(state, status="not_accepted", not_accepted_at=event.not_accepted_at)
        case SupplementAsked():
            return replace(
                state,
                status="supplement_asked",
                request=event.request,
                asked_at=event.asked_at,
                answer_by=event.answer_by,
                asked_by_rule=event.rule,
                supplements_left=state.supplements_left - 1,
            )
        case SupplementSupplied():
            return replace(
                state,
                status="in_process" if event.complete else state.status,
                supplied_at=event.supplied_at,
                promises=(*state.promises, event.promise) if event.promise else state.promises,
            )
        case AppointmentMoved():
            return replace(state, promises=(*state.promises, event.promise))
        case ConsultationAsked():
            asked = Consultation(id=event.consultation, body=event.body, answer_by=event.answer_by)
            return replace(state, consultations=(*state.consultations, asked))
        case ConsultationAnswered():
            return _consultation(state, event.consultation, answered=True)
        case ConsultationOverdue():
            return _consultation(state, event.consultation, named_late=True)
        case ApplicationAssigned():
            return replace(state, stage=event.stage, holder=event.to_unit, holder_receiver=event.receiver)
        case ApplicationPassedOn():
            return replace(state, received_by=event.received_by, decided_by=event.decided_by)
        case ApplicationResolved():
            return replace(state, status="resolved", outcome=event.outcome)
        case ResultHandedOver():
            return replace(state, status="handed_over")
        case ApplicationStopped():
            return replace(state, status="stopped", stopped_for=event.ground)
        case ApplicationWithdrawn():
            return replace(state, status="withdrawn")
        case ApplicationCorrected():
            return replace(
                state,
                corrections=state.corrections | {event.correction},
                channel=event.channel or state.channel,
            )
        case _:
            return state


def _consultation(state: Application, id: UUID, *, answered: bool = False, named_late: bool = False) -> Application:
    return replace(
        state,
        consultations=tuple(
            replace(each, answered=each.answered or answered, named_late=each.named_late or named_late)
            if each.id == id
            else each
            for each in state.consultations
        ),
    )


application: Decider[Application] = Decider(
    "application",
    initial,
    decide,
    evolve,
    (
        ApplicationDrafted,
        ApplicationSubmitted,
        ApplicationReceived,
        ApplicationNotAccepted,
        SupplementAsked,
        SupplementSupplied,
        AppointmentMoved,
        ConsultationAsked,
        ConsultationAnswered,
        ConsultationOverdue,
        ApplicationAssigned,
        ApplicationPassedOn,
        ApplicationResolved,
        ResultHandedOver,
        ApplicationStopped,
        ApplicationWithdrawn,
        ApplicationCorrected,
        ApplicationImported,
    ),
)
