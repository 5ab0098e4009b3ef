"""Old events are read as if always written in today's shape; what is newer or unknown is never guessed."""

from typing import Any

import msgspec
import pytest

import toy
from kernel import parked
from kernel.service import Service
from schemas import event as events
from schemas.event import Event, UnknownEvent, decode, encode, event, upcast
from toy import Closed, Move, Moved, Opened, box, message


@event("test.grown", version=4)
class Grown(Event, frozen=True):
    """An event that changed its shape three times."""

    names: list[str]
    note: str = ""


@upcast("test.grown", 1)
def _(data: dict[str, Any]) -> dict[str, Any]:
    return {"title": data["t"]}


@upcast("test.grown", 2)
def _(data: dict[str, Any]) -> dict[str, Any]:
    return {"name": data["title"]}


@upcast("test.grown", 3)
def _(data: dict[str, Any]) -> dict[str, Any]:
    return {"names": [data["name"]]}


@pytest.mark.parametrize(
    ("version", "data"), [(1, {"t": "A"}), (2, {"title": "A"}), (3, {"name": "A"}), (4, {"names": ["A"]})]
)
def test_every_version_ever_written_reads_as_the_latest(version: int, data: dict[str, Any]) -> None:
    assert decode("test.grown", version, msgspec.json.encode(data)) == Grown(names=["A"])


def test_a_field_added_with_a_default_needs_no_new_version() -> None:
    assert decode("test.grown", 4, b'{"names":["A"]}') == Grown(names=["A"], note="")
    assert decode("test.grown", 4, b'{"names":["A"],"later":1}') == Grown(names=["A"]), "a newer writer's extra field"


@pytest.mark.parametrize(("type", "version"), [("test.nobody", 1), ("test.grown", 5), ("", 1)])
def test_what_is_not_known_is_never_guessed(type: str, version: int) -> None:
    with pytest.raises(UnknownEvent):
        decode(type, version, b"{}")


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_never_was_is_refused(version: int) -> None:
    with pytest.raises((UnknownEvent, KeyError)):
        decode("test.grown", version, b"{}")


def test_a_name_belongs_to_one_event() -> None:
    with pytest.raises(ValueError, match=r"test\.grown"):
        event("test.grown")(type("Again", (Event,), {}))
    assert events.known()["test.grown"] is Grown


async def test_a_stream_begun_long_ago_goes_on(service: Service) -> None:
    stream = await toy.opened(service)
    await service.do(box, stream, Move("B"), actor=toy.ACTOR)
    await service.pool.execute(
        "UPDATE truth.events SET version = 1, data = $2 WHERE stream = $1 AND number = 2", stream, b'{"unit":"B"}'
    )
    assert (await service.state(box, stream))[0].unit == "B"
    await service.hear("t", 0, await toy.relayed(service))
    assert await service.pool.fetchval("SELECT unit FROM view.box") == "B"


async def test_an_event_of_a_newer_version_waits_for_the_update(service: Service, monkeypatch: Any) -> None:
    feed = [
        message(0, "box-1", Opened(unit="A")),
        message(1, "box-1", Moved(to="B"), number=2, place={"version": 3}),
        message(2, "box-1", Closed(), number=3),
    ]
    await service.hear("t", 0, feed)
    assert [each["reason"] for each in await parked.listed(service.pool)] == ["UnknownEvent: toy.moved version 3", ""]
    monkeypatch.setattr(Moved, "version", 3)  # the update: the shape did not change, only its meaning here
    assert await parked.replay(service) == (2, 0)
    assert tuple(await service.pool.fetchrow("SELECT unit, state FROM view.box")) == ("B", "closed")


def test_what_is_written_is_of_the_latest_version() -> None:
    assert (Moved.type, Moved.version, encode(Moved(to="B"))) == ("toy.moved", 2, b'{"to":"B"}')
