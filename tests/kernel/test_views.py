"""Views are folds and totals are sums: whatever comes, in whatever batches, they are what a slow model says."""

import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toy
from kernel.handlers import Row, Total, View
from kernel.service import Service
from kernel.views import Mismatch, Views, differences
from schemas.event import Event, Meta, Recorded
from toy import ACTOR, BoxRow, Closed, Dropped, Moved, Opened, Weighed, message

UNITS = st.sampled_from("ABC")
WEIGHTS = st.integers(0, 3)
EVENTS = st.one_of(
    st.builds(Opened, unit=UNITS, weight=WEIGHTS, person=st.none()),
    st.builds(Moved, to=UNITS),
    st.builds(Weighed, weight=WEIGHTS),
    st.builds(Closed),
    st.builds(Dropped),
)
LIVES = st.lists(st.tuples(st.sampled_from(["box-1", "box-2", "box-3"]), EVENTS), max_size=25)
CUTS = st.lists(st.integers(1, 6), min_size=30, max_size=30)


def slow(life: list[tuple[str, Event]]) -> tuple[dict[str, Any], dict[Any, Any], dict[str, int]]:
    """Boxes, totals and units, one event after the other, the totals counted again from nothing."""
    boxes: dict[str, tuple[str, int, str]] = {}
    opened: dict[str, int] = {}
    for stream, event in life:
        row = boxes.get(stream)
        match event:
            case Opened(unit=unit, weight=weight):
                boxes[stream] = (unit, weight, "open")
                opened[unit] = opened.get(unit, 0) + 1
            case Moved(to=to) if row:
                boxes[stream] = (to, row[1], row[2])
            case Weighed(weight=weight) if row:
                boxes[stream] = (row[0], weight, row[2])
            case Closed() if row:
                boxes[stream] = (row[0], row[1], "closed")
            case Dropped():
                boxes.pop(stream, None)
    sums: dict[Any, Any] = {}
    for unit, weight, state in boxes.values():
        count, total = sums.get((unit, state), (0, 0))
        sums[unit, state] = (count + 1, total + weight)
    return boxes, sums, opened


async def shown(service: Service) -> tuple[dict[str, Any], dict[Any, Any], dict[str, int]]:
    rows = await toy.rows(service.pool)
    return (
        {stream: (unit, weight, state) for stream, unit, weight, state, _ in rows["box"]},
        {(unit, state): (boxes, weight) for unit, state, boxes, weight in rows["per_unit"]},
        {unit: opened for unit, opened, _ in rows["unit"]},
    )


@pytest.mark.parametrize("many", [1, 3, 200])
@given(life=LIVES, cuts=CUTS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
async def test_after_every_batch_rows_and_totals_are_what_the_slow_model_says(
    service: Service, monkeypatch: pytest.MonkeyPatch, many: int, life: list[tuple[str, Event]], cuts: list[int]
) -> None:
    """However many rows it takes until only what differs of them is written."""
    monkeypatch.setattr("kernel.views.MANY", many)
    await service.pool.execute("TRUNCATE truth.heard, view.box, view.per_unit, view.unit")
    feed = [message(n, stream, event, number=n + 1) for n, (stream, event) in enumerate(life)]
    done = 0
    for cut in cuts:
        if done >= len(feed):
            break
        await service.hear("topic", 0, feed[done : done + cut])
        done = min(len(feed), done + cut)
        assert await shown(service) == slow(life[:done])


PAIRS = st.lists(
    st.tuples(*[st.none() | st.builds(lambda u, w, s: (u, w, s), UNITS, WEIGHTS, st.sampled_from("oc"))] * 2),
    max_size=8,
)


@given(pairs=PAIRS)
def test_differences_are_the_sums_after_less_the_sums_before(pairs: list[tuple[Any, Any]]) -> None:
    def row(given: Any) -> BoxRow | None:
        return given and BoxRow(stream="", unit=given[0], weight=given[1], state=given[2], at=dt.datetime.now(dt.UTC))

    (total,) = toy.boxes.totals
    expected: dict[Any, list[int]] = {}
    for pair in pairs:
        for sign, each in zip((-1, 1), pair, strict=True):
            if each:
                sums = expected.setdefault((each[0], each[2]), [0, 0])
                sums[0] += sign
                sums[1] += sign * each[1]
    found = differences(total, [(row(old), row(new)) for old, new in pairs])
    assert found == {key: tuple(sums) for key, sums in expected.items() if any(sums)}


async def test_a_total_that_comes_down_to_nothing_has_no_row(service: Service) -> None:
    await service.hear("t", 0, [message(0, "box-1", Opened(unit="A", weight=0))])
    assert (await shown(service))[1] == {("A", "open"): (1, 0)}
    await service.hear("t", 0, [message(1, "box-1", Dropped(), number=2)])
    assert (await shown(service))[:2] == ({}, {})


async def test_a_row_made_and_unmade_in_one_batch_leaves_no_trace(service: Service) -> None:
    await service.hear(
        "t", 0, [message(0, "box-1", Opened(unit="A", weight=4)), message(1, "box-1", Dropped(), number=2)]
    )
    assert (await shown(service))[:2] == ({}, {})


async def test_a_late_correction_moves_the_whole_share(service: Service) -> None:
    await service.hear("t", 0, [message(0, "box-1", Opened(unit="A", weight=4)), message(1, "box-2", Opened(unit="A"))])
    await service.hear("t", 0, [message(2, "box-1", Moved(to="B"), number=2)])
    assert (await shown(service))[1] == {("A", "open"): (1, 1), ("B", "open"): (1, 4)}


async def test_partitions_heard_at_the_same_time_lose_no_share_of_a_common_total(
    service: Service, second: Service
) -> None:
    """They write the same rows of the same totals, in other orders."""

    async def partition(n: int, by: Service) -> None:
        done = 0
        units = "ABCD" if n % 2 else "DCBA"
        for batch in range(10):
            feed = []
            for _ in range(8):
                unit = units[(done + batch) % 4]
                feed.append(message(done, f"box-{n}-{done // 2}", Opened(unit=unit) if done % 2 == 0 else Dropped()))
                done += 1
            await by.hear("t", n, feed[:3] if batch == 9 else feed)

    await asyncio.gather(*(partition(n, (service, second)[n % 2]) for n in range(4)))
    boxes, sums, _ = await shown(service)
    assert sum(count for count, _ in sums.values()) == len(boxes) == 4
    assert await service.pool.fetchval("SELECT sum(opened) FROM view.unit") == 4 * (9 * 4 + 2)


def recorded(event: Event) -> Recorded:
    now = dt.datetime.now(dt.UTC)
    meta = Meta(actor=ACTOR, happened_at=now, recorded_at=now)
    return Recorded(id=UUID(int=1), stream="s", number=1, meta=meta, event=event)


async def test_keys_of_every_usual_type_find_their_row_again(service: Service) -> None:
    await service.pool.execute("CREATE TABLE view.wide (id uuid, day date, many text, PRIMARY KEY (id, day))")
    key = (UUID(int=7), dt.date(2026, 5, 10))

    class Seen(Row, frozen=True):
        id: UUID
        day: dt.date
        many: str

    view = View(
        "wide",
        Seen,
        {Closed: lambda row, _: Seen(id=key[0], day=key[1], many=(row.many if row else "") + "x")},
        key=lambda _: key,
        key_columns=("id", "day"),
    )
    views = Views((view,))
    async with service.pool.acquire() as connection:
        await views.prepare(connection)
        for _ in range(2):
            stage = await views.stage(connection, [recorded(Closed())])
            stage.take(recorded(Closed()))
            await views.write(connection, stage)
    assert await service.pool.fetchval("SELECT many FROM view.wide") == "xx"


@pytest.mark.parametrize("change", ["ADD COLUMN more text", "DROP COLUMN state", "RENAME COLUMN unit TO units"])
async def test_a_table_that_is_not_what_the_row_says_is_refused(service: Service, change: str) -> None:
    await service.pool.execute(f"ALTER TABLE view.box {change}")
    async with service.pool.acquire() as connection:
        with pytest.raises(Mismatch):
            await Views(toy.definition.views).prepare(connection)


async def test_one_view_that_can_not_fold_an_event_changes_no_other_view(service: Service) -> None:
    toy.broken.add("A")
    await service.hear("t", 0, [message(0, "box-1", Opened(unit="A"))])
    assert await shown(service) == ({}, {}, {})


async def test_a_total_s_table_holds_its_sums_and_nothing_else(service: Service) -> None:
    odd = View("box", BoxRow, {}, totals=(Total("per_unit", ("unit",), ("boxes",), lambda _: []),))
    async with service.pool.acquire() as connection:
        with pytest.raises((Mismatch, asyncpg.PostgresError)):
            await Views((odd,)).prepare(connection)
