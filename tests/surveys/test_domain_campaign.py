"""A campaign's life: what may be said when, and what never twice."""

import datetime as dt
from uuid import UUID

import pytest

from kernel.decider import Rejected, fold
from schemas.surveys import AnswersWithheld, CampaignClosed, CampaignExtended, ResultsFrozen, SchoolReplaced
from services.surveys.domain import campaign as c
from services.surveys.domain import drawing as d
from services.surveys.domain import voiding as v
from services.surveys.domain.campaign import campaign
from surveys.samples_campaign import (
    APPROVE,
    CLOSE,
    DRAW,
    ENDED,
    EXTEND,
    FRAME,
    LEADER,
    MANAGER,
    OPEN,
    PROPOSE,
    REFUSE,
    REPLACE,
    SCHOOLS,
    SHEETS,
    WITHHOLD,
    YEARLY,
    at,
    chosen,
    freeze,
    history,
    plan,
    standing,
)

DRAWN = (plan(), FRAME, DRAW)


def given(*commands):
    return fold(campaign, history(campaign, *commands))


def refused(command, *before) -> str:
    with pytest.raises(Rejected) as refusal:
        campaign.decide(command, given(*before))
    return refusal.value.code


def test_a_plan_is_changed_until_it_is_open():
    assert campaign.decide(plan(), given(plan())) == []
    (later,) = campaign.decide(plan(ends=dt.date(2026, 11, 21), at=at(1, 15)), given(plan()))
    assert later.ends == dt.date(2026, 11, 21)
    assert refused(plan(target=3), *DRAWN, OPEN) == "already_open"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends": dt.date(2026, 11, 1)}, "ends_before_it_starts"),
        ({"batch": 4}, "batch_too_small"),
        ({"group": "applicant"}, "group_does_not_fit"),
        ({"remind_after": (5, 3)}, "reminders_out_of_order"),
        ({"remind_after": (0,)}, "reminders_out_of_order"),
        ({"previous": YEARLY}, "compared_with_itself"),
    ],
)
def test_a_plan_that_could_not_be_carried_out_is_refused(changes, code):
    assert refused(plan(**changes)) == code


def test_a_frame_counts_one_group_so_the_group_stays():
    assert refused(plan(group="parent"), plan(), FRAME) == "frame_is_for_others"
    assert campaign.decide(plan(group="parent"), given(plan()))


def test_a_sample_is_drawn_once_whatever_the_seed():
    assert campaign.decide(DRAW, given(*DRAWN)) == []
    again = d.Draw(**{**{name: getattr(DRAW, name) for name in d.Draw.__dataclass_fields__}, "seed": "another"})
    assert refused(again, *DRAWN) == "drawn_already"


def test_nobody_draws_again_by_importing_a_frame_that_differs_a_little():
    slightly = d.ImportFrame(schools=SCHOOLS[1:], digest="e" * 64, at=at(1, 12))
    assert campaign.decide(slightly, given(plan(), FRAME))
    assert refused(slightly, *DRAWN) == "drawn_already"
    assert campaign.decide(FRAME, given(*DRAWN)) == []


def test_a_sample_is_of_the_frame_that_is_there():
    assert refused(DRAW, plan()) == "no_frame"
    other = d.ImportFrame(schools=SCHOOLS[1:], digest="e" * 64, at=at(1, 12))
    assert refused(DRAW, plan(), FRAME, other) == "frame_changed"


def test_a_school_that_cant_take_part_is_replaced_by_the_next_of_its_reserve_and_no_other():
    drawn = given(*DRAWN, OPEN)
    (replaced,) = campaign.decide(REPLACE, drawn)
    assert isinstance(replaced, SchoolReplaced) and replaced.by == "thpt-2"
    after = campaign.evolve(drawn, replaced)
    assert [each.school for each in after.chosen] == ["thpt-3", "thpt-2"]
    elsewhere = d.ReplaceSchool(school="thpt-1", by="thpt-4", chosen=(chosen("thpt-4", "rural"),), reason="…", at=at(3))
    assert refused(elsewhere, *DRAWN, OPEN) == "not_the_next"
    assert refused(d.ReplaceSchool(school="thpt-9", by="", chosen=(), reason="…", at=at(3)), *DRAWN) == "not_drawn"
    none_left = d.ReplaceSchool(school="thpt-2", by="", chosen=(), reason="…", at=at(3))
    (last,) = campaign.decide(none_left, after)
    assert last.by == "" and [each.school for each in campaign.evolve(after, last).chosen] == ["thpt-3"]


def test_a_yearly_campaign_opens_with_a_sample_and_in_its_days():
    assert refused(OPEN, plan()) == "no_sample"
    assert refused(c.Open(at=at(1)), *DRAWN) == "not_its_time"
    assert campaign.decide(OPEN, given(*DRAWN))
    assert campaign.decide(OPEN, given(standing()))


def test_the_last_day_closes_it_at_midnight_whenever_that_is_noticed():
    open_ = given(*DRAWN, OPEN)
    assert campaign.decide(c.Notice(now=at(20, 23)), open_) == []
    assert campaign.decide(ENDED, open_) == [CampaignClosed(ground="ended", closed_at=at(21, 0))]
    assert campaign.decide(c.Notice(now=at(24)), open_) == [CampaignClosed(ground="ended", closed_at=at(21, 0))]
    assert open_.takes(at(20, 23)) and not open_.takes(at(21, 0)), "before anybody noticed, too"


def test_it_is_made_longer_never_shorter():
    open_ = given(*DRAWN, OPEN)
    assert isinstance(campaign.decide(EXTEND, open_)[0], CampaignExtended)
    assert campaign.decide(ENDED, given(*DRAWN, OPEN, EXTEND)) == []
    assert refused(c.Extend(ends=dt.date(2026, 11, 10), reason="…", at=at(5)), *DRAWN, OPEN) == "not_longer"


def test_results_are_frozen_once_after_the_last_answers_and_all_that_was_to_be_voided():
    closed = (*DRAWN, OPEN, CLOSE)
    assert refused(freeze(), *DRAWN, OPEN) == "not_closed"
    assert refused(freeze(), *closed) == "answers_on_their_way"
    assert campaign.decide(WITHHOLD, given(*closed)) == [
        AnswersWithheld(campaign=YEARLY, count=2, withheld_at=WITHHOLD.at)
    ]
    assert campaign.decide(WITHHOLD, given(*closed, WITHHOLD)) == []
    (more,) = campaign.decide(c.Withhold(campaign=YEARLY, count=1, at=at(21, 2)), given(*closed, WITHHOLD))
    assert campaign.evolve(given(*closed, WITHHOLD), more).withheld == 3, "what was stored late adds to it"
    assert campaign.decide(c.Withhold(campaign=YEARLY, count=0, at=at(21, 2)), given(*closed, WITHHOLD)) == []
    assert refused(freeze(), *closed, PROPOSE, WITHHOLD) == "voiding_open"
    assert refused(freeze(), *closed, PROPOSE, APPROVE, WITHHOLD) == "voided_meanwhile"
    (frozen,) = campaign.decide(freeze(), given(*closed, WITHHOLD))
    assert isinstance(frozen, ResultsFrozen)
    assert (frozen.withheld, frozen.questionnaire, frozen.edition) == (2, "education-pupil", 1)
    assert campaign.decide(freeze(sheets=9), given(*closed, WITHHOLD, freeze())) == [], "another count comes too late"


def test_nobody_voids_answers_alone():
    open_ = (*DRAWN, OPEN, PROPOSE)
    assert refused(v.ApproveVoiding(voiding=UUID(int=5), by=MANAGER, at=at(11)), *open_) == "own_proposal"
    (voided,) = campaign.decide(APPROVE, given(*open_))
    assert (voided.sheets, voided.proposed_by, voided.approved_by) == (SHEETS, MANAGER, LEADER)
    assert refused(REFUSE, *open_, APPROVE) == "voiding_settled"
    again = v.ProposeVoiding(voiding=UUID(int=6), sheets=SHEETS[:1], reason="…", by=MANAGER, at=at(12))
    assert refused(again, *open_) == "voided_already"
    assert refused(again, *open_, APPROVE) == "voided_already"
    assert campaign.decide(again, given(*open_, REFUSE)), "what was refused may be asked again"


def test_frozen_results_have_nothing_left_to_void():
    late = v.ProposeVoiding(voiding=UUID(int=6), sheets=SHEETS, reason="…", by=MANAGER, at=at(23))
    assert refused(late, *DRAWN, OPEN, CLOSE, WITHHOLD, freeze()) == "frozen"
