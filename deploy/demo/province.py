"""The living province: loads the reference data, plays weeks of dossiers through the public API with the demo's clock,
and then keeps a trickle of work going in real time, so that every figure moves.

    story = await live(url, state=folder)      once, or from where it broke off; what is there stays
    await trickle(url)                         until cancelled
"""

import asyncio
import datetime as dt
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.demo.desk import OPERATOR, Desk, Unexpected
from deploy.demo.heads import Heads
from deploy.demo.life import Life
from deploy.demo.pretended import Pretended
from deploy.demo.setting import Setting, setting
from deploy.local.process import Progress, silent
from kernel.calendar import ZONE

SEED = "son-ha-1"
A_DAY = 150.0  # dossiers on an ordinary working day
WEEKS = 8
LOADED = 30.0  # seconds that the views may take to hear the reference data
NOTES = "province.json"
PACE = 1.0  # seconds between two things that happen in real time, at least


@dataclass
class Story:
    """What was played. `found`: the province was there already. `surprises` are answers that nobody expected."""

    found: bool = False
    dossiers: int = 0
    requests: int = 0
    apologies: int = 0
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    surprises: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """For a person to read."""
        if self.found:
            said = ["The province is as it was left."]
        else:
            rate = self.requests / max(self.seconds, 0.1)
            said = [
                f"{self.dossiers:,} dossiers were played in {self.requests:,} requests"
                f" and {self.seconds:.0f} seconds ({rate:,.0f} a second)."
            ]
            if self.apologies:
                said.append(f"{self.apologies:,} apologies were signed by heads of units.")
        wrong = sum(self.surprises.values())
        if wrong:
            said.append(f"{wrong} answers were not expected; please report them:")
            said += [f"  {count} × {what}" for what, count in self.surprises.most_common(5)]
        return said


async def live(
    url: str,
    *,
    deadlines: str | None = None,
    state: Path | None = None,
    weeks: int = WEEKS,
    a_day: float = A_DAY,
    since: dt.date | None = None,
    until: dt.datetime | None = None,
    progress: Progress = silent,
) -> Story:
    """Load units and catalogue, and play from `since` (or so many weeks ago) until now, unless dossiers are there.

    `deadlines` is the address of the service that keeps them, where it runs: its time passes along, and heads sign
    there. `state` is where it notes that it has begun, so that what broke off is played to its end by the next call.
    """
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(url))
        other = await stack.enter_async_context(Desk(deadlines)) if deadlines else None
        await load(desk, progress)
        notes = _read(state)
        if (not notes.get("begun") and (await desk.ask("/applications", who=OPERATOR))["entries"]) or notes.get("done"):
            return Story(found=True, requests=desk.sent, surprises=desk.surprises)
        if not notes:
            first = since or dt.datetime.now(ZONE).date() - dt.timedelta(weeks=weeks)
            notes = {"begun": first.isoformat(), "a_day": a_day}
            _write(state, notes)
        until = until or dt.datetime.now(ZONE)
        story = await _play(desk, other, dt.date.fromisoformat(notes["begun"]), until, notes["a_day"], progress)
        _write(state, notes | {"done": True})
        return story


async def load(desk: Desk, progress: Progress = silent) -> None:
    """Load the reviewed files, and wait until the views know them."""
    for n, what in enumerate(("units", "catalogue")):
        progress("loading units and procedures", n, 2)
        await desk.say(f"/{what}/load", who=OPERATOR)
    until = time.monotonic() + LOADED
    seen: tuple[int, int] = (0, 0)
    while time.monotonic() < until:
        now = (len(await desk.ask("/units")), len(await desk.ask("/procedures")))
        if now == seen and min(now):
            break
        seen = now
        await asyncio.sleep(0.5)
    progress("loading units and procedures", 2, 2)


async def _play(
    desk: Desk, deadlines: Desk | None, first: dt.date, until: dt.datetime, a_day: float, progress: Progress
) -> Story:
    started, sent = time.monotonic(), desk.sent
    here = await _setting(desk, first, until.date())
    heads = Heads(desk, deadlines, here) if deadlines else None
    acted = dt.datetime.combine(first, dt.time(), ZONE)

    async def move(now: dt.datetime) -> None:
        nonlocal acted
        if heads:
            await heads.pass_to(acted)
        await desk.pretend(now)
        acted = now

    if heads:
        await heads.begin(acted)
    pretended = Pretended(move)
    days = [first + dt.timedelta(days=n) for n in range((until.date() - first).days + 1)]
    lives = [life for day in days for life in _lives(day, a_day, here, desk, pretended)]
    for each in lives:
        pretended.begin(each.lead())
    what = f"playing {len(days)} days of the province"
    try:
        await pretended.pass_until(until, lambda now: progress(what, (now.date() - first).days, len(days)))
    finally:
        await desk.pretend(None)
        if heads:
            await heads.end()
    began = [each for each in lives if each.status != "none"]
    return Story(
        dossiers=len(began),
        requests=desk.sent - sent,
        apologies=heads.signed if heads else 0,
        seconds=time.monotonic() - started,
        statuses=Counter(each.status for each in began),
        surprises=desk.surprises + (deadlines.surprises if deadlines else Counter()),
    )


def _lives(day: dt.date, a_day: float, here: Setting, desk: Desk, pretended: Pretended) -> list[Life]:
    dice = random.Random(f"{SEED} {day}")
    count = round(a_day * here.load(day) * dice.uniform(0.85, 1.15))
    return [Life(f"{SEED}-{day:%y%m%d}-{n:04d}", day, here, desk, pretended) for n in range(count)]


async def _setting(desk: Desk, *days: dt.date) -> Setting:
    units = [await desk.ask(f"/units?on={day}") for day in days]
    procedures = [await desk.ask(f"/procedures?on={day}") for day in days]
    return setting(units, procedures)


def _read(state: Path | None) -> dict[str, Any]:
    try:
        return dict(json.loads((state / NOTES).read_text(encoding="utf-8"))) if state else {}
    except FileNotFoundError:
        return {}


def _write(state: Path | None, notes: Mapping[str, Any]) -> None:
    if state:
        (state / NOTES).write_text(json.dumps(notes), encoding="utf-8")


CURL = """curl -s {intake}/applications -H 'content-type: application/json' -d '{{"procedure": "{procedure}",\
 "decided_by": "thpt-le-loi", "applicant": {{"name": "Nguyễn Thị Bình"}}}}'"""


def welcome(urls: Mapping[str, str]) -> list[str]:
    """Where to look, and what to try first."""
    services = ("intake", "reporting", "deadlines", "transfers", "surveys")
    intake, reporting, deadlines, transfers, surveys = (urls[each] for each in services)
    return [
        f"  for citizens   {intake}/",
        f"  for officers   {intake}/dang-nhap (one click a role)",
        f"  dashboard      {reporting}/",
        f"  deadlines      {deadlines}/ (sign in as leadership: what is overdue, and where nobody has apologised)",
        f"  transfers      {transfers}/ (sign in as leadership: a special case waits for a decision)",
        f"  surveys        {surveys}/ (sign in as survey manager: who answered, and what it comes to)",
        f"  API            {', '.join(f'{urls[each]}/docs' for each in services)}",
        "Hand in a dossier, and see the dashboard move within a second:",
        CURL.format(intake=intake, procedure="2.002854"),
    ]


# In real time


async def trickle(url: str, *, pace: float = PACE, told: Callable[[str], None] = lambda _: None) -> None:
    """New dossiers, and the next step of those that wait, one act every second or two, until cancelled."""
    dice = random.Random()
    async with Desk(url) as desk:
        here = await _setting(desk, dt.datetime.now(ZONE).date())
        number = 0
        while True:
            await asyncio.sleep(pace * dice.uniform(1, 2))
            try:
                if dice.random() < 0.25:
                    number += 1
                    life = Life(f"{SEED}-{time.time_ns()}-{number}", dt.datetime.now(ZONE).date(), here, desk, _Now())
                    await life.come()
                else:
                    await _go_on(desk, dice)
            except Unexpected:
                told(next(reversed(desk.surprises)))


class _Now:
    """Real time: nobody waits."""

    async def until(self, _: dt.datetime) -> None:
        return


NEXT: Mapping[str, tuple[str, str, str]] = {  # by status: the act, who does it, and for which unit
    "submitted": ("receive", "desk_officer", "received_by"),
    "in_process": ("resolve", "unit_head", "decided_by"),
    "supplement_asked": ("supply", "desk_officer", "received_by"),
    "resolved": ("hand-over-result", "desk_officer", "received_by"),
}


async def _go_on(desk: Desk, dice: random.Random) -> None:
    """One dossier of the register's newest goes one step on."""
    status = dice.choices(tuple(NEXT), (3, 6, 1, 3))[0]
    entries = (await desk.ask(f"/applications?status={status}", who=OPERATOR))["entries"]
    if not entries:
        return
    found = dice.choice(entries)
    act, role, at = NEXT[status]
    body: dict[str, Any] = {}
    if act == "resolve" and not found["holder"]:
        act, role, at = "assign", "desk_officer", "received_by"
        body = {"to_unit": found["decided_by"], "role": "expert", "stage": 2}
    elif act == "resolve":
        body = {"outcome": "granted", "document_number": f"{dice.randrange(1, 9000)}/QĐ"}
    elif act == "hand-over-result":
        body = {"way": "desk"}
    # Somebody at a keyboard may be quicker: then there is nothing to do.
    fine = ("not_submitted", "not_in_this_state", "changed_meanwhile", "opinion_awaited", "decided_elsewhere")
    await desk.say(f"/applications/{found['id']}/{act}", body, who=(role, found[at]), fine=fine)
