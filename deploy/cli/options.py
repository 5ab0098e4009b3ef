"""The options that many commands have, and what they are by default."""

from pathlib import Path
from typing import Annotated

import typer

State = Annotated[Path, typer.Option(help="Folder of all data, logs and secrets.", envvar="MOTCUA_STATE")]
PostgresPort = Annotated[int, typer.Option(help="Port of the private PostgreSQL.")]
KafkaPort = Annotated[int, typer.Option(help="Port of the private Kafka; the one above it is taken too.")]
Bundled = Annotated[
    bool, typer.Option(help="Use only the Java and PostgreSQL that pip brought.", envvar="MOTCUA_BUNDLED")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Service = Annotated[str, typer.Argument(help="Name of a service, such as intake.")]
Url = Annotated[str | None, typer.Option(help="Address of intake; by default the installation's own.")]
STATE = Path(".state/demo")
POSTGRES_PORT = 25432  # both outside what systems give to outgoing connections, so that a restart finds them free
KAFKA_PORT = 29092
