"""What the rule packs say of a transfer on a day, and what follows from them for one case: its kind, whether it is
special, what each rule finds, and the steps that it has to go. Pure and dated; every answer names its article."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from kernel.packs import Pack, in_force
from schemas.rules import Cited
from schemas.transfers import Facts, Finding, Kind, PlannedStep, Reason, SpecialGround, Step, TransferGround

Role: TypeAlias = Literal["releasing", "receiving", "department"]
MonthDay: TypeAlias = str
"""`MM-DD`: a day of any year."""
AFTER_GRANT: frozenset[Step] = frozenset({"records", "placement"})
"""What follows a granted case; all other steps come before the decision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRule:
    """A step before the decision: by whom, in how many working days, after which others."""

    step: Step
    by: Role
    days: int
    after: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivateToPublic:
    """From a private school to a public one: special for these reasons, and for any other as `otherwise` says."""

    cited: Cited
    reasons: frozenset[Reason]
    otherwise: Literal["refused", "special"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Everything in force on one day.

    `procedures` are ids of intake's procedures that are transfers. `year_begins` is the first (month, day) of a school
    year. `windows` are (first, last) days of the year, both included; empty: at any time. `reasons` are those that the
    rules list (None: they list none). `limit` is the highest number of working days of a step before the decision.
    """

    cited: Mapping[str, Cited]
    procedures: frozenset[str]
    year_begins: tuple[int, int]
    grades: frozenset[int]
    windows: tuple[tuple[MonthDay, MonthDay], ...]
    reasons: frozenset[Reason] | None
    private_to_public: PrivateToPublic
    documents: Mapping[Kind, tuple[str, ...]]
    steps: Mapping[Kind, tuple[StepRule, ...]]
    limit: Mapping[Kind, int]
    consult_days: int
    records_days: int
    placement_days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A unit as transfers knows it: its name today, the unit above it ("" : none), and the levels of education that it
    decides about (none: of all)."""

    name: str
    parent: str = ""
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a decision counts with and may not look up itself. It travels in commands. `rules(day)` are those in force
    on a day, `units` all units by id, `department` the id of the Department, `subjects` the electives of classes by
    their stream."""

    rules: Callable[[dt.date], Rules]
    units: Mapping[str, Unit] = field(default_factory=dict)
    department: str = ""
    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def above(self, unit: str) -> str:
        """Who stands above a unit: the one it belongs to, else the Department; "" above the Department itself."""
        found = self.units.get(unit)
        above = found.parent if found and found.parent else self.department
        return above if above != unit else ""

    def is_upper_secondary(self, unit: str) -> bool:
        """Does a unit decide about pupils of upper-secondary schools? One that is not known may."""
        found = self.units.get(unit)
        return not found or not found.levels or "upper_secondary" in found.levels

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


KINDS: tuple[Kind, ...] = ("in_province", "from_province", "to_province", "from_abroad")


def rules_on(day: dt.date, packs: Iterable[Pack]) -> Rules:
    """The rules in force on a day. Later packs win. Raises KeyError where no pack has an entry for a topic that every
    day needs (all but `reasons` and `subjects`)."""
    entry, cited = in_force(day, packs)
    private = entry["private_to_public"]
    for needed in ("same_school", "specialised", "raised", "one_request", "at_school"):
        entry[needed]
    return Rules(
        cited=cited,
        procedures=frozenset(entry["procedures"]["ids"]),
        year_begins=(entry["school_year"]["month"], entry["school_year"]["day"]),
        grades=frozenset(entry["grades"]["grades"]),
        windows=tuple((first, last) for first, last in entry["windows"]["days"]),
        reasons=frozenset(entry["reasons"]["listed"]) if "reasons" in entry else None,
        private_to_public=PrivateToPublic(
            cited=cited["private_to_public"],
            reasons=frozenset(private["reasons"]),
            otherwise=private["otherwise"],
        ),
        documents={kind: tuple(entry["documents"][kind]) for kind in KINDS},
        steps={kind: tuple(_step_rule(each) for each in entry["steps"][kind]) for kind in KINDS},
        limit={kind: entry["limit"][kind] for kind in KINDS},
        consult_days=entry["consult"]["days"],
        records_days=entry["records"]["days"],
        placement_days=entry["placement"]["days"],
    )


def _step_rule(said: Mapping[str, Any]) -> StepRule:
    return StepRule(step=said["step"], by=said["by"], days=said["days"], after=tuple(said.get("after", ())))


def school_year(day: dt.date, rules: Rules) -> int:
    """The first calendar year of a day's school year: where it begins on 1 June, 31 May belongs to the old one."""
    return day.year if (day.month, day.day) >= rules.year_begins else day.year - 1


def kind_of(facts: Facts) -> Kind:
    """Where the pupil comes from and goes to. A school elsewhere has no id."""
    if not facts.to_school:
        return "to_province"
    if facts.from_school:
        return "in_province"
    return "from_abroad" if facts.from_type == "abroad" else "from_province"


def judge(
    facts: Facts,
    day: dt.date,
    known: Known,
    *,
    submitted: dt.date | None = None,
    class_id: str = "",
    raised: bool = False,
) -> Judgement:
    """What the rules of `day`, on which it was received, say of a case with these facts. `submitted`: the day on which
    it was handed in, where that is another; a window is kept where either of them is in it, for nobody is late whom the
    office made so, nor who came early. `class_id`: the class that is asked for, where it is known; `raised`: an officer
    made the case special."""
    rules = known.rules(day)
    kind = kind_of(facts)
    days = (day,) if submitted is None else (submitted, day)
    findings, grounds, barred = _findings(facts, days, kind, rules, known.subjects.get(class_id))
    if raised:
        grounds = (*grounds, "raised")
    return Judgement(
        kind=kind,
        year=school_year(day, rules),
        special=bool(grounds),
        grounds=grounds,
        findings=findings,
        steps=plan(facts, kind, rules, known.department, special=bool(grounds)),
        rule=rules.cited["steps"],
        refused=barred,
    )


_Found: TypeAlias = tuple[tuple[Finding, ...], tuple[SpecialGround, ...], tuple[TransferGround, Cited] | None]


def _findings(facts: Facts, days: Sequence[dt.date], kind: Kind, rules: Rules, offered: Sequence[str] | None) -> _Found:
    found: list[Finding] = []
    grounds: list[SpecialGround] = []
    barred: list[tuple[TransferGround, Cited]] = []

    def weigh(ground: str, topic: str, holds: bool) -> None:
        found.append(Finding(ground=ground, holds=holds, special=False, rule=rules.cited[topic]))

    def bars(ground: TransferGround, topic: str, holds: bool) -> None:
        found.append(Finding(ground=ground, holds=holds, special=False, bars=not holds, rule=rules.cited[topic]))
        if not holds:
            barred.append((ground, rules.cited[topic]))

    def special(ground: SpecialGround, topic: str, holds: bool) -> None:
        found.append(Finding(ground=ground, holds=holds, special=not holds, rule=rules.cited[topic]))
        if not holds:
            grounds.append(ground)

    bars("same_school", "same_school", facts.from_school != facts.to_school or not facts.to_school)
    bars("wrong_grade", "grades", facts.grade in rules.grades)
    if kind != "to_province":  # what depends on the destination is judged by the Department of the destination
        if (facts.from_type, facts.to_type) == ("private", "public"):
            on_its_ground = facts.reason in rules.private_to_public.reasons
            if on_its_ground or rules.private_to_public.otherwise == "special":
                special("private_to_public", "private_to_public", False)
            else:
                bars("private_to_public", "private_to_public", False)
        if facts.to_type == "specialised":
            special("specialised", "specialised", False)
        special("outside_window", "windows", any(within(each, rules.windows) for each in days))
    if rules.reasons is not None:
        weigh("reason", "reasons", facts.reason in rules.reasons)
    for document in rules.documents[kind]:
        weigh(f"document:{document}", "documents", document in facts.documents)
    if offered is not None and "subjects" in rules.cited:
        weigh("subjects", "subjects", set(facts.subjects) <= set(offered))
    return tuple(found), tuple(grounds), barred[0] if barred else None


def within(day: dt.date, windows: Sequence[tuple[MonthDay, MonthDay]]) -> bool:
    """Is a day in one of the windows, first and last day included? Without windows every day is."""
    today = f"{day.month:02}-{day.day:02}"
    return not windows or any(first <= today <= last for first, last in windows)


def plan(facts: Facts, kind: Kind, rules: Rules, department: str, *, special: bool) -> tuple[PlannedStep, ...]:
    """The steps of a case in the order of the rules. In a special one the leadership is asked after all that comes
    before the head's decision, and the head decides after that. A step of a school elsewhere is nobody's here."""
    units = {"releasing": facts.from_school, "receiving": facts.to_school, "department": department}
    steps = [_planned(each, units, rules, kind) for each in rules.steps[kind]]
    if special:
        before = tuple(each.step for each in steps if each.step != "accept")
        consult = PlannedStep(
            step="consult",
            unit=facts.to_school or facts.from_school,
            days=rules.consult_days,
            rule=rules.cited["consult"],
            after=before,
        )
        others = [each for each in steps if each.step != "accept"]
        heads = [_after(each, "consult") for each in steps if each.step == "accept"]
        steps = [*others, consult, *heads]
    if facts.from_school:
        steps.append(_following("records", facts.from_school, rules.records_days, rules))
    if facts.to_school:
        steps.append(_following("placement", facts.to_school, rules.placement_days, rules))
    return tuple(steps)


def _planned(said: StepRule, units: Mapping[str, str], rules: Rules, kind: Kind) -> PlannedStep:
    days = min(said.days, rules.limit[kind])
    return PlannedStep(step=said.step, unit=units[said.by], days=days, rule=rules.cited["steps"], after=said.after)


def _after(planned: PlannedStep, step: Step) -> PlannedStep:
    return PlannedStep(
        step=planned.step, unit=planned.unit, days=planned.days, rule=planned.rule, after=(*planned.after, step)
    )


def _following(step: Step, unit: str, days: int, rules: Rules) -> PlannedStep:
    return PlannedStep(step=step, unit=unit, days=days, rule=rules.cited[step])
