"""What a command finds here: the installation's settings and services, and a PostgreSQL and Kafka that answer."""

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from deploy.trouble import Trouble

if TYPE_CHECKING:
    from kernel.settings import Settings

T = TypeVar("T")


def settings_of(state: Path) -> "Settings":
    """The settings of the environment, or of the installation in the state folder."""
    from deploy import installation  # noqa: PLC0415
    from kernel.settings import settings  # noqa: PLC0415

    installation.use(state)
    settings.cache_clear()
    return settings()


def intake_of(state: Path) -> str:
    """Where the installation's intake is."""
    config = settings_of(state)
    return f"http://{config.host}:{config.ports['intake']}"


def check_service(service: str) -> None:
    from importlib.util import find_spec  # noqa: PLC0415

    from kernel.settings import settings  # noqa: PLC0415

    if service not in settings().ports or find_spec(f"services.{service}") is None:
        raise Trouble(f"There is no service {service}: choose one of {', '.join(settings().ports)}.")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, with an absent PostgreSQL or Kafka told in one sentence."""
    from aiokafka.errors import KafkaConnectionError  # noqa: PLC0415
    from asyncpg import InvalidCatalogNameError, InvalidPasswordError  # noqa: PLC0415

    from kernel.settings import settings  # noqa: PLC0415

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it would log each refusal; ours is one sentence
    try:
        return asyncio.run(work)
    except KafkaConnectionError:
        raise Trouble(f"Kafka does not answer at {settings().kafka}: start it, or set MOTCUA_KAFKA.") from None
    except ConnectionRefusedError:
        raise Trouble(
            f"PostgreSQL does not answer at {settings().postgres}: start it, or set MOTCUA_POSTGRES."
        ) from None
    except (InvalidCatalogNameError, InvalidPasswordError) as error:
        raise Trouble(
            f"PostgreSQL refuses ({error}): create the databases and roles, or set MOTCUA_POSTGRES_PASSWORD."
        ) from None


def me() -> str:
    import getpass  # noqa: PLC0415

    return f"cli:{getpass.getuser()}"
