"""What transfers does by itself because of what it heard."""
