"""The register's numbers: one stream a unit and day gives them out, and pure functions write and read the code.

Three forms are read, whatever the pack writes (`rules.code`):

    2019     000.00.12.H56-190911-0001     TT 01/2018/TT-VPCP, agency ids right to left
    2020     H56.12-260824-0001            QĐ 20/2020/QĐ-TTg, ids left to right
    central  H56.12-260824-AA0001          TT 04/2025/TT-VPCP, two characters name the central system

After 9999 on one day a number gets a fifth digit: it widens, it never begins again.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID, uuid5

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.intake import NumbersTaken
from services.intake.domain.names import NAMESPACE
from services.intake.domain.rules import CodeForm

LONGEST = 35
_CODE = re.compile(
    r"(?P<agency>[A-Z0-9]+(?:\.[A-Z0-9]+)*)-(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)-"
    r"(?P<system>[A-Z]{2})?(?P<number>\d{4,9})",
    re.ASCII,
)


# Commands


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeNumbers:
    """Take `count` numbers of a unit's day. `request` makes saying it twice the same taking."""

    unit: str
    on: dt.date
    count: int
    request: UUID


Command: TypeAlias = TakeNumbers

# State


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """`last` is the last number given out; `request`, `first` tell what the latest taking took."""

    last: int = 0
    first: int = 0
    request: UUID | None = None


initial = Numbers()


def decide(command: Command, state: Numbers) -> list[Event]:
    # Only the latest taking is remembered: older repeats are answered by the Idempotency-Key, and a number that is
    # lost in a crash is a gap in the register, which is allowed, while one given twice is not.
    if command.request == state.request:
        return []
    if command.count < 1:
        raise Rejected("no_numbers", Text("Phải lấy ít nhất một số.", "Take at least one number."), count=command.count)
    if state.last + command.count > 999_999_999:
        raise Rejected("register_full", Text("Hết số của ngày.", "The day has no numbers left."), last=state.last)
    first = state.last + 1
    return [
        NumbersTaken(
            unit=command.unit, on=command.on, request=command.request, first=first, last=state.last + command.count
        )
    ]


def evolve(state: Numbers, event: Event) -> Numbers:
    match event:
        case NumbersTaken():
            return replace(state, last=max(state.last, event.last), first=event.first, request=event.request)
        case _:
            return state


register: Decider[Numbers] = Decider("register", initial, decide, evolve, (NumbersTaken,))


def register_stream(unit: str, on: dt.date) -> str:
    return f"register-{uuid5(NAMESPACE, f'{unit} {on.isoformat()}')}"


# Codes


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """A dossier's code, read. `agency` is as written; `system` is "" but for central systems."""

    form: CodeForm
    agency: str
    on: dt.date
    number: int
    system: str = ""


def write_code(form: CodeForm, agency: str, on: dt.date, number: int, system: str = "AA") -> str:
    """The code as it is printed. `agency` is the agency id in the form's own order, "12.H56" for 2019 (leading zero
    groups are added), "H56.12" for the others. Raises ValueError where that gives no code."""
    groups = agency.split(".")
    if form == "2019":
        ids = ["000", "00", "00", "H00"]
        ids[-len(groups) :] = groups
        agency = ".".join(ids)
    code = f"{agency}-{on:%y%m%d}-{system if form == 'central' else ''}{number:04}"
    if not is_code(code):
        raise ValueError(f"no code for agency {agency!r}, number {number}")
    return code


def read_code(text: str) -> Code | None:
    """A code of any form, as somebody typed it (spaces and lower case forgiven); None where it is none."""
    found = _CODE.fullmatch("".join(text.split()).upper())
    if not found or len(found[0]) > LONGEST:
        return None
    try:
        on = dt.date(2000 + int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    agency = found["agency"]
    # In the old order the province's letter comes last, in the new one first.
    old = agency.count(".") == 3 and not agency[0].isalpha()
    form: CodeForm = "central" if found["system"] else "2019" if old else "2020"
    return Code(form=form, agency=agency, on=on, number=int(found["number"]), system=found["system"] or "")


def is_code(text: str) -> bool:
    """Is this a code as it is stored: `[A-Z0-9.-]`, at most 35 characters, of the known forms or another system's?"""
    return 0 < len(text) <= LONGEST and re.fullmatch(r"[A-Z0-9.]+(?:-[A-Z0-9.]+)*", text, re.ASCII) is not None
