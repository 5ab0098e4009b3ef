"""What came over the exchange and could not be used by itself: set aside, until somebody has looked at it."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias
from uuid import UUID, uuid5

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.transfers import ArrivalReason, ArrivalSetAside, ArrivalSettled
from services.transfers.domain.dossier import NAMESPACE

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """Keep what arrived for a person. The same content for the same unit is one arrival."""

    arrival: UUID
    unit: str
    reason: ArrivalReason
    digest: str
    size: int
    at: dt.datetime
    sender: str = ""
    document_id: str = ""
    response_to: str = ""
    number: str = ""
    application: str = ""
    fault: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settle:
    """It was looked at, and needs nothing more."""

    by: str
    at: dt.datetime


Command: TypeAlias = SetAside | Settle


NOBODY = UUID(int=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    phase: Literal["none", "aside", "settled"] = "none"
    arrival: UUID = NOBODY
    unit: str = ""
    digest: str = ""


initial = Arrival()


def decide(command: Command, state: Arrival) -> list[Event]:
    match command, state.phase:
        case SetAside(), "none":
            return [
                ArrivalSetAside(
                    arrival=command.arrival,
                    unit=command.unit,
                    reason=command.reason,
                    digest=command.digest,
                    size=command.size,
                    sender=command.sender,
                    document_id=command.document_id,
                    response_to=command.response_to,
                    number=command.number,
                    application=command.application,
                    arrived_at=command.at,
                    fault=command.fault,
                )
            ]
        case Settle(), "aside":
            return [ArrivalSettled(arrival=state.arrival, unit=state.unit, by=command.by, settled_at=command.at)]
        case Settle(), "none":
            raise Rejected("no_such_arrival", Text("Không có văn bản đến này.", "There is no such arrival."))
        case _:
            return []


def evolve(state: Arrival, event: Event) -> Arrival:
    match event:
        case ArrivalSetAside():
            return Arrival(phase="aside", arrival=event.arrival, unit=event.unit, digest=event.digest)
        case ArrivalSettled():
            return replace(state, phase="settled")
        case _:
            return state


arrival: Decider[Arrival] = Decider("arrival", initial, decide, evolve, (ArrivalSetAside, ArrivalSettled))


def arrival_id(unit: str, digest: str) -> UUID:
    """What names an arrival: for whom it came, and its content."""
    return uuid5(NAMESPACE, f"{unit} {digest}")


def arrival_stream(id: UUID) -> str:
    return f"arrival-{id}"
