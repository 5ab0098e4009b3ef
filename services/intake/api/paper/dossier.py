"""A dossier's papers: receipt, supplement request, refusal, notice of stopping, control slip."""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Response

from kernel import logs, paper
from kernel.access import Tracking
from kernel.decider import Text, fold
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
    Promise,
    SupplementAsked,
)
from schemas.people import Person
from services.intake.api.access import OFFICERS, check_may
from services.intake.api.application.dossier import opened, stream_of
from services.intake.api.paper.letterhead import ERASED, answer, name_on, parent_on, site
from services.intake.api.reference import Known, Reference, local_day
from services.intake.domain.application.dossier import Application
from services.intake.domain.application.life import application
from services.intake.domain.register import read_code
from services.intake.domain.rules import Rules
from services.intake.projection.slip import verdict

router = APIRouter(tags=["Giấy tờ in / Papers"])
PaperName: TypeAlias = Literal["receipt", "supplement", "refusal", "stop", "control_slip"]
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
    parent = await parent_on(known, state.received_by, (day, local_day(service.clock.now())))
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
    return {unit: await name_on(known, unit, (received, day)) for unit in wanted if unit}


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
                "result": verdict(due_before, event.assigned_at),
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


_PAPERS = {
    "receipt": _receipt,
    "supplement": _supplement,
    "refusal": _refusal,
    "stop": _stop,
    "control_slip": _control_slip,
}


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
    return answer(await of_dossier(service, known, actor, id, name, tracking=code), name)
