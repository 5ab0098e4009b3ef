"""Questionnaires, invitations and boxes that tests talk about: one good command of each kind and the events of whole
lives, in the yearly and the standing campaign of samples_campaign."""

import datetime as dt
from typing import Any
from uuid import UUID

from kernel.decider import Decider, fold
from schemas.event import Event, Personal
from schemas.surveys import Sheet
from services.surveys.api.catalogue import contents
from services.surveys.domain import box as b
from services.surveys.domain import invitation as i
from services.surveys.domain import questionnaire as q
from surveys.samples_campaign import STANDING, YEARLY, at

DECIDERS: tuple[Decider[Any], ...] = (q.questionnaire, i.invitation, b.box, b.remark)
CONTENTS = {each.key: each for each in contents()}
PUPIL, PARENT, PROCEDURE = (CONTENTS[each] for each in ("education-pupil", "education-parent", "procedure"))
CLASS, LATE, IN_TIME = ("thpt-le-loi", "11A1"), ("thpt-le-loi", "late"), ("thpt-le-loi", "in_time")
WEEK = dt.date(2026, 11, 9)

PUBLISH = q.Publish(content=PUPIL, at=at(1))
ISSUE = i.Issue(campaign=YEARLY, cell=CLASS, carrier="slip", ends=dt.date(2026, 11, 20), at=at(2), printing="p1")
OPEN = i.Open(takes=True, at=at(3))
FIRST = i.EnterFirst(by="officer-1", takes=True, at=at(4))
USE = i.Use(way="online", takes=True, at=at(4))
PAPER = i.Use(way="paper", takes=True, at=at(5), entered_by=("officer-1", "officer-2"))
REVOKE = i.Revoke(ground="lost", at=at(5))
LEVELS = {each.code: 4 for each in PUPIL.questions if each.kind == "likert"}


def sheet(n: int, **more: Any) -> Sheet:
    return Sheet(id=UUID(int=n), answers={**LEVELS, **more})


RELEASE = b.Release(
    campaign=YEARLY,
    questionnaire="education-pupil",
    edition=1,
    cell=CLASS,
    sheets=tuple(sheet(n) for n in range(1, 6)),
    week=WEEK,
)
REMARK = b.ReleaseRemark(
    campaign=STANDING,
    cell=LATE,
    question="overall_remark",
    text=Personal(subject=UUID(int=77), clear="Mong trả lời đúng hẹn."),
    week=WEEK,
)
COMMANDS: list[Any] = [PUBLISH, ISSUE, OPEN, FIRST, USE, PAPER, REVOKE, RELEASE, REMARK]


def life(decider: Decider[Any], *commands: Any) -> list[Event]:
    events: list[Event] = []
    for each in commands:
        events += decider.decide(each, fold(decider, events))
    return events


HISTORIES: dict[str, list[list[Event]]] = {
    "questionnaire": [life(q.questionnaire, PUBLISH)],
    "invitation": [
        life(i.invitation, ISSUE),
        life(i.invitation, ISSUE, OPEN),
        life(i.invitation, ISSUE, OPEN, USE),
        life(i.invitation, ISSUE, FIRST),
        life(i.invitation, ISSUE, FIRST, PAPER),
        life(i.invitation, ISSUE, REVOKE),
    ],
    "box": [[], life(b.box, RELEASE)],
    "remark": [[], life(b.remark, REMARK)],
}


def all_events() -> dict[str, Event]:
    """One of each kind, as full as can be."""
    return {each.type: each for lives in HISTORIES.values() for life in lives for each in life}
