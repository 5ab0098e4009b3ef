"""Who is asking: a signed session token, in a cookie (pages) or as a bearer (programs).

Until an identity provider is connected, the demo's one-click login by role issues these tokens; its routes do not exist
outside demo mode. Nothing is believed because a header says so.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from schemas.event import Actor

COOKIE = "motcua_session"
ANONYMOUS = Actor(id="anonymous", roles=("citizen",))
SESSION_SECONDS = 8 * 3600


class _Token(msgspec.Struct, frozen=True):
    actor: Actor
    until: int


@dataclass(frozen=True)
class Signer:
    """Signs and reads session tokens with HMAC-SHA256."""

    key: bytes

    def issue(self, actor: Actor, now: float, *, seconds: int = SESSION_SECONDS) -> str:
        # Without "=", which a cookie would put in quotation marks.
        body = base64.urlsafe_b64encode(msgspec.json.encode(_Token(actor, int(now) + seconds))).rstrip(b"=")
        return f"{body.decode()}.{self._sign(body)}"

    def read(self, token: str, now: float) -> Actor | None:
        """The actor of a token that is ours and not over; None for any other."""
        body, _, signature = token.partition(".")
        if (
            not body.isascii()
            or not signature.isascii()
            or not hmac.compare_digest(self._sign(body.encode()), signature)
        ):
            return None
        found = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Token)
        return found.actor if found.until > now else None

    def _sign(self, body: bytes) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self.key, body, hashlib.sha256)).decode().rstrip("=")
