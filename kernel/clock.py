"""The only place that reads the wall clock. A demo or a test may set another time; it ticks on from there."""

import asyncio
import datetime as dt
import time


class Clock:
    """Aware UTC time, possibly shifted. Who waits for a moment waits for `changed` too, which is set once."""

    def __init__(self) -> None:
        self._shift = dt.timedelta()
        self.changed = asyncio.Event()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self._shift

    def set(self, now: dt.datetime | None) -> None:
        """Pretend that it is `now` (None: the real time again)."""
        self._shift = dt.timedelta() if now is None else now - dt.datetime.now(dt.UTC)
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


def monotonic() -> float:
    """Seconds for measuring durations; never shifted."""
    return time.monotonic()
