"""The auditor of places sees what is wrong, and only that: first two families and one place, all well; then one thing
is otherwise."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from bench.fairness import problems
from kernel import store
from kernel.store import Append, Draft
from places import Place

Said = tuple[str, str, dict[str, Any]]
ROOM = "class-1"


def submitted(name: str, minute: int) -> Said:
    return f"application-{name}", "intake.application_submitted", {"submitted_at": f"2026-08-20T07:{minute:02}:00Z"}


def withdrawn(name: str) -> Said:
    return f"application-{name}", "intake.application_withdrawn", {}


def case(name: str, what: str, **more: Any) -> Said:
    return f"transfer-{name}", f"transfers.{what}", {"application": f"application-{name}", **more}


def place(name: str, what: str) -> Said:
    return ROOM, f"transfers.{what}", {"transfer": f"transfer-{name}", "submitted_at": "2020-01-01T00:00:00Z"}


INTAKE = (submitted("a", 1), submitted("b", 2))
ASKED = (
    (ROOM, "transfers.class_opened", {"places": 1}),
    case("a", "transfer_requested"),
    case("b", "transfer_requested"),
    place("b", "place_asked"),
    place("a", "place_asked"),
)
HAS_IT = (place("a", "place_reserved"), case("a", "place_held", held=True))
LET_GO = (case("a", "transfer_closed"), place("a", "place_given_back"))
MOVED_UP = (place("b", "place_reserved"), case("b", "place_held", held=True))


@pytest_asyncio.fixture
async def told(place: Place) -> AsyncIterator[Any]:
    """Write down what both services say; answers what the auditor finds, without what comes after the colon."""
    both = [await place.connect(name) for name in ("intake", "transfers")]

    async def write(connection: Any, said: tuple[Said, ...]) -> None:
        numbers: dict[str, int] = {}
        for stream, type, data in said:
            numbers[stream] = number = numbers.get(stream, 0) + 1
            draft = Draft(uuid4(), stream, number, type, 1, b"{}", json.dumps(data).encode())
            assert await store.append(connection, [Append(draft.id, [draft])]) == ["appended"]

    async def found(intake: tuple[Said, ...], transfers: tuple[Said, ...]) -> set[str]:
        for connection, said in zip(both, (intake, transfers), strict=True):
            await write(connection, said)
        return {each.split(":")[0] for each in await problems(*both)}

    yield found
    for each in both:
        await each.close()


BOOKED, ORDER = "more places are kept than there are", "a place is not with who comes first"
COUNT = "there are not as many cases as dossiers"
ONE, GRANT = "a case is not in one of held, waiting, closed", "a grant without a place taken, or the other way round"


@pytest.mark.parametrize(
    ("intake", "transfers", "wrong"),
    [
        ((), HAS_IT, set()),
        ((), (*MOVED_UP, place("b", "place_passed_on"), case("b", "place_held", held=False), *HAS_IT), set()),
        ((), (*HAS_IT, place("a", "place_taken"), case("a", "transfer_decided", outcome="granted")), set()),
        ((withdrawn("a"),), (*HAS_IT, *LET_GO, *MOVED_UP), set()),
        ((), (*HAS_IT, *MOVED_UP), {BOOKED, ORDER}),
        ((), (*MOVED_UP, place("a", "place_reserved"), place("b", "place_passed_on"),
              case("b", "place_held", held=False), case("a", "place_held", held=True)), {BOOKED}),
        ((), MOVED_UP, {ORDER}),
        ((), (), {ORDER}),
        ((), (place("a", "place_reserved"),), {ONE}),
        ((), (*HAS_IT, *LET_GO, *MOVED_UP), {ORDER, ONE}),
        ((withdrawn("a"),), HAS_IT, {ORDER, ONE}),
        ((withdrawn("a"),), (*HAS_IT, LET_GO[0], *MOVED_UP), {BOOKED, ONE}),
        ((withdrawn("a"),), (*HAS_IT, *LET_GO), {ORDER}),
        ((submitted("c", 3),), HAS_IT, {ONE, COUNT}),
        ((), (*HAS_IT, case("c", "transfer_requested")), {COUNT}),
        ((), (*HAS_IT, case("a", "transfer_decided", outcome="granted")), {GRANT}),
        ((), (*HAS_IT, place("a", "place_taken")), {GRANT}),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_seen(told: Any, intake: Any, transfers: Any, wrong: set[str]) -> None:
    assert await told((*INTAKE, *intake), (*ASKED, *transfers)) == wrong
