"""The life of one dossier, from the person who wants something to the result in hand, as officers and citizens act it.

All that chance decides comes from the dossier's own key, so the same key lives the same life: a demo that broke off is
played again from the start, and what was done already is answered as it was the first time.
"""

import datetime as dt
import random
from collections.abc import Collection
from typing import Any, Protocol
from uuid import UUID

from deploy.demo import people
from deploy.demo.desk import Answer, Desk, Unexpected, Who
from deploy.demo.setting import Offer, Setting
from kernel import calendar as working_time

APART = dt.timedelta(minutes=16)  # between two acts of one life: more than a step of pretended time

REASONS = {
    "incomplete": "Thành phần hồ sơ chưa đủ theo quy định của thủ tục.",
    "not_entitled": "Người nộp không thuộc đối tượng được hưởng chính sách.",
    "wrong_authority": "Hồ sơ thuộc thẩm quyền giải quyết của cơ quan khác.",
    "duplicate": "Hồ sơ trùng với hồ sơ đã nộp và đang được giải quyết.",
    "conditions_not_met": "Chưa đáp ứng điều kiện quy định tại thời điểm nộp.",
}
CONTENTS = (
    "Xin được giải quyết theo nguyện vọng của gia đình.",
    "Gia đình mới chuyển nơi ở, xin được xem xét giải quyết sớm.",
    "Đề nghị giải quyết để kịp thời gian nhập học của con.",
    "Bản gốc bị thất lạc, đề nghị cấp lại để bổ sung hồ sơ xin việc.",
    "Gia đình thuộc hộ cận nghèo, đề nghị được hưởng chính sách hỗ trợ.",
)
LATE = (
    "Mất điện tại quầy, tiếp nhận bằng giấy rồi nhập lại.",
    "Mất kết nối mạng buổi chiều hôm trước.",
    "Tiếp nhận lưu động tại bản, nhập khi về trụ sở.",
)
MISSING = (
    "Bản sao học bạ có chứng thực",
    "Giấy xác nhận nơi cư trú",
    "Đơn đề nghị có chữ ký của cha mẹ hoặc người giám hộ",
    "Bản sao giấy khai sinh",
)


class Time(Protocol):
    async def until(self, moment: dt.datetime) -> None: ...


class Life:
    """One dossier. `await life.lead()` plays it; `status` says how far it came."""

    def __init__(self, key: str, day: dt.date, setting: Setting, desk: Desk, time: Time) -> None:
        self.key, self.setting, self._desk, self._time = key, setting, desk, time
        self.dice = random.Random(key)
        self.offer: Offer = setting.offer(self.dice, day.month)
        self.decided_by = setting.decides(self.dice, self.offer)
        self.way = self._way(working_time.working(day, setting.calendar))
        moment = setting.office_moment if self.way not in ("online", "national_portal") else setting.home_moment
        self.begins = moment(self.dice, day)
        self.now = self.begins
        self.visit = ""
        self.id = self.tracking = self.received_by = ""
        self.due = self.begins
        self.status = "none"
        self._acts = 0
        make = people.citizen if self.offer.of_people else people.organisation
        self.applicant = make(self.dice, setting.communes())

    def _way(self, at_work: bool) -> str:
        """How it comes, by the online level; on paper only while the desks are open."""
        if self.offer.level >= 3:
            ways = {"online": 58, "national_portal": 13, "desk": 25, "post": 3, "authorised": 1}
        else:
            ways = {"desk": 70, "post": 12, "hired_service": 6, "authorised": 12}
        found = self.dice.choices(tuple(ways), tuple(ways.values()))[0]
        return found if at_work or self.offer.level < 3 else self.dice.choice(("online", "online", "national_portal"))

    async def lead(self) -> None:
        try:
            await self._time.until(self.begins)
            if await self._hand_in():
                await self._work()
        except Unexpected:
            pass  # counted where it came

    async def come(self) -> None:
        """Only the first step, and that now: as an online dossier, for it may be night."""
        self.now = dt.datetime.now(dt.UTC)
        await self._online("online" if self.way != "national_portal" else self.way)

    # Acts

    async def _at(self, moment: dt.datetime) -> None:
        """Wait for a moment, or for the first at which this life can go on."""
        self.now = max(moment, self.now + APART)
        await self._time.until(self.now)

    async def _in_office(self, moment: dt.datetime) -> None:
        """The same, while the desks are open."""
        await self._at(self.setting.after(max(moment, self.now + APART), 1 / 60))

    def _chance(self, share: float) -> bool:
        return self.dice.random() < share

    def _key(self) -> str:
        self._acts += 1
        return f"{self.key}-{self._acts}"

    async def _act(self, path: str, who: Who | None, **body: Any) -> Answer:
        """A command on the dossier: by an officer, who says when it happened, or by the applicant, now."""
        stamp = {"happened_at": self.now} if who else {}
        tracking = "" if who else self.tracking
        return self._seen(
            await self._desk.say(
                f"/applications/{self.id}/{path}", stamp | body, who=who, key=self._key(), tracking=tracking
            )
        )

    def _seen(self, answer: Answer) -> Answer:
        self.status = answer["status"]
        if answer["promise"]:
            self.due = dt.datetime.fromisoformat(answer["promise"]["due_at"])
        return answer

    # Handing in

    async def _hand_in(self) -> bool:
        """Whether it came in at last: whoever is at the wrong place, or comes with paper, is guided."""
        if self.way in ("online", "national_portal"):
            return await self._online(self.way)
        place = self._place()
        for _ in range(3):
            answer = await self._on_paper(place)
            if "id" in answer:
                return True
            self.visit = answer["visit"]
            if answer["code"] == "online_only":
                return await self._instead_of_paper(place)
            if self._chance(0.2):
                return False
            if self._chance(0.4) and answer["online"]:
                await self._at(self.setting.home_moment(self.dice, self.setting.next_day(self.now)))
                return await self._online("online")
            place = self.dice.choice(answer["places"])["unit"]
            await self._in_office(self.setting.after(self.now, self.dice.uniform(0.5, 8)))
        return False

    def _place(self) -> str:
        """Where somebody goes first: mostly, not always, to the right place."""
        units, dice = self.setting.units, self.dice
        match self.offer.authority:
            case "school":
                return self.decided_by if self._chance(0.94) else self.setting.department
            case "commune":
                return (
                    self.decided_by
                    if self._chance(0.9)
                    else dice.choice((self.setting.centre, self.setting.department))
                )
            case _:
                others = (
                    self.setting.department,
                    dice.choice(units["commune"]).unit,
                    dice.choice(units["school"]).unit,
                )
                return self.setting.centre if self._chance(0.72) else dice.choices(others, (5, 9, 2))[0]

    async def _on_paper(self, place: str) -> Answer:
        extra: dict[str, Any] = {}
        if self.way in ("authorised", "hired_service"):
            extra["authorised"] = people.citizen(self.dice, self.setting.communes())
        fine = ("wrong_place", "online_only")
        return await self._submit(("desk_officer", place), self.way, place, fine=fine, **extra)

    async def _instead_of_paper(self, place: str) -> bool:
        """Paper was refused: most let an officer help them there and then, others go home and do it, or give up."""
        if self.way != "post" and self._chance(0.8):
            await self._in_office(self.now + APART)
            await self._submit(("desk_officer", place), "assisted", place)
            return True
        if self._chance(0.7):
            await self._at(self.setting.home_moment(self.dice, self.setting.next_day(self.now)))
            return await self._online("online")
        return False

    async def _online(self, way: str) -> bool:
        if way == "online":
            await self._submit(None, way, "")
        else:
            number = self.dice.randrange(10**6)
            await self._submit(
                ("desk_officer", self.setting.centre), way, "", portal_code=f"G22.99-{self.now:%y%m%d}-{number:06d}"
            )
        return True

    async def _submit(
        self, who: Who | None, channel: str, place: str, *, fine: Collection[str] = (), **extra: Any
    ) -> Answer:
        dice, body = self.dice, dict(extra)
        if who:
            body["happened_at"] = self.now
            if place and self._chance(0.025):
                body["late_reason"] = dice.choice(LATE)
                await self._at(self.setting.office_moment(dice, self.setting.next_day(self.now)))
        body |= {
            "procedure": self.offer.id,
            "channel": channel,
            "received_by": place,
            "decided_by": self.decided_by,
            "applicant": self.applicant,
            "content": dice.choice(CONTENTS),
            "documents": [
                {"title": title, "form": "electronic" if not place else "copy"} for title in self.offer.documents
            ],
            "delivery": dice.choices(("desk", "post", "online"), (5, 2, 4))[0],
            "notify": dice.choice(("none", "sms", "email", "phone")),
        }
        if self.visit:
            body["visit"] = self.visit
        answer = await self._desk.say("/applications", body, who=who, key=self._key(), fine=fine)
        if "id" in answer:
            self._seen(answer)
            self.id, self.tracking, self.received_by = answer["id"], answer["tracking"], answer["received_by"]
            self.delivery = str(body["delivery"])
        return answer

    # Working on it

    async def _work(self) -> None:
        desk: Who = ("desk_officer", self.received_by)
        if self.status == "submitted" and not await self._receive(desk):
            return
        if self._chance(0.015):
            await self._correct(desk)
        if self._chance(0.09) and not await self._supplement(desk):
            return
        if self._chance(0.022):
            await self._give_up()
            return
        finish = self._finish()
        expert = (
            self.setting.office(self.offer.field) if self.decided_by == self.setting.department else self.decided_by
        )
        await self._in_office(self._share(finish, self.dice.uniform(0.02, 0.12)))
        await self._act(
            "assign", desk, to_unit=expert, role="expert", stage=2, receiver=f"cv-{self.dice.randrange(1, 9)}"
        )
        if self.decided_by == self.setting.department and self._chance(0.07):
            await self._consult(expert)
        if self._chance(0.7):
            await self._in_office(self._share(finish, self.dice.uniform(0.6, 0.85)))
            await self._act("assign", ("case_officer", expert), to_unit=self.decided_by, role="head", stage=3)
        await self._in_office(finish)
        await self._resolve()
        await self._in_office(self.setting.after(self.now, self.dice.choice((0.5, 1, 2, 4, 8, 12, 20, 60))))
        await self._act("hand-over-result", desk, way=self.delivery)

    async def _receive(self, desk: Who) -> bool:
        if self._chance(0.012):
            await self._at(self.now + dt.timedelta(hours=self.dice.uniform(0.4, 3)))
            await self._act("withdraw", None, reason="Tôi nộp nhầm thủ tục, xin rút lại.")
            return False
        await self._in_office(self.setting.after(self.now, min(self.dice.expovariate(0.5), 9)))
        if self._chance(0.035):
            ground = self.dice.choice(("incomplete", "wrong_authority", "duplicate"))
            await self._act("refuse-receipt", desk, ground=ground, reason=REASONS[ground])
            return False
        await self._act("receive", desk)
        return True

    async def _correct(self, desk: Who) -> None:
        await self._in_office(self.setting.after(self.now, self.dice.uniform(0.3, 3)))
        right = self.applicant | {"phone": people.phone(self.dice)}
        change = {"field": "applicant", "was": self.applicant["phone"], "now": right["phone"]}
        await self._act(
            "correct", desk, changes=[change], reason="Ghi nhầm số điện thoại của người nộp.", applicant=right
        )

    async def _supplement(self, desk: Who) -> bool:
        """Asked once; most people bring it, some never do, some give up."""
        dice = self.dice
        await self._in_office(self.setting.after(self.now, dice.uniform(1, 14)))
        wanted = dice.sample(MISSING, dice.choice((1, 1, 2, 3)))
        await self._act("ask-supplement", desk, wanted=wanted, reason=REASONS["incomplete"], contact="Quầy 12")
        if self._chance(0.08):
            later = self.setting.next_day(self.now, 17)
            await self._in_office(self.setting.office_moment(dice, later))
            await self._act("stop", desk, ground="no_supplement", reason="Quá thời hạn bổ sung hồ sơ.")
            return False
        if self._chance(0.06):
            await self._at(self.now + dt.timedelta(days=dice.uniform(0.5, 6)))
            await self._act("withdraw", None, reason="Không bổ sung được giấy tờ, xin rút hồ sơ.")
            return False
        for complete in (False, True) if self._chance(0.05) else (True,):
            moment = self.setting.next_day(self.now, dice.choice((1, 1, 2, 3, 5, 8)))
            brought = [{"title": each} for each in wanted]
            if self._chance(0.6):
                await self._at(self.setting.home_moment(dice, moment))
                await self._act("supply", None, documents=brought)
                moment, brought = self.setting.next_day(self.now, 1), []  # an officer says whether that is all
            await self._in_office(self.setting.office_moment(dice, moment))
            await self._act("supply", desk, complete=complete, documents=brought)
        return True

    async def _give_up(self) -> None:
        if self._chance(0.65):
            await self._at(self.now + dt.timedelta(hours=self.dice.uniform(2, 60)))
            await self._act("withdraw", None, reason="Tôi có thay đổi kế hoạch, xin rút hồ sơ.")
        else:
            await self._in_office(self.setting.after(self.now, self.dice.uniform(1, 12)))
            await self._act("stop", ("desk_officer", self.received_by), reason="Theo đề nghị của người nộp.")

    async def _consult(self, expert: str) -> None:
        dice, who = self.dice, ("case_officer", expert)
        body = dice.choice([each.unit for each in self.setting.units["commune"] if each.unit != self.received_by])
        asked = {
            "consultation": str(UUID(int=dice.getrandbits(128), version=4)),
            "body": body,
            "question": "Đề nghị xác nhận nơi cư trú và hoàn cảnh.",
        }
        await self._in_office(self.setting.after(self.now, dice.uniform(0.5, 4)))
        await self._act("consult", who, **asked)
        late = self._chance(0.2)
        if late:
            await self._in_office(self.setting.office_moment(dice, self.setting.next_day(self.now, 6)))
            await self._act("name-late-consultee", who, consultation=asked["consultation"])
        wait = dice.uniform(2, 6) if late else dice.uniform(4, 28)
        await self._in_office(self.setting.after(self.now, wait))
        opinion = dice.choices(("agrees", "disagrees", "other"), (86, 9, 5))[0]
        await self._act(
            "answer-consultation", who, consultation=asked["consultation"], opinion=opinion,
            answer="Đã xác minh tại địa bàn.", document_number=f"{dice.randrange(1, 900)}/UBND-VX",
        )  # fmt: skip

    async def _resolve(self) -> None:
        who = ("unit_head", self.decided_by)
        if self._chance(0.93):
            number = f"{self.dice.randrange(1, 9000)}/QĐ"
            await self._act("resolve", who, outcome="granted", document_number=number)
        else:
            ground = self.dice.choice(("not_entitled", "conditions_not_met"))
            await self._act("resolve", who, outcome="refused", ground=ground, reason=REASONS[ground])

    def _finish(self) -> dt.datetime:
        """When it will be resolved: within its time, but for what is late by design."""
        left = working_time.time_between(self.now, self.due, self.setting.calendar)
        if self._chance(self.setting.slow(self.decided_by)):
            return self.setting.after(self.due, self.dice.uniform(1, 30))
        return self.setting.after(self.now, left / dt.timedelta(hours=1) * self.dice.triangular(0.2, 0.97, 0.7))

    def _share(self, finish: dt.datetime, share: float) -> dt.datetime:
        left = working_time.time_between(self.now, finish, self.setting.calendar)
        return self.setting.after(self.now, left / dt.timedelta(hours=1) * share)
