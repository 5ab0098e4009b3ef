"""Two families of the demo's province who ask for a transfer: an ordinary one that a head grants, and a special one
whose consultation waits for the leadership."""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from deploy.demo.desk import OPERATOR, Desk
from deploy.trouble import Trouble

PATIENCE = 60.0  # seconds that one service may take to hear of another
PROCEDURE = "2.002854"
PLACES = 3
CASES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Lò Thị Mai", "2010-09-02", {"from_type": "public", "reason": "moved_home"}),
    ("Trần Gia Huy", "2010-11-20", {"from_type": "private", "reason": "no_equivalent_private"}),
)
Told = dict[str, Any]


async def ask(intake: str, transfers: str) -> int:
    """Let them ask, and officers do the first steps; answers how many asked. Said again it is the same."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(intake))
        office = await stack.enter_async_context(Desk(transfers))
        schools = [each["unit"] for each in await desk.ask("/units?kind=school") if each["unit"].startswith("thpt-")]
        if len(schools) < 2:
            return 0
        leave, to = schools[0], schools[1]
        await _open_class(office, to)
        for number, (name, born, facts) in enumerate(CASES):
            id = await _hand_in(desk, leave, to, number, name, born, facts)
            await _go_on(office, to, id)
        return len(CASES)


async def _open_class(office: Desk, school: str) -> None:
    today = dt.datetime.now(dt.UTC).date()
    year = today.year if today.month >= 6 else today.year - 1
    body = {"school": school, "year": year, "grade": 11, "name": "11A1", "places": PLACES}

    async def known() -> bool:
        """The school, to transfers, which hears of it a moment after intake."""
        said = await office.say("/classes", body, who=("unit_head", school), fine=("http_422",))
        return "stream" in said

    await _until(known, "Transfers does not hear of the schools")


async def _hand_in(desk: Desk, leave: str, to: str, number: int, name: str, born: str, facts: Told) -> str:
    answers = {"from_school": leave, "to_school": to, "to_type": "public", "grade": 11, "to_class": "11A1"}
    body = {
        "procedure": PROCEDURE,
        "channel": "assisted",
        "received_by": to,
        "decided_by": to,
        "applicant": {"name": f"Phụ huynh em {name}", "phone": "0912 345 678"},
        "content": "Xin chuyển trường cho con.",
        "answers": answers | facts | {"documents": ["application", "summary"]},
        "concerns": {"name": name, "born": born},
    }
    said = await desk.say("/applications", body, who=("desk_officer", to), key=f"demo-family-{number}")
    return str(said["id"])


async def _go_on(office: Desk, school: str, id: str) -> None:
    """The head consents where it is their turn, or signs the consultation."""
    head = ("unit_head", school)

    async def begun() -> bool:
        work = await office.ask(f"/inbox?unit={school}", who=OPERATOR)
        return any(each["application"] == id and each["waits"] != "place" for each in work)

    await _until(begun, "Transfers does not begin a case")

    async def drafted() -> bool:
        case = await office.ask(f"/transfers/{id}", who=head)
        return not case["special"] or bool(case["consultation"])

    await _until(drafted, "Transfers does not draft a consultation")
    case = await office.ask(f"/transfers/{id}", who=head)
    if case["special"]:
        body = {"signer": "Hoàng Minh Tuấn"}
        await office.say(f"/transfers/{id}/consultation/issue", body, who=head, fine=("issued_already",))
        return
    [turn] = [each["turn"] for each in case["steps"] if each["step"] == "accept"]
    await office.say(f"/transfers/{id}/steps/accept/consent", {"turn": turn}, who=head)


async def _until(true: Callable[[], Awaitable[bool]], wrong: str) -> None:
    until = time.monotonic() + PATIENCE
    while not await true():
        if time.monotonic() > until:
            raise Trouble(f"{wrong}: read its log, then start the demo again.")
        await asyncio.sleep(0.1)
