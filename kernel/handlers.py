"""Tables from event type to function: what a service shows (views) and how it reacts (answers). All pure.

A view is a fold, keyed: `evolve[type](row | None, recorded) -> row | None`, where None means "no row". Totals are sums
of contributions: `share(row)` says what one row adds to which total; the kernel takes the old row's share away and
adds the new one's, so a late correction can't leave a total wrong.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    the stream or it folds more than one service's events, say `shared=True`: writers then take turns.
    """

    table: str
    row: type[Row]
    evolve: Mapping[type[Event], Callable[[Any, Recorded], Any]]
    key: Callable[[Recorded], Key | None] = by_stream
    key_columns: tuple[str, ...] = ("stream",)
    totals: tuple[Total, ...] = ()
    shared: bool = False


@dataclass(frozen=True)
class Answer:
    """A command that a service gives itself because of what it heard: which decider, which stream, what command."""

    decider: Decider[Any]
    stream: str
    command: Any


Policy: TypeAlias = Mapping[type[Event], Callable[[Recorded], Sequence[Answer]]]


@dataclass(frozen=True)
class Handlers:
    """Everything that a service does when it hears an event."""

    views: tuple[View, ...] = ()
    policy: Policy = field(default_factory=dict)
