"""The clocks of a transfer's steps: they follow the steps, and what time brings is looked for as with dossiers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from kernel.handlers import Answer, Policy
from schemas.event import Recorded
from schemas.transfers import StepEnded, StepOpened
from services.deadlines.domain import leg as life
from services.deadlines.domain.leg import leg, leg_stream
from services.deadlines.domain.rules import Known


def _opened(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    start = life.Start(
        known=known,
        transfer=recorded.stream,
        application=event.application,
        step=event.step,
        turn=event.turn,
        unit=event.unit,
        days=event.days,
        opened_at=event.opened_at,
        rule=event.rule,
    )
    return [Answer(leg, leg_stream(recorded.stream, event.step, event.turn), start)]


def _ended(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    finish = life.Finish(known=known, outcome=event.outcome, at=event.ended_at, noticed_at=recorded.meta.recorded_at)
    return [Answer(leg, leg_stream(recorded.stream, event.step, event.turn), finish)]


policy: Policy = {StepOpened: _opened, StepEnded: _ended}

# An open leg with a day that was declared between its beginning and its end. Most come to nothing; they are few.
RECOUNT = """
SELECT leg.due_at AS at, leg.stream
FROM view.leg, view.calendar
WHERE leg.open AND (leg.due_at, leg.stream) > ($2, $3) AND $1::timestamptz IS NOT NULL AND EXISTS (
    SELECT FROM jsonb_array_elements(calendar.days::jsonb) AS d
    WHERE (d->1->>'date')::date BETWEEN (leg.started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
        AND (leg.due_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
)
ORDER BY leg.due_at, leg.stream LIMIT $4
"""


def notice(row: Mapping[str, Any], now: dt.datetime, known: Known) -> Answer:
    """What is overdue by now."""
    return Answer(leg, row["stream"], life.Notice(now=now))


def recount(row: Mapping[str, Any], now: dt.datetime, known: Known) -> Answer:
    """What a changed calendar moves."""
    return Answer(leg, row["stream"], life.Recount(known=known, now=now))
