"""What surveys does by itself: who was given a result is to be asked about it; a campaign ends with its last day."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from kernel.handlers import Answer, Duty, Policy
from schemas.event import Recorded
from schemas.intake import ResultHandedOver
from services.surveys.domain.campaign import Notice, campaign
from services.surveys.domain.contact import Ask, contact
from services.surveys.domain.naming import contact_stream


def _handed_over(recorded: Recorded, _: Any) -> list[Answer]:
    event: Any = recorded.event
    command = Ask(application=recorded.stream, unit=event.decided_by, handed_over_at=event.handed_over_at)
    return [Answer(contact, contact_stream(recorded.stream), command)]


policy: Policy = {ResultHandedOver: _handed_over}

OVER = (
    "SELECT over_at AS at, stream FROM view.campaign WHERE over_at <= $1 AND (over_at, stream) > ($2, $3)"
    " ORDER BY over_at, stream LIMIT $4"
)


def _over(row: Mapping[str, Any], now: dt.datetime, _: Any) -> Answer:
    return Answer(campaign, row["stream"], Notice(now=now))


duties = (Duty("closing", OVER, _over),)
