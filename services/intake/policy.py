"""What intake does because of what it heard. Nothing yet: the transfers service, whose outcome resolves a dossier, has
no room so far, and a table of reactions to events that nobody says would only pretend."""

from kernel.handlers import Policy

policy: Policy = {}
