"""A yearly and a standing campaign and people to ask, that tests talk about: one good command of each kind and the
events of whole lives. The yearly one runs from 2 to 20 November 2026 in two schools."""

import datetime as dt
from typing import Any
from uuid import UUID

from kernel.calendar import ZONE
from kernel.decider import Decider, fold
from schemas.event import Event, encode
from schemas.surveys import Chosen, Design, Figure, FrameClass, FrameSchool, Reserve, StratumPlan, Wording
from services.surveys.domain import campaign as c
from services.surveys.domain import contact as k
from services.surveys.domain import drawing as d
from services.surveys.domain import planning as p
from services.surveys.domain import voiding as v

DECIDERS: tuple[Decider[Any], ...] = (c.campaign, k.contact)
YEARLY, STANDING = (
    "campaign-00000000-0000-0000-0000-00000000000a",
    "campaign-00000000-0000-0000-0000-00000000000b",
)
APPLICATION = "application-00000000-0000-0000-0000-000000000001"
MANAGER, LEADER = "manager-1", "leader-1"


def at(day: int, hour: int = 9, *, month: int = 11) -> dt.datetime:
    """A moment of 2026 by the clock on the wall in Việt Nam; November where no month is named."""
    return dt.datetime(2026, month, day, hour, tzinfo=ZONE).astimezone(dt.UTC)


def plan(**changes: Any) -> p.Plan:
    return p.Plan(
        **{
            "campaign": YEARLY,
            "kind": "yearly",
            "title": Wording(vi="Khảo sát học sinh năm 2026", en="Pupils asked in 2026"),
            "group": "pupil",
            "questionnaire": "education-pupil",
            "edition": 1,
            "starts": dt.date(2026, 11, 2),
            "ends": dt.date(2026, 11, 20),
            "batch": 5,
            "unit": "so-gddt",
            "at": at(1),
            "target": 40,
            **changes,
        }
    )


def standing(**changes: Any) -> p.Plan:
    return plan(
        **{
            "campaign": STANDING,
            "kind": "standing",
            "title": Wording(vi="Sau khi trả kết quả", en="After a result"),
            "group": "applicant",
            "questionnaire": "procedure",
            "target": 0,
            "remind_after": (3, 7),
            **changes,
        }
    )


SCHOOLS = tuple(
    FrameSchool(
        school=f"thpt-{n}",
        name=f"Trường THPT số {n}",
        stratum=stratum,
        classes=tuple(FrameClass(name=f"10A{k}", size=40) for k in (1, 2, 3)),
    )
    for n, stratum in ((1, "urban"), (2, "urban"), (3, "rural"), (4, "rural"))
)


def chosen(school: str, stratum: str, name: str = "10A1") -> Chosen:
    return Chosen(
        school=school,
        stratum=stratum,
        class_name=name,
        size=40,
        asked=40,
        school_chance=0.5,
        class_chance=1 / 3,
        person_chance=1.0,
    )


FRAME = d.ImportFrame(schools=SCHOOLS, digest="f" * 64, at=at(1, 10))
DRAW = d.Draw(
    design=Design(),
    digest="f" * 64,
    seed="0123456789abcdef",
    method="strata-pps-srs/1",
    strata=tuple(
        StratumPlan(stratum=each, population=240, schools=2, needed=30, asked=40, drawn=1)
        for each in ("rural", "urban")
    ),
    chosen=(chosen("thpt-3", "rural"), chosen("thpt-1", "urban")),
    reserves=(Reserve(stratum="rural", schools=("thpt-4",)), Reserve(stratum="urban", schools=("thpt-2",))),
    at=at(1, 11),
)
REPLACE = d.ReplaceSchool(
    school="thpt-1", by="thpt-2", chosen=(chosen("thpt-2", "urban"),), reason="Trường đang sửa chữa", at=at(1, 12)
)
OPEN, EXTEND = c.Open(at=at(2)), c.Extend(ends=dt.date(2026, 11, 25), reason="Mưa lũ", at=at(19))
CLOSE, ENDED = c.Close(reason="Đủ phiếu", at=at(18)), c.Notice(now=at(21, 0))
CANCEL = c.Cancel(reason="Lập nhầm", at=at(1, 12))
SHEETS = (UUID(int=21), UUID(int=22))
PROPOSE = v.ProposeVoiding(voiding=UUID(int=5), sheets=SHEETS, reason="Hai phiếu chép nhau", by=MANAGER, at=at(10))
APPROVE = v.ApproveVoiding(voiding=UUID(int=5), by=LEADER, at=at(11))
REFUSE = v.RefuseVoiding(voiding=UUID(int=5), reason="Không đủ căn cứ", by=LEADER, at=at(11))
WITHHOLD = c.Withhold(campaign=YEARLY, count=2, at=at(21, 1))


def freeze(**changes: Any) -> c.Freeze:
    return c.Freeze(
        **{
            "method": "education-index/1",
            "issued": 80,
            "used": 44,
            "sheets": 42,
            "counted_void": frozenset(),
            "digest": "d" * 64,
            "figures": (
                Figure(cell=(), area="", n=42, people=480, share=0.8, low=0.7, high=0.88, mean=4.1, error=0.1),
            ),
            "at": at(22),
            **changes,
        }
    )


ASK = k.Ask(application=APPLICATION, unit="so-gddt", handed_over_at=at(3))
INVITE = k.Invite(
    campaign=STANDING,
    invitation="invitation-00000000-0000-0000-0000-00000000000c",
    turn=1,
    carrier="email",
    reminder=False,
    at=at(3, 11),
)
REMIND = k.Invite(
    campaign=STANDING,
    invitation="invitation-00000000-0000-0000-0000-00000000000d",
    turn=2,
    carrier="email",
    reminder=True,
    at=at(6, 11),
)
REACH = k.Reach(turn=1, proof="250 Ok", at=at(3, 11))
SKIP = k.Skip(ground="no_address", at=at(3, 11))

COMMANDS: tuple[Any, ...] = (
    plan(),
    standing(),
    FRAME,
    DRAW,
    REPLACE,
    OPEN,
    EXTEND,
    CLOSE,
    ENDED,
    CANCEL,
    WITHHOLD,
    freeze(),
    PROPOSE,
    APPROVE,
    REFUSE,
    ASK,
    INVITE,
    REMIND,
    REACH,
    SKIP,
)


def history(decider: Decider[Any], *commands: Any) -> list[Event]:
    """The events that these commands come to, said one after the other."""
    events: list[Event] = []
    for each in commands:
        events += decider.decide(each, fold(decider, events))
    return events


_drawn = (plan(), FRAME, DRAW)
HISTORIES: dict[str, list[list[Event]]] = {
    "campaign": [
        [],
        history(c.campaign, plan()),
        history(c.campaign, plan(), FRAME),
        history(c.campaign, *_drawn),
        history(c.campaign, *_drawn, REPLACE, OPEN),
        history(c.campaign, *_drawn, OPEN, EXTEND, CLOSE),
        history(c.campaign, *_drawn, OPEN, PROPOSE, REFUSE, ENDED, WITHHOLD),
        history(
            c.campaign,
            *_drawn,
            OPEN,
            PROPOSE,
            APPROVE,
            ENDED,
            WITHHOLD,
            freeze(counted_void=frozenset(SHEETS), sheets=40),
        ),
        history(c.campaign, standing(), OPEN),
        history(c.campaign, plan(), CANCEL),
    ],
    "contact": [
        [],
        history(k.contact, ASK),
        history(k.contact, ASK, INVITE),
        history(k.contact, ASK, INVITE, REACH, REMIND),
        history(k.contact, ASK, SKIP),
    ],
}


def all_events() -> dict[str, Event]:
    """One of every event that campaigns and contacts ever say, by wire name; the fuller one where there are several."""
    found = [event for lives in HISTORIES.values() for life in lives for event in life]
    return {event.type: event for event in sorted(found, key=lambda each: len(encode(each)))}
