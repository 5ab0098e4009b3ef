"""`motcua what-if`: read the log of clocks and tell what would have been late in another world. Nothing is written."""

import datetime as dt
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.trouble import Trouble
from kernel import database, packs, store
from kernel.calendar import Calendar, Declared, with_changes
from kernel.calendar_view import read_days
from kernel.calendars import seed
from kernel.settings import Settings
from schemas.calendar import CalendarDay
from services.deadlines.domain.whatif import TOPICS, Other, Ruled, other_packs, replayed
from services.intake.domain.rules import rules_on

PAGE = 1_000
RULES = Path(__file__).parents[1] / "services" / "intake" / "rules" / "province.toml"
STREAMS = """
SELECT stream FROM view.clock
WHERE phase = 'answered' AND (answered_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date BETWEEN $1 AND $2 AND stream > $3
ORDER BY stream LIMIT $4
"""


def read_amounts(told: list[str]) -> dict[str, int]:
    """`2.002854=5` as {procedure: amount}. Raises Trouble."""
    found = {}
    for each in told:
        procedure, _, amount = each.partition("=")
        if not procedure or not amount.isdecimal():
            raise Trouble(f"“{each}” is not PROCEDURE=AMOUNT, such as 2.002854=5.")
        found[procedure] = int(amount)
    return found


def read_rules(file: Path) -> Ruled:
    """Intake's rule packs, and the same with the pack of this file in the place of the one of its name, or on top.
    Raises Trouble for a file that is no rule pack."""
    try:
        pack = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Trouble(
            f"{file} can't be read ({error.strerror}): name a rule pack, such as a copy of {RULES}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Trouble(f"{file} is not TOML ({error}): write it like the files in {RULES.parent}.") from None
    _check_pack(file, pack)
    was = packs.read(RULES.parent)
    then = other_packs(was, pack)
    try:
        for day in {each["from"] for topic in TOPICS for each in pack.get(topic, ())}:
            rules_on(day, then)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Trouble(f"{file} is no whole rule pack ({error!r}): write it like the files in {RULES.parent}.") from None
    return Ruled(was=was, then=then)


def _check_pack(file: Path, pack: packs.Pack) -> None:
    if missing := [name for name in ("pack", "version") if not isinstance(pack.get(name), str)]:
        raise Trouble(f"{file} does not say its {' and '.join(missing)}: write it like the files in {RULES.parent}.")
    entries = [(topic, each) for topic, found in pack.items() if isinstance(found, list) for each in found]
    for topic, each in entries:
        if missing := [name for name in ("name", "from", "basis", "mark") if name not in each]:
            raise Trouble(f"An entry of [[{topic}]] in {file} has no {', '.join(missing)}.")
        if type(each["from"]) is not dt.date:
            raise Trouble(f"An entry of [[{topic}]] in {file} has no day in `from`, such as 2026-01-01.")
    if not {topic for topic, _ in entries} & set(TOPICS):
        raise Trouble(f"{file} says nothing of {', '.join(TOPICS)}: nothing else of a rule pack moves a due date.")


async def other_calendar(pool: Any, rest: list[dt.date], worked: list[dt.date]) -> Calendar:
    """Today's calendar with these days changed on top."""
    row = await pool.fetchrow("SELECT days FROM view.calendar")
    changes = read_days(row["days"]) if row else []
    number = (changes[-1].number if changes else 0) + 1
    days = [CalendarDay(date=day, kind="rest", name="what if") for day in rest]
    days += [CalendarDay(date=day, kind="worked", name="what if") for day in worked]
    return with_changes(seed(), [*changes, *(Declared(number, each) for each in days)])


async def run(
    config: Settings,
    since: dt.date,
    until: dt.date,
    *,
    rest: list[dt.date],
    worked: list[dt.date],
    amounts: dict[str, int],
    more: int,
    cut_off: str,
    rules: Ruled | None = None,
    done: Callable[[int], None],
) -> dict[str, Any]:
    """Figures of all that was answered in the period: how many were late, and how many would have been."""
    pool = await database.pool("deadlines", config)
    try:
        calendar = await other_calendar(pool, rest, worked)
        other = Other(calendar=calendar, rules=rules, amounts=amounts, more=more, cut_off=cut_off)
        total: Counter[str] = Counter()
        by: dict[str, Counter[str]] = {}
        last = ""
        while streams := [row["stream"] for row in await pool.fetch(STREAMS, since, until, last, PAGE)]:
            last = streams[-1]
            for history in (await store.read(pool, streams)).values():
                found = replayed((each.event for each in history), other)
                for figures in (total, by.setdefault(found.procedure, Counter())) if found else ():
                    _count(figures, found)
            done(total["answered"])
    finally:
        await pool.close()
    names = ("answered", "late", "late_then", "newly_late", "no_longer_late")
    return {
        "since": str(since),
        "until": str(until),
        "calendar": calendar.version,
        "rules": [f"{each['pack']} {each['version']}" for each in rules.then] if rules else [],
        **{name: total[name] for name in names},
        "by_procedure": {each: {name: by[each][name] for name in names} for each in sorted(by)},
    }


def _count(figures: Counter[str], found: Any) -> None:
    was, then = found.was is not None, found.then is not None
    figures["answered"] += 1
    figures["late"] += was
    figures["late_then"] += then
    figures["newly_late"] += then and not was
    figures["no_longer_late"] += was and not then
