"""Whom to ask about a result, with how many of them were reached; and what the dossiers of intake say of them."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from kernel.handlers import Key, Row, Total, View
from schemas.deadlines import ApplicationAnswered
from schemas.event import Event, Recorded
from schemas.intake import ApplicationCorrected, ApplicationImported, ApplicationSubmitted, UnitChanged, UnitOpened
from schemas.surveys import ContactDue, ContactInvited, ContactReached, ContactSkipped


class ContactRow(Row, frozen=True, kw_only=True):
    """An applicant to be asked. `turn` counts the invitations, `reached` is the last that left; `reminders` counts
    those that were reminders; `noted_at` is when we heard of the result, `asked_at` when the first invitation left."""

    stream: str
    application: str
    unit: str
    handed_over_at: dt.datetime
    noted_at: dt.datetime
    campaign: str = ""
    invitation: str = ""
    turn: int = 0
    reached: int = 0
    reminders: int = 0
    carrier: str = ""
    invited_at: dt.datetime | None = None
    asked_at: dt.datetime | None = None
    skipped: str = ""


def _due(row: ContactRow | None, recorded: Recorded) -> ContactRow:
    event: Any = recorded.event
    return ContactRow(
        stream=recorded.stream,
        application=event.application,
        unit=event.unit,
        handed_over_at=event.handed_over_at,
        noted_at=recorded.meta.recorded_at,
    )


_CHANGES: Mapping[type[Event], Callable[[ContactRow, Any], ContactRow]] = {
    ContactInvited: lambda row, event: replace(
        row,
        campaign=event.campaign,
        invitation=event.invitation,
        turn=event.turn,
        reminders=row.reminders + event.reminder,
        carrier=event.carrier,
        invited_at=event.invited_at,
        skipped="",
    ),
    ContactReached: lambda row, event: replace(row, reached=event.turn, asked_at=row.asked_at or event.reached_at),
    ContactSkipped: lambda row, event: replace(row, skipped=event.ground),
}


def _changed(row: ContactRow | None, recorded: Recorded) -> ContactRow | None:
    return row and _CHANGES[type(recorded.event)](row, recorded.event)


def _share(row: ContactRow) -> Iterable[tuple[Key, tuple[int, ...]]]:
    yield (
        (row.campaign, row.unit),
        (1, int(row.turn > 0), int(row.reached > 0), row.reminders, int(bool(row.skipped))),
    )


contact = View(
    "contact",
    ContactRow,
    {ContactDue: _due, **dict.fromkeys(_CHANGES, _changed)},
    totals=(Total("outreach", ("campaign", "unit"), ("due", "invited", "reached", "reminders", "skipped"), _share),),
)


class DossierRow(Row, frozen=True, kw_only=True):
    """A dossier: who applied, sealed under `subject`'s key, how they wished to be told, and whether it was answered
    late (None: not answered yet). What deadlines says may be heard before what intake does."""

    stream: str
    subject: UUID | None = None
    applicant: bytes = b""
    notify: str = "none"
    procedure_name: str = ""
    late: bool | None = None


def _came(row: DossierRow | None, recorded: Recorded) -> DossierRow:
    event: Any = recorded.event
    return DossierRow(
        stream=recorded.stream,
        subject=event.applicant.subject,
        applicant=event.applicant.sealed,
        notify=event.notify,
        procedure_name=event.procedure_name,
        late=row.late if row else None,
    )


def _corrected(row: DossierRow | None, recorded: Recorded) -> DossierRow | None:
    event: Any = recorded.event
    if row is None:
        return None
    applicant = event.applicant.sealed if event.applicant else row.applicant
    return replace(row, applicant=applicant, notify=event.notify or row.notify)


def _answered(row: DossierRow | None, recorded: Recorded) -> DossierRow:
    event: Any = recorded.event
    return replace(row or DossierRow(stream=event.application), late=event.late is not None)


def _of_dossier(recorded: Recorded) -> Key:
    event = recorded.event
    return (event.application if isinstance(event, ApplicationAnswered) else recorded.stream,)


dossier = View(
    "dossier",
    DossierRow,
    {
        ApplicationSubmitted: _came,
        ApplicationImported: _came,
        ApplicationCorrected: _corrected,
        ApplicationAnswered: _answered,
    },
    key=_of_dossier,
    shared=True,
)


class UnitRow(Row, frozen=True, kw_only=True):
    """What a unit is called, as of the last that was said."""

    unit: str
    name: str


def _said(row: UnitRow | None, recorded: Recorded) -> UnitRow:
    event: Any = recorded.event
    return UnitRow(unit=event.unit, name=event.facts.name)


def _of_unit(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (event.unit,)


unit = View("unit", UnitRow, {UnitOpened: _said, UnitChanged: _said}, key=_of_unit, key_columns=("unit",), shared=True)
