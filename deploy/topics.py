"""One topic a service, kept for ever, with as many partitions as were chosen at its creation."""

from collections.abc import Iterable
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from deploy.trouble import Trouble
from kernel.settings import Settings


async def plan(config: Settings, services: Iterable[str]) -> dict[str, int | None]:
    """The topics that should exist, with their partitions, or None where one is missing.

    Raises Trouble where a topic has another number of partitions: events of a stream would change their partition and
    with it their order.
    """
    client = await _client(config)
    try:
        return await _plan(client, config, services)
    finally:
        await client.close()


async def apply(config: Settings, services: Iterable[str]) -> list[str]:
    """Create what is missing, wait until it is there; answers the names. Safe to run twice at once."""
    services = list(services)
    client = await _client(config)
    try:
        missing = [name for name, found in (await _plan(client, config, services)).items() if found is None]
        if missing:
            _raise_for(await client.create_topics([_topic(name, config) for name in missing]))
        while None in (await _plan(client, config, services)).values():
            pass  # each look asks the broker; it knows its own topic within milliseconds
        return missing
    finally:
        await client.close()


async def _client(config: Settings) -> AIOKafkaAdminClient:
    client = AIOKafkaAdminClient(bootstrap_servers=config.kafka)
    await client.start()
    return client


async def _plan(client: AIOKafkaAdminClient, config: Settings, services: Iterable[str]) -> dict[str, int | None]:
    wanted = [config.topic(service) for service in services]
    found: dict[str, int | None] = dict.fromkeys(wanted)
    for each in await client.describe_topics(wanted):
        if not each["error_code"]:
            found[each["topic"]] = len(each["partitions"])
    for name, partitions in found.items():
        if partitions not in (None, config.partitions):
            raise Trouble(
                f"Topic {name} has {partitions} partitions and the settings say {config.partitions}: set"
                f" MOTCUA_PARTITIONS={partitions}, for the number can't change without a new topic."
            )
    return found


def _topic(name: str, config: Settings) -> NewTopic:
    return NewTopic(
        name,
        config.partitions,
        config.replication,
        topic_configs={
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "cleanup.policy": "delete",
            "min.insync.replicas": str(max(1, config.replication - 1)),
        },
    )


def _raise_for(response: Any) -> None:
    for name, code, *more in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise Trouble(
                f"Topic {name} could not be made: {more[0] if more and more[0] else for_code(code).description}"
            )
