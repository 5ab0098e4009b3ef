"""Where and when the demo's lives play: units, procedures and the calendar, and how much of what comes on which day.

How often a procedure is asked for is invented, with what is known of the school year: transfers before term, exams in
spring, copies of diplomas when people look for work.
"""

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel import calendar as working_time
from kernel.calendar import ZONE, Calendar
from kernel.calendars import seed
from schemas.people import Place

# How often, in parts of all; what is not named is rare. Months that differ, by a factor.
OFTEN: Mapping[str, float] = {
    "2.002854": 26, "2.002478": 26, "SH.012": 22, "SH.018": 5, "1.014336": 11, "1.014337": 2, "1.014335": 3,
    "1.014103": 6, "2.002770": 6, "2.002771": 3, "2.002857": 3, "2.002855": 1.2, "2.002856": 0.6, "1.005142": 4,
    "SH.030": 0.5, "3.000181": 2, "3.000182": 2, "1.005090": 1.5, "1.001622": 4, "1.001714": 1.5, "1.003734": 3,
    "1.003702": 2, "2.001959": 1.5, "2.001960": 1, "SH.017": 4, "2.002481": 6, "1.001088": 2, "SH.006": 0.8,
    "SH.007": 0.4, "SH.008": 2, "SH.004": 0.3, "SH.010": 0.3, "SH.011": 0.8, "SH.014": 0.6, "SH.015": 0.6,
    "SH.016": 0.8, "1.014581": 2, "SH.019": 1,
}  # fmt: skip
RARE = 0.12
MONTHS: Mapping[str, Mapping[int, float]] = {
    "2.002854": {1: 1.8, 2: 0.5, 6: 1.4, 7: 2.0, 8: 2.6, 9: 1.3}, "2.002478": {1: 1.8, 6: 1.4, 7: 2.0, 8: 2.6, 9: 1.3},
    "SH.012": {3: 1.3, 6: 1.3, 7: 1.5, 8: 1.4}, "1.014336": {9: 2.2, 10: 1.8, 2: 1.4}, "1.014103": {9: 2.0, 10: 1.6},
    "1.005142": {4: 5, 5: 4, 11: 0.2, 12: 0.2}, "SH.030": {7: 12}, "3.000181": {5: 5, 6: 6, 10: 0.2, 11: 0.2, 12: 0.2},
    "3.000182": {5: 4, 6: 4, 10: 0.2, 11: 0.2, 12: 0.2}, "1.005090": {5: 4, 6: 4, 10: 0.2, 11: 0.2, 12: 0.2},
}  # fmt: skip
SEASON = (1.2, 0.6, 0.85, 0.85, 1.1, 1.2, 1.15, 1.6, 1.35, 1.0, 0.95, 1.0)  # January to December
WEEKDAY = (1.25, 1.05, 1.0, 0.95, 0.8)  # Monday to Friday
AT_REST = 0.14  # of a working day, all of it online


@dataclass(frozen=True)
class Offer:
    """A procedure as a visitor meets it. `level` is the online level, 4 where the law says nothing else."""

    id: str
    name: str
    authority: str
    field: str
    level: int
    documents: tuple[str, ...]
    of_people: bool


@dataclass(frozen=True)
class Setting:
    """What does not change while the weeks pass: only units and procedures that are there on all of the days."""

    calendar: Calendar
    units: Mapping[str, Sequence[Place]]  # by kind
    offers: Sequence[Offer]

    @property
    def centre(self) -> str:
        return self.units["service_centre"][0].unit

    @property
    def department(self) -> str:
        return self.units["department"][0].unit

    def communes(self) -> list[str]:
        return [each.name.removeprefix("UBND ") for each in self.units["commune"]]

    def offer(self, dice: random.Random, month: int) -> Offer:
        weights = [OFTEN.get(each.id, RARE) * MONTHS.get(each.id, {}).get(month, 1) for each in self.offers]
        return dice.choices(self.offers, weights)[0]

    def decides(self, dice: random.Random, offer: Offer) -> str:
        """The body that decides: schools and communes by their size, which their place in the list stands for."""
        match offer.authority:
            case "province_department":
                return self.department
            case "province_committee":
                return self.units["committee"][0].unit
            case kind:
                places = self.units[kind]
                return dice.choices(places, [1 + 30 / (3 + n) for n in range(len(places))])[0].unit

    def office(self, field: str) -> str:
        """The room of the Department that works on a field."""
        rooms = (
            ("Văn bằng", "qlcl"), ("Thi", "qlcl"), ("Kiểm định", "qlcl"), ("thường xuyên", "gdtx"),
            ("nghề nghiệp", "gdtx"), ("trung học", "gdtrh"), ("mầm non", "gdmn"), ("dân tộc", "gdtrh"),
            ("nước ngoài", "tccb"),
        )  # fmt: skip
        wanted = next((room for word, room in rooms if word in field), "vp")
        return next((u.unit for u in self.units["office"] if u.unit.endswith(f"-{wanted}")), self.department)

    def slow(self, unit: str) -> float:
        """The share of a unit's dossiers that will be late, by design: most are good, some are not."""
        return (0.01, 0.02, 0.03, 0.05, 0.09, 0.16)[random.Random(f"slow {unit}").randrange(6)]

    def load(self, day: dt.date) -> float:
        """How much comes on a day, as a factor of the ordinary."""
        season = SEASON[day.month - 1]
        if not working_time.working(day, self.calendar):
            return season * AT_REST
        return season * WEEKDAY[min(day.weekday(), 4)]

    # Moments

    def office_moment(self, dice: random.Random, day: dt.date) -> dt.datetime:
        """When somebody comes on a working day; more in the morning."""
        spent = self.calendar.full_day * min(dice.betavariate(1.3, 1.9), 0.98)
        return working_time.add_time(_at(day, 0), max(spent, dt.timedelta(minutes=1)), self.calendar)

    def home_moment(self, dice: random.Random, day: dt.date) -> dt.datetime:
        """When somebody sends from home or from work; in the evening at a few moments, so that time can leap."""
        if working_time.working(day, self.calendar) and dice.random() < 0.66:
            return self.office_moment(dice, day)
        return _at(day, dice.choice((8.4, 10.3, 12.2, 14.6, 18.1, 19.3, 20.2, 21.1, 22.4)))

    def after(self, moment: dt.datetime, hours: float) -> dt.datetime:
        """So many office hours later."""
        return working_time.add_time(moment, dt.timedelta(hours=hours), self.calendar)

    def next_day(self, moment: dt.datetime, days: int = 1) -> dt.date:
        return working_time.add_days(working_time.local(moment).date(), days, self.calendar)


def _at(day: dt.date, hour: float) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZONE) + dt.timedelta(hours=hour)


def setting(units: Sequence[Sequence[Mapping[str, Any]]], procedures: Sequence[Sequence[Mapping[str, Any]]]) -> Setting:
    """From GET /units and GET /procedures of several days: what all of them have."""
    by_kind: dict[str, list[Place]] = {}
    lasting = set.intersection(*({each["unit"] for each in day} for day in units))
    for each in units[-1]:
        if each["unit"] in lasting:
            by_kind.setdefault(each["kind"], []).append(Place(**each))
    always = set.intersection(*({(each["procedure"], each["effective_from"]) for each in day} for day in procedures))
    offers = tuple(
        Offer(
            id=each["procedure"],
            name=each["terms"]["name_vi"],
            authority=each["terms"]["authority"],
            field=each["terms"]["field"],
            level=each["terms"]["online_level"] or 4,
            documents=tuple(title[:120] for title in each["terms"]["documents"][:4]) or ("Đơn đề nghị",),
            of_people=each["procedure"] in OFTEN and OFTEN[each["procedure"]] >= 1,
        )
        for each in procedures[-1]
        if (each["procedure"], each["effective_from"]) in always
        and (each["terms"]["official"] or each["procedure"] in OFTEN)
    )
    return Setting(seed(), by_kind, offers)
