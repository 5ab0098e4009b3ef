"""The places of one class, given by the time of submission, whatever the order of arrival.

Reserved are the first (places − taken) of the asks that have not taken theirs, by (submitted_at, transfer). One that was
submitted earlier and arrives later displaces the latest reserved one; a place given back goes to the first who waits.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TypeAlias

from kernel.decider import Decider
from schemas.event import Event
from schemas.transfers import (
    ClassOpened,
    PlaceAsked,
    PlaceGivenBack,
    PlacePassedOn,
    PlaceRefused,
    PlaceReserved,
    PlacesChanged,
    PlaceTaken,
)

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenClass:
    """Let a class take pupils who change schools. Its stream is `class_stream(school, year, grade, name)`."""

    school: str
    year: int
    grade: int
    name: str
    places: int
    at: dt.datetime
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangePlaces:
    """Let it have another number of places, not fewer than are taken."""

    places: int
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A case asks for a place. A class that is not opened yet keeps the queue, without places."""

    class_id: str
    school: str
    transfer: str
    submitted_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Take:
    """The head decided for this case. `turn` counts the decisions of the case, so that each is answered once."""

    class_id: str
    school: str
    transfer: str
    turn: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveBack:
    """The case needs its place, or its turn in the queue, no longer."""

    transfer: str


Command: TypeAlias = OpenClass | ChangePlaces | Ask | Take | GiveBack


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """What the next decision may depend on."""

    class_id: str = ""
    school: str = ""
    opened: bool = False
    places: int = 0


initial = Places()


def decide(command: Command, state: Places) -> list[Event]:
    return []


def evolve(state: Places, event: Event) -> Places:
    return state


school_class: Decider[Places] = Decider(
    "class",
    initial,
    decide,
    evolve,
    (
        ClassOpened,
        PlacesChanged,
        PlaceAsked,
        PlaceReserved,
        PlacePassedOn,
        PlaceTaken,
        PlaceRefused,
        PlaceGivenBack,
    ),
)
