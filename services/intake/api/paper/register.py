"""The register of a unit's days as a paper."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, HTTPException, Response

from kernel import paper
from kernel.decider import Text
from kernel.service import Service
from kernel.tracking import codes
from kernel.web import Here
from schemas.people import Person
from services.intake.api.application.dossier import id_of
from services.intake.api.paper.letterhead import ERASED, answer, name_on, parent_on
from services.intake.api.reference import Known, Reference, local_day
from services.intake.api.register import Officer, lines, own_unit

router = APIRouter(tags=["Giấy tờ in / Papers"])
MOST_LINES = 2000
_WAYS = {"desk": "trực tiếp", "post": "bưu chính", "online": "trực tuyến", "": ""}


class _HandedOver(msgspec.Struct):
    came_at: dt.datetime


async def of_register(service: Service, known: Reference, unit: str, since: dt.date, until: dt.date) -> bytes:
    """The register of a unit's days as a paper. Raises HTTPException 422 where it would be longer than a book."""
    found = await lines(service, unit=unit, since=since, until=until, most=MOST_LINES + 1)
    if len(found) > MOST_LINES:
        raise HTTPException(
            422,
            Text(
                f"Quá {MOST_LINES} hồ sơ; hãy chọn ít ngày hơn.", f"More than {MOST_LINES} dossiers; choose fewer days."
            ),
        )
    now = service.clock.now()
    days = (since, local_day(now))
    names = {each: await name_on(known, each, days) for each in {row["decided_by"] for row, _ in found}}
    form = known.rules(since).forms.get("register")
    data = {
        "parent": await parent_on(known, unit, days),
        "unit": await name_on(known, unit, days),
        "place": "",
        "form": f"Mẫu số {form.number}" if form else "",
        "title": form.title.vi if form else "Sổ theo dõi hồ sơ",
        "number": "",
        "issued_at": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "from": since,
        "until": until,
        "rows": [
            _register_line(row, person, names) | {"code": row["code"] or codes(service).of(id_of(row["stream"]))}
            for row, person in reversed(found)
        ],
    }
    return await asyncio.to_thread(paper.pdf, "register", data)


def _register_line(row: Mapping[str, Any], person: Person | None, names: Mapping[str, str]) -> dict[str, Any]:
    passed_on = msgspec.json.decode(row["hand_overs"], type=list[_HandedOver])
    return {
        "procedure": row["procedure_name"],
        "sets": row["sets"],
        "applicant": person.name if person else ERASED,
        "contact": "; ".join(filter(None, (person.address.line, person.phone))) if person else "",
        "body": names[row["decided_by"]],
        "received_at": row["received_at"] or row["submitted_at"],
        "due_at": row["due_at"],
        "passed_on_at": passed_on[0].came_at if passed_on else None,
        "result_at": row["resolved_at"],
        "handed_over_at": row["handed_over_at"],
        "way": _WAYS[row["way"]],
        "note": "",
    }


@router.get(
    "/register.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
    summary="A unit's register of some days (officers)",
)
async def get_register_paper(
    service: Here, known: Known, actor: Officer, since: dt.date, until: dt.date, unit: str = ""
) -> Response:
    return answer(await of_register(service, known, own_unit(actor, unit), since, until), "register")
