"""What transfers decides: cases, where a pupil goes to school, places, documents, opinions, delegations, numbers."""
