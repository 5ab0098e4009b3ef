"""What is common to all commands on a dossier: who may give one, on what, and what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from uuid import UUID

from kernel.service import Done, Service
from kernel.tracking import codes
from kernel.web import Asked
from schemas.event import Actor, Personal
from schemas.people import Document
from services.intake.api.access import OFFICERS
from services.intake.api.application.dossier import dossier_for, stream_of
from services.intake.api.attachment import check_stored
from services.intake.api.body import Body, when_of
from services.intake.api.reference import Reference, local_day
from services.intake.domain.application.dossier import Application
from services.intake.domain.application.life import Command, application
from services.intake.domain.rules import Rules
from services.intake.domain.when import When

T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """What a command is made of beside what was sent: the dossier, the look-up digest of its tracking code, when, the
    rules of the day it came."""

    state: Application
    tracking: str
    when: When
    rules: Rules
    known: Reference
    actor: Actor

    def personal(self, value: T) -> Personal[T]:
        assert self.state.subject
        return Personal(subject=self.state.subject, clear=value)

    def maybe(self, value: T | None) -> Personal[T] | None:
        return self.personal(value) if value else None


class Action(Body):
    """A command on a dossier as it is sent. `roles` may give it; `path` is its route."""

    path: ClassVar[str]
    roles: ClassVar[frozenset[str]] = OFFICERS
    says: ClassVar[str]

    async def command(self, case: Case) -> Command:
        raise NotImplementedError

    def files(self) -> Sequence[Document]:
        """The files that it names."""
        return ()


async def act(
    service: Service,
    known: Reference,
    actor: Actor,
    id: UUID,
    body: Action,
    asked: Asked,
    *,
    expected: int | None = None,
    tracking: str = "",
) -> Done[Application]:
    """Give a command on a dossier. `tracking`: the code that lets its applicant act without signing in."""
    stream = stream_of(id)
    if asked.key and (done := await service.again(application, asked.key, asked.fingerprint)):
        return done
    state = await dossier_for(service, actor, id, body.roles, tracking)
    check_stored(service, body.files())
    when = when_of(service, known, actor, body)
    at = when.happened_at
    case = Case(
        state=state,
        tracking=codes(service).digest(id),
        when=when,
        rules=known.rules(local_day(state.received_at or state.submitted_at or at)),
        known=known,
        actor=actor,
    )
    return await service.do(
        application,
        stream,
        await body.command(case),
        actor=actor,
        happened_at=at,
        expected=expected,
        key=asked.key,
        fingerprint=asked.fingerprint,
    )
