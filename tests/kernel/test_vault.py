"""Personal data: sealed wherever it rests, opened for whoever may see it, gone for ever when its key is destroyed."""

import asyncio
import base64
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr

import toy
from kernel import vault as vaults
from kernel.clock import monotonic
from kernel.service import Service, new_stream
from kernel.vault import Erased, Vault, WrongKey, personal_fields
from schemas.event import Event, Personal
from toy import ACTOR, Open, Opened, Person, box, someone

NAME = "Nguyễn Thị Minh Khai"


async def everything(pool: Any) -> bytes:
    """All that a database holds, as bytes."""
    tables = await pool.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    found = b""
    for table in tables:
        for row in await pool.fetch(f"SELECT * FROM {table['name']}"):
            found += b" ".join(
                value if isinstance(value, bytes) else str(value).encode(errors="replace") for value in row
            )
    return found


def shapes(text: str) -> list[bytes]:
    """How a text could lie there in clear: as it is, in JSON's escapes, in base64."""
    plain = text.encode()
    inside = base64.b64encode(plain)[4:-4]
    return [plain, msgspec.json.encode(text)[1:-1], text.encode("unicode_escape"), inside, plain.hex().encode()]


async def test_no_name_and_no_number_lies_anywhere_in_clear(online: Service) -> None:
    await toy.opened(online, person=someone(NAME, "012345678901"))
    await toy.publish(online)
    await toy.catch_up(online)
    reader = AIOKafkaConsumer(bootstrap_servers=online.settings.kafka, auto_offset_reset="earliest")
    await reader.start()
    reader.assign([TopicPartition(online.settings.topic("intake"), n) for n in range(4)])
    records = [each for batch in (await reader.getmany(timeout_ms=3000)).values() for each in batch]
    await reader.stop()
    assert len(records) == 1
    on_the_wire = b"".join([records[0].key, records[0].value, *(value for _, value in records[0].headers)])
    at_rest = await everything(online.pool) + await everything(online.vault._pool)
    assert b"toy.opened" in at_rest
    for text in (NAME, "012345678901"):
        for shape in shapes(text):
            assert shape not in on_the_wire
            assert shape not in at_rest


async def test_who_may_see_it_reads_what_was_written(service: Service) -> None:
    stream = await toy.opened(service, person=someone(NAME))
    (only,) = await service.history(stream)
    assert isinstance(only.event, Opened)
    sealed: Any = only.event.person
    assert await service.vault.unseal([(sealed, Person)]) == [Person(NAME)]


async def test_an_erased_person_can_be_read_nowhere_and_never_written_again(service: Service, second: Service) -> None:
    person, neighbour = someone(NAME), someone("Bình")
    boxes = await service.vault.seal([Opened(unit="A", person=person), Opened(unit="A", person=neighbour)])
    sealed: list[Any] = [(each.person, Person) for each in boxes]  # type: ignore[attr-defined]
    assert await second.vault.unseal(sealed) == [Person(NAME), Person("Bình")]
    assert await service.vault.erase(person.subject, by="tester", reason="asked") is True
    assert await service.vault.erase(person.subject, by="tester", reason="asked") is False
    fresh = Vault(service.vault._pool, service.settings)
    for vault in (service.vault, fresh):
        assert await vault.unseal(sealed) == [None, Person("Bình")]
        with pytest.raises(Erased):
            await vault.seal([Opened(unit="A", person=person)])
    row = await service.vault._pool.fetchrow("SELECT * FROM subject_key WHERE subject = $1", person.subject)
    assert row["wrapped"] is None
    assert (row["destroyed_by"], row["reason"]) == ("tester", "asked")


async def test_another_process_forgets_an_erased_person_within_a_minute(
    service: Service, second: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = someone(NAME)
    (sealed,) = await service.vault.seal([Opened(unit="A", person=person)])
    inside: Any = [(sealed.person, Person)]  # type: ignore[attr-defined]
    assert await second.vault.unseal(inside) == [Person(NAME)]
    await service.vault.erase(person.subject, by="tester", reason="asked")
    later = monotonic() + 61
    monkeypatch.setattr(vaults, "monotonic", lambda: later)
    assert await second.vault.unseal(inside) == [None]
    with pytest.raises(Erased):
        await second.vault.seal([Opened(unit="A", person=person)])


async def test_a_key_fetched_while_it_was_being_destroyed_is_not_kept(service: Service) -> None:
    person = someone(NAME)
    (sealed,) = await service.vault.seal([Opened(unit="A", person=person)])
    vault = Vault(service.vault._pool, service.settings)
    inside: Any = [(sealed.person, Person)]  # type: ignore[attr-defined]
    reading = [asyncio.create_task(vault.unseal(inside)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.gather(vault.erase(person.subject, by="tester", reason="asked"), *reading)
    assert await vault.unseal(inside) == [None]
    with pytest.raises(Erased):
        await vault.seal([Opened(unit="A", person=person)])


async def test_a_box_put_under_another_person_s_name_does_not_open(service: Service) -> None:
    one, two = await service.vault.seal(
        [Opened(unit="A", person=someone("An")), Opened(unit="A", person=someone("Bình"))]
    )
    swapped: Any = Personal(subject=one.person.subject, sealed=two.person.sealed)  # type: ignore[attr-defined]
    with pytest.raises(InvalidTag):
        await service.vault.unseal([(swapped, Person)])


async def test_a_box_that_was_tampered_with_does_not_open(service: Service) -> None:
    (event,) = await service.vault.seal([Opened(unit="A", person=someone("An"))])
    box_: Any = event.person  # type: ignore[attr-defined]
    changed = bytes([box_.sealed[0] ^ 1]) + box_.sealed[1:]
    with pytest.raises(InvalidTag):
        await service.vault.unseal([(Personal(subject=box_.subject, sealed=changed), Person)])


async def test_the_same_value_never_looks_the_same_twice(service: Service) -> None:
    person = someone(NAME)
    events = await service.vault.seal([Opened(unit="A", person=person) for _ in range(20)])
    assert len({each.person.sealed for each in events}) == 20  # type: ignore[attr-defined]


async def test_one_identity_number_is_one_subject_in_every_process(service: Service, second: Service) -> None:
    subject = service.vault.subject("012345678901")
    assert subject == second.vault.subject(" 012345678901 ")
    assert subject != service.vault.subject("012345678902")
    assert "012345678901" not in str(subject)


async def test_two_processes_that_meet_a_person_at_the_same_time_make_one_key(
    service: Service, second: Service
) -> None:
    people = [someone(f"P{n}") for n in range(20)]
    calls = [
        each.vault.seal([Opened(unit="A", person=person)])
        for person in people
        for each in (service, second)
        for _ in range(3)
    ]
    sealed = [events[0] for events in await asyncio.gather(*calls)]
    fresh = Vault(service.vault._pool, service.settings)
    opened = await fresh.unseal([(each.person, Person) for each in sealed])  # type: ignore[attr-defined]
    assert [each.name for each in opened] == [f"P{n // 6}" for n in range(120)]


async def test_a_key_is_committed_before_the_event_that_uses_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = someone(NAME)

    async def away(*_: Any) -> list[str]:
        raise ConnectionResetError

    monkeypatch.setattr("kernel.store.append", away)
    with pytest.raises(ConnectionResetError):
        await service.do(box, new_stream(box), Open("A", person=person), actor=ACTOR)
    assert await service.vault._pool.fetchval("SELECT count(*) FROM subject_key WHERE subject = $1", person.subject)


async def test_a_vault_opened_with_the_wrong_key_does_not_open(service: Service) -> None:
    wrong = Vault(service.vault._pool, service.settings.model_copy(update={"vault_key": SecretStr("another")}))
    with pytest.raises(WrongKey):
        await wrong.open()


def test_a_person_hidden_deep_in_an_event_is_found_before_it_is_written_in_clear() -> None:
    """Only the fields of an event itself are sealed, so anything deeper is refused, loudly, not stored."""

    class Inner(msgspec.Struct, frozen=True):
        person: Personal[Person]

    class Deep(Event, frozen=True):
        inner: Inner

    class Many(Event, frozen=True):
        people: tuple[Personal[Person], ...] | None

    for event in (Deep, Many):
        with pytest.raises(TypeError):
            personal_fields(event)
    assert personal_fields(Opened) == (("person", Person),)


async def test_an_absent_person_needs_no_key(service: Service) -> None:
    before = await service.vault._pool.fetchval("SELECT count(*) FROM subject_key")
    await toy.opened(service)
    assert await service.vault._pool.fetchval("SELECT count(*) FROM subject_key") == before
    assert await service.vault.unseal([]) == []
    assert await service.vault.unseal([(Personal(subject=uuid4(), sealed=b"x" * 40), Person)]) == [None]


async def test_who_was_erased_may_come_again_and_is_somebody_new(service: Service, second: Service) -> None:
    first = await service.vault.living("012345678903")
    assert await service.vault.living("012345678903") == first == await second.vault.known("012345678903")
    assert await service.vault.erase(first, by="tests", reason="asked for it")
    assert await service.vault.known("012345678903") is None
    again = await service.vault.living("012345678903")
    assert again not in (first, service.vault.subject("012345678904"))
    (event,) = await service.vault.seal([Opened(unit="A", person=Personal(subject=again, clear=Person(name=NAME)))])
    assert await service.vault.unseal([(event.person, Person)]) == [Person(name=NAME)]  # type: ignore[attr-defined]
