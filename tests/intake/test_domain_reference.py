"""Procedures, units, visits, numbers and codes, and keeping in step with the national catalogue."""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.samples import (
    AMEND,
    CATALOGUE,
    CENTRE,
    CLOSE,
    END,
    GUIDE,
    LIST,
    MERGE,
    NOW,
    OPEN,
    PUBLISH,
    REFUSE_PAPER,
    RENAME,
    SPLIT,
    TAKE,
    TAKE_DOWN,
    TERMS,
    TODAY,
    UNITS,
)
from kernel.decider import Rejected, fold
from schemas.intake import NumbersTaken, PaperRefused, ProcedureAmended, ProcessingTime, VisitorGuided
from schemas.tracking import look_up_digest, read_tracking_code, tracking_code
from services.intake.domain import catalogue, procedure, register, unit, visit
from services.intake.domain.catalogue import Difference, National, Ours, bring_in_line, diff
from services.intake.domain.register import Code, is_code, read_code, register_stream, write_code

DAY = dt.timedelta(days=1)


def after(decider, *commands):
    state = decider.initial
    for command in commands:
        state = fold(decider, decider.decide(command, state), state)
    return state


def refused(decider, command, *before) -> str:
    with pytest.raises(Rejected) as found:
        decider.decide(command, after(decider, *before))
    return found.value.code


# Procedures


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (dt.date(2026, 3, 31), None),
        (dt.date(2026, 4, 1), TERMS.name_vi),
        (dt.date(2026, 8, 31), TERMS.name_vi),
        (dt.date(2026, 9, 1), "Cấp bản sao văn bằng"),
        (dt.date(2026, 11, 30), "Cấp bản sao văn bằng"),
        (dt.date(2026, 12, 1), None),
    ],
)
def test_a_dossier_is_judged_by_the_terms_of_the_day_it_came(day, name):
    found = procedure.terms_on(after(procedure.procedure, LIST, AMEND, END), day)
    assert (found.terms.name_vi if found and found.terms else None) == name


def test_an_amendment_says_what_changed():
    [event] = procedure.decide(
        procedure.AmendProcedure(effective_from=dt.date(2026, 9, 1), terms=replace(TERMS, fee_vnd=0)),
        after(procedure.procedure, LIST),
    )
    assert isinstance(event, ProcedureAmended) and event.changed == ("fee_vnd",), "free is not unknown"


def test_what_is_listed_is_amended_and_not_listed_again():
    other = replace(LIST, terms=replace(TERMS, fee_vnd=1))
    assert refused(procedure.procedure, other, LIST) == "already_listed"
    assert refused(procedure.procedure, AMEND) == "not_listed"
    assert refused(procedure.procedure, END) == "not_listed"
    assert refused(procedure.procedure, PUBLISH) == "not_listed"


def test_a_withdrawn_procedure_may_come_back():
    again = replace(LIST, effective_from=dt.date(2027, 1, 1))
    state = after(procedure.procedure, LIST, END, again)
    assert procedure.terms_on(state, dt.date(2026, 12, 31)) is None and procedure.terms_on(state, dt.date(2027, 1, 1))


def test_a_one_stop_shows_what_was_in_force_when_it_was_published():
    state = after(procedure.procedure, LIST, PUBLISH, AMEND)
    assert dict(state.shown) == {CENTRE: dt.date(2026, 4, 1)}
    later = replace(PUBLISH, on=dt.date(2026, 9, 2))
    assert dict(after(procedure.procedure, LIST, PUBLISH, AMEND, later).shown) == {CENTRE: dt.date(2026, 9, 1)}
    assert after(procedure.procedure, LIST, PUBLISH, TAKE_DOWN).shown == ()


# The reviewed catalogue


COMMANDS = catalogue.commands_of(CATALOGUE)
PROCEDURES = {}
for stream, command in COMMANDS:
    state = PROCEDURES.get(stream, procedure.initial)
    PROCEDURES[stream] = fold(procedure.procedure, procedure.decide(command, state), state)


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda each: f"{each['id']} {each['effective_from']}")
def test_every_line_of_the_catalogue_is_read_and_official_only_where_confirmed(row):
    if row["withdrawn"]:
        assert row["decision"]
        return
    terms = catalogue.terms_of(row)
    assert terms.source and terms.name_en
    assert not (terms.confidence == "L" and terms.official)
    assert (terms.fee_vnd is None) == (row["fee_vnd"] == ""), "unknown is not zero"
    assert "github" not in terms.source.lower() and "http" not in terms.source


def test_a_line_may_say_how_its_deadlines_are_counted_and_says_nothing_where_it_does_not():
    row = next(each for each in CATALOGUE if not each["withdrawn"])
    plain = catalogue.terms_of(row)
    assert (plain.at_supplement, plain.close_after, plain.warn_before) == (None, None, 0)
    said = catalogue.terms_of(row | {"at_supplement": "pause", "close_after": "0", "warn_before": "2"})
    assert said == replace(plain, at_supplement="pause", close_after=0, warn_before=2)
    for wrong in ({"at_supplement": "stop"}, {"close_after": "-1"}, {"warn_before": "soon"}):
        with pytest.raises(ValueError):
            catalogue.terms_of(row | wrong)


def test_the_catalogue_said_twice_changes_nothing():
    for stream, command in COMMANDS:
        assert procedure.decide(command, PROCEDURES[stream]) == []


@pytest.mark.parametrize(
    ("id", "day", "days"),
    [
        ("2.002478", dt.date(2019, 9, 11), (("", 2),)),
        ("2.002478", dt.date(2026, 5, 9), (("", 2),)),
        ("2.002478", dt.date(2026, 5, 10), None),
        ("2.002854", dt.date(2026, 5, 9), None),
        ("2.002854", dt.date(2026, 5, 10), (("", 8), ("within_province", 5))),
    ],
)
def test_transfers_change_hands_on_10_may_2026(id, day, days):
    found = procedure.terms_on(PROCEDURES[procedure.procedure_stream(id)], day)
    assert (tuple((t.case, t.amount) for t in found.terms.times) if found and found.terms else None) == days
    if id == "2.002478" and found and found.terms:
        assert (found.terms.online_level, found.terms.confidence) == (3, "M")


# In step with the national catalogue


def ours(id: str = "3.000465", shown=None, **changes) -> Ours:
    terms = replace(TERMS, **{"national_code": id, **changes})
    return Ours(procedure=id, since=dt.date(2026, 4, 1), terms=terms, shown=shown or {})


def national(code: str = "3.000465", **changes) -> National:
    return National(**{"code": code, "effective_from": dt.date(2026, 6, 1), "name_vi": TERMS.name_vi, **changes})


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ([ours()], [national()], []),
        ([], [national()], [("missing", ())]),
        ([ours()], [], [("surplus", ())]),
        ([ours()], [national(withdrawn=True)], [("surplus", ())]),
        ([], [national(withdrawn=True)], []),
        ([ours()], [national(fee_vnd=0)], [("outdated", ("fee_vnd",))]),
        ([ours()], [national(name_vi="Tên mới")], [("outdated", ("name_vi",))]),
        ([ours()], [national(times=(ProcessingTime(amount=3),))], [("outdated", ("times",))]),
        ([ours(national_code="")], [], []),
        ([ours(national_code="")], [national()], [("outdated", ("national_code",))]),
    ],
)
def test_the_catalogue_is_compared_in_what_the_nation_says(mine, theirs, expected):
    assert [(each.kind, each.fields) for each in diff(mine, theirs, {})] == expected


@pytest.mark.parametrize(
    ("shown", "changes", "kind"),
    [
        ({}, {}, "missing"),
        ({CENTRE: dt.date(2026, 4, 1)}, {}, None),
        ({CENTRE: dt.date(2026, 1, 1)}, {}, "outdated"),
        ({CENTRE: dt.date(2026, 4, 1)}, {"authority": "school"}, "surplus"),
        ({}, {"official": False}, None),
        ({CENTRE: dt.date(2026, 4, 1)}, {"official": False}, "surplus"),
    ],
)
def test_each_one_stop_is_compared_with_our_catalogue(shown, changes, kind):
    found = diff([ours(shown=shown, **changes)], [national()], {CENTRE: frozenset({"province_department"})})
    of_unit = [each.kind for each in found if each.unit == CENTRE]
    assert of_unit == ([kind] if kind else [])


def test_bringing_in_line_leaves_nothing_to_bring():
    theirs = [national(fee_vnd=0), national("2.002854", name_vi="Chuyển trường"), national("9.999999", withdrawn=True)]
    states = {procedure.procedure_stream("3.000465"): after(procedure.procedure, LIST)}
    states[procedure.procedure_stream("1.000001")] = after(
        procedure.procedure, replace(LIST, procedure="1.000001", terms=replace(TERMS, national_code="1.000001"))
    )
    offers = {CENTRE: frozenset({"province_department"}), "thpt-le-loi": frozenset({"school"})}
    on = dt.date(2026, 7, 1)

    def now() -> list[Ours]:
        found = []
        for state in states.values():
            terms = procedure.terms_on(state, on)
            found.append(
                Ours(
                    procedure=state.id,
                    since=terms.since if terms else on,
                    terms=terms.terms if terms else None,
                    shown=dict(state.shown),
                )
            )
        return found

    assert {each.kind for each in diff(now(), theirs, offers)} == {"missing", "outdated", "surplus"}
    for _ in range(2):  # the catalogue first, then the units by the catalogue
        for stream, command in bring_in_line(diff(now(), theirs, offers), now(), theirs, on):
            state = states.get(stream, procedure.initial)
            states[stream] = fold(procedure.procedure, procedure.decide(command, state), state)
    assert diff(now(), theirs, offers) == ()


def test_a_difference_that_nobody_can_mend_is_left():
    lost = Difference(kind="missing", unit="", procedure="5.000000", name="không có")
    assert bring_in_line([lost], [], [], TODAY) == ()


# Units


def test_a_unit_is_what_it_was_on_the_day():
    state = after(unit.unit, OPEN, RENAME, MERGE)
    names = [f.name if (f := unit.facts_on(state, dt.date(y, 8, 1))) else None for y in (2015, 2019, 2020, 2024, 2025)]
    assert names == [None, "Trường THPT Lê Lợi", "Trường THPT Lê Lợi - Suối Hoa", "Trường THPT Lê Lợi - Suối Hoa", None]
    assert state.successors == ((dt.date(2025, 7, 1), ("thpt-tran-phu",)),)


def test_a_split_unit_may_go_on_itself():
    state = after(unit.unit, OPEN, SPLIT)
    assert unit.facts_on(state, dt.date(2026, 1, 1)) is not None
    gone = after(unit.unit, OPEN, replace(SPLIT, into=("a", "b")))
    assert unit.facts_on(gone, dt.date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("command", "before", "code"),
    [
        (RENAME, (), "not_open"),
        (MERGE, (), "not_open"),
        (CLOSE, (), "not_open"),
        (RENAME, (OPEN, replace(CLOSE, effective_from=dt.date(2018, 1, 1))), "not_open"),
        (replace(MERGE, into="thpt-le-loi"), (OPEN,), "merges_with_itself"),
        (replace(MERGE, into=""), (OPEN,), "merges_with_itself"),
        (replace(SPLIT, into=("a",)), (OPEN,), "not_a_split"),
        (replace(SPLIT, into=("a", "a")), (OPEN,), "not_a_split"),
        (replace(OPEN, facts=RENAME.facts), (OPEN,), "already_open"),
    ],
)
def test_what_can_not_happen_to_a_unit_is_refused(command, before, code):
    assert refused(unit.unit, command, *before) == code


def test_the_invented_province_is_brought_about_and_said_twice_changes_nothing():
    states = {}
    commands = unit.commands_of(UNITS)
    for stream, command in commands:
        state = states.get(stream, unit.initial)
        states[stream] = fold(unit.unit, unit.decide(command, state), state)
    for stream, command in commands:
        assert unit.decide(command, states[stream]) == []
    facts = [f for state in states.values() if (f := unit.facts_on(state, TODAY))]
    kinds = [each.kind for each in facts]
    assert kinds.count("school") == 40 and kinds.count("service_centre") == 1 and kinds.count("department") == 1
    assert all(each.invented for each in facts)
    codes = [each.codes["2020"] for each in facts]
    assert len(set(codes)) == len(codes) and all(is_code(each) for each in codes)
    ids = {state.id for state in states.values()}
    assert {each.parent for each in facts} - {""} <= ids
    places = [unit.place(state.id, f) for state in states.values() if (f := unit.facts_on(state, TODAY))]
    assert all(each.hours and each.address and each.how_to_find for each in places)


# Visits


def test_at_the_wrong_desk_people_are_told_the_right_one():
    [event] = visit.decide(GUIDE, visit.initial)
    assert isinstance(event, VisitorGuided) and event.guidance.to == GUIDE.places
    assert event.guidance.online and "Trung tâm Phục vụ" in event.guidance.vi and "{" not in event.guidance.vi
    assert event.rule.name == "any_one_stop_of_the_province"


def test_paper_for_an_online_procedure_is_refused_with_an_offer_of_help():
    [event] = visit.decide(REFUSE_PAPER, visit.initial)
    assert isinstance(event, PaperRefused) and event.level == 4 and event.guidance.assisted
    assert TERMS.name_vi in event.guidance.vi and TERMS.name_en in event.guidance.en


def test_who_may_be_served_here_is_not_sent_away():
    online = replace(REFUSE_PAPER, channel="online")
    assert refused(visit.visit, online) == "received_here"


def test_guidance_without_a_place_or_wording_still_speaks():
    bare = replace(GUIDE, places=(), rules=replace(NOW, wording={}))
    [event] = visit.decide(bare, visit.initial)
    assert TERMS.name_vi in event.guidance.vi


# Numbers and codes


def test_numbers_follow_each_other_and_are_never_given_twice():
    state, given_out = register.initial, []
    for n in range(200):
        command = replace(TAKE, request=UUID(int=n), count=n % 7 + 1)
        [event] = register.decide(command, state)
        assert isinstance(event, NumbersTaken)
        given_out += range(event.first, event.last + 1)
        state = fold(register.register, [event], state)
        assert register.decide(command, state) == []
    assert given_out == list(range(1, len(given_out) + 1))


@pytest.mark.parametrize("count", [0, -1])
def test_no_numbers_are_not_taken(count):
    assert refused(register.register, replace(TAKE, count=count)) == "no_numbers"


def test_each_unit_has_its_own_numbers_each_day():
    streams = {register_stream(u, TODAY + n * DAY) for u in ("a", "b") for n in range(3)}
    assert len(streams) == 6 and all(each.startswith("register-") for each in streams)


@pytest.mark.parametrize(
    ("form", "agency", "number", "code"),
    [
        ("2019", "12.H56", 1, "000.00.12.H56-190911-0001"),
        ("2019", "03.12.H56", 9999, "000.03.12.H56-190911-9999"),
        ("2019", "12.H56", 10000, "000.00.12.H56-190911-10000"),
        ("2020", "H56.12", 1, "H56.12-190911-0001"),
        ("2020", "H56.12.103", 12345, "H56.12.103-190911-12345"),
        ("central", "H56.12", 7, "H56.12-190911-AA0007"),
    ],
)
def test_codes_are_written_as_the_pack_says_and_widen_beyond_9999(form, agency, number, code):
    assert write_code(form, agency, dt.date(2019, 9, 11), number) == code
    read = read_code(f" {code.lower()} ")
    assert read and (read.form, read.on, read.number) == (form, dt.date(2019, 9, 11), number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H56",
        "H56.12-191311-0001",
        "H56.12-190911-001",
        "H56.12-190911-A0001",
        "Đ6.12-190911-0001",
        "H" * 30 + "-190911-0001",
        "H56.12_190911_0001",
    ],
)
def test_what_is_no_code_is_not_read(text):
    assert read_code(text) is None


@pytest.mark.parametrize(("agency", "number"), [("h56.12", 1), ("H56 12", 1), ("H" * 30, 1), ("H56.12", -1)])
def test_a_code_that_could_not_be_read_is_not_written(agency, number):
    with pytest.raises(ValueError, match="no code"):
        write_code("2020", agency, TODAY, number)


@settings(max_examples=500, deadline=None)
@given(
    form=st.sampled_from(["2019", "2020", "central"]),
    unit=st.integers(1, 99),
    on=st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)),
    number=st.integers(0, 999_999),
)
def test_what_is_written_is_read_back(form, unit, on, number):
    agency = f"{unit:02}.H56" if form == "2019" else f"H56.{unit}"
    code = write_code(form, agency, on, number)
    read = read_code(code)
    system = "AA" if form == "central" else ""
    assert read == Code(form=form, agency=read.agency, on=on, number=number, system=system)
    assert agency in read.agency and is_code(code)


KEY = b"a key for tests, and long enough"


def test_another_deployments_key_gives_other_codes_and_other_digests():
    mine, other = tracking_code(UUID(int=1), KEY), tracking_code(UUID(int=1), KEY[::-1])
    assert mine != other and look_up_digest(mine, KEY) != look_up_digest(mine, KEY[::-1])


@settings(max_examples=500, deadline=None)
@given(id=st.uuids(), place=st.integers(0, 9), other=st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_of_a_tracking_code_is_noticed(id, place, other):
    code = tracking_code(id, KEY)
    plain = code.replace("-", "")
    assert read_tracking_code(f" {plain.lower()} ") == code
    wrong = plain[:place] + other + plain[place + 1 :]
    assert read_tracking_code(wrong) == (code if wrong == plain else None)


def test_letters_that_look_like_digits_are_read_as_those():
    codes = (tracking_code(UUID(int=n), KEY) for n in range(1000))
    code = next(each for each in codes if "0" in each and "1" in each)
    assert read_tracking_code(code.replace("0", "O").replace("1", "l")) == code


def test_tracking_codes_do_not_follow_each_other():
    codes = {tracking_code(UUID(int=n), KEY) for n in range(5000)}
    assert len(codes) == 5000 and len({each[:5] for each in codes}) > 4900
