"""Attacks on anonymity, with everything in hand that a database's owner, an operator of Kafka or a reader of logs has.

A running service of its own is told answers by people whom the test knows; each answers so that the sheet is
recognised (an attacker who knew that would need no database). Then every way is tried that leads from an invitation to
a sheet: ids, times, order, the transaction and place of rows, sizes, the whole database as text and as files (with its
write-ahead log), Kafka, and the service's log. docs/anonymity.md says in plain words what holds and what does not.
"""

import hashlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from scipy.stats import spearmanr

from kernel import database
from kernel.rebuild import rebuild
from places import PARTITIONS, Place, place_on, topics_of
from running import Asker, until, whole
from services.surveys.api import sealing
from services.surveys.api.tokens import NONCE, key_of, read_token
from services.surveys.app import definition
from services.surveys.domain.naming import invitation_stream
from surveys.field import Field
from surveys.samples import IN_TIME, LATE
from surveys.samples_campaign import at
from surveys.test_answering import GOOD, LATE_TOO

pytestmark = pytest.mark.xdist_group("surveys")
HALF = "một lời chưa gửi mà chỉ người viết biết"
LEVELS = sorted(code for code, each in GOOD.items() if each == 4)


def person(n: int, late: bool) -> dict[str, Any]:
    """Answers by which the n-th respondent's sheet is known: the number, written with levels in base 4."""
    digits = {code: 1 + (n >> 2 * place & 3) for place, code in enumerate(LEVELS[:6])}
    return GOOD | (LATE_TOO if late else {}) | digits | {"overall_remark": f"lời riêng của người số {n:04d} xin ghi"}


def number(answers: dict[str, Any]) -> int:
    return sum(int(answers[code]) - 1 << 2 * place for place, code in enumerate(LEVELS[:6]))


@dataclass
class Crime:
    """Everything in hand."""

    place: Place
    asker: Asker
    log: Path
    campaign: str
    tokens: dict[int, str] = field(default_factory=dict)  # who has which
    half: str = ""
    before: list[Any] = field(default_factory=list)  # truth.waiting and its events before anything was let go

    async def rows(self, sql: str, *given: Any, service: str = "surveys") -> list[Any]:
        connection = await self.place.connect(service)
        try:
            return list(await connection.fetch(sql, *given))
        finally:
            await connection.close()

    async def dump(self, service: str = "surveys") -> str:
        """Every row of every table as text."""
        tables = await self.rows(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT LIKE 'pg\\_%'"
            " AND schemaname <> 'information_schema'",
            service=service,
        )
        parts = []
        for each in tables:
            name = f'"{each["schemaname"]}"."{each["tablename"]}"'
            found = await self.rows(f"SELECT t.ctid, t.xmin, t.* FROM {name} t", service=service)
            parts += [" ".join(_text(value) for value in row) for row in found]
        return "\n".join(parts)

    async def files(self) -> bytes:
        """The database's files and the server's write-ahead log, as they lie on the disk."""
        folder = Path(await self.admin("SHOW data_directory"))
        await self.admin("CHECKPOINT")
        found = []
        for service in ("surveys", database.VAULT):
            name = self.place.settings.database_prefix + service
            oid = await self.admin(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
            found += sorted((folder / "base" / str(oid)).iterdir())
        found += sorted(each for each in (folder / "pg_wal").iterdir() if each.is_file())
        return b"".join(each.read_bytes() for each in found if each.is_file())

    async def admin(self, sql: str) -> Any:
        import asyncpg  # noqa: PLC0415

        connection = await asyncpg.connect(self.place.ground.admin)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    async def kafka(self) -> bytes:
        """All messages of the service's topic: keys, headers, values."""
        topic = self.place.settings.topic("surveys")
        reader = AIOKafkaConsumer(bootstrap_servers=self.place.settings.kafka, auto_offset_reset="earliest")
        await reader.start()
        try:
            parts = [TopicPartition(topic, n) for n in range(PARTITIONS)]
            reader.assign(parts)
            ends = await reader.end_offsets(parts)
            found: list[bytes] = []
            while any([await reader.position(each) < ends[each] for each in parts]):
                for batch in (await reader.getmany(timeout_ms=500)).values():
                    for each in batch:
                        found += [
                            each.key or b"",
                            each.value or b"",
                            *(b for pair in each.headers for b in _bytes(pair)),
                        ]
            return b"\n".join(found)
        finally:
            await reader.stop()

    async def events(self, like: str) -> list[Any]:
        return await self.rows(
            "SELECT *, xmin::text AS tx, ctid::text AS place FROM truth.events WHERE stream LIKE $1 ORDER BY row", like
        )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") + value.hex() if isinstance(value, bytes) else str(value)


def _bytes(pair: tuple[str, bytes]) -> tuple[bytes, bytes]:
    return pair[0].encode(), pair[1]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crime(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Crime]:
    folder: Path = tmp_path_factory.mktemp("anonymity")
    async with (
        place_on(ground, templates, folder) as place,
        topics_of(place),
        whole("surveys", place.settings, folder / "surveys.log") as running,
    ):
        manager = running.by("survey_manager", unit="so-gddt")
        assert (await running.client.post("/demo/clock", json={"now": at(5).isoformat()})).is_success

        async def planned() -> Any:
            answer = await manager.post(
                "/campaigns",
                kind="standing",
                title={"vi": "Sau khi trả kết quả", "en": "After a result"},
                group="applicant",
                questionnaire="procedure",
                starts="2026-11-02",
                ends="2026-11-20",
            )
            return answer.json() if answer.is_success else None

        campaign = await until(planned, "the questionnaires to be published")
        await manager.ok(f"/campaigns/{campaign['id']}/open")
        made = Crime(place, running, folder / "surveys.log", f"campaign-{campaign['id']}")
        for cell, count in ((LATE, 13), (IN_TIME, 9)):
            told = await manager.ok(f"/campaigns/{campaign['id']}/invitations", cell=cell, count=count + 1)
            for token in told["tokens"][:count]:
                made.tokens[len(made.tokens)] = str(read_token(token))
            made.half = str(read_token(told["tokens"][-1]))
        await _put(made, made.half, {"overall_remark": HALF})
        await _put(made, made.tokens[0], {"access_place": 3})
        order = list(made.tokens)
        random.Random(7).shuffle(order)
        for n in order:
            await _answer(made, n)
        made.before = await made.rows("SELECT key, box, value, xmin::text AS tx FROM truth.waiting")
        await until(lambda: _all_out(made), "the answers to be let go")
        yield made


async def _put(crime: Crime, token: str, answers: dict[str, Any]) -> None:
    said = {"motcua-invitation": token, "content-type": "application/json"}
    answer = await crime.asker.client.put("/answers", content=json.dumps(answers).encode(), headers=said)
    assert answer.status_code == 204, answer.text


async def _answer(crime: Crime, n: int) -> None:
    asker = crime.asker.with_(motcua_invitation=crime.tokens[n], idempotency_key=f"key-{n}")
    body = json.dumps(person(n, late=n < 13), ensure_ascii=False).encode()
    answer = await asker.send("/answers", body)
    assert answer.status_code == 201, answer.text


async def _all_out(crime: Crime) -> bool:
    """Everything that can be let go is, is on Kafka and in the views."""
    waits = {
        row["box"]: row["n"] for row in await crime.rows("SELECT box, count(*) AS n FROM truth.waiting GROUP BY box")
    }
    (log,) = await crime.rows("SELECT position, published FROM truth.log")
    sheets = await crime.rows("SELECT count(*) AS n FROM view.sheet")
    enough = all(n < 5 for n in waits.values()) and sheets[0]["n"] == len(crime.tokens) - sum(waits.values())
    left = await crime.rows("SELECT count(*) AS n FROM truth.outbox")
    return bool(enough and log["position"] == log["published"] and not left[0]["n"])


# What holds


async def test_the_story_went_as_told(crime: Crime) -> None:
    sheets = await crime.rows("SELECT answers FROM view.sheet")
    waits = await crime.rows("SELECT count(*) AS n FROM truth.waiting")
    assert len(sheets) + waits[0]["n"] == 22
    numbers = [number(json.loads(each["answers"])) for each in sheets]
    assert len(set(numbers)) == len(numbers) and set(numbers) <= set(range(22))


async def test_no_token_is_anywhere(crime: Crime) -> None:
    text = await crime.dump() + await crime.dump(database.VAULT)
    heap = text.encode() + await crime.files() + await crime.kafka() + crime.log.read_bytes()
    for token in (*crime.tokens.values(), crime.half):
        written = "-".join(token[n : n + 4] for n in range(0, 26, 4))
        digest = hashlib.sha256(token.encode())
        for each in (token, token.lower(), written, digest.hexdigest()):
            assert each.encode() not in heap
        assert digest.digest() not in heap
    assert invitation_stream(crime.tokens[1]).encode() in heap, "the search does find what is there"


async def test_what_was_written_in_words_is_readable_nowhere(crime: Crime) -> None:
    heap = (await crime.dump()).encode() + await crime.files() + await crime.kafka() + crime.log.read_bytes()
    for needle in (HALF, "lời riêng của người số"):
        for encoded in (needle.encode(), json.dumps(needle).encode(), needle.encode("utf-16-le")):
            assert encoded not in heap


async def test_no_value_is_in_a_used_invitation_and_in_a_sheet(crime: Crime) -> None:
    """Joins by any key: nothing that tells one invitation from another is on the other side."""
    left: set[str] = set()
    for row in await crime.events("invitation-%"):
        left |= {str(row["id"]), row["stream"], row["stream"].partition("-")[2], str(row["row"]), row["tx"]}
        left |= _leaves(json.loads(row["meta"])) | _leaves(json.loads(row["data"]))
    for token in crime.tokens.values():
        left |= {str(key_of(token))}
    right: set[str] = set()
    for row in [*await crime.events("box-%"), *await crime.events("remark-%")]:
        right |= {str(row["id"]), row["stream"], row["stream"].partition("-")[2], str(row["row"]), row["tx"]}
        right |= _leaves(json.loads(row["meta"])) | _leaves(json.loads(row["data"]))
    for row in await crime.rows("SELECT * FROM view.sheet"):
        right |= {str(value) for value in row}
    common = {crime.campaign, *LATE, *IN_TIME, "system", "motcua:surveys", ""}
    assert {each for each in (left & right) - common if len(each) > 2} == set()


def _leaves(value: Any) -> set[str]:
    match value:
        case dict():
            return {each for inner in value.values() for each in _leaves(inner)}
        case list():
            return {each for inner in value for each in _leaves(inner)}
        case _:
            return {str(value)}


async def test_no_transaction_wrote_an_invitation_and_a_sheet(crime: Crime) -> None:
    used = {row["tx"] for row in await crime.events("invitation-%")}
    said = {row["tx"] for row in [*await crime.events("box-%"), *await crime.events("remark-%")]}
    assert not used & said
    waits = {row["tx"] for row in await crime.rows("SELECT xmin::text AS tx FROM truth.waiting")}
    assert not used & waits, "what still waits was written anew"
    keys = {row["key"] for row in await crime.rows("SELECT key FROM truth.waiting")}
    assert not keys & {row["key"] for row in crime.before}


async def test_a_sheet_says_the_week_only_and_all_of_a_release_the_same_moment(crime: Crime) -> None:
    for row in await crime.events("box-%"):
        data = json.loads(row["data"])
        assert len(data["sheets"]) >= 5, "fewer would tell whose they are"
        assert set(data) == {"campaign", "questionnaire", "edition", "cell", "sheets", "week"}
        assert data["week"] == "2026-11-02"
        assert all(set(each) == {"id", "answers"} for each in data["sheets"])
    seconds = {json.loads(row["meta"])["recorded_at"] for row in await crime.events("box-%")}
    used = {json.loads(row["meta"])["recorded_at"] for row in await crime.events("invitation-%")}
    assert not seconds & used


async def test_ids_of_sheets_are_by_chance_and_bear_no_time(crime: Crime) -> None:
    ids = [row["sheet"] for row in await crime.rows("SELECT sheet FROM view.sheet")]
    assert all(UUID(str(each)).version == 4 for each in ids)
    for row in await crime.events("remark-%"):
        assert UUID(row["stream"].partition("-")[2]).version == 4
        assert UUID(json.loads(row["data"])["text"]["subject"]).version == 4


async def test_what_waits_and_what_is_put_by_are_of_one_length(crime: Crime) -> None:
    assert len({len(row["value"]) for row in crime.before}) <= 1
    kept = await crime.rows("SELECT length(value) AS n FROM truth.kept")
    assert [row["n"] for row in kept] == [NONCE + 2048 + 16]


async def test_half_done_answers_are_closed_to_who_has_all_databases_and_the_vaults_key(crime: Crime) -> None:
    (row,) = await crime.rows("SELECT key, value FROM truth.kept")
    assert row["key"] == key_of(crime.half), "and only those that were not sent are there"
    master = AESGCM(hashlib.sha256(crime.place.settings.vault_key.get_secret_value().encode()).digest())
    wrapped = await crime.rows("SELECT subject, wrapped FROM subject_key", service=database.VAULT)
    keys = [master.decrypt(each["wrapped"][:12], each["wrapped"][12:], each["subject"].bytes) for each in wrapped]
    assert keys, "the vault is open to this attacker"
    for key in keys:
        for bound in (row["key"].bytes, b"", None):
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(row["value"][:NONCE], row["value"][NONCE:], bound)


async def test_an_idempotency_key_is_not_kept_for_it_would_hold_a_fingerprint_of_the_answers(crime: Crime) -> None:
    keys = [row["key"] for row in await crime.rows("SELECT key FROM truth.answers")]
    assert not [each for each in keys if "key-" in each]


async def test_who_is_signed_in_is_not_noted_with_an_answer(crime: Crime) -> None:
    for row in await crime.events("invitation-%"):
        if row["type"] in ("surveys.invitation_used", "surveys.invitation_opened"):
            assert json.loads(row["meta"])["actor"] == {"id": "respondent", "roles": ["respondent"], "unit": ""}


async def test_the_log_tells_of_nobody(crime: Crime) -> None:
    said = crime.log.read_text(encoding="utf-8")
    assert "running" in said, "there is a log"
    for token in crime.tokens.values():
        assert invitation_stream(token) not in said


async def test_a_rebuilt_view_is_the_live_one_row_for_row(crime: Crime) -> None:
    tables = ("sheet", "invitation", "invited", "used_by_minute", "campaign", "questionnaire", "remark")

    async def all_rows() -> dict[str, set[str]]:
        return {
            each: {row["t"] for row in await crime.rows(f"SELECT t::text AS t FROM view.{each} t")} for each in tables
        }

    live = await all_rows()
    assert all(live[each] for each in tables)
    await rebuild(definition, crime.place.settings)
    assert await all_rows() == live
    totals = await crime.rows(
        "SELECT campaign, cell, count(*) AS issued, count(*) FILTER (WHERE state = 'opened') AS opened,"
        " count(*) FILTER (WHERE state = 'used') AS used, count(*) FILTER (WHERE state = 'revoked') AS revoked"
        " FROM view.invitation GROUP BY campaign, cell EXCEPT SELECT * FROM view.invited"
    )
    assert totals == []


# Order and differencing, on many


async def test_the_order_of_sheets_is_not_the_order_of_answering(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    tokens = await surveys_field.issue(stream, LATE, 80)
    for n, token in enumerate(tokens):
        assert (await surveys_field.answer(token, person(n, late=True))).status_code == 201
    await surveys_field.released()
    events = await surveys_field.service.pool.fetch(
        "SELECT data FROM truth.events WHERE type = 'surveys.answers_released' ORDER BY row"
    )
    mine = [each for each in map(msgspec.json.decode, (row["data"] for row in events)) if each["campaign"] == stream]
    numbers = [number(each["answers"]) for event in mine for each in event["sheets"]]
    assert sorted(numbers) == list(range(80))
    assert abs(spearmanr(range(80), numbers).statistic) < 5 / 79**0.5, "five times its standard error by chance"
    rows = await surveys_field.service.pool.fetch(
        "SELECT answers FROM view.sheet WHERE campaign = $1 ORDER BY ctid", stream
    )
    numbers = [number(json.loads(row["answers"])) for row in rows]
    assert abs(spearmanr(range(80), numbers).statistic) < 5 / 79**0.5


async def test_between_two_looks_a_cells_figures_change_by_a_whole_batch_or_not_at_all(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    dice = random.Random(3)
    tokens = [(cell, token) for cell in (LATE, IN_TIME) for token in await surveys_field.issue(stream, cell, 23)]
    dice.shuffle(tokens)
    seen: dict[str, set[Any]] = {}
    for n, (cell, token) in enumerate(tokens):
        assert (await surveys_field.answer(token, person(n, late=cell == LATE))).status_code == 201
        if n % 4 == 0:
            await surveys_field.released()
        now: dict[str, set[Any]] = {}
        for row in await surveys_field.sheets(stream):
            now.setdefault(str(row["cell"]), set()).add(row["sheet"])
        for name, ids in now.items():
            before = seen.get(name, set())
            assert before <= ids and (len(ids - before) == 0 or len(ids - before) >= 5)
        seen = now


# What does not hold, so that docs/anonymity.md does not promise it


async def test_before_a_release_the_transaction_tells_whose_a_waiting_row_is_but_not_what_is_in_it(
    surveys_field: Field,
) -> None:
    stream = await surveys_field.open()
    (token,) = await surveys_field.issue(stream, LATE)
    assert (await surveys_field.answer(token, person(1, late=True))).status_code == 201
    pool = surveys_field.service.pool
    (row,) = await pool.fetch(
        "SELECT w.box, w.value, e.stream FROM truth.waiting w JOIN truth.events e ON e.xmin = w.xmin"
        " WHERE w.box LIKE $1",
        f"%{stream}%",
    )
    assert row["stream"] == invitation_stream(token)
    assert b"access_place" not in row["value"]
    opened = await sealing.unseal(surveys_field.service, row["box"], row["value"])
    assert number(opened) == 1, "who has the vault and its key too, and looks before the release, sees it"


async def test_a_token_that_leaks_opens_what_is_half_done_and_nothing_that_was_sent(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    (token,) = await surveys_field.issue(stream, IN_TIME)
    await surveys_field.put(token, {"access_place": 2})
    assert (await surveys_field.holding(token).get("/questionnaire")).json()["answers"] == {"access_place": 2}
    await surveys_field.answer(token, GOOD)
    assert (await surveys_field.holding(token).get("/questionnaire")).status_code == 409
    assert not await surveys_field.service.pool.fetch("SELECT 1 FROM truth.kept WHERE key = $1", key_of(token))
