"""What deadlines does by itself: because of what it heard (reactions), and because a moment came (duties)."""

from services.deadlines.policy.duties import duties
from services.deadlines.policy.reactions import policy

__all__ = ["duties", "policy"]
