"""How streams are named, so that whoever opens one twice opens the same one."""

import hashlib
from uuid import UUID, uuid5

NAMESPACE = UUID("8b0f6a1e-3c52-5d77-a0c4-5e1f9d2b7a63")
"""The streams of this service are named after those they are about."""


def questionnaire_stream(key: str) -> str:
    return f"questionnaire-{uuid5(NAMESPACE, f'questionnaire {key}')}"


def contact_stream(application: str) -> str:
    """The stream of whom to ask about a dossier's result, by the dossier's stream at intake."""
    return f"contact-{uuid5(NAMESPACE, application)}"


def invitation_stream(token: str) -> str:
    """The stream of what a token opens. The token has 128 random bits and can't be found from this name."""
    return f"invitation-{uuid5(NAMESPACE, hashlib.sha256(token.encode()).hexdigest())}"


def box_stream(campaign: str, cell: tuple[str, ...]) -> str:
    """The stream of a cell's answers."""
    return f"box-{uuid5(NAMESPACE, ' / '.join((campaign, *cell)))}"


def remark_stream(id: UUID) -> str:
    return f"remark-{id}"
