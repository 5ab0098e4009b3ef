"""How figures are taken: ours and a peer in turns (A B A B …), a warm-up dropped, one ratio a round.

Only the ratios are claims. What a side answers is a rate (events a second); the ratio of a round is ours ÷ peer, and
the result is the median of the rounds with the smallest and the largest.
"""

import inspect
import math
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Side: TypeAlias = Callable[[], float | Awaitable[float]]
"""Does the work once and answers its rate."""


@dataclass(frozen=True)
class Scale:
    """How much is measured: rounds that count, and the share of the usual amount of work a round."""

    rounds: int = 5
    share: float = 1.0

    def of(self, amount: int) -> int:
        return max(1, int(amount * self.share))


FULL = Scale()
QUICK = Scale(rounds=2, share=0.2)


@dataclass(frozen=True)
class Pair:
    """Ours and the peer it is compared with. The bar is the smallest ratio that was promised; 0: none was."""

    name: str
    what: str
    unit: str
    bar: float
    ours: Side
    peer: Side


@dataclass(frozen=True)
class Result:
    """What a pair came to: the rates of each round, ours and the peer's, in the same order."""

    name: str
    what: str
    unit: str
    bar: float
    ours: Sequence[float]
    peer: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.peer, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def holds(self) -> bool:
        return self.ratio >= self.bar

    def as_json(self) -> dict[str, Any]:
        return {
            "ratio": round(self.ratio, 3),
            "min": round(min(self.ratios), 3),
            "max": round(max(self.ratios), 3),
            "bar": self.bar,
            "holds": self.holds,
            "what": self.what,
            "unit": self.unit,
            "ours": round(statistics.median(self.ours)),
            "peer": round(statistics.median(self.peer)),
        }


@dataclass(frozen=True)
class Delay:
    """Times in milliseconds, without a bar."""

    name: str
    what: str
    times: Sequence[float]

    def percentile(self, share: float) -> float:
        """The smallest time that `share` of all times do not exceed."""
        ordered = sorted(self.times)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    def as_json(self) -> dict[str, Any]:
        return {
            "p50_ms": round(self.percentile(0.50), 1),
            "p99_ms": round(self.percentile(0.99), 1),
            "count": len(self.times),
            "what": self.what,
        }


@dataclass(frozen=True)
class Failed:
    """It could not be measured, and why."""

    name: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {"failed": self.reason}


Outcome: TypeAlias = Result | Delay | Failed


async def compare(pair: Pair, rounds: int, step: Callable[[], None] = lambda: None) -> Result:
    """Run both sides in turns, once to warm up and `rounds` times to count; `step` is called after each round."""
    ours, peer = [], []
    for _ in range(rounds + 1):
        ours.append(await _once(pair.ours))
        peer.append(await _once(pair.peer))
        step()
    return Result(pair.name, pair.what, pair.unit, pair.bar, ours[1:], peer[1:])


async def _once(side: Side) -> float:
    answer = side()
    return await answer if inspect.isawaitable(answer) else answer
