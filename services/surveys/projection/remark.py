"""What people wrote, one row a text, sealed under a key of its own. Nothing leads from it to what they ticked."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec

from kernel.handlers import Row, View
from schemas.event import Recorded
from schemas.surveys import RemarkReleased


class RemarkRow(Row, frozen=True, kw_only=True):
    """A text to one question, from one cell (JSON), in the week that begins on `week`."""

    stream: str
    campaign: str
    cell: str
    question: str
    subject: UUID
    text: bytes
    week: dt.date


def _released(row: RemarkRow | None, recorded: Recorded) -> RemarkRow:
    event: Any = recorded.event
    return RemarkRow(
        stream=recorded.stream,
        campaign=event.campaign,
        cell=msgspec.json.encode(event.cell).decode(),
        question=event.question,
        subject=event.text.subject,
        text=event.text.sealed,
        week=event.week,
    )


remark = View("remark", RemarkRow, {RemarkReleased: _released})
