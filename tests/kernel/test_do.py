"""Doing commands: said twice changes nothing, the first answer stands, whoever comes second is told."""

import asyncio
from typing import Any

import asyncpg
import pytest

import toy
from kernel import store
from kernel.decider import Rejected
from kernel.service import KeyReused, Service, new_stream
from kernel.store import Conflict
from kernel.vault import Erased
from toy import ACTOR, Add, Box, Close, Closed, Drop, Move, Moved, Open, Opened, Weighed, box


async def count(service: Service) -> int:
    return int(await service.pool.fetchval("SELECT count(*) FROM truth.events"))


async def test_a_command_answers_its_events_and_the_state_after_them(service: Service) -> None:
    stream = new_stream(box)
    done = await service.do(box, stream, Open("A", 3, and_close=True), actor=ACTOR)
    assert [each.event for each in done.events] == [Opened(unit="A", weight=3), Closed()]
    assert (done.state, done.number, done.repeated) == (Box("closed", "A", 3), 2, False)
    assert await service.state(box, stream) == (Box("closed", "A", 3), 2)


async def test_a_command_said_twice_changes_nothing(service: Service) -> None:
    stream = await toy.opened(service)
    await service.do(box, stream, Close(), actor=ACTOR)
    again = await service.do(box, stream, Close(), actor=ACTOR)
    assert (again.events, again.number) == ((), 2)
    assert await count(service) == 2


async def test_a_key_gives_the_first_answer_whatever_has_happened_since(service: Service) -> None:
    stream = await toy.opened(service)
    first = await service.do(box, stream, Add(5), actor=ACTOR, key="k", fingerprint=b"add 5")
    await service.do(box, stream, Add(5), actor=ACTOR)
    again = await service.do(box, stream, Add(5), actor=ACTOR, key="k", fingerprint=b"add 5")
    assert again.repeated and not first.repeated
    assert (again.events, again.state, again.number) == (first.events, first.state, first.number)
    assert await count(service) == 3


async def test_a_key_gives_the_first_answer_to_all_who_ask_at_once(service: Service) -> None:
    asked = [service.do(box, new_stream(box), Open("A"), actor=ACTOR, key="k", fingerprint=b"open") for _ in range(20)]
    answers = await asyncio.gather(*asked)
    assert len({each.stream for each in answers}) == 1
    assert sum(not each.repeated for each in answers) == 1
    assert await count(service) == 1


async def test_a_key_used_for_another_request_is_refused(service: Service) -> None:
    stream = await toy.opened(service)
    await service.do(box, stream, Add(5), actor=ACTOR, key="k", fingerprint=b"add 5")
    with pytest.raises(KeyReused):
        await service.do(box, stream, Add(6), actor=ACTOR, key="k", fingerprint=b"add 6")
    assert await count(service) == 2


async def test_a_stream_that_is_called_new_is_not_read_and_yet_nobody_is_overwritten(service: Service) -> None:
    fresh = new_stream(box)
    done = await service.do(box, fresh, Open("A"), actor=ACTOR, new=True)
    assert (done.state, done.number) == (Box("open", "A", 1), 1)
    again = await service.do(box, fresh, Open("A"), actor=ACTOR, new=True)  # the append finds it, then it is read
    assert (again.events, again.number) == ((), 1)
    assert await count(service) == 1


async def test_a_key_holds_for_new_streams_too(service: Service) -> None:
    async def ask(unit: str) -> Any:
        same = unit.encode()
        return await service.do(box, new_stream(box), Open(unit), actor=ACTOR, key="k", fingerprint=same, new=True)

    first, again = await ask("A"), await ask("A")
    assert again.repeated and again.stream == first.stream
    with pytest.raises(KeyReused):
        await ask("B")
    assert await count(service) == 1


async def test_whoever_saw_an_older_number_is_told_and_nothing_changes(service: Service) -> None:
    stream = await toy.opened(service)
    await service.do(box, stream, Move("B"), actor=ACTOR, expected=1)
    with pytest.raises(Conflict):
        await service.do(box, stream, Move("C"), actor=ACTOR, expected=1)
    assert await service.state(box, stream) == (Box("open", "B", 1), 2)


async def test_of_two_who_saw_the_same_number_one_is_told(service: Service) -> None:
    stream = await toy.opened(service)
    moves = [service.do(box, stream, Move(unit), actor=ACTOR, expected=1) for unit in "BCDE"]
    outcomes = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in outcomes) == 3
    assert await count(service) == 2


async def test_what_is_not_allowed_is_refused_and_leaves_nothing(service: Service) -> None:
    with pytest.raises(Rejected) as refused:
        await service.do(box, new_stream(box), Close(), actor=ACTOR, key="k")
    assert refused.value.code == "no_box"
    assert await count(service) == 0
    assert await service.pool.fetchval("SELECT count(*) FROM truth.answers") == 0


async def test_fifty_callers_on_one_stream_are_all_served_and_leave_no_hole(service: Service) -> None:
    stream = await toy.opened(service, weight=0)
    await asyncio.gather(*(service.do(box, stream, Add(1), actor=ACTOR) for _ in range(50)))
    history = await service.history(stream)
    assert [each.number for each in history] == list(range(1, 52))
    assert history[-1].event == Weighed(weight=50)


async def test_two_processes_on_one_stream_lose_no_command(service: Service, second: Service) -> None:
    stream = await toy.opened(service, weight=0)
    for _ in range(5):
        await asyncio.gather(*(each.do(box, stream, Add(1), actor=ACTOR) for each in (service, second)))
    assert (await service.state(box, stream))[0].weight == 10


async def test_nothing_is_written_for_a_person_who_was_erased(service: Service) -> None:
    person = toy.someone("Nguyễn Văn An")
    await toy.opened(service, person=person)
    await service.vault.erase(person.subject, by="tester", reason="asked")
    with pytest.raises(Erased):
        await toy.opened(service, person=person)
    assert await count(service) == 1


async def test_both_times_and_the_actor_are_kept(service: Service) -> None:
    stream = await toy.opened(service)
    (only,) = await service.history(stream)
    earlier = only.meta.happened_at.replace(year=2020)
    await service.do(box, stream, Drop(), actor=ACTOR, happened_at=earlier)
    last = (await service.history(stream))[-1]
    assert (last.meta.happened_at, last.meta.actor) == (earlier, ACTOR)
    assert last.meta.recorded_at > earlier


async def test_a_stream_that_nobody_here_can_read_disturbs_no_other(service: Service) -> None:
    """A newer process has written an event that this one does not know, in the middle of a rolling update."""
    good, strange = await toy.opened(service), await toy.opened(service)
    await service.pool.execute("UPDATE truth.events SET version = 99 WHERE stream = $1", strange)
    outcomes = await asyncio.gather(
        service.do(box, strange, Close(), actor=ACTOR),
        service.do(box, good, Close(), actor=ACTOR),
        return_exceptions=True,
    )
    assert type(outcomes[0]).__name__ == "UnknownEvent"
    assert not isinstance(outcomes[1], BaseException), outcomes[1]


async def test_what_postgres_can_not_hold_disturbs_no_other_who_appends_at_the_same_moment(service: Service) -> None:
    outcomes = await asyncio.gather(
        service.do(box, "box-\x00", Open("A"), actor=ACTOR),
        *(service.do(box, new_stream(box), Open("A"), actor=ACTOR) for _ in range(3)),
        return_exceptions=True,
    )
    assert [isinstance(each, BaseException) for each in outcomes] == [True, False, False, False]


async def test_an_event_too_large_for_kafka_is_refused_before_it_is_written(service: Service) -> None:
    """Once stored it could never be published, and nothing behind it either."""
    with pytest.raises(Rejected):
        await service.do(box, new_stream(box), Open("A" * 1_200_000), actor=ACTOR)
    assert await count(service) == 0


async def test_a_command_that_a_deadlock_chose_as_its_victim_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    append = store.append

    async def once(connection: Any, appends: Any) -> list[str]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return await append(connection, appends)

    monkeypatch.setattr(store, "append", once)
    await service.do(box, new_stream(box), Open("A"), actor=ACTOR)
    assert await count(service) == 1


async def test_moved_events_are_of_the_latest_version(service: Service) -> None:
    stream = await toy.opened(service)
    await service.do(box, stream, Move("B"), actor=ACTOR)
    assert (await service.history(stream))[-1].event == Moved(to="B")
