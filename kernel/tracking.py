"""Tracking codes under this deployment's key: made where one is printed, compared where one was typed."""

import hmac
from uuid import UUID

from kernel.service import Service
from schemas.tracking import look_up_digest, read_tracking_code, tracking_code


class TrackingCodes:
    """The codes of one running service. Raises Guessable where it has no key, or a short one."""

    def __init__(self, service: Service) -> None:
        self._key = service.settings.key("tracking_key")

    def of(self, application: UUID) -> str:
        """A dossier's code, as it is printed. For who may act for its applicant, and nobody else."""
        return tracking_code(application, self._key)

    def digest(self, application: UUID) -> str:
        """What a dossier is looked up by: this may be in events and views."""
        return look_up_digest(self.of(application), self._key)

    def digest_of_typed(self, text: str) -> str:
        """What to look up for a code that somebody typed; "" where that is no tracking code."""
        code = read_tracking_code(text)
        return look_up_digest(code, self._key) if code else ""

    def opens(self, typed: str, application: UUID) -> bool:
        """Whether what somebody typed is this dossier's code."""
        code = read_tracking_code(typed)
        return code is not None and hmac.compare_digest(code, self.of(application))


def codes(service: Service) -> TrackingCodes:
    """A service's tracking codes."""
    return service.keep(TrackingCodes)
