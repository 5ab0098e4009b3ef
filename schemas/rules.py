"""How an event names the rule that it rests on."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Cited:
    """The rule that something rests on: which pack, which version of it, which rule, and the article behind it."""

    pack: str
    version: str
    name: str
    basis: str
