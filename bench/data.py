"""The events that are measured with: made up from a fixed seed, 700 bytes of data each, Zipf keys over 20,000 streams.

About half of an event's bytes are random letters, as a sealed person is in a real one, so compression can't flatter
anyone. The view that is folded from them has rows and totals that move, because those are what dashboards need.
"""

import base64
import datetime as dt
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from kernel.decider import Decider
from kernel.handlers import Key, Row, Total, View
from kernel.service import Definition
from kernel.store import Append, Draft
from schemas.event import Actor, Event, Meta, Recorded, encode, event

SEED = 20260101
STREAMS = 20_000
SIZE = 700
STATUSES = ("received", "in_process", "supplement_asked", "resolved", "handed_over")
TABLES = Path(__file__).with_name("tables.sql")


@event("bench.moved")
class Moved(Event, frozen=True, kw_only=True):
    """Something about a dossier moved: the shape of what services say, without their words."""

    unit: str
    status: str
    amount: int
    sealed: str
    note: str


class Dossier(Row, frozen=True, kw_only=True):
    """One stream as it stands."""

    stream: str
    unit: str
    status: str
    events: int
    amount: int


def _moved(row: Dossier | None, recorded: Recorded) -> Dossier:
    event: Any = recorded.event
    if row is None:
        return Dossier(stream=recorded.stream, unit=event.unit, status=event.status, events=1, amount=event.amount)
    return Dossier(
        stream=row.stream,
        unit=row.unit,
        status=event.status,
        events=row.events + 1,
        amount=row.amount + event.amount,
    )


def _share(row: Dossier) -> Iterable[tuple[Key, tuple[int, ...]]]:
    yield (row.unit, row.status), (1, row.events, row.amount)


DEFINITION = Definition(
    name="bench",
    deciders=(Decider("bench", None, lambda command, state: [], lambda state, event: state),),
    hears=("bench",),
    views=(
        View(
            "dossier",
            Dossier,
            {Moved: _moved},
            totals=(Total("dossier_total", ("unit", "status"), ("dossiers", "events", "amount"), _share),),
        ),
    ),
    policy={},
    tables=TABLES,
)


def drafts(count: int, seed: int = SEED) -> list[Draft]:
    """`count` events in the order in which they happened; each stream's numbers go 1, 2, 3…"""
    dice = random.Random(seed)
    weights = [0.0]
    for rank in range(1, STREAMS + 1):
        weights.append(weights[-1] + 1 / rank)
    names = [f"bench-{_uuid(dice)}" for _ in range(STREAMS)]
    units = [f"unit-{dice.randrange(40):02d}" for _ in range(STREAMS)]
    numbers = [0] * STREAMS
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = []
    for index, key in enumerate(dice.choices(range(STREAMS), cum_weights=weights[1:], k=count)):
        numbers[key] += 1
        at = start + dt.timedelta(seconds=index)
        actor = Actor(id=f"officer-{dice.randrange(400)}", roles=("officer",), unit=units[key])
        status = STATUSES[min(numbers[key] - 1, len(STATUSES) - 1)] if numbers[key] < 20 else dice.choice(STATUSES)
        made.append(
            Draft(
                _uuid(dice),
                names[key],
                numbers[key],
                Moved.type,
                Moved.version,
                msgspec.json.encode(Meta(actor=actor, happened_at=at, recorded_at=at)),
                _data(dice, units[key], status),
            )
        )
    return made


def appends(made: Sequence[Draft]) -> list[Append]:
    """Each event as a command of its own."""
    return [Append(draft.id, [draft]) for draft in made]


def _uuid(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)


def _data(dice: random.Random, unit: str, status: str) -> bytes:
    sealed = base64.b64encode(dice.randbytes(SIZE * 3 // 8)).decode()
    moved = Moved(unit=unit, status=status, amount=dice.randrange(1, 1000), sealed=sealed, note="")
    note = "hồ sơ " * SIZE
    missing = SIZE - len(encode(moved))
    return encode(msgspec.structs.replace(moved, note=_cut(note, missing)))


def _cut(text: str, size: int) -> str:
    """As much of the text as fits into `size` bytes, filled up with spaces."""
    fits = text.encode()[:size].decode(errors="ignore")
    return fits + " " * (size - len(fits.encode()))
