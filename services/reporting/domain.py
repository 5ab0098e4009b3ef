"""What the figures mean: the question that is asked, the answer, and the plain arithmetic between them. Pure.

There are no commands and no state here, because reporting decides nothing yet: a period that is closed and frozen will
be its first decision.

Days are Vietnamese days. A dossier is counted on the day it was received, on the day it was finished, and, where it
was not accepted, on that day; always under the unit that decides it now. Flows (received, granted …) belong to the
days `from` to `to`; stocks (in progress, waiting) are those at the end of `to`, and what was carried over is the stock
before `from`, so that

    carried_over + received = granted + refused + stopped + withdrawn + in_progress
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticKnownError

from schemas.intake import Channel

By: TypeAlias = Literal["unit", "procedure", "channel", "day", "month"]
Figure: TypeAlias = Literal[
    "received",
    "carried_over",
    "in_progress",
    "finished",
    "resolved",
    "granted",
    "refused",
    "stopped",
    "withdrawn",
    "not_accepted",
    "waiting",
]
"""The figures that dossiers stand behind. (Behind those who were guided elsewhere there is no dossier.)"""
CHANNELS: tuple[Channel, ...] = get_args(Channel)
LONGEST = 4000  # days; a longer line of days is shown from its end

# The question


def _empty(value: Any) -> Any:
    """A form sends every field; what was left empty was not asked."""
    return None if value == "" else value


def _day(value: Any) -> Any:
    if value in ("", None):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise PydanticKnownError("date_parsing", {"error": "not a day"})
    return value


Day: TypeAlias = Annotated[dt.date | None, BeforeValidator(_day)]
Id: TypeAlias = Annotated[Annotated[str, Field(max_length=60)] | None, BeforeValidator(_empty)]


class Filter(BaseModel):
    """Which dossiers are meant. What is not given does not narrow."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)

    unit: Annotated[Id, Field(description="The unit that decides.")] = None
    procedure: Annotated[Id, Field(description="The procedure's id in the catalogue.")] = None
    channel: Annotated[Channel | None, BeforeValidator(_empty), Field(description="How the dossier came.")] = None
    since: Annotated[Day, Field(alias="from", description="First day of the period.", examples=["2026-05-01"])] = None
    to: Annotated[Day, Field(description="Last day of the period.", examples=["2026-05-31"])] = None

    @field_validator("to")
    @classmethod
    def _after(cls, value: dt.date | None, info: Any) -> dt.date | None:
        since = info.data.get("since")
        if value and since and value < since:
            raise PydanticKnownError("greater_than_equal", {"ge": f"{since:%d/%m/%Y}"})
        return value


class Question(Filter):
    """A filter, and what the answer is broken down by."""

    by: Annotated[
        tuple[By, ...], Field(max_length=5, description="Break the figures down; may be given more than once.")
    ] = ()


class Listing(Filter):
    """Which dossiers to list: those behind a figure, a page at a time."""

    figure: Annotated[Figure, Field(description="The figure to open.")] = "received"
    after: Annotated[
        str,
        BeforeValidator(lambda value: value or ""),
        Field(
            pattern=r"^([0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]\.[a-z0-9-]{1,80})?$",
            description="`next` of the page before.",
        ),
    ] = ""
    size: Annotated[int, Field(ge=1, le=500)] = 50


# The answer


class Amounts(BaseModel):
    """The figures of one line. `in_progress` and `waiting` (handed in, not taken up yet) are stocks at the end of the
    period, `carried_over` is the stock before it; all else happened within it."""

    received: int = 0
    carried_over: int = 0
    in_progress: int = 0
    granted: int = 0
    refused: int = 0
    stopped: int = 0
    withdrawn: int = 0
    not_accepted: int = 0
    guided: int = 0
    paper_refused: int = 0
    waiting: int = 0
    resolved: Annotated[int, Field(description="granted + refused")] = 0
    finished: Annotated[int, Field(description="granted + refused + stopped + withdrawn")] = 0
    turned_away: Annotated[int, Field(description="not_accepted + guided + paper_refused")] = 0


class Line(Amounts):
    """The figures of one unit, procedure, channel, day or month."""

    key: Annotated[str, Field(description="An id, a channel, or the (first) day.", examples=["so-gddt"])]
    name: Annotated[str, Field(description="What it is called today.", examples=["Sở Giáo dục và Đào tạo"])] = ""


class AsOf(BaseModel):
    """How far a service's log was heard when the figures were read. `position` is the highest that was heard; each
    partition, named by its number, was heard up to its own position without a gap."""

    log: Annotated[str, Field(examples=["intake"])]
    position: Annotated[int, Field(examples=[48213])]
    at: dt.datetime
    partitions: Annotated[dict[str, int], Field(examples=[{"0": 48213, "1": 48207}])]


class Figures(BaseModel):
    """Figures, what they are about, and as of when."""

    as_of: list[AsOf]
    asked: Question
    total: Amounts
    by: dict[By, list[Line]]


# The arithmetic

FLOWS = ("received", "granted", "refused", "stopped", "withdrawn", "not_accepted", "guided", "paper_refused")
STOCKS = ("carried_over", "in_progress", "waiting")


def amounts(sums: Mapping[str, Any]) -> dict[str, int]:
    """All figures of a line, from the sums that the database gives."""
    found = {name: int(sums[name] or 0) for name in (*FLOWS, *STOCKS)}
    found["resolved"] = found["granted"] + found["refused"]
    found["finished"] = found["resolved"] + found["stopped"] + found["withdrawn"]
    found["turned_away"] = found["not_accepted"] + found["guided"] + found["paper_refused"]
    return found


def by_day(
    days: Mapping[dt.date, Mapping[str, Any]], total: Amounts, waiting_before: int, since: dt.date | None, to: dt.date
) -> list[Line]:
    """One line for each day from `since` (or the first on which anything happened) to `to`, quiet days too. The stocks
    are carried from day to day; `days` holds each day's flows and `waiting`, by how much that stock changed."""
    first = since or min(days, default=to)
    first = max(first, to - dt.timedelta(days=LONGEST))
    stock = total.carried_over + sum(_net(each) for day, each in days.items() if day < first)
    waiting = waiting_before + sum(int(each["waiting"] or 0) for day, each in days.items() if day < first)
    lines = []
    for ordinal in range(first.toordinal(), to.toordinal() + 1):
        day = dt.date.fromordinal(ordinal)
        flows = days.get(day, {})
        before, stock = stock, stock + _net(flows)
        waiting += int(flows.get("waiting") or 0)
        sums = {name: flows.get(name, 0) for name in FLOWS} | {
            "carried_over": before,
            "in_progress": stock,
            "waiting": waiting,
        }
        lines.append(Line(key=day.isoformat(), **amounts(sums)))
    return lines


def by_month(days: Sequence[Line]) -> list[Line]:
    """Days put together by month: flows added, stocks as at the end, what was carried over as at the beginning."""
    months: dict[str, list[Line]] = {}
    for each in days:
        months.setdefault(each.key[:7], []).append(each)
    return [
        Line(
            key=f"{month}-01",
            **amounts(
                {name: sum(getattr(day, name) for day in lines) for name in FLOWS}
                | {
                    "carried_over": lines[0].carried_over,
                    "in_progress": lines[-1].in_progress,
                    "waiting": lines[-1].waiting,
                }
            ),
        )
        for month, lines in months.items()
    ]


def ranked(lines: Iterable[Line]) -> list[Line]:
    """The busiest first; where two are equal, by name."""
    return sorted(lines, key=lambda each: (-each.received, -each.in_progress, -each.turned_away, each.name, each.key))


def top(lines: Sequence[Line], most: int, others: str) -> list[Line]:
    """The first `most` lines, and all the rest in one line called `others` ({count} is filled in)."""
    rest = lines[most:]
    if len(rest) < 2:
        return list(lines)
    sums = {
        name: sum(getattr(each, name) for each in rest) for name in (*FLOWS, "carried_over", "in_progress", "waiting")
    }
    return [*lines[:most], Line(key="", name=others.format(count=len(rest)), **amounts(sums))]


def _net(flows: Mapping[str, Any]) -> int:
    return int(flows.get("received") or 0) - sum(
        int(flows.get(name) or 0) for name in ("granted", "refused", "stopped", "withdrawn")
    )


# What a unit or a procedure is called on a day


class Since(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it is from a day on. An empty name: it has ended, and went `into` others or nowhere."""

    day: dt.date
    name: str = ""
    kind: str = ""
    parent: str = ""
    level: str = ""
    online_level: int | None = None
    into: tuple[str, ...] = ()


_history = msgspec.json.Decoder(tuple[Since, ...])


def read_history(text: str) -> tuple[Since, ...]:
    return _history.decode(text)


def name_on(history: Sequence[Since], day: dt.date) -> str:
    """What it was called on a day: the last name it had by then; before its time, the first it would have."""
    name = ""
    for each in history:
        if name and each.day > day:
            break
        name = each.name or name
    return name
