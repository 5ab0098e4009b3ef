"""Who was given a result is asked about it: by a mail that leaves over real SMTP, once, whatever happens in between."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from deploy.local.mailbox import Mailbox, environment, opened
from intake.desks import SCHOOL
from kernel.post import Sent, open_post
from places import free_port
from services.surveys.api import inviting
from services.surveys.domain.contact import contact
from services.surveys.domain.naming import contact_stream, invitation_stream
from surveys.town import BINH, STANDING, Town, levels, scanned, town_on

pytestmark = pytest.mark.xdist_group("surveys_inviting")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def box(tmp_path_factory: Any) -> AsyncIterator[tuple[Mailbox, int]]:
    mailbox, port = Mailbox(tmp_path_factory.mktemp("mailbox") / "box"), free_port(beside=1)
    async with opened(mailbox, ("127.0.0.1", port), ("127.0.0.1", port + 1)):
        yield mailbox, port


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(ground: Any, templates: Any, tmp_path_factory: Any, box: Any) -> AsyncIterator[Town]:
    said = environment(box[1])
    settings = {
        "smtp": said["MOTCUA_SMTP"],
        "smtp_security": "none",
        "mail_from": "khaosat@sonha.example",
        "public_address": "https://motcua.example",
    }
    async with town_on(ground, templates, tmp_path_factory.mktemp("inviting"), **settings) as found:
        found.path = f"/campaigns/{(await found.manager.ok('/campaigns', **STANDING))['id']}"  # type: ignore[attr-defined]
        await found.manager.ok(f"{found.path}/open")  # type: ignore[attr-defined]
        await found.heard()
        yield found


@pytest.fixture
def mailbox(box: Any) -> Mailbox:
    found: Mailbox = box[0]
    found.behave("kind")
    return found


async def turn(town: Town, mails: inviting.Mails | None = None, ways: Any = None) -> int:
    """A round of inviting, and all of it heard."""
    service = town.surveys.service
    known = mails or inviting.Mails()
    for stream, (_, wait) in known.again.items():
        known.again[stream] = (0.0, wait)
    reached = await inviting.invite_waiting(service, ways or open_post(service.settings), known)
    await town.heard()
    return reached


async def state(town: Town, dossier: Any) -> Any:
    found, _ = await town.surveys.service.state(contact, contact_stream(f"application-{dossier['id']}"))
    return found


def mails(mailbox: Mailbox, to: str) -> list[Any]:
    """What came for somebody, in the order in which it came."""
    return sorted((each for each in mailbox.messages() if to in each.to), key=lambda each: each.number)


def by_mail(name: str) -> dict[str, Any]:
    """An applicant with an address of their own."""
    return {"applicant": BINH | {"email": f"{name}@example.vn"}}


def link_in(text: str) -> str:
    found = re.search(r"https://motcua\.example/phieu/([0-9A-Z]{26})", text)
    assert found, text
    return found[1]


async def test_an_hour_after_the_result_the_applicant_gets_one_polite_mail(town, mailbox):
    town.at("2026-11-10 09:00")
    dossier = await town.handed_over()
    assert await turn(town) == 0, "not at once"
    town.at("2026-11-10 10:01")
    assert await turn(town) == 1
    assert await turn(town) == 0
    mail = mails(mailbox, "binh@")[-1]
    assert "binh@example.vn" in mail.to and "Mời Ông/Bà góp ý" in mail.subject
    assert "Kính gửi Ông/Bà Nguyễn Thị Bình" in mail.text and "Trường THPT" in mail.text
    token = link_in(mail.text)
    asked = await town.surveys.with_(motcua_invitation=token).read("/questionnaire")
    assert (asked["questionnaire"], asked["cell"]) == ("procedure", ["in_time"])
    told = await state(town, dossier)
    assert (told.turn, told.reached, told.invitation) == (1, 1, invitation_stream(token))


async def test_who_has_not_answered_is_reminded_and_the_older_mail_opens_nothing(town, mailbox):
    town.at("2026-11-11 09:00")
    await town.handed_over(**by_mail("cham"))
    town.at("2026-11-11 10:30")
    await turn(town)
    first = link_in(mails(mailbox, "cham@")[-1].text)
    town.at("2026-11-13 12:00")
    await turn(town)
    assert len(mails(mailbox, "cham@")) == 1, "not before the third day"
    town.at("2026-11-14 12:00")
    await turn(town)
    _, reminder = mails(mailbox, "cham@")
    assert reminder.subject.startswith("Nhắc lại") and link_in(reminder.text) != first
    old = await town.surveys.with_(motcua_invitation=first).get("/questionnaire")
    assert (old.status_code, old.json()["code"]) == (410, "invitation_revoked")
    new = town.surveys.with_(motcua_invitation=link_in(reminder.text))
    questions = (await new.read("/questionnaire"))["questions"]
    await town.answers(link_in(reminder.text), levels(questions, 4))
    await town.heard()
    town.at("2026-11-20 12:00")
    await turn(town)
    assert len(mails(mailbox, "cham@")) == 2, "who answered is left alone"


async def test_killed_between_saying_and_sending_the_next_turn_takes_its_place(town, mailbox):
    """The process dies after ContactInvited: nobody knows whether the mail left."""
    town.at("2026-11-12 09:00")
    dossier = await town.handed_over(**by_mail("mat"))
    town.at("2026-11-12 10:30")

    class Killed(BaseException):
        pass

    class Dies:
        token = ""

        async def send(self, message: Any) -> Sent:
            self.token = link_in(message.text)
            raise Killed

    way = Dies()
    with pytest.raises(Killed):
        await turn(town, ways={"email": way})
    await town.heard()
    told = await state(town, dossier)
    assert (told.turn, told.reached, told.invitation) == (1, 0, invitation_stream(way.token))
    assert await turn(town) >= 1, "another process goes on"
    (mail,) = mails(mailbox, "mat@")
    token = link_in(mail.text)
    told = await state(town, dossier)
    assert (told.turn, told.reached, told.invitation) == (2, 2, invitation_stream(token))
    lost = await town.surveys.with_(motcua_invitation=way.token).get("/questionnaire")
    assert lost.json()["code"] == "invitation_revoked", "of the two one can be used"


async def test_killed_after_the_old_one_was_revoked_the_reminder_still_comes(town, mailbox, monkeypatch):
    town.at("2026-11-12 08:00")
    dossier = await town.handed_over(**by_mail("quen"))
    town.at("2026-11-12 09:10")
    await turn(town)

    class Killed(BaseException):
        pass

    async def dies(*_: Any, **__: Any) -> Any:
        raise Killed

    town.at("2026-11-15 09:30")
    with monkeypatch.context() as patch:
        patch.setattr(inviting, "issue", dies)
        with pytest.raises(Killed):
            await turn(town)
    await town.heard()
    (first,) = mails(mailbox, "quen@")
    dead = await town.surveys.with_(motcua_invitation=link_in(first.text)).get("/questionnaire")
    assert dead.json()["code"] == "invitation_revoked"
    await turn(town)
    _, reminder = mails(mailbox, "quen@")
    assert (await town.surveys.with_(motcua_invitation=link_in(reminder.text)).get("/questionnaire")).is_success
    told = await state(town, dossier)
    assert (told.turn, told.reached) == (2, 2)
    town.at("2026-11-12 09:30")


async def test_a_slip_that_is_printed_while_a_mail_is_on_its_way_leaves_one_invitation(town, mailbox, monkeypatch):
    town.at("2026-11-12 10:00")
    await turn(town)
    dossier = await town.handed_over(**by_mail("vua"))
    town.at("2026-11-12 11:10")
    desk = town.surveys.by("desk_officer", unit=SCHOOL)
    slip: list[Any] = []
    issued = inviting.issue

    async def meanwhile(*given: Any, **more: Any) -> Any:
        if not slip:
            slip.append(await desk.post(f"/contacts/{dossier['id']}/slip"))
        return await issued(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(inviting, "issue", meanwhile)
        await turn(town)
    (token,) = scanned(slip[0].content)
    assert not mails(mailbox, "vua@")
    assert (await state(town, dossier)).invitation == invitation_stream(token)
    two = await asyncio.gather(*(desk.post(f"/contacts/{dossier['id']}/slip") for _ in range(2)))
    await town.heard()
    tokens = [found for each in two if each.is_success for found in scanned(each.content)]
    opens = [(await town.surveys.with_(motcua_invitation=each).get("/questionnaire")).is_success for each in tokens]
    assert sum(opens) == 1, [each.text[:200] for each in two if not each.is_success]
    rows = await town.surveys.service.pool.fetch(
        "SELECT state FROM view.invitation WHERE stream = ANY($1)", [invitation_stream(each) for each in tokens]
    )
    assert sorted(row["state"] for row in rows) in (["issued"], ["issued", "revoked"])


async def test_one_that_arrived_and_was_answered_before_we_knew_is_not_sent_again(town, mailbox):
    town.at("2026-11-12 13:00")
    dossier = await town.handed_over(**by_mail("nhanh"))
    town.at("2026-11-12 14:30")

    class TakesAndDies:
        token = ""

        async def send(self, message: Any) -> Sent:
            self.token = link_in(message.text)
            raise SystemExit

    way = TakesAndDies()
    with pytest.raises(SystemExit):
        await turn(town, ways={"email": way})
    holding = town.surveys.with_(motcua_invitation=way.token)
    await town.answers(way.token, levels((await holding.read("/questionnaire"))["questions"], 5))
    await town.heard()
    await turn(town)
    assert not mails(mailbox, "nhanh@")
    told = await state(town, dossier)
    assert (told.turn, told.reached) == (1, 1)


async def test_a_server_that_is_busy_gets_the_same_mail_later(town, mailbox):
    town.at("2026-11-12 15:00")
    await turn(town)
    dossier = await town.handed_over(**by_mail("ban"))
    town.at("2026-11-12 16:30")
    mailbox.behave("busy", 1)
    waiting = inviting.Mails()
    await turn(town, waiting)
    stream = contact_stream(f"application-{dossier['id']}")
    token = waiting.held[stream].token
    assert waiting.again[stream][1] == inviting.SOON * 2 and not mails(mailbox, "ban@")
    await turn(town, waiting)
    (mail,) = mails(mailbox, "ban@")
    assert link_in(mail.text) == token
    told = await state(town, dossier)
    assert (told.turn, told.reached) == (1, 1), "it was one invitation throughout"


async def test_an_address_that_is_refused_is_not_tried_for_ever(town, mailbox):
    town.at("2026-11-12 17:00")
    await turn(town)
    dossier = await town.handed_over(**by_mail("sai"))
    town.at("2026-11-12 18:30")
    mailbox.behave("refuse", 1)
    await turn(town)
    await turn(town)
    assert (await state(town, dossier)).skipped == "undeliverable" and not mails(mailbox, "sai@")


@pytest.mark.parametrize(
    "changes", [{"notify": "none"}, {"applicant": {k: v for k, v in BINH.items() if k != "email"}}]
)
async def test_who_gave_no_address_or_wished_no_mail_gets_none_but_may_have_a_slip(town, mailbox, changes):
    town.at("2026-11-18 09:00")
    dossier = await town.handed_over(**changes)
    town.at("2026-11-18 10:30")
    await turn(town)
    assert (await state(town, dossier)).skipped == "no_address"
    desk = town.surveys.by("desk_officer", unit=SCHOOL)
    slip = await desk.post(f"/contacts/{dossier['id']}/slip")
    (token,) = scanned(slip.content)
    assert (await town.surveys.with_(motcua_invitation=token).get("/questionnaire")).status_code == 200
    elsewhere = town.surveys.by("desk_officer", unit="thpt-tran-phu")
    assert (await elsewhere.post(f"/contacts/{dossier['id']}/slip")).status_code == 403


async def test_where_no_campaign_is_open_nobody_is_asked(town, mailbox):
    await town.manager.ok(f"{town.path}/close", reason="Thử khi đã đóng")
    await town.heard()
    town.at("2026-11-19 09:00")
    dossier = await town.handed_over(**by_mail("muon"))
    town.at("2026-11-19 10:30")
    await turn(town)
    assert not mails(mailbox, "muon@") and (await state(town, dossier)).skipped == "no_campaign"


async def test_how_many_were_reached_adds_up(town):
    rows = await town.surveys.service.pool.fetch("SELECT * FROM view.outreach")
    contacts = await town.surveys.service.pool.fetch("SELECT * FROM view.contact")
    assert sum(each["due"] for each in rows) == len(contacts)
    assert sum(each["reached"] for each in rows) == sum(each["reached"] > 0 for each in contacts)
    assert sum(each["skipped"] for each in rows) == sum(bool(each["skipped"]) for each in contacts)
    campaign = town.path.rpartition("/")[2]
    mine = [each for each in rows if each["campaign"] == f"campaign-{UUID(campaign)}"]
    assert sum(each["invited"] for each in mine) >= 6


async def test_two_processes_at_once_send_one_mail(town, mailbox):
    town.at("2026-11-19 11:00")
    planned = await town.manager.ok("/campaigns", **STANDING | {"title": {"vi": "Đợt hai", "en": "The second"}})
    await town.manager.ok(f"/campaigns/{planned['id']}/open")
    await town.handed_over(**by_mail("doi"))
    town.at("2026-11-19 12:30")
    service, ways = town.surveys.service, open_post(town.surveys.service.settings)
    await asyncio.gather(*(inviting.invite_waiting(service, ways, inviting.Mails()) for _ in range(4)))
    assert len(mails(mailbox, "doi@")) == 1
