"""Sheets from elsewhere (a form that was filled in without a network, say), many at once: CSV or XLSX, a row a sheet.

The column `token` holds the code of the invitation, each other column the answers to the question of its name; options
of a multiple choice are divided by blanks. Each row is judged by itself: a wrong one is told and the others go on. A
token is used once, so a file that is sent again is told as `already`.
"""

import asyncio
from collections import Counter
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Response, UploadFile
from pydantic import BaseModel

from kernel import problems
from kernel.decider import Rejected, Text
from kernel.service import Service
from kernel.store import Conflict
from kernel.tables import Unreadable, read_table
from kernel.web import Here, Lang
from schemas.event import Actor
from schemas.surveys import QuestionnairePublished
from services.surveys.api.access import Manager
from services.surveys.api.answering import Opened, Unfit, check, opened, send
from services.surveys.api.campaigns import find, stream_of
from services.surveys.api.catalogue import catalogue
from services.surveys.api.tables import as_csv
from services.surveys.api.tokens import read_token
from services.surveys.domain import invitation as inv
from services.surveys.domain.questionnaire import typed

router = APIRouter(tags=["Nhập phiếu giấy / Paper sheets"])
MOST_ROWS = 5_000
TOGETHER = 100
TOKEN = "token"


class RowOutcome(BaseModel):
    """What became of a row: `line` is its line in the file."""

    line: int
    outcome: Literal["taken", "already", "would_take", "wrong"]
    problem: dict[str, Any] | None = None


class Imported(BaseModel):
    taken: int
    already: int
    would_take: int
    wrong: int
    rows: list[RowOutcome]


@router.post("/campaigns/{id}/sheets", summary="Take over sheets with their tokens (survey manager)")
async def post_sheets(
    service: Here,
    actor: Manager,
    lang: Lang,
    id: UUID,
    file: UploadFile,
    dry_run: Annotated[bool, Query(description="Judge only; nothing is stored.")] = False,
) -> Imported:
    return await take_all(service, actor, stream_of(id), await file.read(), lang, dry_run=dry_run)


@router.get("/campaigns/{id}/sheets.csv", response_class=Response, summary="An empty file for sheets (survey manager)")
async def get_empty(service: Here, _: Manager, id: UUID) -> Response:
    """Its columns: `token`, and a question's code each."""
    published = await catalogue(service).of((await find(service, id)).state)
    return as_csv("phieu.csv", (TOKEN, *(each.code for each in published.questions)), ())


async def take_all(
    service: Service, actor: Actor, campaign: str, content: bytes, lang: str, *, dry_run: bool
) -> Imported:
    """Judge and take each row. Raises 404 for no campaign, 422 for a file that is no table of sheets."""
    state = await catalogue(service).campaign(campaign)
    if state.plan is None:
        raise HTTPException(404, Text("Không có đợt khảo sát này.", "There is no such campaign."))
    published = await catalogue(service).of(state)
    try:
        rows = await asyncio.to_thread(read_table, content, most=MOST_ROWS)
    except Unreadable as error:
        raise HTTPException(422, error.says) from None
    columns = {name for _, cells in rows[:1] for name in cells}
    strange = columns - {TOKEN, *(each.code for each in published.questions)}
    if rows and (strange or TOKEN not in columns):
        said = Text(
            "Tệp cần cột “token”, các cột khác mang mã câu hỏi. Không hiểu: {names}.",
            "The file needs a column “token”; all others are named by a question's code. Not known: {names}.",
        )
        raise HTTPException(422, said.of(names=", ".join(sorted(strange))[:200] or "–"))
    double = {
        each for each, count in Counter(read_token(cells.get(TOKEN, "")) for _, cells in rows).items() if count > 1
    }

    async def judged(line: int, cells: dict[str, str]) -> RowOutcome:
        try:
            token = read_token(cells.get(TOKEN, ""))
            if token in double and token is not None:
                raise Rejected("token_twice", Text("Mã phiếu này có ở hai dòng.", "This token is in two rows."))
            found = await opened(service, cells.get(TOKEN, ""))
            outcome = await _one(service, actor, campaign, found, _answers(published, cells), dry_run)
            return RowOutcome(line=line, outcome=outcome)
        except Rejected as error:
            if error.code == "invitation_used":
                return RowOutcome(line=line, outcome="already")
            return RowOutcome(line=line, outcome="wrong", problem=problems.of_rejected(error, lang))
        except Conflict:
            said = problems.problem(409, "changed_meanwhile", problems.CHANGED, lang)
            return RowOutcome(line=line, outcome="wrong", problem=said)
        except Unfit as error:
            told = [{"where": code, "what": getattr(text, lang)} for code, text in error.wrong[: problems.MOST_FIELDS]]
            said = problems.of_fields((), lang) | {"errors": told}
            return RowOutcome(line=line, outcome="wrong", problem=said)

    outcomes: list[RowOutcome] = []
    for first in range(0, len(rows), TOGETHER):
        outcomes += await asyncio.gather(*(judged(*each) for each in rows[first : first + TOGETHER]))
    counted = Counter(each.outcome for each in outcomes)
    kinds: tuple[Literal["taken", "already", "would_take", "wrong"], ...] = ("taken", "already", "would_take", "wrong")
    return Imported(rows=outcomes, **{kind: counted[kind] for kind in kinds})


def _answers(published: QuestionnairePublished, cells: dict[str, str]) -> dict[str, Any]:
    return {each.code: typed(each, cells[each.code]) for each in published.questions if cells.get(each.code, "") != ""}


async def _one(
    service: Service, actor: Actor, campaign: str, found: Opened, answers: dict[str, Any], dry_run: bool
) -> Literal["taken", "would_take"]:
    if found.state.campaign != campaign:
        raise Rejected("invitation_unknown", inv.UNKNOWN)
    check(found, answers)
    if dry_run:
        return "would_take"
    await send(service, found, answers, way="batch", actor=actor, entered_by=(actor.id,))
    return "taken"
