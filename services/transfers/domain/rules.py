"""What the rule packs say of a transfer on a day, and what follows from them for one case: its kind, whether it is
special, what each rule finds, and the steps that it has to go. Pure and dated; every answer names its article."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from kernel.packs import Pack
from schemas.rules import Cited
from schemas.transfers import Facts, Finding, Kind, PlannedStep, SpecialGround, TransferGround


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Everything in force on one day. `procedures` are ids of intake's procedures that are transfers."""

    procedures: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A unit as transfers knows it: its name today, and the unit above it ("" : none)."""

    name: str
    parent: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a decision counts with and may not look up itself. It travels in commands. `rules(day)` are those in force on
    a day, `units` all units by id, `department` the id of the Department, `subjects` the electives of classes by id."""

    rules: Callable[[dt.date], Rules]
    units: Mapping[str, Unit] = field(default_factory=dict)
    department: str = ""
    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def above(self, unit: str) -> str:
        """Who stands above a unit: the one it belongs to, else the Department; nobody ("") above the Department."""
        found = self.units.get(unit)
        above = found.parent if found and found.parent else self.department
        return above if above != unit else ""

    def name(self, unit: str) -> str:
        """A unit's name; its id where it is not known."""
        found = self.units.get(unit)
        return found.name if found else unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What the rules of one day say of one case. `year` is the first calendar year of the school year. `refused` is the
    first rule that bars it: (ground, article)."""

    kind: Kind
    year: int
    special: bool
    grounds: tuple[SpecialGround, ...]
    findings: tuple[Finding, ...]
    steps: tuple[PlannedStep, ...]
    rule: Cited
    refused: tuple[TransferGround, Cited] | None = None


def rules_on(day: dt.date, packs: Iterable[Pack]) -> Rules:
    """The rules in force on a day. Later packs win. Raises KeyError where no pack has an entry for a topic."""
    raise NotImplementedError


def school_year(day: dt.date) -> int:
    """The first calendar year of a day's school year, which begins on 1 June: 31 May belongs to the old one."""
    return day.year if day.month >= 6 else day.year - 1


def judge(facts: Facts, day: dt.date, known: Known, *, class_id: str = "", raised: bool = False) -> Judgement:
    """What the rules of `day` say of a case with these facts. `class_id`: the class that is asked for, where it is known;
    `raised`: an officer made the case special."""
    raise NotImplementedError
