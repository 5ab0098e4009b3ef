"""What deadlines does because a moment came. Each duty finds its rows by an index, never by a look at all open clocks.

Half-days are the rhythm of the forecast: what is forecast rests on what units finish in a day, which does not change
from one second to the next.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from kernel.handlers import Answer, Duty
from schemas.intake import Promise
from services.deadlines.domain import apology as sorry
from services.deadlines.domain import clock as life
from services.deadlines.domain.apology import apology
from services.deadlines.domain.clock import clock
from services.deadlines.domain.counting import used
from services.deadlines.domain.forecast import WINDOW, Pace, Place, outlook
from services.deadlines.domain.rules import Known
from services.deadlines.policy import legs

ALARMS = (
    "SELECT alarm_at AS at, stream FROM view.{table} WHERE alarm_at < $1 AND (alarm_at, stream) > ($2, $3)"
    " ORDER BY alarm_at, stream LIMIT $4"
)


def _notice_clock(row: Mapping[str, Any], now: dt.datetime, known: Known) -> Answer:
    return Answer(clock, row["stream"], life.Notice(known=known, now=now))


def _notice_apology(row: Mapping[str, Any], now: dt.datetime, known: Known) -> Answer:
    return Answer(apology, row["stream"], sorry.Notice(now=now))


# An open clock whose time holds a day that changed after the calendar it was counted with.
RECOUNT = """
SELECT clock.due_at AS at, clock.stream, changed.days
FROM view.calendar, view.clock, LATERAL (
    SELECT array_agg((d->1->>'date')::date ORDER BY d->1->>'date') AS days
    FROM jsonb_array_elements(calendar.days::jsonb) AS d
    WHERE (d->>0)::integer > clock.calendar
    AND (d->1->>'date')::date BETWEEN (clock.started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
        AND (clock.due_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
) changed
WHERE clock.phase IN ('running', 'paused') AND clock.calendar < calendar.number
AND changed.days IS NOT NULL AND (clock.due_at, clock.stream) > ($2, $3) AND $1::timestamptz IS NOT NULL
ORDER BY clock.due_at, clock.stream LIMIT $4
"""


def _recount(row: Mapping[str, Any], now: dt.datetime, known: Known) -> Answer:
    return Answer(clock, row["stream"], life.Recount(known=known, now=now, days=tuple(row["days"])))


# A running clock in the days before the last moment for a notice, with the pace of its unit.
FORECAST = f"""
WITH usual AS (
    SELECT coalesce(jsonb_object_agg(role, mean), '{{}}')::text AS by_role FROM (
        SELECT role, sum(used)::float8 / sum(finished) AS mean FROM view.pace
        WHERE day > ($1 AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - {WINDOW} GROUP BY role HAVING sum(finished) > 0
    ) roles
)
SELECT c.forecast_from AS at, c.stream, c.promise, c.started_at, c.stage, c.role, c.unit, c.stage_started_at,
    c.due_at, usual.by_role, coalesce(pace.finished, 0) AS finished, coalesce(pace.used, 0) AS used, ahead.n AS ahead
FROM view.clock c CROSS JOIN usual
CROSS JOIN LATERAL (
    SELECT sum(p.finished)::int AS finished, sum(p.used)::int AS used FROM view.pace p
    WHERE p.unit = c.unit AND p.role = c.role
    AND p.day > ($1 AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - {WINDOW}
) pace
CROSS JOIN LATERAL (
    SELECT count(*)::int AS n FROM view.clock o
    WHERE o.unit = c.unit AND o.phase = 'running' AND o.due_at < c.due_at AND o.role = c.role
) ahead
WHERE c.phase = 'running' AND c.expected_at IS NULL AND NOT c.overdue AND c.reappointed_at IS NULL
AND c.forecast_from <= $1 AND c.notice_by > $1 AND (c.forecast_from, c.stream) > ($2, $3)
ORDER BY c.forecast_from, c.stream LIMIT $4
"""
HALF_DAYS = "SELECT floor(extract(epoch FROM $1::timestamptz) / 43200)"


def _forecast(row: Mapping[str, Any], now: dt.datetime, known: Known) -> Answer | None:
    place = Place(
        promise=msgspec.json.decode(row["promise"], type=Promise),
        started_at=row["started_at"],
        stage=row["stage"],
        role=row["role"],
        used=used(row["stage_started_at"], now, (), known.calendar),
    )
    usual = msgspec.json.decode(row["by_role"], type=dict[str, float])
    pace = Pace(finished=row["finished"], used=row["used"], ahead=row["ahead"], usual=usual)
    found = outlook(place, pace, now, known.calendar)
    if found.expected_at <= row["due_at"]:
        return None
    return Answer(clock, row["stream"], life.Forecast(outlook=found, now=now))


duties = (
    Duty("recount", RECOUNT, _recount, changes="SELECT number FROM view.calendar"),
    Duty("clocks", ALARMS.format(table="clock"), _notice_clock),
    Duty("recount_legs", legs.RECOUNT, legs.recount, changes="SELECT number FROM view.calendar"),
    Duty("legs", ALARMS.format(table="leg"), legs.notice),
    Duty("apologies", ALARMS.format(table="apology"), _notice_apology),
    Duty("forecast", FORECAST, _forecast, changes=HALF_DAYS),
)
