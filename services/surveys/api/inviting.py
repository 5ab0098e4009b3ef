"""Inviting people to say how it went: who was given a result an hour ago, and who was invited and has not answered.

That somebody is invited is said before the mail leaves, with an invitation of its own, and that it left after. A mail
whose fate nobody knows, since we were killed in between, is followed by the next turn: its invitation is revoked and
another sent, so that one of them can be used, and only one. A token is in the mail and, until the mail has left, in
this process's memory; nowhere else. One process invites at a time, by an advisory lock.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid5

import msgspec
import structlog
from structlog.contextvars import bound_contextvars

from kernel.calendar import local
from kernel.errand import Again, alone, in_turns
from kernel.layout import day
from kernel.post import Message, Post, Refused, open_post
from kernel.service import Service, poisonous
from schemas.event import Actor, Personal
from schemas.people import Person
from schemas.surveys import Carrier
from services.surveys.api.invitations import issue
from services.surveys.domain import contact as asking
from services.surveys.domain import invitation as inv
from services.surveys.domain.campaign import Campaign, campaign
from services.surveys.domain.contact import Contact, contact
from services.surveys.domain.invitation import invitation
from services.surveys.domain.naming import NAMESPACE, invitation_stream

log = structlog.get_logger()
POLL, SOON, LATE = 2.0, 5.0, 900.0  # seconds
PATIENCE = dt.timedelta(days=2)  # with deadlines, which says whether a result was late
MOST = 200  # people a round
SELF = Actor(id="motcua:surveys", roles=("system",))
STANDING = (
    "SELECT stream, remind_after FROM view.campaign WHERE kind = 'standing' AND status = 'open'"
    " ORDER BY opened_at DESC, stream"
)
ABOUT = "SELECT c.stream FROM view.contact c"
# Whether it was late decides what is asked, so deadlines is waited for, up to two days.
DUE = f"""{ABOUT} LEFT JOIN view.dossier d ON d.stream = c.application
WHERE c.turn = 0 AND c.skipped = '' AND c.handed_over_at <= $1 AND (d.late IS NOT NULL OR c.noted_at <= $2)
ORDER BY c.handed_over_at, c.stream LIMIT {MOST}"""
LOST = f"{ABOUT} WHERE turn > reached AND skipped = '' ORDER BY invited_at, stream LIMIT {MOST}"
# Who was reached and has an invitation that was not used: one whose it was is not looked at again. It may be revoked
# already: we were killed before the next one was said.
REMIND = f"""{ABOUT} JOIN view.invitation i ON i.stream = c.invitation
WHERE c.campaign = $1 AND c.reminders = $2 AND c.asked_at <= $3 AND c.turn = c.reached AND c.skipped = ''
AND c.carrier <> 'slip' AND i.state <> 'used' ORDER BY c.asked_at, c.stream LIMIT {MOST}"""
OF_DOSSIER = (
    "SELECT d.*, u.name AS unit_name FROM view.dossier d LEFT JOIN view.unit u ON u.unit = $2 WHERE stream = $1"
)


@dataclass(frozen=True)
class Held:
    """An invitation that was said, and whose mail has not left yet."""

    turn: int
    token: str


@dataclass
class Mails:
    """What one process remembers: the mails that have not left, and when what failed is tried again."""

    held: dict[str, Held] = field(default_factory=dict)
    again: Again = field(default_factory=lambda: Again(SOON, LATE))

    def done(self, stream: str) -> None:
        self.held.pop(stream, None)
        self.again.pop(stream, None)


@dataclass(frozen=True)
class Addressed:
    """How one person is reached."""

    carrier: Carrier
    to: str
    name: str


async def invite(service: Service) -> None:
    """Invite and remind, until cancelled. Where nothing leaves by mail or SMS nobody is asked."""
    ways, mails = open_post(service.settings), Mails()
    if ways:
        await in_turns(lambda: invite_waiting(service, ways, mails), every=POLL, waits="inviting waits")


async def invite_waiting(service: Service, ways: Mapping[str, Post], mails: Mails) -> int:
    """Invite everybody whose time it is, each at most once; answers how many were reached. Raises what the database is
    to blame for."""
    async with service.pool.acquire() as connection, connection.transaction():
        if not await alone(connection, "inviting"):
            return 0
        reached = 0
        for stream, reminds in await _waiting(service, connection):
            if not mails.again.waits(stream):
                with bound_contextvars(contact=stream):
                    reached += await _tried(service, ways, stream, mails, reminds=reminds)
        return reached


async def _waiting(service: Service, connection: Any) -> list[tuple[str, bool]]:
    """Streams of people to be invited; whether it is a reminder."""
    now = service.clock.now()
    wait = dt.timedelta(seconds=service.settings.survey_wait)
    found = {row["stream"]: False for row in await connection.fetch(DUE, now - wait, now - PATIENCE)}
    found |= {row["stream"]: False for row in await connection.fetch(LOST)}
    for row in await connection.fetch(STANDING):
        for many, days in enumerate(msgspec.json.decode(row["remind_after"], type=list[int])):
            since = now - dt.timedelta(days=days)
            found |= {each["stream"]: True for each in await connection.fetch(REMIND, row["stream"], many, since)}
    return list(found.items())


async def _tried(service: Service, ways: Mapping[str, Post], stream: str, mails: Mails, *, reminds: bool) -> bool:
    """Whether somebody was reached; where it did not work the log says why. Raises what the database is to blame
    for."""
    try:
        return await _one(service, ways, stream, mails, reminds=reminds)
    except Exception as error:
        if not poisonous(error):
            raise
        log.warning("somebody could not be invited yet", **mails.again.later(stream, error))
        return False


async def _one(service: Service, ways: Mapping[str, Post], stream: str, mails: Mails, *, reminds: bool) -> bool:
    state, _ = await service.state(contact, stream)
    if state.skipped or (not reminds and 0 < state.turn == state.reached):
        return False  # done a moment ago: the view follows
    found = await _campaign(service, state)
    if found is None:
        if not reminds:
            await _skip(service, stream, "no_campaign")
        return False
    name, asked = found
    row = await service.pool.fetchrow(OF_DOSSIER, state.application, state.unit)
    person = await _person(service, row)
    to = _addressed(person, row["notify"] if row else "none", ways)
    if to is None:
        await _skip(service, stream, "erased" if row and row["subject"] and person is None else "no_address")
        return False
    mine = mails.held.get(stream)
    if not (mine and mine.turn == state.turn > state.reached):
        fresh = await _issued(service, stream, state, name, row, to, reminds=reminds)
        if fresh is None:
            mails.done(stream)
            return False
        mine = mails.held[stream] = fresh
    try:
        message = _message(service, stream, mine, to, asked, row, reminds=reminds)
        sent = await ways[to.carrier].send(message)
    except Refused:
        await _skip(service, stream, "undeliverable")
        mails.done(stream)
        return False
    command = asking.Reach(turn=mine.turn, proof=sent.proof, at=service.clock.now())
    await service.do(contact, stream, command, actor=SELF)
    mails.done(stream)
    return True


async def _campaign(service: Service, state: Contact) -> tuple[str, Campaign] | None:
    """The open standing campaign that this person is asked for: the one of the earlier invitation, else the latest that
    had begun when the result was handed over."""
    since = local(state.handed_over_at).date() if state.handed_over_at else dt.date.max
    streams = [state.campaign] if state.campaign else [r["stream"] for r in await service.pool.fetch(STANDING)]
    for stream in streams:
        found, _ = await service.state(campaign, stream)
        begun = state.campaign or (found.plan and found.plan.starts <= since)
        if begun and found.takes(service.clock.now()):
            return stream, found
    return None


async def _issued(
    service: Service, stream: str, state: Contact, name: str, row: Any, to: Addressed, *, reminds: bool
) -> Held | None:
    """A new invitation in the place of the one before, said before it leaves. None where there is
    nothing to ask any more: the one before was used, or revoked by a person, or a desk has just printed another."""
    if state.invitation:
        before = inv.Revoke(ground="sent_again", at=service.clock.now())
        done = await service.do(invitation, state.invitation, before, actor=SELF)
        if done.state.status == "used":
            if state.turn > state.reached:  # it did arrive
                said = asking.Reach(turn=state.turn, proof="answered", at=service.clock.now())
                await service.do(contact, stream, said, actor=SELF)
            return None
        if done.state.ground not in ("sent_again", "lost"):
            return None
    cell = (state.unit, "late" if row and row["late"] else "in_time")
    (token,) = await issue(service, SELF, name, cell, carrier=to.carrier)
    turn = state.turn + 1
    command = asking.Invite(
        campaign=name,
        invitation=invitation_stream(token),
        turn=turn,
        carrier=to.carrier,
        reminder=reminds,
        at=service.clock.now(),
    )
    said_ = await service.do(contact, stream, command, actor=SELF)
    if said_.state.invitation != command.invitation:
        worthless = inv.Revoke(ground="sent_again", at=service.clock.now())
        await service.do(invitation, command.invitation, worthless, actor=SELF)
        return None
    return Held(turn, token)


async def _skip(service: Service, stream: str, ground: Any) -> None:
    await service.do(contact, stream, asking.Skip(ground=ground, at=service.clock.now()), actor=SELF)


async def _person(service: Service, row: Any) -> Person | None:
    if row is None or row["subject"] is None:
        return None
    wanted: list[tuple[Personal[Any], Any]] = [(Personal(subject=row["subject"], sealed=row["applicant"]), Person)]
    person: Person | None
    (person,) = await service.vault.unseal(wanted)
    return person


def _addressed(person: Person | None, notify: str, ways: Iterable[str]) -> Addressed | None:
    """Where somebody wished to be written to, by a way that is set up. Who did not wish it is not written to."""
    if person is None:
        return None
    if notify == "email" and person.email and "email" in ways:
        return Addressed("email", person.email, person.name)
    if notify in {"sms", "phone"} and person.phone and "sms" in ways:
        return Addressed("sms", person.phone, person.name)
    return None


# What it says


def _message(
    service: Service, stream: str, mine: Held, to: Addressed, asked: Campaign, row: Any, *, reminds: bool
) -> Message:
    link = f"{service.settings.address('surveys')}/phieu/{mine.token}"
    unit = (row and row["unit_name"]) or "Sở Giáo dục và Đào tạo"
    procedure = (row and row["procedure_name"]) or ""
    words = sms(unit, link) if to.carrier == "sms" else mail(to.name, unit, procedure, link, asked.ends, again=reminds)
    return Message(
        id=uuid5(NAMESPACE, f"{stream} {mine.turn}"),
        to=to.to,
        name=to.name,
        subject="Nhắc lại: mời Ông/Bà góp ý về việc giải quyết hồ sơ"
        if reminds
        else "Mời Ông/Bà góp ý về việc giải quyết hồ sơ",
        text=words,
        written_at=service.clock.now(),
    )


def mail(name: str, unit: str, procedure: str, link: str, ends: dt.date, *, again: bool) -> str:
    """The letter: plain, polite, and in no way a duty."""
    about = f" về thủ tục “{procedure}”" if procedure else ""
    first = (
        f"{unit} đã mời Ông/Bà góp ý và xin nhắc lại một lần; nếu Ông/Bà đã trả lời thì xin bỏ qua thư này."
        if again
        else f"Ông/Bà vừa nhận kết quả giải quyết hồ sơ{about} tại {unit}. Xin Ông/Bà dành khoảng 3 phút cho biết "
        "việc giải quyết có tốt không, để chúng tôi phục vụ tốt hơn."
    )
    return "\n".join(
        (
            f"Kính gửi Ông/Bà {name},",
            "",
            first,
            "",
            f"Trả lời tại đây: {link}",
            "",
            "Câu trả lời không kèm tên; khi đã được trộn với các phiếu khác thì không ai nối được với Ông/Bà, kể cả "
            f"người quản trị hệ thống. Đường dẫn này dùng được một lần, đến hết ngày {day(ends)}. Không trả lời cũng "
            "không sao, và không ảnh hưởng gì đến hồ sơ của Ông/Bà.",
            "",
            "Trân trọng cảm ơn.",
            unit,
            "",
        )
    )


def sms(unit: str, link: str) -> str:
    return f"{unit} mời Ông/Bà góp ý về việc giải quyết hồ sơ vừa trả kết quả (ẩn danh, 3 phút): {link}"
