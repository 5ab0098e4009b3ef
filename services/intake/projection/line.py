"""A dossier's line in the register, and what every event changes in it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from kernel.handlers import Row
from schemas.event import Recorded
from schemas.intake import Status

# The national portal's ten statuses. 6 (financial duty asked) has no event here: fees are paid outside intake.
PORTAL: Mapping[Status, int] = {
    "none": 0,
    "drafted": 0,
    "submitted": 1,
    "not_accepted": 3,
    "in_process": 4,
    "supplement_asked": 5,
    "withdrawn": 7,
    "stopped": 8,
    "resolved": 9,
    "handed_over": 10,
}


class ApplicationRow(Row, frozen=True, kw_only=True):
    """A dossier as it stands. `applicant` is the sealed Person under `subject`'s key. `due_at` is the appointment that
    holds, `first_due_at` the first, which nothing moves. `number` is the dossier's last event: what a person saw.
    `tracking` is the look-up digest of its tracking code, never the code."""

    stream: str
    number: int
    tracking: str = ""
    code: str = ""
    status: Status = "none"
    portal_status: int = 0
    procedure: str = ""
    procedure_name: str = ""
    terms_from: dt.date | None = None
    level: str = ""
    field: str = ""
    received_by: str = ""
    decided_by: str = ""
    channel: str = ""
    delivery: str = ""
    notify: str = ""
    subject: UUID | None = None
    applicant: bytes | None = None
    authorised: bytes | None = None
    content: bytes | None = None
    documents: str = "[]"
    file_names: bytes | None = None
    results: str = "[]"
    sets: int = 1
    fee_vnd: int | None = None
    visit: UUID | None = None
    assisted_by: str = ""
    portal_code: str = ""
    submitted_at: dt.datetime | None = None
    received_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    first_due_at: dt.datetime | None = None
    promises: str = "[]"
    supplement_by: dt.datetime | None = None
    supplements_left: int = 0
    asked_at: dt.datetime | None = None
    wanted: bytes | None = None
    asked_reason: bytes | None = None
    answer_by: dt.datetime | None = None
    supplied_at: dt.datetime | None = None
    supplement_unchecked: bool = False
    stage: int = 0
    role: str = ""
    holder: str = ""
    officer: str = ""
    stage_due_at: dt.datetime | None = None
    hand_overs: str = "[]"
    consultations: str = "[]"
    opinions_awaited: int = 0
    outcome: str = ""
    ground: str = ""
    reason: bytes | None = None
    document_number: str = ""
    resolved_at: dt.datetime | None = None
    handed_over_at: dt.datetime | None = None
    way: str = ""
    ended_at: dt.datetime | None = None
    corrected: int = 0
    late_entries: int = 0
    late_reason: str = ""
    imported_from: str = ""
    rule_pack: str = ""
    rule_version: str = ""
    rule: str = ""
    updated_at: dt.datetime | None = None


def changed(row: ApplicationRow | None, recorded: Recorded, **changes: Any) -> ApplicationRow:
    """The line after this event: what the event changes, and what every event changes."""
    late_reason = getattr(recorded.event, "late_reason", "")
    status: Status = changes.get("status", row.status if row else "none")
    always = {
        "number": recorded.number,
        "tracking": getattr(recorded.event, "tracking", "") or (row.tracking if row else ""),
        "updated_at": recorded.meta.happened_at,
        "portal_status": PORTAL[status],
        "late_entries": (row.late_entries if row else 0) + bool(late_reason),
        "late_reason": late_reason or (row.late_reason if row else ""),
    }
    if row is None:
        return ApplicationRow(stream=recorded.stream, **{**always, **changes})
    return msgspec.structs.replace(row, **{**always, **changes})
