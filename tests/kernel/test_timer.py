"""What time brings: each moment once, by one timer, never before all is heard, whatever is killed or broken."""

import asyncio
import datetime as dt
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import eggs
import toy
from eggs import HOUR, MORNING, Take, Turned, egg, turned
from kernel import metrics, store
from kernel import timer as timing
from kernel.handlers import Answer, Duty
from kernel.relay import Relay
from kernel.run import serve
from kernel.service import Service
from kernel.timer import Timer
from kernel.worker import Worker
from running import environment
from toy import ACTOR, ask, running

NOON = MORNING + 6 * HOUR


async def shown(service: Service, *others: Service) -> None:
    """Everything that was said is on Kafka, and heard."""
    await toy.publish(service, *others)
    await toy.catch_up(service)


def turns(service: Service, count: int) -> Callable[[], Any]:
    async def enough() -> bool:
        return len(await turned(service)) >= count

    return enough


def figure(metric: Any, *labels: str) -> float:
    return float(metric.labels(*labels)._value.get())


def ticked(service: Service, more: int = 1) -> Callable[[], Any]:
    """It has looked again so many times."""
    start = figure(metrics.timer_ticks, service.name)

    async def enough() -> bool:
        return figure(metrics.timer_ticks, service.name) >= start + more

    return enough


async def leads(service: Service) -> list[int]:
    rows = await service.pool.fetch(
        "SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()"
        " WHERE l.locktype = 'advisory' AND l.granted"
        " AND l.objid = (hashtext('motcua.timer')::bigint & 4294967295)::oid"
    )
    return [row["pid"] for row in rows]


def kept(service: Service) -> tuple[Relay, Worker, Timer]:
    return Relay(service.name, service.settings), Worker(service), Timer(service)


# each moment once


async def test_what_falls_due_is_noticed_once_and_nothing_before_its_moment(nest: Service) -> None:
    due = await eggs.lay(nest, 30, MORNING + HOUR)
    later = await eggs.lay(nest, 30, MORNING + 3 * HOUR)
    async with running(*kept(nest)):
        await toy.until(ticked(nest, 2))
        assert await turned(nest) == []
        nest.clock.set(MORNING + 2 * HOUR)
        await toy.until(turns(nest, 30))
        await toy.until(ticked(nest, 3))
        assert sorted(await turned(nest)) == sorted(due)
        nest.clock.set(NOON)
        await toy.until(turns(nest, 60))
        await toy.until(ticked(nest, 3))
    assert Counter(await turned(nest)) == Counter([*due, *later])
    (event,) = (await nest.history(due[0]))[1:]
    assert event.meta.actor.id == "motcua:intake" and event.meta.actor.roles == ("system",)
    assert event.meta.cause is None


async def test_what_was_missed_in_an_outage_is_made_up_for_with_the_moment_it_became_true(nest: Service) -> None:
    (stream,) = await eggs.lay(nest, 1, MORNING + HOUR, times=3)
    await shown(nest)
    nest.clock.set(NOON)
    async with running(*kept(nest)):
        await toy.until(turns(nest, 3))
        await toy.until(ticked(nest, 2))
    events: list[Any] = [each.event for each in (await nest.history(stream))[1:]]
    assert [each.became_at for each in events] == [MORNING + n * HOUR for n in (1, 2, 3)]
    assert all(each.became_at < NOON <= each.noticed_at < NOON + HOUR for each in events)


async def test_an_event_that_time_brought_has_the_same_id_whoever_decided_it(nest: Service) -> None:
    """Should two timers ever decide the same, it is the same event."""
    (stream,) = await eggs.lay(nest, 1, MORNING)
    answer = eggs.turning.answer({"stream": stream}, NOON, None)
    assert answer is not None
    ids = []
    for _ in range(2):
        async with nest.pool.acquire() as connection:
            assert await nest.settle(connection, "turn", [answer], NOON) == [1]
        ids.append((await nest.history(stream))[-1].id)
        await nest.pool.execute("DELETE FROM truth.events WHERE type = $1", Turned.type)
    assert ids[0] == ids[1]


async def test_a_clock_that_is_set_is_followed_at_once(nest: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    await eggs.lay(nest, 1, MORNING + HOUR)
    await shown(nest)
    first = ticked(nest)
    async with running(Timer(nest)):
        await toy.until(first)
        monkeypatch.setattr(timing, "POLL", 3600.0)
        await toy.until(ticked(nest))  # the last that had begun to wait for the old interval
        nest.clock.set(NOON)
        await toy.until(turns(nest, 1), 5)


async def test_five_thousand_at_one_moment_are_settled_within_seconds(nest: Service) -> None:
    await eggs.lay(nest, 5_000, MORNING + HOUR)
    await shown(nest)
    async with running(Timer(nest)):
        await toy.until(ticked(nest))
        started = time.monotonic()
        nest.clock.set(NOON)
        await toy.until(turns(nest, 5_000))
        took = time.monotonic() - started
    assert took < 10, f"{took:.1f} s"
    assert len(set(await turned(nest))) == 5_000
    assert figure(metrics.timer_emitted, nest.name, "turn") >= 5_000


async def test_whoever_hears_keeps_the_time_too(nest: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role `worker`, in a process without an api."""
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", lambda *_: None)
    await eggs.lay(nest, 3, MORNING)
    worker = asyncio.create_task(serve(eggs.definition, nest.settings, "worker"))
    async with running(Relay(nest.name, nest.settings)):
        await toy.until(turns(nest, 3))
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


# one timer


async def test_of_two_timers_one_acts_and_the_other_follows_it(nest: Service) -> None:
    second = Service(eggs.definition, nest.settings)
    await second.open()
    second.clock.set(MORNING)
    await eggs.lay(nest, 200, MORNING + HOUR)
    async with running(*kept(nest), Timer(second)):
        await toy.until(ticked(nest, 2))
        (leader,) = await leads(nest)
        for each in (nest, second):
            each.clock.set(MORNING + 2 * HOUR)
        await toy.until(turns(nest, 200))
        await toy.until(ticked(nest, 2))
        assert set(eggs.asked.values()) == {1}, "the other asked too"
        await eggs.lay(nest, 200, NOON)
        for each in (nest, second):
            each.clock.set(NOON)
        await nest.pool.execute("SELECT pg_terminate_backend($1)", leader)
        await toy.until(turns(nest, 400))
        await toy.until(ticked(nest, 3))
        (follower,) = await leads(nest)
    assert follower != leader
    assert set(Counter(await turned(nest)).values()) == {1}
    await second.close()


async def test_a_timer_that_lost_its_lock_writes_nothing_more(nest: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is cut between deciding and appending, and another timer may have the lock by then."""
    await eggs.lay(nest, 1, MORNING + HOUR)
    await shown(nest)
    append, cut = store.append, asyncio.Event()

    async def after_the_cut(connection: Any, appends: Any) -> list[str]:
        if not cut.is_set():
            cut.set()
            (leader,) = await leads(nest)
            await nest.pool.execute("SELECT pg_terminate_backend($1)", leader)
            await toy.until(partial(_nobody, nest))
            monkeypatch.setattr(nest, "settle", _never)
        return await append(connection, appends)

    monkeypatch.setattr(store, "append", after_the_cut)
    nest.clock.set(NOON)
    async with running(Timer(nest)):
        await asyncio.wait_for(cut.wait(), 20)
        await toy.until(ticked(nest))
    assert await turned(nest) == []


async def _nobody(service: Service) -> bool:
    return not await leads(service)


async def _never(*_: Any) -> list[int | Exception]:
    return [0]


async def test_killed_in_the_middle_of_a_mass_of_moments_it_leaves_none_out_and_none_twice(
    nest: Service, tmp_path: Path
) -> None:
    streams = await eggs.lay(nest, 10_000, MORNING + HOUR)
    await shown(nest)
    with (tmp_path / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(eggs.__file__)),
            NOON.isoformat(),
            env=os.environ | environment(nest.settings) | {"PYTHONPATH": str(Path(eggs.__file__).parents[1])},
            stdout=said,
            stderr=said,
        )
    await toy.until(turns(nest, 1))
    process.kill()
    await process.wait()
    left = len(streams) - len(await turned(nest))
    assert 0 < left < len(streams), "it was not killed in the middle"
    nest.clock.set(NOON + HOUR)
    async with running(*kept(nest)):
        await toy.until(turns(nest, len(streams)))
        await toy.until(ticked(nest, 2))
    assert Counter(await turned(nest)) == Counter(streams)


# not before all is heard


async def test_an_answer_under_way_is_heard_first_then_time_is_told(nest: Service, other: Service) -> None:
    """Somebody else's word is on Kafka and not heard yet: until it is, nothing looks late."""
    (stream,) = await eggs.lay(nest, 1, MORNING + HOUR)
    await shown(nest)
    await other.do(ask, "ask-1", toy.Ask(unit=stream), actor=ACTOR)
    await toy.publish(other)
    nest.clock.set(NOON)
    before = figure(metrics.timer_ticks, nest.name)
    metrics.timer_lag.labels(nest.name).set(0)
    async with running(Timer(nest)):
        await toy.until(partial(_lags, nest))
        assert figure(metrics.timer_ticks, nest.name) == before
        assert await turned(nest) == []
        async with running(Relay(nest.name, nest.settings), Worker(nest)):
            await toy.until(ticked(nest, 2))
    assert await turned(nest) == []
    assert (await nest.state(egg, stream))[1] == 2, "it was taken"


async def _lags(service: Service) -> bool:
    """A second has passed in which it waited."""
    return figure(metrics.timer_lag, service.name) > 1


async def test_what_the_service_itself_said_is_waited_for_too(nest: Service) -> None:
    """Not even published yet: the views are behind the truth, and would show as due what is not."""
    await eggs.lay(nest, 1, MORNING)
    await shown(nest)
    await eggs.lay(nest, 1, MORNING)
    nest.clock.set(NOON)
    before = figure(metrics.timer_ticks, nest.name)
    metrics.timer_lag.labels(nest.name).set(0)
    async with running(Timer(nest)):
        await toy.until(partial(_lags, nest))
        assert figure(metrics.timer_ticks, nest.name) == before
        await shown(nest)
        await toy.until(turns(nest, 2))


async def test_what_one_duty_has_said_is_heard_before_the_next_one_looks(
    nest: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would find what is done already, and take the time from those who hear."""
    found: list[str] = []
    after = Duty("after", eggs.DUE, lambda row, *_: found.append(row["stream"]))
    monkeypatch.setattr(nest, "definition", replace(eggs.definition, duties=(eggs.turning, after)))
    await eggs.lay(nest, 30, MORNING + HOUR)
    await shown(nest)
    nest.clock.set(MORNING + HOUR + dt.timedelta(minutes=1))
    async with running(*kept(nest)):
        await toy.until(turns(nest, 30))
        await toy.until(ticked(nest, 2))
    assert found == []


# what can go wrong


async def test_a_stream_that_cannot_be_decided_stops_no_other_and_is_tried_again(
    nest: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "SOON", 0.1)
    bad, *good = await eggs.lay(nest, 20, MORNING + HOUR)
    eggs.broken.add(bad)
    nest.clock.set(NOON)
    async with running(*kept(nest)):
        await toy.until(turns(nest, 19))
        await toy.until(ticked(nest, 6))
        assert sorted(await turned(nest)) == sorted(good)
        assert figure(metrics.timer_stuck, nest.name, "turn") == 1
        assert 1 < eggs.asked[bad] < 6, "again, but not each time"
        assert {eggs.asked[each] for each in good} == {1}
        eggs.broken.clear()
        await toy.until(turns(nest, 20))
        await toy.until(ticked(nest, 2))
        assert figure(metrics.timer_stuck, nest.name, "turn") == 0


async def test_a_history_that_cannot_be_read_stops_no_other(nest: Service) -> None:
    streams = await eggs.lay(nest, 20, MORNING + HOUR)
    bad = streams[12]
    await shown(nest)
    await nest.pool.execute("UPDATE truth.events SET type = 'egg.strange' WHERE stream = $1", bad)
    nest.clock.set(NOON)
    before = figure(metrics.timer_ticks, nest.name)
    async with running(*kept(nest)):
        await toy.until(turns(nest, 19))
        assert figure(metrics.timer_ticks, nest.name) == before + 1, "all of them at the first look"
        await toy.until(ticked(nest, 2))
        assert figure(metrics.timer_stuck, nest.name, "turn") == 1
    assert Counter(await turned(nest)) == Counter(each for each in streams if each != bad)


async def test_a_command_that_is_refused_costs_the_others_of_its_page_nothing(nest: Service) -> None:
    def refuse(command: Any, state: Any) -> Any:
        raise LookupError

    one, bad, two = await eggs.lay(nest, 3, MORNING)
    wrong = replace(egg, decide=refuse)
    answers = [Answer(wrong if each == bad else egg, each, eggs.Notice(NOON)) for each in (one, bad, two)]
    async with nest.pool.acquire() as connection:
        first, refused, last = await nest.settle(connection, "turn", answers, NOON)
    assert (first, last) == (1, 1) and isinstance(refused, LookupError)
    assert await turned(nest) == [one, two]


async def test_one_that_somebody_else_writes_to_at_that_moment_is_decided_again_and_the_others_go_on(
    nest: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = await eggs.lay(nest, 20, MORNING + HOUR)
    await shown(nest)
    append, calls = store.append, 0

    async def after_another(connection: Any, appends: Any) -> list[str]:
        nonlocal calls
        calls += 1
        if calls == 1:
            await nest.do(egg, streams[7], Take(), actor=ACTOR)
        return await append(connection, appends)

    monkeypatch.setattr(store, "append", after_another)
    nest.clock.set(NOON)
    async with running(*kept(nest)):
        await toy.until(turns(nest, 19))
        await toy.until(ticked(nest, 2))
    assert Counter(await turned(nest)) == Counter(each for each in streams if each != streams[7])
    assert calls == 2, "theirs and ours: what the others came to was not decided and appended again"


async def test_a_row_whose_command_comes_to_nothing_is_asked_about_ever_more_seldom(
    nest: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its view stays due for ever; that may not cost a decision a tick, nor be forgotten for good."""
    monkeypatch.setattr(timing, "SOON", 0.1)
    monkeypatch.setattr(timing, "POLL", 0.02)
    monkeypatch.setattr(timing, "SETTLE", 0.01)
    (stream,) = await eggs.lay(nest, 1, MORNING + 8 * HOUR)
    await shown(nest)
    await nest.pool.execute("UPDATE view.egg SET at = $1", MORNING)
    async with running(Timer(nest)):
        await toy.until(ticked(nest, 40))
        assert 1 < eggs.asked[stream] < 8
        before = eggs.asked[stream]
        nest.clock.set(NOON)  # another time, another question
        await toy.until(partial(_asked_again, stream, before))
    assert await turned(nest) == []


async def _asked_again(stream: str, before: int) -> bool:
    return eggs.asked[stream] > before


async def test_a_duty_that_is_written_wrong_stops_no_other(nest: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Duty("wrong", "SELECT nothing", eggs.turning.answer)
    standing = Duty(
        "standing",
        "SELECT at, stream FROM view.egg WHERE at <= $1 AND ($2::timestamptz, $3::text) IS NOT NULL LIMIT $4",
        lambda *_: None,
    )
    monkeypatch.setattr(nest, "definition", replace(eggs.definition, duties=(wrong, standing, eggs.turning)))
    await eggs.lay(nest, 3, MORNING)
    await shown(nest)
    monkeypatch.setattr(timing, "PAGE", 3)
    async with running(Timer(nest)):
        await toy.until(turns(nest, 3))


# what it costs


async def test_a_duty_of_what_changes_is_done_once_for_each_change(
    nest: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_day = Duty("forecast", eggs.DUE, eggs.turning.answer, "SELECT extract(day FROM $1 AT TIME ZONE 'UTC')")
    counted = Duty("recount", eggs.DUE, eggs.turning.answer, "SELECT count(*) FROM view.egg")
    monkeypatch.setattr(nest, "definition", replace(eggs.definition, duties=(half_day, counted)))
    (stream,) = await eggs.lay(nest, 1, MORNING + 240 * HOUR)
    await shown(nest)
    await nest.pool.execute("UPDATE view.egg SET at = $1", MORNING)  # found by each that looks
    monkeypatch.setattr(timing, "SOON", 0.0)
    async with running(Timer(nest)):
        await toy.until(ticked(nest, 3))
        monkeypatch.setattr(timing, "SOON", 3600.0)  # what changes is a new question to whoever was asked, too
        assert eggs.asked[stream] == 2, "each once"
        nest.clock.set(NOON)
        await toy.until(ticked(nest, 2))
        assert eggs.asked[stream] == 2, "the same day"
        nest.clock.set(NOON + 24 * HOUR)
        await toy.until(ticked(nest, 2))
        assert eggs.asked[stream] == 3
        for n in (4, 5):
            await eggs.lay(nest, 1, MORNING + 240 * HOUR)
            await shown(nest)
            await toy.until(ticked(nest, 2))
            assert eggs.asked[stream] == n


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_a_tick_reads_what_is_due_and_not_all_that_stands_open(nest: Service, plan: str) -> None:
    await nest.pool.execute(
        "INSERT INTO view.egg SELECT 'egg-' || n, $1::timestamptz + n * interval '1 minute', 1"
        " FROM generate_series(1, 20000) n",
        MORNING,
    )
    await nest.pool.execute("ANALYZE view.egg")
    async with nest.pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL plan_cache_mode = {plan}")
        await connection.execute(f"PREPARE due (timestamptz, timestamptz, text, int) AS {eggs.DUE}")
        now = (MORNING + dt.timedelta(minutes=3)).isoformat()
        found = await connection.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE due ('{now}', '0001-01-01 00:00Z', '', 1000)"
        )
    plan_of = json.loads(found)[0]["Plan"]["Plans"][0]
    assert plan_of["Node Type"].startswith("Index"), plan_of
    assert plan_of["Actual Rows"] == 3 and not plan_of.get("Rows Removed by Filter")
