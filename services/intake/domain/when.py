"""Late entry: when something happened and when it is written down are two times, and the gap between them has rules."""

import datetime as dt
from dataclasses import dataclass

from kernel.decider import Rejected, Text
from services.intake.domain.rules import LateEntry

# A clock that runs a little ahead on the officer's machine is not a lie about the future.
AHEAD = dt.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """When something happened, and when somebody writes it down; `reason` where the second is well after the first.
    `rule` is the late-entry rule in force when it is written down."""

    happened_at: dt.datetime
    recorded_at: dt.datetime
    rule: LateEntry
    reason: str = ""


def check_when(when: When, came: dt.datetime | None = None) -> None:
    """Raises Rejected for what lies in the future, before the dossier came, too far back, or back without a reason."""
    if when.happened_at > when.recorded_at + AHEAD:
        raise Rejected("in_the_future", Text("Thời điểm ở tương lai.", "That time is in the future."))
    if came and when.happened_at < came:
        raise Rejected(
            "before_it_came",
            Text("Thời điểm trước khi hồ sơ được nộp.", "That time is before the dossier came."),
            came=came,
        )
    late, rule = when.recorded_at - when.happened_at, when.rule
    if late > dt.timedelta(days=rule.days):
        raise Rejected(
            "too_late_to_enter",
            Text("Việc xảy ra quá {days} ngày trước, không nhập được.", "More than {days} days ago: too late.").of(
                days=rule.days
            ),
            rule=rule.cited.basis,
            days=rule.days,
        )
    if late > dt.timedelta(minutes=rule.grace) and not when.reason.strip():
        raise Rejected(
            "late_without_reason",
            Text("Nhập muộn phải ghi lý do.", "What is entered late needs a reason."),
            rule=rule.cited.basis,
        )
