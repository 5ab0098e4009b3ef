"""Processes that are killed (SIGKILL): in the transaction that lets answers go, which are let go once; between saying
that somebody is invited and knowing that the mail left: they get another that opens, and the first opens nothing."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from deploy.local.mailbox import Mailbox
from deploy.local.mailbox import opened as mailbox_at
from places import Place, free_port
from running import in_process, until, whole
from schemas.event import Actor, Personal
from schemas.people import Person
from schemas.surveys import ContactInvited, ContactReached, InvitationRevoked
from services.surveys.app import definition
from services.surveys.domain.contact import contact
from services.surveys.domain.naming import contact_stream
from surveys.field import ready
from surveys.samples import LATE, REMARK, b, life
from surveys.samples_campaign import APPLICATION, ASK
from surveys.test_answering import GOOD, LATE_TOO

pytestmark = pytest.mark.xdist_group("surveys")
SLOW = """
CREATE FUNCTION truth.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.type = 'surveys.answers_released' THEN PERFORM pg_sleep(300); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER slow AFTER INSERT ON truth.events FOR EACH ROW EXECUTE FUNCTION truth.slow();
"""
SLEEPS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


async def test_a_process_killed_while_it_lets_answers_go_lets_them_go_once(
    place: Place, topics: list[str], tmp_path: Path
) -> None:
    async with in_process(definition, place.settings) as running:
        field = await ready(running)
        stream = await field.open()
        for token in await field.issue(stream, LATE, 9):
            assert (await field.answer(token, GOOD | LATE_TOO)).status_code == 201
    owner: Any = await place.connect("surveys")
    try:
        await owner.execute(SLOW)
        async with whole("surveys", place.settings, tmp_path / "first.log") as first:
            (row, *_) = await until(lambda: owner.fetch(SLEEPS), "the answers to be let go")
            await first.kill()
        admin = await asyncpg.connect(place.ground.admin)
        await admin.execute("SELECT pg_terminate_backend($1)", row["pid"])
        await admin.close()
        assert await owner.fetchval("SELECT count(*) FROM truth.waiting") == 9, "all or nothing"
        assert not await owner.fetch("SELECT FROM truth.events WHERE type = 'surveys.answers_released'")
        await owner.execute("DROP TRIGGER slow ON truth.events")
        async with whole("surveys", place.settings, tmp_path / "second.log"):
            await until(lambda: owner.fetchval("SELECT count(*) = 9 FROM view.sheet"), "the sheets to be seen")
        assert await owner.fetchval("SELECT count(*) FROM truth.waiting") == 0
        assert len(await owner.fetch("SELECT FROM truth.events WHERE type = 'surveys.answers_released'")) == 1
    finally:
        await owner.close()


DOSSIER = (
    "INSERT INTO view.dossier (stream, subject, applicant, notify, procedure_name, late)"
    " VALUES ($1, $2, $3, 'email', 'Chuyển trường', false)"
)
INVITED = "SELECT count(*) = 1 FROM truth.events WHERE type = 'surveys.contact_invited'"


async def test_a_process_killed_while_a_mail_is_on_its_way_sends_another_and_the_first_opens_nothing(
    place: Place, topics: list[str], tmp_path: Path
) -> None:
    smtp, http = free_port(), free_port()
    more = {"smtp": f"127.0.0.1:{smtp}", "smtp_security": "none", "mail_from": "khaosat@example.vn"}
    settings, stream = place.settings.model_copy(update=more), contact_stream(APPLICATION)
    subject, person = uuid4(), Person(name="Nguyễn Thị Bình", email="binh@example.vn")
    owner: Any = await place.connect("surveys")
    try:
        async with in_process(definition, settings) as running:
            await (await ready(running)).open(ends=dt.date(2099, 12, 31))
            (said,) = life(b.remark, REMARK)
            told: Any = msgspec.structs.replace(said, text=Personal(subject=subject, clear=person))
            (sealed,) = await running.service.vault.seal([told])
            await owner.execute(DOSSIER, APPLICATION, subject, sealed.text.sealed)  # type: ignore[attr-defined]
            await running.service.do(contact, stream, ASK, actor=Actor(id="test", roles=("system",)))

        held = asyncio.Event()

        async def says_nothing(_: Any, writer: Any) -> None:
            await held.wait()
            writer.close()

        async with await asyncio.start_server(says_nothing, "127.0.0.1", smtp):
            async with whole("surveys", settings, tmp_path / "first.log") as first:
                await until(lambda: owner.fetchval(INVITED), "the invitation to be said")
                await first.kill()
            held.set()
        mailbox = Mailbox(tmp_path / "mail")
        async with (
            mailbox_at(mailbox, ("127.0.0.1", smtp), ("127.0.0.1", http)),
            whole("surveys", settings, tmp_path / "second.log"),
        ):

            async def reached() -> bool:
                return bool(mailbox.messages()) and bool(
                    await owner.fetchval("SELECT count(*) FROM truth.events WHERE type = 'surveys.contact_reached'")
                )

            await until(reached, "the mail")
        (mail,) = mailbox.messages()
        async with in_process(definition, settings) as running:
            history = [each.event for each in await running.service.history(stream)]
            lost, sent = [each for each in history if isinstance(each, ContactInvited)]
            (left,) = [each for each in history if isinstance(each, ContactReached)]
            assert (lost.turn, sent.turn, left.turn) == (1, 2, 2)
            dead = [each.event for each in await running.service.history(lost.invitation)]
            assert isinstance(dead[-1], InvitationRevoked)
            token = mail.text.partition("/phieu/")[2][:26]
            asked = await running.with_(motcua_invitation=token).get("/questionnaire")
            assert asked.status_code == 200 and asked.json()["cell"] == ["in_time"]
    finally:
        await owner.close()
