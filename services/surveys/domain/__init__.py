"""What surveys decides: questionnaires, campaigns, samples, whom to ask, answers, and what they come to."""
