"""What surveys decides: questionnaires, campaigns, samples, whom to ask, invitations, answers, and what they come to."""
