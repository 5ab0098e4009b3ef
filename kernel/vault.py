"""Personal data under one key a person, so that erasing the person is destroying the key.

AES-256-GCM; the additional data binds a box to its subject, so that boxes can't be swapped between people. A subject's
key is wrapped under the vault's own key, which lives in a secrets file and never in a database. A key is committed
before the first event that uses it: an orphan key is harmless, an event without its key would be lost data.
"""

import hashlib
import hmac
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass
from functools import cache
from itertools import count
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.batch import Batcher
from kernel.clock import monotonic
from kernel.settings import Settings
from schemas.event import Event, Personal

NONCE = 12
REMEMBERED = 60.0  # seconds that an opened key is kept: the longest that an erased person stays readable here
MOST_REMEMBERED = 50_000


class Erased(Exception):
    """This person's key was destroyed; nothing can be sealed under it again. Open a new dossier under a new subject."""


class WrongKey(Exception):
    """This vault was made under another MOTCUA_VAULT_KEY. Start with that key: without it nothing can be read."""


@cache
def personal_fields(event: type[Event]) -> tuple[tuple[str, Any], ...]:
    """The fields of an event that hold personal data, with the type of what is inside. Raises TypeError where it lies
    deeper: only an event's own fields are sealed, the rest would be written in clear."""
    found = []
    for name, hint in get_type_hints(event, include_extras=True).items():
        if name not in event.__struct_fields__:
            continue
        choices = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        inside = [get_args(each)[0] for each in choices if get_origin(each) is Personal]
        if inside:
            found.append((name, inside[0]))
        if any(_holds_personal(each) for each in choices if get_origin(each) is not Personal):
            raise TypeError(f"{event.__name__}.{name}: personal data is a field of the event itself, or None")
    return tuple(found)


def _holds_personal(hint: Any) -> bool:
    if hint is Personal or get_origin(hint) is Personal:
        return True
    deeper = [*get_args(hint)]
    if isinstance(hint, type) and get_origin(hint) is None and (is_dataclass(hint) or issubclass(hint, msgspec.Struct)):
        deeper += get_type_hints(hint, include_extras=True).values()
    return any(_holds_personal(each) for each in deeper)


@cache
def _decoder(inner: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(inner)


class Vault:
    """Keys of people, and what is done with them."""

    def __init__(self, pool: Any, config: Settings) -> None:
        self._pool = pool
        self._master = AESGCM(hashlib.sha256(config.vault_key.get_secret_value().encode()).digest())
        self._ciphers: dict[UUID, tuple[float, AESGCM | None]] = {}
        self._fetch = Batcher(self._fetch_keys, most=500)
        self._create = Batcher(self._create_keys, most=500)
        self._pepper = b""

    async def open(self) -> None:
        """Read, or make once, the pepper for looking people up by identity number."""
        box = self._wrap(os.urandom(32), b"pepper")
        await self._pool.execute("INSERT INTO secret VALUES ('pepper', $1) ON CONFLICT DO NOTHING", box)
        box = await self._pool.fetchval("SELECT wrapped FROM secret WHERE name = 'pepper'")
        try:
            self._pepper = self._unwrap(box, b"pepper")
        except InvalidTag:
            raise WrongKey(str(WrongKey.__doc__)) from None

    async def living(self, identity: str) -> UUID:
        """The data subject to write this person's data under: the first who was not erased, with a key. Who was
        erased and comes again is a new subject, and nothing leads from one to the other but the number itself."""
        for life in count():
            subject = self.subject(identity, life)
            if (await self._ciphers_of({subject}, self._create))[subject] is not None:
                return subject
        raise AssertionError("unreachable")

    async def known(self, identity: str) -> UUID | None:
        """The subject that this person's data is under now; None where there is nothing of them, or all was erased."""
        for life in count():
            subject = self.subject(identity, life)
            row = await self._pool.fetchrow("SELECT wrapped FROM subject_key WHERE subject = $1", subject)
            if row is None or row["wrapped"]:
                return subject if row else None
        raise AssertionError("unreachable")

    def subject(self, identity: str, life: int = 0) -> UUID:
        """The data subject with this identity number: the same number is always the same subject, and the subject
        tells nothing about the number. `life` counts how often the person was erased before."""
        text = identity.strip().upper() + (f" {life}" if life else "")
        digest = hmac.digest(self._pepper, text.encode(), "sha256")
        number = int.from_bytes(digest[:16])
        return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62))  # RFC 9562, version 8

    async def seal(self, events: Sequence[Event], *, blank: bool = False) -> list[Event]:
        """The events with all personal data sealed. Where a subject's key was destroyed it raises Erased; with `blank`
        nothing of the value is kept instead, and readers see it as they see everything of that person."""
        found = [(event, [name for name, _ in personal_fields(type(event))]) for event in events]
        wanted = {
            value.subject
            for event, names in found
            for name in names
            if (value := getattr(event, name)) is not None and value.clear is not None
        }
        ciphers = await self._ciphers_of(wanted, self._create) if wanted else {}
        return [
            msgspec.structs.replace(
                event,
                **{
                    name: self._close(value, ciphers, blank)
                    for name in names
                    if (value := getattr(event, name)) is not None and value.clear is not None
                },
            )
            if names
            else event
            for event, names in found
        ]

    def _close(self, value: Personal[Any], ciphers: dict[UUID, AESGCM | None], blank: bool) -> Personal[Any]:
        cipher = ciphers[value.subject]
        if cipher is None and blank:
            return Personal(subject=value.subject)
        if cipher is None:
            raise Erased(str(value.subject))
        nonce = os.urandom(NONCE)
        clear = msgspec.json.encode(value.clear)
        return Personal(subject=value.subject, sealed=nonce + cipher.encrypt(nonce, clear, value.subject.bytes))

    async def cipher(self, subject: UUID) -> AESGCM:
        """The cipher under a subject's key, made at its first use: for what is no field of an event. Raises Erased."""
        found = (await self._ciphers_of({subject}, self._create))[subject]
        if found is None:
            raise Erased(str(subject))
        return found

    async def unseal(self, boxes: Iterable[tuple[Personal[Any], Any]]) -> list[Any]:
        """What is inside each (sealed value, type), or None where the person was erased."""
        pairs = list(boxes)
        ciphers = await self._ciphers_of({box.subject for box, _ in pairs if box.sealed}, self._fetch)
        return [box.clear if box.clear is not None else self._unseal(box, inner, ciphers) for box, inner in pairs]

    def _unseal(self, box: Personal[Any], inner: Any, ciphers: dict[UUID, AESGCM | None]) -> Any:
        cipher = ciphers.get(box.subject)
        if cipher is None or not box.sealed:  # the key may be remembered here when it was destroyed elsewhere
            return None
        return _decoder(inner).decode(cipher.decrypt(box.sealed[:NONCE], box.sealed[NONCE:], box.subject.bytes))

    async def erase(self, subject: UUID, *, by: str, reason: str) -> bool:
        """Destroy a person's key; answers whether there was one. Other processes forget it within
        REMEMBERED seconds."""
        done = await self._pool.execute(
            "UPDATE subject_key SET wrapped = NULL, destroyed_at = now(), destroyed_by = $2, reason = $3"
            " WHERE subject = $1 AND wrapped IS NOT NULL",
            subject,
            by,
            reason,
        )
        self._ciphers.pop(subject, None)
        if done == "UPDATE 1":
            self._ciphers[subject] = (math.inf, None)
        return bool(done == "UPDATE 1")

    async def _ciphers_of(self, subjects: set[UUID], source: Batcher[UUID, AESGCM | None]) -> dict[UUID, AESGCM | None]:
        now = monotonic()
        known = {s: entry[1] for s in subjects if (entry := self._ciphers.get(s)) and entry[0] > now}
        for subject, future in [(s, source(s)) for s in subjects if s not in known]:
            known[subject] = await future
        return known

    def _remember(self, subject: UUID, cipher: AESGCM | None) -> AESGCM | None:
        if subject in self._ciphers and self._ciphers[subject][1] is None:
            return None  # destroyed here while it was being fetched
        if len(self._ciphers) >= MOST_REMEMBERED:
            self._ciphers.clear()
        self._ciphers[subject] = (monotonic() + REMEMBERED, cipher)
        return cipher

    async def _fetch_keys(self, subjects: Sequence[UUID]) -> list[AESGCM | None]:
        rows = await self._pool.fetch("SELECT subject, wrapped FROM subject_key WHERE subject = ANY($1)", subjects)
        boxes = {row["subject"]: row["wrapped"] for row in rows}
        return [
            self._remember(s, AESGCM(self._unwrap(box, s.bytes))) if (box := boxes.get(s)) else None for s in subjects
        ]

    async def _create_keys(self, subjects: Sequence[UUID]) -> list[AESGCM | None]:
        new = {s: os.urandom(32) for s in subjects}
        rows = await self._pool.fetch(
            "WITH given AS (SELECT * FROM unnest($1::uuid[], $2::bytea[]) AS g(subject, wrapped)), made AS ("
            " INSERT INTO subject_key (subject, wrapped) SELECT * FROM given ORDER BY subject"
            " ON CONFLICT DO NOTHING RETURNING subject)"
            " SELECT subject FROM made",
            list(new),
            [self._wrap(key, s.bytes) for s, key in new.items()],
        )
        made = {row["subject"] for row in rows}
        ours = {s: self._remember(s, AESGCM(new[s])) for s in made}
        others = [s for s in new if s not in made]
        theirs = dict(zip(others, await self._fetch_keys(others), strict=True)) if others else {}
        return [ours[s] if s in ours else theirs[s] for s in subjects]

    def _wrap(self, key: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._master.encrypt(nonce, key, bound)

    def _unwrap(self, box: bytes, bound: bytes) -> bytes:
        return self._master.decrypt(box[:NONCE], box[NONCE:], bound)
