"""The calendar of working time: one stream of what operators declared on top of the reviewed days."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from kernel.calendar import Calendar, Declared, with_changes, working
from kernel.decider import Decider, Rejected, Text
from schemas.calendar import CalendarChanged, CalendarDay, DayKind
from schemas.event import Event
from services.deadlines.domain.dossier import stream_of

FURTHEST = dt.timedelta(days=3 * 366)  # days ahead that may be declared


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeCalendar:
    """Declare what these days are. `number` is the number that the change will have: one more than the last that its
    author saw. `basis` is the document behind it, `reviewed` the calendar before any change."""

    reviewed: Calendar
    number: int
    days: tuple[CalendarDay, ...]
    basis: str
    at: dt.datetime


Command: TypeAlias = ChangeCalendar


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """How often it was changed, what the last change said, and all that was declared."""

    number: int = 0
    days: tuple[CalendarDay, ...] = ()
    basis: str = ""
    declared: tuple[Declared, ...] = ()


def decide(command: Command, state: Changes) -> list[Event]:
    if (command.number, command.days, command.basis) == (state.number, state.days, state.basis):
        return []
    if command.number != state.number + 1:
        raise Rejected(
            "no_such_change",
            Text("Lịch đang ở lần thay đổi {last}.", "The calendar stands at change {last}.").of(last=state.number),
            instead=Text("Tải lại trang rồi nhập lại.", "Reload the page and enter it again."),
        )
    dates = [each.date for each in command.days]
    if not dates:
        raise Rejected("no_days", Text("Chưa chọn ngày nào.", "No day was chosen."))
    if len(set(dates)) < len(dates):
        raise Rejected(
            "day_twice", Text("Có ngày được ghi hai lần.", "A day is there twice."), days=[str(each) for each in dates]
        )
    if max(abs(each - command.at.date()) for each in dates) > FURTHEST:
        raise Rejected(
            "day_too_far", Text("Chỉ nhập ngày trong vòng ba năm.", "Only days within three years can be declared.")
        )
    check_changes(command.days, command.reviewed, state.declared)
    return [CalendarChanged(number=command.number, days=command.days, basis=command.basis, changed_at=command.at)]


def check_changes(days: Iterable[CalendarDay], reviewed: Calendar, declared: Iterable[Declared]) -> None:
    """Raises Rejected where one of these days is already what it is declared to be: a Sunday that shall rest, say.
    Due dates would be counted again for nothing, and a mistyped day would look like one that was declared."""
    declared = tuple(declared)
    calendar, said = with_changes(reviewed, declared), {each.day.date: each.day.kind for each in declared}
    idle = [each.date for each in days if _is_so(each, calendar, said.get(each.date, "as_before"))]
    if idle:
        raise Rejected(
            "nothing_changes",
            Text("Lịch đã như vậy rồi: {days}.", "The calendar says so already: {days}.").of(
                days=", ".join(f"{each:%d/%m/%Y}" for each in idle)
            ),
            instead=Text(
                "Kiểm tra lại ngày; bỏ những ngày vốn đã nghỉ (hoặc đã làm việc).",
                "Check the days; leave out those that rest (or are worked) anyway.",
            ),
            days=[str(each) for each in idle],
        )


def _is_so(day: CalendarDay, calendar: Calendar, before: DayKind) -> bool:
    if day.kind == "as_before":
        return before == "as_before"
    return working(day.date, calendar) == (day.kind == "worked")


def evolve(state: Changes, event: Event) -> Changes:
    match event:
        case CalendarChanged():
            declared = (*state.declared, *(Declared(event.number, each, event.basis) for each in event.days))
            return Changes(number=event.number, days=event.days, basis=event.basis, declared=declared)
        case _:
            return state


calendar: Decider[Changes] = Decider("calendar", Changes(), decide, evolve, (CalendarChanged,))
STREAM = stream_of("calendar", "vietnam")
