"""The whole saga, in every order that chance finds: consent, refusal, withdrawal, reply, repeat and crash. However it
goes, a pupil ends in exactly one school, and nobody holds what they need no longer."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.event import Personal
from schemas.transfers import (
    Facts,
    PupilClaimed,
    PupilFreed,
    PupilMoved,
    PupilSchoolCorrected,
    TransferClosed,
    TransferCompleted,
    TransferDecided,
)
from services.transfers.domain import commands as case
from services.transfers.domain import place
from services.transfers.domain.case import Transfer
from services.transfers.domain.dossier import pupil_stream, transfer_stream
from transfers.samples import FROM, KNOWN, TO
from transfers.world import CLASSES, ENDED, NOW, PUPILS, World, facts

STEPS: Any = st.sampled_from(["release", "introduce", "consult", "accept", "records", "placement"])
CASES = (
    *[facts()] * 8,  # so that they want the same place
    facts(to_class="10A2"),
    facts(to_class=""),
    facts(from_school=TO, to_school=FROM),
    facts(from_school="", from_name="Trường THPT Kim Liên", to_class="10A1"),
    facts(to_school="", to_name="Trường THPT Kim Liên", to_class=""),
    facts(from_type="private", reason="no_equivalent_private"),
    facts(to_class="lớp không có"),
    facts(from_school=TO),
    {"grade": 10, "from_school": "", "to_school": ""},
)
MOST = 7
WHAT = ("10A1", "10A2", "10A9", "raise", "describe", "due", "overdue", "correct", "confirm", "turn away")


def check_always(world: World) -> None:
    """What holds at every moment, with messages under way."""
    for id, state in world.classes.items():
        assert state.taken.size + state.reserved.size <= state.places, id
        assert state.waiting.size + state.reserved.size + state.taken.size == state.asked.size
    for stream in world.pupils:
        _check_pupil(world, stream)
    for application in world.intake:
        events = world.streams[transfer_stream(application)]
        for kind in (TransferDecided, TransferCompleted, TransferClosed):
            assert sum(isinstance(each, kind) for each in events) <= 1
        ended = [each for each in events if isinstance(each, (TransferCompleted, TransferClosed))]
        assert len(ended) <= 1


def _check_pupil(world: World, stream: str) -> None:
    """One open request at a time; each case moves them once at most, and from where they are."""
    claim, school, moved = "", None, set()
    for event in world.streams[stream]:
        match event:
            case PupilClaimed():
                assert not claim
                claim = event.transfer
            case PupilFreed():
                assert claim == event.transfer
                claim = ""
            case PupilSchoolCorrected():
                assert not claim and school == event.was_school
                school = event.school
            case PupilMoved():
                assert claim == event.transfer
                assert event.transfer not in moved
                assert school is None or school == event.from_school
                assert event.to_school != event.from_school or not event.to_school
                claim, school = "", event.to_school
                moved.add(event.transfer)
    assert world.state(stream).school == school


def check_quiet(world: World) -> None:
    """What holds when nothing is left to hear."""
    assert not world.waiting()
    claims = {each.claim for each in world.pupils.values()} - {""}
    for application, state in world.cases.items():
        stream = transfer_stream(application)
        queues = {id: each for id, each in world.classes.items() if each.turn(stream)}
        taken = [id for id, each in queues.items() if each.turn(stream) in each.taken]
        moves = [
            each
            for each in world.streams[pupil_stream(state.pupil)]
            if isinstance(each, PupilMoved) and each.transfer == stream
        ]
        assert len(moves) == (1 if state.phase == "completed" else 0)
        assert state.phase != "begun" or state.elsewhere is not None, "a claim is always answered"
        assert not state.decided_already, "a consent is always answered"
        match state.phase:
            case "refused" | "closed":
                assert not queues
                assert stream not in claims
            case "granted" | "completed":
                assert list(queues) == taken == ([state.to_class] if state.to_class else [])
                assert (stream in claims) == (state.phase == "granted")
            case "begun":
                assert stream not in claims
                assert list(queues) == ([state.to_class] if state.to_class else [])
            case "open":
                assert stream in claims
                assert list(queues) == ([state.to_class] if state.to_class else [])
                assert state.held == any(each.turn(stream) in each.reserved for each in queues.values())
                assert any(each.outcome is None for each in state.runs), "somebody can go on"
        if state.phase in ENDED:
            assert all(each.outcome for each in state.runs)
        if world.intake[application] in {"withdrawn", "stopped", "by_hand"}:
            assert state.phase in {*ENDED, "none"}, "a dossier that ended leaves no case that goes on"


class Saga(RuleBasedStateMachine):
    @initialize(first=st.integers(0, 2), second=st.integers(1, 2))
    def begin(self, first, second):
        self.world = World((first, second))

    def application(self, pick: int) -> str:
        return sorted(self.world.intake)[pick % len(self.world.intake)]

    def some(self) -> bool:
        return bool(self.world.intake)

    # Dossiers

    @precondition(lambda self: len(self.world.intake) < MOST)
    @rule(
        who=st.sampled_from(PUPILS),
        said=st.sampled_from(CASES),
        minute=st.integers(1, 40),
        begun=st.booleans(),
        classes=st.booleans(),
    )
    def submit(self, who, said, minute, begun, classes):
        """Whoever comes later here may have been submitted earlier."""
        application = self.world.submit(who, said, minute)
        if begun:
            self.world.receive(application)
            self.world.hear_of(application, classes=classes)

    @precondition(lambda self: self.rushed() and len(self.world.intake) < MOST)
    @rule(who=st.sampled_from(PUPILS))
    def rush(self, who):
        """A head consents while the place goes to somebody who was submitted earlier, not knowing of them."""
        application, state = self.rushed()[0]
        name = next(name for (_, name), id in CLASSES.items() if id == state.to_class)
        rival = self.world.submit(who, facts(to_school=state.to_school, from_school="", to_class=name), 0)
        self.world.receive(rival)
        self.world.hear_of(rival, classes=False)
        self.go_on_with(application, unmanaged=False)

    def rushed(self) -> list[tuple[str, Transfer]]:
        return [
            (application, state)
            for application, state in self.world.cases.items()
            if state.held and state.to_class in CLASSES.values() and not state.decided_already
        ]

    @precondition(some)
    @rule(pick=st.integers(0, 9), how=st.sampled_from(["received", "received", "withdrawn", "stopped", "by_hand"]))
    def intake(self, pick, how):
        if how == "received":
            self.world.receive(self.application(pick))
        else:
            self.world.end(self.application(pick), how)

    # Hearing

    @precondition(lambda self: self.world.waiting())
    @rule(pick=st.integers(0, 99), many=st.integers(1, 12), twice=st.booleans(), crash=st.booleans())
    def hear(self, pick, many, twice, crash):
        for n in range(many):
            if waiting := self.world.waiting():
                stream = waiting[(pick + n) % len(waiting)]
                if crash:
                    self.world.crash(stream)
                self.world.hear(stream, twice=twice)

    @precondition(some)
    @rule(pick=st.integers(0, 9), classes=st.booleans())
    def hear_of(self, pick, classes):
        """All about one case; what its class said of others stays unheard."""
        self.world.hear_of(self.application(pick), classes=classes)

    @precondition(lambda self: self.world.waiting())
    @rule()
    def hear_all(self):
        self.world.drain()
        check_quiet(self.world)

    # People

    @precondition(some)
    @rule(pick=st.integers(0, 9), unmanaged=st.booleans())
    def go_on(self, pick, unmanaged):
        """Whoever can do something for this case consents or is done."""
        self.go_on_with(self.application(pick), unmanaged=unmanaged)

    def go_on_with(self, application: str, *, unmanaged: bool) -> None:
        stream, state = transfer_stream(application), self.world.case(application)
        for run in state.runs:
            said = case.EndStep(
                step=run.step,
                turn=run.turn,
                outcome="done" if run.step in {"records", "placement"} else "consented",
                at=NOW,
                by="head",
                unmanaged=unmanaged and not state.to_class,
            )
            self.world.do(stream, said)

    @precondition(some)
    @rule(pick=st.integers(0, 9), step=STEPS, outcome=st.sampled_from(["consented", "refused", "done"]))
    def end_step(self, pick, step, outcome):
        application = self.application(pick)
        run = self.world.case(application).run(step)
        note = Personal(subject=PUPILS[0], clear="Lý do")
        said = case.EndStep(step=step, turn=run.turn if run else 1, outcome=outcome, at=NOW, by="head", note=note)
        self.world.do(transfer_stream(application), said)

    @precondition(some)
    @rule(
        pick=st.integers(0, 9),
        issued=st.booleans(),
        opinion=st.sampled_from(["approved", "approved", "refused", None]),
        sent=st.integers(0, 2),
    )
    def consult(self, pick, issued, opinion, sent):
        application = self.application(pick)
        if issued:
            self.world.issue(application)
        for _ in range(sent):
            self.world.hear_of(application)
            self.world.send(application)
            if opinion:
                self.world.opine(application, opinion)

    @precondition(some)
    @rule(pick=st.integers(0, 9), what=st.sampled_from(WHAT))
    def officer(self, pick, what):
        application = self.application(pick)
        stream = transfer_stream(application)
        match what:
            case "raise":
                reason = Personal(subject=PUPILS[0], clear="Hoàn cảnh")
                self.world.do(stream, case.Raise(known=KNOWN, reason=reason, at=NOW, by="officer"))
            case "confirm" | "turn away":
                self.world.look_into(application, there=what == "confirm")
            case "correct":
                self.world.correct(application, grade=10 + pick % 3)
            case "describe":
                described = case.Describe(
                    known=KNOWN,
                    facts=Facts(**CASES[pick % len(CASES)]),
                    pupil=PUPILS[pick % len(PUPILS)],
                    who=Personal(subject=PUPILS[0]),
                    at=NOW,
                    by="officer",
                )
                self.world.do(stream, described)
            case "due" | "overdue":
                self.world.count(application, "accept", late=what == "overdue")
            case name:
                self.world.do(stream, case.ChooseClass(name=name, at=NOW, by="head"))

    @precondition(some)
    @rule(id=st.sampled_from(sorted(CLASSES.values())), places=st.integers(0, 2))
    def change_places(self, id, places):
        self.world.do(id, place.ChangePlaces(places=places, at=NOW))

    @invariant()
    def always(self):
        if hasattr(self, "world"):
            check_always(self.world)

    def teardown(self):
        if not hasattr(self, "world"):
            return
        world = self.world
        world.drain()
        check_quiet(world)
        for application in world.intake:
            if world.case(application).phase == "undescribed":
                world.end(application, "stopped")
        world.finish()
        check_always(world)
        check_quiet(world)
        for state in world.classes.values():
            assert state.reserved.size == state.waiting.size == 0
        assert not any(each.claim for each in world.pupils.values())
        assert all(each.phase in ENDED for each in world.cases.values())


TestSaga = Saga.TestCase
TestSaga.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)


# Some orders by name


def world_with(*said: dict[str, Any], places: tuple[int, int] = (1, 2)) -> tuple[World, list[str]]:
    """Each case of another pupil, the later ones submitted earlier; all begun, nothing more."""
    world = World(places)
    applications = [world.submit(PUPILS[n], each, 30 - n) for n, each in enumerate(said)]
    for each in applications:
        world.receive(each)
    return world, applications


def accept(world: World, application: str) -> None:
    state = world.case(application)
    run = state.run("accept")
    assert run
    said = case.EndStep(step="accept", turn=run.turn, outcome="consented", at=NOW, by="head")
    world.do(transfer_stream(application), said)


def test_a_special_case_goes_to_the_leadership_and_back_and_on_by_itself():
    world, [application] = world_with(facts(from_type="private", reason="no_equivalent_private"))
    world.drain()
    world.issue(application)
    world.drain()
    world.send(application)
    world.opine(application, "approved")
    world.drain()
    world.send(application)
    assert [(each.step, each.outcome) for each in world.case(application).runs] == [
        ("consult", "consented"),
        ("accept", None),
    ]
    world.finish()
    assert world.case(application).phase == "completed"
    check_quiet(world)


def test_a_letter_that_is_sent_again_and_again_is_one_letter():
    world, [application] = world_with(facts(from_type="private", reason="no_equivalent_private"))
    world.drain()
    world.issue(application)
    world.drain()
    for _ in range(3):
        world.send(application)
        world.opine(application, "approved")
        world.drain()
    kinds = [type(each).__name__ for events in world.streams.values() for each in events]
    for once in ("ConsultationIssued", "OpinionAsked", "OpinionGiven", "ReplyArrived"):
        assert kinds.count(once) == 1
    assert (kinds.count("DocumentQueued"), kinds.count("DocumentSent")) == (2, 2)


def test_a_head_who_decides_while_the_place_goes_to_another_decides_again_when_there_is_one():
    world, [first, earlier] = world_with(facts(), facts())
    world.hear_of(first)
    assert world.case(first).held
    world.hear_of(earlier, classes=False)
    accept(world, first)
    world.drain()
    state = world.case(first)
    assert (state.phase, state.held, state.run("accept").turn) == ("open", False, 2)
    check_quiet(world)
    world.end(earlier, "withdrawn")
    world.drain()
    assert world.case(first).held
    accept(world, first)
    world.drain()
    assert world.case(first).phase == "granted"
    check_quiet(world)


def test_a_pupil_with_an_open_request_is_refused_a_second_and_may_ask_again_when_it_ended():
    world = World((2, 2))
    first, second = (world.submit(PUPILS[0], facts(), minute) for minute in (1, 2))
    for each in (first, second):
        world.receive(each)
        world.drain()
    assert (world.case(first).phase, world.case(second).phase) == ("open", "refused")
    world.end(first, "withdrawn")
    world.drain()
    third = world.submit(PUPILS[0], facts(), 3)
    world.receive(third)
    world.finish()
    assert (world.case(first).phase, world.case(third).phase) == ("closed", "completed")
    back = world.submit(PUPILS[0], facts(from_school=TO, to_school=FROM), 4)
    world.finish()
    again = world.submit(PUPILS[0], facts(), 5)
    world.finish()
    assert (world.case(back).phase, world.case(again).phase) == ("completed", "completed")
    check_quiet(world)


def test_who_was_submitted_first_has_the_place_whatever_the_order_in_which_the_cases_begin():
    world, [third, second, first] = world_with(facts(), facts(), facts())
    world.drain()
    assert [world.case(each).held for each in (first, second, third)] == [True, False, False]


@pytest.mark.parametrize("said", [facts(), CASES[-4]], ids=["ordinary", "special"])
@pytest.mark.parametrize("how", ["withdrawn", "stopped", "by_hand"])
@pytest.mark.parametrize("moment", range(30))
def test_at_whatever_moment_a_dossier_ends_nothing_is_left_of_it_or_all_is_done(moment, how, said):
    world, [application] = world_with(said)
    for _ in range(moment):
        if waiting := world.waiting():
            world.hear(waiting[-1])
        elif world.case(application).phase not in ENDED:
            world.go_on(application, consents=True)
    world.end(application, how)
    world.drain()
    check_quiet(world)
    world.finish()
    check_quiet(world)
    assert world.case(application).phase == ("closed" if world.intake[application] == how else "completed")
