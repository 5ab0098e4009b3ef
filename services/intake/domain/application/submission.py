"""Handing in: what was filled in so far is kept, then submitted at a place that may receive it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ApplicationDrafted, ApplicationSubmitted, Channel, Delivery, Notify, Terms, UnitKind
from schemas.people import Document, Person
from services.intake.domain.application.dossier import Application, evolve, initial
from services.intake.domain.application.receipt import Receive, receive
from services.intake.domain.form import Answer
from services.intake.domain.rules import Admitted, OnlineRequired, Rules, WrongPlace, admission
from services.intake.domain.when import When, check_when


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Save what has been filled in so far. `tracking`, here and below, is the look-up digest of the tracking code."""

    when: When
    procedure: str
    received_by: str
    decided_by: str
    applicant: Personal[Person]
    content: Personal[str] | None = None
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None
    tracking: str = ""


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
    tracking: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    concerns: Personal[Person] | None = None
    receive: Receive | None = None


def draft(command: Draft, state: Application) -> list[Event]:
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
            tracking=command.tracking,
        )
    ]


def submit(command: Submit) -> list[Event]:
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
        tracking=command.tracking,
        answers=dict(command.answers),
        concerns=command.concerns,
    )
    if command.receive is None:
        return [submitted]
    state = evolve(initial, submitted)
    check_when(command.receive.when, state.submitted_at)
    return [submitted, *receive(command.receive, state)]


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
