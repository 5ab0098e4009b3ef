"""The port to a document exchange: four calls, and whoever stands behind them.

Everything is at least once. A message that is sent again, with the same id, is one message to its receiver; what was
received is offered until it is acknowledged, perhaps twice and in any order, so whoever hears it knows a document by
its DocumentId and a status by its key (`kernel.edoc.message`). There is no cursor to ask onwards from, for gateways
keep no order: what one delivers late would be passed over.

    for id in await exchange.received():
        message = opened(await exchange.fetch(id), config)   # then write it down, and only then
        await exchange.acknowledge(id)
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

from kernel.edoc import signature
from kernel.edoc.edxml import read, write
from kernel.edoc.folder import Folder
from kernel.edoc.gateway import Gateway
from kernel.edoc.message import ORGAN_ID, Envelope, Status
from kernel.settings import Settings

Kind: TypeAlias = Literal["edoc", "status"]


class Exchange(Protocol):
    """A way by which documents and statuses go. All raise kernel.post.Refused (do not repeat) or Unreachable (repeat);
    anything else is a fault of ours."""

    async def send(self, id: str, message: bytes, kind: Kind = "edoc") -> None:
        """Hand a message over. `id` names this sending, and is the same where it is repeated: the DocumentId or
        `Status.id`, with more behind it where a person sends a dead letter anew."""
        ...

    async def received(self) -> Sequence[str]:
        """What waits to be acknowledged, some hundred at most. These ids are the exchange's own, good for `fetch`."""
        ...

    async def fetch(self, id: str) -> bytes:
        """What was received under this id. It may be anything: `edxml.read` judges it."""
        ...

    async def acknowledge(self, id: str, *, good: bool = True) -> None:
        """It is kept here and need not be offered again; `good` is false where it could not be used. Twice is once."""
        ...


def open_exchange(config: Settings, organ_id: str = "") -> Exchange | None:
    """The way that is set up in MOTCUA_EDOC, for one organisation (by default MOTCUA_EDOC_ORGAN); None where none is.

    Raises ValueError where the setting is neither an http(s): nor a file: address, or there is no organisation.
    """
    if not config.edoc:
        return None
    organ_id = organ_id or config.edoc_organ
    if not ORGAN_ID.fullmatch(organ_id):
        raise ValueError("MOTCUA_EDOC_ORGAN must be the organisation's code in the exchange, such as 000.00.15.H40")
    address = urlsplit(config.edoc)
    if address.scheme == "file":
        return Folder(Path(unquote(address.path)) / organ_id)
    if address.scheme not in ("http", "https"):
        raise ValueError("MOTCUA_EDOC must begin with https:, http: or file:")
    return Gateway(config.edoc, organ_id, config.edoc_key.get_secret_value(), config.edoc_seconds)


def sealed(message: Envelope | Status, config: Settings) -> bytes:
    """A message as it leaves: signed where MOTCUA_EDOC_SIGNER names a key file. Raises Malformed; ValueError or OSError
    where the key file is wrong."""
    content = write(message)
    if config.edoc_signer is None:
        return content
    return signature.sign(content, signature.load_key(config.edoc_signer.read_bytes()))


def opened(content: bytes, config: Settings) -> Envelope | Status:
    """What was received. Where MOTCUA_EDOC_TRUST names a folder of certificates, only what its sender signed is
    believed. Raises Malformed."""
    message = read(content)
    if config.edoc_trust is None:
        return message
    sender = message.sender if isinstance(message, Status) else message.header.sender
    signed = read(signature.verified(content, signature.trusted(config.edoc_trust, sender.id)))
    again = signed.sender if isinstance(signed, Status) else signed.header.sender
    if again.id != sender.id:
        raise signature.unknown()
    return signed
