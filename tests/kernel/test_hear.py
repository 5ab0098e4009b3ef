"""Hearing: every event once, in order, whatever is sent twice, missing, late, strange or poisonous."""

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any, Literal
from uuid import uuid4

import asyncpg
import msgspec
import pytest

import toy
from kernel import parked, store
from kernel.handlers import Answer
from kernel.service import Gap, Service, reason_of
from kernel.wire import Message
from schemas.event import Personal
from toy import ACTOR, NAME, OTHER, Asked, Close, Closed, Move, Open, Opened, Person, Weigh, Weighed, box, message

TOPIC = "own"  # hear believes what it is told about topics; only workers know their names
FOREIGN = "foreign"


async def boxes(service: Service) -> dict[str, tuple[str, int, str]]:
    found = await service.pool.fetch("SELECT stream, unit, weight, state FROM view.box")
    return {row["stream"]: (row["unit"], row["weight"], row["state"]) for row in found}


async def totals(service: Service) -> dict[tuple[str, str], tuple[int, int]]:
    found = await service.pool.fetch("SELECT * FROM view.per_unit")
    return {(row["unit"], row["state"]): (row["boxes"], row["weight"]) for row in found}


async def place_of(service: Service, topic: str = TOPIC) -> tuple[int, int]:
    row = await service.pool.fetchrow("SELECT next_offset, last_position FROM truth.heard WHERE topic = $1", topic)
    return (row[0], row[1]) if row else (0, 0)


async def waiting(service: Service) -> list[tuple[int, str]]:
    rows = await service.pool.fetch('SELECT "offset", reason FROM truth.parked ORDER BY topic, "offset"')
    return [tuple(row) for row in rows]


def some(start: int = 0) -> list[Message]:
    """A life of one box, another box, and an event of the first again."""
    events = [
        ("box-1", Opened(unit="A", weight=2)),
        ("box-2", Opened(unit="B", weight=3)),
        ("box-1", Weighed(weight=5)),
        ("box-1", Closed()),
    ]
    return [message(start + n, stream, event, number=n + 1) for n, (stream, event) in enumerate(events)]


AFTER_SOME = {"box-1": ("A", 5, "closed"), "box-2": ("B", 3, "open")}


# offsets and positions


async def test_what_is_heard_is_shown_and_counted(service: Service) -> None:
    assert await service.hear(TOPIC, 0, some()) == 4
    assert await boxes(service) == AFTER_SOME
    assert await totals(service) == {("A", "closed"): (1, 5), ("B", "open"): (1, 3)}
    assert await place_of(service) == (4, 4)


async def test_hearing_the_same_again_changes_nothing(service: Service) -> None:
    await service.hear(TOPIC, 0, some())
    before = await toy.rows(service.pool)
    for _ in range(2):
        assert await service.hear(TOPIC, 0, some()) == 4
    assert await service.hear(TOPIC, 0, some()[2:]) == 4
    assert await toy.rows(service.pool) == before


async def test_a_gap_is_told_and_nothing_of_what_follows_it_is_heard(service: Service) -> None:
    first, *_, last = some()
    with pytest.raises(Gap) as gap:
        await service.hear(TOPIC, 0, [last])
    assert gap.value.expected == 0
    assert await service.hear(TOPIC, 0, [first, last]) == 1, "the first can be heard; the last comes again"
    with pytest.raises(Gap):
        await service.hear(TOPIC, 0, [last])
    assert await service.hear(TOPIC, 0, some()) == 4
    assert await boxes(service) == AFTER_SOME


async def test_an_event_sent_again_at_a_later_offset_is_dropped(service: Service) -> None:
    await service.hear(TOPIC, 0, some())
    before = await toy.rows(service.pool)
    again = [Message(4 + n, each.headers, each.value) for n, each in enumerate(some())]
    assert await service.hear(TOPIC, 0, again) == 8
    assert await toy.rows(service.pool) == before
    assert await place_of(service) == (8, 4)


async def test_an_event_sent_again_in_the_same_batch_is_dropped(service: Service) -> None:
    twice = [*some(), *(Message(4 + n, each.headers, each.value) for n, each in enumerate(some()))]
    await service.hear(TOPIC, 0, twice)
    assert await boxes(service) == AFTER_SOME
    assert await totals(service) == {("A", "closed"): (1, 5), ("B", "open"): (1, 3)}


async def test_an_empty_batch_changes_nothing(service: Service) -> None:
    await service.hear(TOPIC, 0, some())
    assert await service.hear(TOPIC, 0, []) == 4


async def test_partitions_and_topics_are_heard_apart(service: Service) -> None:
    await service.hear(TOPIC, 0, some()[:1])
    await service.hear(TOPIC, 1, [message(0, "box-9", Opened(unit="C"))])
    await service.hear(FOREIGN, 0, [message(0, "ask-1", Asked(unit="A"))])
    rows = await service.pool.fetch("SELECT topic, partition, next_offset FROM truth.heard ORDER BY 1, 2")
    assert [tuple(row) for row in rows] == [(FOREIGN, 0, 1), (TOPIC, 0, 1), (TOPIC, 1, 1)]


async def test_two_workers_that_hear_the_same_at_once_write_it_once(service: Service, second: Service) -> None:
    feed = [message(n, f"box-{n}", Opened(unit="A", weight=1)) for n in range(200)]
    foreign = [message(n, f"ask-{n}", Asked(unit="A")) for n in range(20)]
    await asyncio.gather(
        *(each.hear(TOPIC, 0, feed) for each in (service, second, service)),
        *(each.hear(FOREIGN, 0, foreign) for each in (service, second, service)),
    )
    assert await totals(service) == {("A", "open"): (200, 200)}
    assert await service.pool.fetchval("SELECT asked FROM view.unit") == 20
    assert await service.pool.fetchval("SELECT count(*) FROM truth.events") == 20


async def test_an_old_worker_that_wakes_up_late_writes_nothing(service: Service, second: Service) -> None:
    """It holds the partition's place while the new one waits, and the other way round."""
    async with service.pool.acquire() as connection:
        held = connection.transaction()
        await held.start()
        await service.lock(connection, TOPIC, 0)
        late = asyncio.create_task(second.hear(TOPIC, 0, some()))
        await _blocked(service)
        await service._hear(connection, TOPIC, 0, some(), None)
        await held.commit()
    assert await late == 4
    assert await totals(service) == {("A", "closed"): (1, 5), ("B", "open"): (1, 3)}


async def _blocked(service: Service, callers: int = 1) -> None:
    """Wait until this many statements of this database wait for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def enough() -> bool:
        return bool(await service.pool.fetchval(waits) >= callers)

    await toy.until(enough)


async def test_a_worker_that_waited_for_another_sees_what_that_one_parked(service: Service, second: Service) -> None:
    """Else it would hear an event whose stream's earlier event is parked."""
    toy.broken.add("A")
    async with service.pool.acquire() as connection:
        held = connection.transaction()
        await held.start()
        await service.lock(connection, TOPIC, 0)
        late = asyncio.create_task(second.hear(TOPIC, 0, some()))
        await _blocked(service)
        await service._hear(connection, TOPIC, 0, some()[:2], None)
        await held.commit()
    await late
    assert [offset for offset, _ in await waiting(service)] == [0, 2, 3]


async def test_a_worker_that_waited_for_a_replay_parks_nothing_behind_what_is_heard_by_now(
    service: Service, second: Service
) -> None:
    toy.broken.add("A")
    await service.hear(TOPIC, 0, some()[:2])
    toy.broken.clear()
    async with service.pool.acquire() as connection:
        held = connection.transaction()
        await held.start()
        await connection.execute("SELECT FROM truth.heard WHERE topic = $1 FOR UPDATE", TOPIC)
        replaying = asyncio.create_task(parked.replay(service))
        await _blocked(service)
        late = asyncio.create_task(second.hear(TOPIC, 0, some()))
        await _blocked(service, 2)
        await held.commit()
    await asyncio.gather(replaying, late)
    await parked.replay(service)
    assert await waiting(service) == []
    assert await boxes(service) == AFTER_SOME


# poison


def spoilt(kind: str, offset: int = 1) -> Message:
    """An event of box-1 that can't be heard, with a person's name in it."""
    match kind:
        case "not JSON":
            return message(offset, "box-1", Weighed(weight=1), value=b'{"weight": Nguyen Van Binh')
        case "wrong type":
            return message(offset, "box-1", Weighed(weight=1), value='{"weight": "Nguyễn Văn Bình"}'.encode())
        case "missing field":
            return message(offset, "box-1", Weighed(weight=1), value='{"x": "Nguyễn Văn Bình"}'.encode())
        case "newer version":
            return message(offset, "box-1", Weighed(weight=1), place={"version": 7})
        case "meta that is not ours":
            return message(offset, "box-1", Weighed(weight=1), place={"meta": {"actor": "Nguyễn Văn Bình"}})
        case "does not fit the column":
            return message(offset, "box-1", Weighed(weight=2**40))
        case "breaks a rule of the table":
            return message(offset, "box-1", Weighed(weight=2_000_000))
        case "NUL in a text":
            return message(offset, "box-1", toy.Moved(to="Nguyễn Văn\x00Bình"))
        case "longer than an index takes":
            noise = "".join(chr(0x1EA0 + (n * n * 7919) % 89) + str(uuid4()) for n in range(600))
            return message(offset, "box-1", Opened(unit=noise))
        case _:
            toy.broken.add("Nguyễn Văn Bình")
            return message(offset, "box-1", Opened(unit="Nguyễn Văn Bình"))


POISON = [
    "not JSON",
    "wrong type",
    "missing field",
    "newer version",
    "meta that is not ours",
    "no id",
    "does not fit the column",
    "breaks a rule of the table",
    "NUL in a text",
    "longer than an index takes",
    "the projection raises",
]


@pytest.mark.parametrize("kind", POISON)
async def test_poison_is_parked_with_a_reason_and_the_others_go_on(
    service: Service, kind: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = [
        message(0, "box-1", Opened(unit="A", weight=2)),
        spoilt(kind),
        message(2, "box-2", Opened(unit="B", weight=3)),
        message(3, "box-1", Closed(), number=3),
        message(4, "box-2", Closed(), number=2),
    ]
    assert await service.hear(TOPIC, 0, feed) == 5
    assert await boxes(service) == {"box-1": ("A", 2, "open"), "box-2": ("B", 3, "closed")}
    assert await totals(service) == {("A", "open"): (1, 2), ("B", "closed"): (1, 3)}
    (offset, reason), behind = await waiting(service)
    assert (offset, behind) == (1, (3, ""))
    said = reason + caplog.text + "".join(capsys.readouterr())
    assert reason
    assert "Bình" not in said
    assert "Binh" not in said
    assert await place_of(service) == (5, 5)


@pytest.mark.parametrize("kind", POISON)
async def test_poison_alone_in_its_batch_is_parked_all_the_same(service: Service, kind: str) -> None:
    await service.hear(TOPIC, 0, [message(0, "box-1", Opened(unit="A", weight=2))])
    assert await service.hear(TOPIC, 0, [spoilt(kind)]) == 2
    ((offset, reason),) = await waiting(service)
    assert offset == 1
    assert reason
    assert await service.hear(TOPIC, 0, [message(2, "box-2", Opened(unit="B"))]) == 3


@pytest.mark.parametrize("kind", ["not JSON", "does not fit the column", "the projection raises"])
async def test_it_does_not_matter_how_messages_are_batched_around_poison(
    service: Service, second: Service, kind: str
) -> None:
    """What came before the poison in its stream is heard, what comes after it waits: in one batch or one by one."""
    feed = [
        message(0, "box-1", Opened(unit="A", weight=2)),
        message(1, "box-1", Weighed(weight=4), number=2),
        spoilt(kind, 2),
        message(3, "box-1", Closed(), number=4),
    ]
    await service.hear(TOPIC, 0, feed)
    for each in feed:
        await second.hear("one by one", 0, [Message(each.offset, each.headers, each.value)])
    parked_at = await service.pool.fetch(
        'SELECT topic, array_agg("offset" ORDER BY "offset") FROM truth.parked GROUP BY 1'
    )
    assert [list(row[1]) for row in parked_at] == [[2, 3], [2, 3]]


async def test_the_reason_names_where_the_projection_failed(service: Service) -> None:
    await service.hear(TOPIC, 0, [spoilt("the projection raises", 0)])
    ((_, reason),) = await waiting(service)
    assert reason.startswith("LookupError at toy.py:")


def test_an_enumeration_s_wrong_value_is_not_told() -> None:
    """A decoder names the value that it does not know; it may be anybody's."""
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.json.decode('{"kind": "Nguyễn Văn Bình"}'.encode(), type=_Strict)
    assert "Bình" in str(wrong.value)
    assert "Bình" not in reason_of(wrong.value)


class _Strict(msgspec.Struct):
    kind: Literal["a", "b"]


async def test_what_waits_behind_poison_of_an_earlier_batch_is_parked_too(service: Service) -> None:
    toy.broken.add("A")
    await service.hear(TOPIC, 0, some()[:1])
    await service.hear(TOPIC, 0, some()[1:])
    assert await waiting(service) == [(0, (await waiting(service))[0][1]), (2, ""), (3, "")]
    assert await boxes(service) == {"box-2": ("B", 3, "open")}


async def test_after_mending_a_replay_shows_what_would_have_been_shown(service: Service, second: Service) -> None:
    toy.broken.add("A")
    await service.hear(TOPIC, 0, some())
    assert await boxes(service) == {"box-2": ("B", 3, "open")}
    heard, still = await parked.replay(service)
    assert (heard, still) == (0, 3), "nothing is mended yet"
    toy.broken.clear()
    assert await parked.replay(service) == (3, 0)
    assert await boxes(service) == AFTER_SOME
    assert await totals(service) == {("A", "closed"): (1, 5), ("B", "open"): (1, 3)}
    assert await parked.listed(service.pool) == []


async def test_a_replay_hears_what_is_mended_and_keeps_what_is_not(service: Service) -> None:
    feed = [
        message(0, "box-1", Opened(unit="A")),
        message(1, "box-1", Weighed(weight=2_000_000), number=2),
        message(2, "box-1", Closed(), number=3),
        message(3, "box-2", Opened(unit="C")),
        message(4, "box-2", Weighed(weight=2**40), number=2),
        message(5, "box-2", Closed(), number=3),
    ]
    await service.hear(TOPIC, 0, feed)
    assert [offset for offset, _ in await waiting(service)] == [1, 2, 4, 5]
    await service.pool.execute("ALTER TABLE view.box DROP CONSTRAINT not_too_heavy")
    assert await parked.replay(service) == (2, 2)
    assert await boxes(service) == {"box-1": ("A", 2_000_000, "closed"), "box-2": ("C", 1, "open")}
    (offset, reason), behind = await waiting(service)
    assert (offset, behind) == (4, (5, "")) and reason


async def test_the_list_of_what_is_parked_tells_operators_where_and_why_but_no_data(service: Service) -> None:
    await service.hear(TOPIC, 0, [spoilt("wrong type", 0)])
    (one,) = await parked.listed(service.pool)
    assert set(one) == {"topic", "partition", "offset", "stream", "type", "reason", "at"}
    assert (one["stream"], one["type"]) == ("box-1", "toy.weighed")
    assert "Bình" not in str(one)


# what is not ours


STRANGE = {
    "nothing at all": Message(0, {}, b""),
    "no value": Message(0, {}, None),  # type: ignore[arg-type]
    "headers without values": Message(0, {"ce_motcua": None, "ce_subject": None, "ce_type": None}, b"{}"),
    "bytes that are no text": Message(0, {"ce_subject": b"\xff\xfe", "ce_type": b"\x00\x00"}, b"\xff"),
    "a NUL in its names": Message(0, {"ce_subject": b"a\x00b", "ce_type": b"toy.opened"}, b"{}"),
    "only a position": Message(0, {"ce_motcua": b'{"position":1}'}, b"{}"),
    "a huge position": message(0, "box-9", Opened(unit="Z"), place={"position": 10**30}),
    "no id": message(0, "box-9", Opened(unit="Z"), place={"id": "Nguyễn Văn Bình"}),
    "a number that is none": message(0, "box-9", Opened(unit="Z"), place={"position": -1}),
    "no source of ours": message(0, "box-9", Opened(unit="Z"), ce_source=b"/somebody", place={"position": 4000000000}),
}


@pytest.mark.parametrize("kind", STRANGE)
async def test_a_message_that_no_service_of_ours_wrote_is_parked_and_stops_nobody(service: Service, kind: str) -> None:
    assert await service.hear(TOPIC, 0, [STRANGE[kind]]) == 1
    assert len(await waiting(service)) == 1
    ours = [Message(each.offset + 1, each.headers, each.value) for each in some()]
    assert await service.hear(TOPIC, 0, ours) == 5
    assert await boxes(service) == AFTER_SOME


@pytest.mark.parametrize("kind", STRANGE)
async def test_strange_messages_among_ours_disturb_none_of_them(service: Service, kind: str) -> None:
    first, *others = some()
    strange = STRANGE[kind]
    feed = [first, Message(1, strange.headers, strange.value)]
    feed += [Message(each.offset + 1, each.headers, each.value) for each in others]
    assert await service.hear(TOPIC, 0, feed) == 5
    assert await boxes(service) == AFTER_SOME
    assert [offset for offset, _ in await waiting(service)] == [1]


async def test_a_replay_keeps_what_is_not_ours(service: Service) -> None:
    await service.hear(TOPIC, 0, [STRANGE["nothing at all"]])
    assert await parked.replay(service) == (0, 1)
    assert await waiting(service) == [(0, "not an event of ours")]


async def test_an_event_that_nobody_here_listens_to_is_passed_over(service: Service) -> None:
    feed = [message(0, "x-1", Opened(unit="A"), ce_type=b"some.other"), message(1, "box-2", Opened(unit="B"))]
    await service.hear(TOPIC, 0, feed)
    assert await waiting(service) == []
    assert list(await boxes(service)) == ["box-2"]


# the database's own troubles


async def test_when_the_database_can_not_write_for_a_while_nothing_is_parked(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage is not the event's fault: the caller tries again."""

    async def full(*_: Any) -> None:
        raise asyncpg.DiskFullError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(service.views, "write", full)
        with pytest.raises(asyncpg.DiskFullError):
            await service.hear(TOPIC, 0, some())
    assert await place_of(service) == (0, 0)
    assert await service.hear(TOPIC, 0, some()) == 4
    assert await waiting(service) == []


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_what_the_database_undid_is_heard_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    write, calls = service.views.write, 0

    async def at_second(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        await write(*arguments)
        if calls == 1:
            raise error("undone")

    monkeypatch.setattr(service.views, "write", at_second)
    assert await service.hear(TOPIC, 0, some()) == 4
    assert await totals(service) == {("A", "closed"): (1, 5), ("B", "open"): (1, 3)}


# the policy


async def events(service: Service) -> list[tuple[str, int, str]]:
    rows = await service.pool.fetch("SELECT stream, number, type FROM truth.events ORDER BY row")
    return [tuple(row) for row in rows]


async def test_a_foreign_event_is_answered_once_with_its_cause(service: Service) -> None:
    asked = message(0, "ask-1", Asked(unit="A"))
    for _ in range(3):
        await service.hear(FOREIGN, 0, [asked])
    answered = toy.answer_stream("ask-1")
    assert await events(service) == [(answered, 1, "toy.opened")]
    (only,) = await service.history(answered)
    assert str(only.meta.cause).encode() == asked.headers["ce_id"]
    assert only.meta.actor.id == "motcua:intake"
    assert await service.pool.fetchval("SELECT count(*) FROM truth.outbox") == 1


async def test_a_foreign_event_sent_again_under_a_new_position_is_not_answered_again(service: Service) -> None:
    """The stream it opens is named after its own: the same one."""
    await service.hear(FOREIGN, 0, [message(0, "ask-1", Asked(unit="A"))])
    await service.hear(FOREIGN, 0, [message(1, "ask-1", Asked(unit="A"))])
    assert len(await events(service)) == 1


async def test_two_questions_about_one_stream_in_one_batch_are_answered_one_after_the_other(service: Service) -> None:
    feed = [message(n, "ask-1", Asked(unit="A"), number=n + 1) for n in range(3)]
    await service.hear(FOREIGN, 0, feed)
    assert await events(service) == [(toy.answer_stream("ask-1"), 1, "toy.opened")]
    assert await service.pool.fetchval("SELECT asked FROM view.unit") == 3


async def test_the_answer_and_the_view_are_written_together_or_not_at_all(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> list[str]:
        raise asyncpg.ConnectionDoesNotExistError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(store, "append", away)
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            await service.hear(FOREIGN, 0, [message(0, "ask-1", Asked(unit="A"))])
    assert await events(service) == []
    assert await service.pool.fetchval("SELECT count(*) FROM view.unit") == 0
    assert await place_of(service, FOREIGN) == (0, 0)


async def test_an_answer_that_someone_else_was_faster_with_is_decided_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the stream and appending to it a person opens that very box."""
    answered, append, calls = toy.answer_stream("ask-1"), store.append, 0

    async def after_another(connection: Any, appends: Any) -> list[str]:
        nonlocal calls
        calls += 1
        if calls == 1:
            await service.do(box, answered, Open("B", 2), actor=ACTOR)
        return await append(connection, appends)

    monkeypatch.setattr(store, "append", after_another)
    await service.hear(FOREIGN, 0, [message(0, "ask-1", Asked(unit="A"))])
    assert await events(service) == [(answered, 1, "toy.opened")]
    assert (await service.state(box, answered))[0].unit == "B"
    assert await service.pool.fetchval("SELECT asked FROM view.unit WHERE unit = 'A'") == 1
    assert await place_of(service, FOREIGN) == (1, 1)


async def test_what_the_policy_may_know_is_looked_up_once_a_batch_that_is_answered(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    async def known(asked: Service) -> int:
        nonlocal looked
        looked += 1
        return int(await asked.pool.fetchval("SELECT 40 + $1::int", looked))

    def weighed(recorded: Any, known: int) -> list[Any]:
        return [Answer(box, toy.answer_stream(recorded.stream), Open("A", weight=known))]

    wired = replace(toy.definition, policy={Asked: weighed}, known=known)
    monkeypatch.setattr(service, "definition", wired)
    await service.hear(TOPIC, 0, some())
    assert looked == 0, "nothing of it is answered"
    await service.hear(FOREIGN, 0, [message(n, f"ask-{n}", Asked(unit="A")) for n in range(3)])
    assert looked == 1
    assert (await service.state(box, toy.answer_stream("ask-2")))[0].weight == 41

    monkeypatch.setattr(service, "definition", replace(wired, policy={Asked: broken_policy}))
    await service.hear(FOREIGN, 0, [message(3, "ask-3", Asked(unit="A"))])
    monkeypatch.setattr(service, "definition", wired)
    assert await parked.replay(service) == (1, 0)
    assert (await service.state(box, toy.answer_stream("ask-3")))[0].weight == 43


def broken_policy(*_: Any) -> list[Any]:
    raise LookupError("broken")


async def test_an_event_whose_answer_is_refused_is_parked(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def close(recorded: Any, _: Any) -> list[Any]:
        return [Answer(box, toy.answer_stream(recorded.stream), Close())]

    with monkeypatch.context() as patched:
        patched.setattr(service, "definition", replace(toy.definition, policy={Asked: close}))
        await service.hear(FOREIGN, 0, [message(0, "ask-1", Asked(unit="A"))])
    assert await waiting(service) == [(0, "Rejected: no_box")]
    assert await service.pool.fetchval("SELECT count(*) FROM view.unit") == 0
    await parked.replay(service)
    assert await events(service) == [(toy.answer_stream("ask-1"), 1, "toy.opened")]


async def test_an_answer_about_a_person_who_was_erased_says_nothing_of_them_and_is_given_all_the_same(
    service: Service, second: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = toy.someone("Nguyễn Văn An")
    await toy.opened(second, person=person)
    await service.vault.erase(person.subject, by="tester", reason="asked")

    def about(recorded: Any, _: Any) -> list[Any]:
        return [Answer(box, toy.answer_stream(recorded.stream), Open("A", person=person))]

    monkeypatch.setattr(service, "definition", replace(toy.definition, policy={Asked: about}))
    assert await service.hear(FOREIGN, 0, [message(0, "ask-1", Asked(unit="A"))]) == 1
    assert await waiting(service) == []
    (only,) = await service.history(toy.answer_stream("ask-1"))
    said: Any = only.event.person
    assert said == Personal(subject=person.subject)
    for vault in (service.vault, second.vault):  # the second one still remembers the key
        assert await vault.unseal([(said, Person)]) == [None]


# end to end, without Kafka


async def test_what_a_service_did_is_what_it_hears(service: Service) -> None:
    one, two = await toy.opened(service, "A", weight=2), await toy.opened(service, "B", weight=3)
    await service.do(box, one, Move("B"), actor=ACTOR)
    await service.do(box, two, Weigh(9), actor=ACTOR)
    await service.do(box, two, Close(), actor=ACTOR)
    await service.hear(TOPIC, 0, await toy.relayed(service))
    assert await boxes(service) == {one: ("B", 2, "open"), two: ("B", 9, "closed")}
    at = await service.pool.fetchval("SELECT max(at) FROM view.box")
    assert abs(dt.datetime.now(dt.UTC) - at) < dt.timedelta(minutes=1)
    assert toy.definition.hears == (NAME, OTHER)
