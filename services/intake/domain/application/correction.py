"""Corrections: what was written down wrongly is put right, and stays on record."""

from dataclasses import dataclass
from uuid import UUID

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ApplicationCorrected, Change, Channel, Delivery, Notify
from schemas.people import Person
from services.intake.domain.application.dossier import Application
from services.intake.domain.when import When


@dataclass(frozen=True, kw_only=True, slots=True)
class Correct:
    """Put right what was written down wrongly. `fields` name what `changes` change."""

    when: When
    correction: UUID
    fields: tuple[str, ...]
    changes: Personal[tuple[Change, ...]]
    reason: Personal[str]
    applicant: Personal[Person] | None = None
    channel: Channel | None = None
    delivery: Delivery | None = None
    notify: Notify | None = None


CORRECTABLE = frozenset({"applicant", "authorised", "content", "documents", "channel", "delivery", "notify", "sets"})


def correct(command: Correct, state: Application) -> list[Event]:
    strange = sorted(set(command.fields) - CORRECTABLE)
    if strange or not command.fields:
        raise Rejected(
            "not_correctable",
            Text("Không đính chính được mục này.", "That can't be corrected here."),
            instead=Text("Mục đính chính được: {fields}.", "What can be: {fields}.").of(
                fields=", ".join(sorted(CORRECTABLE))
            ),
            fields=strange,
        )
    return [
        ApplicationCorrected(
            correction=command.correction,
            received_by=state.received_by,
            decided_by=state.decided_by,
            corrected_at=command.when.happened_at,
            fields=command.fields,
            changes=command.changes,
            reason=command.reason,
            applicant=command.applicant,
            channel=command.channel,
            delivery=command.delivery,
            notify=command.notify,
            late_reason=command.when.reason,
        )
    ]
