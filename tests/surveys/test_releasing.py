"""Letting answers go: many at once, once, whatever fails; and at the end up the tree, or not at all."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import waiting
from kernel.service import Service
from schemas.surveys import AnswersReleased, AnswersWithheld, RemarkReleased
from services.surveys.api import releasing, sealing
from services.surveys.api.answering import opened, send
from services.surveys.domain.box import in_parts, together
from services.surveys.domain.campaign import campaign
from surveys.field import Field, sheet_ids
from surveys.samples import IN_TIME, LATE, sheet
from surveys.test_answering import GOOD, LATE_TOO

pytestmark = pytest.mark.xdist_group("surveys")


async def answered(field: Field, stream: str, cell: tuple[str, ...], count: int, **more: Any) -> None:
    answers = GOOD | (LATE_TOO if cell[-1] == "late" else {}) | more
    for token in await field.issue(stream, cell, count):
        told = await field.answer(token, answers)
        assert told.status_code == 201, told.text


async def said(field: Field, kind: Any, stream: str) -> list[Any]:
    rows = await field.service.pool.fetch("SELECT DISTINCT stream FROM truth.events WHERE type = $1", kind.type)
    found = []
    for row in rows:
        found += [each.event for each in await field.service.history(row["stream"]) if type(each.event) is kind]
    return [each for each in found if each.campaign == stream]


async def audit(field: Field, stream: str) -> tuple[int, int, int, int]:
    """Used, sheets, waiting, withheld."""
    used = await field.service.pool.fetchval("SELECT sum(used)::int FROM view.invited WHERE campaign = $1", stream)
    state, _ = await field.service.state(campaign, stream)
    return used or 0, len(await field.sheets(stream)), await field.waiting(stream), state.withheld or 0


async def test_fewer_than_the_batch_go_on_waiting_and_then_all_go_together(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    await answered(surveys_field, stream, LATE, 4)
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (4, 0, 4, 0)
    await answered(surveys_field, stream, LATE, 2, overall_remark="Cô Lan trả lời rất chậm.")
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (6, 6, 0, 0)
    (one,) = await said(surveys_field, AnswersReleased, stream)
    assert one.cell == LATE and one.week.weekday() == 0
    assert all("overall_remark" not in each.answers for each in one.sheets)
    assert all(each.answers["delay_harm"] == ("journeys", "costs") for each in one.sheets)
    remarks = await said(surveys_field, RemarkReleased, stream)
    assert len(remarks) == 2 and len({each.text.subject for each in remarks}) == 2
    assert all(each.text.clear is None for each in remarks), "sealed, for people write names"


async def test_at_the_end_what_is_left_goes_up_to_the_group_above(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    await answered(surveys_field, stream, LATE, 3)
    await answered(surveys_field, stream, IN_TIME, 2)
    await answered(surveys_field, stream, ("thpt-khac", "late"), 4)
    await surveys_field.close(stream)
    await surveys_field.released(grace=30)
    assert await surveys_field.waiting(stream) == 9, "answers that were being taken may still come"
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (9, 5, 0, 4)
    assert {tuple(row["cell"]) for row in await surveys_field.sheets(stream)} == {("thpt-le-loi",)}
    (end,) = await said(surveys_field, AnswersWithheld, stream)
    assert end.count == 4
    await surveys_field.released()
    assert len(await said(surveys_field, AnswersWithheld, stream)) == 1, "once"


async def test_an_answer_that_is_stored_later_than_anybody_waited_is_not_left_lying(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    late, *others = await surveys_field.issue(stream, LATE, 8)
    found = [await opened(surveys_field.service, each) for each in (late, *others)]
    await surveys_field.close(stream)
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (0, 0, 0, 0)
    await send(surveys_field.service, found[0], GOOD | LATE_TOO)  # the database hung for a minute, say
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (1, 0, 0, 1)
    for each in found[1:]:
        await send(surveys_field.service, each, GOOD | LATE_TOO)
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (8, 7, 0, 1)
    row = await surveys_field.service.pool.fetchrow("SELECT withheld FROM view.campaign WHERE stream = $1", stream)
    assert row["withheld"] == 1


async def test_a_campaign_that_nobody_answered_ends_too(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    await surveys_field.close(stream)
    await surveys_field.released()
    (end,) = await said(surveys_field, AnswersWithheld, stream)
    assert end.count == 0


@pytest.mark.parametrize("where", ["hold", "take", "settle", "commit"])
async def test_whatever_fails_in_between_they_are_let_go_once(
    surveys_field: Field, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await surveys_field.open()
    await answered(surveys_field, stream, LATE, 7)
    service = surveys_field.service

    async def fails(*_: Any, **__: Any) -> Any:
        raise ConnectionResetError(where)

    with monkeypatch.context() as patch:
        if where == "hold":
            patch.setattr(waiting, "hold", fails)
        elif where == "take":
            whole = waiting.take

            async def taken(*given: Any) -> Any:
                await whole(*given)
                raise ConnectionResetError(where)

            patch.setattr(waiting, "take", taken)
        else:
            settle = service.settle

            async def settled(*given: Any) -> Any:
                await settle(*given)
                if where == "commit":
                    await given[0].execute("SELECT 1 / 0")
                raise ConnectionResetError(where)

            patch.setattr(service, "settle", settled)
        with pytest.raises(Exception, match=f"{where}|zero"):
            await releasing.turn(service, grace=0)
    assert await surveys_field.waiting(stream) == 7
    assert not await said(surveys_field, AnswersReleased, stream)
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (7, 7, 0, 0)
    (one,) = await said(surveys_field, AnswersReleased, stream)
    assert len(one.sheets) == 7


async def test_two_processes_let_go_once_while_answers_come_in(surveys_field: Field) -> None:
    stream = await surveys_field.open()
    tokens = await surveys_field.issue(stream, IN_TIME, 60)
    other = Service(surveys_field.service.definition, surveys_field.service.settings)
    await other.open()
    other.clock.set(surveys_field.service.clock.now())
    done = asyncio.Event()

    async def lets_go(service: Any) -> None:
        while not done.is_set():
            try:
                await releasing.turn(service, grace=0)
            except Exception as error:
                assert "lock timeout" in str(error)
            await asyncio.sleep(0)

    try:
        tasks = [asyncio.create_task(lets_go(each)) for each in (surveys_field.service, other)]
        answers = []
        for n in range(0, 60, 6):
            answers += await asyncio.gather(*(surveys_field.answer(each, GOOD) for each in tokens[n : n + 6]))
        done.set()
        await asyncio.gather(*tasks)
    finally:
        await other.close()
    assert {each.status_code for each in answers} == {201}
    await surveys_field.released()
    used, sheets, waits, withheld = await audit(surveys_field, stream)
    assert used == 60 == sheets + waits and withheld == 0
    assert all(len(each.sheets) >= 5 for each in await said(surveys_field, AnswersReleased, stream))
    assert len(sheet_ids(await surveys_field.sheets(stream))) == sheets


async def test_a_cell_with_very_many_is_said_in_even_parts_and_a_turn_takes_so_many(
    surveys_field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "MOST", 10)
    stream = await surveys_field.open()
    for cell in (LATE, IN_TIME, ("thpt-khac", "in_time")):
        await answered(surveys_field, stream, cell, 8)
    assert await releasing.turn(surveys_field.service, grace=0), "there is more"
    await surveys_field.released()
    assert await audit(surveys_field, stream) == (24, 24, 0, 0)


async def test_when_results_are_frozen_what_backups_hold_of_waiting_answers_is_closed_for_ever(
    surveys_field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await surveys_field.open()
    await answered(surveys_field, stream, LATE, 5)
    backup = await surveys_field.service.pool.fetch(
        "SELECT box, value FROM truth.waiting WHERE box LIKE $1", f"%{stream}%"
    )
    name, value = backup[0]["box"], backup[0]["value"]
    assert await sealing.unseal(surveys_field.service, name, value)
    await surveys_field.close(stream)
    await surveys_field.released()
    from services.surveys.domain import campaign as c  # noqa: PLC0415
    from surveys.field import MANAGER  # noqa: PLC0415

    frozen = c.Freeze(
        method="m",
        issued=5,
        used=5,
        sheets=5,
        counted_void=frozenset(),
        digest="d",
        figures=(),
        at=surveys_field.service.clock.now(),
    )
    await surveys_field.service.do(campaign, stream, frozen, actor=MANAGER)
    await surveys_field.released()
    with pytest.raises(Exception, match=str(sealing.subject(stream))):
        await sealing.unseal(surveys_field.service, name, value)


def test_parts_are_even_and_hold_all() -> None:
    made = tuple(sheet(n) for n in range(1, 1_002))
    parts = list(in_parts(made))
    assert [each for part in parts for each in part] == list(made)
    sizes = {len(part) for part in parts}
    assert max(sizes) <= 400 and max(sizes) - min(sizes) <= 1
    assert list(in_parts(())) == []
    long = tuple(sheet(n, access_information="x" * 50_000) for n in range(1, 20))
    assert max(len(part) for part in in_parts(long)) <= 8, "a broker takes a megabyte"


CELLS = st.dictionaries(
    st.tuples(st.sampled_from("AB"), st.sampled_from("12"), st.sampled_from("xy")), st.integers(0, 9), max_size=8
)


@given(CELLS, st.integers(5, 8), st.booleans())
def test_nobody_is_let_go_with_fewer_than_the_batch_and_nobody_is_lost(counts: Any, least: int, over: bool) -> None:
    gone, withheld = together(counts, least, over=over)
    members = [each for cells in gone.values() for each in cells]
    assert len(members) == len(set(members))
    for cell, cells in gone.items():
        assert sum(counts[each] for each in cells) >= least
        assert all(each[: len(cell)] == cell for each in cells)
    left = sum(counts.values()) - sum(counts[each] for each in members)
    assert withheld == (left if over else 0)
    if over:
        assert left < least
