"""Which dossier an event is about: what every event of a clock or an apology repeats, so that a listener needs nothing
else."""

from typing import Any

import uuid_utils

NAMESPACE = uuid_utils.UUID("b2f3f0f4-2a1e-5c43-8d7e-41c1a0e2f7d3")
"""The streams of this service are named after those they are about."""


def stream_of(kind: str, name: str) -> str:
    """The stream of this kind that is named after something: whoever opens it twice opens the same."""
    return f"{kind}-{uuid_utils.uuid5(NAMESPACE, name)}"


ABOUT = ("application", "code", "procedure", "received_by", "decided_by")


def about(said: Any) -> dict[str, Any]:
    """What a command, a state or an event says about its dossier."""
    return {name: getattr(said, name) for name in ABOUT}
