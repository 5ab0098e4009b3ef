"""Batching: what arrives while a call is under way goes in the next one; nobody waits, nobody pays for another."""

import asyncio
from collections.abc import Sequence

import pytest

from kernel.batch import Batcher


class Work:
    """Doubles numbers, remembers what it was given, and waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.gate.wait()
        if any(item < 0 for item in items):
            raise ValueError(f"negative among {list(items)}")
        return [item * 2 for item in items]


async def test_a_single_caller_waits_for_nobody() -> None:
    work = Work()
    assert await Batcher(work)(3) == 6
    assert work.batches == [[3]]


async def test_what_arrives_during_a_call_goes_together_in_the_next() -> None:
    work = Work()
    work.gate.clear()
    batcher = Batcher(work, most=4)
    first = batcher(0)
    await asyncio.sleep(0)
    others = [batcher(n) for n in range(1, 7)]
    work.gate.set()
    assert await asyncio.gather(first, *others) == [0, 2, 4, 6, 8, 10, 12]
    assert work.batches == [[0], [1, 2, 3, 4], [5, 6]]


async def test_an_error_reaches_all_and_the_next_are_served() -> None:
    batcher = Batcher(Work())
    outcomes = await asyncio.gather(*(batcher(n) for n in (1, -1, 2)), return_exceptions=True)
    assert [type(each) for each in outcomes] == [ValueError] * 3
    assert await batcher(5) == 10


async def test_an_error_that_one_item_causes_reaches_only_its_caller() -> None:
    work = Work()
    batcher = Batcher(work, apart=(ValueError,))
    one, bad, two = await asyncio.gather(*(batcher(n) for n in (1, -1, 2)), return_exceptions=True)
    assert (one, two) == (2, 4)
    assert isinstance(bad, ValueError)
    assert work.batches == [[1, -1, 2], [1], [-1], [2]]


async def test_a_caller_who_goes_away_harms_nobody() -> None:
    work = Work()
    work.gate.clear()
    batcher = Batcher(work)
    tasks = [asyncio.ensure_future(_ask(batcher, n)) for n in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[3].cancel()
    work.gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [each for each in outcomes if not isinstance(each, BaseException)] == [2, 4, 8]
    assert await batcher(9) == 18


async def _ask(batcher: Batcher[int, int], item: int) -> int:
    return await batcher(item)


async def test_all_callers_may_go_away() -> None:
    work = Work()
    work.gate.clear()
    batcher = Batcher(work)
    task = asyncio.ensure_future(_ask(batcher, 1))
    await asyncio.sleep(0)
    task.cancel()
    work.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await batcher(2) == 4
