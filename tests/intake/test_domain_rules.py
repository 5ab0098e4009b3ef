"""Which rules hold on a day, and what they say about who may receive what, and how."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from intake.samples import CALENDAR, FIRST, NOW, PACKS, SINCE, TERMS
from kernel.calendar import ZONE, local, working
from kernel.decider import Rejected
from kernel.packs import marks
from schemas.intake import ProcessingTime
from services.intake.domain.appointment import promise, shares, supplement_by
from services.intake.domain.rules import (
    Admitted,
    OnlineRequired,
    WrongPlace,
    admission,
    online_level,
    rules_on,
)

DAYS = [
    dt.date(2017, 12, 17),
    dt.date(2017, 12, 18),
    dt.date(2018, 10, 7),
    dt.date(2018, 10, 8),
    dt.date(2019, 9, 11),
    dt.date(2025, 6, 30),
    dt.date(2025, 7, 1),
    dt.date(2026, 6, 30),
    dt.date(2026, 7, 1),
]
RULES = {day: rules_on(day, PACKS) for day in DAYS}
AUTHORITIES = ("province_department", "province_committee", "school", "commune")
KINDS = ("service_centre", "department", "office", "school", "commune", "committee")
CHANNELS = ("desk", "post", "hired_service", "authorised", "online", "assisted", "national_portal")
PAPER = {"desk", "post", "hired_service", "authorised"}
ONE_PLACE, NO_PAPER, TWO_LEVELS = dt.date(2017, 12, 18), dt.date(2018, 10, 8), dt.date(2025, 7, 1)


def may_receive(day: dt.date, authority: str, kind: str) -> bool:
    """The orders as sentences, written again and otherwise than in the files."""
    if authority == "school":
        return kind == "school"
    if authority == "commune":
        return kind == "commune" or (kind == "service_centre" and day >= TWO_LEVELS)
    if kind == "service_centre":
        return True
    if kind == "department":
        return day < ONE_PLACE
    return kind == "commune" and day >= TWO_LEVELS


@pytest.mark.parametrize(
    ("day", "authority", "kind", "channel"), list(itertools.product(DAYS, AUTHORITIES, KINDS, CHANNELS))
)
def test_who_may_receive_what_on_which_day(day, authority, kind, channel):
    rules = RULES[day]
    for level in (2, 3, 4):
        answer = admission(rules, replace(TERMS, authority=authority, online_level=level), kind, channel)
        if not may_receive(day, authority, kind):
            assert isinstance(answer, WrongPlace) and kind not in answer.kinds and answer.kinds
        elif day >= NO_PAPER and level >= 3 and channel in PAPER:
            assert isinstance(answer, OnlineRequired) and answer.level == level and answer.assist
        else:
            assert isinstance(answer, Admitted)


@pytest.mark.parametrize("day", DAYS)
def test_a_level_nobody_knows_is_full_online_from_1_july_2026_and_unknown_before(day):
    expected = 4 if day >= dt.date(2026, 7, 1) else 0
    assert online_level(replace(TERMS, online_level=None), rules_on(day, PACKS)) == expected


@pytest.mark.parametrize(
    ("day", "name", "pack"),
    [
        (dt.date(2017, 12, 17), "each_unit_receives", "2019"),
        (dt.date(2017, 12, 18), "one_place_receives", "2019"),
        (dt.date(2025, 6, 30), "one_place_receives", "2019"),
        (dt.date(2025, 7, 1), "any_one_stop_of_the_province", "2026"),
    ],
)
def test_a_rule_is_in_force_from_its_day_on_and_names_its_pack_and_version(day, name, pack):
    cited = rules_on(day, PACKS).receiving_cited
    assert (cited.name, cited.pack) == (name, pack) and cited.version and cited.basis


def test_a_rule_ends_with_its_last_day_and_the_one_before_holds_again():
    order = {**PACKS[2], "online_only": [{**PACKS[2]["online_only"][0], "until": dt.date(2025, 6, 30)}]}
    packs = [*PACKS[:2], order]
    assert rules_on(dt.date(2025, 6, 30), packs).online_only.min_level == 3
    assert rules_on(dt.date(2025, 7, 1), packs).online_only.min_level == 0


def test_the_province_wins_over_the_law_of_the_land():
    own = {
        "pack": "x",
        "version": "1",
        "cut_off": [{"name": "n", "from": dt.date(2020, 1, 1), "basis": "b", "time": "17:00"}],
    }
    assert rules_on(dt.date(2026, 8, 21), [*PACKS, own]).cut_off == dt.time(17)
    assert rules_on(dt.date(2019, 8, 21), [*PACKS, own]).cut_off == dt.time(15)


def test_before_the_first_rule_there_are_none():
    with pytest.raises(KeyError):
        rules_on(dt.date(2000, 1, 1), PACKS)


@pytest.mark.parametrize(("cited", "since", "mark"), list(marks(PACKS)), ids=str)
def test_every_entry_says_where_it_comes_from_and_how_sure_we_are(cited, since, mark):
    assert cited.basis and cited.name and mark.rpartition(":")[2] in {"H", "M", "L"} and since.year >= 2015


@pytest.mark.parametrize("day", DAYS)
def test_every_form_of_a_dossier_has_a_title_in_both_languages(day):
    forms = rules_on(day, PACKS).forms
    for name in ("receipt", "supplement", "refusal", "control_slip", "register", "stop"):
        assert forms[name].title.vi and forms[name].title.en


# Appointments


def at(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=ZONE)


def test_the_appointment_says_what_it_was_counted_from():
    promised = promise(TERMS, SINCE, NOW, CALENDAR, at(2026, 8, 28, 15, 30))
    assert (promised.amount, promised.unit, promised.cut_off) == (5, "working_days", "15:00")
    assert (promised.counted_from, promised.calendar) == (dt.date(2026, 9, 3), CALENDAR.version)
    assert local(promised.due_at) == at(2026, 9, 10, 17)
    rule = promised.rule
    assert (rule.pack, rule.version, rule.basis) == ("catalogue", "2026-04-01", "62/2021/NĐ-CP"), (
        "the terms of that day"
    )


@pytest.mark.parametrize(
    ("day", "decree"), [(dt.date(2019, 9, 11), "61/2018"), (dt.date(2025, 6, 30), "61/2018"), (TWO_LEVELS, "118/2025")]
)
def test_a_refusal_and_a_supplement_rest_on_the_decree_in_force(day, decree):
    rules = RULES[day]
    assert decree in rules.refusal_cited.basis and decree in rules.supplement.cited.basis


@pytest.mark.parametrize(("cut_off", "day"), [("", 8), ("none", 7), ("17:00", 7)])
def test_the_cut_off_is_a_setting_of_the_procedure(cut_off, day):
    three = replace(TERMS, times=(ProcessingTime(amount=3),), cut_off=cut_off)
    assert local(promise(three, SINCE, NOW, CALENDAR, at(2026, 8, 28, 15, 30)).due_at) == at(2026, 9, day, 17)


def test_a_case_of_its_own_has_its_own_time_and_an_unknown_case_the_ordinary_one():
    assert promise(TERMS, SINCE, NOW, CALENDAR, FIRST, "urgent").amount == 2
    assert promise(TERMS, SINCE, NOW, CALENDAR, FIRST, "no such case").amount == 5


def test_where_the_time_is_unknown_the_receipt_says_that_the_province_agreed_on_it():
    promised = promise(replace(TERMS, times=()), SINCE, NOW, CALENDAR, FIRST)
    assert (promised.amount, promised.rule.pack, promised.rule.name) == (10, "province", "agreed_processing_time")


def test_where_nobody_knows_the_time_nothing_is_promised():
    with pytest.raises(Rejected, match="time_unknown"):
        promise(replace(TERMS, times=()), SINCE, replace(NOW, default_time=None), CALENDAR, FIRST)


@pytest.mark.parametrize("hour", range(24))
def test_stages_share_the_time_in_order_and_end_with_the_appointment(hour):
    promised = promise(TERMS, SINCE, NOW, CALENDAR, at(2026, 8, 28, hour))
    dues = [each.due_at for each in promised.stages]
    assert dues == sorted(dues) and dues[-1] == promised.due_at
    assert [each.role for each in promised.stages] == ["one_stop", "expert", "head"]
    assert all(working(local(each).date(), CALENDAR) for each in dues)


def test_a_procedure_without_stages_has_the_provinces_and_none_has_none():
    assert len(promise(replace(TERMS, stages=()), SINCE, NOW, CALENDAR, FIRST).stages) == 4
    assert shares((), FIRST, FIRST, CALENDAR) == ()


def test_the_time_to_ask_for_a_supplement_is_three_working_days():
    assert local(supplement_by(NOW, CALENDAR, FIRST)) == at(2026, 8, 25, 17)
