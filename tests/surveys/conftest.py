"""Surveys in this process, once a module."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from places import place_on
from running import in_process
from services.surveys.app import definition
from surveys.field import Field, ready


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def surveys_field(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Field]:
    folder: Path = tmp_path_factory.mktemp("surveys")
    async with place_on(ground, templates, folder) as place, in_process(definition, place.settings) as running:
        yield await ready(running)
