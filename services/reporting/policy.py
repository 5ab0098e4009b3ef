"""What reporting does because of what it heard: nothing, as long as it has no command to give itself."""

from kernel.handlers import Policy

policy: Policy = {}
