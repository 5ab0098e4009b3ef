"""What the rules say of a case: when it begins, when an officer makes it special or puts its facts right, and when
somebody has looked into where the pupil really is."""

import datetime as dt
from collections.abc import Sequence

from kernel.calendar import local
from kernel.decider import Rejected, Text
from schemas.event import Event
from schemas.transfers import (
    ClassChosen,
    Facts,
    FactsCorrected,
    PupilElsewhere,
    PupilSchoolConfirmed,
    TransferBegun,
    TransferRaised,
)
from services.transfers.domain.case import Run, Transfer, evolve
from services.transfers.domain.commands import ConfirmSchool, CorrectFacts, NoteElsewhere, Raise, TurnAway
from services.transfers.domain.consulting import issued_already
from services.transfers.domain.deciding import decided_already, not_open
from services.transfers.domain.dossier import about, class_stream
from services.transfers.domain.rules import Judgement, Known, judge, school_year
from services.transfers.domain.steps import dropped, ended, follow, refused


def begun(known: Known, code: str, received_at: dt.datetime, state: Transfer) -> list[Event]:
    """The case as the rules of the day of receipt see it, and its refusal at once where a rule bars it."""
    facts = state.facts
    if facts is None:
        return []
    day = local(received_at).date()
    year = school_year(day, known.rules(day))
    to_class = _named_class(facts, year)
    judged = judge(facts, day, known, submitted=local(state.submitted_at).date(), class_id=to_class)
    opens = TransferBegun(
        **about(state),
        pupil=state.pupil,
        kind=judged.kind,
        year=judged.year,
        special=judged.special,
        grounds=judged.grounds,
        findings=judged.findings,
        steps=judged.steps,
        code=code,
        submitted_at=state.submitted_at,
        received_at=received_at,
        rule=judged.rule,
        to_class=to_class,
        entered_late=state.entered_late,
    )
    if judged.refused is None:
        return [opens]
    ground, rule = judged.refused
    return [opens, refused(evolve(state, opens), ground, rule, received_at)]


def _named_class(facts: Facts, year: int) -> str:
    """The class that the facts name; "" where they leave it to the school."""
    named = facts.to_school and facts.to_class.strip()
    return class_stream(facts.to_school, year, facts.grade, facts.to_class) if named else ""


def _judged(facts: Facts, state: Transfer, known: Known, *, raised: bool, class_id: str | None = None) -> Judgement:
    """Judged again, by the rules of the day of receipt."""
    assert state.received_at is not None
    return judge(
        facts,
        local(state.received_at).date(),
        known,
        submitted=local(state.submitted_at).date(),
        class_id=state.to_class if class_id is None else class_id,
        raised=raised,
    )


def make_special(command: Raise, state: Transfer) -> list[Event]:
    if state.phase not in {"begun", "open"} or state.facts is None or state.received_at is None:
        raise not_open()
    if "raised" in state.grounds:
        return []
    day = local(state.received_at).date()
    rule = command.known.rules(day).cited["raised"]
    if state.special:
        raise Rejected(
            "special_already",
            Text("Theo quy định, hồ sơ này đã là trường hợp đặc biệt.", "By the rules this case is special already."),
            rule=rule.basis,
        )
    if state.decided_already:
        raise decided_already()
    judged = _judged(state.facts, state, command.known, raised=True)
    raised = TransferRaised(
        **about(state),
        raised_at=command.at,
        steps=judged.steps,
        reason=command.reason,
        raised_by=command.by,
        rule=rule,
    )
    after = evolve(state, raised)
    return _planned_anew([raised], after, state, command.at)


def correct(command: CorrectFacts, state: Transfer) -> list[Event]:
    """The facts put right. What the new plan does not want yet, or any more, is dropped; what it wants opens."""
    facts, was = command.facts, state.facts
    if facts == was:
        return []
    if state.phase not in {"begun", "open"} or was is None or state.received_at is None:
        raise not_open()
    if (facts.from_school, facts.to_school) != (was.from_school, was.to_school):
        raise Rejected(
            "another_request",
            Text("Đổi trường đi hoặc trường đến là một hồ sơ khác.", "Another school is another request."),
            instead=Text(
                "Dừng hồ sơ này ở một cửa, rồi nộp hồ sơ mới.",
                "Stop this dossier at the one-stop and hand in a new one.",
            ),
        )
    if state.decided_already:
        raise decided_already()
    if state.document is not None:  # the leadership was asked, or has answered, by the old facts
        raise issued_already(state)
    named = (facts.grade, facts.to_class) != (was.grade, was.to_class)
    to_class = _named_class(facts, state.year) if named else state.to_class
    judged = _judged(facts, state, command.known, raised="raised" in state.grounds, class_id=to_class)
    corrected = FactsCorrected(
        **about(state),
        facts=facts,
        kind=judged.kind,
        special=judged.special,
        grounds=judged.grounds,
        findings=judged.findings,
        steps=judged.steps,
        reason=command.reason,
        corrected_at=command.at,
        corrected_by=command.by,
        rule=judged.rule,
    )
    events: list[Event] = [corrected]
    if to_class != state.to_class:
        chosen = ClassChosen(
            **about(state),
            to_class=to_class,
            submitted_at=state.submitted_at,
            chosen_at=command.at,
            chosen_by=command.by,
            was_class=state.to_class,
            entered_late=state.entered_late,
        )
        events.append(chosen)
    after = state
    for each in events:
        after = evolve(after, each)
    if judged.refused:
        ground, rule = judged.refused
        return [*events, *dropped(after, command.at), refused(after, ground, rule, command.at)]
    return _planned_anew(events, after, state, command.at)


def _planned_anew(events: Sequence[Event], after: Transfer, state: Transfer, at: dt.datetime) -> list[Event]:
    """These events, which come to `after`, and what follows from their plan."""
    early = [ended(each, "dropped", after, at) for each in after.runs if _not_now(each, after)]
    return follow([*events, *early], state, at) if state.phase == "open" else [*events]


def _not_now(run: Run, state: Transfer) -> bool:
    """It is open, but the new plan has no such step, or has it wait for another one."""
    planned = state.planned(run.step)
    waits = planned is None or not all(state.is_done(each) for each in planned.after)
    return run.outcome is None and waits


def note_elsewhere(command: NoteElsewhere, state: Transfer) -> list[Event]:
    if state.phase != "begun" or state.elsewhere is not None:
        return []
    return [PupilElsewhere(**about(state), pupil=state.pupil, at_school=command.at_school, noted_at=command.at)]


def look_into(command: ConfirmSchool | TurnAway, state: Transfer) -> list[Event]:
    """The pupil is at the school that the dossier names, or is not."""
    if state.elsewhere is None and state.looked_into == ("away" if isinstance(command, TurnAway) else "there"):
        return []
    if state.phase != "begun" or state.elsewhere is None or state.received_at is None:
        raise Rejected(
            "not_to_confirm",
            Text("Hồ sơ không chờ xác minh trường của học sinh.", "Nobody has to look into the pupil's school here."),
            instead=Text("Tải lại trang để xem tình trạng hiện tại.", "Reload the page to see how it stands."),
        )
    if isinstance(command, TurnAway):
        rule = command.known.rules(local(state.received_at).date()).cited["at_school"]
        return [refused(state, "not_there", rule, command.at, reason=command.reason)]
    return [
        PupilSchoolConfirmed(
            **about(state),
            pupil=state.pupil,
            reason=command.reason,
            confirmed_at=command.at,
            confirmed_by=command.by,
        )
    ]
