"""Intake's api, running in this process for all the tests of a session, with the real catalogue and units. For it, it
is Friday 21/8/2026, 10:00 in Việt Nam, and time goes on from there."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import contextmanager
from typing import Any

import pytest_asyncio

from places import place_on
from running import InProcess, in_process
from services.intake.app import definition

TODAY = dt.datetime(2026, 8, 21, 3, 0, tzinfo=dt.UTC)


@pytest_asyncio.fixture(scope="session")
async def intake(ground, templates, tmp_path_factory) -> AsyncIterator[InProcess]:
    folder = tmp_path_factory.mktemp("intake")
    async with place_on(ground, templates, folder) as place:
        small = place.settings.model_copy(update={"max_attachment": 2 << 20})
        async with in_process(definition, small) as running:
            running.service.clock.set(TODAY)
            operator = running.by("operator")
            await operator.ok("/catalogue/load")
            await operator.ok("/units/load")
            await running.heard()
            yield running


@contextmanager
def on(running: Any, moment: dt.datetime) -> Any:
    """For the service it is this moment, for a while."""
    clock = running.service.clock
    shift = clock._shift
    clock.set(moment)
    try:
        yield
    finally:
        clock._shift = shift
