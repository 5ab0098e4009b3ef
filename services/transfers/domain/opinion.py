"""The Department's side of one consultation: it was asked, and its leadership answers once."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event, Personal
from schemas.transfers import Consultation, Opinion, OpinionAsked, OpinionGiven, Reply
from services.transfers.domain.delegation import Delegation
from services.transfers.domain.dossier import document_id, opinion_stream

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A consultation arrived over the exchange: `from_unit` asks, `to_unit` is the Department. `pupil` names the key
    under which its text is sealed. Arriving again it is the same."""

    document: UUID
    application: str
    from_unit: str
    to_unit: str
    number: str
    pupil: UUID
    text: Personal[Consultation]
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Give:
    """Answer it. `head`: the signer is the head of the Department (the api knows by the actor's roles); a deputy needs
    `delegation` (`Delegations.of`, looked up by the api). `number` comes from the letters stream."""

    opinion: Opinion
    number: str
    text: Personal[Reply]
    at: dt.datetime
    by: str
    position: str
    head: bool
    delegation: Delegation | None = None


Command: TypeAlias = Ask | Give

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Consulted:
    """`asked` is None until it arrived; `given` the number of the answer ("" : none yet)."""

    asked: Ask | None = None
    opinion: Opinion | None = None
    given: str = ""
    signed_by: str = ""


initial = Consulted()


def decide(command: Command, state: Consulted) -> list[Event]:
    match command:
        case Ask():
            return [] if state.asked else [_asked(command)]
        case Give():
            return _give(command, state)


def _asked(command: Ask) -> Event:
    return OpinionAsked(
        document=command.document,
        application=command.application,
        from_unit=command.from_unit,
        to_unit=command.to_unit,
        number=command.number,
        pupil=command.pupil,
        text=command.text,
        arrived_at=command.at,
    )


def _give(command: Give, state: Consulted) -> list[Event]:
    asked = state.asked
    if asked is None:
        raise Rejected(
            "not_asked",
            Text("Văn bản xin ý kiến này chưa đến Sở.", "This consultation has not arrived at the Department."),
        )
    if state.opinion:
        if (command.opinion, command.number, command.by) == (state.opinion, state.given, state.signed_by):
            return []
        raise Rejected(
            "answered_already",
            Text("Văn bản này đã được trả lời.", "This consultation was answered already."),
            instead=Text("Xem văn bản trả lời số {number}.", "See the answer, number {number}.").of(number=state.given),
            number=state.given,
        )
    delegation = command.delegation
    if not command.head and (delegation is None or not _covers(delegation, asked, command)):
        raise Rejected(
            "no_delegation",
            Text(
                "Cấp phó chỉ được ký khi có ủy quyền còn hiệu lực trong ngày.",
                "A deputy may sign only under a delegation that holds on this day.",
            ),
            instead=Text("Trình thủ trưởng ký, hoặc xin ủy quyền.", "Let the head sign, or ask for a delegation."),
            rule="NĐ 30/2020/NĐ-CP Điều 13",
        )
    return [
        OpinionGiven(
            document=asked.document,
            application=asked.application,
            from_unit=asked.from_unit,
            to_unit=asked.to_unit,
            reply=document_id(opinion_stream(asked.document), 1),
            number=command.number,
            opinion=command.opinion,
            text=command.text,
            given_at=command.at,
            signed_by=command.by,
            position=command.position,
            delegation="" if command.head or delegation is None else str(delegation.delegation),
        )
    ]


def _covers(delegation: Delegation, asked: Ask, command: Give) -> bool:
    return delegation.unit == asked.to_unit and delegation.holds(command.by, command.at)


def evolve(state: Consulted, event: Event) -> Consulted:
    match event:
        case OpinionAsked():
            asked = Ask(
                document=event.document,
                application=event.application,
                from_unit=event.from_unit,
                to_unit=event.to_unit,
                number=event.number,
                pupil=event.pupil,
                text=event.text,
                at=event.arrived_at,
            )
            return replace(state, asked=asked)
        case OpinionGiven():
            return replace(state, opinion=event.opinion, given=event.number, signed_by=event.signed_by)
        case _:
            return state


opinion: Decider[Consulted] = Decider("opinion", initial, decide, evolve, (OpinionAsked, OpinionGiven))
