"""What intake's rule packs say on a day: who receives, by which channel, how often a supplement may be asked."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from kernel.decider import Text
from kernel.packs import Pack
from kernel.packs import in_force as packs_in_force
from schemas.intake import AtSupplement, Authority, Channel, ProcessingTime, Stage, Terms, UnitKind
from schemas.rules import Cited

CodeForm: TypeAlias = Literal["2019", "2020", "central"]

_UNKNOWN = Cited(pack="", version="", name="", basis="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    number: str
    title: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Supplement:
    """Working days after receipt in which it may be asked, how often in all, after how many working days without an
    answer a dossier may be closed, and what the clock does when it is complete."""

    cited: Cited
    within: int
    times: int
    close_after: int
    at: AtSupplement


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlineOnly:
    """Papers are refused from this online level on (0: never), for dossiers that come by one of `paper`."""

    cited: Cited
    min_level: int
    paper: frozenset[Channel] = frozenset()
    assist: bool = False
    default_level: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachments:
    """`largest` is in bytes, a file."""

    cited: Cited
    most: int
    largest: int
    types: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class LateEntry:
    """How many calendar days back something may be entered, and after how many minutes it needs a reason."""

    cited: Cited
    days: int
    grace: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Everything in force on one day. It travels in commands, so that deciding looks nothing up."""

    on: dt.date
    receiving: Mapping[Authority, tuple[UnitKind, ...]]
    receiving_cited: Cited
    online_only: OnlineOnly
    cut_off: dt.time | None
    supplement: Supplement
    refusal_cited: Cited
    consultation_within: int
    code: CodeForm
    attachments: Attachments
    late_entry: LateEntry
    default_time: ProcessingTime | None = None
    default_time_cited: Cited = _UNKNOWN
    default_stages: Mapping[Authority, tuple[Stage, ...]] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    wording: Mapping[str, Text] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """This place may receive this dossier this way."""

    rule: Cited


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongPlace:
    """Another kind of place receives it; `kinds` says which."""

    rule: Cited
    kinds: tuple[UnitKind, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlineRequired:
    """The place is right, but not the paper: the procedure is taken online only."""

    rule: Cited
    level: int
    assist: bool


Admission: TypeAlias = Admitted | WrongPlace | OnlineRequired


def rules_on(day: dt.date, packs: Iterable[Pack]) -> Rules:
    """The rules in force on a day. Later packs win. Raises KeyError where no pack has an entry for a topic."""
    packs = tuple(packs)
    entry, cited = packs_in_force(day, packs)
    online_default = entry.get("online_default", {})
    late, files, only, extra = entry["late_entry"], entry["attachments"], entry["online_only"], entry["supplement"]
    default = entry.get("processing_default")
    stages = entry.get("stages_default", {}).get("by_authority", {})
    return Rules(
        on=day,
        receiving={authority: tuple(kinds) for authority, kinds in entry["receiving"]["kinds"].items()},
        receiving_cited=cited["receiving"],
        online_only=OnlineOnly(
            cited=cited["online_only"],
            min_level=only["min_level"],
            paper=frozenset(only.get("paper", ())),
            assist=only.get("assist", False),
            default_level=online_default.get("level", 0),
        ),
        cut_off=clock(entry["cut_off"]["time"]),
        supplement=Supplement(
            cited=cited["supplement"],
            within=extra["within"],
            times=extra["times"],
            close_after=extra["close_after"],
            at=extra["at"],
        ),
        refusal_cited=cited["refusal"],
        consultation_within=entry["consultation"]["within"],
        code=entry["code"]["form"],
        attachments=Attachments(
            cited=cited["attachments"], most=files["most"], largest=files["largest"], types=frozenset(files["types"])
        ),
        late_entry=LateEntry(cited=cited["late_entry"], days=late["days"], grace=late["grace"]),
        default_time=ProcessingTime(amount=default["amount"], unit=default["unit"]) if default else None,
        default_time_cited=cited.get("processing_default", _UNKNOWN),
        default_stages={a: tuple(Stage(role=r, weight=w) for r, w in each) for a, each in stages.items()},
        forms={
            name: Form(number=each["number"], title=Text(each["vi"], each["en"]))
            for name, each in entry.get("forms", {}).get("titles", {}).items()
        },
        wording={
            name: Text(each["vi"], each["en"]) for name, each in entry.get("wording", {}).get("texts", {}).items()
        },
        evaluation=entry.get("evaluation", {}),
    )


def clock(text: str) -> dt.time | None:
    """A cut-off as it is written in data: "15:00", or "none"."""
    return None if text == "none" else dt.time.fromisoformat(text)


def online_level(terms: Terms, rules: Rules) -> int:
    """The level a procedure counts as: its own, else what the law says for all, else 0 (not known)."""
    return rules.online_only.default_level if terms.online_level is None else terms.online_level


def admission(rules: Rules, terms: Terms, kind: UnitKind, channel: Channel) -> Admission:
    """May a place of this kind receive a dossier of this procedure by this channel?

    The place is asked about first: whoever stands at the wrong desk is told the right one, and the way online too.
    """
    kinds = rules.receiving.get(terms.authority, ())
    if kind not in kinds:
        return WrongPlace(rule=rules.receiving_cited, kinds=kinds)
    only, level = rules.online_only, online_level(terms, rules)
    if only.min_level and channel in only.paper and level >= only.min_level:
        return OnlineRequired(rule=only.cited, level=level, assist=only.assist)
    return Admitted(rule=rules.receiving_cited)
