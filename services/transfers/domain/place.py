"""The places of one class, given by the time of submission, whatever the order of arrival.

Reserved are the first (places − taken) of the asks that have not taken theirs, by (submitted_at, transfer). One that
was submitted earlier and arrives later displaces the latest reserved one; a place given back goes to the first who
waits.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from kernel.decider import Decider, Rejected, Text
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
from services.transfers.domain.dossier import class_stream
from services.transfers.domain.queue import Queue

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
    """A case asks for a place. A class that is not opened yet keeps the queue, without places. `entered_late`: the
    dossier was entered later than it was handed in."""

    class_id: str
    school: str
    transfer: str
    submitted_at: dt.datetime
    entered_late: bool = False


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


# State

Turn: TypeAlias = tuple[dt.datetime, str]
"""When a case was submitted, and which it is: whoever comes first by this is served first."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """What the next decision may depend on. Each ask is in one of three: it waits, has a reserved place, or has taken
    it. `asked` finds its turn, `refused` the last decision of a case that was refused for want of a place. (A struct,
    like the queues in it, because a class may be asked ten thousand times, and a struct is made anew ten times
    faster.)"""

    class_id: str = ""
    school: str = ""
    opened: bool = False
    places: int = 0
    grade: int = 0
    year: int = 0
    name: str = ""
    subjects: tuple[str, ...] = ()
    asked: Queue[tuple[str, dt.datetime]] = Queue()
    waiting: Queue[Turn] = Queue()
    reserved: Queue[Turn] = Queue()
    taken: Queue[Turn] = Queue()
    refused: Queue[tuple[str, int]] = Queue()

    def turn(self, transfer: str) -> Turn | None:
        """When this case was submitted; None: it has not asked."""
        found = self.asked.after((transfer,))
        return (found[1], transfer) if found and found[0] == transfer else None

    def refused_in(self, transfer: str) -> int:
        """The last decision of this case that was refused for want of a place, 0: none."""
        found = self.refused.after((transfer,))
        return found[1] if found and found[0] == transfer else 0

    @property
    def free(self) -> int:
        """Places that nobody has; negative where more are kept than there are (any more)."""
        return self.places - self.taken.size - self.reserved.size


initial = Places()

# Decide


def decide(command: Command, state: Places) -> list[Event]:
    match command:
        case OpenClass():
            return _open(command, state)
        case ChangePlaces():
            return _change(command, state)
        case Ask(transfer=transfer) if not state.turn(transfer):
            asked = PlaceAsked(
                class_id=command.class_id,
                school=command.school,
                transfer=transfer,
                submitted_at=command.submitted_at,
                entered_late=command.entered_late,
            )
            return _settled([asked], state, late=transfer if command.entered_late else "")
        case Take():
            return _take(command, state)
        case GiveBack(transfer=transfer) if state.turn(transfer):
            back = PlaceGivenBack(class_id=state.class_id, school=state.school, transfer=transfer)
            return _settled([back], state)
        case _:
            return []


def _settled(events: list[Event], state: Places, late: str = "") -> list[Event]:
    """These events, and what follows from them so that the first ones have the places. As much work as changes. `late`:
    the case that has just asked, where it was entered late."""
    for each in events:
        state = evolve(state, each)
    while following := _next(state, late):
        for each in following:
            state = evolve(state, each)
        events = [*events, *following]
    return events


def _next(state: Places, late: str) -> list[Event]:
    where: dict[str, Any] = {"class_id": state.class_id, "school": state.school}
    first, last = state.waiting.first(), state.reserved.last()
    if last and state.free < 0:
        return [PlacePassedOn(**where, transfer=last[1], to="")]
    if first and state.free > 0:
        return [PlaceReserved(**where, transfer=first[1])]
    if first and last and first < last:
        is_late = first[1] == late
        return [
            PlacePassedOn(**where, transfer=last[1], to=first[1], late=is_late),
            PlaceReserved(**where, transfer=first[1], instead_of=last[1], late=is_late),
        ]
    return []


def _take(command: Take, state: Places) -> list[Event]:
    where: dict[str, Any] = {"class_id": command.class_id, "school": command.school, "transfer": command.transfer}
    turn = state.turn(command.transfer)
    if (turn and turn in state.taken) or command.turn <= state.refused_in(command.transfer):
        return []
    if turn and turn in state.reserved:
        return [PlaceTaken(**where)]
    return [PlaceRefused(**where, turn=command.turn)]


def _open(command: OpenClass, state: Places) -> list[Event]:
    said = (command.school, command.year, command.grade, command.name, command.subjects)
    if state.opened:
        if said == (state.school, state.year, state.grade, state.name, state.subjects):
            return []
        raise Rejected(
            "opened_already",
            Text("Lớp này đã được mở.", "This class was opened already."),
            instead=Text("Sửa số chỗ của lớp đã mở.", "Change the places of the class that is open."),
        )
    _check(command.places, state)
    opened = ClassOpened(
        class_id=class_stream(command.school, command.year, command.grade, command.name),
        school=command.school,
        year=command.year,
        grade=command.grade,
        name=command.name,
        places=command.places,
        subjects=command.subjects,
        opened_at=command.at,
    )
    return _settled([opened], state)


def _change(command: ChangePlaces, state: Places) -> list[Event]:
    if not state.opened:
        raise Rejected(
            "no_such_class",
            Text("Chưa mở lớp này.", "This class is not open."),
            instead=Text("Mở lớp trước, rồi sửa số chỗ.", "Open the class first, then change its places."),
        )
    if command.places == state.places:
        return []
    _check(command.places, state)
    changed = PlacesChanged(class_id=state.class_id, school=state.school, places=command.places, changed_at=command.at)
    return _settled([changed], state)


def _check(places: int, state: Places) -> None:
    """Raises Rejected for fewer places than are taken."""
    if places < state.taken.size:
        raise Rejected(
            "places_taken",
            Text("Đã có {taken} học sinh được nhận vào lớp.", "{taken} pupils were admitted already.").of(
                taken=state.taken.size
            ),
            instead=Text("Nhập số chỗ không nhỏ hơn số đó.", "Enter no fewer places than that."),
            taken=state.taken.size,
        )


# Evolve


def evolve(state: Places, event: Event) -> Places:
    match event:
        case ClassOpened():
            return replace(
                state,
                class_id=event.class_id,
                school=event.school,
                opened=True,
                places=event.places,
                grade=event.grade,
                year=event.year,
                name=event.name,
                subjects=event.subjects,
            )
        case PlacesChanged():
            return replace(state, places=event.places)
        case PlaceAsked(transfer=transfer, submitted_at=at):
            if state.turn(transfer):
                return state
            return replace(
                state,
                class_id=event.class_id,
                school=event.school,
                asked=state.asked.add((transfer, at)),
                waiting=state.waiting.add((at, transfer)),
            )
        case PlaceRefused(transfer=transfer):
            refused = state.refused.drop((transfer, state.refused_in(transfer)))
            return replace(state, refused=refused.add((transfer, event.turn)))
        case PlaceReserved(transfer=transfer) if turn := state.turn(transfer):
            return replace(_out(state, turn), reserved=state.reserved.add(turn))
        case PlacePassedOn(transfer=transfer) if turn := state.turn(transfer):
            return replace(_out(state, turn), waiting=state.waiting.add(turn))
        case PlaceTaken(transfer=transfer) if turn := state.turn(transfer):
            return replace(_out(state, turn), taken=state.taken.add(turn))
        case PlaceGivenBack(transfer=transfer) if turn := state.turn(transfer):
            return replace(_out(state, turn), asked=state.asked.drop((transfer, turn[0])))
        case _:
            return state


def _out(state: Places, turn: Turn) -> Places:
    """Where it is in none of the three."""
    if (waiting := state.waiting.drop(turn)) is not state.waiting:
        return replace(state, waiting=waiting)
    if (reserved := state.reserved.drop(turn)) is not state.reserved:
        return replace(state, reserved=reserved)
    return replace(state, taken=state.taken.drop(turn))


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
