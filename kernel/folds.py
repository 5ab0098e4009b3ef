"""States of long streams, kept from one batch to the next: a stream that thousands write to (the places of a class) is
read on from where it was read last, not from its beginning each time.

Only what was committed is kept, for a batch reads before it writes, and what is committed never changes. The last event
that was read is read again, so that a database which was put back to an earlier day is noticed.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel import store
from kernel.decider import Decider, fold

LONG = 100  # events, from which a stream's state is kept
MOST = 100  # streams; those asked for last


@dataclass(frozen=True, slots=True)
class _Kept:
    state: Any
    number: int
    last: UUID


class Folds:
    """The long streams of one service, in one process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def read(self, connection: Any, streams: Mapping[str, Decider[Any]]) -> dict[str, tuple[Any, int]]:
        """The state and the last number of each stream, as of now. Ask before the transaction of this connection has
        written to any of them."""
        kept = {stream: each for stream in streams if (each := self._kept.get(stream))}
        grown = await store.past_on(connection, {stream: each.number for stream, each in kept.items()})
        kept = {stream: each for stream, each in kept.items() if grown[stream] and grown[stream][0][0] == each.last}
        new = [stream for stream in streams if stream not in kept]
        whole = await store.past(connection, new)
        found = {}
        for stream, decider in streams.items():
            before = kept.get(stream)
            events = grown[stream][1:] if before else whole[stream]
            state = fold(decider, (event for _, event in events), before.state if before else None)
            number = (before.number if before else 0) + len(events)
            found[stream] = state, number
            if events and number >= LONG:
                self._kept[stream] = _Kept(state, number, events[-1][0])
            if number >= LONG:
                self._kept.move_to_end(stream)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return found
