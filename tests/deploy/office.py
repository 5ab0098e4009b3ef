"""Intake as a process of its own, with its catalogue and units: what an operator's commands speak to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.demo.desk import Desk
from deploy.demo.province import load
from places import Place, place_on, topics_of
from running import Asker, whole


@dataclass(frozen=True)
class Office:
    """A running intake: where it is, an operator who asks it, and what it stands on."""

    url: str
    operator: Asker
    place: Place


@asynccontextmanager
async def office_on(ground: Any, templates: Any, folder: Path) -> AsyncIterator[Office]:
    async with (
        place_on(ground, templates, folder) as place,
        topics_of(place),
        whole("intake", place.settings, folder / "intake.log") as asker,
    ):
        url = f"http://{place.settings.host}:{place.settings.ports['intake']}"
        async with Desk(url) as desk:
            await load(desk)
        yield Office(url, asker.by("operator"), place)
