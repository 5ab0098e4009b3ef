"""A real Kafka and a real PostgreSQL on this machine, without Docker or root, for demo, tests and bench."""
