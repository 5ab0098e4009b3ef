"""How a value becomes a column: a list as JSON, because it is always read whole; what is personal as it was sealed."""

from typing import Any

import msgspec

from schemas.event import Personal


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def sealed(value: Personal[Any] | None) -> bytes | None:
    return value.sealed if value else None
