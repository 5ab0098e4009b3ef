"""The post, against real servers: what is handed over, what is refused for good, what is tried again, and that nothing
that people typed can make a message into another one."""

import asyncio
import datetime as dt
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.mailbox import Mailbox, environment, opened
from kernel.post import Attachment, HttpSms, Message, Post, Refused, Sent, Smtp, Unreachable, mail, open_post
from kernel.settings import Settings
from paper_samples import APOLOGY
from places import free_port
from services.deadlines.api import letter as apology

ID = UUID("0197f6b2-7c1e-7a53-9d7e-000000000007")
TO = "binh@example.vn"
PDF = apology.pdf(APOLOGY)
LETTER = Message(
    id=ID,
    to=TO,
    name=APOLOGY.addressee,
    subject=f"{APOLOGY.title} (hồ sơ {APOLOGY.code})",
    text=apology.text(APOLOGY),
    written_at=APOLOGY.written_at,
    attachments=(Attachment(name="Phiếu xin lỗi.pdf", content=PDF),),
)
SMS = Message(id=ID, to="0912 345 678", text=apology.short(APOLOGY), written_at=APOLOGY.written_at)


def config(**more: Any) -> Settings:
    return Settings(**{"mail_from": "sgddt@sonha.example", "smtp_security": "none", "post_seconds": 20.0} | more)


def but(message: Message, **other: Any) -> Message:
    return Message(**{name: getattr(message, name) for name in Message.__slots__} | other)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mailbox")


@pytest_asyncio.fixture
async def here(mailbox: Mailbox) -> AsyncIterator[dict[str, Any]]:
    """The settings of what sends to the mailbox."""
    port = free_port(beside=1)
    said = environment(port)
    async with opened(mailbox, ("127.0.0.1", port), ("127.0.0.1", port + 1)):
        yield {"smtp": said["MOTCUA_SMTP"], "sms": said["MOTCUA_SMS"]}


WAYS = [pytest.param(Smtp, LETTER, id="email"), pytest.param(HttpSms, SMS, id="sms")]


# Handed over


async def test_an_email_arrives_once_as_it_was_written(mailbox: Mailbox, here: dict[str, Any]) -> None:
    sent = await Smtp(config(**here)).send(LETTER)
    assert sent == Sent(f"{ID}@sonha.example")
    [kept] = mailbox.messages()
    assert (kept.subject, kept.id, kept.files) == (LETTER.subject, f"<{sent.proof}>", ("Phiếu xin lỗi.pdf",))
    assert kept.text.replace("\r\n", "\n") == LETTER.text
    assert mailbox.file(kept, 0) == ("Phiếu xin lỗi.pdf", "application/pdf", PDF)
    arrived = parsed(next(mailbox.folder.glob("*.eml")).read_bytes())
    assert arrived["to"].addresses[0].display_name == "Nguyễn Thị Ngọc Bình"
    assert arrived["to"].addresses[0].addr_spec == TO
    assert arrived["from"].addresses[0].display_name == "Một cửa điện tử"
    assert arrived["date"].datetime == LETTER.written_at
    assert arrived["auto-submitted"] == "auto-generated"
    text = arrived.get_body(("plain",))
    assert text and text.get_content_charset() == "utf-8" and text["content-language"] == "vi"


async def test_an_sms_arrives_once_as_it_was_written(mailbox: Mailbox, here: dict[str, Any]) -> None:
    assert await HttpSms(config(**here)).send(SMS) == Sent("mailbox-1")
    [kept] = mailbox.messages()
    assert (kept.to, kept.text, kept.id) == ("0912345678", SMS.text, str(ID))


async def test_only_what_is_set_up_is_a_way() -> None:
    assert set(open_post(config())) == set()
    assert set(open_post(config(smtp="mail:25"))) == {"email"}
    ways = open_post(config(smtp="mail:25", sms="https://sms.example"))
    assert {way: type(post) for way, post in ways.items()} == {"email": Smtp, "sms": HttpSms}


# Not handed over


@pytest.mark.parametrize(("way", "message"), WAYS)
async def test_a_refusal_for_good_is_told_from_a_server_that_is_busy(
    mailbox: Mailbox, here: dict[str, Any], way: Any, message: Message
) -> None:
    post: Post = way(config(**here))
    mailbox.behave("refuse", 1)
    with pytest.raises(Refused):
        await post.send(message)
    mailbox.behave("busy", 1)
    with pytest.raises(Unreachable):
        await post.send(message)
    await post.send(message)
    assert [each.times for each in mailbox.messages()] == [1], "only the last one was taken"


@pytest.mark.parametrize(("way", "message"), WAYS)
async def test_a_slow_server_is_given_up_in_the_time_that_is_set(
    mailbox: Mailbox, here: dict[str, Any], way: Any, message: Message
) -> None:
    mailbox.behave("slow")
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(Unreachable, match="did not answer"):
        await way(config(**here, post_seconds=0.3)).send(message)
    assert loop.time() - started < 10 < mailbox.slowness


@pytest.mark.parametrize(("way", "message"), WAYS)
async def test_a_lost_answer_is_tried_again_and_both_can_be_known_as_one(
    mailbox: Mailbox, here: dict[str, Any], way: Any, message: Message
) -> None:
    post: Post = way(config(**here))
    mailbox.behave("lose", 1)
    with pytest.raises(Unreachable, match="did not answer"):
        await post.send(message)
    await post.send(message)
    first, second = mailbox.messages()
    assert first.id == second.id and first.times == 2
    one, two = sorted(mailbox.folder.iterdir())
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(("way", "message"), WAYS)
async def test_a_server_that_is_not_there_is_tried_again_later(way: Any, message: Message) -> None:
    port = free_port()
    with pytest.raises(Unreachable, match="did not answer"):
        await way(config(smtp=f"127.0.0.1:{port}", sms=f"http://127.0.0.1:{port}/sms")).send(message)


class Surly:
    """A server that answers one step of the conversation as told, each after a pause (seconds)."""

    def __init__(self, pause: float = 0.0, **answers: str) -> None:
        self.answers, self.pause, self.taken = answers, pause, 0

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, _: Any) -> str:
        await asyncio.sleep(self.pause)
        envelope.mail_from = sender
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _: Any) -> str:
        await asyncio.sleep(self.pause)
        envelope.rcpt_tos.append(to)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.pause)
        self.taken += 1
        return self.answers.get("data", "250 OK")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers.get("quit") == "gone":
            server.transport.abort()  # type: ignore[attr-defined]
        return "221 Bye"


@asynccontextmanager
async def serving(handler: Any, **options: Any) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="there", **options), "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("step", "answer", "raised", "said"),
    [
        ("rcpt", f"550 5.1.1 <{TO}>: no such user", Refused, "550 5.1.1"),
        ("rcpt", f"452 4.2.2 <{TO}>: mailbox full", Unreachable, "452 4.2.2"),
        ("rcpt", "530 5.7.0 authentication required", Unreachable, "530 5.7.0"),
        ("data", f"554 no, {TO}", Refused, "554"),
        ("data", "451 4.7.1 greylisted", Unreachable, "451 4.7.1"),
        ("mail", "550 5.7.1 sender not allowed", Unreachable, "550 5.7.1"),
    ],
)
async def test_who_is_to_blame_decides_whether_it_is_tried_again(
    step: str, answer: str, raised: type[Exception], said: str
) -> None:
    """A refused recipient ends one message; a refused sender must not end them all. No answer's address is kept."""
    async with serving(Surly(**{step: answer})) as server:
        with pytest.raises(raised) as caught:
            await Smtp(config(smtp=server)).send(LETTER)
    assert str(caught.value).endswith(f": {said}") and TO not in repr(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__, "a traceback would tell the address"


async def test_servers_that_are_a_little_slow_again_and_again_are_given_up_all_the_same() -> None:
    surly = Surly(pause=0.4)
    async with serving(surly) as server:
        with pytest.raises(Unreachable, match="TimeoutError"):
            await Smtp(config(smtp=server, post_seconds=0.6)).send(LETTER)
    assert not surly.taken
    async with answering("HTTP/1.1 200 OK\r\nx-slow: " + "x" * 100, pause=0.1) as (url, _):
        with pytest.raises(Unreachable, match="TimeoutError"):
            await HttpSms(config(sms=url, post_seconds=0.6)).send(SMS)


async def test_a_letter_that_was_taken_stays_sent_though_the_good_bye_fails() -> None:
    surly = Surly(quit="gone")
    async with serving(surly) as server:
        await Smtp(config(smtp=server)).send(LETTER)
    assert surly.taken == 1


@pytest.mark.parametrize(
    ("status", "raised"),
    [(400, Refused), (422, Refused), (401, Unreachable), (404, Unreachable), (429, Unreachable), (302, Unreachable)],
)
async def test_an_sms_gateway_that_does_not_know_us_is_no_fault_of_the_letter(
    status: int, raised: type[Exception]
) -> None:
    async with answering(f"HTTP/1.1 {status} X\r\nlocation: /\r\ncontent-length: 0\r\n\r\n") as (url, _):
        with pytest.raises(raised, match=str(status)):
            await HttpSms(config(sms=url)).send(SMS)


@pytest.mark.parametrize(
    ("answer", "proof"), [('{"id": "vt-77"}', "vt-77"), ('{"id": "Bình 0912"}', str(ID)), ("x", str(ID))]
)
async def test_the_proof_of_an_sms_is_a_number_and_never_a_name(answer: str, proof: str) -> None:
    body = answer.encode()
    async with answering(f"HTTP/1.1 202 OK\r\ncontent-length: {len(body)}\r\n\r\n{answer}") as (url, asked):
        assert await HttpSms(config(sms=url, sms_key="a key")).send(SMS) == Sent(proof)
    assert b"authorization: bearer a key" in asked[0].lower() and str(ID).encode() in asked[0]


@asynccontextmanager
async def answering(answer: str, pause: float = 0.0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP server with one answer, with a pause (seconds) after each letter of it; all that it was asked."""
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        for letter in answer if pause else [answer]:
            writer.write(letter.encode())
            await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms", asked


# Signing in


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "there")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "there.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(encoding))
    return path


def may_enter(server: Any, session: Any, envelope: Any, _: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"sgddt", b"secret")
    return AuthResult(success=right, handled=right)


@pytest.fixture
def behind_tls(certificate: Path) -> Iterator[dict[str, Any]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield {"tls_context": context, "require_starttls": True, "authenticator": may_enter, "auth_required": True}


def with_password(server: str, password: str = "secret") -> Settings:
    return config(smtp=server, smtp_security="starttls", smtp_user="sgddt", smtp_password=password)


async def test_it_signs_in_over_tls(behind_tls: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    surly = Surly()
    async with serving(surly, **behind_tls) as server:
        await Smtp(with_password(server)).send(LETTER)
        assert surly.taken == 1
        with pytest.raises(Unreachable, match="did not let us in: 535"):
            await Smtp(with_password(server, "wrong")).send(LETTER)


async def test_a_server_with_a_certificate_that_nobody_knows_gets_nothing(behind_tls: Any) -> None:
    surly = Surly()
    async with serving(surly, **behind_tls) as server:
        with pytest.raises(Unreachable):
            await Smtp(with_password(server)).send(LETTER)
    assert not surly.taken


async def test_a_server_without_tls_gets_neither_password_nor_letter() -> None:
    surly = Surly()
    async with serving(surly) as server:
        with pytest.raises(Unreachable):
            await Smtp(with_password(server)).send(LETTER)
    assert not surly.taken


def test_a_password_in_the_clear_or_a_sender_without_address_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="in the clear"):
        Smtp(config(smtp="there:25", smtp_user="sgddt"))
    with pytest.raises(ValueError, match="MOTCUA_MAIL_FROM"):
        Smtp(config(smtp="there:25", mail_from="Sở Giáo dục"))


# Nothing typed makes a message into another one


NO_ADDRESSES = [
    *("", "binh", "a@b", "a@b.vn, c@d.vn", "<a@b.vn>", "Bình <a@b.vn>", "a.@b.vn", "bình@b.vn", "a b@c.vn"),
    *("a@b.vn\n", "a@b.vn\r\nRCPT TO:<c@d.vn>", f"{'a' * 300}@b.vn"),
]


@pytest.mark.parametrize("to", NO_ADDRESSES)
async def test_what_is_no_address_is_refused_before_anybody_is_asked(to: str) -> None:
    with pytest.raises(Refused, match="not an e-mail address"):
        await Smtp(config(smtp="127.0.0.1:1")).send(but(LETTER, to=to))


@pytest.mark.parametrize("to", ["", "Bình", "12", "0912345678\r\nx", "+84 912 345 678; 0911111111"])
async def test_what_is_no_number_is_refused_before_anybody_is_asked(to: str) -> None:
    with pytest.raises(Refused, match="not a telephone number"):
        await HttpSms(config(sms="http://127.0.0.1:1")).send(but(SMS, to=to))


HOSTILE = "Bình\r\nBcc: thief@example.com\r\n\r\nNội dung khác"


async def test_a_name_or_subject_with_line_breaks_adds_no_header_and_no_recipient(
    mailbox: Mailbox, here: dict[str, Any]
) -> None:
    file = Attachment(name=HOSTILE, content=PDF)
    await Smtp(config(**here)).send(but(LETTER, name=HOSTILE, subject=HOSTILE, attachments=(file,)))
    [path] = mailbox.folder.iterdir()
    arrived = parsed(path.read_bytes())
    assert arrived["bcc"] is None and [each.addr_spec for each in arrived["to"].addresses] == [TO]
    assert arrived["subject"] == "Bình Bcc: thief@example.com Nội dung khác"


OUR_HEADERS = [
    *("auto-submitted", "content-language", "content-transfer-encoding", "content-type", "date", "from"),
    *("message-id", "mime-version", "subject", "to"),
]


@given(typed=st.text(max_size=300), text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_whatever_is_typed_the_headers_are_ours_and_the_text_arrives(typed: str, text: str) -> None:
    settings = config(mail_name=typed)
    made = mail(but(LETTER, name=typed, subject=typed, text=text, attachments=()), settings).as_bytes()
    arrived = parsed(made)
    names = [name.lower() for name in arrived]
    assert sorted(names) == OUR_HEADERS
    assert [each.addr_spec for each in arrived["to"].addresses] == [TO]
    assert [each.addr_spec for each in arrived["from"].addresses] == ["sgddt@sonha.example"]
    assert not arrived.defects
    assert "".join(arrived.get_content().split()) == "".join(text.split())


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)
