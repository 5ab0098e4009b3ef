"""Whom to ask about a result, and how often."""

import pytest

from kernel.decider import Rejected, fold
from schemas.surveys import ContactInvited
from services.surveys.domain.contact import Invite, Skip, contact
from surveys.samples_campaign import ASK, INVITE, REACH, REMIND, SKIP, STANDING, at, history


def given(*commands):
    return fold(contact, history(contact, *commands))


def test_a_result_asks_once_however_often_it_is_heard():
    assert contact.decide(ASK, given(ASK)) == []


def test_an_invitation_that_was_said_and_not_reached_is_followed_by_the_next_turn():
    (first,) = contact.decide(INVITE, given(ASK))
    assert isinstance(first, ContactInvited) and first.turn == 1
    assert contact.decide(INVITE, given(ASK, INVITE)) == []
    (second,) = contact.decide(REMIND, given(ASK, INVITE))
    assert second.turn == 2
    with pytest.raises(Rejected, match="turn_left_out"):
        contact.decide(REMIND, given(ASK))


def test_what_left_is_said_once():
    assert contact.decide(REACH, given(ASK, INVITE))
    assert contact.decide(REACH, given(ASK, INVITE, REACH)) == []
    with pytest.raises(Rejected, match="not_invited"):
        contact.decide(REACH, given(ASK))


def test_who_has_no_address_gets_no_mail_but_may_get_a_slip_at_the_desk():
    with pytest.raises(Rejected, match="skipped"):
        contact.decide(INVITE, given(ASK, SKIP))
    slip = Invite(campaign=STANDING, invitation="invitation-…", turn=1, carrier="slip", reminder=False, at=at(4))
    assert contact.decide(slip, given(ASK, SKIP))
    with pytest.raises(Rejected, match="skipped"):
        contact.decide(slip, given(ASK, Skip(ground="erased", at=at(4))))
