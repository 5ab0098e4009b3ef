"""A dossier as it is shown: how it stands, and the whole of it for those who work on it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import HTTPException, Response
from pydantic import BaseModel

from kernel import logs
from kernel.decider import Text, fold
from kernel.service import Done, Service
from kernel.tracking import codes
from kernel.vault import personal_fields
from schemas.event import Actor, Recorded
from schemas.intake import ApplicationCorrected, ApplicationImported, ApplicationSubmitted, Promise
from schemas.people import Person
from services.intake.api.access import OFFICERS, check_may
from services.intake.domain.application.dossier import Application
from services.intake.domain.application.life import application


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


def stream_of(id: UUID) -> str:
    return f"application-{id}"


def id_of(stream: str) -> UUID:
    return UUID(stream.removeprefix("application-"))


async def dossier_for(service: Service, actor: Actor, id: UUID, roles: frozenset[str], tracking: str) -> Application:
    """A dossier for who may act on it. Raises 404/401/403."""
    state, _ = await service.state(application, stream_of(id))
    if state.status == "none":
        raise _unknown()
    logs.about(state.code or str(id))
    check_may(actor, state, roles, codes(service).opens(tracking, id))
    return state


def _unknown() -> HTTPException:
    return HTTPException(404, Text("Không có hồ sơ này.", "There is no such dossier."))


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


def told(service: Service, done: Done[Application], status: int = 200, **headers: str) -> Response:
    """The answer to a command: the dossier as it stood after it."""
    headers["etag"] = f'"{done.number}"'
    if done.repeated:
        headers["idempotent-replayed"] = "true"
    body = summary(service, id_of(done.stream), done.state, done.number).model_dump_json()
    return Response(body, status, headers, media_type="application/json")


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
