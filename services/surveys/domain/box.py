"""A box: the answers of one cell, let go many at once; and remarks, each on its own.

Answers wait beside the log (kernel/waiting.py) until enough are together. What is here was shuffled, got new ids, and
is said once.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from kernel.decider import Decider
from schemas.event import Event, Personal
from schemas.surveys import AnswersReleased, RemarkReleased, Sheet

MOST_TOGETHER = 400
"""Sheets in one event."""
MOST_CHARACTERS = 400_000
"""Of all sheets in one event: a broker takes a megabyte."""
Cell: TypeAlias = tuple[str, ...]

# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """Let these sheets go together. Their ids were made up for this, so the same ids are the same release."""

    campaign: str
    questionnaire: str
    edition: int
    cell: Cell
    sheets: tuple[Sheet, ...]
    week: dt.date


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseRemark:
    """Let go what one person wrote."""

    campaign: str
    cell: Cell
    question: str
    text: Personal[str]
    week: dt.date


# Who is let go together


def together(counts: Mapping[Cell, int], least: int, *, over: bool = False) -> tuple[dict[Cell, list[Cell]], int]:
    """Which cells' answers are let go, and as whose: {cell that is said: cells whose answers are taken}; and how many
    answers are withheld.

    A cell with at least `least` goes by itself. When the campaign is `over`, those of a cell that has fewer go up to
    the group above, again and again, until at least `least` are together; what is too few even of everybody is
    withheld.
    """
    gone: dict[Cell, list[Cell]] = {}
    left: dict[Cell, list[Cell]] = {}
    for cell, count in counts.items():
        if count >= least:
            gone[cell] = [cell]
        elif count:
            left[cell] = [cell]
    if not over:
        return gone, 0
    for depth in range(max(map(len, left), default=0), 0, -1):
        for cell in sorted(each for each in left if len(each) == depth):
            members = left.pop(cell)
            if sum(counts[each] for each in members) >= least:
                gone.setdefault(cell, []).extend(members)
            else:
                left.setdefault(cell[:-1], []).extend(members)
    everybody = left.get((), [])
    count = sum(counts[each] for each in everybody)
    if count >= least:
        gone.setdefault((), []).extend(everybody)
        return gone, 0
    return gone, count


# State


@dataclass(frozen=True, slots=True)
class Box:
    """The first sheet of each event: by it a release is known again. (Events hold hundreds of sheets.)"""

    firsts: frozenset[UUID] = frozenset()


def in_parts(sheets: tuple[Sheet, ...]) -> Iterable[tuple[Sheet, ...]]:
    """Parts of one event each, as even as can be: none is much smaller than the others."""
    longest = max((len(str(each.answers)) + 50 for each in sheets), default=1)
    most = max(1, min(MOST_TOGETHER, MOST_CHARACTERS // longest))
    count = -(-len(sheets) // most)
    for n in range(count):
        yield sheets[len(sheets) * n // count : len(sheets) * (n + 1) // count]


def decide(command: Release, state: Box) -> list[Event]:
    return [
        AnswersReleased(
            campaign=command.campaign,
            questionnaire=command.questionnaire,
            edition=command.edition,
            cell=command.cell,
            sheets=part,
            week=command.week,
        )
        for part in in_parts(command.sheets)
        if part[0].id not in state.firsts
    ]


def evolve(state: Box, event: Event) -> Box:
    match event:
        case AnswersReleased(sheets=sheets) if sheets:
            return Box(state.firsts | {sheets[0].id})
        case _:
            return state


box: Decider[Box] = Decider("box", Box(), decide, evolve, (AnswersReleased,))


def _decide_remark(command: ReleaseRemark, said: bool) -> list[Event]:
    if said:
        return []
    return [
        RemarkReleased(
            campaign=command.campaign,
            cell=command.cell,
            question=command.question,
            text=command.text,
            week=command.week,
        )
    ]


def _evolve_remark(said: bool, event: Event) -> bool:
    return said or isinstance(event, RemarkReleased)


remark: Decider[bool] = Decider("remark", False, _decide_remark, _evolve_remark, (RemarkReleased,))
