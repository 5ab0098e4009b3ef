"""What falls due among very many open clocks: one look of deadlines' timer, 5,000 due among a million that are open.

Ours is the duty "clocks" as the timer does it once all is heard: what is due is found by the index on `alarm_at`, then
read, folded, decided and appended by pages. The peer is the naive way: the moment of every open clock is read from the
view, page by page, and compared in Python; what is due is settled by the very same code. Both must come to as many
events. The million is in the view alone; those that fall due have their streams too. After each round what was appended
is taken away again, so that each finds the same.

Settling costs both sides the same, so the ratio says less than the looks alone do: `what` has them, with nothing due.
"""

import datetime as dt
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec

from bench.data import SEED
from bench.ground import Ground, as_row, fill_events
from bench.harness import Pair, Scale
from kernel import wire
from kernel.service import Service
from kernel.store import Draft
from kernel.timer import PAGE, Timer
from kernel.wire import Message
from schemas.event import Actor, Meta, encode
from schemas.intake import Promise
from schemas.rules import Cited
from services.deadlines.app import definition
from services.deadlines.domain.clock import Start, clock, clock_stream
from services.deadlines.policy import duties
from services.deadlines.projection.clock import ClockRow

NAME = "timer"
OPEN = 1_000_000
DUE = 5_000
RECEIVED = dt.datetime(2026, 8, 24, 3, tzinfo=dt.UTC)
DUE_AT = dt.datetime(2026, 9, 7, 10, tzinfo=dt.UTC)
NOW = DUE_AT + dt.timedelta(hours=1)
[NOTICE] = [each for each in duties if each.name == "clocks"]
OTHERS = {  # what the clocks that are not due have of their own
    "stream": "'clock-' || gen_random_uuid()",
    "due_at": "c.due_at + interval '1 day' + n * interval '1 second'",
    "alarm_at": "c.due_at + interval '1 day' + n * interval '1 second'",
}
FILL = (
    "WITH c AS MATERIALIZED (SELECT * FROM view.clock LIMIT 1)"
    " INSERT INTO view.clock ({columns}) SELECT {values} FROM c, generate_series(1, $1::integer) n"
)
INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'view' AND tablename = 'clock'"
    " AND indexname <> 'clock_pkey'"
)
ALL_OPEN = "SELECT alarm_at AS at, stream FROM view.clock WHERE phase IN ('running', 'paused')"
TAKE_AWAY = "WITH gone AS (DELETE FROM truth.events WHERE row > $1 RETURNING 1) SELECT count(*) FROM gone"


@asynccontextmanager
async def pair(ground: Ground, scale: Scale) -> AsyncIterator[Pair]:
    count, due = scale.of(OPEN), scale.of(DUE)
    await ground.databases("deadlines")
    service = Service(definition, ground.settings)
    await service.open()
    try:
        last = await _fill(service, count, due)
        connection = await service.pool.acquire()

        async def ours(now: dt.datetime = NOW) -> None:
            await Timer(service)._do(connection, NOTICE, now)

        async def naive(now: dt.datetime = NOW) -> None:
            timer, rows = Timer(service), []
            async with connection.transaction():
                async for row in connection.cursor(ALL_OPEN, prefetch=10_000):
                    if row["at"] is not None and row["at"] < now:
                        rows.append(row)
            for start in range(0, len(rows), PAGE):
                await timer._page(connection, NOTICE, rows[start : start + PAGE], now)

        async def timed(side: Any) -> float:
            started = time.perf_counter()
            await side()
            took = time.perf_counter() - started
            emitted = await connection.fetchval(TAKE_AWAY, last)
            await connection.execute("DELETE FROM truth.outbox")
            if emitted != 2 * due:  # approaching, then overdue
                raise RuntimeError(f"{emitted} events of {due} clocks")
            return due / took

        async def idle(side: Any) -> float:
            """The median of five looks with nothing due, in milliseconds."""
            times = []
            for _ in range(5):
                started = time.perf_counter()
                await side(RECEIVED)
                times.append((time.perf_counter() - started) * 1_000)
            return statistics.median(times)

        looks = await idle(ours), await idle(naive)
        seconds = due / await timed(ours)
        what = (
            f"{due:,} due among {count:,} open, found by index and settled ({seconds:.1f} s at first) ÷"
            " every open clock looked at and settled alike;"
            f" with nothing due {looks[0]:.1f} ms against {looks[1]:,.0f} ms"
        )
        yield Pair(NAME, what, "clocks/s", 10, lambda: timed(ours), lambda: timed(naive))
    finally:
        await service.close()


async def _fill(service: Service, count: int, due: int) -> int:
    """The clocks that fall due, as events and in the view, and all the others; answers the events' last row."""
    dice, known = random.Random(SEED), await service.known()
    meta = msgspec.json.encode(
        Meta(actor=Actor(id="bench", roles=("system",)), happened_at=RECEIVED, recorded_at=RECEIVED)
    )
    drafts = []
    for number in range(due):
        application = f"application-{_uuid(dice)}"
        start = _start(application, f"H99.2-260824-{number:04d}", _uuid(dice), known)
        for n, event in enumerate(clock.decide(start, clock.initial), 1):
            draft = Draft(_uuid(dice), clock_stream(application), n, event.type, event.version, meta, encode(event))
            drafts.append(draft)
    rows = [as_row(draft, position) for position, draft in enumerate(drafts, 1)]
    messages = [
        Message(offset, dict(wire.headers(b"/motcua/deadlines", 1, row)), row["data"])
        for offset, row in enumerate(rows)
    ]
    columns = ClockRow.__struct_fields__
    values = ", ".join(OTHERS.get(each, f"c.{each}") for each in columns)
    async with service.pool.acquire() as connection:
        await fill_events(connection, drafts)
        await service.hear(service.settings.topic("deadlines"), 0, messages)
        indexes = await connection.fetch(INDEXES)
        for index in indexes:  # made again at the end, which is much faster
            await connection.execute(f"DROP INDEX view.{index['indexname']}")
        fill = FILL.format(columns=", ".join(columns), values=values)
        await connection.execute(fill, count - due, timeout=900)
        for index in indexes:
            await connection.execute(index["indexdef"], timeout=900)
        await connection.execute("VACUUM ANALYZE view.clock", timeout=900)
        return int(await connection.fetchval("SELECT max(row) FROM truth.events"))


def _start(application: str, code: str, subject: UUID, known: Any) -> Start:
    promise = Promise(
        due_at=DUE_AT,
        amount=8,
        unit="working_days",
        counted_from=RECEIVED.date(),
        cut_off="15:00",
        calendar="2026",
        rule=Cited(pack="2026", version="1", name="any", basis="NĐ 118/2025/NĐ-CP"),
    )
    return Start(
        known=known,
        application=application,
        code=code,
        procedure="2.002854",
        procedure_name="Chuyển trường đối với học sinh trung học phổ thông",
        level="upper_secondary",
        channel="online",
        received_by="thpt-le-loi",
        decided_by="thpt-le-loi",
        subject=subject,
        received_at=RECEIVED,
        promise=promise,
    )


def _uuid(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)
