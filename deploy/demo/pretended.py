"""Pretended time: many lives wait for their moments, and weeks pass as fast as the services answer.

A life is a coroutine that says `await time.until(moment)`. Time goes to the earliest moment that anyone waits for,
takes along whoever waits for one within STEP of it, tells the services what time it is, wakes them all, and goes on
when each of them waits again or has ended. So no life is ever early, and none later than STEP.
"""

import asyncio
import datetime as dt
import heapq
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

STEP = dt.timedelta(minutes=13)  # below the 15 minutes after which an entry is a late one


class Pretended:
    """`move` tells the services the time."""

    def __init__(self, move: Callable[[dt.datetime], Awaitable[None]]) -> None:
        self._move = move
        self._waiting: list[tuple[dt.datetime, int, asyncio.Future[None]]] = []
        self._count = self._awake = 0
        self._all_wait = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None

    def begin(self, life: Coroutine[Any, Any, None]) -> None:
        """Let a life begin; it should wait for its first moment at once."""
        self._awake += 1
        task = asyncio.create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def until(self, moment: dt.datetime) -> None:
        self._count += 1
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (moment, self._count, woken))
        self._rest()
        await woken

    async def pass_until(self, end: dt.datetime, passed: Callable[[dt.datetime], None]) -> None:
        """Let time pass; who waits for a moment after `end` is left as they are. Raises what a life raised."""
        try:
            while True:
                await self._quiet()
                if not self._waiting or self._waiting[0][0] > end:
                    return
                limit = min(self._waiting[0][0] + STEP, end)
                due = []
                while self._waiting and self._waiting[0][0] <= limit:
                    due.append(heapq.heappop(self._waiting))
                now = due[-1][0]
                await self._move(now)
                self._awake = len(due)
                for _, _, woken in due:
                    woken.set_result(None)
                passed(now)
        finally:
            tasks = list(self._tasks)
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _quiet(self) -> None:
        while self._awake:
            self._all_wait.clear()
            await self._all_wait.wait()
        if self._failed:
            raise self._failed

    def _rest(self) -> None:
        self._awake -= 1
        if self._awake <= 0:
            self._all_wait.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self._failed = self._failed or task.exception()
            self._rest()
