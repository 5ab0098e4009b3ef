"""What deadlines' rule packs say on a day: when a dossier is approaching, when lateness is looked for, what an apology
has to be."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kernel.calendar import Calendar, local
from kernel.decider import Text
from kernel.packs import Pack, in_force
from schemas.rules import Cited


@dataclass(frozen=True, kw_only=True, slots=True)
class Approaching:
    """A dossier is approaching this long before its end: working days, or working hours where it has hours."""

    cited: Cited
    days: int
    hours: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """Lateness is looked for from so many working days before the last moment for a notice."""

    cited: Cited
    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ApologyRule:
    """Notice of a forecast lateness is due `notice_days` working days before the end, the apology for a broken promise
    within `after_days`; the draft asks for `extension` working days more. `suffix` is in its number ("12/PXL-THPT")."""

    cited: Cited
    notice_days: int
    after_days: int
    extension: int
    form: str
    title: Text
    suffix: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Everything in force on one day."""

    approaching: Approaching
    forecast: Forecast
    apology: ApologyRule


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a decision counts with and may not look up itself. It travels in commands. `number` counts the changes of
    the calendar; `rules(day)` are those in force on a day."""

    calendar: Calendar
    number: int
    rules: Callable[[dt.date], Rules]


def rules_on(day: dt.date, packs: Iterable[Pack]) -> Rules:
    """The rules in force on a day. Later packs win. Raises KeyError where no pack has an entry for a topic."""
    entry, cited = in_force(day, packs)
    near, look, sorry = entry["approaching"], entry["forecast"], entry["apology"]
    return Rules(
        approaching=Approaching(cited=cited["approaching"], days=near["days"], hours=near["hours"]),
        forecast=Forecast(cited=cited["forecast"], days=look["days"]),
        apology=ApologyRule(
            cited=cited["apology"],
            notice_days=sorry["notice_days"],
            after_days=sorry["after_days"],
            extension=sorry["extension"],
            form=sorry["form"],
            title=Text(sorry["vi"], sorry["en"]),
            suffix=sorry["suffix"],
        ),
    )


def local_rules(received_at: dt.datetime, known: Known) -> Rules:
    """A dossier is judged by the rules of the day on which it came."""
    return known.rules(local(received_at).date())
