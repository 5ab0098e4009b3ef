"""In step with the national catalogue: what differs, on our catalogue and on each unit's electronic one-stop, and the
commands that bring it in line. Pure; reading files is the command line's work."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter

from schemas.intake import Authority, ProcessingTime, Stage, Terms
from schemas.people import Level
from services.intake.domain.procedure import (
    AmendProcedure,
    Command,
    ListProcedure,
    PublishProcedure,
    TakeDownProcedure,
    WithdrawProcedure,
    procedure_stream,
)

Kind: TypeAlias = Literal["missing", "outdated", "surplus"]
# What the national catalogue has a say in. The rest (stages, cut-off, our confidence) is the province's own.
COMPARED = ("name_vi", "level", "field", "authority", "documents", "fee_vnd", "times", "online_level", "legal_basis")


@dataclass(frozen=True, kw_only=True, slots=True)
class National:
    """One procedure as the national catalogue has it. None: it does not say, so there is nothing to compare."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^[0-9]\.[0-9]{6}$", examples=["2.002854"])]
    effective_from: dt.date
    name_vi: Annotated[str, Field(min_length=1, max_length=600)]
    level: Level | None = None
    field: str | None = None
    authority: Authority | None = None
    documents: tuple[str, ...] | None = None
    fee_vnd: Annotated[int, Field(ge=0, le=10**12)] | None = None
    times: tuple[ProcessingTime, ...] | None = None
    online_level: Annotated[int, Field(ge=1, le=4)] | None = None
    legal_basis: tuple[str, ...] | None = None
    decision: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """A procedure of our catalogue as it is in force: our id, the first day of its terms, the terms, and the units
    whose electronic one-stop shows it, each with the first day of the terms it shows."""

    procedure: str
    since: dt.date
    terms: Terms | None
    shown: Mapping[str, dt.date]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """`unit` is "" where our catalogue itself differs. `fields` say what is outdated."""

    kind: Kind
    unit: str
    procedure: str
    name: str
    fields: tuple[str, ...] = ()


def diff(
    ours: Iterable[Ours], national: Iterable[National], offers: Mapping[str, frozenset[Authority]]
) -> tuple[Difference, ...]:
    """What is missing, outdated or surplus, our catalogue first, then unit by unit.

    `offers` says for each unit with an electronic one-stop which authorities' procedures it has to show.
    """
    ours = tuple(sorted(ours, key=lambda each: each.procedure))
    of_catalogue = tuple(_catalogue(ours, {each.code: each for each in national}))
    of_units = tuple(d for unit in sorted(offers) for d in _unit(unit, offers[unit], ours))
    return of_catalogue + of_units


def bring_in_line(
    differences: Iterable[Difference], ours: Iterable[Ours], national: Iterable[National], on: dt.date
) -> tuple[tuple[str, Command], ...]:
    """The (stream, command) pairs that mend these differences, from `on` at the earliest.

    The catalogue comes first: where it differs about a procedure, the units' one-stops follow by the next diff.
    """
    differences = tuple(differences)
    unsettled = {each.procedure for each in differences if not each.unit}
    by_id = {each.procedure: each for each in ours}
    by_code = {each.code: each for each in national}
    by_name = {_plain(each.name_vi): each for each in by_code.values()}
    commands: list[tuple[str, Command]] = []
    for each in differences:
        mine = by_id.get(each.procedure)
        theirs = by_code.get(_code(mine, each.procedure)) or by_name.get(_plain(each.name))
        stream = procedure_stream(each.procedure)
        match each.kind, each.unit:
            case "missing", "" if theirs:
                listed = ListProcedure(
                    procedure=each.procedure,
                    effective_from=theirs.effective_from,
                    terms=merged(None, theirs),
                    decision=theirs.decision,
                )
                commands.append((stream, listed))
            case "outdated", "" if theirs and mine and mine.terms:
                day = max(theirs.effective_from, mine.since)
                amended = AmendProcedure(effective_from=day, terms=merged(mine.terms, theirs), decision=theirs.decision)
                commands.append((stream, amended))
            case "surplus", "":
                day = max(on, theirs.effective_from) if theirs else on
                commands.append((stream, WithdrawProcedure(effective_from=day)))
            case _ if each.procedure in unsettled:
                pass
            case "surplus", unit:
                commands.append((stream, TakeDownProcedure(unit=unit, on=on, reason="surplus")))
            case _, unit if unit:
                commands.append((stream, PublishProcedure(unit=unit, on=on)))
            case _:
                pass
    return tuple(commands)


def merged(mine: Terms | None, theirs: National) -> Terms:
    """Our terms with all that the national catalogue says."""
    said: dict[str, Any] = {name: getattr(theirs, name) for name in COMPARED if getattr(theirs, name) is not None}
    known: dict[str, Any] = {
        "national_code": theirs.code,
        "confidence": "H",
        "official": True,
        "source": theirs.decision,
    }
    return replace(mine, **said, **known) if mine else Terms(**said, **known)


def terms_of(row: Mapping[str, str]) -> Terms:
    """Terms from a line of catalogue.csv, whose empty cells are unknown. Raises ValueError for a line that is not one.

    A file may leave out the columns `at_supplement`, `close_after` and `warn_before`: the rule packs say it then. Lists
    are divided by "|": `times` is "8 working_days | 5 working_days within_province", `stages` "expert 6 | head 2"
    """

    def items(name: str) -> list[str]:
        return [each.strip() for each in row.get(name, "").split("|") if each.strip()]

    def time(text: str) -> ProcessingTime:
        amount, unit, *case = text.split()
        return TypeAdapter(ProcessingTime).validate_python({"amount": amount, "unit": unit, "case": " ".join(case)})

    def stage(text: str) -> Stage:
        role, weight = text.split()
        return Stage(role=role, weight=int(weight))

    plain = {name: row.get(name, "") for name in ("national_code", "name_vi", "name_en", "field", "cut_off", "source")}
    return TypeAdapter(Terms).validate_python(
        {
            **plain,
            "level": row["level"],
            "authority": row["authority"],
            "documents": items("documents"),
            "fee_vnd": int(row["fee_vnd"]) if row.get("fee_vnd") else None,
            "at_supplement": row.get("at_supplement") or None,
            "close_after": int(row["close_after"]) if row.get("close_after") else None,
            "warn_before": int(row.get("warn_before") or 0),
            "times": tuple(time(each) for each in items("times")),
            "stages": tuple(stage(each) for each in items("stages")),
            "online_level": int(row["online_level"]) if row.get("online_level") else None,
            "legal_basis": items("legal_basis"),
            "confidence": row["confidence"],
            "official": row["official"] == "yes",
            "assumed": items("assumed"),
        }
    )


def commands_of(rows: Iterable[Mapping[str, str]]) -> tuple[tuple[str, Command], ...]:
    """The (stream, command) pairs that bring about what catalogue.csv says, by day. Given twice they change nothing.

    Raises KeyError or ValueError for a line that is not one.
    """
    commands: list[tuple[str, Command]] = []
    listed: set[str] = set()
    for row in sorted(rows, key=lambda row: row["effective_from"]):
        day, id, decision = dt.date.fromisoformat(row["effective_from"]), row["id"], row["decision"]
        stream = procedure_stream(id)
        if row["withdrawn"] == "yes":
            listed.discard(id)
            replaced_by = tuple(row["replaced_by"].split())
            commands.append((stream, WithdrawProcedure(effective_from=day, replaced_by=replaced_by, decision=decision)))
        elif id in listed:
            commands.append((stream, AmendProcedure(effective_from=day, terms=terms_of(row), decision=decision)))
        else:
            listed.add(id)
            terms = terms_of(row)
            commands.append((stream, ListProcedure(procedure=id, effective_from=day, terms=terms, decision=decision)))
    return tuple(commands)


def _catalogue(ours: tuple[Ours, ...], national: Mapping[str, National]) -> Iterable[Difference]:
    names = {_plain(each.name_vi): each for each in national.values()}
    met = set()
    for mine in ours:
        if mine.terms is None:
            continue
        theirs = national.get(mine.terms.national_code) or names.get(_plain(mine.terms.name_vi))
        if theirs:
            met.add(theirs.code)
        if theirs is None and not mine.terms.national_code:
            # A procedure without a national code is the province's own, or nobody has found its code yet.
            continue
        if theirs is None or theirs.withdrawn:
            yield Difference(kind="surplus", unit="", procedure=mine.procedure, name=mine.terms.name_vi)
        elif fields := _outdated(mine.terms, theirs):
            name = mine.terms.name_vi if mine.terms.national_code else theirs.name_vi
            yield Difference(kind="outdated", unit="", procedure=mine.procedure, name=name, fields=fields)
    for code, theirs in sorted(national.items()):
        if code not in met and not theirs.withdrawn:
            yield Difference(kind="missing", unit="", procedure=code, name=theirs.name_vi)


def _outdated(mine: Terms, theirs: National) -> tuple[str, ...]:
    fields = [n for n in COMPARED if getattr(theirs, n) is not None and getattr(theirs, n) != getattr(mine, n)]
    return tuple(fields if mine.national_code == theirs.code else ["national_code", *fields])


def _unit(unit: str, authorities: frozenset[Authority], ours: tuple[Ours, ...]) -> Iterable[Difference]:
    for mine in ours:
        wanted = mine.terms is not None and mine.terms.official and mine.terms.authority in authorities
        name = mine.terms.name_vi if mine.terms else ""
        since = mine.shown.get(unit)
        if wanted and since is None:
            yield Difference(kind="missing", unit=unit, procedure=mine.procedure, name=name)
        elif wanted and since != mine.since:
            yield Difference(kind="outdated", unit=unit, procedure=mine.procedure, name=name, fields=("terms_from",))
        elif since is not None and not wanted:
            yield Difference(kind="surplus", unit=unit, procedure=mine.procedure, name=name)


def _code(mine: Ours | None, procedure: str) -> str:
    return (mine.terms.national_code if mine and mine.terms else "") or procedure


def _plain(name: str) -> str:
    """Names are compared without regard to case, spaces and the way accents are composed."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
