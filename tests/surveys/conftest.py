"""Surveys in this process, once a module: alone with open campaigns, or in a town with intake and deadlines."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from places import place_on
from running import in_process
from services.surveys.app import definition
from surveys.field import Field, ready
from surveys.town import Town, town_on


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def surveys_field(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Field]:
    folder: Path = tmp_path_factory.mktemp("surveys")
    async with place_on(ground, templates, folder) as place, in_process(definition, place.settings) as running:
        yield await ready(running)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Town]:
    async with town_on(ground, templates, tmp_path_factory.mktemp("surveys")) as found:
        yield found
