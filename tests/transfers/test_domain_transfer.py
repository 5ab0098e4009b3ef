"""A case's life: given what was said of it, when somebody says something, then what follows."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kernel.decider import Rejected, fold
from schemas.event import Event, Personal
from schemas.transfers import (
    ClassChosen,
    ConsultationDrafted,
    ConsultationIssued,
    Facts,
    FactsCorrected,
    PlaceHeld,
    PupilElsewhere,
    PupilSchoolConfirmed,
    ReplyArrived,
    StepDue,
    StepEnded,
    StepEscalated,
    StepOpened,
    TransferBegun,
    TransferClosed,
    TransferCompleted,
    TransferDecided,
    TransferRaised,
    TransferRequested,
    TransferUndescribed,
)
from services.transfers.domain.case import Transfer
from services.transfers.domain.commands import Command, CorrectFacts
from services.transfers.domain.dossier import class_stream
from services.transfers.domain.transfer import transfer
from transfers.samples import (
    ACCEPT,
    ACCEPT_AGAIN,
    APPROVED,
    AWAY,
    BEGIN,
    BEGIN_2019,
    CHOOSE,
    CLASS,
    CLASS_2,
    CLASS_2019,
    CLOSE,
    COMPOSE,
    CONFIRM,
    CONSULTING,
    CORRECT,
    DENY,
    DEPARTMENT,
    DESCRIBE,
    DOCUMENT,
    DUE,
    FROM,
    GRANT,
    GRANTED,
    HELD,
    ISSUE,
    KNOWN,
    LIVES,
    LOST,
    NOT_APPROVED,
    NOT_THERE,
    OFFICER,
    OPEN,
    OVERDUE,
    PLACEMENT,
    PRIVATE,
    PROCEED,
    PROCEED_2019,
    PUPIL,
    RAISE,
    REASON,
    RECORDS,
    REDRAFT,
    REFUSE,
    REFUSED_BY_HAND,
    REOPEN,
    REPLY_ID,
    REQUEST,
    REQUEST_2019,
    REQUEST_SPECIAL,
    RESOLVED,
    SPECIAL,
    TO,
    TURN_AWAY,
    UNDESCRIBED,
    UNKNOWN,
    at,
    begin,
    end,
    facts,
    history,
    in_2019,
    request,
)

ACCEPTED = (*OPEN, HELD, ACCEPT)
DONE = (*GRANTED, RECORDS, PLACEMENT)
ISSUED = (*CONSULTING, ISSUE)
FOR_POLICY = (
    *(BEGIN, PROCEED, DENY, NOT_THERE, HELD, GRANT, REOPEN, CLOSE),
    *(COMPOSE, DUE, OVERDUE, APPROVED, UNDESCRIBED, REQUEST),
)


def given(*commands: Command) -> Transfer:
    return fold(transfer, history(transfer, *commands))


def when(command: Command, *before: Command) -> list[Event]:
    return list(transfer.decide(command, given(*before)))


def only(kind: type[Event], events: list[Event]) -> Any:
    [found] = [each for each in events if type(each) is kind]
    return found


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(each) for each in events]


def put_right(said: Facts, **changes: Any) -> CorrectFacts:
    return replace(CORRECT, facts=replace(said, **changes))


def refused(command: Command, *before: Command) -> Rejected:
    with pytest.raises(Rejected) as said:
        when(command, *before)
    assert said.value.says.vi and said.value.says.en
    return said.value


# The dossier


def test_a_dossier_that_says_its_facts_is_a_case_and_asked_twice_it_is_one():
    requested = only(TransferRequested, when(REQUEST))
    assert (requested.pupil, requested.facts, requested.submitted_at) == (PUPIL, facts(), REQUEST.submitted_at)
    assert when(REQUEST, REQUEST) == when(UNDESCRIBED, REQUEST) == []


def test_a_dossier_without_facts_waits_for_an_officer_and_is_judged_when_it_is_received():
    assert kinds(when(UNDESCRIBED)) == [TransferUndescribed]
    assert kinds(when(DESCRIBE, UNDESCRIBED)) == [TransferRequested]
    assert kinds(when(BEGIN, UNDESCRIBED, DESCRIBE)) == [TransferBegun]


def test_one_that_was_received_before_it_was_described_is_judged_by_the_day_of_receipt():
    received = only(TransferUndescribed, when(BEGIN_2019, UNDESCRIBED))
    assert received.received_at == BEGIN_2019.received_at
    requested, begun = when(DESCRIBE, UNDESCRIBED, BEGIN_2019)
    assert (requested.described_by, begun.rule.pack, begun.received_at) == (
        DESCRIBE.by,
        "2019",
        BEGIN_2019.received_at,
    )


def test_a_description_names_a_school_of_the_province_and_is_given_once():
    nowhere = replace(DESCRIBE, facts=facts(from_school="", to_school=""))
    assert refused(nowhere, UNDESCRIBED).code == "no_school_of_ours"
    assert when(DESCRIBE, UNDESCRIBED, DESCRIBE) == []
    assert refused(replace(DESCRIBE, facts=SPECIAL), UNDESCRIBED, DESCRIBE).code == "not_to_describe"
    assert refused(DESCRIBE).code == "not_to_describe"


# Judged


def test_a_received_case_is_judged_by_the_rules_of_the_day_of_receipt_and_asks_for_its_class():
    begun = only(TransferBegun, when(BEGIN, REQUEST))
    assert (begun.kind, begun.year, begun.special, begun.to_class) == ("in_province", 2026, False, CLASS)
    assert begun.submitted_at == REQUEST.submitted_at
    assert only(TransferBegun, when(BEGIN_2019, REQUEST_2019)).to_class == CLASS_2019
    assert when(BEGIN, REQUEST, BEGIN) == []


def test_a_case_that_was_submitted_on_31_may_and_received_on_1_june_is_one_of_the_new_school_year():
    late = request(submitted_at=at(31, 22, month=5))
    assert only(TransferBegun, when(begin(at(1, 8, month=6)), late)).year == 2026
    assert only(TransferBegun, when(begin(at(31, 8, month=5)), late)).year == 2025


def test_the_day_is_that_of_the_wall_in_viet_nam():
    late_evening_of_9_may = dt.datetime(2026, 5, 9, 16, 59, tzinfo=dt.UTC)
    midnight = dt.datetime(2026, 5, 9, 17, 0, tzinfo=dt.UTC)
    assert only(TransferBegun, when(begin(late_evening_of_9_may), REQUEST)).rule.pack == "2019"
    assert only(TransferBegun, when(begin(midnight), REQUEST)).rule.pack == "2026"


@pytest.mark.parametrize(
    ("said", "ground"),
    [
        (facts(from_school=TO), "same_school"),
        (facts(grade=9), "wrong_grade"),
    ],
)
def test_what_a_rule_bars_is_refused_at_once_with_its_article(said, ground):
    begun, decided = when(BEGIN, request(said))
    assert (decided.outcome, decided.ground, decided.reason) == ("refused", ground, None)
    assert decided.rule in [each.rule for each in begun.findings if each.bars]
    assert given(request(said), BEGIN).phase == "refused"


def test_in_2019_a_private_pupil_without_a_ground_is_refused_at_once():
    said = request(facts(from_type="private", reason="moved_home"))
    decided = only(TransferDecided, when(BEGIN_2019, said))
    assert decided.ground == "private_to_public"
    assert decided.rule.basis.startswith("QĐ 51/2002/QĐ-BGDĐT Điều 2 khoản 3")


# The claim


def test_steps_open_when_the_pupil_is_claimed_and_only_those_that_wait_for_nothing():
    assert [each.step for each in when(PROCEED, REQUEST, BEGIN)] == ["accept"]
    assert [each.step for each in when(PROCEED_2019, REQUEST_2019, BEGIN_2019)] == ["release"]
    assert [each.step for each in when(PROCEED, REQUEST_SPECIAL, BEGIN)] == ["consult"]
    assert when(PROCEED, *OPEN) == []


def test_a_pupil_who_is_transferring_already_is_refused_by_rule():
    decided = only(TransferDecided, when(DENY, REQUEST, BEGIN))
    assert (decided.outcome, decided.ground) == ("refused", "already_transferring")
    assert decided.rule.name == "one_open_request_a_pupil" and when(DENY, *OPEN) == []


def test_a_pupil_who_is_known_elsewhere_is_looked_into_by_a_person_and_refused_by_no_program():
    assert only(PupilElsewhere, when(NOT_THERE, REQUEST, BEGIN)).at_school == PRIVATE
    waiting = (REQUEST, BEGIN, NOT_THERE)
    assert when(NOT_THERE, *waiting) == when(NOT_THERE, *OPEN) == []
    confirmed = only(PupilSchoolConfirmed, when(CONFIRM, *waiting))
    assert (confirmed.from_school, confirmed.confirmed_by, confirmed.reason) == (FROM, OFFICER, CONFIRM.reason)
    assert [type(each) for each in when(PROCEED, *waiting, CONFIRM)] == [StepOpened]
    away = only(TransferDecided, when(TURN_AWAY, *waiting))
    assert (away.outcome, away.ground, away.rule.name) == ("refused", "not_there", "from_the_school_where_the_pupil_is")
    assert when(CONFIRM, *waiting, CONFIRM) == when(TURN_AWAY, *waiting, TURN_AWAY) == []
    for command, other in ((CONFIRM, TURN_AWAY), (TURN_AWAY, CONFIRM)):
        for life in ((REQUEST, BEGIN), OPEN, (*waiting, other), (*waiting, CLOSE)):
            assert refused(command, *life).code == "not_to_confirm"


def test_who_handed_in_on_the_last_day_of_the_window_is_inside_it_however_late_the_office_received_it():
    for submitted, holds in ((in_2019(10, month=9), True), (in_2019(11, month=9), False)):
        said = request(submitted_at=submitted, procedure="2.002478")
        found = only(TransferBegun, when(begin(in_2019(13, month=9)), said)).findings
        assert [each.holds for each in found if each.ground == "outside_window"] == [holds]


def test_facts_are_put_right_before_the_decision_with_a_reason_and_judged_again_by_the_same_day():
    corrected, chosen = when(CORRECT, *OPEN, HELD)
    assert (corrected.facts.grade, corrected.corrected_by, corrected.reason) == (11, OFFICER, CORRECT.reason)
    assert (chosen.was_class, chosen.to_class) == (CLASS, class_stream(TO, 2026, 11, "10A1")), "a class is of one grade"
    assert not given(*OPEN, HELD, CORRECT).held
    assert when(CORRECT, *OPEN, CORRECT) == []
    special = when(put_right(SPECIAL, from_school=FROM), *OPEN)
    assert [type(each) for each in special] == [FactsCorrected, StepEnded, StepOpened]
    assert (special[0].special, special[0].grounds) == (True, ("private_to_public",))
    assert [(each.step, getattr(each, "outcome", None)) for each in special[1:]] == [
        ("accept", "dropped"),
        ("consult", None),
    ]
    barred = when(put_right(facts(), grade=9), *OPEN)
    assert (barred[-1].outcome, barred[-1].ground) == ("refused", "wrong_grade")
    in_2019 = (REQUEST_2019, BEGIN_2019, PROCEED_2019)
    again = only(FactsCorrected, when(CORRECT, *in_2019))
    assert again.rule == given(*in_2019).rule != given(*OPEN).rule, "by the rules of the day of receipt, for ever"


def test_a_case_that_is_special_no_more_drops_its_letter_and_a_raised_one_stays_special():
    plain = put_right(facts(from_school=PRIVATE))
    events = when(plain, *CONSULTING)
    assert [type(each) for each in events] == [FactsCorrected, StepEnded, StepOpened] and not events[0].special
    assert (events[1].step, events[1].outcome, events[2].step) == ("consult", "dropped", "accept")
    raised = when(CORRECT, *OPEN, RAISE)[0]
    assert raised.special and raised.grounds == ("raised",)


def test_the_systems_own_draft_is_written_anew_from_corrected_facts_and_an_officers_is_not_touched():
    anew = put_right(SPECIAL, grade=11)
    [drafted] = when(COMPOSE, *CONSULTING, anew)
    assert drafted.draft == 2 and "lớp 11" in drafted.text.clear.text
    assert when(COMPOSE, *CONSULTING, anew, COMPOSE) == when(COMPOSE, *CONSULTING, REDRAFT, anew) == []


@pytest.mark.parametrize(
    ("command", "life", "code"),
    [
        (CORRECT, (REQUEST,), "not_open"),
        (CORRECT, GRANTED, "not_open"),
        (CORRECT, (*OPEN, HELD, ACCEPT), "decided_already"),
        (replace(CORRECT, facts=facts(to_school=PRIVATE)), OPEN, "another_request"),
        (replace(CORRECT, facts=facts(from_school=PRIVATE)), OPEN, "another_request"),
        (replace(CORRECT, facts=replace(SPECIAL, grade=11)), (*CONSULTING, ISSUE), "issued_already"),
        (replace(CORRECT, facts=replace(SPECIAL, grade=11)), (*CONSULTING, ISSUE, APPROVED), "issued_already"),
    ],
)
def test_facts_that_a_decision_or_the_leadership_rests_on_are_not_changed(command, life, code):
    assert refused(command, *life).code == code


def test_to_another_province_in_2026_nobody_here_decides_so_it_is_granted_at_once_and_the_records_follow():
    granted, records = when(PROCEED, request(AWAY), BEGIN)
    assert (granted.outcome, granted.decided_by, records.step) == ("granted", FROM, "records")
    done = when(RECORDS, request(AWAY), BEGIN, PROCEED)
    assert kinds(done) == [StepEnded, TransferCompleted]


def test_to_another_province_in_2019_the_school_releases_and_the_department_introduces():
    before = (request(AWAY), BEGIN_2019, PROCEED_2019)
    released = when(end("release"), *before)
    assert [each.step for each in released] == ["release", "introduce"]
    assert kinds(when(end("introduce"), *before, end("release"))) == [StepEnded, TransferDecided, StepOpened]


# The place


def test_a_case_knows_whether_it_has_a_place_in_its_own_class():
    assert only(PlaceHeld, when(HELD, *OPEN)).held is True
    assert only(PlaceHeld, when(LOST, *OPEN, HELD)).held is False
    assert when(HELD, *OPEN, HELD) == when(LOST, *OPEN) == []
    assert when(replace(HELD, class_id=CLASS_2), *OPEN) == []
    assert kinds(when(HELD, REQUEST, BEGIN)) == [PlaceHeld]


def test_the_head_may_choose_another_class_of_the_same_school_year_and_grade():
    chosen = only(ClassChosen, when(CHOOSE, *OPEN, HELD))
    assert (chosen.to_class, chosen.was_class, chosen.submitted_at) == (CLASS_2, CLASS, REQUEST.submitted_at)
    after = given(*OPEN, HELD, CHOOSE)
    assert (after.to_class, after.held) == (CLASS_2, False)
    assert when(CHOOSE, *OPEN, CHOOSE) == []
    assert when(replace(CHOOSE, name=" 10a1 "), *OPEN) == []
    assert (
        class_stream(TO, 2026, 10, "10A1") != class_stream(TO, 2026, 11, "10A1") != class_stream(TO, 2027, 10, "10A1")
    )


def test_no_class_is_chosen_where_none_is_needed_or_after_the_decision():
    assert refused(CHOOSE, request(AWAY), BEGIN, PROCEED).code == "not_open"
    assert refused(CHOOSE, *ACCEPTED).code == "decided_already"
    assert refused(CHOOSE, REQUEST).code == refused(CHOOSE, *OPEN, CLOSE).code == "not_open"
    assert refused(replace(CHOOSE, name=" "), *OPEN).code == "class_missing"


def test_a_head_can_consent_only_with_a_class_and_a_place_in_it():
    full = refused(ACCEPT, *OPEN)
    assert (full.code, full.rule) == ("no_place", "TT 15/2026/TT-BGDĐT; thủ tục 2.002854")
    no_class = (request(facts(to_class="")), BEGIN, PROCEED)
    assert refused(ACCEPT, *no_class).code == "class_missing"
    assert kinds(when(replace(ACCEPT, unmanaged=True), *no_class)) == [
        *(StepEnded, TransferDecided),
        *(StepOpened, StepOpened),
    ]


def test_a_class_that_was_named_but_never_opened_is_not_waited_for():
    events = when(replace(ACCEPT, unmanaged=True), *OPEN)
    assert kinds(events)[:3] == [ClassChosen, StepEnded, TransferDecided]
    assert (events[0].to_class, events[0].was_class, events[1].to_class) == ("", CLASS, "")


# The decision


def test_a_consent_counts_when_the_place_is_taken_and_is_of_the_moment_at_which_the_head_decided():
    ended = only(StepEnded, when(ACCEPT, *OPEN, HELD))
    assert (ended.outcome, ended.to_class, ended.turn) == ("consented", CLASS, 1)
    events = when(GRANT, *ACCEPTED)
    assert kinds(events) == [TransferDecided, StepOpened, StepOpened]
    assert (events[0].outcome, events[0].decided_at, events[0].decided_by) == ("granted", ACCEPT.at, TO)
    assert {each.step for each in events[1:]} == {"records", "placement"}


def test_a_grant_of_another_class_or_without_a_consent_is_none():
    assert when(GRANT, *OPEN, HELD) == when(replace(GRANT, class_id=CLASS_2), *ACCEPTED) == []
    assert when(GRANT, *GRANTED) == []


def test_a_consent_without_a_place_is_opened_again():
    held, opened = when(REOPEN, *ACCEPTED)
    assert (held.held, opened.step, opened.turn) == (False, "accept", 2)
    assert when(REOPEN, *ACCEPTED, REOPEN) == when(REOPEN, *OPEN) == []
    assert when(replace(REOPEN, class_id=CLASS_2), *ACCEPTED) == []


def test_an_old_refusal_of_a_place_does_not_open_a_later_decision():
    again = (*ACCEPTED, REOPEN, HELD, ACCEPT_AGAIN)
    assert when(REOPEN, *again) == []
    assert kinds(when(replace(REOPEN, turn=2), *again)) == [PlaceHeld, StepOpened]


def test_a_refusal_gives_its_reason_and_its_article_and_ends_all_else():
    ended, decided = when(REFUSE, *OPEN)
    assert (ended.outcome, decided.outcome, decided.ground) == ("refused", "refused", "no_place")
    assert (decided.reason, decided.decided_by, decided.document_number) == (REASON, TO, "12/THPTBM")
    assert decided.rule.basis == "TT 15/2026/TT-BGDĐT; thủ tục 2.002854"
    assert refused(replace(REFUSE, note=None), *OPEN).code == "reason_missing"
    assert given(*OPEN, REFUSE).phase == "refused"


def test_where_the_rules_let_heads_decide_in_parallel_one_refusal_drops_the_others_step():
    requested, begun = history(transfer, REQUEST_2019, BEGIN_2019)
    parallel = structs.replace(begun, steps=tuple(replace(each, after=()) for each in begun.steps))
    state = fold(transfer, [requested, parallel])
    state = fold(transfer, transfer.decide(PROCEED_2019, state), state)
    events = transfer.decide(end("release", "refused", note=REASON), state)
    assert [(each.step, each.outcome) for each in events[:-1]] == [("release", "refused"), ("accept", "dropped")]
    assert kinds(events)[-1] is TransferDecided


def test_the_releasing_head_may_refuse_in_2019():
    before = (REQUEST_2019, BEGIN_2019, PROCEED_2019)
    decided = only(TransferDecided, when(end("release", "refused", note=REASON), *before))
    assert (decided.ground, decided.decided_by) == ("head_refused", FROM)


@pytest.mark.parametrize(
    ("command", "before", "code"),
    [
        (end("release"), OPEN, "step_not_open"),
        (end("accept", "done"), (*OPEN, HELD), "wrong_outcome"),
        (end("records"), GRANTED, "wrong_outcome"),
        (end("records", "refused", note=REASON), GRANTED, "wrong_outcome"),
        (end("consult"), CONSULTING, "ends_by_reply"),
        (ACCEPT_AGAIN, (*OPEN, HELD), "step_not_open"),
        (ACCEPT, (*ACCEPTED, REOPEN, HELD), "step_not_open"),
        (REFUSE, ACCEPTED, "step_not_open"),
        (ACCEPT, (*OPEN, HELD, CLOSE), "step_not_open"),
        (ACCEPT, (), "step_not_open"),
        (PLACEMENT, OPEN, "step_not_open"),
    ],
)
def test_a_step_ends_once_while_it_is_open_and_in_its_own_way(command, before, code):
    assert refused(command, *before).code == code


def test_saying_the_same_twice_is_saying_it_once():
    assert when(ACCEPT, *ACCEPTED) == when(REFUSE, *OPEN, REFUSE) == when(PLACEMENT, *DONE) == []


def test_it_is_complete_when_records_and_placement_are_done_in_any_order():
    for order in ((RECORDS, PLACEMENT), (PLACEMENT, RECORDS)):
        assert kinds(when(order[0], *GRANTED)) == [StepEnded]
        completed = only(TransferCompleted, when(order[1], *GRANTED, order[0]))
        assert (completed.pupil, completed.to_school, completed.to_class) == (PUPIL, TO, CLASS)


# The end without a decision


@pytest.mark.parametrize("life", ["undescribed", "requested", "begun", "open", "accepted", "consulting", "granted"])
def test_a_withdrawn_dossier_closes_its_case_and_drops_its_steps(life):
    events = when(CLOSE, *LIVES[life])
    closed = only(TransferClosed, events)
    assert closed.ground == "withdrawn"
    assert {each.outcome for each in events[:-1]} <= {"dropped"}
    after = given(*LIVES[life], CLOSE)
    assert all(each.outcome for each in after.runs)


@pytest.mark.parametrize("life", ["none", "refused", "denied", "completed", "closed"])
def test_what_is_over_stays_as_it_is(life):
    assert when(CLOSE, *LIVES[life]) == []


def test_a_dossier_that_was_answered_by_hand_closes_its_case_but_our_own_grant_goes_on():
    assert only(TransferClosed, when(RESOLVED, *OPEN)).ground == "resolved"
    assert when(RESOLVED, *GRANTED) == []
    assert only(TransferClosed, when(REFUSED_BY_HAND, *GRANTED)).ground == "resolved"


def test_whom_it_was_about_is_known_where_it_was_described():
    assert only(TransferClosed, when(CLOSE, *OPEN)).pupil == PUPIL
    assert only(TransferClosed, when(CLOSE, UNDESCRIBED)).pupil is None


# Special cases


def test_an_ordinary_case_can_be_raised_with_a_reason_and_goes_to_the_leadership_first():
    raised, dropped, consult = when(RAISE, *OPEN)
    assert isinstance(raised, TransferRaised)
    assert (raised.rule.name, raised.raised_by) == ("officer_may_raise_a_case", RAISE.by)
    assert (dropped.step, dropped.outcome, consult.step) == ("accept", "dropped", "consult")
    assert given(*OPEN, RAISE).special is True


def test_after_the_leaderships_consent_a_raised_case_is_decided_by_the_head():
    before = (*OPEN, HELD, RAISE, COMPOSE, ISSUE)
    opened = only(StepOpened, when(APPROVED, *before))
    assert (opened.step, opened.turn) == ("accept", 2)
    assert kinds(when(ACCEPT_AGAIN, *before, APPROVED)) == [StepEnded]


def test_a_case_that_is_raised_before_its_claim_opens_what_the_new_plan_says():
    assert [each.step for each in when(PROCEED, REQUEST, BEGIN, RAISE)] == ["consult"]


def test_a_special_case_is_never_made_ordinary_nor_raised_again():
    assert when(RAISE, *OPEN, RAISE) == []
    assert refused(RAISE, *CONSULTING).code == "special_already"
    assert refused(RAISE, *ACCEPTED).code == "decided_already"
    assert refused(RAISE, *GRANTED).code == refused(RAISE, REQUEST).code == "not_open"


def test_the_letter_is_drafted_from_the_facts_when_the_consultation_opens():
    drafted = only(ConsultationDrafted, when(COMPOSE, REQUEST_SPECIAL, BEGIN, PROCEED))
    text = drafted.text.clear.text
    assert drafted.text.subject == PUPIL
    for part in (
        "H99.12-260824-0001",
        "Trường THPT tư thục Ánh Dương",
        "Trường THPT Bản Mây",
        "không có trường trung học phổ thông tư thục có chất lượng tương đương",
        "Thành phần hồ sơ đầy đủ theo quy định.",
        "Trân trọng./.",
    ):
        assert part in text
    assert "10A1" not in text, "a class is promised to nobody who has no place in it"
    assert "Kính gửi" not in text, "the printed letter has its addressee already"
    assert when(COMPOSE, *CONSULTING) == when(COMPOSE, *OPEN) == []


def test_the_letter_names_what_is_missing_and_what_does_not_fit():
    said = request(replace(SPECIAL, documents=("application",), subjects=("chemistry",)))
    text = only(ConsultationDrafted, when(COMPOSE, said, BEGIN, PROCEED)).text.clear.text
    assert "Hồ sơ còn thiếu: bảng tổng hợp kết quả rèn luyện và học tập." in text
    assert "(Hóa học) chưa khớp" in text


def test_a_letter_can_be_written_where_no_unit_is_known_yet():
    drafted = only(ConsultationDrafted, when(replace(COMPOSE, known=UNKNOWN), REQUEST_SPECIAL, BEGIN, PROCEED))
    assert "Đơn vị đã tiếp nhận" in drafted.text.clear.text


def test_nobody_writes_over_a_draft_that_they_have_not_seen():
    assert only(ConsultationDrafted, when(REDRAFT, *CONSULTING)).by == REDRAFT.by
    assert when(REDRAFT, *CONSULTING, REDRAFT) == []
    assert refused(replace(REDRAFT, by="another"), *CONSULTING, REDRAFT).code == "another_draft"
    assert refused(replace(REDRAFT, draft=4), *CONSULTING).code == "another_draft"
    assert refused(REDRAFT, *OPEN).code == "step_not_open"


def test_the_letter_is_issued_once_and_not_changed_after():
    issued = only(ConsultationIssued, when(ISSUE, *CONSULTING))
    assert (issued.document, issued.from_unit, issued.to_unit) == (DOCUMENT, TO, DEPARTMENT)
    assert when(ISSUE, *ISSUED) == []
    assert refused(replace(ISSUE, number="6/THPTBM"), *ISSUED).code == "issued_already"
    assert refused(REDRAFT, *ISSUED).code == "issued_already"
    assert refused(ISSUE, *OPEN).code == "step_not_open"


def test_nobody_signs_a_letter_that_was_not_drafted_yet():
    assert refused(ISSUE, REQUEST_SPECIAL, BEGIN, PROCEED).code == "not_drafted"


def test_an_approval_ends_the_consultation_and_the_next_step_opens_by_itself():
    events = when(APPROVED, *ISSUED)
    assert kinds(events) == [ReplyArrived, StepEnded, StepOpened]
    assert (events[1].outcome, events[2].step, events[0].reply) == ("consented", "accept", REPLY_ID)
    assert when(APPROVED, *ISSUED, APPROVED) == []


def test_without_the_leaderships_consent_the_case_is_refused_with_its_reason():
    events = when(NOT_APPROVED, *ISSUED)
    assert kinds(events) == [ReplyArrived, StepEnded, TransferDecided]
    decided = events[-1]
    assert (decided.ground, decided.decided_by, decided.document_number) == ("not_consented", DEPARTMENT, "9/SGDĐT")
    assert decided.reason == Personal(subject=PUPIL, clear="Trường đến đã đủ sĩ số.")


def test_a_reply_to_something_else_or_to_a_case_that_is_over_comes_to_nothing():
    assert when(APPROVED, *CONSULTING) == when(replace(APPROVED, document=REPLY_ID), *ISSUED) == []
    assert when(APPROVED, *ISSUED, CLOSE) == []


# Time


def test_a_step_says_until_when_it_is_due_and_is_escalated_once_to_whoever_stands_above():
    assert only(StepDue, when(DUE, *OPEN)).due_at == DUE.due_at
    escalated = only(StepEscalated, when(OVERDUE, *OPEN))
    assert (escalated.unit, escalated.to_unit) == (TO, DEPARTMENT)
    assert when(DUE, *OPEN, DUE) == when(OVERDUE, *OPEN, OVERDUE) == []


def test_what_is_said_of_a_step_that_ended_or_was_opened_anew_comes_to_nothing():
    assert when(DUE, *ACCEPTED) == when(OVERDUE, *ACCEPTED) == []
    assert when(DUE, *ACCEPTED, REOPEN) == []
    assert only(StepDue, when(replace(DUE, turn=2), *ACCEPTED, REOPEN)).turn == 2


def test_the_department_is_escalated_to_the_committee_and_where_nobody_stands_above_nothing_is_said():
    before = (request(AWAY), BEGIN_2019, PROCEED_2019, end("release"))
    late = replace(OVERDUE, step="introduce")
    assert only(StepEscalated, when(late, *before)).to_unit == "ubnd-tinh"
    assert when(replace(OVERDUE, known=UNKNOWN), *OPEN) == []


# What the policy says is never refused


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("command", FOR_POLICY, ids=lambda each: type(each).__name__)
def test_what_the_policy_says_is_refused_in_no_state(life, command):
    when(command, *LIVES[life])
    for known in (KNOWN, UNKNOWN):
        if hasattr(command, "known"):
            when(replace(command, known=known), *LIVES[life])


def test_a_person_hears_why_not_in_every_state():
    people = (
        CORRECT,
        CONFIRM,
        TURN_AWAY,
        DESCRIBE,
        CHOOSE,
        RAISE,
        ACCEPT,
        REFUSE,
        RECORDS,
        REDRAFT,
        ISSUE,
        end("consult"),
    )
    for life in LIVES.values():
        for command in people:
            try:
                when(command, *life)
            except Rejected as said:
                assert said.says.vi and said.says.en and (said.instead or said.rule)
