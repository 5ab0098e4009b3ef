"""Open clocks to measure with: each is what the domain decides of a receipt, folded by the view's own function.

Received in August 2026 with eight working days in three stages, as procedures of education have. All of them fall due
at closing time, hence many at one moment, which is what a timer has to stand.
"""

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from bench.ground import fill_events
from kernel.calendar import ZONE, Calendar
from kernel.calendars import seed
from kernel.decider import fold
from kernel.store import Draft
from schemas.event import Actor, Event, Meta, Recorded, encode
from schemas.intake import Promise, StageDue
from schemas.rules import Cited
from services.deadlines.api.reference import rules
from services.deadlines.domain import clock as life
from services.deadlines.domain.clock import clock, clock_stream
from services.deadlines.domain.counting import recounted
from services.deadlines.domain.rules import Known
from services.deadlines.projection.clock import ClockRow
from services.deadlines.projection.clock import clock as view

AMOUNT = 8
RULE = Cited(pack="catalogue", version="H", name="processing_time", basis="TT 15/2026/TT-BGDĐT")
STAGES = (("one_stop", 1), ("expert", 6), ("head", 1))
UNITS = tuple(f"thpt-{n:03}" for n in range(120))
COLUMNS = ClockRow.__struct_fields__


@dataclass(frozen=True)
class Life:
    """One clock: its row, and the events behind it."""

    row: ClockRow
    drafts: Sequence[Draft]


def moment(day: int, hour: int = 10, minute: int = 0) -> dt.datetime:
    """A moment of August 2026 by the clock on the wall in Việt Nam."""
    return dt.datetime(2026, 8, day, hour, minute, tzinfo=ZONE).astimezone(dt.UTC)


def known(calendar: Calendar) -> Known:
    return Known(calendar=calendar, number=calendar.number, rules=rules)


def promised(received: dt.datetime) -> Promise:
    """What the receipt says."""
    calendar = seed()
    bare = Promise(
        due_at=received,
        amount=AMOUNT,
        unit="working_days",
        counted_from=received.date(),
        cut_off="15:00",
        calendar=calendar.version,
        rule=RULE,
        stages=tuple(StageDue(role=role, due_at=received, weight=weight) for role, weight in STAGES),
    )
    return recounted(bare, received, (), calendar)


def lives(count: int, days: Sequence[int], until: dt.datetime) -> list[Life]:
    """Clocks that were received on these days of August, with what time had brought by `until`; the same for the
    same arguments."""
    dice = random.Random(f"{count} {days} {until}")
    return [
        _life(dice, moment(days[n % len(days)], dice.randint(8, 14), dice.randrange(60)), until) for n in range(count)
    ]


def _life(dice: random.Random, received: dt.datetime, until: dt.datetime) -> Life:
    id, unit, told = UUID(int=dice.getrandbits(128)), dice.choice(UNITS), known(seed())
    start = life.Start(
        known=told,
        application=f"application-{id}",
        code=f"H99.12-2608{received.day:02}-{dice.randrange(10**6):06}",
        procedure="2.002854",
        procedure_name="Chuyển trường và tiếp nhận học sinh học tại các cơ sở giáo dục phổ thông",
        level="upper_secondary",
        channel="online",
        received_by=unit,
        decided_by=unit,
        subject=UUID(int=dice.getrandbits(128)),
        received_at=received,
        promise=promised(received),
    )
    events: list[Event] = list(life.decide(start, clock.initial))
    events += life.decide(life.Notice(known=told, now=until), fold(clock, events))
    stream, row, drafts = clock_stream(start.application), None, []
    actor = Actor(id="motcua:deadlines", roles=("system",))
    meta = Meta(actor=actor, happened_at=received, recorded_at=received)
    for number, event in enumerate(events, 1):
        recorded = Recorded(id=UUID(int=dice.getrandbits(128)), stream=stream, number=number, meta=meta, event=event)
        if type(event) in view.evolve:
            row = view.evolve[type(event)](row, recorded)
        drafts.append(
            Draft(recorded.id, stream, number, event.type, event.version, msgspec.json.encode(meta), encode(event))
        )
    if row is None:
        raise RuntimeError("a receipt came to no clock")
    return Life(row, drafts)


async def fill(connection: Any, made: Iterable[Life], table: str = "clock") -> None:
    """These clocks into the view."""
    rows = [msgspec.structs.astuple(each.row) for each in made]
    await connection.copy_records_to_table(table, schema_name="view", columns=COLUMNS, records=rows)


async def fill_truth(connection: Any, made: Iterable[Life]) -> None:
    """The events behind them into the store, as if they had been sealed and heard long ago."""
    await fill_events(connection, [draft for each in made for draft in each.drafts])


async def without_indexes(connection: Any) -> list[str]:
    """Take the indexes of the view away to fill it; answers how they are made again."""
    key = "ALTER TABLE view.clock ADD CONSTRAINT clock_pkey PRIMARY KEY (stream)"
    found = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'view' AND tablename = 'clock'"
        " AND indexname <> 'clock_pkey'"
    )
    for each in found:
        await connection.execute(f"DROP INDEX view.{each['indexname']}")
    await connection.execute("ALTER TABLE view.clock DROP CONSTRAINT clock_pkey")
    return [*(each["indexdef"] for each in found), key]


async def with_indexes(connection: Any, made: Iterable[str]) -> None:
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for each in made:
        await connection.execute(each)
    await connection.execute("ANALYZE view.clock")


# As many more clocks as one likes, of these: another dossier each, everything else as it is.
MULTIPLY = """
INSERT INTO view.clock ({columns})
SELECT {values} FROM (
    SELECT made.*, n, gen_random_uuid()::text AS other
    FROM view.clock AS made CROSS JOIN generate_series(1, $1::int) AS n
) AS more
""".format(
    columns=", ".join(COLUMNS),
    values=", ".join(
        {
            "stream": "'clock-' || other",
            "application": "'application-' || other",
            "tracking": "left(other, 11)",
            "code": "code || '-' || n",
        }.get(name, name)
        for name in COLUMNS
    ),
)
