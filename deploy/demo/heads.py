"""Deadlines in the demo's province: their clock, and the heads of units who sign the apologies that are due.

Deadlines is told the time twice a working day, when those who act at that moment have acted and intake has published
what they said, so an answer in flight is never taken for a late one.
"""

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from deploy.demo.desk import OPERATOR, Desk, Unexpected
from deploy.demo.setting import Setting
from deploy.trouble import Trouble
from kernel import calendar as working_time

MORNING, EVENING = 9, 17  # o'clock: heads sign; what fell due is settled
SIGNED, NEVER = 0.75, 0.2  # shares: of what waits on a morning; of what is never signed
STATES = ("unapologised", "forecast")
PATIENCE = 120.0  # seconds that a service may take to come up with the others
NAMES = ("Trần Văn Hùng", "Lê Thị Thu Hà", "Hoàng Minh Tuấn", "Vi Thị Hạnh", "Lường Văn Sơn", "Đinh Thị Lan")


class Heads:
    """`pass_to` lets deadlines' time pass; `signed` counts the apologies that were signed on the way."""

    def __init__(self, intake: Desk, deadlines: Desk, setting: Setting) -> None:
        self._intake, self._deadlines, self._setting = intake, deadlines, setting
        self._reached = (dt.date.min, False)
        self.signed = 0

    async def begin(self, now: dt.datetime) -> None:
        """Before anything is said: by the real time all of it would be overdue."""
        await self._deadlines.pretend(now)

    async def pass_to(self, now: dt.datetime) -> None:
        """It is `now`, and all who act at it have acted."""
        here = working_time.local(now)
        half = (here.date(), here.hour >= EVENING)
        worked = working_time.working(here.date(), self._setting.calendar)
        if here.hour < MORNING or half <= self._reached or not worked:
            return
        self._reached = half
        await self._published()
        await self._deadlines.pretend(now)
        if here.hour >= EVENING:
            await self._settled()
        else:
            await self._sign(here.date())

    async def end(self) -> None:
        """The real time again."""
        await self._published()
        await self._deadlines.pretend(None)

    async def _published(self) -> None:
        async def nothing_waits() -> bool:
            told = await self._intake.ask("/readyz")
            return not told["unpublished"] and not told["unsealed"]

        await _until(nothing_waits, "Intake does not publish what was said")

    async def _settled(self) -> None:
        """Until the timer has looked twice since the clock was set: the first look may have begun before."""
        before = await self._looks()

        async def looked() -> bool:
            return await self._looks() >= before + 2

        await _until(looked, "Deadlines does not settle what fell due")

    async def _looks(self) -> float:
        lines = (await self._deadlines.read("/metrics")).splitlines()
        return sum(float(each.rpartition(" ")[2]) for each in lines if each.startswith("motcua_timer_ticks_total"))

    async def _sign(self, day: dt.date) -> None:
        """A page of each state is more than ever waits, and the longest overdue come first."""
        found = []
        with suppress(Unexpected):  # counted where it came, here and below
            for state in STATES:
                found += (await self._deadlines.ask(f"/deadlines?state={state}&size=200", who=OPERATOR))["deadlines"]
        for each in found:
            if each["apology"] and each["apology"]["status"] == "due":
                with suppress(Unexpected):
                    await self._consider(each["apology"]["id"], each["decided_by"], day)

    async def _consider(self, id: str, unit: str, day: dt.date) -> None:
        if random.Random(f"never {id}").random() < NEVER or random.Random(f"{day} {id}").random() > SIGNED:
            return
        school = any(each.unit == unit for each in self._setting.units["school"])
        body = {
            "signer": random.Random(f"head {unit}").choice(NAMES),
            "position": "Hiệu trưởng" if school else "Thủ trưởng đơn vị",
        }
        # The list is a moment old: it may have been answered, or signed by the demo that broke off.
        fine = ("apologised_already", "no_apology_owed", "already_answered", "changed_meanwhile")
        done = await self._deadlines.say(
            f"/apologies/{id}/issue", body, who=("unit_head", unit), key=f"{id}-issue", fine=fine
        )
        self.signed += "id" in done


async def _until(true: Callable[[], Awaitable[bool]], wrong: str) -> None:
    until = time.monotonic() + PATIENCE
    while not await true():
        if time.monotonic() > until:
            raise Trouble(f"{wrong}: read its log, then start the demo again.")
        await asyncio.sleep(0.1)
