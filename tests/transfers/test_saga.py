"""The whole saga, in every order that chance finds: consent, refusal, withdrawal, reply, repeat and crash. However it
goes, a pupil ends in exactly one school, and nobody holds what they need no longer."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.deadlines import LegOverdue, LegStarted
from schemas.event import Personal
from schemas.transfers import PupilClaimed, PupilFreed, PupilMoved, TransferClosed, TransferCompleted, TransferDecided
from services.transfers.domain import commands as case
from services.transfers.domain import place
from services.transfers.domain.dossier import pupil_stream, transfer_stream
from transfers.samples import FROM, KNOWN, TO, at
from transfers.world import CLASSES, ENDED, NOW, PUPILS, World, facts

STEPS: Any = st.sampled_from(["release", "introduce", "consult", "accept", "records", "placement"])
CASES = (
    facts(),
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
MOST = 5


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
        assert state.phase != "begun", "a claim is always answered"
        assert not state.decided_already, "a consent is always answered"
        match state.phase:
            case "refused" | "closed":
                assert not queues
                assert stream not in claims
            case "granted" | "completed":
                assert list(queues) == taken == ([state.to_class] if state.to_class else [])
                assert (stream in claims) == (state.phase == "granted")
            case "open":
                assert stream in claims
                assert list(queues) == ([state.to_class] if state.to_class else [])
                assert state.held == any(each.turn(stream) in each.reserved for each in queues.values())
                assert any(each.outcome is None for each in state.runs), "somebody can go on"
        if state.phase in ENDED:
            assert all(each.outcome for each in state.runs)


class Saga(RuleBasedStateMachine):
    @initialize(first=st.integers(0, 2), second=st.integers(1, 2))
    def begin(self, first, second):
        self.world = World((first, second))
        self.minutes: set[int] = set()

    def application(self, pick: int) -> str:
        return sorted(self.world.intake)[pick % len(self.world.intake)]

    def some(self) -> bool:
        return bool(self.world.intake)

    @precondition(lambda self: len(self.world.intake) < MOST)
    @rule(who=st.sampled_from(PUPILS), said=st.sampled_from(CASES), minute=st.integers(0, 40), received=st.booleans())
    def submit(self, who, said, minute, received):
        application = self.world.submit(who, said, minute)
        if received:
            self.world.receive(application)

    @precondition(some)
    @rule(pick=st.integers(0, 9))
    def receive(self, pick):
        self.world.receive(self.application(pick))

    @precondition(some)
    @rule(pick=st.integers(0, 9), how=st.sampled_from(["withdrawn", "stopped", "by_hand"]))
    def end(self, pick, how):
        self.world.end(self.application(pick), how)

    @precondition(lambda self: self.world.waiting())
    @rule(pick=st.integers(0, 99), many=st.integers(1, 6), twice=st.booleans())
    def hear(self, pick, many, twice):
        for n in range(many):
            if waiting := self.world.waiting():
                self.world.hear(waiting[(pick + n) % len(waiting)], twice=twice)

    @precondition(lambda self: self.world.waiting())
    @rule(pick=st.integers(0, 99))
    def crash(self, pick):
        waiting = self.world.waiting()
        self.world.crash(waiting[pick % len(waiting)])

    @precondition(lambda self: self.world.waiting())
    @rule()
    def hear_all(self):
        self.world.drain()
        check_quiet(self.world)

    @precondition(some)
    @rule(pick=st.integers(0, 9), step=STEPS, outcome=st.sampled_from(["consented", "consented", "refused", "done"]))
    def end_step(self, pick, step, outcome):
        application = self.application(pick)
        run = self.world.case(application).run(step)
        note = Personal(subject=PUPILS[0], clear="Lý do")
        said = case.EndStep(step=step, turn=run.turn if run else 1, outcome=outcome, at=NOW, by="head", note=note)
        self.world.do(transfer_stream(application), said)

    @precondition(some)
    @rule(pick=st.integers(0, 9), consents=st.booleans())
    def go_on(self, pick, consents):
        """Whoever can do something for this case does it; accept is nearly always what waits."""
        application = self.application(pick)
        stream, state = transfer_stream(application), self.world.case(application)
        for run in state.runs:
            if run.outcome is None and run.step != "consult":
                done = run.step in {"records", "placement"}
                said = case.EndStep(
                    step=run.step,
                    turn=run.turn,
                    outcome="done" if done else "consented",
                    at=NOW,
                    by="head",
                    unmanaged=not state.to_class and consents,
                )
                self.world.do(stream, said)

    @precondition(some)
    @rule(pick=st.integers(0, 9), name=st.sampled_from(["10A1", "10A2", "10A9"]))
    def choose(self, pick, name):
        stream = transfer_stream(self.application(pick))
        self.world.do(stream, case.ChooseClass(name=name, at=NOW, by="head"))

    @precondition(some)
    @rule(pick=st.integers(0, 9))
    def raise_it(self, pick):
        stream = transfer_stream(self.application(pick))
        reason = Personal(subject=PUPILS[0], clear="Hoàn cảnh")
        self.world.do(stream, case.Raise(known=KNOWN, reason=reason, at=NOW, by="officer"))

    @precondition(some)
    @rule(pick=st.integers(0, 9))
    def describe(self, pick):
        application = self.application(pick)
        said = CASES[pick % len(CASES)]
        from schemas.transfers import Facts

        described = case.Describe(
            known=KNOWN,
            facts=Facts(**said),
            pupil=PUPILS[pick % len(PUPILS)],
            who=Personal(subject=PUPILS[0]),
            at=NOW,
            by="officer",
        )
        self.world.do(transfer_stream(application), described)

    @precondition(some)
    @rule(pick=st.integers(0, 9), opinion=st.sampled_from(["approved", "approved", "refused"]))
    def consult(self, pick, opinion):
        application = self.application(pick)
        self.world.issue(application)
        self.world.opine(application, opinion)

    @precondition(some)
    @rule(pick=st.integers(0, 9))
    def exchange(self, pick):
        self.world.send(self.application(pick))

    @rule(id=st.sampled_from(sorted(CLASSES.values())), places=st.integers(0, 3))
    def change_places(self, id, places):
        self.world.do(id, place.ChangePlaces(places=places, at=NOW))

    @precondition(some)
    @rule(pick=st.integers(0, 9), step=STEPS, kind=st.sampled_from([LegStarted, LegOverdue]))
    def count(self, pick, step, kind):
        transfer = transfer_stream(self.application(pick))
        said: dict[str, Any] = {
            "transfer": transfer,
            "application": self.application(pick),
            "step": step,
            "turn": 1,
            "unit": TO,
            "due_at": at(31, 17),
        }
        if kind is LegStarted:
            rule_ = KNOWN.rules(NOW.date()).cited["steps"]
            event: Any = LegStarted(**said, days=5, started_at=NOW, calendar="2026", rule=rule_)
        else:
            event = LegOverdue(**said, became_at=at(31, 17), noticed_at=at(31, 18))
        self.world.streams[f"clock-{transfer}"].append(event)

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
TestSaga.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
