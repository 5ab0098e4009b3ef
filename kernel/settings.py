"""What an operator may set, from the environment (`MOTCUA_…`) or from files in a secrets folder; nothing else."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Key: TypeAlias = Literal["session_key", "tracking_key"]
SHORTEST: dict[Key, int] = {"session_key": 16, "tracking_key": 32}  # characters


class Guessable(ValueError):
    """A key that could be guessed. Says which, and what to set."""


class Settings(BaseSettings):
    """One process's settings. Addresses are host:port; times are seconds; sizes are bytes."""

    model_config = SettingsConfigDict(env_prefix="MOTCUA_", extra="ignore")

    postgres: str = "127.0.0.1:25432"
    postgres_password: SecretStr = SecretStr("")
    database_prefix: str = "motcua_"
    kafka: str = "127.0.0.1:29092"
    topic_prefix: str = "motcua."
    partitions: int = 12
    replication: int = 1
    host: str = "127.0.0.1"
    ports: dict[str, int] = {"intake": 8401, "reporting": 8402, "deadlines": 8403, "transfers": 8404, "surveys": 8405}
    # What people reach all services by, for links and codes on paper, such as https://dichvucong.example. Where there
    # is none, the address that each listens on.
    public_address: Annotated[str, Field(pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?)?$")] = ""
    session_key: SecretStr = SecretStr("")
    vault_key: SecretStr = SecretStr("")
    tracking_key: SecretStr = SecretStr("")  # the same for all services; another one makes every printed code worthless
    blobs: Path = Path(".state/demo/blobs")
    demo: bool = False
    log_json: bool = False
    max_body: int = 1 << 20
    max_attachment: int = 20 << 20
    smtp: str = ""  # the mail server; without one nothing leaves by e-mail
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"  # certificates are checked; SSL_CERT_FILE adds one
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = ""  # an address; wanted where there is a mail server
    mail_name: str = "Một cửa điện tử"
    sms: str = ""  # the SMS gateway's URL; without one nothing leaves by SMS
    sms_key: SecretStr = SecretStr("")
    post_seconds: float = 20.0  # that handing over one message may take

    survey_wait: float = 3600.0  # seconds after a result was handed over until its receiver is asked about it
    survey_review: float = 172_800.0  # seconds after a campaign closed until its results are frozen by themselves

    edoc: str = ""  # the document exchange: a gateway's URL, or a folder as file:///…; without one nothing is exchanged
    edoc_organ: str = ""  # our own code in it, such as 000.00.15.H40
    edoc_key: SecretStr = SecretStr("")
    edoc_seconds: float = 30.0  # that one call may take
    edoc_signer: Path | None = None  # PEM: private key and certificates; without one messages leave unsigned
    edoc_trust: Path | None = None  # folder with <OrganId>.pem; with one, only what its sender signed is believed

    def database(self, service: str) -> dict[str, object]:
        """Arguments for asyncpg: one database and one role a service, of the same name."""
        host, port = self.postgres.rsplit(":", 1)
        name = self.database_prefix + service
        return {
            "host": host,
            "port": int(port),
            "user": name,
            "database": name,
            "password": self.postgres_password.get_secret_value(),
        }

    def key(self, name: Key) -> bytes:
        """A secret that must not be guessed. Raises Guessable."""
        value: str = getattr(self, name).get_secret_value()
        if len(value) < SHORTEST[name]:
            raise Guessable(
                f"MOTCUA_{name.upper()} is missing or shorter than {SHORTEST[name]} characters:"
                " set it to a long random text, and keep it."
            )
        return value.encode()

    def address(self, service: str) -> str:
        """What people reach a service by. Never what a request says of itself: that goes on paper, too."""
        return self.public_address.rstrip("/") or f"http://{self.host}:{self.ports[service]}"

    def topic(self, service: str) -> str:
        return self.topic_prefix + service


@cache
def settings() -> Settings:
    return Settings()
