"""What all papers have in common: the units' names on a day, the address in codes and links, the answer."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress

from fastapi import Response

from kernel.decider import Rejected
from kernel.service import Service
from services.intake.api.reference import Reference

ERASED = "[dữ liệu cá nhân đã xóa]"


def site(service: Service) -> str:
    """The address that people reach this by, for codes and links on paper."""
    return service.settings.address(service.name)


async def name_on(known: Reference, unit: str, days: Sequence[dt.date]) -> str:
    """What a unit was called on the first of these days on which it was there; its id where it never was."""
    for day in days:
        with suppress(Rejected):
            return (await known.unit(unit, day)).name
    return unit


async def parent_on(known: Reference, unit: str, days: Sequence[dt.date]) -> str:
    """What stands above a unit's name on its letters: the unit that it belongs to, or nothing."""
    for day in days:
        with suppress(Rejected):
            parent = (await known.unit(unit, day)).parent
            return await name_on(known, parent, days) if parent else ""
    return ""


def answer(pdf: bytes, name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "private, no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)
