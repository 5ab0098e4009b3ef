"""Papers of a dossier as PDF, by the forms of the rule pack: receipt, supplement request, refusal, notice of stopping,
control slip; the register; the guidance of a visitor.

A paper is made anew from the log each time, so it always says what the log says, and the same log gives the same bytes.
"""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response

from kernel import logs, paper
from kernel.decider import Rejected, Text, fold
from kernel.service import Service
from kernel.tracking import codes
from kernel.web import Here, Who
from schemas.event import Actor, Recorded
from schemas.intake import (
    ApplicationAssigned,
    ApplicationCorrected,
    ApplicationImported,
    ApplicationNotAccepted,
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    PaperRefused,
    Promise,
    SupplementAsked,
    VisitorGuided,
)
from schemas.people import Person
from services.intake.api.access import OFFICERS, Tracking, check_may
from services.intake.api.application.dossier import id_of, opened, stream_of
from services.intake.api.reference import Known, Reference, local_day
from services.intake.api.register import Officer, lines, own_unit
from services.intake.domain.application.dossier import Application
from services.intake.domain.application.life import application
from services.intake.domain.register import read_code
from services.intake.domain.rules import Rules

router = APIRouter(tags=["Giấy tờ in / Papers"])
PaperName: TypeAlias = Literal["receipt", "supplement", "refusal", "stop", "control_slip"]
MOST_LINES = 2000
ERASED = "[dữ liệu cá nhân đã xóa]"

_BY_OFFICERS_ONLY = frozenset({"control_slip"})
# What a refusal by rule alone rests on, where nobody wrote a reason (or it was erased).
_GROUND = {
    "incomplete": "Hồ sơ thiếu giấy tờ theo quy định",
    "not_entitled": "Không thuộc đối tượng theo quy định",
    "wrong_authority": "Không thuộc thẩm quyền giải quyết",
    "duplicate": "Trùng với hồ sơ đã nộp",
    "false_papers": "Giấy tờ không đúng sự thật",
    "conditions_not_met": "Không đủ điều kiện theo quy định",
    "other": "Không đủ căn cứ giải quyết",
}
_SUFFIX = {"receipt": "TNHS", "supplement": "PBS", "refusal": "PTC", "stop": "TB", "control_slip": "PKS"}
_WAYS = {"desk": "trực tiếp", "post": "bưu chính", "online": "trực tuyến", "": ""}
_UNITS = {"working_days": "ngày làm việc", "working_hours": "giờ làm việc"}


class _Dossier:
    """A dossier as the papers need it: its events with their opened fields, and what the rules call the forms."""

    def __init__(self, history: Sequence[Recorded], lines: Sequence[Mapping[str, Any]], rules: Rules) -> None:
        self.events = list(zip((each.event for each in history), lines, strict=True))
        self.state: Application = fold(application, (each.event for each in history))
        self.rules = rules

    def last(self, *types: type) -> Mapping[str, Any] | None:
        """The opened fields of the last event of these types."""
        return next((line for event, line in reversed(self.events) if isinstance(event, types)), None)

    def need(self, *types: type) -> Mapping[str, Any]:
        found = self.last(*types)
        if found is None:
            raise HTTPException(404, Text("Hồ sơ chưa có giấy này.", "The dossier has no such paper yet."))
        return found

    @property
    def person(self) -> Person:
        """The applicant as last corrected; an erased person is a blank to be seen."""
        for event, line in reversed(self.events):
            if (
                isinstance(event, ApplicationSubmitted | ApplicationImported | ApplicationCorrected)
                and line["applicant"]
            ):
                found: Person = line["applicant"]
                return found
        return Person(name=ERASED)

    @property
    def submitted(self) -> Mapping[str, Any]:
        return self.need(ApplicationSubmitted, ApplicationImported)


async def of_dossier(
    service: Service, known: Reference, actor: Actor, id: UUID, name: PaperName, *, tracking: str
) -> bytes:
    """One paper of a dossier. Raises HTTPException where the dossier has none, or it is not for this reader."""
    history = await service.history(stream_of(id))
    if not history:
        raise HTTPException(404)
    state = fold(application, (each.event for each in history))
    logs.about(state.code or str(id))
    if "auditor" not in actor.roles:
        roles = OFFICERS if name in _BY_OFFICERS_ONLY else OFFICERS | {"citizen"}
        check_may(actor, state, frozenset(roles), codes(service).opens(tracking, id))
    day = local_day(state.received_at or history[0].meta.happened_at)
    dossier = _Dossier(history, await opened(service, history), known.rules(day))
    names = await _names(known, dossier, local_day(service.clock.now()))
    parent = await _parent(known, state.received_by, (day, local_day(service.clock.now())))
    data = _PAPERS[name](dossier, names) | {
        "parent": parent,
        "qr": f"{site(service)}/tra-cuu/{codes(service).of(id)}",
        "track_at": site(service),
    }
    return await asyncio.to_thread(paper.pdf, name, data)


async def _names(known: Reference, dossier: _Dossier, day: dt.date) -> dict[str, str]:
    """The names of all units that a dossier's events speak of; a unit that ended is called what it was called."""
    wanted = {dossier.state.received_by, dossier.state.decided_by}
    for event, _ in dossier.events:
        if isinstance(event, ApplicationAssigned):
            wanted |= {event.from_unit, event.to_unit}
    received = local_day(dossier.state.received_at) if dossier.state.received_at else day
    return {unit: await _name(known, unit, (received, day)) for unit in wanted if unit}


async def _name(known: Reference, unit: str, days: Sequence[dt.date]) -> str:
    """What a unit was called on the first of these days on which it was there; its id where it never was."""
    for day in days:
        with suppress(Rejected):
            return (await known.unit(unit, day)).name
    return unit


async def _parent(known: Reference, unit: str, days: Sequence[dt.date]) -> str:
    """What stands above a unit's name on its letters: the unit that it belongs to, or nothing."""
    for day in days:
        with suppress(Rejected):
            parent = (await known.unit(unit, day)).parent
            return await _name(known, parent, days) if parent else ""
    return ""


def _head(dossier: _Dossier, names: Mapping[str, str], form: str, at: dt.datetime) -> dict[str, Any]:
    found = dossier.rules.forms.get(form)
    code = read_code(dossier.state.code)
    return {
        "parent": "",
        "unit": names[dossier.state.received_by],
        "place": "",
        "form": f"Mẫu số {found.number}" if found and found.number else "",
        "title": found.title.vi if found else "",
        "number": f"{code.number:02}/{_SUFFIX[form]}" if code else "",
        "issued_at": at,
        "code": dossier.state.code,
        "desk": names[dossier.state.received_by],
        "content": dossier.submitted["content"] or dossier.state.procedure_name,
        "officer": "",
    }


def _who(person: Person) -> dict[str, str]:
    return {
        "applicant": person.name,
        "address": person.address.line,
        "id_number": person.id_number,
        "phone": person.phone,
        "email": person.email,
    }


def _receipt(dossier: _Dossier, names: Mapping[str, str]) -> dict[str, Any]:
    received = dossier.need(ApplicationReceived, ApplicationImported)
    promise: Promise = received["promise"]
    submitted = dossier.submitted
    authorised = submitted.get("authorised")
    code = read_code(dossier.state.code)
    return (
        _head(dossier, names, "receipt", received["received_at"])
        | _who(dossier.person)
        | {
            "authorised": authorised.name if authorised else "",
            "documents": [each.title for each in submitted["documents"]],
            "sets": submitted.get("sets", 1),
            "time_by_rule": f"{promise.amount:02} {_UNITS[promise.unit]}",
            "received_at": received["received_at"],
            "due_at": promise.due_at,
            "return_at": names[dossier.state.received_by],
            "copy": "Liên: Giao người nộp hồ sơ",
            "book": f"{code.on:%Y}" if code else "",
            "book_number": str(code.number) if code else "",
        }
    )


def _supplement(dossier: _Dossier, names: Mapping[str, str]) -> dict[str, Any]:
    asked = dossier.need(SupplementAsked)
    return (
        _head(dossier, names, "supplement", asked["asked_at"])
        | _who(dossier.person)
        | {
            "items": list(asked["wanted"] or ()),
            "reason": asked["reason"] or "",
            "answer_by": asked["answer_by"],
            "contact": asked["contact"],
            "contact_phone": "",
        }
    )


def _refusal(dossier: _Dossier, names: Mapping[str, str]) -> dict[str, Any]:
    refused = dossier.need(ApplicationNotAccepted, ApplicationResolved)
    if refused.get("outcome") == "granted":
        raise HTTPException(404, Text("Hồ sơ không bị từ chối.", "The dossier was not refused."))
    rule = refused["rule"]
    return (
        _head(dossier, names, "refusal", refused.get("not_accepted_at") or refused["resolved_at"])
        | _who(dossier.person)
        | {
            "reason": refused["reason"] or _GROUND[refused["ground"] or "other"],
            "basis": rule.basis if rule else "",
            "instead": "",
        }
    )


def _stop(dossier: _Dossier, names: Mapping[str, str]) -> dict[str, Any]:
    stopped = dossier.need(ApplicationStopped)
    wish = "Theo đề nghị của người nộp hồ sơ"
    closed = "Quá thời hạn bổ sung hồ sơ mà người nộp không bổ sung"
    ground = {"citizens_wish": wish, "no_supplement": closed}.get(stopped["ground"], "Thủ tục hết hiệu lực")
    return (
        _head(dossier, names, "stop", stopped["stopped_at"])
        | _who(dossier.person)
        | {
            "received_at": dossier.state.received_at,
            "stopped_at": stopped["stopped_at"],
            "reason": stopped["reason"] or ground,
            "returned": [each.title for each in dossier.submitted["documents"]],
            "signer_title": "Thủ trưởng đơn vị",
            "signer": "",
        }
    )


def _control_slip(dossier: _Dossier, names: Mapping[str, str]) -> dict[str, Any]:
    received = dossier.need(ApplicationReceived, ApplicationImported)
    assigned = [(event, line) for event, line in dossier.events if isinstance(event, ApplicationAssigned)]
    rows = []
    due_before: dt.datetime | None = None
    for event, line in assigned:
        rows.append(
            {
                "given_by": names[event.from_unit],
                "taken_by": names[event.to_unit],
                "giver": event.giver,
                "receiver": event.receiver,
                "at": event.assigned_at,
                "due_at": event.due_at,
                "result": _result(event.assigned_at, due_before),
                "note": line["note"] or "",
            }
        )
        due_before = event.due_at
    promise = dossier.state.promise
    return _head(dossier, names, "control_slip", received["received_at"]) | {
        "procedure": dossier.state.procedure_name,
        "body": names[dossier.state.decided_by],
        "cooperating": [each.body for each in dossier.state.consultations],
        "received_at": received["received_at"],
        "due_at": promise.due_at if promise else None,
        "rows": rows,
    }


def _result(at: dt.datetime, due: dt.datetime | None) -> str:
    """Handed over before, on, or after the day it was due; "" where nothing was due."""
    if due is None:
        return ""
    day, due_day = local_day(at), local_day(due)
    return "before" if day < due_day else "on" if at <= due else "after"


_PAPERS = {
    "receipt": _receipt,
    "supplement": _supplement,
    "refusal": _refusal,
    "stop": _stop,
    "control_slip": _control_slip,
}


async def of_register(service: Service, known: Reference, unit: str, since: dt.date, until: dt.date) -> bytes:
    """The register of a unit's days as a paper. Raises HTTPException 422 where it would be longer than a book."""
    found = await lines(service, unit=unit, since=since, until=until, most=MOST_LINES + 1)
    if len(found) > MOST_LINES:
        raise HTTPException(
            422,
            Text(
                f"Quá {MOST_LINES} hồ sơ; hãy chọn ít ngày hơn.", f"More than {MOST_LINES} dossiers; choose fewer days."
            ),
        )
    now = service.clock.now()
    days = (since, local_day(now))
    names = {each: await _name(known, each, days) for each in {row["decided_by"] for row, _ in found}}
    form = known.rules(since).forms.get("register")
    data = {
        "parent": await _parent(known, unit, days),
        "unit": await _name(known, unit, days),
        "place": "",
        "form": f"Mẫu số {form.number}" if form else "",
        "title": form.title.vi if form else "Sổ theo dõi hồ sơ",
        "number": "",
        "issued_at": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "from": since,
        "until": until,
        "rows": [
            _register_line(row, person, names) | {"code": row["code"] or codes(service).of(id_of(row["stream"]))}
            for row, person in reversed(found)
        ],
    }
    return await asyncio.to_thread(paper.pdf, "register", data)


def _register_line(row: Mapping[str, Any], person: Person | None, names: Mapping[str, str]) -> dict[str, Any]:
    passed_on = msgspec.json.decode(row["hand_overs"], type=list[_HandedOver])
    return {
        "procedure": row["procedure_name"],
        "sets": row["sets"],
        "applicant": person.name if person else ERASED,
        "contact": "; ".join(filter(None, (person.address.line, person.phone))) if person else "",
        "body": names[row["decided_by"]],
        "received_at": row["received_at"] or row["submitted_at"],
        "due_at": row["due_at"],
        "passed_on_at": passed_on[0].came_at if passed_on else None,
        "result_at": row["resolved_at"],
        "handed_over_at": row["handed_over_at"],
        "way": _WAYS[row["way"]],
        "note": "",
    }


class _HandedOver(msgspec.Struct):
    came_at: dt.datetime


async def of_visit(service: Service, known: Reference, id: UUID) -> bytes:
    """What a visitor was told, to take home. It holds nothing about a person."""
    history = await service.history(f"visit-{id}")
    if not history or not isinstance(event := history[0].event, VisitorGuided | PaperRefused):
        raise HTTPException(404)
    day = local_day(event.came_at)
    terms, _ = await known.terms(event.procedure, day)
    guidance = event.guidance
    data = {
        "parent": "",
        "unit": (await known.unit(event.unit, day)).name if event.unit else "",
        "place": "",
        "form": "",
        "title": "Phiếu hướng dẫn",
        "number": "",
        "issued_at": event.came_at,
        "procedure": terms.name_vi if terms else event.procedure,
        "came_at": event.came_at,
        "text": guidance.vi,
        "places": [
            {name: getattr(each, name) for name in ("name", "address", "hours", "how_to_find", "phone")}
            for each in guidance.to
        ],
        "online": guidance.online,
        "assisted": guidance.assisted,
        "basis": event.rule.basis,
        "qr": f"{site(service)}/thu-tuc/{event.procedure}",
        "track_at": site(service),
    }
    return await asyncio.to_thread(paper.pdf, "guidance", data)


def _answer(pdf: bytes, name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "private, no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)


def site(service: Service) -> str:
    """The address that people reach this by, for codes and links on paper."""
    return service.settings.address(service.name)


@router.get(
    "/applications/{id}/papers/{name}.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
    summary="A paper of a dossier (its officers, or its applicant with the tracking code)",
)
async def get_paper(
    service: Here,
    known: Known,
    actor: Who,
    id: UUID,
    name: PaperName,
    motcua_tracking: Tracking = "",
    tracking: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    code = motcua_tracking or tracking
    return _answer(await of_dossier(service, known, actor, id, name, tracking=code), name)


@router.get(
    "/register.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
    summary="A unit's register of some days (officers)",
)
async def get_register_paper(
    service: Here, known: Known, actor: Officer, since: dt.date, until: dt.date, unit: str = ""
) -> Response:
    return _answer(await of_register(service, known, own_unit(actor, unit), since, until), "register")


@router.get(
    "/visits/{id}/guidance.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
    summary="What a visitor was told, to take home",
)
async def get_guidance_paper(service: Here, known: Known, id: UUID) -> Response:
    return _answer(await of_visit(service, known, id), "guidance")
