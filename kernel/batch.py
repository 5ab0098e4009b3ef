"""Many callers, one round trip: what arrives while a call is under way goes together in the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Batcher(Generic[Q, A]):
    """`await batcher(item)` answers that item's result of `work(items)`. An error of `work` reaches all of its items;
    but after one of the kinds in `apart`, which one item causes, each is tried alone so that it harms no other.

    Nothing waits for a batch to fill: an idle batcher sends a single item at once.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Q]], Awaitable[Sequence[A]]],
        *,
        most: int = 200,
        apart: tuple[type[Exception], ...] = (),
    ) -> None:
        self._work, self._most, self._apart = work, most, apart
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._runner: asyncio.Task[None] | None = None

    def __call__(self, item: Q) -> "asyncio.Future[A]":
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(batch)
        finally:
            self._runner = None

    async def _answer(self, batch: "Sequence[tuple[Q, asyncio.Future[A]]]") -> None:
        try:
            answers = await self._work([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and isinstance(error, self._apart):
                for each in batch:
                    await self._answer([each])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
