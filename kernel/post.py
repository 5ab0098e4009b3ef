"""The post: letters that leave by e-mail (SMTP) or SMS (a gateway over HTTP), behind one small interface.

Delivery is at least once. A message bears the id of what it says (a letter's), and is the same bytes each time it is
sent, so that whoever gets it twice can know it again: by its Message-ID, by its Idempotency-Key. Neither what is logged
nor what is raised says whom a message is to: servers like to repeat an address in their answers, so only the numbers of
an answer are kept.
"""

import asyncio
import contextlib
import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol
from uuid import UUID

import aiosmtplib
import httpx2

from kernel.settings import Settings

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
ADDRESS = re.compile(rf"(?=.{{6,254}}$){_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
NUMBER = re.compile(r"\+?[0-9]{8,15}")
RECEIPT = re.compile(r"[A-Za-z0-9._:-]{1,80}")
ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")
FAULTS_OF_A_TEXT = frozenset((400, 413, 422))  # all other refusals of an SMS gateway are about us, and may be mended
ABOUT_US = frozenset((503, 530))  # said of a recipient, but meant is that we did not sign in
CLOSING = 2.0  # seconds for a good-bye that nothing depends on


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file of a message; `kind` is its media type."""

    name: str
    content: bytes
    kind: str = "application/pdf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message to one person. `id` is that of the letter it brings, and `written_at` (aware) its day: both are the
    same when it is sent again. `to` is an e-mail address or a telephone number; an SMS has only `text`."""

    id: UUID
    to: str
    text: str
    written_at: dt.datetime
    name: str = ""
    subject: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A server took the message over. `proof` finds it in that server's log; it is never a name or an address."""

    proof: str


class Refused(Exception):
    """This message can't be delivered this way, and trying again won't help. Its text holds no personal data."""


class Unreachable(Exception):
    """It could not be handed over now, or nobody knows whether it was: send it again later. No personal data either."""


class Post(Protocol):
    """A way by which a message leaves."""

    async def send(self, message: Message) -> Sent:
        """Hand a message over. Raises Refused or Unreachable; anything else is a fault of ours."""
        ...


def open_post(config: Settings) -> Mapping[str, Post]:
    """The ways that are set up, by their names in schemas.deadlines.Way. What has no gateway is not there."""
    ways: dict[str, Post] = {}
    if config.smtp:
        ways["email"] = Smtp(config)
    if config.sms:
        ways["sms"] = HttpSms(config)
    return ways


class Smtp:
    """E-mail through one server. Each message has a connection of its own: letters are few, and none waits for another.

    A refusal of the recipient or of the content is the message's end; all others (greeting, sign-in, sender) are about
    us, and may be mended. Raises ValueError where a password would be sent in the clear.
    """

    def __init__(self, config: Settings) -> None:
        self._config = config
        self._host, port = config.smtp.rsplit(":", 1)
        self._port = int(port)
        if config.smtp_user and config.smtp_security == "none":
            raise ValueError("MOTCUA_SMTP_SECURITY is none: the password would be sent in the clear")
        if not ADDRESS.fullmatch(config.mail_from):
            raise ValueError("MOTCUA_MAIL_FROM must be the address that letters are sent from")

    async def send(self, message: Message) -> Sent:
        if not ADDRESS.fullmatch(message.to):
            raise Refused("not an e-mail address")
        config = self._config
        server = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=config.smtp_security == "tls",
            start_tls=config.smtp_security == "starttls",
            username=config.smtp_user or None,
            password=config.smtp_password.get_secret_value() or None,
            timeout=config.post_seconds,
        )
        try:
            async with asyncio.timeout(config.post_seconds):
                await server.connect()
                await server.sendmail(config.mail_from, [message.to], mail(message, config).as_bytes())
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await server.quit(timeout=CLOSING)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _judged(error.recipients[0]) from None
        except aiosmtplib.SMTPDataError as error:
            raise _judged(error) from None
        except aiosmtplib.SMTPResponseException as error:
            raise Unreachable(f"the mail server did not let us in: {_numbers(error)}") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Unreachable(f"the mail server did not answer ({type(error).__name__})") from None
        finally:
            server.close()
        return Sent(_message_id(message, config))


def mail(message: Message, config: Settings) -> EmailMessage:
    """A message as an e-mail: text and files, the same bytes each time."""
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(_one_line(config.mail_name), addr_spec=config.mail_from)
    made["To"] = Address(_one_line(message.name), addr_spec=message.to)
    made["Subject"] = _one_line(message.subject)
    made["Date"] = format_datetime(message.written_at)
    made["Message-ID"] = f"<{_message_id(message, config)}>"
    made["Auto-Submitted"] = "auto-generated"  # so that a holiday notice does not answer (RFC 3834)
    made.set_content(message.text, cte="base64")
    made["Content-Language"] = "vi"  # of the text, so it comes after it
    for each in message.attachments:
        main, _, sub = each.kind.partition("/")
        made.add_attachment(each.content, maintype=main, subtype=sub, filename=_one_line(each.name))
    if made.is_multipart():
        made.set_boundary(f"=={message.id}==")
    return made


def _message_id(message: Message, config: Settings) -> str:
    return f"{message.id}@{config.mail_from.rpartition('@')[2]}"


def _one_line(text: str) -> str:
    """Typed text for a header: no line break, nothing that can't be seen."""
    seen = "".join(" " if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp", "Cs") else each for each in text)
    return " ".join(seen.split())


def _judged(error: aiosmtplib.SMTPResponseException) -> Refused | Unreachable:
    kind = Refused if error.code >= 500 and error.code not in ABOUT_US else Unreachable
    return kind(f"the mail server refused it: {_numbers(error)}")


def _numbers(error: aiosmtplib.SMTPResponseException) -> str:
    """The numbers of a server's answer, such as "550 5.1.1"."""
    found = ENHANCED.match(error.message.strip())
    return f"{error.code} {found[0]}" if found else str(error.code)


class HttpSms:
    """SMS through a gateway over HTTP, which stands for the province's own: their contracts differ, so one adapter that
    speaks this to them is what a province writes.

    POST {"id", "to", "text"} as JSON, with the header Idempotency-Key (the id) and, where a key is set, Authorization:
    Bearer. Answered by 2xx and {"id": …} once it was taken over; 400, 413 or 422 where this number or text will never
    go; anything else means later.
    """

    def __init__(self, config: Settings) -> None:
        self._config = config

    async def send(self, message: Message) -> Sent:
        to = re.sub(r"[ .-]", "", message.to)
        if not NUMBER.fullmatch(to):
            raise Refused("not a telephone number")
        config = self._config
        headers = {"idempotency-key": str(message.id)}
        if key := config.sms_key.get_secret_value():
            headers["authorization"] = f"Bearer {key}"
        body = {"id": str(message.id), "to": to, "text": message.text}
        try:
            async with asyncio.timeout(config.post_seconds), httpx2.AsyncClient(timeout=config.post_seconds) as client:
                answer = await client.post(config.sms, json=body, headers=headers)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:
            raise Unreachable(f"the SMS gateway did not answer ({type(error).__name__})") from None
        if answer.status_code in FAULTS_OF_A_TEXT:
            raise Refused(f"the SMS gateway refused it: {answer.status_code}")
        if not answer.is_success:
            raise Unreachable(f"the SMS gateway did not take it: {answer.status_code}")
        return Sent(_receipt(answer) or str(message.id))


def _receipt(answer: httpx2.Response) -> str:
    """The gateway's own number for a message, where it gave one that is a number."""
    try:
        found = answer.json().get("id", "")
    except (ValueError, AttributeError):
        return ""
    return str(found) if RECEIPT.fullmatch(str(found)) else ""
