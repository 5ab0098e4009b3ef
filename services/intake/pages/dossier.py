"""One dossier: as it stands, its log, its papers, and what may be done now."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from kernel.decider import Text
from kernel.layout import lang, moment, render, say
from kernel.web import Here
from schemas.event import Actor
from schemas.people import Document
from services.intake.api.application.action import Action
from services.intake.api.application.dossier import Line, Whole, read
from services.intake.api.application.life import ACTIONS
from services.intake.api.reference import Known, Reference, local_day
from services.intake.api.register import Officer
from services.intake.domain.form import Form
from services.intake.pages import words
from services.intake.pages.form import shown
from services.intake.pages.shared import unit_names

router = APIRouter(include_in_schema=False)
BY_PATH: Mapping[str, type[Action]] = {each.path: each for each in ACTIONS if each.path in words.ACTION}
KEYS = {
    "receive": "t",
    "refuse-receipt": "x",
    "assign": "c",
    "ask-supplement": "y",
    "supply": "g",
    "consult": "l",
    "answer-consultation": "a",
    "resolve": "r",
    "hand-over-result": "o",
    "stop": "u",
    "withdraw": "w",
    "correct": "e",
}
SAME_BREATH = 120.0  # seconds between what happened and its writing down that are no late entry


@router.get("/ho-so/{id}")
async def dossier(request: Request, service: Here, known: Known, actor: Officer, id: UUID) -> Response:
    """A dossier as it stands, its log, its papers, and what may be done now."""
    found = await read(service, actor, id)
    names = await unit_names(service)
    own = _own_form(known, found)
    return render(
        request,
        "dossier.html",
        found=found,
        own=own,
        answered=shown(own, found.answers, names, lang(request)) if own else [],
        id=id,
        names=names,
        actions=actions(found, actor),
        log=[(line, details(line, names, lang(request)), _late(line)) for line in reversed(found.history)],
        papers=[paper for line in found.history for paper in words.PAPER_OF.get(line.type, ())]
        + (["refusal"] if _refused(found) else []),
        documents=_documents(found),
        late=bool(found.summary.promise and found.summary.promise.due_at < service.clock.now()),
        words=words,
        keys=KEYS,
    )


def _own_form(known: Reference, found: Whole) -> Form | None:
    """The procedure's own form as it was on the day of the dossier, where that was answered."""
    came = next((line.happened_at for line in found.history if line.type == "intake.application_submitted"), None)
    return known.form(found.summary.procedure, (), local_day(came)) if came and found.answers else None


def actions(found: Whole, actor: Actor) -> list[str]:
    roles = set(actor.roles)
    open_questions = any(open_consultations(found))
    return [
        each
        for each in found.summary.may
        if each in BY_PATH
        and BY_PATH[each].roles & roles
        and (each != "answer-consultation" or open_questions)
        and (each != "ask-supplement" or not any(line.type == "intake.supplement_asked" for line in found.history))
    ]


def open_consultations(found: Whole) -> list[Mapping[str, Any]]:
    answered = {line.data["consultation"] for line in found.history if line.type == "intake.consultation_answered"}
    return [
        line.data
        for line in found.history
        if line.type == "intake.consultation_asked" and line.data["consultation"] not in answered
    ]


def _refused(found: Whole) -> bool:
    return any(
        line.type == "intake.application_resolved" and line.data["outcome"] == "refused" for line in found.history
    )


def _documents(found: Whole) -> list[tuple[Document, str]]:
    """All papers that came with it, with what their owner called the files."""
    documents: list[tuple[Document, str]] = []
    for line in found.history:
        called = line.data.get("file_names") or {}
        documents += [(each, called.get(each.digest, "")) for each in line.data.get("documents") or ()]
    return documents


def _late(line: Line) -> bool:
    return (line.recorded_at - line.happened_at).total_seconds() > SAME_BREATH


def details(line: Line, names: Mapping[str, str], said: str) -> list[str]:
    """What an event adds to its name, for the log."""

    def of(name: str, vi: str, en: str, table: Mapping[str, Text] | None = None) -> list[str]:
        value = line.data.get(name)
        if not value:
            return []
        shown = say(table[value], lang=said) if table and value in table else names.get(str(value), str(value))
        return [f"{say(Text(vi, en), lang=said)}: {shown}"]

    found = [
        *of("ground", "Lý do", "Ground", {**words.GROUND, **words.STOP_GROUND}),
        *of("outcome", "Kết quả", "Outcome", words.OUTCOME),
        *of("reason", "Nội dung", "Reason"),
        *of("from_unit", "Bên giao", "From"),
        *of("to_unit", "Bên nhận", "To"),
        *of("body", "Cơ quan", "Body"),
        *of("question", "Hỏi", "Asked"),
        *of("opinion", "Ý kiến", "Opinion", words.OPINION),
        *of("answer", "Trả lời", "Answer"),
        *of("note", "Ghi chú", "Note"),
        *of("way", "Cách trả", "Way", words.DELIVERY),
        *of("document_number", "Số văn bản", "Document"),
        *of("late_reason", "Lý do nhập muộn", "Why entered late"),
    ]
    found += [f"• {each}" for each in line.data.get("wanted") or ()]
    for each in line.data.get("changes") or ():
        found.append(f"«{each.was}» → «{each.now}»")
    if promise := line.data.get("promise"):
        found.append(say(Text("Hẹn trả", "Due"), lang=said) + f": {moment(promise.due_at)}")
    return found
