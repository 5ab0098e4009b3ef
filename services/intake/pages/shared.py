"""What several pages need: names of units, the words of a wrong field, a form as it was sent."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from kernel import problems
from kernel.decider import Text
from kernel.layout import lang, say
from kernel.service import Service
from kernel.tracking import codes
from kernel.web import Asked, who
from schemas.intake import ProcessingTime, Terms
from services.intake.api.application.dossier import id_of
from services.intake.api.reference import local_day
from services.intake.domain.rules import Rules
from services.intake.pages.words import CASE, TIME_UNIT, WRONG

PERSON_FIELDS = ("name", "id_number", "phone", "email")
ADDRESS_FIELDS = ("street", "commune", "province")


async def unit_names(service: Service) -> dict[str, str]:
    """What units are called now, or were called when they ended."""
    return {row["unit"]: row["name"] for row in await service.pool.fetch("SELECT unit, name FROM view.unit")}


async def form_of(request: Request) -> FormData:
    """The form that was sent; at most 60 files."""
    return await request.form(max_files=60, max_fields=400, max_part_size=1 << 18)


def text(form: Mapping[str, Any], name: str) -> str:
    """One field as text, without the blanks at its ends; "" where it is missing."""
    value = form.get(name, "")
    return "" if isinstance(value, UploadFile) else str(value).replace("\0", "").strip()


def texts(form: FormData, name: str) -> list[str]:
    return [each.replace("\0", "").strip() for each in form.getlist(name) if isinstance(each, str) and each.strip()]


def keyed(request: Request, form: Mapping[str, Any]) -> Asked:
    """A form carries its own idempotency key, so that sending it twice is sending it once."""
    key = text(form, "key")
    said = "\n".join(f"{name}={value}" for name, value in sorted(form.items()) if isinstance(value, str))
    fingerprint = hashlib.sha256(f"{request.url.path}\n{said}".encode()).digest()
    return Asked(f"{who(request).id} page {key}" if key else None, fingerprint, lang(request))


def wrongs(errors: Iterable[Mapping[str, Any]], said: str, prefix: str = "") -> dict[str, str]:
    """What is wrong, by field, in words: pydantic's findings about a form."""
    found: dict[str, str] = {}
    for each in problems.of_fields(errors, said).get("errors", ()):
        parts = [part for part in str(each["where"]).split(".") if not part.isdigit()]
        name = parts[-1] if parts else ""
        kind = WRONG.get(prefix + name) or WRONG.get(name)
        found.setdefault(prefix + name, say(kind, lang=said) if kind else each["what"])
    return found


def time_by_rule(terms: Terms, rules: Rules) -> list[Text]:
    """How long it takes, case by case; where nobody knows, what the province agreed on, marked as that."""
    if terms.times:
        return [time_in_words(each) for each in terms.times]
    if rules.default_time is None:
        return [Text("chưa rõ", "not known")]
    agreed = time_in_words(rules.default_time)
    return [
        Text(f"{agreed.vi} (tỉnh tự ấn định, chưa rõ quy định)", f"{agreed.en} (set by the province; no rule known)")
    ]


def time_in_words(each: ProcessingTime) -> Text:
    """08 ngày làm việc (trong tỉnh)"""
    unit = TIME_UNIT[each.unit]
    case = CASE.get(each.case, Text(each.case, each.case))
    return Text(
        f"{each.amount:02} {unit.vi}" + (f" ({case.vi})" if each.case else ""),
        f"{each.amount} {unit.en}" + (f" ({case.en})" if each.case else ""),
    )


def name_of(terms: Terms, said: str) -> str:
    return terms.name_en if said == "en" and terms.name_en else terms.name_vi


def handed_in_at(service: Service, stream: str) -> str:
    """Where a dossier's code is shown to who has just handed it in."""
    id = id_of(stream)
    return f"/da-nop/{id}?ma={codes(service).of(id)}"


def today(service: Service) -> dt.date:
    return local_day(service.clock.now())
