"""What surveys does by itself because of what it heard."""

from kernel.handlers import Policy

policy: Policy = {}
