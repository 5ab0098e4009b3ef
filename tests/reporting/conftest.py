"""A running reporting service with its pulse, somebody who tells it events, and a client who asks it."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest_asyncio

from kernel.service import Service
from kernel.web import Pulse, build
from reporting import lives
from reporting.lives import Teller
from services.reporting.app import definition


@pytest_asyncio.fixture
async def service(place) -> AsyncIterator[Service]:
    running = Service(definition, place.settings)
    await running.open()
    yield running
    await running.close()


@pytest_asyncio.fixture
async def teller(service: Service) -> Teller:
    """Units and procedures are told already."""
    found = Teller(service)
    await found.tell(*lives.catalogue())
    return found


@pytest_asyncio.fixture
async def live(service: Service) -> AsyncIterator[Pulse]:
    pulse = Pulse()
    listening = asyncio.create_task(pulse.listen(service))
    yield pulse
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@pytest_asyncio.fixture
async def client(service: Service, live: Pulse) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=build(service, live=live))
    async with httpx2.AsyncClient(transport=transport, base_url="http://reporting") as each:
        yield each
