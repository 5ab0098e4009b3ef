"""A supplement: asked once and completely, supplied and checked, or waited for in vain."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ApplicationStopped, Promise, SupplementAsked, SupplementSupplied
from schemas.people import Document
from schemas.rules import Cited
from services.intake.domain.application.dossier import Application
from services.intake.domain.application.promise import check_promise
from services.intake.domain.when import When


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
    """Take in what was asked for. Where that completes the dossier, `promise` is the new appointment, counted from
    `completed_at`. `checked`: an officer looked at it, who alone may say that it is complete."""

    when: When
    complete: bool
    promise: Promise | None
    rule: Cited
    checked: bool = True
    documents: tuple[Document, ...] = ()
    file_names: Personal[dict[str, str]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """Stop processing where the supplement that was to come until `answer_by` still has not come."""

    at: dt.datetime
    answer_by: dt.datetime


_GO_ON = Text("Giải quyết tiếp, hoặc từ chối có nêu lý do.", "Go on processing, or refuse and give the reason.")


def ask_supplement(command: AskSupplement, state: Application) -> list[Event]:
    if state.supplements_left <= 0:
        raise Rejected(
            "supplement_once",
            Text(
                "Chỉ được yêu cầu bổ sung một lần, đầy đủ, bằng văn bản.",
                "A supplement is asked once, completely and in writing.",
            ),
            instead=_GO_ON,
            rule=command.rule.basis,
            asked_at=state.asked_at,
        )
    if state.supplement_by and command.when.happened_at > state.supplement_by:
        raise Rejected(
            "supplement_too_late",
            Text("Đã quá hạn yêu cầu bổ sung.", "The time to ask for a supplement is over."),
            instead=_GO_ON,
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


def is_supplied(command: Supply, state: Application) -> bool:
    """It was said already, unless an officer now checks what the applicant alone had sent."""
    said = command.when.happened_at in {state.supplied_at, state.confirmed_at}
    return said and not (command.checked and state.unchecked_since)


def supply(command: Supply, state: Application) -> list[Event]:
    if state.asked_at and command.when.happened_at < state.asked_at:
        raise Rejected("before_it_was_asked", Text("Trước khi yêu cầu bổ sung.", "That is before it was asked for."))
    restarts = state.promise is None or state.promise.at_supplement == "restart"
    complete = command.complete and command.checked
    at = command.when.happened_at
    supplied_at = completed_at(state, at, command.documents) if complete else at
    if complete and restarts and command.promise is None:
        raise Rejected(
            "promise_missing",
            Text("Hồ sơ đủ thì phải hẹn lại ngày trả.", "A complete dossier needs its new appointment."),
            rule=command.rule.basis,
        )
    if complete and command.promise:
        check_promise(command.promise, supplied_at)
    # An imported dossier may have been asked in the other system, by a request that has no id here.
    request = state.request or UUID(int=0)
    return [
        SupplementSupplied(
            request=request,
            received_by=state.received_by,
            decided_by=state.decided_by,
            supplied_at=supplied_at,
            complete=complete,
            promise=command.promise if complete else None,
            documents=command.documents,
            file_names=command.file_names,
            late_reason=command.when.reason,
            checked=command.checked,
            confirmed_at=at if supplied_at != at else None,
        )
    ]


def completed_at(state: Application, at: dt.datetime, documents: tuple[Document, ...]) -> dt.datetime:
    """When a dossier became complete that an officer calls complete now: where the applicant alone had sent the last of
    it, and nothing more came, then. An office that looks late gains no time."""
    return state.unchecked_since if state.unchecked_since and not documents else at


def close(command: Close, state: Application) -> list[Event]:
    """Nothing, where the limit is another by now, or something came that perhaps nobody looked at yet."""
    if state.answer_by != command.answer_by or state.unchecked_since:
        return []
    return [
        ApplicationStopped(
            received_by=state.received_by,
            decided_by=state.decided_by,
            stopped_at=command.at,
            ground="no_supplement",
            rule=state.asked_by_rule,
        )
    ]
