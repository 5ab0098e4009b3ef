"""A dossier's life: given events, when a command, then events or a refusal that tells a person why."""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from intake.samples import (
    ANSWER,
    ASK,
    ASSIGN,
    CENTRE,
    CITED,
    CODE,
    COMMANDS,
    CONSULT,
    CORRECT,
    DEPARTMENT,
    DRAFT,
    FIRST,
    HAND_OVER,
    IMPORT,
    IMPORTED,
    LATE,
    LIVES,
    NOW,
    PAPER,
    PASS_ON,
    PERSON,
    RECEIVE,
    REFUSE,
    RESOLVE,
    STOP,
    SUBMIT,
    SUPPLY,
    TERMS,
    TURN_DOWN,
    WITHDRAW,
    at,
    given,
    history,
    of_anna,
    promised,
    receive,
    submit,
)
from kernel.decider import Rejected, fold
from schemas.event import Event, Personal
from schemas.intake import (
    ApplicationAssigned,
    ApplicationReceived,
    ApplicationSubmitted,
    ConsultationAnswered,
    ConsultationOverdue,
    SupplementAsked,
)
from services.intake.domain.application.dossier import Application, initial
from services.intake.domain.application.ending import Stop
from services.intake.domain.application.life import application, decide
from services.intake.domain.application.supplement import Close

# The truth table. E: events; =: already so; anything else is the code of the refusal, · for "not in this state".
# Columns are lives (samples.LIVES), rows the good commands. What is not written is "·".
COLUMNS = [
    *("none", "drafted", "submitted", "not_accepted", "in_process", "assigned", "supplement_asked", "supplied"),
    *("consulting", "consulted", "resolved", "refused", "handed_over", "stopped", "withdrawn", "imported", "described"),
]
# fmt: off
TABLE = {
    #            none draft sub notac inpr assgn asked suppl consg consd reslv refsd hover stopd withd imprt dscrb
    "DRAFT":     "E    =    <    <    <    <    <    <    <    <    <    <    <    <    <    ·    <",
    "SUBMIT":    "E    E    =    =    =    =    =    =    =    =    =    =    =    =    =    ·    =",
    "RECEIVE":   "·    ·    E    ·    =    =    =    =    =    =    =    =    =    =    ·    ·    =",
    "REFUSE":    "·    ·    E    =    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·",
    "ASK":       "·    ·    ·    ·    E    E    =    =    E    E    ·    ·    =    ·    ·    E    E",
    "SUPPLY":    "·    ·    ·    ·    ·    ·    E    =    ·    ·    ·    ·    =    ·    ·    ·    ·",
    "CONSULT":   "·    ·    ·    ·    E    E    ·    E    =    =    ·    ·    ·    ·    ·    E    E",
    "ANSWER":    "·    ·    ·    ·    ?    ?    ?    ?    E    =    ?    ?    ·    ·    ·    ?    ?",
    "LATE":      "·    ·    ·    ·    ?    ?    ?    ?    E    =    ?    ?    ·    ·    ·    ?    ?",
    "ASSIGN":    "·    ·    ·    ·    E    =    ·    E    E    E    ·    ·    ·    ·    ·    E    E",
    "PASS_ON":   "·    E    E    ·    E    E    E    E    E    E    E    E    ·    ·    ·    E    E",
    "RESOLVE":   "·    ·    ·    ·    E    E    ·    E    E    E    =    ·    =    ·    ·    E    !",
    "TURN_DOWN": "·    ·    ·    ·    E    E    ·    E    E    E    ·    =    ·    ·    ·    E    !",
    "CONCLUDE":  "=    =    =    =    E    E    E    E    E    E    =    =    =    =    =    E    E",
    "HAND_OVER": "·    ·    ·    ·    ·    ·    ·    ·    ·    ·    E    E    =    ·    ·    ·    ·",
    "STOP":      "·    ·    ·    ·    E    E    E    E    E    E    ·    ·    ·    =    ·    E    E",
    "CLOSE":     "=    =    =    =    =    =    E    =    =    =    =    =    =    =    =    =    =",
    "MOVE":      "=    =    =    =    E    E    E    E    E    E    =    =    =    =    =    E    E",
    "WITHDRAW":  "·    E    E    ·    E    E    E    E    E    E    ·    ·    ·    ·    =    E    E",
    "CORRECT":   "·    ·    E    E    E    E    E    E    E    E    E    E    =    E    E    E    E",
    "IMPORT":    "E    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·    =    ·",
}
# fmt: on
CODES = {"·": "not_in_this_state", "?": "not_consulted", "<": "before_it_came", "!": "decided_elsewhere"}
BY_NAME = dict(zip(TABLE, COMMANDS, strict=True))
CELLS = [(life, name, cell) for name, row in TABLE.items() for life, cell in zip(COLUMNS, row.split(), strict=True)]


def erased(events: list[Event]) -> list[Event]:
    """The same events as the store gives them back once the person's key was destroyed."""
    return [
        msgspec.structs.replace(
            event,
            **{
                name: Personal(subject=value.subject, sealed=b"sealed")
                for name in event.__struct_fields__
                if isinstance(value := getattr(event, name), Personal)
            },
        )
        for event in events
    ]


def outcome(command, state: Application) -> str:
    try:
        return "E" if decide(command, state) else "="
    except Rejected as rejected:
        return rejected.code


def refusal(command, state: Application) -> Rejected:
    with pytest.raises(Rejected) as found:
        decide(command, state)
    return found.value


@pytest.mark.parametrize("sealed", [False, True], ids=["clear", "erased"])
@pytest.mark.parametrize(("life", "name", "cell"), CELLS)
def test_every_command_in_every_state_comes_to_what_the_table_says(life, name, cell, sealed):
    events = history(*LIVES[life])
    state = fold(application, erased(events) if sealed else events)
    expected = CODES.get(cell, cell)
    assert outcome(BY_NAME[name], state) == expected


@pytest.mark.parametrize(("life", "name", "cell"), [each for each in CELLS if each[2] == "E"])
def test_what_was_allowed_and_said_again_changes_nothing(life, name, cell):
    state = fold(application, decide(BY_NAME[name], given(*LIVES[life])), given(*LIVES[life]))
    assert decide(BY_NAME[name], state) == []


@pytest.mark.parametrize(("life", "name", "cell"), CELLS)
def test_every_event_names_the_place_that_receives_and_the_body_that_decides(life, name, cell):
    if cell == "E":
        for event in decide(BY_NAME[name], given(*LIVES[life])):
            assert event.received_by == CENTRE and event.decided_by in {DEPARTMENT, "so-gddt-moi"}


@pytest.mark.parametrize("status", [life for life in COLUMNS if life != "none"])
def test_a_refusal_says_in_two_languages_what_the_dossier_is(status):
    says = refusal(replace(IMPORT, imported=msgspec.structs.replace(IMPORTED, key="other")), given(*LIVES[status])).says
    assert "{" not in says.vi + says.en and says.vi != says.en


# Submitting


@pytest.mark.parametrize("channel", ["online", "national_portal"])
def test_a_dossier_comes_online(channel):
    [event] = decide(submit(channel=channel), initial)
    assert isinstance(event, ApplicationSubmitted) and event.channel == channel and event.rule == NOW.receiving_cited


def test_at_the_desk_it_is_submitted_and_received_in_one_breath():
    paper = replace(TERMS, online_level=2)
    command = submit(channel="desk", terms=paper, receive=receive(10))
    assert [type(each) for each in decide(command, initial)] == [ApplicationSubmitted, ApplicationReceived]
    assert decide(command, fold(application, decide(command, initial))) == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("not_offered", {"terms": None}),
        ("wrong_place", {"place_kind": "department"}),
        ("wrong_place", {"place_kind": "school"}),
        ("online_only", {"channel": "desk"}),
        ("online_only", {"channel": "post"}),
        ("online_only", {"channel": "hired_service", "authorised": of_anna(PERSON)}),
        ("who_acts_missing", {"channel": "authorised", "terms": replace(TERMS, online_level=2)}),
        ("assistant_missing", {"channel": "assisted"}),
        ("assistant_missing", {"assisted_by": "officer-7"}),
        ("too_many_files", {"documents": (PAPER,) * 41}),
        ("file_too_large", {"documents": (replace(PAPER, size=20 * 1024 * 1024 + 1),)}),
        ("file_type", {"documents": (replace(PAPER, media_type="application/x-msdownload"),)}),
        ("in_the_future", {"when": at(60, entered=0)}),
        ("too_late_to_enter", {"when": at(0, entered=31 * 24 * 60, reason="quên")}),
        ("late_without_reason", {"when": at(0, entered=16)}),
        ("late_without_reason", {"when": at(0, entered=16, reason="  ")}),
    ],
)
def test_what_may_not_be_submitted_is_refused_with_its_rule(code, changes):
    rejected = refusal(submit(**changes), initial)
    assert rejected.code == code
    if code in {"wrong_place", "online_only", "too_late_to_enter", "file_type"}:
        assert rejected.rule


@pytest.mark.parametrize(("kind", "allowed"), [("service_centre", True), ("commune", True), ("department", False)])
def test_any_one_stop_of_the_province_receives_since_july_2025(kind, allowed):
    assert (outcome(submit(place_kind=kind), initial) == "E") is allowed


def test_paper_received_yesterday_is_judged_by_yesterday_and_keeps_its_reason():
    [event] = decide(submit(when=at(10, entered=24 * 60, reason="mất mạng")), initial)
    assert event.submitted_at == FIRST + dt.timedelta(minutes=10) and event.late_reason == "mất mạng"


def test_a_quarter_of_an_hour_late_needs_no_reason():
    assert outcome(submit(when=at(0, entered=15)), initial) == "E"


def test_an_assisted_submission_names_the_officer_and_the_visit():
    visit = UUID(int=99)
    [event] = decide(submit(channel="assisted", assisted_by="officer-7", visit=visit), initial)
    assert (event.assisted_by, event.visit) == ("officer-7", visit)


# Receiving


def test_the_receipt_carries_code_and_appointment():
    [event] = decide(RECEIVE, given(SUBMIT))
    assert isinstance(event, ApplicationReceived)
    assert (event.code, event.promise.due_at.date(), event.supplement_times) == (CODE, dt.date(2026, 8, 27), 1)
    assert event.subject == PERSON_SUBJECT and event.procedure == "3.000465"


PERSON_SUBJECT = SUBMIT.applicant.subject


@pytest.mark.parametrize("code", ["", "h99-1", "A" * 36, "H99.2-260821-0001\n", "H99 2", "Đ1"])
def test_what_is_no_code_is_not_given(code):
    assert refusal(receive(code=code), given(SUBMIT)).code == "bad_code"


def test_an_appointment_in_the_past_is_not_given():
    past = promised(FIRST - dt.timedelta(days=30))
    assert refusal(receive(promise=past), given(SUBMIT)).code == "promise_in_the_past"


def test_nothing_happens_to_a_dossier_before_it_came():
    early = replace(RECEIVE, when=at(0))
    assert refusal(early, given(SUBMIT)).code == "before_it_came"


# Supplements


def test_a_second_supplement_is_refused_by_the_domain():
    rejected = refusal(replace(ASK, request=UUID(int=77), when=at(70, days=1)), given(*LIVES["supplied"]))
    assert rejected.code == "supplement_once" and rejected.rule and rejected.instead


def test_a_supplement_is_asked_within_three_working_days():
    state = given(*LIVES["in_process"])
    # Received on Friday 21/8/2026; Saturday 22/8 is worked, so the third working day is Tuesday 25/8.
    assert state.supplement_by == dt.datetime(2026, 8, 25, 10, 0, tzinfo=dt.UTC)
    last = replace(at(0), happened_at=state.supplement_by, recorded_at=state.supplement_by)
    after = replace(last, happened_at=last.happened_at + dt.timedelta(minutes=1))
    assert outcome(replace(ASK, when=last), state) == "E"
    assert outcome(replace(ASK, when=replace(after, recorded_at=after.happened_at)), state) == "supplement_too_late"


def test_a_supplement_says_what_is_missing():
    assert refusal(replace(ASK, items=0), given(*LIVES["in_process"])).code == "nothing_asked"


def test_the_clock_starts_again_and_the_first_promise_stays():
    before, after = given(*LIVES["supplement_asked"]), given(*LIVES["supplied"])
    assert after.first_promise == before.first_promise
    assert after.promises == (before.first_promise, SUPPLY.promise) and after.promise == SUPPLY.promise
    assert after.promise.due_at > after.first_promise.due_at


def test_half_a_supplement_keeps_the_dossier_waiting_without_a_new_promise():
    half = replace(SUPPLY, complete=False, promise=SUPPLY.promise)
    state = given(*LIVES["supplement_asked"], half)
    assert state.status == "supplement_asked" and len(state.promises) == 1
    whole = replace(SUPPLY, when=at(90, days=1))
    assert fold(application, decide(whole, state), state).status == "in_process"


def test_a_complete_supplement_needs_its_appointment():
    refused = refusal(replace(SUPPLY, promise=None), given(*LIVES["supplement_asked"]))
    assert refused.code == "promise_missing" and refused.rule == NOW.supplement.cited.basis


def test_a_supplement_is_not_supplied_before_it_was_asked():
    early = replace(SUPPLY, when=at(45))
    assert refusal(early, given(*LIVES["supplement_asked"])).code == "before_it_was_asked"


SENT = replace(SUPPLY, when=at(60, days=1), checked=False, promise=None, documents=(PAPER,))


def test_what_an_applicant_sends_alone_completes_nothing_whatever_it_says():
    state = given(*LIVES["supplement_asked"], SENT)
    assert SENT.complete and (state.status, len(state.promises)) == ("supplement_asked", 1)
    assert state.unchecked_since == SENT.when.happened_at
    assert decide(SENT, state) == []


def test_an_officers_word_counts_the_time_from_when_the_last_of_it_came():
    state = given(*LIVES["supplement_asked"], SENT)
    word = replace(SUPPLY, when=at(0, days=3), documents=())
    (event,) = decide(word, state)
    assert (event.supplied_at, event.confirmed_at) == (SENT.when.happened_at, word.when.happened_at)
    after = fold(application, [event], state)
    assert (after.status, after.unchecked_since) == ("in_process", None) and decide(word, after) == []
    (event,) = decide(replace(word, documents=(PAPER,)), state)
    assert (event.supplied_at, event.confirmed_at) == (word.when.happened_at, None), "the rest came only now"


def test_an_officer_may_say_so_in_the_very_moment_in_which_it_came():
    state = given(*LIVES["supplement_asked"], SENT)
    word = replace(SUPPLY, when=SENT.when, documents=())
    assert fold(application, decide(word, state), state).status == "in_process"


def test_a_dossier_is_not_closed_over_a_supplement_that_nobody_looked_at():
    state = given(*LIVES["supplement_asked"], SENT)
    close = Close(at=FIRST + dt.timedelta(days=22), answer_by=ASK.answer_by)
    stop = Stop(when=at(0, days=22), ground="no_supplement", rule=CITED)
    assert decide(close, given(*LIVES["supplement_asked"])) and decide(close, state) == []
    assert outcome(stop, state) == "supplement_unchecked"
    lacking = given(*LIVES["supplement_asked"], SENT, replace(SUPPLY, when=at(0, days=2), complete=False, documents=()))
    assert outcome(stop, lacking) == "E" and decide(close, lacking)


def test_a_dossier_closes_by_itself_only_after_the_time_to_supply():
    state = given(*LIVES["supplement_asked"])
    close = Stop(when=at(0, days=22), ground="no_supplement", rule=CITED)
    assert outcome(close, state) == "E"
    assert outcome(replace(close, when=at(0, days=20)), state) == "still_time_to_supply"
    assert outcome(close, given(*LIVES["in_process"])) == "still_time_to_supply"


# Consultations


def test_a_late_consultee_is_named():
    late = replace(ANSWER, when=at(80, days=3))
    [event] = decide(late, given(*LIVES["consulting"]))
    assert isinstance(event, ConsultationAnswered) and event.late and event.body == "thpt-le-loi"
    [event] = decide(ANSWER, given(*LIVES["consulting"]))
    assert not event.late


def test_who_still_has_time_is_not_named_late():
    assert outcome(replace(LATE, when=at(80, days=2)), given(*LIVES["consulting"])) == "not_late_yet"


def test_deciding_waits_for_an_opinion_in_its_time_and_names_the_late_one_after_it():
    state = given(*LIVES["consulting"])
    early = replace(RESOLVE, when=at(90, days=2))
    rejected = refusal(early, state)
    assert rejected.code == "opinion_awaited" and "thpt-le-loi" in rejected.says.vi
    overdue, _ = decide(RESOLVE, state)
    assert isinstance(overdue, ConsultationOverdue) and overdue.body == "thpt-le-loi"
    named = fold(application, decide(LATE, state), state)
    assert len(decide(replace(RESOLVE, when=LATE.when), named)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": DEPARTMENT}, "asks_itself"),
        ({"body": CENTRE}, "asks_itself"),
        ({"answer_by": FIRST}, "no_time_to_answer"),
    ],
)
def test_a_consultation_that_makes_no_sense_is_refused(changes, code):
    assert refusal(replace(CONSULT, **changes), given(*LIVES["in_process"])).code == code


# Hand-overs, decision, result


def test_the_dossier_goes_from_hand_to_hand():
    state = given(*LIVES["assigned"])
    onward = replace(ASSIGN, stage=2, role="head", to_unit=DEPARTMENT, when=at(45))
    [event] = decide(onward, state)
    assert isinstance(event, ApplicationAssigned) and event.from_unit == ASSIGN.to_unit
    back = replace(ASSIGN, when=at(46))
    assert outcome(back, fold(application, [event], state)) == "E", "back to the expert is a hand-over too"


def test_stages_count_from_one():
    assert refusal(replace(ASSIGN, stage=0), given(*LIVES["in_process"])).code == "no_such_stage"


@pytest.mark.parametrize("missing", [{"ground": None}, {"reason": None}])
def test_a_refusal_gives_its_reason_in_writing(missing):
    refused = refusal(replace(TURN_DOWN, **missing), given(*LIVES["in_process"]))
    assert refused.code == "refused_without_reason" and "118/2025" in refused.rule


def test_only_the_body_that_decides_decides():
    rejected = refusal(replace(RESOLVE, decided_by=CENTRE), given(*LIVES["in_process"]))
    assert rejected.code == "other_body_decides" and rejected.facts["decided_by"] == DEPARTMENT


def test_after_a_merger_the_successor_decides():
    state = given(*LIVES["in_process"], PASS_ON)
    assert outcome(RESOLVE, state) == "other_body_decides"
    assert outcome(replace(RESOLVE, decided_by="so-gddt-moi"), state) == "E"


def test_what_was_decided_is_not_decided_otherwise():
    assert refusal(TURN_DOWN, given(*LIVES["resolved"])).facts["status"] == "resolved"


def test_a_correction_keeps_what_it_corrects():
    [event] = decide(CORRECT, given(*LIVES["handed_over"][:-1]))
    [change] = event.changes.clear
    assert (change.was, change.now) == ("Nguyễn Thị Anh", "Nguyễn Thị Ánh")


@pytest.mark.parametrize("fields", [(), ("code",), ("received_at",), ("applicant", "outcome")])
def test_what_is_a_promise_or_a_decision_is_not_corrected(fields):
    assert refusal(replace(CORRECT, fields=fields), given(*LIVES["resolved"])).code == "not_correctable"


# Import


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": ""}, "no_source"),
        ({"system": ""}, "no_source"),
        ({"code": "?"}, "bad_code"),
        ({"received_at": FIRST + dt.timedelta(days=1)}, "in_the_future"),
        ({"status": "resolved"}, "outcome_missing"),
        ({"outcome": "granted"}, "outcome_missing"),
    ],
)
def test_a_line_that_makes_no_sense_is_not_imported(changes, code):
    wrong = replace(IMPORT, imported=msgspec.structs.replace(IMPORTED, **changes))
    assert refusal(wrong, initial).code == code


def test_an_imported_dossier_goes_on_where_it_was():
    asked = msgspec.structs.replace(
        IMPORTED, status="supplement_asked", supplements_left=0, answer_by=FIRST + dt.timedelta(days=9)
    )
    state = given(replace(IMPORT, imported=asked), SUPPLY)
    assert state.status == "in_process" and len(state.promises) == 2
    assert refusal(replace(ASK, when=at(70, days=1)), state).code == "supplement_once"


# In any order


SIMPLE = [SUBMIT, ASSIGN, PASS_ON, STOP, WITHDRAW, HAND_OVER, REFUSE, DRAFT]


class Life(RuleBasedStateMachine):
    """People do things in any order. Whatever they do, what must hold, holds."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.events, self.minutes, self.ids = initial, [], 0, 100

    @initialize(life=st.sampled_from([(), (SUBMIT, RECEIVE), (SUBMIT, RECEIVE, ASK)]))
    def begin(self, life):
        for command in life:
            self.minutes = int((command.when.happened_at - FIRST).total_seconds() // 60)
            self.do(command)

    def do(self, command) -> None:
        try:
            new = decide(command, self.state)
        except Rejected:
            return
        self.events += new
        self.state = fold(application, new, self.state)
        assert decide(command, self.state) == []

    @rule(command=st.sampled_from(SIMPLE), step=st.integers(0, 900))
    def do_something(self, command, step):
        self.minutes += step
        self.do(replace(command, when=at(self.minutes)))

    @rule(step=st.integers(0, 500))
    def receive(self, step):
        self.minutes += step
        self.do(receive(self.minutes))

    @rule(step=st.integers(0, 500))
    def ask(self, step):
        self.minutes += step
        self.ids += 1
        self.do(replace(ASK, when=at(self.minutes), request=UUID(int=self.ids)))

    @rule(
        step=st.integers(0, 500),
        complete=st.booleans(),
        checked=st.booleans(),
        documents=st.sampled_from([(), (PAPER,)]),
    )
    def supply(self, step, complete, checked, documents):
        self.minutes += step
        when, promise = at(self.minutes), promised(FIRST + dt.timedelta(minutes=self.minutes))
        said = replace(SUPPLY, when=when, complete=complete, checked=checked, documents=documents, promise=promise)
        before = self.state.status
        self.do(said)
        assert checked or self.state.status == before, "an applicant's word moves nothing"

    @rule(step=st.integers(0, 500))
    def consult(self, step):
        self.minutes += step
        self.ids += 1
        by = FIRST + dt.timedelta(minutes=self.minutes + 600)
        self.do(replace(CONSULT, when=at(self.minutes), consultation=UUID(int=self.ids), answer_by=by))

    @rule(step=st.integers(0, 500), back=st.integers(0, 3))
    def answer(self, step, back):
        self.minutes += step
        self.do(replace(ANSWER, when=at(self.minutes), consultation=UUID(int=self.ids - back)))

    @rule(step=st.integers(0, 500), command=st.sampled_from([RESOLVE, TURN_DOWN]))
    def resolve(self, step, command):
        self.minutes += step
        self.do(replace(command, when=at(self.minutes), decided_by=self.state.decided_by))

    @invariant()
    def a_supplement_was_asked_at_most_once(self):
        assert sum(isinstance(each, SupplementAsked) for each in self.events) <= 1

    @invariant()
    def the_first_promise_never_moves(self):
        received = [each for each in self.events if isinstance(each, ApplicationReceived)]
        assert len(received) <= 1
        if received:
            assert self.state.first_promise == received[0].promise

    @invariant()
    def it_ended_at_most_once(self):
        ends = [e for e in self.events if type(e).__name__ in ENDS]
        assert len(ends) <= 1
        assert sum(isinstance(e, RESULT) for e in self.events) <= 1

    @invariant()
    def the_state_is_the_fold(self):
        assert fold(application, self.events) == self.state
        assert fold(application, erased(self.events)) == self.state


ENDS = {"ApplicationNotAccepted", "ApplicationStopped", "ApplicationWithdrawn", "ResultHandedOver"}
RESULT = type(decide(RESOLVE, given(*LIVES["in_process"]))[0])
Life.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
