"""What intake shows is a fold of what it said: each life ends in the line that it should, and totals are sums."""

import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.samples import (
    AMEND,
    ASSIGN,
    CENTRE,
    CODE,
    CORRECT,
    DEPARTMENT,
    END,
    FIRST,
    GUIDE,
    LIST,
    LIVES,
    MERGE,
    OPEN,
    PUBLISH,
    RECEIVE,
    REFUSE_PAPER,
    RENAME,
    RESOLVE,
    SPLIT,
    SUBMIT,
    SUPPLY,
    TAKE_DOWN,
    at,
    history,
    submit,
)
from kernel.decider import fold
from kernel.handlers import View
from schemas.event import Actor, Event, Meta, Personal, Recorded
from schemas.intake import PaperRefused, VisitorGuided
from services.intake.domain import procedure, unit, visit
from services.intake.projection import views
from services.intake.projection.catalogue import procedure as procedure_view
from services.intake.projection.catalogue import shown as shown_view
from services.intake.projection.line import PORTAL, ApplicationRow
from services.intake.projection.register import application as register
from services.intake.projection.slip import HandOver
from services.intake.projection.unit import UnitSince
from services.intake.projection.unit import unit as unit_view
from services.intake.projection.visit import visit as visit_view

APPLICATION = UUID(int=5)
STREAM = f"application-{APPLICATION}"
SQL = (Path(procedure.__file__).parents[1] / "tables.sql").read_text("utf-8")


def record(events: list[Event], stream: str = STREAM) -> list[Recorded]:
    """As the store has them: numbered, sealed, with what happened when."""
    meta = Meta(actor=Actor(id="officer-7", roles=("one_stop",)), happened_at=FIRST, recorded_at=FIRST)
    return [
        Recorded(id=UUID(int=n), stream=stream, number=n, meta=meta, event=sealed(event))
        for n, event in enumerate(events, 1)
    ]


def sealed(event: Event) -> Event:
    personal = {
        name: Personal(subject=value.subject, sealed=name.encode())
        for name in event.__struct_fields__
        if isinstance(value := getattr(event, name), Personal)
    }
    return msgspec.structs.replace(event, **personal)


def shown(view: View, recorded: list[Recorded]) -> dict:
    """The table: every row by its key, folded one event at a time."""
    rows: dict = {}
    for each in recorded:
        if type(each.event) in view.evolve and (key := view.key(each)) is not None:
            row = view.evolve[type(each.event)](rows.get(key), each)
            rows.pop(key, None)
            if row is not None:
                rows[key] = row
    return rows


def totals(view: View, rows: dict, table: str) -> dict:
    total = next(each for each in view.totals if each.table == table)
    sums: dict = {}
    for row in rows.values():
        for key, amounts in total.share(row):
            sums[key] = tuple(a + b for a, b in zip(sums.get(key, (0,) * len(amounts)), amounts, strict=True))
    return sums


def line(*commands) -> ApplicationRow:
    [row] = shown(register, record(history(*commands))).values()
    return row


STATUS = {
    "assigned": "in_process",
    "supplied": "in_process",
    "consulting": "in_process",
    "consulted": "in_process",
    "refused": "resolved",
    "imported": "in_process",
    "described": "in_process",
    "concluded": "resolved",
    "turned_away": "resolved",
}


@pytest.mark.parametrize("life", [each for each in LIVES if each != "none"])
def test_each_life_ends_in_its_state_for_us_and_for_the_national_portal(life):
    row = line(*LIVES[life])
    assert row.status == STATUS.get(life, life) and row.portal_status == PORTAL[row.status]
    assert row.number == len(history(*LIVES[life])) and row.stream == STREAM


@pytest.mark.parametrize("life", [each for each in LIVES if each != "none"])
def test_no_personal_value_is_shown_in_clear(life):
    text = repr(line(*LIVES[life]))
    for personal in ("Nguyễn Thị", "001190000001", "0912 345 678", "anh@example.vn", "Hoa Ban", "don.pdf", "Xin cấp"):
        assert personal not in text


def test_the_register_has_everything_a_receipt_prints():
    row = line(SUBMIT, RECEIVE)
    assert (row.code, row.received_by, row.decided_by, row.channel) == (CODE, CENTRE, DEPARTMENT, "online")
    assert row.due_at == row.first_due_at == RECEIVE.promise.due_at
    assert (row.applicant, row.content, row.file_names) == (b"applicant", b"content", b"file_names")
    assert (row.rule_pack, row.rule_version) == ("2026", "2026.1")
    assert row.tracking == RECEIVE.tracking and json.loads(row.documents)[0]["title"] == "Đơn đề nghị"


def test_a_supplement_moves_the_appointment_and_never_the_first():
    before, after = line(*LIVES["supplement_asked"]), line(*LIVES["supplied"])
    assert before.due_at == after.first_due_at == RECEIVE.promise.due_at
    assert after.due_at == SUPPLY.promise.due_at and len(json.loads(after.promises)) == 2
    assert (before.supplements_left, len(json.loads(after.documents))) == (0, 2)


def test_the_control_slip_says_who_had_it_and_whether_in_time():
    lives = LIVES["in_process"]
    due = FIRST + dt.timedelta(days=1)
    slip = []
    for left, verdict in (
        (dt.timedelta(hours=1), "before"),
        (dt.timedelta(days=1), "on"),
        (dt.timedelta(days=2), "after"),
    ):
        first = replace(ASSIGN, due_at=due)
        then = replace(ASSIGN, stage=2, to_unit=DEPARTMENT, when=at(60 * left.total_seconds() / 3600))
        row = line(*lives, first, then)
        slip = msgspec.json.decode(row.hand_overs, type=list[HandOver])
        assert (slip[0].verdict, slip[1].verdict) == (verdict, ""), left
        assert (row.holder, row.stage) == (DEPARTMENT, 2)
    done = msgspec.json.decode(line(*lives, ASSIGN, RESOLVE).hand_overs, type=list[HandOver])
    assert done[-1].left_at is not None and slip[0].from_unit == CENTRE


def test_an_opinion_is_awaited_until_it_comes():
    assert line(*LIVES["consulting"]).opinions_awaited == 1
    row = line(*LIVES["consulted"])
    assert row.opinions_awaited == 0 and json.loads(row.consultations)[0]["opinion"] == "agrees"


def test_a_late_entry_is_counted_and_says_why():
    row = line(submit(when=at(10, entered=24 * 60, reason="mất mạng")))
    assert (row.late_entries, row.late_reason) == (1, "mất mạng")


def test_a_correction_changes_the_line_and_is_counted():
    row = line(*LIVES["resolved"], CORRECT)
    assert (row.channel, row.corrected, row.applicant) == ("desk", 1, b"applicant")


# Totals


@pytest.mark.parametrize("life", [each for each in LIVES if each not in {"none", "drafted"}])
def test_a_dossier_is_counted_once_by_state(life):
    rows = shown(register, record(history(*LIVES[life])))
    by_state = totals(register, rows, "application_by_state")
    assert list(by_state.values()) == [(1,)]


def test_a_draft_is_nobodys_business():
    rows = shown(register, record(history(*LIVES["drafted"])))
    assert not totals(register, rows, "application_by_state")
    assert not totals(register, rows, "application_by_day")


def test_received_and_finished_are_counted_on_their_own_days():
    rows = shown(register, record(history(*LIVES["handed_over"])))
    assert totals(register, rows, "application_by_day") == {
        (CENTRE, "3.000465", dt.date(2026, 8, 21)): (1, 0, 0),  # corrected afterwards: it came at the desk
        (CENTRE, "3.000465", dt.date(2026, 8, 25)): (0, 0, 1),
    }


def test_what_was_never_received_is_not_finished():
    rows = shown(register, record(history(*LIVES["not_accepted"])))
    assert not totals(register, rows, "application_by_day")


# Procedures, units, visits


def procedure_events() -> list[Event]:
    state, events = procedure.initial, []
    for command in (LIST, PUBLISH, AMEND, END):
        new = procedure.decide(command, state)
        state, events = fold(procedure.procedure, new, state), events + new
    return events


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (dt.date(2026, 4, 1), "Cấp bản sao văn bằng, chứng chỉ từ sổ gốc"),
        (dt.date(2026, 10, 1), "Cấp bản sao văn bằng"),
    ],
)
def test_the_latest_line_not_later_than_a_day_is_what_the_domain_says(day, name):
    rows = shown(procedure_view, record(procedure_events(), "procedure-x")).values()
    in_force = max((each for each in rows if each.effective_from <= day), key=lambda each: each.effective_from)
    state = fold(procedure.procedure, procedure_events())
    assert in_force.name_vi == name == procedure.terms_on(state, day).terms.name_vi


def test_a_withdrawn_procedure_is_a_line_too():
    rows = shown(procedure_view, record(procedure_events(), "procedure-x"))
    last = rows["3.000465", dt.date(2026, 12, 1)]
    assert last.withdrawn and json.loads(last.replaced_by) == ["3.000466"]


def test_what_is_taken_down_is_not_shown():
    state = fold(procedure.procedure, procedure_events()[:2])
    events = [*procedure_events()[:2], *procedure.decide(TAKE_DOWN, state)]
    assert len(shown(shown_view, record(events[:2]))) == 1
    assert shown(shown_view, record(events)) == {}


@pytest.mark.parametrize(
    "commands", [(OPEN,), (OPEN, RENAME), (OPEN, RENAME, MERGE), (OPEN, SPLIT), (OPEN, SPLIT, RENAME)]
)
def test_a_units_line_has_the_history_that_the_domain_has(commands):
    state, events = unit.initial, []
    for command in commands:
        new = unit.decide(command, state)
        state, events = fold(unit.unit, new, state), events + new
    [row] = shown(unit_view, record(events, "unit-x")).values()
    told = msgspec.json.decode(row.history, type=list[UnitSince])
    for day in (dt.date(2015, 1, 1), dt.date(2019, 1, 1), dt.date(2021, 1, 1), dt.date(2026, 1, 1)):
        before = [each.facts for each in told if each.day <= day]
        assert (before[-1] if before else None) == unit.facts_on(state, day)


def test_a_visit_and_the_dossier_that_followed_meet_in_either_order():
    id = UUID(int=99)
    refused = record(visit.decide(REFUSE_PAPER, visit.initial), f"visit-{id}")
    followed = record(history(submit(visit=id, channel="assisted", assisted_by="officer-7")))
    one, other = shown(visit_view, refused + followed), shown(visit_view, followed + refused)
    assert one == other and len(one) == 1
    assert totals(visit_view, one, "visit_by_day") == {(CENTRE, "3.000465", dt.date(2026, 8, 21)): (0, 1, 1)}


def test_visits_are_counted_by_what_they_were():
    kinds = {VisitorGuided: "guided", PaperRefused: "paper_refused"}
    for command in (GUIDE, REFUSE_PAPER):
        events = visit.decide(command, visit.initial)
        [row] = shown(visit_view, record(events, "visit-1")).values()
        assert row.kind == kinds[type(events[0])] and json.loads(row.guidance)["vi"]


def test_a_submission_without_a_visit_is_no_visit():
    assert shown(visit_view, record(history(SUBMIT))) == {}


# In any order, and the tables


@settings(max_examples=200, deadline=None)
@given(st.permutations(record(history(*LIVES["handed_over"]))))
def test_events_in_any_order_leave_a_line(order):
    assert len(shown(register, order)) == 1


@pytest.mark.parametrize("view", views, ids=lambda each: each.table)
def test_tables_and_rows_name_the_same_columns_in_the_same_order(view):
    found = {
        table: re.findall(r"^    (\w+) (?!KEY)", body, re.MULTILINE)
        for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", SQL, re.DOTALL)
    }
    assert found[view.table] == list(view.row.__struct_fields__)
    for total in view.totals:
        assert found[total.table] == [*total.key, *total.amounts]


@pytest.mark.parametrize("view", views, ids=lambda each: each.table)
def test_a_column_that_may_be_empty_is_one_that_the_row_lets_be_empty(view):
    body = re.search(rf"CREATE TABLE {view.table} \((.*?)\n\);", SQL, re.DOTALL)[1]
    for field in msgspec.structs.fields(view.row):
        optional = "None" in str(field.type)
        column = re.search(rf"^    {field.name} (.*?),?$", body, re.MULTILINE)[1]
        must = "NOT NULL" in column or "PRIMARY KEY" in column or field.name in view.key_columns
        assert must is not optional, field.name
