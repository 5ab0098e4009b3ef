"""How Motcua is put on a machine: the `motcua` command, and a local ground of Kafka and PostgreSQL."""
