"""Handing a dossier in, over HTTP, at once or from a draft, and the guidance that is given where this is not the place
or the way.

The pages call the same function: `submit`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from kernel import logs, problems
from kernel.access import Tracking
from kernel.decider import Rejected, Text
from kernel.service import Done, Service, new_stream
from kernel.tracking import codes
from kernel.web import Ask, Asked, Called, Here, Who
from schemas.event import Actor, Personal, Recorded
from schemas.intake import Authority, Channel, Delivery, Guidance, Notify, PaperRefused, VisitorGuided
from schemas.people import Document, Person, Place
from services.intake.api.access import OFFICERS
from services.intake.api.application.dossier import Summary, dossier_for, id_of, stream_of, told
from services.intake.api.attachment import check_stored
from services.intake.api.body import Body, FileNames, Id, Words, example, when_of
from services.intake.api.form import Answers, check_described, form_of
from services.intake.api.reference import Known, Reference, local_day
from services.intake.domain import appointment
from services.intake.domain.application import submission
from services.intake.domain.application.dossier import Application, initial
from services.intake.domain.application.life import application, decide
from services.intake.domain.application.receipt import Receive
from services.intake.domain.rules import Admitted, Rules, admission
from services.intake.domain.unit import place
from services.intake.domain.visit import Guide, visit

router = APIRouter(tags=["Hồ sơ / Applications"])
CITIZEN_CHANNELS = frozenset({"online"})
OVER_THE_DESK = frozenset({"desk", "post", "hired_service", "authorised"})
NO_CODE_YET = "0"
APPLICANTS = frozenset({"citizen"})
ONLINE_ONLY = problems.documented(
    409,
    "online_only",
    Text("Thủ tục này chỉ nhận hồ sơ trực tuyến.", "This is taken online only. An officer will help you now."),
    visit="01980d2c-7f5e-7aa1-b3f0-4f1f2a6f9d10",
    online=True,
    offer={"method": "POST", "path": "/applications", "channel": "assisted"},
)


class Draft(Body):
    """A dossier as far as it goes: the units may be left out."""

    model_config = example(
        procedure="2.002854",
        applicant={"name": "Nguyễn Thị Bình", "id_number": "001190000001"},
        content="Xin chuyển trường.",
    )

    procedure: Id
    applicant: Person
    received_by: Annotated[str, Field(max_length=60)] = ""
    decided_by: Annotated[str, Field(max_length=60)] = ""
    content: Words = ""
    documents: Annotated[tuple[Document, ...], Field(max_length=50)] = ()
    file_names: FileNames = Field(default_factory=dict)

    def told(self, subject: UUID) -> dict[str, Any]:
        """What a command says of it, personal values under the applicant's key."""
        return {
            "procedure": self.procedure,
            "applicant": Personal(subject=subject, clear=self.applicant),
            "content": Personal(subject=subject, clear=self.content) if self.content else None,
            "documents": self.documents,
            "file_names": Personal(subject=subject, clear=self.file_names) if self.file_names else None,
        }


class Submission(Draft):
    """A dossier as it is handed in. `received_by` may be left out online: the place that receives is then found.
    `happened_at` and `late_reason` are for what came earlier and is entered now. `answers` are those to the procedure's
    own form, and `concerns` is the person whom it is about; an officer fills in later what comes without them."""

    model_config = example(
        procedure="2.002854",
        channel="online",
        decided_by="thpt-le-loi",
        applicant={"name": "Nguyễn Thị Bình", "id_number": "001190000001", "phone": "0912 345 678"},
        content="Xin chuyển trường cho con theo nơi ở mới của gia đình.",
        documents=[{"title": "Đơn xin chuyển trường"}],
    )

    channel: Channel = "online"
    authorised: Person | None = None
    sets: Annotated[int, Field(ge=1, le=20)] = 1
    delivery: Delivery = "desk"
    notify: Notify = "none"
    visit: UUID | None = None
    portal_code: Annotated[str, Field(max_length=35)] = ""
    case: Annotated[str, Field(max_length=60)] = ""
    answers: Answers = Field(default_factory=dict)
    concerns: Person | None = None


@dataclass(frozen=True)
class Guided:
    """It was not taken: the visitor was guided, and that is on record as this visit."""

    visit: UUID
    code: Literal["wrong_place", "online_only"]
    guidance: Guidance
    basis: str


async def submit(
    service: Service, known: Reference, actor: Actor, body: Submission, asked: Asked, draft: UUID | None = None
) -> Done[Application] | Guided:
    """Hand a dossier in; at a desk it is received in the same breath, with its receipt. Where this place or this way
    is not the right one, the visitor is guided instead, on record."""
    stream = stream_of(draft) if draft else new_stream(application)
    logs.about(str(id_of(stream)))
    async with known.turn(asked.key):  # a second click waits, so that it takes no number of the register
        return await _submit(service, known, actor, body, asked, stream, new=draft is None)


async def _submit(
    service: Service, known: Reference, actor: Actor, body: Submission, asked: Asked, stream: str, *, new: bool
) -> Done[Application] | Guided:
    if asked.key and (first := await service.answered(asked.key, asked.fingerprint)):
        if first[0].startswith("visit-"):
            return _guided(await service.history(first[0]))
        return await _again(service, asked)
    _check_channel(actor, body)
    when = when_of(service, known, actor, body)
    came, now = when.happened_at, when.recorded_at
    day = local_day(came)
    rules = known.rules(day)
    terms, since = await known.terms(body.procedure, day)
    decided_by = await known.decides(terms.authority, body.decided_by, day) if terms else body.decided_by
    received_by = body.received_by or (actor.unit if body.channel in OVER_THE_DESK else "")
    if not received_by and terms:
        received_by = await _receives(known, rules, terms.authority, decided_by, day)
    kind = (await known.unit(received_by, day)).kind if received_by else "service_centre"
    if terms and not isinstance(admission(rules, terms, kind, body.channel), Admitted):
        kinds = rules.receiving.get(terms.authority, ())
        guide = Guide(
            when=when,
            unit=received_by,
            place_kind=kind,
            procedure=body.procedure,
            terms=terms,
            rules=rules,
            channel=body.channel,
            places=(await _places(known, kinds, decided_by, day))[:3] if kinds else (),
        )
        done = await service.do(
            visit, new_stream(visit), guide, actor=actor, happened_at=came, key=asked.key, fingerprint=asked.fingerprint
        )
        return _guided(done.events)
    check_stored(service, body.documents)
    if body.visit and not await service.history(f"visit-{body.visit}"):
        raise Rejected("unknown_visit", Text("Không có lượt đến này.", "There was no such visit."))
    form = await form_of(known, body.procedure, decided_by, day) if body.answers or body.concerns else None
    answers = await check_described(known, form, body.answers, body.concerns, body.applicant, day, asked.lang)
    subject = await _subject(service, body.applicant.id_number)
    tracking = codes(service).digest(id_of(stream))
    other, about = body.authorised, body.concerns
    receive = None
    if body.channel not in ("online", "national_portal") and terms and _works_at(actor, received_by):
        receive = Receive(
            when=when,
            code=NO_CODE_YET,
            terms=terms,
            rules=rules,
            promise=appointment.promise(terms, since, rules, await known.calendar(), came, body.case),
            supplement_by=appointment.supplement_by(rules, await known.calendar(), came),
            officer=actor.id,
            tracking=tracking,
        )
    command = submission.Submit(
        **body.told(subject),
        when=when,
        terms=terms,
        terms_from=since,
        rules=rules,
        received_by=received_by,
        place_kind=kind,
        decided_by=decided_by,
        channel=body.channel,
        authorised=Personal(subject=await _subject(service, other.id_number), clear=other) if other else None,
        sets=body.sets,
        delivery=body.delivery,
        notify=body.notify,
        visit=body.visit,
        assisted_by=actor.id if body.channel == "assisted" else "",
        portal_code=body.portal_code,
        tracking=tracking,
        answers=answers,
        concerns=Personal(subject=await _subject(service, about.id_number), clear=about) if about else None,
        receive=receive,
    )
    if receive:
        decide(command, initial)  # what is not allowed takes no number of the register
        code = await known.code(rules, received_by, local_day(now))
        logs.about(code)
        command = replace(command, receive=replace(receive, code=code))
    return await service.do(
        application,
        stream,
        command,
        actor=actor,
        happened_at=came,
        key=asked.key,
        fingerprint=asked.fingerprint,
        new=new,
    )


async def save(
    service: Service, known: Reference, actor: Actor, body: Draft, asked: Asked, stream: str
) -> Done[Application]:
    """Save a dossier to finish it later."""
    when = when_of(service, known, actor, body)
    await known.procedure(body.procedure)
    for each in filter(None, (body.received_by, body.decided_by)):
        await known.unit(each, local_day(when.happened_at))
    check_stored(service, body.documents)
    subject = await _subject(service, body.applicant.id_number)
    command = submission.Draft(
        **body.told(subject),
        when=when,
        received_by=body.received_by,
        decided_by=body.decided_by,
        tracking=codes(service).digest(id_of(stream)),
    )
    return await service.do(
        application,
        stream,
        command,
        actor=actor,
        happened_at=when.happened_at,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )


async def _again(service: Service, asked: Asked) -> Done[Application]:
    assert asked.key
    done = await service.again(application, asked.key, asked.fingerprint)
    assert done
    return done


async def _subject(service: Service, identity: str) -> UUID:
    """Whose key a person's data is sealed under; a person without an identity number is nobody's double."""
    return await service.vault.living(identity) if identity else uuid4()


def _guided(events: Sequence[Recorded]) -> Guided:
    event = events[0].event
    assert isinstance(event, VisitorGuided | PaperRefused)
    code: Literal["wrong_place", "online_only"] = "online_only" if isinstance(event, PaperRefused) else "wrong_place"
    return Guided(UUID(events[0].stream.removeprefix("visit-")), code, event.guidance, event.rule.basis)


def _works_at(actor: Actor, unit: str) -> bool:
    return "operator" in actor.roles or actor.unit == unit


def _check_channel(actor: Actor, body: Submission) -> None:
    """Citizens hand in online; officers enter what comes to their own desk. Raises 401/403."""
    if body.channel in CITIZEN_CHANNELS:
        return
    if OFFICERS & set(actor.roles):
        if body.channel in OVER_THE_DESK and body.received_by and not _works_at(actor, body.received_by):
            raise HTTPException(
                403, Text("Hồ sơ đến quầy của đơn vị khác.", "That is another unit's desk; enter what comes to yours.")
            )
        return
    raise HTTPException(
        401 if actor.id == "anonymous" else 403,
        Text("Chỉ cán bộ tiếp nhận mới nhập hồ sơ theo cách này.", "Only officers enter dossiers that come this way."),
    )


async def _receives(known: Reference, rules: Rules, authority: Authority, decided_by: str, day: dt.date) -> str:
    """Where an online dossier goes: the body that decides, where it receives itself, else the first place that does."""
    found = await _places(known, rules.receiving.get(authority, ()), decided_by, day)
    if not found:
        raise Rejected("nobody_receives", Text("Chưa có nơi tiếp nhận thủ tục này.", "No place receives this yet."))
    return found[0].unit


async def _places(known: Reference, kinds: Sequence[str], decided_by: str, day: dt.date) -> tuple[Place, ...]:
    """Places of these kinds; the body that decides first, where it is one."""
    facts = await known.unit(decided_by, day) if decided_by else None
    if facts and facts.kind in kinds:
        return (place(decided_by, facts),)
    return await known.places(kinds, day)


@router.post(
    "/applications",
    status_code=201,
    response_model=Summary,
    summary="Hand a dossier in",
    responses={409: ONLINE_ONLY},
)
async def post_application(call: Called, body: Submission) -> Response:
    service, asked = call.service, call.asked
    return _handed_in(service, await submit(service, service.keep(Reference), call.actor, body, asked), asked)


def _handed_in(service: Service, done: Done[Application] | Guided, asked: Asked) -> Response:
    if isinstance(done, Guided):
        return JSONResponse(guided_problem(done, asked.lang), 409, media_type="application/problem+json")
    return told(service, done, 201, location=f"/applications/{id_of(done.stream)}")


@router.post("/drafts", status_code=201, response_model=Summary, summary="Save a dossier to finish it later")
async def post_draft(service: Here, known: Known, actor: Who, asked: Ask, body: Draft) -> Response:
    return told(service, await save(service, known, actor, body, asked, new_stream(application)), 201)


@router.post("/drafts/{id}", response_model=Summary, summary="Save a draft again (its applicant, with its code)")
async def post_draft_again(
    service: Here, known: Known, actor: Who, asked: Ask, id: UUID, body: Draft, code: Tracking = ""
) -> Response:
    await dossier_for(service, actor, id, APPLICANTS, code)
    return told(service, await save(service, known, actor, body, asked, stream_of(id)))


@router.post(
    "/drafts/{id}/submit",
    status_code=201,
    response_model=Summary,
    summary="Hand a draft in (its applicant, with its code)",
    responses={409: ONLINE_ONLY},
)
async def post_draft_submit(
    service: Here, known: Known, actor: Who, asked: Ask, id: UUID, body: Submission, code: Tracking = ""
) -> Response:
    await dossier_for(service, actor, id, APPLICANTS, code)
    return _handed_in(service, await submit(service, known, actor, body, asked, draft=id), asked)


def guided_problem(guided: Guided, lang: str) -> dict[str, Any]:
    """A refusal that helps: where to go, and the offer to submit it online with an officer's help, now."""
    says = Text(guided.guidance.vi, guided.guidance.en)
    offer = {"method": "POST", "path": "/applications", "channel": "assisted", "visit": str(guided.visit)}
    return problems.problem(
        409,
        guided.code,
        says,
        lang,
        rule=guided.basis,
        visit=str(guided.visit),
        places=[_plain(each) for each in guided.guidance.to],
        online=guided.guidance.online,
        offer=offer if guided.guidance.assisted else None,
    )


def _plain(place: Place) -> dict[str, str]:
    return {name: getattr(place, name) for name in ("unit", "name", "address", "hours", "how_to_find", "phone")}
