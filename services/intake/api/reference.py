"""What a decision needs and may not look up: rules, calendar, terms, units, numbers. It is found here and travels in
the command.

Procedures and units are folded from their own streams and kept for a second, so an answer is never staler than that,
and never waits for a view.
"""

import asyncio
import datetime as dt
import tomllib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from kernel import packs
from kernel.batch import Batcher
from kernel.calendar import Calendar
from kernel.calendars import Calendars
from kernel.clock import monotonic
from kernel.decider import Decider, Rejected, Text
from kernel.service import Service
from schemas.event import Actor
from schemas.intake import Authority, Terms, UnitFacts
from schemas.people import Place
from services.intake.domain.form import Form, form_on
from services.intake.domain.procedure import Procedure, procedure, procedure_stream, terms_on
from services.intake.domain.register import TakeNumbers, register, register_stream, write_code
from services.intake.domain.rules import Rules, rules_on
from services.intake.domain.unit import Unit, facts_on, place, unit, unit_stream

RULES = Path(__file__).parents[1] / "rules"
FORMS = tomllib.loads((RULES / "forms.toml").read_text(encoding="utf-8"))
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FRESH = 1.0  # seconds
MOST_KEPT = 10_000
SELF = Actor(id="motcua:intake", roles=("system",))


def local_day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(ZONE).date()


class Reference:
    """One service's reference data."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._packs = packs.read(RULES)
        self._calendars = service.keep(Calendars)
        self.rules = lru_cache(maxsize=4096)(self._rules)
        self._states: dict[str, tuple[float, Any]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._numbers: dict[tuple[str, dt.date], Batcher[None, int]] = {}

    @asynccontextmanager
    async def turn(self, key: str | None) -> AsyncIterator[None]:
        """Requests of one Idempotency-Key go one after another."""
        async with self._turns.setdefault(key, asyncio.Lock()) if key else nullcontext():
            yield

    async def calendar(self) -> Calendar:
        """The calendar in force, with what the deadlines service has said of it."""
        return await self._calendars.now()

    def _rules(self, day: dt.date) -> Rules:
        try:
            return rules_on(day, self._packs)
        except KeyError:
            raise packs.no_rules(day) from None

    def form(self, procedure: str, levels: Collection[str], day: dt.date) -> Form | None:
        """The procedure's own form on a day, where the unit that decides is of these levels."""
        return form_on(procedure, levels, day, FORMS)

    async def _state(self, decider: Decider[Any], stream: str) -> Any:
        found = self._states.get(stream)
        if found is None or found[0] < monotonic():
            state, _ = await self._service.state(decider, stream)
            if len(self._states) >= MOST_KEPT:
                self._states.clear()
            found = self._states[stream] = (monotonic() + FRESH, state)
        return found[1]

    async def procedure(self, id: str) -> Procedure:
        """Raises Rejected where there was never such a procedure."""
        found: Procedure = await self._state(procedure, procedure_stream(id))
        if not found.id:
            raise Rejected(
                "unknown_procedure",
                Text("Không có thủ tục «{id}» trong danh mục.", "There is no procedure “{id}” in the catalogue.").of(
                    id=id
                ),
                instead=Text("Tra cứu danh mục thủ tục.", "Look it up in the catalogue of procedures."),
            )
        return found

    async def terms(self, id: str, day: dt.date) -> tuple[Terms | None, dt.date]:
        """The terms in force on a day and since when; None where it was not offered then."""
        now = terms_on(await self.procedure(id), day)
        return (now.terms, now.since) if now else (None, day)

    async def unit(self, id: str, day: dt.date) -> UnitFacts:
        """What a unit was on a day. Raises Rejected where it did not exist then."""
        found: Unit = await self._state(unit, unit_stream(id))
        facts = facts_on(found, day)
        if facts is None:
            raise Rejected(
                "unknown_unit",
                Text("Không có đơn vị «{id}» vào ngày đó.", "There was no unit “{id}” on that day.").of(id=id),
                instead=Text("Chọn một đơn vị đang hoạt động.", "Choose a unit that exists."),
            )
        return facts

    async def decides(self, authority: Authority, asked: str, day: dt.date) -> str:
        """The unit that decides: the one asked for where it is of the right kind, else the only one there is."""
        kind = {"province_department": "department", "province_committee": "committee"}.get(authority, authority)
        if asked:
            facts = await self.unit(asked, day)
            if facts.kind == kind:
                return asked
        elif len(only := await self.places((kind,), day)) == 1:
            return only[0].unit
        raise Rejected(
            "who_decides",
            Text(
                "Thủ tục này do một đơn vị loại «{kind}» quyết định; hãy ghi đơn vị đó vào «decided_by».",
                "A unit of kind “{kind}” decides this; name it in `decided_by`.",
            ).of(kind=kind),
        )

    async def places(self, kinds: Sequence[str], day: dt.date) -> tuple[Place, ...]:
        """The open units of these kinds, by name."""
        rows = await self._service.pool.fetch("SELECT unit FROM view.unit WHERE kind = ANY($1::text[])", list(kinds))
        found = []
        for row in rows:
            state: Unit = await self._state(unit, unit_stream(row["unit"]))
            if facts := facts_on(state, day):
                found.append(place(row["unit"], facts))
        return tuple(sorted(found, key=lambda each: each.name))

    async def code(self, rules: Rules, received_by: str, day: dt.date) -> str:
        """The next code of a unit's day. Callers who ask together share one taking."""
        facts = await self.unit(received_by, day)
        agency = facts.codes.get(rules.code) or facts.codes.get("2020", "")
        try:
            write_code(rules.code, agency, day, 0)
        except ValueError:
            raise Rejected(
                "unit_without_code",
                Text("Đơn vị «{id}» chưa có mã định danh.", "The unit “{id}” has no agency id.").of(id=received_by),
                instead=Text("Bổ sung mã định danh của đơn vị.", "Add the unit's agency id."),
            ) from None
        place = (received_by, day)
        if place not in self._numbers:
            if len(self._numbers) >= MOST_KEPT:
                self._numbers.clear()
            self._numbers[place] = Batcher(lambda asked: self._take(received_by, day, len(asked)))
        number = await self._numbers[place](None)
        return write_code(rules.code, agency, day, number)

    async def _take(self, unit_id: str, day: dt.date, count: int) -> list[int]:
        done = await self._service.do(
            register,
            register_stream(unit_id, day),
            TakeNumbers(unit=unit_id, on=day, count=count, request=uuid4()),
            actor=SELF,
        )
        return list(range(done.state.first, done.state.last + 1))


async def reference(request: Request) -> Reference:
    service: Service = request.app.state.service
    return service.keep(Reference)


Known = Annotated[Reference, Depends(reference)]
