"""Answers while they wait: sealed under a key of their campaign, which is destroyed when its results are frozen. Then
what backups and the database's own log still hold of waiting rows can't be opened any more."""

import os
from functools import lru_cache
from uuid import UUID, uuid5

import msgspec

from kernel.service import Service
from kernel.waiting import padded, unpadded
from schemas.surveys import Answers
from services.surveys.domain.naming import NAMESPACE

NONCE = 12


@lru_cache(maxsize=1_000)
def subject(campaign: str) -> UUID:
    """Under which the vault keeps a campaign's key."""
    return uuid5(NAMESPACE, f"answers {campaign}")


@lru_cache(maxsize=10_000)
def box_of(campaign: str, cell: tuple[str, ...]) -> str:
    """What the answers of a cell wait in."""
    return msgspec.json.encode((campaign, *cell)).decode()


@lru_cache(maxsize=10_000)
def cell_of(box: str) -> tuple[str, tuple[str, ...]]:
    """The campaign and the cell of a box."""
    campaign, *cell = msgspec.json.decode(box, type=tuple[str, ...])
    return campaign, tuple(cell)


async def seal(service: Service, campaign: str, cell: tuple[str, ...], answers: Answers) -> bytes:
    """Answers as they wait. All of usual length are of one length. Raises Erased once the results are frozen."""
    cipher = await service.vault.cipher(subject(campaign))
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, padded(msgspec.json.encode(answers)), box_of(campaign, cell).encode())


async def unseal(service: Service, box: str, value: bytes) -> Answers:
    """Raises Erased, cryptography.exceptions.InvalidTag."""
    campaign, _ = cell_of(box)
    cipher = await service.vault.cipher(subject(campaign))
    clear = cipher.decrypt(value[:NONCE], value[NONCE:], box.encode())
    return msgspec.json.decode(unpadded(clear), type=Answers)


async def destroy(service: Service, campaign: str) -> None:
    """Nobody can open what waited any more. Done twice it is done once."""
    await service.vault.erase(subject(campaign), by="motcua:surveys", reason="results frozen")
