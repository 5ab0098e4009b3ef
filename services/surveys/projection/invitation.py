"""Invitations as they stand, with what they add up to.

Nothing here leads to an answer: rows of `sheet` know no invitation, and say the week only.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from kernel.handlers import Key, Row, Total, View
from schemas.event import Recorded
from schemas.surveys import (
    InvitationIssued,
    InvitationOpened,
    InvitationRevoked,
    InvitationUsed,
)

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]


class InvitationRow(Row, frozen=True, kw_only=True):
    """One invitation. `cell` is JSON; `state` issued, opened, used or revoked; `way` how it was used; `used_at` the
    minute, for signs that one person answered for many."""

    stream: str
    campaign: str
    cell: str
    carrier: str
    printing: str
    state: str = "issued"
    way: str = ""
    used_at: dt.datetime | None = None


def _issued(row: InvitationRow | None, recorded: Recorded) -> InvitationRow:
    event: Any = recorded.event
    return InvitationRow(
        stream=recorded.stream,
        campaign=event.campaign,
        cell=msgspec.json.encode(event.cell).decode(),
        carrier=event.carrier,
        printing=event.printing,
    )


def _opened(row: InvitationRow | None, recorded: Recorded) -> InvitationRow | None:
    return replace(row, state="opened") if row and row.state == "issued" else row


def _used(row: InvitationRow | None, recorded: Recorded) -> InvitationRow | None:
    event: Any = recorded.event
    return row and replace(row, state="used", way=event.way, used_at=event.used_at.replace(second=0, microsecond=0))


def _revoked(row: InvitationRow | None, recorded: Recorded) -> InvitationRow | None:
    return replace(row, state="revoked") if row and row.state != "used" else row


STATES = ("issued", "opened", "used", "revoked")


def _counted(row: InvitationRow) -> Shares:
    """One invitation of its cell: issued in any case, and what became of it."""
    became = tuple(int(row.state == each) for each in STATES[1:])
    yield (row.campaign, row.cell), (1, *became)


def _minute(row: InvitationRow) -> Shares:
    if row.used_at is not None:
        yield (row.campaign, row.cell, row.way, row.used_at), (1,)


invitation = View(
    "invitation",
    InvitationRow,
    {
        InvitationIssued: _issued,
        InvitationOpened: _opened,
        InvitationUsed: _used,
        InvitationRevoked: _revoked,
    },
    totals=(
        Total("invited", ("campaign", "cell"), STATES, _counted),
        Total("used_by_minute", ("campaign", "cell", "way", "minute"), ("n",), _minute),
    ),
)
