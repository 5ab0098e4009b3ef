"""What happens at desks, for the tests of the api: a dossier in each of its states, and who may do what to it.

The procedure is 2.002854 (transfer): the school decides, papers are refused, an officer may type it in.
"""

import datetime as dt
from typing import Any

from running import Asker

SCHOOL, OTHER, CENTRE, DEPARTMENT = "thpt-le-loi", "thpt-tran-phu", "ttpvhcc", "so-gddt"
TRANSFER, ON_PAPER = "2.002854", "SH.010"  # the second is of online level 2: taken on paper, decided by the Department
BINH = {"name": "Nguyễn Thị Bình", "id_number": "001190000001", "phone": "0912 345 678"}
ZONE = dt.timezone(dt.timedelta(hours=7))


def transfer(**changes: Any) -> dict[str, Any]:
    return {"procedure": TRANSFER, "decided_by": SCHOOL, "applicant": BINH, "content": "Xin chuyển trường."} | changes


def on_paper(**changes: Any) -> dict[str, Any]:
    return {"procedure": ON_PAPER, "channel": "desk", "received_by": CENTRE, "applicant": BINH} | changes


def desk(intake: Asker, unit: str = SCHOOL) -> Asker:
    return intake.by("desk_officer", unit=unit)


def expert(intake: Asker, unit: str = SCHOOL) -> Asker:
    return intake.by("case_officer", unit=unit)


async def submitted(intake: Asker, **changes: Any) -> Any:
    return await intake.ok("/applications", **transfer(**changes))


async def in_process(intake: Asker) -> Any:
    return await desk(intake).ok("/applications", **transfer(channel="assisted", received_by=SCHOOL))


async def supplement_asked(intake: Asker) -> Any:
    id = (await in_process(intake))["id"]
    return await expert(intake).ok(f"/applications/{id}/ask-supplement", wanted=["Học bạ"], reason="Thiếu học bạ")


async def consulted(intake: Asker) -> Any:
    """The consultation has the dossier's own id, so that a test can name it."""
    id = (await in_process(intake))["id"]
    return await expert(intake).ok(f"/applications/{id}/consult", body=DEPARTMENT, question="Ý kiến?", consultation=id)


async def resolved(intake: Asker) -> Any:
    id = (await in_process(intake))["id"]
    return await expert(intake).ok(f"/applications/{id}/resolve", outcome="granted", document_number="35/QĐ")


async def handed_over(intake: Asker) -> Any:
    id = (await resolved(intake))["id"]
    return await desk(intake).ok(f"/applications/{id}/hand-over-result", way="desk")


IN = {
    "submitted": submitted,
    "in_process": in_process,
    "supplement_asked": supplement_asked,
    "consulted": consulted,
    "resolved": resolved,
    "handed_over": handed_over,
}


def moment(text: str) -> dt.datetime:
    """A moment by the clock on the wall in Việt Nam: "2026-05-09 10:00"."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


def types(whole: Any) -> list[str]:
    """What happened to a dossier, by name."""
    return [line["type"].removeprefix("intake.") for line in whole["history"]]
