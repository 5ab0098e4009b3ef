"""Intake, deadlines and surveys in this process, with two small campaigns that tests lead through their lives."""

import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import zxingcpp

from intake.desks import DEPARTMENT, SCHOOL, moment, transfer
from places import place_on
from running import Asker, InProcess, in_process
from services.deadlines.app import definition as deadlines_wiring
from services.intake.app import definition as intake_wiring
from services.surveys.api import releasing
from services.surveys.api.catalogue import catalogue, publish
from services.surveys.app import definition as surveys_wiring

NOW = moment("2026-11-10 09:00")
BINH = {"name": "Nguyễn Thị Bình", "phone": "0912 345 678", "email": "binh@example.vn"}
LIKERT = [1, 2, 3, 4, 5]


def frame(schools: int = 6, classes: int = 3, size: int = 40) -> bytes:
    """A frame of two strata as CSV, with Vietnamese headings."""
    lines = ["Nhóm,Mã trường,Tên trường,Lớp,Sĩ số"]
    for n in range(1, schools + 1):
        stratum = "Thành thị" if n <= schools // 2 else "Nông thôn"
        lines += [f"{stratum},thpt-{n},Trường THPT số {n},10A{k},{size}" for k in range(1, classes + 1)]
    return "\n".join(lines).encode()


YEARLY: dict[str, Any] = {
    "kind": "yearly",
    "title": {"vi": "Khảo sát học sinh năm 2026", "en": "Pupils asked in 2026"},
    "group": "pupil",
    "questionnaire": "education-pupil",
    "starts": "2026-11-02",
    "ends": "2026-11-20",
    "target": 20,
}
STANDING: dict[str, Any] = {
    "kind": "standing",
    "title": {"vi": "Sau khi trả kết quả", "en": "After a result"},
    "group": "applicant",
    "questionnaire": "procedure",
    "starts": "2026-01-01",
    "ends": "2026-12-31",
    "remind_after": [3, 7],
}
DESIGN: dict[str, Any] = {"least_schools": 2, "classes": 1, "response": 0.8}


@dataclass
class Town:
    """Three services. `heard` until all that was said is in all views."""

    intake: InProcess
    deadlines: InProcess
    surveys: InProcess

    @property
    def manager(self) -> Asker:
        return self.surveys.by("survey_manager", unit=DEPARTMENT, id="manager-1")

    @property
    def leader(self) -> Asker:
        return self.surveys.by("leadership", unit=DEPARTMENT, id="leader-1")

    def at(self, text: str) -> None:
        """Let it be this moment on the wall in Việt Nam."""
        for each in (self.intake, self.deadlines, self.surveys):
            each.service.clock.set(moment(text))

    async def heard(self) -> None:
        for _ in range(2):  # what was heard is answered, and that is heard, too
            await self.intake.heard(self.deadlines.service, self.surveys.service)
            await self.deadlines.heard(self.surveys.service)
            await self.surveys.heard()

    async def upload(self, path: str, content: bytes, by: Asker | None = None, **query: Any) -> Any:
        who = by or self.manager
        return await who.client.post(path, files={"file": ("f.csv", content)}, params=query, headers=who.said)

    async def planned(self, **changes: Any) -> Any:
        return await self.manager.ok("/campaigns", **YEARLY | changes)

    async def drawn(self, **changes: Any) -> str:
        """A yearly campaign with its sample; its path."""
        path = f"/campaigns/{(await self.planned(**changes))['id']}"
        answer = await self.upload(f"{path}/frame", frame())
        assert answer.is_success, answer.text
        await self.manager.ok(f"{path}/draw", **DESIGN)
        return path

    async def opened(self, **changes: Any) -> str:
        path = await self.drawn(**changes)
        await self.manager.ok(f"{path}/open")
        await self.heard()
        return path

    async def tokens(self, path: str, school: str, class_name: str, **more: Any) -> list[str]:
        """The tokens of a class's slips, as a phone reads them from the PDF."""
        answer = await self.manager.post(f"{path}/slips", school=school, class_name=class_name, **more)
        assert answer.is_success, answer.text
        return scanned(answer.content)

    async def answers(self, token: str, answers: dict[str, Any]) -> None:
        answer = await self.surveys.with_(motcua_invitation=token).post("/answers", **answers)
        assert answer.status_code == 201, answer.text

    async def released(self) -> None:
        """All that can be let go is."""
        await self.heard()
        catalogue(self.surveys.service).forget()
        while await releasing.turn(self.surveys.service, grace=0):
            pass
        await self.heard()

    async def handed_over(self, **changes: Any) -> Any:
        """A dossier whose result is in the applicant's hands."""
        desk = self.intake.by("desk_officer", unit=SCHOOL)
        expert = self.intake.by("case_officer", unit=SCHOOL)
        body = transfer(channel="assisted", received_by=SCHOOL, applicant=BINH, notify="email") | changes
        dossier = await desk.ok("/applications", **body)
        await expert.ok(f"/applications/{dossier['id']}/resolve", outcome="granted", document_number="35/QĐ")
        await desk.ok(f"/applications/{dossier['id']}/hand-over-result", way="desk")
        await self.heard()
        return dossier


def scanned(pdf: bytes) -> list[str]:
    """What the QR codes of a PDF say after the last slash, in reading order."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=3, grayscale=True)
        pixels = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
        codes = sorted(zxingcpp.read_barcodes(pixels), key=lambda each: each.position.top_left.y)
        found += [each.text.rpartition("/")[2] for each in codes]
    return found


def levels(questions: Iterable[dict[str, Any]], level: int) -> dict[str, Any]:
    """The same level to each question that everybody is asked, 80 for each number, the last of each choice."""
    answer = {"likert": lambda _: level, "number": lambda _: 80, "single": lambda q: q["options"][-1]["code"]}
    asked = [each for each in questions if each["kind"] in answer and not each["when"]]
    return {each["code"]: answer[each["kind"]](each) for each in asked}


def unzipped(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name).decode("utf-8-sig") for name in file.namelist()}


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@asynccontextmanager
async def town_on(ground: Any, templates: Any, folder: Path, **settings: Any) -> AsyncIterator[Town]:
    async with place_on(ground, templates, folder) as place:
        config = place.settings.model_copy(update=settings)
        async with (
            in_process(intake_wiring, config) as intake,
            in_process(deadlines_wiring, config) as deadlines,
            in_process(surveys_wiring, config) as surveys,
        ):
            town = Town(intake, deadlines, surveys)
            town.at("2026-11-10 09:00")
            for what in ("catalogue", "units"):
                await intake.by("operator").ok(f"/{what}/load")
            await publish(surveys.service)
            await town.heard()
            yield town
