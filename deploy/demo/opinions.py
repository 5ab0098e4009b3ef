"""What the demo's people think: a measurement a year ago, frozen; one that runs now; and whoever was given a result and
wished for mail reads it, and mostly answers, less kindly where it came late.

    before = await begin(intake, surveys, state)       before the province is played: last year, and the standing one
    await go_on(intake, surveys, state, mailbox)       after it: this year, and the mail
    await trickle(surveys, mailbox)                    until cancelled
"""

import asyncio
import datetime as dt
import email
import email.policy
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from deploy.demo.desk import Answer, Desk, Unexpected, Who
from deploy.demo.province import load
from deploy.trouble import Trouble
from kernel.calendar import ZONE

MANAGER: Who = ("survey_manager", "so-gddt")
NOTES = "opinions.json"
PATIENCE = 60.0  # seconds for surveys to let answers go
STANDING = 10  # days that results were asked about, so that not all mail of many weeks leaves at once
MAIL = 25.0  # seconds for the mail about what was played to leave
STRATA = ("Đô thị", "Trung du", "Vùng cao")
REMARKS = (
    "Thầy cô nhiệt tình, nhưng nhà vệ sinh cần sửa.",
    "Mong có thêm sách trong thư viện và sân bóng.",
    "Cô Nguyễn Thị Lan dạy rất dễ hiểu, số cô là 0912 345 678.",
    "Làm thủ tục nhanh, không phải đi lại nhiều.",
    "Hẹn rồi lại hẹn, mong lần sau trả đúng ngày.",
    "Nên trả kết quả qua mạng cho đỡ phải xin nghỉ làm.",
)
LINK = re.compile(r"/phieu/([0-9A-Z]{26})")


async def begin(intake: str, surveys: str, state: Path) -> None:
    """Last year's measurement, with its results frozen, and the standing campaign, open before the province is
    played."""
    notes = _read(state)
    if notes.get("begun"):
        return
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(intake))
        office = await stack.enter_async_context(Desk(surveys))
        await load(desk)
        schools = await _schools(desk)
        await _until(lambda: _published(office), "Surveys does not publish its questionnaires")
        then = dt.datetime.now(ZONE) - dt.timedelta(days=365)
        try:
            await office.pretend(then)
            year = await _measured(office, schools[:8], then.date(), "", mood=3.3, classes=1, share=0.8)
            await office.say(f"/campaigns/{year}/close", {"reason": "Đã đủ phiếu"}, who=MANAGER, fine=("not_open",))
            await office.pretend(then + dt.timedelta(minutes=5))

            async def frozen() -> bool:
                fine = ("answers_on_their_way", "not_closed")
                return "status" in await office.say(f"/campaigns/{year}/freeze", who=MANAGER, fine=fine)

            await _until(frozen, "Surveys does not let answers go")
        finally:
            await office.pretend(None)
        await _standing(office)
        _write(state, {"begun": True, "previous": year})


async def go_on(intake: str, surveys: str, state: Path, mailbox: Path) -> None:
    """This year's measurement, so far as it has come, and the mail of the weeks that were played."""
    notes = _read(state)
    if notes.get("done"):
        return
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(intake))
        office = await stack.enter_async_context(Desk(surveys))
        today = dt.datetime.now(ZONE).date()
        year = await _measured(
            office, await _schools(desk), today, notes.get("previous", ""), mood=3.9, classes=2, share=0.62
        )
        await _read_mail(office, mailbox, MAIL)
        await _void(office, year)
        _write(state, notes | {"done": True})


async def trickle(surveys: str, mailbox: Path, told: Callable[[str], None] = lambda _: None) -> None:
    """Whoever gets mail from now on reads it within seconds, until cancelled."""
    async with Desk(surveys) as office:
        seen: set[str] = set()
        _letters(mailbox, seen)
        dice = random.Random()
        while True:
            await asyncio.sleep(dice.uniform(4, 8))
            before = office.surprises.total()
            for path, token in _letters(mailbox, seen):
                await _reads(office, token, random.Random(path))
            if office.surprises.total() > before:
                told(next(reversed(office.surprises)))


# Campaigns


async def _published(office: Desk) -> bool:
    """Whether surveys has its questionnaires, which it publishes when it starts. Nothing is planned for these days."""
    never = _yearly(dt.date(2001, 1, 1), "") | {"ends": "2000-01-01"}
    said = await office.say("/campaigns", never, who=MANAGER, fine=("http_422", "ends_before_it_starts"))
    return bool(said["code"] == "ends_before_it_starts")


def _yearly(today: dt.date, previous: str) -> Answer:
    body: Answer = {
        "kind": "yearly",
        "title": {"vi": f"Khảo sát học sinh trung học phổ thông {today.year}", "en": f"Pupils asked in {today.year}"},
        "group": "pupil",
        "questionnaire": "education-pupil",
        "starts": (today - dt.timedelta(days=7)).isoformat(),
        "ends": (today + dt.timedelta(days=14)).isoformat(),
        "target": 150,
    }
    return body | ({"previous": previous} if previous else {})


async def _schools(desk: Desk) -> list[tuple[str, str]]:
    units = await desk.ask("/units?kind=school")
    return sorted((each["unit"], each["name"]) for each in units if each["unit"].startswith("thpt-"))


async def _measured(
    office: Desk,
    schools: list[tuple[str, str]],
    today: dt.date,
    previous: str,
    *,
    mood: float,
    classes: int,
    share: float,
) -> str:
    """A campaign that was drawn and opened, and whose pupils answered, `share` of them; its id."""
    key = f"demo-yearly-{today.year}"
    year = str((await office.say("/campaigns", _yearly(today, previous), who=MANAGER, key=key))["id"])
    path = f"/campaigns/{year}"
    drawn = await office.say(f"{path}/size", {}, who=MANAGER, fine=("http_409",))
    if "needed" not in drawn:
        await office.upload(f"{path}/frame", "khung.csv", _frame(schools), who=MANAGER)
    design = {"classes": classes, "least_schools": 3, "response": 0.75}
    drawn = await office.say(f"{path}/draw", design, who=MANAGER, key=f"{key}-draw")
    opened = await office.say(f"{path}/open", who=MANAGER, fine=("already_open", "not_its_time"))
    if "status" not in opened or (await office.ask(f"{path}/results", who=MANAGER))["issued"]:
        return year  # it broke off here: what was given out is given out
    dice = random.Random(key)
    work: list[Awaitable[None]] = []
    for at, each in enumerate(drawn["chosen"]):
        body = {"cell": [each["school"], each["class_name"]], "count": each["asked"], "printing": key}
        issued = await office.say(f"{path}/invitations", body, who=MANAGER)
        tokens = [token.replace("-", "") for token in issued["tokens"]]
        asked = await office.questions(tokens[0])
        # Pupils of one school are of one mind, more or less; the last class has hardly begun.
        of_school = mood + random.Random(f"{each['school']}").uniform(-0.5, 0.6)
        many = 3 if at == len(drawn["chosen"]) - 1 and previous else round(len(tokens) * share * dice.uniform(0.7, 1.2))
        copied = _thinks(asked["questions"], dice, of_school, "")
        for n, token in enumerate(tokens[:many]):
            answers = copied if previous and at == 1 and n < 4 else _thinks(asked["questions"], dice, of_school, "")
            work.append(_answered(office, token, answers))
    await asyncio.gather(*work)
    return year


async def _answered(office: Desk, token: str, answers: Answer) -> None:
    with suppress(Unexpected):  # counted where it came
        await office.answer(token, answers)


def _frame(schools: Iterable[tuple[str, str]]) -> bytes:
    lines = ["Nhóm,Mã trường,Tên trường,Lớp,Sĩ số"]
    for at, (unit, name) in enumerate(schools):
        dice = random.Random(unit)
        for grade in (10, 11, 12):
            lines += [
                f'{STRATA[at % 3]},{unit},"{name}",{grade}A{n},{dice.randrange(32, 46)}'
                for n in range(1, dice.randrange(4, 8))
            ]
    return "\n".join(lines).encode()


async def _standing(office: Desk) -> None:
    today = dt.datetime.now(ZONE).date()
    body = {
        "kind": "standing",
        "title": {"vi": "Ý kiến sau khi trả kết quả", "en": "After a result"},
        "group": "applicant",
        "questionnaire": "procedure",
        "starts": (today - dt.timedelta(days=STANDING)).isoformat(),
        "ends": today.replace(month=12, day=31).isoformat(),
        "remind_after": [3],
    }
    told = await office.say("/campaigns", body, who=MANAGER, key="demo-standing")
    await office.say(f"/campaigns/{told['id']}/open", who=MANAGER)


async def _void(office: Desk, year: str) -> None:
    """Four sheets of one class are alike: the manager asks that they do not count, and somebody else has to agree."""

    async def copies() -> bool:
        return any(each["kind"] == "copies" for each in await office.ask(f"/campaigns/{year}/signals", who=MANAGER))

    try:
        await _until(copies, "Surveys does not let answers go")
        found = [
            each for each in await office.ask(f"/campaigns/{year}/signals", who=MANAGER) if each["kind"] == "copies"
        ]
        body = {"sheets": found[0]["sheets"], "reason": "Bốn phiếu của một lớp giống hệt nhau, nghi một người điền."}
        await office.say(f"/campaigns/{year}/voidings", body, who=MANAGER, fine=("voided_already",))
    except (Trouble, Unexpected):
        pass  # a demo without a proposal is a demo


# Mail


async def _read_mail(office: Desk, mailbox: Path, seconds: float) -> None:
    """Answer what has come, until nothing came for a while or the time is over."""
    seen: set[str] = set()
    until, quiet = time.monotonic() + seconds, 0
    while time.monotonic() < until and quiet < 3:
        fresh = _letters(mailbox, seen)
        quiet = 0 if fresh else quiet + 1
        await asyncio.gather(*(_reads(office, token, random.Random(path)) for path, token in fresh))
        if not fresh:
            await asyncio.sleep(1.5)


def _letters(mailbox: Path, seen: set[str]) -> list[tuple[str, str]]:
    """(file, token) of invitations that came since, by mail or SMS."""
    found = []
    for path in sorted((*mailbox.glob("*.eml"), *mailbox.glob("*.json"))):
        if path.name in seen:
            continue
        seen.add(path.name)
        if path.suffix == ".eml":
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            text = body.get_content() if body else ""
        else:
            text = path.read_text(encoding="utf-8")
        if link := LINK.search(text):
            found.append((path.name, link[1]))
    return found


async def _reads(office: Desk, token: str, dice: random.Random) -> None:
    """Six of ten answer."""
    if dice.random() > 0.6:
        return
    try:
        asked = await office.questions(token)
        if asked:
            late = asked["cell"] == ["late"]
            await office.answer(token, _thinks(asked["questions"], dice, 2.7 if late else 4.2, "".join(asked["cell"])))
    except Unexpected:
        pass  # counted where it came


def _thinks(questions: list[Answer], dice: random.Random, mood: float, cell: str) -> Answer:
    """Answers of somebody in this mood, 1 to 5, to what they are asked."""
    mood += dice.gauss(0, 0.5)
    answers: Answer = {}
    for each in questions:
        if not _asked(each, answers, cell):
            continue
        match each["kind"]:
            case "likert":
                answers[each["code"]] = min(5, max(1, round(dice.gauss(mood, 0.8))))
            case "number":
                answers[each["code"]] = min(each["most"], max(each["least"], round(mood * 20 + dice.gauss(0, 8))))
            case "single":
                answers[each["code"]] = dice.choice(each["options"])["code"]
            case "multiple":
                answers[each["code"]] = [dice.choice(each["options"])["code"]]
            case _ if dice.random() < 0.07:
                answers[each["code"]] = dice.choice(REMARKS)
    return answers


def _asked(question: Answer, answers: Answer, cell: str) -> bool:
    when: dict[str, Any] | None = question["when"]
    if not when:
        return True
    said: Any = cell if when["question"] == "cell" else answers.get(when["question"])
    return any(str(each) in when["answers"] for each in (said if isinstance(said, list) else [said]))


async def _until(true: Callable[[], Awaitable[bool]], wrong: str) -> None:
    until = time.monotonic() + PATIENCE
    while not await true():
        if time.monotonic() > until:
            raise Trouble(f"{wrong}: read its log, then start the demo again.")
        await asyncio.sleep(0.5)


def _read(state: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((state / NOTES).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _write(state: Path, notes: dict[str, Any]) -> None:
    (state / NOTES).write_text(json.dumps(notes), encoding="utf-8")
