"""The pure middle: a decider turns a command and a state into events, and events back into a state.

    given = [ApplicationReceived(...)]
    assert application.decide(Withdraw(...), fold(application, given)) == [ApplicationWithdrawn(...)]

`decide` returns `[]` when it is already so, raises Rejected when it is not allowed. `evolve` accepts any event in any
state. Neither reads a clock, a database or a random number: those come in the command.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from schemas.event import Event

S = TypeVar("S")


@dataclass(frozen=True)
class Text:
    """One sentence in the two languages that people read here. `str.format` fields are filled by `Text.of`."""

    vi: str
    en: str

    def of(self, **values: object) -> "Text":
        return Text(self.vi.format(**values), self.en.format(**values))


class Rejected(Exception):
    """The command is not allowed now. `says` tells a person why, `instead` what to do, `rule` what it rests on."""

    def __init__(self, code: str, says: Text, *, instead: Text | None = None, rule: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.code, self.says, self.instead, self.rule, self.facts = code, says, instead, rule, facts


@dataclass(frozen=True)
class Decider(Generic[S]):
    """`name` begins the names of its streams: `application-<uuid>`."""

    name: str
    initial: S
    decide: Callable[[Any, S], Sequence[Event]]
    evolve: Callable[[S, Event], S]
    events: tuple[type[Event], ...] = field(default=())


def fold(decider: Decider[S], events: Iterable[Event], state: S | None = None) -> S:
    """The state after `events`, from the beginning or from `state`."""
    current = decider.initial if state is None else state
    for each in events:
        current = decider.evolve(current, each)
    return current
