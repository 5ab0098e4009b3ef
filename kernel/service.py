"""The heart: a service does commands, hears events, settles what falls due. (It rebuilds its views too: rebuild.py.)

    do     read the stream, fold, decide, append expecting that number; on Conflict decide again.
    hear   one transaction for the offset, the views and the answers of the policy; what can't be heard is parked.
    settle one transaction for the answers to what time has brought. (When: timer.py.)

A definition is the wiring of one service, without any I/O; a Service is a definition that is running.
"""

import asyncio
import contextlib
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg
import msgspec
import structlog
from uuid_utils.compat import uuid5, uuid7

from kernel import database, metrics, store, wire
from kernel.batch import Batcher
from kernel.clock import Clock
from kernel.decider import Decider, Rejected, Text, fold
from kernel.folds import Folds
from kernel.handlers import Answer, Duty, Policy, View
from kernel.settings import Settings
from kernel.store import Append, Conflict, Draft
from kernel.vault import Vault, personal_fields
from kernel.views import Views
from kernel.waiting import Waiting
from kernel.wire import Message
from schemas.event import Actor, Event, Meta, Recorded, UnknownEvent, encode

S = TypeVar("S")
log = structlog.get_logger()

TRIES = 24  # of two processes that write to one stream each loses half of the time
MOST_REFUSED = 20
MOST_BYTES = 900_000  # of one event: a broker takes a megabyte, and what it does not take would stop all behind it
TOO_LARGE = Text("Nội dung quá dài, hãy rút gọn rồi gửi lại.", "This is too long; shorten it and send it again.")
POISON = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    TypeError,
    OverflowError,
)
RETRY = (Conflict, asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError)
trace: ContextVar[str] = ContextVar("trace", default="")
DUTIES = UUID("6f1e5e53-4c8b-5d0a-9a39-3d1d6f0a7c11")  # the name space of ids of events that time has brought

# Batches that are answered go side by side. One whose answers met another's in one stream tries again alone: it may
# lose to a person's command once more, but not to other batches again and again.
BESIDE = "SELECT pg_advisory_xact_lock_shared(hashtext('motcua.answers'))"
ALONE = "SELECT pg_advisory_xact_lock(hashtext('motcua.answers'))"
LOCK_HEARD = "SELECT next_offset, last_position FROM truth.heard WHERE topic = $1 AND partition = $2 FOR UPDATE"
PARKED_STREAMS = "SELECT DISTINCT stream FROM truth.parked WHERE topic = $1 AND partition = $2 AND dropped IS NULL"
MOVE_HEARD = (
    "UPDATE truth.heard SET next_offset = $3, last_position = $4, at = now() WHERE topic = $1 AND partition = $2"
)
PARK = (
    'INSERT INTO truth.parked (topic, partition, "offset", stream, type, reason, headers, value)'
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)
PARK_AGAIN = 'UPDATE truth.parked SET reason = $4 WHERE topic = $1 AND partition = $2 AND "offset" = $3'


class Gap(Exception):
    """Messages before these are missing here. Fetch them from the broker, from `expected` on, before going on."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"expected offset {expected}")
        self.expected = expected


class Broken(Exception):
    """So many events in a row can't be written that not they are to blame. Mend the program or the tables, start it
    again, then replay what was parked."""


class KeyReused(Exception):
    """This Idempotency-Key was used for another request. Use a new key for a new request."""


async def _nothing(_: "Service") -> None: ...


@dataclass(frozen=True)
class Definition:
    """What a service is made of. `known` looks up what the policy and the duties may not look up themselves, once a
    batch; it travels on in their commands. `errands` deal with the world outside (mail, say) beside the hearing, until
    they are cancelled. `code_of` is SQL ($1: a stream) for the code by which people know a dossier, for the log.
    `unit_called` is SQL ($1: a unit) for its names, the oldest first: `name`, `since` (a day; null: always)."""

    name: str
    deciders: tuple[Decider[Any], ...]
    hears: tuple[str, ...]
    views: tuple[View, ...]
    policy: Policy
    tables: Path
    routers: Callable[[], Iterable[Any]] = tuple
    templates: Path | None = None
    known: Callable[["Service"], Awaitable[Any]] = _nothing
    duties: Sequence[Duty] = ()
    errands: Sequence[Callable[["Service"], Coroutine[Any, Any, None]]] = ()
    code_of: str = ""
    unit_called: str = ""


@dataclass(frozen=True)
class Done(Generic[S]):
    """What a command came to: the events (none: it was already so) and the state after them. `repeated` says that this
    is the first answer to the same Idempotency-Key, given again."""

    stream: str
    events: Sequence[Recorded]
    state: S
    number: int
    repeated: bool = False


@dataclass
class Parked:
    """A message that can't be heard now. An empty reason: it waits behind another of its stream."""

    message: Message
    reason: str


@dataclass
class Service:
    """A running service. `open` before use, `close` after."""

    definition: Definition
    settings: Settings
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.name = self.definition.name
        self.views = Views(self.definition.views)
        self._answers = {event.type for event in self.definition.policy}
        self._wanted = {event.type for event in self.views.wanted} | self._answers
        self._read = Batcher(self._read_many, apart=(UnknownEvent, msgspec.MsgspecError, *POISON))
        self._append = Batcher(self._append_many, apart=POISON)
        self._answered = Batcher(self._answered_many, apart=POISON)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._folds = Folds()
        self._waking: asyncio.Task[None] | None = None
        self._poisoned = 0
        self._replied = False
        self._kept: dict[Any, Any] = {}

    async def open(self) -> None:
        self.pool = await database.pool(self.name, self.settings)
        self._vault_pool = await database.pool(database.VAULT, self.settings, most=2)
        self.vault = Vault(self._vault_pool, self.settings)
        await self.vault.open()
        async with self.pool.acquire() as connection:
            await make_views(connection, self.definition)
            await self.views.prepare(connection)

    async def close(self) -> None:
        await self.pool.close()
        await self._vault_pool.close()

    def keep(self, make: Callable[["Service"], S]) -> S:
        """What a service's rooms keep while it runs (a look-up, say): made at its first use, one a service."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return self._kept[make]  # type: ignore[no-any-return]

    # do ---------------------------------------------------------------------------------------------------------------

    async def do(
        self,
        decider: Decider[S],
        stream: str,
        command: Any,
        *,
        actor: Actor,
        happened_at: dt.datetime | None = None,
        expected: int | None = None,
        key: str | None = None,
        fingerprint: bytes = b"",
        new: bool = False,
        waiting: Waiting | None = None,
        by_itself: bool = False,
    ) -> Done[S]:
        """Decide a command and append what it comes to; answered only after commit.

        `happened_at`: when it happened in the world (default: now). `expected`: the number the person saw. `new`: the
        stream was just named, so neither it nor the key is read first: the append finds out whether either was there.
        `waiting`: a value that waits beside the log if this command, and no other, comes to something.
        `by_itself`: nobody waits for this answer (an errand's), so what it says of an erased person is left blank.
        Raises Rejected (not allowed), Conflict (someone wrote first), KeyReused, Erased.
        """
        if key is not None and not new and (first := await self.answered(key, fingerprint)):
            return await self._again(decider, first)
        now = self.clock.now()
        meta = Meta(actor=actor, happened_at=happened_at or now, recorded_at=now, trace=trace.get())
        async with self._turns.setdefault(stream, asyncio.Lock()):  # a busy stream is no race within one process
            for attempt in range(TRIES):
                history = [] if new and not attempt else await self._read(stream)
                if expected is not None and len(history) != expected:
                    raise Conflict(stream)
                state = fold(decider, (each.event for each in history))
                events = decider.decide(command, state)
                if not events:
                    return Done(stream, (), state, len(history))
                ready = await self._ready(stream, len(history), events, meta, blank=by_itself)
                outcome = await self._append(_as_append(ready, key, fingerprint, waiting))
                if outcome == "appended":
                    metrics.appended.labels(self.name).inc(len(events))
                    return Done(stream, ready, fold(decider, events, state), len(history) + len(events))
                if outcome == "repeated" and key is not None and (first := await self.answered(key, fingerprint)):
                    return await self._again(decider, first)
        raise Conflict(stream)

    async def history(self, stream: str) -> list[Recorded]:
        """A stream's events, personal data sealed; none where it does not exist."""
        return await self._read(stream)

    async def state(self, decider: Decider[S], stream: str) -> tuple[S, int]:
        """The state of a stream and its last number, as of now: a caller reads its own write here."""
        history = await self._read(stream)
        return fold(decider, (each.event for each in history)), len(history)

    async def answered(self, key: str, fingerprint: bytes) -> tuple[str, int, int] | None:
        """The (stream, first, last) that this key was answered with before, if it was. Raises KeyReused."""
        found = await self._answered(key)
        if found is None:
            return None
        if found["fingerprint"] != fingerprint:
            raise KeyReused(key)
        return found["stream"], found["first"], found["last"]

    async def again(self, decider: Decider[S], key: str, fingerprint: bytes) -> Done[S] | None:
        """The first answer to a key, if there was one: ask before looking anything up or allotting a number."""
        first = await self.answered(key, fingerprint)
        return await self._again(decider, first) if first else None

    async def _again(self, decider: Decider[S], first: tuple[str, int, int]) -> Done[S]:
        stream, low, high = first
        until = [each for each in await self._read(stream) if each.number <= high]
        events = [each for each in until if each.number >= low]
        return Done(stream, events, fold(decider, (each.event for each in until)), high, repeated=True)

    async def _ready(
        self, stream: str, number: int, events: Sequence[Event], meta: Meta, duty: str = "", *, blank: bool = False
    ) -> list[Recorded]:
        personal = any(personal_fields(type(each)) for each in events)
        sealed = await self.vault.seal(events, blank=blank) if personal else events
        return [
            Recorded(
                id=uuid5(DUTIES, f"{duty} {stream} {number + n}") if duty else uuid7(),
                stream=stream,
                number=number + n,
                meta=meta,
                event=event,
            )
            for n, event in enumerate(sealed, 1)
        ]

    async def _read_many(self, streams: Sequence[str]) -> list[list[Recorded]]:
        found = await store.read(self.pool, dict.fromkeys(streams))
        return [found[stream] for stream in streams]

    async def _append_many(self, appends: Sequence[Append]) -> list[str]:
        for attempt in range(TRIES):
            try:
                outcomes = await store.append(self.pool, appends)
                break
            except asyncpg.DeadlockDetectedError:  # with a policy that answers to the same streams
                if attempt == TRIES - 1:
                    raise
        self._wake()
        return outcomes

    async def _answered_many(self, keys: Sequence[str]) -> list[Any]:
        rows = await self.pool.fetch("SELECT * FROM truth.answers WHERE key = ANY($1::text[])", list(keys))
        found = {row["key"]: row for row in rows}
        return [found.get(key) for key in keys]

    def _wake(self) -> None:
        """Tell the relay, wherever it runs, after the commit; a lost wake-up costs only its polling interval."""
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._notify())

    async def _notify(self) -> None:
        try:
            await self.pool.execute("NOTIFY appended")
        except database.OUTAGE:
            log.debug("the relay was not woken; it polls")

    # hear -------------------------------------------------------------------------------------------------------------

    async def hear(self, topic: str, partition: int, messages: Sequence[Message]) -> int:
        """Hear what is new among these messages of one partition; answers the next offset.

        Raises Gap where something before them is missing. Database errors that a retry may mend are the caller's to
        retry; an event that can't be heard is parked, and its stream's later events behind it.
        """
        for attempt in range(TRIES):
            answered = any(each.type in self._answers for each in messages)
            known = await self.known() if answered else None
            try:
                async with self.pool.acquire() as connection, connection.transaction():
                    if answered:
                        await connection.execute(ALONE if attempt else BESIDE)
                    offset = await self._hear(connection, topic, partition, messages, known)
                if self._replied:
                    self._replied = False
                    self._wake()
                return offset
            except RETRY as error:
                if attempt == TRIES - 1:
                    raise
                metrics.again.labels(self.name, type(error).__name__).inc()
                log.info("heard again", topic=topic, partition=partition, reason=type(error).__name__)
            except Exception as error:
                if isinstance(error, Gap) or not poisonous(error):
                    raise
                if len(messages) > 1:
                    break
                return await self._hear_poison(topic, partition, messages[0], error)
        # One event of this batch can't be written; one at a time tells which.
        refused = 0
        for message in messages:
            before = self._poisoned
            offset = await self.hear(topic, partition, [message])
            refused = refused + 1 if self._poisoned > before else 0
            if refused >= MOST_REFUSED:
                raise Broken(f"{refused} events in a row could not be written; see truth.parked for the reason")
        return offset

    async def known(self) -> Any:
        """What the policy and the duties are told, as of now. Ask before a transaction: it takes its own connection."""
        return await self.definition.known(self)

    async def _hear(self, connection: Any, topic: str, partition: int, messages: Sequence[Message], known: Any) -> int:
        expected, last, parked_streams = await self.lock(connection, topic, partition)
        fresh, strange = [], []
        for message in messages:
            if message.offset < expected:
                continue
            if message.offset > expected:
                break
            expected += 1
            if (position := message.position) > last:
                last = position
                fresh.append(message)
            elif position < 0:
                strange.append(Parked(message, "not an event of ours"))
        if messages and messages[0].offset > expected:
            raise Gap(expected)
        parked = await self.take(connection, fresh, set(parked_streams), known)
        for each in (*parked, *strange):
            await self._park(connection, topic, partition, each)
        await connection.execute(MOVE_HEARD, topic, partition, expected, last)
        if fresh:
            await connection.execute("NOTIFY heard")
            metrics.heard.labels(self.name, topic).inc(len(fresh))
            self._measure(topic, fresh[-1])
        return int(expected)

    def _measure(self, topic: str, message: Message) -> None:
        with contextlib.suppress(msgspec.MsgspecError):  # one whose meta can't be read was parked
            age = (self.clock.now() - wire.recorded_at(message)).total_seconds()
            metrics.delay.labels(self.name, topic).set(max(0.0, age))

    async def lock(self, connection: Any, topic: str, partition: int) -> tuple[int, int, list[str]]:
        """Hold a partition's place until the transaction ends: (next offset, last position, parked streams). Whoever
        comes later, a zombie worker too, sees what the one before has done."""
        row = await connection.fetchrow(LOCK_HEARD, topic, partition)
        if row is None:
            await connection.execute(
                "INSERT INTO truth.heard (topic, partition) VALUES ($1, $2) ON CONFLICT DO NOTHING", topic, partition
            )
            row = await connection.fetchrow(LOCK_HEARD, topic, partition)
        # A statement of its own: one that waited for the lock would see what was parked before it waited.
        parked = await connection.fetch(PARKED_STREAMS, topic, partition)
        return row["next_offset"], row["last_position"], [each["stream"] for each in parked]

    async def _hear_poison(self, topic: str, partition: int, message: Message, error: Exception) -> int:
        self._poisoned += 1
        async with self.pool.acquire() as connection, connection.transaction():
            expected, last, _ = await self.lock(connection, topic, partition)
            if message.offset == expected:
                await self._park(connection, topic, partition, Parked(message, reason_of(error)))
                await connection.execute(MOVE_HEARD, topic, partition, expected + 1, max(last, message.position))
                expected += 1
            return expected

    async def _park(self, connection: Any, topic: str, partition: int, parked: Parked) -> None:
        message = parked.message
        metrics.parked.labels(self.name).inc()
        log.warning(
            "parked",
            topic=topic,
            offset=message.offset,
            stream=message.stream,
            application=await self._code(connection, message),
            reason=parked.reason,
        )
        await connection.execute(
            PARK,
            topic,
            partition,
            message.offset,
            message.stream[:200],
            message.type[:200],
            parked.reason,
            msgspec.msgpack.encode(dict(message.headers)),
            message.value or b"",
        )

    async def _code(self, connection: Any, message: Message) -> str:
        """The code of the dossier that a message is about, as it says itself or as the views know it; else ""."""
        with contextlib.suppress(Exception):  # what can't be read was parked for that
            if code := getattr(wire.recorded(message).event, "code", ""):
                return str(code)
        if not self.definition.code_of:
            return ""
        try:
            async with connection.transaction():  # where a table is missing, the event is parked all the same
                return await connection.fetchval(self.definition.code_of, message.stream) or ""
        except asyncpg.PostgresError:
            return ""

    async def take(self, connection: Any, messages: Sequence[Message], behind: set[str], known: Any) -> list[Parked]:
        """Fold messages into the views and answer them by the policy, in the caller's transaction; answers what has to
        be parked. Streams in `behind` have a parked event already; `known` is what the policy is told."""
        parked: list[Parked] = []
        heard: list[tuple[Message, Recorded | Exception, Sequence[Answer]]] = []
        wanted, policies = self._wanted, self.definition.policy
        for message in messages:
            if message.type not in wanted:
                continue
            try:
                recorded = wire.recorded(message)
                policy = policies.get(type(recorded.event))
                heard.append((message, recorded, policy(recorded, known) if policy else ()))
            except Exception as error:
                heard.append((message, error, ()))
        stage = await self.views.stage(connection, (each for _, each, _ in heard if isinstance(each, Recorded)))
        replies = await self._replies(connection, [a for _, _, answers in heard for a in answers])
        for message, read, answers in heard:
            try:
                if behind and message.stream in behind:
                    raise _Behind
                if isinstance(read, Exception):
                    raise read
                staged = replies.decide(answers, self._because(read)) if answers else ()
                stage.take(read)
                replies.keep(staged)
            except Exception as error:
                behind.add(message.stream)
                parked.append(Parked(message, reason_of(error)))
        await self.views.write(connection, stage)
        if await replies.append(connection, self):
            raise Conflict
        return parked

    # settle -----------------------------------------------------------------------------------------------------------

    async def settle(
        self, connection: Any, duty: str, answers: Sequence[Answer], now: dt.datetime
    ) -> list[int | Exception]:
        """Give itself the commands of a duty, in one transaction of this connection; answers for each how many events
        it came to, or why it could not be decided or appended: a Conflict is of that stream alone. Raises, with nothing
        written, what hits all of them: a history that can't be read, an event that can't be written."""
        outcomes: list[int | Exception] = []
        meta = self._meta(now)
        async with connection.transaction():
            replies = await self._replies(connection, answers)
            for answer in answers:
                try:
                    staged = replies.decide([answer], meta)
                except Exception as error:
                    outcomes.append(error)
                else:
                    replies.keep(staged)
                    outcomes.append(sum(len(events) for _, _, _, events, _ in staged))
            lost = await replies.append(connection, self, duty)
        if lost:
            outcomes = [
                Conflict(answer.stream) if answer.stream in lost and isinstance(each, int) else each
                for answer, each in zip(answers, outcomes, strict=True)
            ]
        if any(isinstance(each, int) and each for each in outcomes):
            self._wake()
        return outcomes

    def _because(self, heard: Recorded) -> Meta:
        return self._meta(heard.meta.happened_at, heard.id, heard.meta.trace)

    def _meta(self, happened_at: dt.datetime, cause: UUID | None = None, trace: str = "") -> Meta:
        actor = Actor(id=f"motcua:{self.name}", roles=("system",))
        return Meta(actor=actor, happened_at=happened_at, recorded_at=self.clock.now(), cause=cause, trace=trace)

    async def _replies(self, connection: Any, answers: Sequence[Answer]) -> "_Replies":
        streams = {answer.stream: answer.decider for answer in answers}
        return _Replies(await self._folds.read(connection, streams) if streams else {})


_VALUE = re.compile(r"value .*(?= - at `|$)", re.DOTALL)


class _Behind(Exception):
    """An earlier event of this stream is parked."""


class _Stands(NamedTuple):
    """Where a stream stands within a batch: a state, and what came after it, which is folded when it is asked about
    again; most streams are not."""

    state: Any
    number: int
    since: Sequence[Event] = ()


_Staged: TypeAlias = tuple[Meta, str, int, Sequence[Event], _Stands]


class _Replies:
    """What commands that a service gives itself come to within one batch: decided in memory, appended once."""

    def __init__(self, states: Mapping[str, tuple[Any, int]]) -> None:
        self._stand = {stream: _Stands(*each) for stream, each in states.items()}
        self._kept: list[tuple[Meta, str, int, Sequence[Event]]] = []

    def decide(self, answers: Sequence[Answer], meta: Meta) -> list[_Staged]:
        staged: list[_Staged] = []
        mine: dict[str, _Stands] = {}  # what these came to so far; all of it is kept or none
        for answer in answers:
            state, number, since = mine.get(answer.stream) or self._stand[answer.stream]
            state = fold(answer.decider, since, state) if since else state
            events = answer.decider.decide(answer.command, state)
            if events:
                mine[answer.stream] = after = _Stands(state, number + len(events), events)
                staged.append((meta, answer.stream, number, events, after))
        return staged

    def keep(self, staged: Iterable[_Staged]) -> None:
        for meta, stream, number, events, after in staged:
            self._kept.append((meta, stream, number, events))
            self._stand[stream] = after

    async def append(self, connection: Any, service: Service, duty: str = "") -> set[str]:
        """Append what was kept; answers the streams to which somebody wrote first, of which nothing was appended."""
        if not self._kept:
            return set()
        # All that one stream was told is one append: however many answers met in it, it costs one statement.
        drafts: dict[str, list[Draft]] = {}
        for meta, stream, number, events in self._kept:
            # Of a person who was erased meanwhile nothing is said; but the case goes on, and lets go of what it holds.
            ready = await service._ready(stream, number, events, meta, duty, blank=True)
            drafts.setdefault(stream, []).extend(_as_append(ready).drafts)
        appends = [Append(each[0].id, each) for each in drafts.values()]
        outcomes = await store.append(connection, appends)
        service._replied = True
        return {stream for stream, outcome in zip(drafts, outcomes, strict=True) if outcome != "appended"}


@lru_cache(maxsize=16)
def _meta(meta: Meta) -> bytes:
    return msgspec.json.encode(meta)  # what thousands of events have in common is written once


def _as_append(
    events: Sequence[Recorded], key: str | None = None, fingerprint: bytes = b"", waiting: Waiting | None = None
) -> Append:
    meta = _meta(events[0].meta)
    drafts = [
        Draft(each.id, each.stream, each.number, each.event.type, each.event.version, meta, encode(each.event))
        for each in events
    ]
    if max(len(each.data) for each in drafts) > MOST_BYTES:
        raise Rejected("too_large", TOO_LARGE)
    return Append(events[0].id, drafts, key, fingerprint, waiting)


def poisonous(error: Exception) -> bool:
    """Whether the event is to blame: then it is parked. What the database or the network did is tried again."""
    return isinstance(error, POISON) or not isinstance(error, database.OUTAGE)


def reason_of(error: Exception) -> str:
    """Why, for an operator; never the data, which may be personal."""
    match error:
        case _Behind():
            return ""
        case Rejected():
            return f"Rejected: {error.code}"
        case UnknownEvent():
            return f"{type(error).__name__}: {error}"
        case msgspec.ValidationError():  # it names the value that it does not know
            return f"{type(error).__name__}: {_VALUE.sub('value …', str(error))}"
        case _:
            frame = error.__traceback__
            while frame and frame.tb_next:
                frame = frame.tb_next
            where = f" at {Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else ""
            return f"{type(error).__name__}{where}"


async def make_views(connection: Any, definition: Definition, schema: str = "view") -> None:
    """Make the tables of tables.sql in an empty view schema; where they are already there, nothing."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('motcua.views'))")
        if not await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = $1", schema):
            await connection.execute(f"SET LOCAL search_path = {schema}")
            text = definition.tables.read_text(encoding="utf-8")
            await connection.execute(f"{text}\n;SELECT")  # an empty room holds only a comment


def new_stream(decider: Decider[Any], id: UUID | None = None) -> str:
    """A stream's name: the decider's name and a UUID (time-ordered where none is given)."""
    return f"{decider.name}-{id or uuid7()}"
