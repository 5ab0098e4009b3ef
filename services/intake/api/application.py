"""A dossier, over HTTP: act on it, read it. One route a command.

The pages call the same functions: `act`, `read`.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, HTTPException, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kernel import blobs, logs
from kernel.decider import Rejected, Text, fold
from kernel.service import Done, Service
from kernel.tracking import codes
from kernel.vault import personal_fields
from kernel.web import Asked, Called, Here, Who
from schemas.event import Actor, Personal, Recorded
from schemas.intake import (
    ApplicationCorrected,
    ApplicationImported,
    ApplicationSubmitted,
    Change,
    Channel,
    Delivery,
    Ground,
    Notify,
    Outcome,
    Promise,
    StopGround,
)
from schemas.people import Document, Person
from schemas.rules import Cited
from services.intake.api.reference import Reference, local_day, reference
from services.intake.domain import application as life
from services.intake.domain import appointment
from services.intake.domain.application import Application, application
from services.intake.domain.rules import Rules
from services.intake.domain.when import When, check_when

T = TypeVar("T")
router = APIRouter(tags=["Hồ sơ / Applications"])
Known = Annotated[Reference, Depends(reference)]

CITIZEN_CHANNELS = frozenset({"online"})
OFFICERS = frozenset({"desk_officer", "case_officer", "unit_head", "operator"})
Words = Annotated[str, Field(max_length=4000)]
Id = Annotated[str, Field(min_length=1, max_length=60)]


FileNames = Annotated[dict[str, Annotated[str, Field(max_length=255)]], Field(max_length=50)]
"""What their owner called the files, by digest."""


def example(**body: Any) -> ConfigDict:
    """An example of a body, for the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class Body(BaseModel):
    """What is sent: nothing that the form does not have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    happened_at: AwareDatetime | None = None
    late_reason: Annotated[str, Field(max_length=500)] = ""


def stream_of(id: UUID) -> str:
    return f"application-{id}"


def id_of(stream: str) -> UUID:
    return UUID(stream.removeprefix("application-"))


class Appointment(BaseModel):
    """When the result is due, and what that was counted from."""

    due_at: dt.datetime
    amount: int
    unit: str
    counted_from: dt.date
    basis: str


class Summary(BaseModel):
    """A dossier as it stands. `number` counts its events: send it back as If-Match to change only what was seen.
    `tracking` is the short code for following it without signing in. `supplement_unchecked`: the applicant sent what
    was asked for, and an officer still has to say whether that is all."""

    id: UUID
    number: int
    status: str
    code: str
    tracking: str
    procedure: str
    procedure_name: str
    received_by: str
    decided_by: str
    channel: str
    holder: str
    supplement_unchecked: bool
    first_promise: Appointment | None
    promise: Appointment | None
    may: tuple[str, ...]


class Line(BaseModel):
    """One thing that happened."""

    number: int
    type: str
    happened_at: dt.datetime
    recorded_at: dt.datetime
    actor: str
    roles: tuple[str, ...]
    data: dict[str, Any]


class Whole(BaseModel):
    """A dossier for those who work on it: how it stands, who applies, what the procedure's own form was answered with
    and whom it is about (None: nobody else, or erased), what happened."""

    summary: Summary
    applicant: Person | None
    content: str | None
    answers: dict[str, str | int | tuple[str, ...]]
    concerns: Person | None
    history: tuple[Line, ...]


# Act on one


@dataclass(frozen=True)
class Case:
    """What a command is made of beside what was sent: the dossier, the look-up digest of its tracking code, when, the
    rules of the day it came."""

    state: Application
    tracking: str
    when: When
    rules: Rules
    known: Reference
    actor: Actor

    def personal(self, value: T) -> Personal[T]:
        assert self.state.subject
        return Personal(subject=self.state.subject, clear=value)

    def maybe(self, value: T | None) -> Personal[T] | None:
        return self.personal(value) if value else None


class Action(Body):
    """A command on a dossier as it is sent. `roles` may give it; `path` is its route."""

    path: ClassVar[str]
    roles: ClassVar[frozenset[str]] = OFFICERS
    says: ClassVar[str]

    async def command(self, case: Case) -> life.Command:
        raise NotImplementedError

    def files(self) -> Sequence[Document]:
        """The files that it names."""
        return ()


class ReceiveBody(Action):
    path, says = "receive", "Accept it for processing, with a receipt and an appointment."
    roles = frozenset({"desk_officer", "operator"})
    model_config = example(case="within_province")

    case: Annotated[str, Field(max_length=60)] = ""

    async def command(self, case: Case) -> life.Command:
        state, at = case.state, case.when.happened_at
        terms, since = await case.known.terms(state.procedure, state.terms_from)
        if terms is None or state.status != "submitted":
            raise Rejected(
                "not_submitted", Text("Hồ sơ không ở bước chờ tiếp nhận.", "It does not wait to be received.")
            )
        return life.Receive(
            when=case.when,
            code=await case.known.code(case.rules, state.received_by, local_day(at)),
            terms=terms,
            rules=case.rules,
            promise=appointment.promise(terms, since, case.rules, await case.known.calendar(), at, self.case),
            supplement_by=appointment.supplement_by(case.rules, await case.known.calendar(), at),
            officer=case.actor.id,
            tracking=case.tracking,
        )


class RefuseReceiptBody(Action):
    path, says = "refuse-receipt", "Do not accept it, with the reason in writing."
    roles = frozenset({"desk_officer", "operator"})
    model_config = example(ground="wrong_authority", reason="Không thuộc thẩm quyền của trường.")

    ground: Ground
    reason: Annotated[str, Field(min_length=3, max_length=4000)]

    async def command(self, case: Case) -> life.Command:
        return life.RefuseReceipt(
            when=case.when, ground=self.ground, reason=case.personal(self.reason), rule=case.rules.receiving_cited
        )


class AskSupplementBody(Action):
    path, says = "ask-supplement", "Ask, once and completely, for what is missing."
    model_config = example(wanted=["Học bạ (bản chính)"], reason="Hồ sơ thiếu học bạ.", contact="0200 000 0201")

    request: UUID | None = None
    wanted: Annotated[
        tuple[Annotated[str, Field(min_length=2, max_length=500)], ...], Field(min_length=1, max_length=50)
    ]
    reason: Annotated[str, Field(min_length=3, max_length=4000)]
    contact: Annotated[str, Field(max_length=200)] = ""

    async def command(self, case: Case) -> life.Command:
        terms, _ = await case.known.terms(case.state.procedure, case.state.terms_from)
        closes = appointment.close_after(terms, case.rules)
        calendar = await case.known.calendar()
        return life.AskSupplement(
            when=case.when,
            request=self.request or uuid4(),
            items=len(self.wanted),
            wanted=case.personal(self.wanted),
            reason=case.personal(self.reason),
            rule=case.rules.supplement.cited,
            contact=self.contact,
            answer_by=appointment.answer_by(closes, calendar, case.when.happened_at) if closes else None,
        )


class SupplyBody(Action):
    """Only an officer of the dossier's units may say that it is complete: what an applicant sends waits for that word,
    and the new time counts from when the last of it came."""

    path, says = "supply", "Take in what was asked for; once an officer says it is complete, the clock starts again."
    roles = frozenset({"citizen", *OFFICERS})
    model_config = example(documents=[{"title": "Học bạ (bản chính)", "form": "original"}])

    complete: bool = True
    documents: Annotated[tuple[Document, ...], Field(max_length=50)] = ()
    file_names: FileNames = Field(default_factory=dict)

    def files(self) -> Sequence[Document]:
        return self.documents

    async def command(self, case: Case) -> life.Command:
        terms, since = await case.known.terms(case.state.procedure, case.state.terms_from)
        checked = works_on(case.actor, case.state)
        complete = self.complete and checked
        at, first = life.completed_at(case.state, case.when.happened_at, self.documents), case.state.first_promise
        given = first and (first.amount, first.unit)  # the same kind of case as when it came, whoever supplies it
        kind = next((each.case for each in terms.times if (each.amount, each.unit) == given), "") if terms else ""
        restarts = complete and (first is None or first.at_supplement == "restart")
        return life.Supply(
            when=case.when,
            complete=complete,
            rule=case.rules.supplement.cited,
            checked=checked,
            promise=appointment.promise(terms, since, case.rules, await case.known.calendar(), at, kind)
            if terms and restarts
            else None,
            documents=self.documents,
            file_names=case.maybe(self.file_names),
        )


class ConsultBody(Action):
    path, says = "consult", "Ask another body for its opinion."
    model_config = example(body="so-gddt", question="Đề nghị cho ý kiến về trường hợp chuyển trường này.")

    consultation: UUID | None = None
    body: Id
    question: Annotated[str, Field(min_length=3, max_length=4000)]

    async def command(self, case: Case) -> life.Command:
        at = case.when.happened_at
        await case.known.unit(self.body, local_day(at))
        return life.Consult(
            when=case.when,
            consultation=self.consultation or uuid4(),
            body=self.body,
            answer_by=appointment.answer_by(case.rules.consultation_within, await case.known.calendar(), at),
            question=case.personal(self.question),
        )


class AnswerConsultationBody(Action):
    path, says = "answer-consultation", "Enter the opinion that came back."
    model_config = example(
        consultation="01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d10", opinion="agrees", answer="Đồng ý.", document_number="12/CV"
    )

    consultation: UUID
    opinion: Literal["agrees", "disagrees", "other"]
    answer: Annotated[str, Field(min_length=1, max_length=4000)]
    document_number: Annotated[str, Field(max_length=60)] = ""

    async def command(self, case: Case) -> life.Command:
        return life.AnswerConsultation(
            when=case.when,
            consultation=self.consultation,
            opinion=self.opinion,
            answer=case.personal(self.answer),
            document_number=self.document_number,
        )


class NameLateConsulteeBody(Action):
    path, says = "name-late-consultee", "Write down that a body let its limit pass."
    model_config = example(consultation="01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d10")

    consultation: UUID

    async def command(self, case: Case) -> life.Command:
        return life.NameLateConsultee(when=case.when, consultation=self.consultation)


class AssignBody(Action):
    path, says = "assign", "Hand it over to the unit that works on it next."
    model_config = example(to_unit="thpt-le-loi", role="expert", receiver="gv-017")

    to_unit: Id
    role: Annotated[str, Field(min_length=1, max_length=60)] = "expert"
    stage: Annotated[int, Field(ge=1, le=50)] | None = None
    receiver: Annotated[str, Field(max_length=60)] = ""
    note: Words = ""

    async def command(self, case: Case) -> life.Command:
        await case.known.unit(self.to_unit, local_day(case.when.happened_at))
        stage = self.stage or case.state.stage + 1
        stages = case.state.promise.stages if case.state.promise else ()
        return life.Assign(
            when=case.when,
            stage=stage,
            role=self.role,
            to_unit=self.to_unit,
            due_at=stages[stage - 1].due_at if stage <= len(stages) else None,
            giver=case.actor.id,
            receiver=self.receiver,
            note=case.maybe(self.note),
        )


class PassOnBody(Action):
    path, says = "pass-on", "Let other units receive and decide, because units merged, split or swapped duties."
    roles = frozenset({"operator"})
    model_config = example(received_by="thpt-nam-khe", decided_by="thpt-nam-khe", reason="Sáp nhập trường.")

    received_by: Id
    decided_by: Id
    reason: Annotated[str, Field(min_length=3, max_length=500)]

    async def command(self, case: Case) -> life.Command:
        for each in (self.received_by, self.decided_by):
            await case.known.unit(each, local_day(case.when.happened_at))
        return life.PassOn(when=case.when, received_by=self.received_by, decided_by=self.decided_by, reason=self.reason)


class ResolveBody(Action):
    path, says = "resolve", "Grant what was asked, or refuse it with the reason."
    roles = frozenset({"case_officer", "unit_head", "operator"})
    model_config = example(outcome="granted", document_number="35/QĐ-LL")

    outcome: Outcome
    ground: Ground | None = None
    reason: Words = ""
    document_number: Annotated[str, Field(max_length=60)] = ""
    results: Annotated[tuple[Document, ...], Field(max_length=20)] = ()

    def files(self) -> Sequence[Document]:
        return self.results

    async def command(self, case: Case) -> life.Command:
        id = case.state.procedure
        terms, since = await case.known.terms(id, case.state.terms_from)
        basis = "; ".join(terms.legal_basis) if terms else ""
        return life.Resolve(
            when=case.when,
            decided_by=case.state.decided_by,
            outcome=self.outcome,
            ground=self.ground,
            reason=case.maybe(self.reason),
            document_number=self.document_number,
            results=self.results,
            rule=Cited(pack="catalogue", version=since.isoformat(), name=id, basis=basis),
            refusal_rule=case.rules.refusal_cited,
        )


class HandOverResultBody(Action):
    path, says = "hand-over-result", "Give the result to the applicant, or to who acts for them."
    roles = frozenset({"desk_officer", "case_officer", "operator"})
    model_config = example(way="post", proof="EB123456789VN")

    way: Delivery
    taken_by: Person | None = None
    proof: Annotated[str, Field(max_length=60)] = ""

    async def command(self, case: Case) -> life.Command:
        return life.HandOverResult(when=case.when, way=self.way, taken_by=case.maybe(self.taken_by), proof=self.proof)


class StopBody(Action):
    path, says = "stop", "Stop processing: at the citizen's wish, or because no supplement came in its time."
    roles = frozenset({"citizen", *OFFICERS})
    model_config = example(ground="citizens_wish", reason="Theo đề nghị của người nộp.")

    ground: StopGround = "citizens_wish"
    reason: Words = ""

    async def command(self, case: Case) -> life.Command:
        closes = self.ground == "no_supplement"
        return life.Stop(
            when=case.when,
            ground=self.ground,
            reason=case.maybe(self.reason),
            rule=case.rules.supplement.cited if closes else None,
        )


class WithdrawBody(Action):
    path, says = "withdraw", "Give it back to the applicant, who wants it."
    roles = frozenset({"citizen", *OFFICERS})
    model_config = example(reason="Gia đình không chuyển nữa.")

    reason: Words = ""

    async def command(self, case: Case) -> life.Command:
        return life.Withdraw(when=case.when, reason=case.maybe(self.reason))


class CorrectBody(Action):
    path, says = "correct", "Put right what was written down wrongly; what was there stays on record."
    model_config = example(
        changes=[{"field": "delivery", "was": "desk", "now": "post"}],
        reason="Ghi nhầm cách nhận.",
        delivery="post",
    )

    correction: UUID | None = None
    changes: Annotated[tuple[Change, ...], Field(min_length=1, max_length=20)]
    reason: Annotated[str, Field(min_length=3, max_length=4000)]
    applicant: Person | None = None
    channel: Channel | None = None
    delivery: Delivery | None = None
    notify: Notify | None = None

    async def command(self, case: Case) -> life.Command:
        fields = tuple(dict.fromkeys(each.field for each in self.changes))
        given = {"applicant": self.applicant, "channel": self.channel, "delivery": self.delivery, "notify": self.notify}
        if unnamed := [name for name, value in given.items() if value and name not in fields]:
            raise Rejected(
                "change_not_named",
                Text("Mục được sửa phải ghi trong «changes».", "What is corrected is named in `changes`."),
                fields=unnamed,
            )
        return life.Correct(
            when=case.when,
            correction=self.correction or uuid4(),
            fields=fields,
            changes=case.personal(self.changes),
            reason=case.personal(self.reason),
            applicant=case.maybe(self.applicant),
            channel=self.channel,
            delivery=self.delivery,
            notify=self.notify,
        )


ACTIONS: tuple[type[Action], ...] = (
    ReceiveBody,
    RefuseReceiptBody,
    AskSupplementBody,
    SupplyBody,
    ConsultBody,
    AnswerConsultationBody,
    NameLateConsulteeBody,
    AssignBody,
    PassOnBody,
    ResolveBody,
    HandOverResultBody,
    StopBody,
    WithdrawBody,
    CorrectBody,
)

_ALLOWED: dict[str, tuple[str, ...]] = {
    "drafted": ("withdraw",),
    "submitted": ("receive", "refuse-receipt", "withdraw", "correct"),
    "in_process": (
        "assign",
        "ask-supplement",
        "consult",
        "answer-consultation",
        "resolve",
        "stop",
        "withdraw",
        "correct",
    ),
    "supplement_asked": ("supply", "stop", "withdraw", "correct"),
    "resolved": ("hand-over-result", "correct"),
    "handed_over": ("correct",),
}


async def act(
    service: Service,
    known: Reference,
    actor: Actor,
    id: UUID,
    body: Action,
    asked: Asked,
    *,
    expected: int | None = None,
    tracking: str = "",
) -> Done[Application]:
    """Give a command on a dossier. `tracking`: the code that lets its applicant act without signing in."""
    stream = stream_of(id)
    if asked.key and (done := await service.again(application, asked.key, asked.fingerprint)):
        return done
    state = await dossier_for(service, actor, id, body.roles, tracking)
    check_stored(service, body.files())
    when = when_of(service, known, actor, body)
    at = when.happened_at
    case = Case(
        state=state,
        tracking=codes(service).digest(id),
        when=when,
        rules=known.rules(local_day(state.received_at or state.submitted_at or at)),
        known=known,
        actor=actor,
    )
    return await service.do(
        application,
        stream,
        await body.command(case),
        actor=actor,
        happened_at=at,
        expected=expected,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )


async def dossier_for(service: Service, actor: Actor, id: UUID, roles: frozenset[str], tracking: str) -> Application:
    """A dossier for who may act on it. Raises 404/401/403."""
    state, _ = await service.state(application, stream_of(id))
    if state.status == "none":
        raise _unknown()
    logs.about(state.code or str(id))
    check_may(actor, state, roles, codes(service).opens(tracking, id))
    return state


def when_of(service: Service, known: Reference, actor: Actor, body: Body) -> When:
    """When it happened and when it is written down, both in UTC. Raises Rejected before anything is counted from a
    time that can't be, and 403 for a citizen who would choose the day whose rules hold."""
    if body.happened_at and not OFFICERS & set(actor.roles):
        raise HTTPException(
            403, Text("Chỉ cán bộ mới nhập việc đã xảy ra trước đó.", "Only officers enter what happened earlier.")
        )
    now = service.clock.now()
    happened, rule = body.happened_at or now, known.rules(local_day(now)).late_entry
    check_when(When(happened_at=happened, recorded_at=now, rule=rule, reason=body.late_reason))
    return When(happened_at=happened.astimezone(dt.UTC), recorded_at=now, rule=rule, reason=body.late_reason)


def check_stored(service: Service, documents: Sequence[Document]) -> None:
    """Every file that a dossier names has been sent before, and is what it says it is. Raises Rejected."""
    for each in documents:
        if each.digest:
            found = blobs.size_and_type(service.settings.blobs, each.digest, blobs.key(service.settings))
            if found is None or (found.size, found.media_type) != (each.size, each.media_type):
                raise Rejected(
                    "file_missing",
                    Text("Tệp «{title}» chưa được tải lên.", "The file “{title}” has not been sent.").of(
                        title=each.title
                    ),
                    instead=Text("Tải tệp lên trước.", "Send the file to /attachments first."),
                )


def _unknown() -> HTTPException:
    return HTTPException(404, Text("Không có hồ sơ này.", "There is no such dossier."))


def check_may(actor: Actor, state: Application, roles: frozenset[str], tracks: bool) -> None:
    """Officers act for their unit; applicants on what is theirs. Raises 401/403."""
    officer = OFFICERS & set(actor.roles)
    if officer & roles and works_on(actor, state):
        return
    if "citizen" in roles and tracks:
        return
    if officer & roles:
        raise HTTPException(403, Text("Hồ sơ này thuộc đơn vị khác.", "This dossier belongs to another unit."))
    raise HTTPException(401 if actor.id == "anonymous" else 403)


def works_on(actor: Actor, state: Application) -> bool:
    """Whether this is an officer of a unit that a dossier is with."""
    officer = OFFICERS & set(actor.roles)
    theirs = {state.received_by, state.decided_by, state.holder} - {""}
    return bool(officer) and ("operator" in officer or actor.unit in theirs)


# Read one


def summary(service: Service, id: UUID, state: Application, number: int) -> Summary:
    return Summary(
        id=id,
        number=number,
        status=state.status,
        code=state.code,
        tracking=codes(service).of(id),
        procedure=state.procedure,
        procedure_name=state.procedure_name,
        received_by=state.received_by,
        decided_by=state.decided_by,
        channel=state.channel,
        holder=state.holder,
        supplement_unchecked=state.status == "supplement_asked" and state.unchecked_since is not None,
        first_promise=_appointment(state.first_promise),
        promise=_appointment(state.promise),
        may=tuple(each for each in _ALLOWED.get(state.status, ()) if not (each == "resolve" and state.described)),
    )


def _appointment(promise: Promise | None) -> Appointment | None:
    if promise is None:
        return None
    return Appointment(
        due_at=promise.due_at,
        amount=promise.amount,
        unit=promise.unit,
        counted_from=promise.counted_from,
        basis=promise.rule.basis,
    )


async def read(service: Service, actor: Actor, id: UUID) -> Whole:
    """A dossier with its personal data opened, for an officer of a unit that has to do with it."""
    history = await service.history(stream_of(id))
    if not history:
        raise _unknown()
    state = fold(application, (each.event for each in history))
    logs.about(state.code or str(id))
    if "auditor" not in actor.roles:
        check_may(actor, state, OFFICERS, False)
    lines = await opened(service, history)
    applicant: Person | None = None
    content: str | None = None
    answers: dict[str, Any] = {}
    concerns: Person | None = None
    for each, line in zip(history, lines, strict=True):
        if isinstance(each.event, ApplicationSubmitted | ApplicationImported | ApplicationCorrected):
            applicant = line.pop("applicant", None) or applicant
            content = line.pop("content", None) or content
            answers = line.pop("answers", None) or answers
            concerns = line.pop("concerns", None) or concerns
    return Whole(
        summary=summary(service, id, state, len(history)),
        applicant=applicant,
        content=content,
        answers=answers,
        concerns=concerns,
        history=tuple(_line(each, data) for each, data in zip(history, lines, strict=True)),
    )


async def opened(service: Service, history: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Each event's fields, personal ones opened (None where the person was erased)."""
    found = [{name: getattr(each.event, name) for name in each.event.__struct_fields__} for each in history]
    boxes = [
        (data, name, data[name], inner)
        for each, data in zip(history, found, strict=True)
        for name, inner in personal_fields(type(each.event))
        if data[name] is not None
    ]
    opened = await service.vault.unseal((box, inner) for _, _, box, inner in boxes)
    for (data, name, _, _), clear in zip(boxes, opened, strict=True):
        data[name] = clear
    return found


def _line(recorded: Recorded, data: dict[str, Any]) -> Line:
    return Line(
        number=recorded.number,
        type=recorded.event.type,
        happened_at=recorded.meta.happened_at,
        recorded_at=recorded.meta.recorded_at,
        actor=recorded.meta.actor.id,
        roles=recorded.meta.actor.roles,
        data=data,
    )


# Routes


async def if_match(
    value: Annotated[str | None, Header(alias="if-match", pattern=r'^"?[0-9]{1,9}"?$')] = None,
) -> int | None:
    """The number that was seen, from If-Match."""
    return int(value.strip('"')) if value else None


Expected = Annotated[int | None, Depends(if_match)]
Tracking = Annotated[str, Header(alias="motcua-tracking", max_length=20, description="The applicant's tracking code.")]


def told(service: Service, done: Done[Application], status: int = 200, **headers: str) -> Response:
    """The answer to a command: the dossier as it stood after it."""
    headers["etag"] = f'"{done.number}"'
    if done.repeated:
        headers["idempotent-replayed"] = "true"
    body = summary(service, id_of(done.stream), done.state, done.number).model_dump_json()
    return Response(body, status, headers, media_type="application/json")


@router.get("/applications/{id}", response_model=Whole, summary="Read a dossier (officers of its units)")
async def get_application(service: Here, actor: Who, id: UUID) -> Whole:
    return await read(service, actor, id)


def _route(action: type[Action]) -> Callable[..., Any]:
    async def post(
        call: Called, id: UUID, body: Any, expected: Expected = None, motcua_tracking: Tracking = ""
    ) -> Response:
        service, known = call.service, call.service.keep(Reference)
        return told(
            service,
            await act(service, known, call.actor, id, body, call.asked, expected=expected, tracking=motcua_tracking),
        )

    post.__annotations__["body"] = action
    post.__name__ = action.path.replace("-", "_")
    return post


for _action in ACTIONS:
    router.add_api_route(
        f"/applications/{{id}}/{_action.path}",
        _route(_action),
        methods=["POST"],
        response_model=Summary,
        summary=_action.says,
    )
