"""Classes with their places, and where pupils go to school."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kernel.handlers import Key, Row, Total, View
from schemas.event import Recorded
from schemas.transfers import (
    ClassOpened,
    PlaceAsked,
    PlaceGivenBack,
    PlacePassedOn,
    PlaceRefused,
    PlaceReserved,
    PlacesChanged,
    PlaceTaken,
    PupilClaimed,
    PupilFreed,
    PupilMoved,
    PupilSchoolCorrected,
)

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]


class ClassRow(Row, frozen=True, kw_only=True):
    """A class that takes pupils who change schools. What is taken, reserved and waited for is in the total `seats`.
    `subjects` is JSON."""

    stream: str
    class_id: str
    school: str
    year: int
    grade: int
    name: str
    places: int
    subjects: str
    opened_at: dt.datetime


def _opened(row: ClassRow | None, recorded: Recorded) -> ClassRow:
    event: Any = recorded.event
    return ClassRow(
        stream=recorded.stream,
        class_id=event.class_id,
        school=event.school,
        year=event.year,
        grade=event.grade,
        name=event.name,
        places=event.places,
        subjects=msgspec.json.encode(event.subjects).decode(),
        opened_at=event.opened_at,
    )


def _changed(row: ClassRow | None, recorded: Recorded) -> ClassRow | None:
    event: Any = recorded.event
    return row and replace(row, places=event.places)


classes = View("class", ClassRow, {ClassOpened: _opened, PlacesChanged: _changed})


class PlaceRow(Row, frozen=True, kw_only=True):
    """What one case has of one class: `status` is waiting, reserved or taken; none where it gave it back."""

    stream: str
    transfer: str
    class_id: str
    submitted_at: dt.datetime | None = None
    status: str = "waiting"


def _asked(row: PlaceRow | None, recorded: Recorded) -> PlaceRow:
    event: Any = recorded.event
    return PlaceRow(
        stream=recorded.stream, transfer=event.transfer, class_id=event.class_id, submitted_at=event.submitted_at
    )


def _to(status: str) -> Any:
    def moved(row: PlaceRow | None, recorded: Recorded) -> PlaceRow | None:
        return row and replace(row, status=status)

    return moved


def _of_place(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (recorded.stream, event.transfer)


def _seats(row: PlaceRow) -> Shares:
    """What one case adds to its class."""
    yield (row.stream,), tuple(int(row.status == each) for each in ("taken", "reserved", "waiting"))


place = View(
    "place",
    PlaceRow,
    {
        PlaceAsked: _asked,
        PlaceReserved: _to("reserved"),
        PlacePassedOn: _to("waiting"),
        PlaceTaken: _to("taken"),
        PlaceRefused: lambda row, recorded: row,
        PlaceGivenBack: lambda row, recorded: None,
    },
    key=_of_place,
    key_columns=("stream", "transfer"),
    totals=(Total("seats", ("stream",), ("taken", "reserved", "waiting"), _seats),),
)


class PupilRow(Row, frozen=True, kw_only=True):
    """Where a pupil goes to school, as far as transfers know ("" : elsewhere, or not known), and their open request."""

    stream: str
    pupil: UUID
    school: str = ""
    class_id: str = ""
    claim: str = ""
    moved_at: dt.datetime | None = None
    moves: int = 0


def _claimed(row: PupilRow | None, recorded: Recorded) -> PupilRow:
    event: Any = recorded.event
    return replace(row or PupilRow(stream=recorded.stream, pupil=event.pupil), claim=event.transfer)


def _freed(row: PupilRow | None, recorded: Recorded) -> PupilRow | None:
    event: Any = recorded.event
    return row and replace(row, claim="" if row.claim == event.transfer else row.claim)


def _moved(row: PupilRow | None, recorded: Recorded) -> PupilRow:
    event: Any = recorded.event
    known = row or PupilRow(stream=recorded.stream, pupil=event.pupil)
    return replace(
        known,
        school=event.to_school,
        class_id=event.to_class,
        claim="" if known.claim == event.transfer else known.claim,
        moved_at=event.moved_at,
        moves=known.moves + 1,
    )


def _put_right(row: PupilRow | None, recorded: Recorded) -> PupilRow | None:
    event: Any = recorded.event
    return row and replace(row, school=event.school, class_id="")


pupil = View(
    "pupil",
    PupilRow,
    {PupilSchoolCorrected: _put_right, PupilClaimed: _claimed, PupilFreed: _freed, PupilMoved: _moved},
)
