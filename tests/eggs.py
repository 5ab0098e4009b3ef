"""A service of moments, as small as one can be, for tests of the timer: an egg is laid with the hours at which it is
due to be turned, and at each of them, unless somebody took it before, it is turned.

`broken` holds streams for which deciding fails; `asked` counts how often the duty asked about a stream.
"""

import asyncio
import datetime as dt
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from kernel import store
from kernel.decider import Decider
from kernel.handlers import Answer, Duty, Row, View
from kernel.service import Definition, Service
from kernel.settings import Settings
from kernel.store import Append, Draft
from kernel.timer import Timer
from schemas.event import Event, Meta, Recorded, encode, event
from toy import ACTOR, NAME, OTHER, Asked

TABLES = Path(__file__).with_name("eggs.sql")
MORNING = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

broken: set[str] = set()
asked: Counter[str] = Counter()


def forget() -> None:
    broken.clear()
    asked.clear()


@event("egg.laid")
class Laid(Event, frozen=True):
    """An egg was laid, to be turned first at a moment, and then each hour, so many times."""

    first: dt.datetime
    times: int = 1


@event("egg.turned")
class Turned(Event, frozen=True):
    """It was time to turn an egg."""

    became_at: dt.datetime
    noticed_at: dt.datetime


@event("egg.taken")
class Taken(Event, frozen=True):
    """An egg was taken out; it need not be turned any more."""


@dataclass(frozen=True)
class Lay:
    first: dt.datetime
    times: int = 1


@dataclass(frozen=True)
class Take: ...


@dataclass(frozen=True)
class Notice:
    now: dt.datetime


@dataclass(frozen=True)
class Egg:
    next: dt.datetime | None = None
    times: int = 0


def decide(command: Any, state: Egg) -> Sequence[Event]:
    match command:
        case Lay(first=first, times=times) if state.next is None:
            return [Laid(first=first, times=times)]
        case Take() if state.times:
            return [Taken()]
        case Notice(now=now) if state.next is not None:
            moments = [state.next + n * HOUR for n in range(state.times)]
            return [Turned(became_at=each, noticed_at=now) for each in moments if each <= now]
    return []


def evolve(state: Egg, event: Event) -> Egg:
    match event:
        case Laid(first=first, times=times):
            return Egg(first, times)
        case Turned(became_at=at):
            return Egg(at + HOUR, state.times - 1)
        case Taken():
            return replace(state, times=0)
    return state


egg = Decider("egg", Egg(), decide, evolve)


class EggRow(Row, frozen=True):
    stream: str
    at: dt.datetime | None
    times: int


def _shown(row: EggRow | None, recorded: Recorded) -> EggRow | None:
    match recorded.event:
        case Laid(first=first, times=times):
            return EggRow(stream=recorded.stream, at=first, times=times)
        case Turned(became_at=at) if row:
            left = row.times - 1
            return msgspec.structs.replace(row, at=at + HOUR if left else None, times=left)
        case Taken() if row:
            return msgspec.structs.replace(row, at=None, times=0)
    return row


def _notice(row: Mapping[str, Any], now: dt.datetime, _: Any) -> Answer | None:
    asked[row["stream"]] += 1
    if row["stream"] in broken:
        raise LookupError(f"{row['stream']} is broken")
    return Answer(egg, row["stream"], Notice(now))


def _take(recorded: Recorded, _: Any) -> Sequence[Answer]:
    """Whoever asks for an egg names it where others name their unit."""
    event: Any = recorded.event
    return [Answer(egg, event.unit, Take())]


DUE = (
    "SELECT at, stream FROM view.egg WHERE at <= $1 AND (at, stream) > ($2::timestamptz, $3::text)"
    " ORDER BY at, stream LIMIT $4"
)
turning = Duty("turn", DUE, _notice)

definition = Definition(
    name=NAME,
    deciders=(egg,),
    hears=(NAME, OTHER),
    views=(View("egg", EggRow, {Laid: _shown, Turned: _shown, Taken: _shown}),),
    policy={Asked: _take},
    tables=TABLES,
    duties=(turning,),
)


def name(n: int) -> str:
    return f"egg-{UUID(int=n)}"


async def lay(service: Service, count: int, first: dt.datetime, times: int = 1) -> list[str]:
    """So many new eggs at once."""
    now = service.clock.now()
    meta = msgspec.json.encode(Meta(actor=ACTOR, happened_at=now, recorded_at=now))
    start = await service.pool.fetchval("SELECT count(*) FROM truth.events WHERE type = $1", Laid.type)
    streams = [name(start + n) for n in range(1, count + 1)]
    data = encode(Laid(first=first, times=times))
    appends = [
        Append(UUID(int=start + n), [Draft(UUID(int=start + n), stream, 1, Laid.type, 1, meta, data)])
        for n, stream in enumerate(streams, 1)
    ]
    assert set(await store.append(service.pool, appends)) == {"appended"}
    return streams


async def turned(service: Service) -> list[str]:
    """The streams of all turns, in their order."""
    rows = await service.pool.fetch("SELECT stream FROM truth.events WHERE type = $1 ORDER BY row", Turned.type)
    return [row["stream"] for row in rows]


async def keep_time(settings: Settings, now: dt.datetime) -> None:
    """The timer alone, until it is killed."""
    service = Service(definition, settings)
    service.clock.set(now)
    await service.open()
    await Timer(service).run()


if __name__ == "__main__":
    asyncio.run(keep_time(Settings(), dt.datetime.fromisoformat(sys.argv[1])))
