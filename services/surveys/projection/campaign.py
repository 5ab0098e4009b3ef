"""Campaigns as they stand, and the questionnaires that they may use. What a sample and results are made of is long, and
is read from the campaign's own stream."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from kernel.handlers import Key, Row, View
from schemas.event import Event, Recorded
from schemas.surveys import (
    AnswersVoided,
    AnswersWithheld,
    CampaignCancelled,
    CampaignClosed,
    CampaignExtended,
    CampaignOpened,
    CampaignPlanned,
    FrameImported,
    QuestionnairePublished,
    ResultsFrozen,
    SampleDrawn,
    VoidingProposed,
    VoidingRefused,
)
from services.surveys.domain.campaign import over_at


class CampaignRow(Row, frozen=True, kw_only=True):
    """A campaign. `asked` is the group that it asks; `remind_after` days as JSON; `over_at` is the moment after its
    last day while it is open, `noticed_at` when it was noted as closed; `withheld` None until all answers were let go;
    `voidings` wait for a second person."""

    stream: str
    number: int
    kind: str
    title_vi: str
    title_en: str
    asked: str
    questionnaire: str
    edition: int
    starts: dt.date
    ends: dt.date
    batch: int
    unit: str
    remind_after: str
    target: int
    previous: str
    planned_at: dt.datetime
    status: str = "planned"
    schools: int = 0
    drawn_at: dt.datetime | None = None
    opened_at: dt.datetime | None = None
    over_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    noticed_at: dt.datetime | None = None
    withheld: int | None = None
    voidings: int = 0
    frozen_at: dt.datetime | None = None


def _planned(row: CampaignRow | None, event: CampaignPlanned, stream: str) -> CampaignRow:
    said: dict[str, Any] = {
        "kind": event.kind,
        "title_vi": event.title.vi,
        "title_en": event.title.en,
        "asked": event.group,
        "questionnaire": event.questionnaire,
        "edition": event.edition,
        "starts": event.starts,
        "ends": event.ends,
        "batch": event.batch,
        "unit": event.unit,
        "remind_after": msgspec.json.encode(event.remind_after).decode(),
        "target": event.target,
        "previous": event.previous,
        "planned_at": event.planned_at,
    }
    return replace(row, **said) if row else CampaignRow(stream=stream, number=0, **said)


def _settled(row: CampaignRow, event: Any) -> CampaignRow:
    return replace(row, voidings=max(row.voidings - 1, 0))


_CHANGES: Mapping[type[Event], Callable[[CampaignRow, Any], CampaignRow]] = {
    FrameImported: lambda row, event: replace(row, schools=len(event.schools), drawn_at=None),
    SampleDrawn: lambda row, event: replace(row, drawn_at=event.drawn_at),
    CampaignOpened: lambda row, event: replace(row, status="open", opened_at=event.opened_at),
    CampaignExtended: lambda row, event: replace(row, ends=event.ends),
    CampaignClosed: lambda row, event: replace(row, status="closed", closed_at=event.closed_at),
    CampaignCancelled: lambda row, event: replace(row, status="cancelled"),
    AnswersWithheld: lambda row, event: replace(row, withheld=(row.withheld or 0) + event.count),
    ResultsFrozen: lambda row, event: replace(row, status="frozen", frozen_at=event.frozen_at),
    VoidingProposed: lambda row, event: replace(row, voidings=row.voidings + 1),
    AnswersVoided: _settled,
    VoidingRefused: _settled,
}


def _step(row: CampaignRow | None, recorded: Recorded) -> CampaignRow | None:
    event: Any = recorded.event
    if isinstance(event, CampaignPlanned):
        after = _planned(row, event, recorded.stream)
    elif row is None:
        return None
    else:
        after = _CHANGES[type(event)](row, event)
    if isinstance(event, CampaignClosed):
        after = replace(after, noticed_at=recorded.meta.recorded_at)
    return replace(after, number=recorded.number, over_at=over_at(after.ends) if after.status == "open" else None)


campaign = View("campaign", CampaignRow, dict.fromkeys((CampaignPlanned, *_CHANGES), _step))


class QuestionnaireRow(Row, frozen=True, kw_only=True):
    """An edition of a questionnaire, to be chosen; what it asks is read from its own stream."""

    questionnaire: str
    edition: int
    title_vi: str
    title_en: str
    asked: str


def _published(row: QuestionnaireRow | None, recorded: Recorded) -> QuestionnaireRow:
    event: Any = recorded.event
    return QuestionnaireRow(
        questionnaire=event.key,
        edition=event.edition,
        title_vi=event.title.vi,
        title_en=event.title.en,
        asked=event.group,
    )


def _of_edition(recorded: Recorded) -> Key:
    event: Any = recorded.event
    return (event.key, event.edition)


questionnaire = View(
    "questionnaire",
    QuestionnaireRow,
    {QuestionnairePublished: _published},
    key=_of_edition,
    key_columns=("questionnaire", "edition"),
)
