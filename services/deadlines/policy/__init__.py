"""What deadlines does by itself: because of what it heard (reactions, legs), and because a moment came (duties)."""

from services.deadlines.policy import legs, reactions
from services.deadlines.policy.duties import duties

policy = {**reactions.policy, **legs.policy}

__all__ = ["duties", "policy"]
