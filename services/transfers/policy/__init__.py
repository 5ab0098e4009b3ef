"""What transfers does by itself because of what it heard."""

from services.transfers.policy.reactions import policy

__all__ = ["policy"]
