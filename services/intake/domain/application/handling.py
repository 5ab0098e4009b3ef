"""With whom it is: the unit that works on it next, and the units that receive and decide."""

import datetime as dt
from dataclasses import dataclass

from kernel.decider import Rejected, Text
from schemas.event import Event, Personal
from schemas.intake import ApplicationAssigned, ApplicationPassedOn
from services.intake.domain.application.dossier import Application
from services.intake.domain.when import When


@dataclass(frozen=True, kw_only=True, slots=True)
class Assign:
    """Hand the dossier over to the unit that works on it next."""

    when: When
    stage: int
    role: str
    to_unit: str
    due_at: dt.datetime | None = None
    giver: str = ""
    receiver: str = ""
    note: Personal[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PassOn:
    """Let other units receive and decide, because units merged, split or swapped duties."""

    when: When
    received_by: str
    decided_by: str
    reason: str


def assign(command: Assign, state: Application) -> list[Event]:
    here = (state.stage, state.holder, state.holder_receiver)
    if (command.stage, command.to_unit, command.receiver) == here:
        return []
    if command.stage < 1:
        raise Rejected("no_such_stage", Text("Bước phải từ 1.", "Stages count from 1."))
    return [
        ApplicationAssigned(
            received_by=state.received_by,
            decided_by=state.decided_by,
            stage=command.stage,
            role=command.role,
            from_unit=state.holder or state.received_by,
            to_unit=command.to_unit,
            assigned_at=command.when.happened_at,
            due_at=command.due_at,
            giver=command.giver,
            receiver=command.receiver,
            note=command.note,
            late_reason=command.when.reason,
        )
    ]


def is_with(command: PassOn, state: Application) -> bool:
    """The dossier is with these units already."""
    units = (state.received_by, state.decided_by)
    return state.status != "none" and (command.received_by, command.decided_by) == units


def pass_on(command: PassOn, state: Application) -> list[Event]:
    return [
        ApplicationPassedOn(
            received_by=command.received_by,
            decided_by=command.decided_by,
            was_received_by=state.received_by,
            was_decided_by=state.decided_by,
            passed_on_at=command.when.happened_at,
            reason=command.reason,
            late_reason=command.when.reason,
        )
    ]
