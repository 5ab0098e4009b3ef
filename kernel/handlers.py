"""Tables from event type to function: what a service shows (views) and how it reacts (answers), and what it does when
a moment comes (duties). All pure.

A view is a fold, keyed: `evolve[type](row | None, recorded) -> row | None`, where None means "no row". Totals are sums
of contributions: `share(row)` says what one row adds to which total; the kernel takes the old row's share away and
adds the new one's, so a late correction can't leave a total wrong.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from kernel.decider import Decider
from schemas.event import Event, Recorded

Key: TypeAlias = tuple[Any, ...]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a view. Its fields are the table's columns, by name; the first `len(key)` of them are the key."""


def by_stream(recorded: Recorded) -> Key:
    """The usual key: one row a stream."""
    return (recorded.stream,)


@dataclass(frozen=True)
class Total:
    """A table of sums. `share(row)` yields (key, amounts): whole numbers in the order of the table's other columns.
    None is ever negative. A total whose amounts are all zero has no row."""

    table: str
    key: tuple[str, ...]
    amounts: tuple[str, ...]
    share: Callable[[Any], Iterable[tuple[Key, tuple[int, ...]]]]


@dataclass(frozen=True)
class View:
    """One table of rows, folded from events.

    `key(recorded)` names the row an event changes (None: this event is not for this view). Where a view's key is not
    the stream or it folds more than one service's events, say `shared=True`: writers then take turns. Where one event
    changes many rows, `apart` gives it as several of the same type, each of which changes one.
    """

    table: str
    row: type[Row]
    evolve: Mapping[type[Event], Callable[[Any, Recorded], Any]]
    key: Callable[[Recorded], Key | None] = by_stream
    key_columns: tuple[str, ...] = ("stream",)
    totals: tuple[Total, ...] = ()
    shared: bool = False
    apart: Callable[[Event], Sequence[Event]] | None = None


@dataclass(frozen=True)
class Answer:
    """A command that a service gives itself because of what it heard, or because a moment came: which decider, which
    stream, what command."""

    decider: Decider[Any]
    stream: str
    command: Any


Policy: TypeAlias = Mapping[type[Event], Callable[[Recorded, Any], Sequence[Answer]]]
"""`policy[type](recorded, known)`: `known` is what `Definition.known` looked up, once for the batch."""


@dataclass(frozen=True)
class Duty:
    """What a service does because a moment came. `name` is part of event ids: it is never changed.

    `find` is SQL over the service's own views (`view.clock`): rows that need attention, columns `at` and `stream` and
    whatever `answer` reads. Parameters, each used: $1 now (timestamptz), $2 and $3 the (at, stream) to go on strictly
    after, $4 the most rows. Ordered by at, stream, so an index on (at, stream) makes its cost that of what is found.

    `answer(row, now, known)` gives a row's command, or None. The command must come to nothing where it was given
    before: a row whose view stays as it is is asked about again, ever more seldom.

    `changes` is SQL ($1 now, or no parameter) for one value: the duty is done when it has changed since it was done
    last, and once after each start. None: at each tick.
    """

    name: str
    find: str
    answer: Callable[[Mapping[str, Any], dt.datetime, Any], Answer | None]
    changes: str | None = None
