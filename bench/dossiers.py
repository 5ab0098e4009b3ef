"""Dossiers of families who all want a place in the same few classes, as intake says them; and how intake says them.

They arrive in an order that has nothing to do with when they were submitted, and two for each class were submitted in
the same second, so that who comes first is decided by more than the time.
"""

import asyncio
import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from bench.clocks import RULE, moment, promised
from bench.data import SEED
from kernel import store
from kernel.store import Append, Draft
from schemas.event import Actor, Event, Meta, Personal, encode
from schemas.intake import ApplicationReceived, ApplicationSubmitted, ApplicationWithdrawn
from services.transfers.domain.dossier import class_stream

SCHOOL, LEFT = "thpt-ban-may", "thpt-suoi-hoa"
YEAR, GRADE = 2026, 10
PROCEDURE, NAME, TERMS = "2.002854", "Chuyển trường", dt.date(2026, 5, 10)
OPENED = moment(20, 7, 30)
RECEIVED = moment(21, 10)
CALL, CALLERS = 100, 16
SAYS = Actor(id="bench", roles=("system",))


@dataclass(frozen=True)
class Dossier:
    """One request for a place: `stream` in intake, the class it is for, when it was submitted, what intake says."""

    stream: str
    to_class: str
    submitted_at: dt.datetime
    submitted: Draft
    received: Draft


def of_class(name: str) -> str:
    return class_stream(SCHOOL, YEAR, GRADE, name)


def dossiers(count: int, classes: Sequence[str], seed: int = SEED) -> list[Dossier]:
    """So many requests for these classes (their names), in the order of their arrival; the same for the same
    arguments."""
    dice = random.Random(f"{seed} {count} {classes}")
    made = [
        _dossier(dice, n, classes[n % len(classes)], OPENED + dt.timedelta(seconds=n // (2 * len(classes))))
        for n in range(count)
    ]
    dice.shuffle(made)
    return made


def _dossier(dice: random.Random, number: int, name: str, submitted_at: dt.datetime) -> Dossier:
    stream, parent = f"application-{_uuid(dice)}", _uuid(dice)
    where: dict[str, Any] = {
        "procedure": PROCEDURE,
        "procedure_name": NAME,
        "terms_from": TERMS,
        "received_by": SCHOOL,
        "decided_by": SCHOOL,
        "channel": "online",
        "rule": RULE,
    }
    submitted = ApplicationSubmitted(
        **where,
        submitted_at=submitted_at,
        applicant=Personal(subject=parent, sealed=dice.randbytes(180)),
        answers={
            "from_school": LEFT,
            "to_school": SCHOOL,
            "to_class": name,
            "grade": GRADE,
            "documents": ("application", "summary"),
        },
        concerns=Personal(subject=_uuid(dice), sealed=dice.randbytes(140)),
    )
    received = ApplicationReceived(
        **where,
        code=f"H99.12-260821-{number:05}",
        level="upper_secondary",
        field="Giáo dục trung học",
        authority="school",
        received_at=RECEIVED,
        promise=PROMISE,
        supplement_by=PROMISE.due_at,
        subject=parent,
    )
    return Dossier(
        stream,
        name,
        submitted_at,
        _draft(_uuid(dice), stream, 1, submitted),
        _draft(_uuid(dice), stream, 2, received),
    )


def withdrawn(dossier: Dossier) -> Draft:
    """The family takes it back."""
    event = ApplicationWithdrawn(received_by=SCHOOL, decided_by=SCHOOL, withdrawn_at=RECEIVED)
    return _draft(_uuid(random.Random(dossier.stream)), dossier.stream, 3, event)


def _uuid(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)


def _draft(id: UUID, stream: str, number: int, event: Event) -> Draft:
    return Draft(id, stream, number, event.type, event.version, META, encode(event))


PROMISE = promised(RECEIVED)
META = msgspec.json.encode(Meta(actor=SAYS, happened_at=RECEIVED, recorded_at=RECEIVED))


async def hand_in(pool: Any, made: Sequence[Dossier]) -> None:
    """Intake says all of it: first that they were submitted, then that they were received."""
    await say(pool, [each.submitted for each in made])
    await say(pool, [each.received for each in made])


async def say(pool: Any, drafts: Sequence[Draft]) -> None:
    """Append these to intake's store, a command each, many at once; and tell its relay."""
    calls = [drafts[n : n + CALL] for n in range(0, len(drafts), CALL)]
    free = asyncio.Semaphore(CALLERS)

    async def one(call: Sequence[Draft]) -> None:
        async with free:
            outcomes = await store.append(pool, [Append(each.id, [each]) for each in call])
            if set(outcomes) != {"appended"}:
                raise RuntimeError("intake was told something twice")
            await pool.execute("NOTIFY appended")

    await asyncio.gather(*(one(each) for each in calls))
