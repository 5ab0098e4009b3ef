"""The bench's own arithmetic, and that its data is what the method says."""

import pytest

from bench import data
from bench.harness import Delay, Failed, Pair, Result, compare
from bench.intake import BODY_SIZE, submissions
from bench.load import request
from bench.main import NAMES, legend, run, table


async def test_sides_take_turns_and_the_warm_up_is_dropped() -> None:
    calls: list[str] = []

    def ours() -> float:
        calls.append("ours")
        return float(len(calls))

    async def peer() -> float:
        calls.append("peer")
        return float(len(calls))

    found = await compare(Pair("x", "", "", 1.0, ours, peer), 2)
    assert calls == ["ours", "peer"] * 3
    assert (found.ours, found.peer) == ([3.0, 5.0], [4.0, 6.0])


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    found = Result("x", "what", "events/s", 0.5, [50, 10, 60], [100, 100, 100])
    assert (found.ratio, found.holds) == (0.5, True)
    assert (found.as_json()["min"], found.as_json()["max"]) == (0.1, 0.6)
    assert not Result("x", "", "", 0.5, [49], [100]).holds


@pytest.mark.parametrize(("share", "time"), [(0.5, 2), (0.99, 4), (0.01, 1)])
def test_percentiles_are_times_that_were_measured(share: float, time: float) -> None:
    assert Delay("x", "", [4, 1, 3, 2]).percentile(share) == time


def test_every_outcome_has_its_line() -> None:
    found = [Result("a", "w", "u", 1, [1], [2]), Delay("b", "w", [1]), Failed("c", "why")]
    assert table(found).row_count == 3
    assert legend(found) == ["a: w (u)", "b: w", "c: why"]


def test_events_are_the_same_in_every_run_and_700_bytes() -> None:
    made = data.drafts(2_000)
    assert made == data.drafts(2_000)
    assert {len(each.data) for each in made} == {data.SIZE}
    seen: dict[str, int] = {}
    for each in made:
        assert each.number == seen.get(each.stream, 0) + 1
        seen[each.stream] = each.number
    assert max(seen.values()) > 100  # Zipf: few streams have many events
    assert len(seen) > 500


def test_submissions_are_different_people_and_700_bytes() -> None:
    made = submissions(50)
    assert len(set(made)) == 50
    assert {len(each.split(b"\r\n\r\n", 1)[1]) for each in made} == {BODY_SIZE}


def test_a_request_says_how_long_it_is() -> None:
    assert request("/x", "hồ".encode(), {"A": "b"}).endswith("Content-Length: 4\r\nA: b\r\n\r\nhồ".encode())


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match=NAMES[0]):
        run(["nothing"])
