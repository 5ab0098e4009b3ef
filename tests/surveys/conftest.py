"""A town for each file of tests."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from surveys.town import Town, town_on


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(ground: Any, templates: Any, tmp_path_factory: Any) -> AsyncIterator[Town]:
    async with town_on(ground, templates, tmp_path_factory.mktemp("surveys")) as found:
        yield found
