"""What a dossier's line adds to which total."""

from collections.abc import Iterable
from typing import TypeAlias

from kernel.calendar import local
from kernel.handlers import Key
from services.intake.projection.line import ApplicationRow

Shares: TypeAlias = Iterable[tuple[Key, tuple[int, ...]]]
_ONLINE = frozenset({"online", "assisted", "national_portal"})


def by_state(row: ApplicationRow) -> Shares:
    if row.status not in {"none", "drafted"}:
        yield (row.received_by, row.decided_by, row.status), (1,)


def by_day(row: ApplicationRow) -> Shares:
    """What a desk counts a day: received and finished, each on its own day in Việt Nam."""
    if row.received_at:
        yield (row.received_by, row.procedure, local(row.received_at).date()), (1, int(row.channel in _ONLINE), 0)
    finished = row.resolved_at or row.ended_at
    if row.received_at and finished:
        yield (row.received_by, row.procedure, local(finished).date()), (0, 0, 1)
