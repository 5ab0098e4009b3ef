"""Questionnaires and campaigns as an answer needs them: folded from their own streams, and kept for a second."""

import asyncio
import hashlib
import tomllib
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from kernel.clock import monotonic
from kernel.decider import Decider
from kernel.service import Service
from schemas.event import Actor
from schemas.surveys import QuestionnairePublished
from services.surveys.domain.campaign import Campaign, campaign
from services.surveys.domain.naming import questionnaire_stream
from services.surveys.domain.questionnaire import Content, Publish, questionnaire, read

FILES = Path(__file__).parents[1] / "questionnaires"
FRESH = 1.0  # seconds: an answer may be taken so long after a campaign was closed (releasing.py waits longer)
MOST_KEPT = 1_000
SELF = Actor(id="motcua:surveys", roles=("system",))


class Catalogue:
    """One service's questionnaires and campaigns."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._states: dict[str, tuple[float, Any]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def forget(self, stream: str = "") -> None:
        """Look this stream up anew when it is asked for; everything where none is named."""
        if stream:
            self._states.pop(stream, None)
        else:
            self._states.clear()

    async def campaign(self, stream: str) -> Campaign:
        """A campaign as it was a second ago at most."""
        found: Campaign = await self._state(campaign, stream)
        return found

    async def published(self, key: str, edition: int) -> QuestionnairePublished:
        """An edition of a questionnaire. Raises LookupError where there is none."""
        state = await self._state(questionnaire, questionnaire_stream(key))
        found: QuestionnairePublished | None = state.editions.get(edition)
        if found is None:
            raise LookupError(f"{key} has no edition {edition}")
        return found

    async def of(self, state: Campaign) -> QuestionnairePublished:
        """What a campaign asks."""
        if state.plan is None:
            raise LookupError("no campaign")
        return await self.published(state.plan.questionnaire, state.plan.edition)

    async def _state(self, decider: Decider[Any], stream: str) -> Any:
        found = self._states.get(stream)
        if found is None or found[0] < monotonic():
            async with self._turns.setdefault(stream, asyncio.Lock()):
                found = self._states.get(stream)
                if found is None or found[0] < monotonic():
                    asked_at = monotonic()
                    state, _ = await self._service.state(decider, stream)
                    if len(self._states) >= MOST_KEPT:
                        self._states.clear()
                    found = self._states[stream] = (asked_at + FRESH, state)
        return found[1]


def catalogue(service: Service) -> Catalogue:
    return service.keep(Catalogue)


def contents() -> list[Content]:
    """What the reviewed files say. Raises Malformed."""
    found = []
    for path in sorted(FILES.glob("*.toml")):
        text = path.read_bytes()
        found.append(read(tomllib.loads(text.decode()), hashlib.sha256(text).hexdigest()))
    return found


async def publish(service: Service) -> None:
    """Make each reviewed file an edition, unless its latest one says the same."""
    for content in contents():
        command = Publish(content=content, at=service.clock.now())
        await service.do(questionnaire, questionnaire_stream(content.key), command, actor=SELF)
