"""What time brings: one timer a service finds what has fallen due, by its duties, and settles it page by page.

It acts only once all that was said by then is heard; else an answer under way would look late. What was decided is
appended by the connection that holds the lock, so that a timer which has lost its lock can't write any more.
"""

import asyncio
import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from kernel import database, feed, metrics
from kernel.clock import monotonic
from kernel.handlers import Answer, Duty
from kernel.service import RETRY, Service, poisonous, reason_of
from kernel.store import Conflict

log = structlog.get_logger()

POLL = 0.5
SETTLE = 0.2  # seconds that what others said by a moment has to reach Kafka, which mostly takes a tenth of that
LOOK = 0.05  # seconds between two looks at how much is heard
PATIENCE = 10.0  # seconds of waiting to have heard all, from which it is worth a line in the log
PAGE = 2_000
SOON, LATE = 1.0, 300.0  # seconds until a stream that stays due is asked about again: doubled from time to time
START = (dt.datetime.min.replace(tzinfo=dt.UTC), "")
LOCK = "SELECT pg_try_advisory_lock(hashtext('motcua.timer'))"
QUEUED = "SELECT max(row) FROM truth.outbox"
SEALED = "SELECT position FROM truth.log WHERE NOT EXISTS (SELECT FROM truth.outbox WHERE row <= $1)"
PUBLISHED = "SELECT published >= $1 FROM truth.log"
OUTAGE = (*database.OUTAGE, KafkaError)


class _Asked(NamedTuple):
    """When a row was asked about, and what is to be done where it is found again as it was."""

    at: dt.datetime
    again: float
    wait: float
    failed: bool


class _OtherTime(Exception):
    """The clock was set meanwhile; what falls due is another question now."""


class Timer:
    """The timer of one service. `run` until cancelled; a second one waits until the first is gone."""

    def __init__(self, service: Service) -> None:
        self.service, self.settings = service, service.settings
        self._hears = [self.settings.topic(each) for each in service.definition.hears]
        self._asked: dict[str, dict[str, _Asked]] = {each.name: {} for each in service.definition.duties}
        self._done: dict[str, Any] = {}
        self._reached = service.clock.now()

    async def run(self) -> None:
        while True:
            try:
                await self._lead()
            except OUTAGE as error:
                log.warning("timer starts again", service=self.service.name, reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(POLL)

    async def _lead(self) -> None:
        connection = await database.connect(self.service.name, self.settings)
        try:
            while not await connection.fetchval(LOCK):  # noqa: ASYNC110 -- another process tells nobody when it ends
                await asyncio.sleep(POLL)
            log.info("timer leads", service=self.service.name)
            async with feed.consumer(self.settings) as reader:
                while True:
                    changed = self.service.clock.changed
                    with suppress(_OtherTime):
                        await self._tick(connection, reader, changed)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), POLL)
                    if changed.is_set():
                        self._asked = {name: {} for name in self._asked}
        finally:
            with suppress(*database.OUTAGE):
                await connection.close(timeout=2)

    # when to act ------------------------------------------------------------------------------------------------------

    async def _tick(self, connection: Any, reader: AIOKafkaConsumer, changed: asyncio.Event) -> None:
        now = self.service.clock.now()
        await asyncio.sleep(SETTLE)
        await self._heard_all(connection, reader, changed)
        metrics.timer_ticks.labels(self.service.name).inc()
        whole = True
        for duty in self.service.definition.duties:
            try:
                if await self.do(connection, duty, now):
                    # The next one would find the rows as they were, and take its time from those who hear.
                    await self._heard_all(connection, reader, changed)
            except _OtherTime:
                raise
            except Exception as error:
                if connection.is_closed():
                    raise
                whole = False
                log.error("a duty can't be done", service=self.service.name, duty=duty.name, reason=reason_of(error))
        if whole:
            self._reached = now
        self._measure()

    async def _heard_all(self, connection: Any, reader: AIOKafkaConsumer, changed: asyncio.Event) -> None:
        """Wait until all that was said by now is in the views: by this service (it is not even published yet, maybe)
        and by others, as far as Kafka has it. Whoever of the workers hears it."""
        if self.settings.topic(self.service.name) in self._hears:
            queued = await connection.fetchval(QUEUED) or 0
            sealed = await self._until(connection.fetchval, changed, SEALED, queued)
            await self._until(connection.fetchval, changed, PUBLISHED, sealed)
        places = [(topic, n) for topic in self._hears for n in range(self.settings.partitions)]
        ends = await feed.ends(reader, places)

        async def reached() -> bool:
            heard = await feed.heard(connection)
            return all(heard.get(place, 0) >= end for place, end in ends.items())

        await self._until(reached, changed)

    async def _until(self, true: Any, changed: asyncio.Event, *arguments: Any) -> Any:
        started, told = monotonic(), False
        while (found := await true(*arguments)) is None or found is False:
            if changed.is_set():
                raise _OtherTime
            if monotonic() - started > PATIENCE and not told:
                told = True
                log.warning("the timer waits until all is heard", service=self.service.name)
            self._measure()
            await asyncio.sleep(LOOK)
        return found

    def _measure(self) -> None:
        lag = self.service.clock.now() - self._reached
        metrics.timer_lag.labels(self.service.name).set(max(0.0, lag.total_seconds()))

    # one duty ---------------------------------------------------------------------------------------------------------

    async def do(self, connection: Any, duty: Duty, now: dt.datetime) -> int:
        """Find what a duty has to do by now, and do it; answers how many events it came to. By the connection that
        holds the lock."""
        asked = self._asked[duty.name]
        value, emitted = None, 0
        if duty.changes is not None:
            statement = await connection.prepare(duty.changes)
            value = await statement.fetchval(*(now,)[: len(statement.get_parameters())])
            if duty.name not in self._done or value != self._done[duty.name]:
                asked.clear()
            elif not any(each.failed and each.again <= monotonic() for each in asked.values()):
                return 0
        found: dict[str, _Asked] = {}
        after = START
        while page := await connection.fetch(duty.find, now, *after, PAGE):
            last = page[-1]["at"], page[-1]["stream"]
            if last == after:
                raise ValueError(f"{duty.name}: `find` does not go on after ($2, $3)")
            after = last
            due = [row for row in page if not self._waits(asked.get(row["stream"]), row["at"])]
            if due:
                emitted += await self._page(connection, duty, due, now)
            found.update((row["stream"], asked[row["stream"]]) for row in page)
            if len(page) < PAGE:
                break
        self._asked[duty.name] = found  # what is not found any more has moved
        self._done[duty.name] = value
        stuck = sum(each.failed for each in found.values())
        metrics.timer_stuck.labels(self.service.name, duty.name).set(stuck)
        return emitted

    def _waits(self, asked: _Asked | None, at: dt.datetime) -> bool:
        return asked is not None and asked.at == at and asked.again > monotonic()

    async def _page(self, connection: Any, duty: Duty, rows: Sequence[Any], now: dt.datetime) -> int:
        known = await self.service.known()
        answers: list[tuple[Any, Answer]] = []
        for row in rows:
            try:
                answer = duty.answer(row, now, known)
            except Exception as error:
                self._remember(duty, row, error)
            else:
                if answer is None:
                    self._remember(duty, row)
                else:
                    answers.append((row, answer))
        return await self._settle(connection, duty, answers, now) if answers else 0

    async def _settle(
        self, connection: Any, duty: Duty, answers: Sequence[tuple[Any, Answer]], now: dt.datetime
    ) -> int:
        """All at once; where that fails because of one of them (its event can't be written), each half alone, down to
        that one. Those to whose streams somebody wrote first are decided again."""
        try:
            outcomes = await self.service.settle(connection, duty.name, [answer for _, answer in answers], now)
        except Exception as error:
            if connection.is_closed() or not (isinstance(error, RETRY) or poisonous(error)):
                raise
            if len(answers) == 1:
                self._remember(duty, answers[0][0], error)
                return 0
            half = len(answers) // 2
            first = await self._settle(connection, duty, answers[:half], now)
            return first + await self._settle(connection, duty, answers[half:], now)
        lost = [each for each, outcome in zip(answers, outcomes, strict=True) if isinstance(outcome, Conflict)]
        again = 0 < len(lost) < len(answers)
        for (row, _), outcome in zip(answers, outcomes, strict=True):
            if not (again and isinstance(outcome, Conflict)):
                self._remember(duty, row, outcome if isinstance(outcome, Exception) else None)
        emitted = sum(each for each in outcomes if isinstance(each, int))
        metrics.timer_emitted.labels(self.service.name, duty.name).inc(emitted)
        return emitted + (await self._settle(connection, duty, lost, now) if again else 0)

    def _remember(self, duty: Duty, row: Any, error: Exception | None = None) -> None:
        asked, stream = self._asked[duty.name], row["stream"]
        before = asked.get(stream)
        wait = min(before.wait * 2, LATE) if before is not None and before.at == row["at"] else SOON
        asked[stream] = _Asked(row["at"], monotonic() + wait, wait, error is not None)
        if error is not None:
            log.warning(
                "a duty failed",
                service=self.service.name,
                duty=duty.name,
                stream=stream,
                again_in=wait,
                reason=reason_of(error),
            )
