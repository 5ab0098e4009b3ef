"""What the people who have a step say of it: consented, refused, done."""

from kernel.decider import Rejected, Text
from schemas.event import Event
from schemas.transfers import ClassChosen, Step
from services.transfers.domain.case import Run, Transfer
from services.transfers.domain.commands import EndStep
from services.transfers.domain.dossier import about
from services.transfers.domain.rules import AFTER_GRANT
from services.transfers.domain.steps import dropped, ended, follow, refused

STEPS: dict[Step, Text] = {
    "release": Text("trường đi đồng ý", "consent of the releasing school"),
    "introduce": Text("Sở kiểm tra và giới thiệu", "introduction by the Department"),
    "consult": Text("xin ý kiến lãnh đạo Sở", "consultation of the leadership"),
    "accept": Text("trường đến quyết định", "decision of the receiving school"),
    "records": Text("bàn giao hồ sơ học sinh", "handing over of the records"),
    "placement": Text("xếp lớp", "placement into the class"),
}
"""What the steps are called."""
RELOAD = Text("Tải lại trang để xem tình trạng hiện tại.", "Reload the page to see how it stands.")


def end_step(command: EndStep, state: Transfer) -> list[Event]:
    run = state.run(command.step)
    if run and (run.turn, run.outcome) == (command.turn, command.outcome):
        return []
    if command.step == "consult":
        raise Rejected(
            "ends_by_reply",
            Text(
                "Bước xin ý kiến kết thúc khi văn bản trả lời của Sở về đến.",
                "The consultation ends when the Department's written answer arrives.",
            ),
            instead=Text(
                "Phát hành văn bản xin ý kiến rồi chờ trả lời.", "Issue the letter, then wait for the answer."
            ),
        )
    if run is None or run.outcome is not None or run.turn != command.turn:
        raise not_open(command.step)
    follows = command.step in AFTER_GRANT
    if (command.outcome == "done") != follows:
        raise Rejected(
            "wrong_outcome",
            Text("Bước này không thể kết thúc như vậy.", "This step can't end like that."),
            instead=Text("Ghi là đã xong.", "Say that it is done.")
            if follows
            else Text("Chọn đồng ý hoặc từ chối.", "Consent or refuse."),
        )
    return _refuse(command, run, state) if command.outcome == "refused" else _agree(command, run, state)


def _refuse(command: EndStep, run: Run, state: Transfer) -> list[Event]:
    planned = state.planned(run.step)
    rule = planned.rule if planned else state.rule
    if command.note is None or rule is None:
        raise Rejected(
            "reason_missing",
            Text("Từ chối thì phải nêu rõ lý do bằng văn bản.", "A refusal has to give its reason in writing."),
            instead=Text("Ghi lý do từ chối.", "Write down the reason."),
            rule=rule.basis if rule else "",
        )
    end = ended(
        run,
        "refused",
        state,
        command.at,
        by=command.by,
        document_number=command.document_number,
        note=command.note,
    )
    decided = refused(
        state,
        command.ground or "head_refused",
        rule,
        command.at,
        decided_by=run.unit,
        reason=command.note,
        document_number=command.document_number,
    )
    return [end, *dropped(state, command.at, but=run.step), decided]


def _agree(command: EndStep, run: Run, state: Transfer) -> list[Event]:
    events: list[Event] = []
    to_class = ""
    if command.step == "accept":
        if command.unmanaged:
            events += _without_class(command, state)
        elif not state.to_class:
            raise class_missing()
        elif not state.held:
            raise Rejected(
                "no_place",
                Text(
                    "Lớp đã hết chỗ; hồ sơ đang xếp hàng theo giờ nộp.", "The class is full; the case waits its turn."
                ),
                instead=Text(
                    "Chọn lớp khác, chờ có chỗ, hoặc từ chối vì hết chỗ.",
                    "Choose another class, wait for a place, or refuse for want of one.",
                ),
                rule=state.rule.basis if state.rule else "",
            )
        else:
            to_class = state.to_class
    end = ended(
        run,
        command.outcome,
        state,
        command.at,
        by=command.by,
        document_number=command.document_number,
        note=command.note,
        to_class=to_class,
    )
    return follow([*events, end], state, command.at)


def _without_class(command: EndStep, state: Transfer) -> list[Event]:
    """A class that was named but never opened is not waited for."""
    if not state.to_class:
        return []
    return [
        ClassChosen(
            **about(state),
            to_class="",
            submitted_at=state.submitted_at,
            chosen_at=command.at,
            chosen_by=command.by,
            was_class=state.to_class,
            entered_late=state.entered_late,
        )
    ]


def not_open(step: Step | None = None) -> Rejected:
    """Nobody can do this now: it is over already, not begun, or was opened anew."""
    if step is None:
        return Rejected("not_open", Text("Hồ sơ không còn ở giai đoạn này.", "The case is not there."), instead=RELOAD)
    says = Text("Bước “{vi}” không còn chờ xử lý.", "The step “{en}” can't be done now.")
    return Rejected("step_not_open", says.of(vi=STEPS[step].vi, en=STEPS[step].en), instead=RELOAD)


def decided_already() -> Rejected:
    return Rejected(
        "decided_already",
        Text("Hiệu trưởng trường đến đã quyết định.", "The head of the receiving school has decided."),
        instead=RELOAD,
    )


def class_missing() -> Rejected:
    return Rejected(
        "class_missing",
        Text("Chưa chọn lớp cho học sinh.", "No class was chosen for the pupil."),
        instead=Text("Chọn một lớp còn chỗ.", "Choose a class with a free place."),
    )
