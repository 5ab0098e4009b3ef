"""Slips of paper with a QR code: a class's, or one for somebody at the desk. Their tokens are in the PDF alone, so a
PDF that was lost is lost: printing again revokes what was printed before."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from kernel import paper
from kernel.decider import Rejected, Text
from kernel.service import Service
from kernel.web import Here
from schemas.event import Actor
from services.surveys.api.access import Reader, check_unit
from services.surveys.api.campaigns import Found, find, id_of
from services.surveys.api.invitations import issue
from services.surveys.api.tables import download
from services.surveys.api.tokens import shown
from services.surveys.domain import contact as asking
from services.surveys.domain import invitation as inv
from services.surveys.domain.contact import contact
from services.surveys.domain.invitation import invitation
from services.surveys.domain.naming import contact_stream, invitation_stream

router = APIRouter(tags=["Phiếu giấy / Slips"])
PRINTED = (
    "SELECT stream FROM view.invitation"
    " WHERE campaign = $1 AND cell = $2 AND carrier = 'slip' AND printing <> '' AND state <> 'revoked'"
)
TURN = "SELECT pg_advisory_xact_lock(hashtext('motcua.slips ' || $1))"
HOW = (
    "1. Quét mã QR bằng điện thoại, hoặc vào trang dưới đây và nhập mã.",
    "2. Chọn câu trả lời, khoảng 5 phút; có thể dừng giữa chừng rồi làm tiếp.",
)


class PrintBody(BaseModel):
    """Print a class's slips. `again`: what was printed of it before is lost; unused tokens of it are revoked. `spare`
    slips are printed on top of those who are asked."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"school": "thpt-le-loi", "class_name": "10A1"}]}
    )

    school: Annotated[str, Field(min_length=1, max_length=60)]
    class_name: Annotated[str, Field(min_length=1, max_length=60)]
    again: bool = False
    spare: Annotated[int, Field(ge=0, le=20)] = 0


def pdf(found: Found, unit: str, to: str, tokens: Sequence[str], site: str, now: dt.datetime) -> bytes:
    """The slips as an A4 PDF, five a page with lines to cut along."""
    slips = [{"qr": paper.qr_svg(f"{site}/phieu/{each}"), "code": shown(each), "to": to} for each in tokens]
    return paper.pdf(
        "sheets/slips",
        {
            "unit": unit,
            "title": found.row.title_vi,
            "issued_at": now,
            "ends": found.state.ends,
            "site": f"{site}/phieu",
            "how": list(HOW),
            "slips": slips,
        },
    )


async def print_class(service: Service, actor: Actor, id: UUID, body: PrintBody) -> bytes:
    """Issue the invitations of a class and print them. Raises Rejected, 403, 404."""
    check_unit(actor, body.school)
    found = await find(service, id)
    chosen = next((c for c in found.state.chosen if (c.school, c.class_name) == (body.school, body.class_name)), None)
    if chosen is None:
        raise HTTPException(404, Text("Lớp này không có trong mẫu.", "This class is not in the sample."))
    cell = (chosen.school, chosen.class_name)
    # One class at a time in this process: all that wait with a connection in hand would leave none to go on with.
    async with service.keep(_turn), service.pool.acquire() as connection, connection.transaction():
        await connection.execute(TURN, f"{found.stream} {cell}")  # so that a second click does not print a second set
        before = await printed(service, found.stream, cell)
        if before and not body.again:
            raise Rejected(
                "printed_already",
                Text("Phiếu của lớp này đã được in.", "This class's slips were printed already."),
                instead=Text(
                    "Nếu bản in bị mất, hãy chọn in lại; các phiếu cũ chưa dùng sẽ hết hiệu lực.",
                    "If they are lost, print again; unused ones of before become worthless.",
                ),
                issued=len(before),
            )
        used = await revoke(service, actor, before)
        count = max(chosen.asked - used, 0) + body.spare
        if not count:
            raise Rejected("all_answered", Text("Cả lớp đã trả lời.", "Everybody of this class has answered."))
        tokens = await issue(service, actor, found.stream, cell, count=count, printing=str(uuid7()))
        service.keep(_fresh)[found.stream, cell] = {invitation_stream(each) for each in tokens}
    names = {each.school: each.name for each in found.state.frame.schools} if found.state.frame else {}
    to = f"{names.get(chosen.school, chosen.school)}, lớp {chosen.class_name}"
    unit = await unit_name(service, found.row.unit)
    site, now = service.settings.address("surveys"), service.clock.now()
    return await asyncio.to_thread(pdf, found, unit, to, tokens, site, now)


async def printed(service: Service, campaign: str, cell: tuple[str, ...]) -> list[str]:
    """The invitations of a class's slips that are worth something."""
    rows = await service.pool.fetch(PRINTED, campaign, msgspec.json.encode(cell).decode())
    return sorted({row["stream"] for row in rows} | service.keep(_fresh).get((campaign, cell), set()))


def _turn(_: Service) -> asyncio.Lock:
    return asyncio.Lock()


def _fresh(_: Service) -> dict[tuple[str, tuple[str, ...]], set[str]]:
    """What this process printed, by campaign and cell: the view follows a moment later."""
    return {}


async def revoke(service: Service, actor: Actor, streams: Sequence[str]) -> int:
    """Make what was printed before worthless; answers how many of them were used."""
    command = inv.Revoke(ground="lost", at=service.clock.now())
    done = await asyncio.gather(*(service.do(invitation, each, command, actor=actor) for each in streams))
    return sum(each.state.status == "used" for each in done)


async def unit_name(service: Service, unit: str) -> str:
    name = await service.pool.fetchval("SELECT name FROM view.unit WHERE unit = $1", unit)
    return str(name or "Sở Giáo dục và Đào tạo")


async def print_one(service: Service, actor: Actor, application: UUID) -> bytes:
    """A slip for somebody who comes to the desk for a result. Raises Rejected, 403, 404."""
    stream = contact_stream(f"application-{application}")
    state, _ = await service.state(contact, stream)
    if not state.due:
        raise HTTPException(404, Text("Hồ sơ này chưa trả kết quả.", "No result of this dossier was handed over."))
    check_unit(actor, state.unit)
    campaign = await service.pool.fetchval(STANDING)
    if campaign is None:
        raise HTTPException(409, Text("Không có khảo sát thường xuyên nào đang mở.", "No standing campaign is open."))
    late = await service.pool.fetchval("SELECT late FROM view.dossier WHERE stream = $1", state.application)
    if state.invitation:
        await revoke(service, actor, [state.invitation])
        if (await service.state(invitation, state.invitation))[0].status == "used":
            raise Rejected("answered_already", Text("Người này đã trả lời rồi.", "This person has answered already."))
    cell = (state.unit, "late" if late else "in_time")
    (token,) = await issue(service, actor, campaign, cell)
    now = service.clock.now()
    turn = state.turn + 1
    command = asking.Invite(
        campaign=campaign, invitation=invitation_stream(token), turn=turn, carrier="slip", reminder=False, at=now
    )
    done = await service.do(contact, stream, command, actor=actor)
    if done.state.invitation != command.invitation:
        await revoke(service, actor, [command.invitation])
        raise Rejected(
            "invited_meanwhile",
            Text("Người này vừa được mời bằng cách khác.", "This person was invited a moment ago."),
            instead=Text("Thử lại; lời mời kia sẽ hết hiệu lực.", "Try again; the other one becomes worthless."),
        )
    await service.do(contact, stream, asking.Reach(turn=turn, proof="printed", at=now), actor=actor)
    found = await find(service, id_of(campaign))
    unit, site = await unit_name(service, state.unit), service.settings.address("surveys")
    return await asyncio.to_thread(pdf, found, unit, "", [token], site, now)


STANDING = (
    "SELECT stream FROM view.campaign WHERE kind = 'standing' AND status = 'open' ORDER BY opened_at DESC LIMIT 1"
)


@router.post("/campaigns/{id}/slips", response_class=Response, summary="Print a class's slips as a PDF")
async def post_slips(service: Here, actor: Reader, id: UUID, body: PrintBody) -> Response:
    """By the survey manager, or by officers of the school. The tokens are in this answer and nowhere else."""
    return file_of(await print_class(service, actor, id, body), f"phieu-{body.school}-{body.class_name}")


@router.post(
    "/contacts/{application}/slip", response_class=Response, summary="Print a slip for one applicant (officers)"
)
async def post_slip(service: Here, actor: Reader, application: UUID) -> Response:
    """For somebody without an address, at the desk. An invitation that was sent before becomes worthless."""
    return file_of(await print_one(service, actor, application), "phieu-khao-sat")


def file_of(content: bytes, name: str) -> Response:
    plain = "".join(each if each.isascii() and (each.isalnum() or each == "-") else "-" for each in name)
    return download(f"{plain}.pdf", content, "application/pdf")
