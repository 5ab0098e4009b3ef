"""Rule packs: what the law says, as dated entries of reviewed files, never as constants in code.

A pack is a parsed file: topics, each a list of entries with `from` (first day), `until` (last day, optional), `name`,
`basis` (document and article) and `mark`. Of those in force on a day the last pack that has one wins, and within a pack
the latest `from`. What is picked names its pack and version, and so does every event that rests on it.
"""

import datetime as dt
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from kernel.decider import Rejected, Text
from schemas.rules import Cited

Pack: TypeAlias = Mapping[str, Any]
NAMES = ("2019", "2026", "province")


def read(folder: Path) -> tuple[Pack, ...]:
    """A service's packs: the national ones by age, then the province's own, which wins."""
    return tuple(tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in NAMES)


def in_force(day: dt.date, packs: Iterable[Pack]) -> tuple[dict[str, Any], dict[str, Cited]]:
    """The entry of each topic that holds on a day, and what cites it."""
    entry: dict[str, Any] = {}
    cited: dict[str, Cited] = {}
    for pack in packs:
        for topic, entries in _topics(pack):
            holding = [each for each in entries if each["from"] <= day <= each.get("until", dt.date.max)]
            if holding:
                entry[topic] = max(holding, key=lambda each: each["from"])
                cited[topic] = _cite(pack, entry[topic])
    return entry, cited


def marks(packs: Iterable[Pack]) -> Iterator[tuple[Cited, dt.date, str]]:
    """Every entry of every pack with its first day and its mark: for the page that shows what rests on what."""
    for pack in packs:
        for topic, entries in _topics(pack):
            for each in entries:
                yield _cite(pack, each), each["from"], f"{topic}:{each['mark']}"


def no_rules(day: dt.date) -> Rejected:
    """What is said of a day for which no pack has all that is needed."""
    return Rejected(
        "no_rules",
        Text("Chưa có quy định nào cho ngày {day}.", "No rules are known for {day}.").of(day=day),
        instead=Text("Chọn một ngày gần đây hơn.", "Choose a later day."),
    )


def _topics(pack: Pack) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    return ((topic, entries) for topic, entries in pack.items() if isinstance(entries, list))


def _cite(pack: Pack, entry: Mapping[str, Any]) -> Cited:
    return Cited(pack=pack["pack"], version=pack["version"], name=entry["name"], basis=entry["basis"])
