"""A sorted set that is never changed, only made anew, so that a class with ten thousand asks folds fast.

A tuple of all entries would be copied whole for each event; a tree of single entries costs a look at each level in
Python. So it is a tuple of short sorted tuples: one of them is copied, and the row of them, which for any number of
pupils that a class can be asked by is a microsecond.
"""

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec

E = TypeVar("E", bound=tuple[Any, ...])
MOST = 128  # entries of one run; a longer one is halved
_first = itemgetter(0)


class Queue(msgspec.Struct, Generic[E], frozen=True):
    """Entries are tuples, in their order. No run is empty."""

    runs: tuple[tuple[E, ...], ...] = ()
    size: int = 0

    def first(self) -> E | None:
        return self.runs[0][0] if self.runs else None

    def last(self) -> E | None:
        return self.runs[-1][-1] if self.runs else None

    def after(self, low: tuple[Any, ...]) -> E | None:
        """The first entry that is not below `low`, which may be the beginning of an entry."""
        for at in range(max(0, bisect_right(self.runs, low, key=_first) - 1), len(self.runs)):
            run = self.runs[at]
            if (found := bisect_left(run, low)) < len(run):
                return run[found]
        return None

    def __contains__(self, entry: E) -> bool:
        return self.after(entry) == entry

    def add(self, entry: E) -> "Queue[E]":
        runs = self.runs
        if not runs:
            return Queue(((entry,),), 1)
        at = max(0, bisect_right(runs, entry, key=_first) - 1)
        run = runs[at]
        place = bisect_left(run, entry)
        if place < len(run) and run[place] == entry:
            return self
        longer = (*run[:place], entry, *run[place:])
        half = len(longer) // 2
        new = (longer,) if len(longer) <= MOST else (longer[:half], longer[half:])
        return Queue(runs[:at] + new + runs[at + 1 :], self.size + 1)

    def drop(self, entry: E) -> "Queue[E]":
        """The same where it is not there."""
        runs = self.runs
        at = bisect_right(runs, entry, key=_first) - 1
        if at < 0:
            return self
        run = runs[at]
        place = bisect_left(run, entry)
        if place == len(run) or run[place] != entry:
            return self
        shorter = run[:place] + run[place + 1 :]
        return Queue(runs[:at] + ((shorter,) if shorter else ()) + runs[at + 1 :], self.size - 1)
