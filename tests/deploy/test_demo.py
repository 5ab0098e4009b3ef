"""The invented province: time that leaps, lives that go as they should, and a register whose numbers add up."""

import asyncio
import datetime as dt
from collections import Counter

import pytest
import pytest_asyncio
from office import office_on

from deploy.demo import families, province
from deploy.demo.pretended import STEP, Pretended
from deploy.trouble import Trouble
from kernel.calendar import ZONE
from running import until, whole

MONDAY = dt.date(2026, 10, 5)
FRIDAY = dt.datetime(2026, 10, 9, 16, 0, tzinfo=ZONE)
RECEIVED = {"in_process", "supplement_asked", "resolved", "handed_over", "stopped", "withdrawn"}


@pytest_asyncio.fixture
async def office(ground, templates, tmp_path):
    """Each test has a register of its own, empty."""
    async with office_on(ground, templates, tmp_path) as here:
        yield here


@pytest_asyncio.fixture(scope="module")
async def busy(ground, templates, tmp_path_factory):
    """A register that tests share."""
    async with office_on(ground, templates, tmp_path_factory.mktemp("busy")) as here:
        yield here


async def register(office):
    """Every line of the register."""
    lines, after = [], {}
    while True:
        page = await office.operator.read("/applications", **after)
        lines += page["entries"]
        if not page["after"]:
            return lines
        after = {"after": page["after"]}


async def heard(office, statuses):
    """The register, once it says what was played."""

    async def there():
        lines = await register(office)
        return lines if Counter(each["status"] for each in lines) == statuses else None

    return await until(there, f"the register to say {dict(statuses)}")


def live(office, state, **more):
    return province.live(office.url, state=state, since=MONDAY, until=FRIDAY, a_day=14, **more)


async def test_a_small_province_plays_without_one_unexpected_answer_and_its_numbers_add_up(office, tmp_path):
    story = await live(office, tmp_path)
    assert not story.surprises, story.lines()
    assert story.dossiers > 40 and not story.found
    lines = await heard(office, story.statuses)

    received = [each for each in lines if each["received_at"]]
    finished = [each for each in received if each["status"] not in ("in_process", "supplement_asked")]
    in_progress = [each for each in received if each["status"] in ("in_process", "supplement_asked")]
    assert len(received) == len(finished) + len(in_progress)
    assert {each["status"] for each in received} <= RECEIVED
    desk = await office.operator.read("/desk")
    assert desk["by_state"] == {status: count for status, count in story.statuses.items() if count}
    assert len({each["code"] for each in received}) == len(received), "two dossiers have one code"
    assert all(each["received_at"] >= each["submitted_at"] for each in received)
    assert {each["channel"] for each in lines} >= {"online", "assisted"}
    days = {dt.datetime.fromisoformat(each["submitted_at"]).astimezone(ZONE).date() for each in lines}
    assert len(days) == 5 and min(days) == MONDAY

    again = await live(office, tmp_path)
    assert again.found and len(await register(office)) == len(lines), "a second demo played again"


async def test_a_demo_that_broke_off_is_played_to_its_end_and_nothing_is_there_twice(office, tmp_path):
    class Broken(Exception):
        pass

    def cut(what, done, of):
        if what.startswith("playing") and done == 3:
            raise Broken

    with pytest.raises(Broken):
        await live(office, tmp_path, progress=cut)
    before = await register(office)
    story = await live(office, tmp_path)
    assert not story.found and not story.surprises, story.lines()
    after = await heard(office, story.statuses)
    assert {each["id"] for each in before} <= {each["id"] for each in after}


async def test_deadlines_pass_along_and_heads_sign_the_apologies_that_fall_due(office, tmp_path):
    place = office.place.settings
    async with whole("deadlines", place, tmp_path / "deadlines.log") as deadlines:
        story = await province.live(
            office.url,
            deadlines=f"http://{place.host}:{place.ports['deadlines']}",
            state=tmp_path,
            since=MONDAY - dt.timedelta(weeks=2),
            until=FRIDAY,
            a_day=14,
        )
        assert not story.surprises and story.apologies, story.lines()
        reader = deadlines.by("auditor")

        async def everyone():
            found, after = [], ""
            while True:
                page = await reader.read("/deadlines", state="late", size=200, after=after)
                found, after = found + page["deadlines"], page["next"]
                if not after:
                    return found

        signed = [each for each in await everyone() if each["apology"] and each["apology"]["issued_at"]]
        assert signed, "nobody who was answered late had got an apology"
        for each in signed:
            assert each["received_at"] < each["apology"]["issued_at"] < FRIDAY.astimezone(dt.UTC).isoformat()


@pytest.mark.xdist_group("busy")
async def test_families_ask_for_transfers_and_a_special_one_is_consulted_about(busy, tmp_path):
    place = busy.place.settings
    async with whole("transfers", place, tmp_path / "transfers.log") as transfers:
        url = f"http://{place.host}:{place.ports['transfers']}"
        assert await families.ask(busy.url, url) == len(families.CASES)
        assert await families.ask(busy.url, url) == len(families.CASES), "said again"
        reader = transfers.by("auditor")
        cases = (await reader.read("/transfers"))["cases"]
        assert sorted((each["special"], each["status"]) for each in cases) == [(False, "granted"), (True, "open")]
        [letter] = await reader.read("/documents")
        assert (letter["kind"], letter["status"]) == ("consultation", "queued")


@pytest.mark.xdist_group("busy")
async def test_the_province_goes_on_in_real_time(busy):
    surprises = []
    living = asyncio.create_task(province.trickle(busy.url, pace=0.02, told=surprises.append))

    async def moved():
        states = (await busy.operator.read("/desk"))["by_state"]
        return sum(states.values()) > 20 and states.get("handed_over")

    try:
        await until(moved, "dossiers to come and to be handed over")
    finally:
        living.cancel()
    assert not surprises


@pytest.mark.xdist_group("busy")
async def test_dossiers_of_somebody_else_are_left_alone(busy, tmp_path):
    await busy.operator.ok("/applications", procedure="2.002854", decided_by="thpt-le-loi", applicant={"name": "A"})
    await until(lambda: register(busy), "the dossier to be there")
    assert (await live(busy, tmp_path)).found


async def test_without_demo_mode_nobody_plays():
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Trouble, match="not in demo mode"):
            await province.live(f"http://127.0.0.1:{port}")


# --- pretended time --------------------------------------------------------------------------------------------------

START = dt.datetime(2026, 10, 5, 8, tzinfo=ZONE)


async def test_time_leaps_to_each_moment_and_nobody_is_early_or_later_than_a_step():
    moves, woken = [], []

    async def move(now):
        moves.append(now)

    time = Pretended(move)

    async def life(*minutes):
        for each in minutes:
            moment = START + dt.timedelta(minutes=each)
            await time.until(moment)
            woken.append((moves[-1] - moment, each))

    for minutes in ((0, 60, 61), (5, 600), (12, 14), (10_000,)):
        time.begin(life(*minutes))
    await time.pass_until(START + dt.timedelta(hours=20), lambda _: None)
    assert sorted(each for _, each in woken) == [0, 5, 12, 14, 60, 61, 600], "one is after the end"
    assert all(dt.timedelta() <= late <= STEP for late, _ in woken)
    assert moves == sorted(moves) and len(moves) < len(woken)


async def test_what_a_life_raises_is_raised_and_the_others_end():
    async def move(_):
        pass

    time = Pretended(move)
    ended = []

    async def waits():
        try:
            await time.until(START + dt.timedelta(hours=1))
        finally:
            ended.append(1)

    async def fails():
        await time.until(START)
        raise Trouble("it fails")

    time.begin(waits())
    time.begin(fails())
    with pytest.raises(Trouble, match="it fails"):
        await time.pass_until(START + dt.timedelta(hours=2), lambda _: None)
    assert ended
