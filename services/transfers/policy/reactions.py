"""What transfers does because of what it heard: cases follow the dossiers of intake; claims, places, letters and steps
follow the cases. Every command here comes to nothing or to an event, whatever the state: none is ever refused."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kernel.calendar import local
from kernel.handlers import Answer, Policy
from schemas.deadlines import LegMoved, LegOverdue, LegStarted
from schemas.event import Recorded
from schemas.intake import (
    ApplicationNotAccepted,
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    ApplicationWithdrawn,
)
from schemas.transfers import (
    ClaimRefused,
    ClassChosen,
    ConsultationIssued,
    Facts,
    FactsCorrected,
    OpinionGiven,
    PlacePassedOn,
    PlaceReason,
    PlaceRefused,
    PlaceReserved,
    PlaceTaken,
    PupilClaimed,
    PupilSchoolConfirmed,
    StepEnded,
    StepOpened,
    TransferBegun,
    TransferClosed,
    TransferCompleted,
    TransferDecided,
)
from services.transfers.domain import commands as case
from services.transfers.domain import document as letter
from services.transfers.domain import place
from services.transfers.domain import pupil as who
from services.transfers.domain.document import document
from services.transfers.domain.dossier import document_stream, pupil_stream, transfer_stream
from services.transfers.domain.place import school_class
from services.transfers.domain.pupil import pupil
from services.transfers.domain.rules import Known
from services.transfers.domain.transfer import transfer

_facts = TypeAdapter(Facts)

# The dossier


def _submitted(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if not _is_transfer(event.procedure, event.submitted_at, known):
        return ()
    said: dict[str, Any] = {
        "application": recorded.stream,
        "procedure": event.procedure,
        "received_by": event.received_by,
        "decided_by": event.decided_by,
        "applicant": event.applicant.subject,
        "submitted_at": event.submitted_at,
        "tracking": event.tracking,
        "entered_late": bool(event.late_reason),
    }
    facts = _read(event.answers)
    if facts is None and not known.is_upper_secondary(event.decided_by):
        return ()  # since 10/5/2026 one procedure is for all levels
    if facts is None or event.concerns is None:
        return _to_case(recorded.stream, case.Undescribed(**said))
    requested = case.Request(
        **said,
        facts=facts,
        pupil=event.concerns.subject,
        who=event.concerns,
    )
    return _to_case(recorded.stream, requested)


def _is_transfer(procedure: str, at: dt.datetime, known: Known) -> bool:
    return procedure in known.rules(local(at).date()).procedures


def _read(answers: Any) -> Facts | None:
    """The facts that a form's answers say; None where they are none of ours, or name no school of the province."""
    try:
        facts = _facts.validate_python(dict(answers))
    except ValidationError:
        return None
    return facts if facts.from_school or facts.to_school else None


def _received(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if not _is_transfer(event.procedure, event.received_at, known):
        return ()
    return _to_case(recorded.stream, case.Begin(known=known, code=event.code, received_at=event.received_at))


def _not_accepted(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if not _is_transfer(event.procedure, event.not_accepted_at, known):
        return ()
    return _to_case(recorded.stream, case.Close(ground="not_accepted", at=event.not_accepted_at))


def _withdrawn(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _to_case(recorded.stream, case.Close(ground="withdrawn", at=event.withdrawn_at))


def _stopped(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _to_case(recorded.stream, case.Close(ground="stopped", at=event.stopped_at))


def _resolved(recorded: Recorded, known: Known) -> Sequence[Answer]:
    """By this service's own decision (then nothing happens), or by hand."""
    event: Any = recorded.event
    if not _is_transfer(event.procedure, event.resolved_at, known):
        return ()
    close = case.Close(ground="resolved", at=event.resolved_at, granted=event.outcome == "granted")
    return _to_case(recorded.stream, close)


def _to_case(application: str, command: case.Command) -> Sequence[Answer]:
    return [Answer(transfer, transfer_stream(application), command)]


# The claim and the place


def _begun(recorded: Recorded, known: Known) -> Sequence[Answer]:
    """One that a rule bars was refused in the same moment, so it claims nothing."""
    event: Any = recorded.event
    if any(each.bars for each in event.findings):
        return ()
    claim = who.Claim(pupil=event.pupil, transfer=recorded.stream, from_school=event.from_school)
    return [Answer(pupil, pupil_stream(event.pupil), claim), *_ask(recorded)]


def _ask(recorded: Recorded) -> Sequence[Answer]:
    event: Any = recorded.event
    if not event.to_class:
        return ()
    ask = place.Ask(
        class_id=event.to_class,
        school=event.to_school,
        transfer=recorded.stream,
        submitted_at=event.submitted_at,
        entered_late=event.entered_late,
    )
    return [Answer(school_class, event.to_class, ask)]


def _give_back(class_id: str, recorded: Recorded) -> Sequence[Answer]:
    return [Answer(school_class, class_id, place.GiveBack(transfer=recorded.stream))] if class_id else ()


def _chosen(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return [*_ask(recorded), *_give_back(event.was_class, recorded)]


def _claimed(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return [Answer(transfer, event.transfer, case.Proceed(at=_now(recorded)))]


def _claim_refused(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if event.ground == "not_there":
        return [Answer(transfer, event.transfer, case.NoteElsewhere(at_school=event.at_school, at=_now(recorded)))]
    return [Answer(transfer, event.transfer, case.Deny(known=known, at=_now(recorded)))]


def _confirmed(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    put_right = who.CorrectSchool(transfer=recorded.stream, school=event.from_school, at=event.confirmed_at)
    return [Answer(pupil, pupil_stream(event.pupil), put_right)]


def _reserved(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _note_place(recorded, held=True, why="earlier" if event.instead_of else "")


def _passed_on(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _note_place(recorded, held=False, why="earlier" if event.to else "fewer")


def _note_place(recorded: Recorded, *, held: bool, why: PlaceReason) -> Sequence[Answer]:
    event: Any = recorded.event
    note = case.NotePlace(class_id=event.class_id, held=held, at=_now(recorded), why=why, late=event.late)
    return [Answer(transfer, event.transfer, note)]


def _ended(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if (event.step, event.outcome) != ("accept", "consented") or not event.to_class:
        return ()
    take = place.Take(class_id=event.to_class, school=event.to_school, transfer=recorded.stream, turn=event.turn)
    return [Answer(school_class, event.to_class, take)]


def _taken(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return [Answer(transfer, event.transfer, case.Grant(class_id=event.class_id, at=_now(recorded)))]


def _place_refused(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    reopen = case.Reopen(class_id=event.class_id, turn=event.turn, at=_now(recorded))
    return [Answer(transfer, event.transfer, reopen)]


def _decided(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return _let_go(recorded) if event.outcome == "refused" else ()


def _closed(recorded: Recorded, known: Known) -> Sequence[Answer]:
    return _let_go(recorded)


def _let_go(recorded: Recorded) -> Sequence[Answer]:
    """A case that ended without a move holds neither the pupil nor a place."""
    event: Any = recorded.event
    free = who.Free(transfer=recorded.stream)
    frees = [Answer(pupil, pupil_stream(event.pupil), free)] if event.pupil else []
    return [*frees, *_give_back(event.to_class, recorded)]


def _completed(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    move = who.Move(
        transfer=recorded.stream,
        from_school=event.from_school,
        to_school=event.to_school,
        to_class=event.to_class,
        at=event.completed_at,
    )
    return [Answer(pupil, pupil_stream(event.pupil), move)]


# Letters


def _opened(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    if event.step != "consult":
        return ()
    return [Answer(transfer, recorded.stream, case.Compose(known=known, at=event.opened_at))]


def _corrected(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    return [Answer(transfer, recorded.stream, case.Compose(known=known, at=event.corrected_at))]


def _issued(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    queue = letter.Queue(
        document=event.document,
        application=event.application,
        kind="consultation",
        source=recorded.stream,
        from_unit=event.from_unit,
        to_unit=event.to_unit,
        number=event.number,
        at=event.issued_at,
    )
    return [Answer(document, document_stream(event.document), queue)]


def _given(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    queue = letter.Queue(
        document=event.reply,
        application=event.application,
        kind="reply",
        source=recorded.stream,
        from_unit=event.to_unit,
        to_unit=event.from_unit,
        number=event.number,
        at=event.given_at,
        response_to=event.document,
    )
    return [Answer(document, document_stream(event.reply), queue)]


# Time


def _due(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    due = case.NoteDue(step=event.step, turn=event.turn, due_at=event.due_at)
    return [Answer(transfer, event.transfer, due)]


def _overdue(recorded: Recorded, known: Known) -> Sequence[Answer]:
    event: Any = recorded.event
    escalate = case.Escalate(known=known, step=event.step, turn=event.turn, due_at=event.due_at, at=event.noticed_at)
    return [Answer(transfer, event.transfer, escalate)]


def _now(recorded: Recorded) -> dt.datetime:
    """When what is answered was written down: claims and places happen where they are decided, nowhere in the world."""
    return recorded.meta.recorded_at


policy: Policy = {
    ApplicationSubmitted: _submitted,
    ApplicationReceived: _received,
    ApplicationNotAccepted: _not_accepted,
    ApplicationWithdrawn: _withdrawn,
    ApplicationStopped: _stopped,
    ApplicationResolved: _resolved,
    TransferBegun: _begun,
    ClassChosen: _chosen,
    PupilClaimed: _claimed,
    ClaimRefused: _claim_refused,
    PupilSchoolConfirmed: _confirmed,
    FactsCorrected: _corrected,
    PlaceReserved: _reserved,
    PlacePassedOn: _passed_on,
    StepEnded: _ended,
    PlaceTaken: _taken,
    PlaceRefused: _place_refused,
    TransferDecided: _decided,
    TransferClosed: _closed,
    TransferCompleted: _completed,
    StepOpened: _opened,
    ConsultationIssued: _issued,
    OpinionGiven: _given,
    LegStarted: _due,
    LegMoved: _due,
    LegOverdue: _overdue,
}
