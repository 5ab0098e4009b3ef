"""Which command is allowed when, in one table; and the decider of dossiers."""

from typing import TypeAlias

from kernel.decider import Decider, Rejected, Text
from schemas.event import Event
from schemas.intake import (
    ApplicationAssigned,
    ApplicationCorrected,
    ApplicationDrafted,
    ApplicationImported,
    ApplicationNotAccepted,
    ApplicationPassedOn,
    ApplicationReceived,
    ApplicationResolved,
    ApplicationStopped,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    AppointmentMoved,
    ConsultationAnswered,
    ConsultationAsked,
    ConsultationOverdue,
    ResultHandedOver,
    Status,
    SupplementAsked,
    SupplementSupplied,
)
from services.intake.domain.application.consultation import (
    AnswerConsultation,
    Consult,
    NameLateConsultee,
    consult,
    consulted,
)
from services.intake.domain.application.correction import Correct, correct
from services.intake.domain.application.dossier import Application, evolve, initial
from services.intake.domain.application.ending import Stop, Withdraw, stop, withdraw
from services.intake.domain.application.handling import Assign, PassOn, assign, is_with, pass_on
from services.intake.domain.application.promise import MoveAppointment, move
from services.intake.domain.application.receipt import Receive, RefuseReceipt, receive, refuse_receipt
from services.intake.domain.application.result import Conclude, HandOverResult, Resolve, conclude, hand_over, resolve
from services.intake.domain.application.submission import Draft, Submit, draft, submit
from services.intake.domain.application.supplement import (
    AskSupplement,
    Close,
    Supply,
    ask_supplement,
    close,
    is_supplied,
    supply,
)
from services.intake.domain.application.takeover import Import, take_over
from services.intake.domain.when import check_when

Command: TypeAlias = (
    Draft
    | Submit
    | Receive
    | RefuseReceipt
    | AskSupplement
    | Supply
    | Consult
    | AnswerConsultation
    | NameLateConsultee
    | Assign
    | PassOn
    | Resolve
    | Conclude
    | HandOverResult
    | Stop
    | Close
    | MoveAppointment
    | Withdraw
    | Correct
    | Import
)
_STATES: dict[Status, Text] = {
    "none": Text("chưa có", "not there yet"),
    "drafted": Text("đang soạn", "a draft"),
    "submitted": Text("đã nộp, chờ tiếp nhận", "submitted and waiting to be received"),
    "in_process": Text("đang giải quyết", "in process"),
    "supplement_asked": Text("chờ bổ sung", "waiting for a supplement"),
    "resolved": Text("đã có kết quả", "resolved"),
    "handed_over": Text("đã trả kết quả", "handed over"),
    "not_accepted": Text("không được tiếp nhận", "not accepted"),
    "stopped": Text("đã dừng giải quyết", "stopped"),
    "withdrawn": Text("đã rút", "withdrawn"),
}
_NEXT: dict[Status, Text] = {
    "none": Text("Nộp hồ sơ trước.", "Submit the dossier first."),
    "drafted": Text("Nộp hồ sơ trước.", "Submit the dossier first."),
    "submitted": Text("Tiếp nhận hoặc từ chối tiếp nhận trước.", "Receive it, or refuse receipt, first."),
    "in_process": Text("Giải quyết tiếp hồ sơ.", "Go on processing it."),
    "supplement_asked": Text("Chờ người nộp bổ sung hồ sơ.", "Wait for the applicant's supplement."),
    "resolved": Text("Trả kết quả cho người nộp.", "Hand the result over."),
}
_NEW = Text("Nộp hồ sơ mới.", "Submit a new dossier.")


def decide(command: Command, state: Application) -> list[Event]:
    """One part of a dossier's life a paragraph: when a command is allowed, and when it is so already (`[]`)."""
    if not isinstance(command, Import | Close | MoveAppointment | Conclude):
        # A submission said again may have been received since: only what follows a receipt is held against it.
        came = state.submitted_at if isinstance(command, Submit) else state.received_at or state.submitted_at
        check_when(command.when, came)
    match command, state.status:
        case Draft(), "none" | "drafted":
            return draft(command, state)
        case Submit(), "none" | "drafted":
            return submit(command)
        case Submit(when=when), _ if state.submitted_at == when.happened_at:
            return []
        case Import(), "none":
            return take_over(command)
        case Import(imported=imported), _ if state.imported_from == (imported.system, imported.key):
            return []

        case Receive(), "submitted":
            return receive(command, state)
        case Receive(code=code), _ if code and state.code == code:
            return []
        case RefuseReceipt(), "submitted":
            return refuse_receipt(command, state)
        case RefuseReceipt(), "not_accepted":
            return []

        case AskSupplement(request=request), _ if state.request == request:
            return []
        case AskSupplement(), "in_process":
            return ask_supplement(command, state)
        case Supply(), _ if is_supplied(command, state):
            return []
        case Supply(), "supplement_asked":
            return supply(command, state)

        case Consult(), "in_process":
            return consult(command, state)
        case ((AnswerConsultation() | NameLateConsultee()), "in_process" | "supplement_asked" | "resolved"):
            return consulted(command, state)

        case Assign(), "in_process":
            return assign(command, state)
        case PassOn(), _ if is_with(command, state):
            return []
        case PassOn(), "drafted" | "submitted" | "in_process" | "supplement_asked" | "resolved":
            return pass_on(command, state)

        case Resolve(), "in_process":
            return resolve(command, state)
        case Resolve(outcome=outcome), "resolved" | "handed_over" if state.outcome == outcome:
            return []
        case HandOverResult(), "resolved":
            return hand_over(command, state)
        case HandOverResult(), "handed_over":
            return []

        case Stop(), "in_process" | "supplement_asked":
            return stop(command, state)
        case Stop(ground=ground), "stopped" if state.stopped_for == ground:
            return []
        case Withdraw(), "drafted" | "submitted" | "in_process" | "supplement_asked":
            return withdraw(command, state)
        case Withdraw(), "withdrawn":
            return []

        case Correct(correction=correction), _ if correction in state.corrections:
            return []
        case Correct(), _ if state.status not in {"none", "drafted"}:
            return correct(command, state)

        # What no person says is never refused: where the dossier ended meanwhile, nothing is left to do.
        case Conclude(), "in_process" | "supplement_asked":
            return conclude(command, state)
        case Close(), "supplement_asked":
            return close(command, state)
        case MoveAppointment(), "in_process" | "supplement_asked":
            return move(command, state)
        case ((Conclude() | Close() | MoveAppointment()), _):
            return []

        case _:
            raise _not_now(state)


def _not_now(state: Application) -> Rejected:
    status = _STATES[state.status]
    return Rejected(
        "not_in_this_state",
        Text("Hồ sơ {vi}, nên không làm được việc này.", "The dossier is {en}, so this can't be done.").of(
            vi=status.vi, en=status.en
        ),
        instead=_NEXT.get(state.status, _NEW),
        status=state.status,
        dossier=state.code,
    )


application: Decider[Application] = Decider(
    "application",
    initial,
    decide,
    evolve,
    (
        ApplicationDrafted,
        ApplicationSubmitted,
        ApplicationReceived,
        ApplicationNotAccepted,
        SupplementAsked,
        SupplementSupplied,
        AppointmentMoved,
        ConsultationAsked,
        ConsultationAnswered,
        ConsultationOverdue,
        ApplicationAssigned,
        ApplicationPassedOn,
        ApplicationResolved,
        ResultHandedOver,
        ApplicationStopped,
        ApplicationWithdrawn,
        ApplicationCorrected,
        ApplicationImported,
    ),
)
