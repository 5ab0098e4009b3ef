"""The appointment that was promised: it is never in the past, and moves only where the law moves it."""

import datetime as dt
from dataclasses import dataclass

from kernel.decider import Rejected, Text
from schemas.event import Event
from schemas.intake import AppointmentMoved, Promise
from services.intake.domain.application.dossier import Application


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveAppointment:
    """Keep the appointment that the law moved."""

    promise: Promise
    at: dt.datetime


def move(command: MoveAppointment, state: Application) -> list[Event]:
    if command.promise == state.promise:
        return []
    return [
        AppointmentMoved(
            received_by=state.received_by,
            decided_by=state.decided_by,
            promise=command.promise,
            moved_at=command.at,
        )
    ]


def check_promise(promise: Promise, since: dt.datetime) -> None:
    if promise.due_at < since:
        raise Rejected(
            "promise_in_the_past",
            Text("Ngày hẹn trả trước ngày tiếp nhận.", "The appointment is before the day of receipt."),
            due_at=promise.due_at,
        )
