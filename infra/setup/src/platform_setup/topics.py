"""The topics: what is missing is created, settings are brought in line, partitions never change."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its own re-exports are implicit
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from chassis.process.settings import load, settings_config
from chassis.stores.kafka import Brokers
from platform_setup import INFRA, SetupError

TIMEOUT = 30.0


class Settings(BaseSettings):
    """Where Kafka is, and what the size of the cluster decides."""

    model_config = settings_config("SETUP_KAFKA_")

    bootstrap: str = Field("127.0.0.1:9092", description="Kafka's brokers, with commas.")
    tls: bool = Field(False, description="Talk TLS to Kafka.")  # noqa: FBT003 - pydantic's way
    ca_file: Path | None = Field(
        None, description="The authority that Kafka's certificates are checked by."
    )
    user: str | None = Field(None, description="Who logs in (SCRAM-SHA-512, over TLS only).")
    password: SecretStr | None = Field(None, description="That user's password.")
    user_events_partitions: int | None = Field(
        None, gt=0, description="Of `user.events`, for its whole life; unset: as in the file."
    )
    replication_factor: int = Field(1, gt=0, description="Of every topic that is made.")
    file: Path = Field(INFRA / "kafka" / "topics.yaml", description="The topics.")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should be."""

    name: str
    partitions: int
    config: dict[str, str]


def run() -> None:
    """Raise SetupError if Kafka is away, or a topic exists with another number of partitions."""
    settings = load(Settings)
    wanted = read(settings.file, settings.user_events_partitions)
    admin = AdminClient(connection(settings).librdkafka())
    try:
        existing = partitions(admin)
        refuse_other_partitions(wanted, existing)
        missing = [topic for topic in wanted if topic.name not in existing]
        create(admin, missing, settings.replication_factor)
        alter(admin, [topic for topic in wanted if topic.name in existing])
    except KafkaException as error:
        raise SetupError(f"Kafka at {settings.bootstrap}: {error.args[0].str()}") from error
    print(f"topics: {len(missing)} created, {len(wanted) - len(missing)} were there")


def connection(settings: Settings) -> Brokers:
    """The brokers by the settings; raises SetupError for a password that would go in the clear."""
    if settings.user and not settings.tls:
        raise SetupError("SETUP_KAFKA_USER needs SETUP_KAFKA_TLS=true")
    return Brokers(
        settings.bootstrap, settings.tls, settings.ca_file, settings.user, settings.password
    )


def read(file: Path, user_events_partitions: int | None) -> list[Topic]:
    """The topics of a file; user.events with another number of partitions if one is given."""
    topics: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())
    if user_events_partitions is not None:
        topics["user.events"]["partitions"] = user_events_partitions
    return [Topic(name, topic["partitions"], topic["config"]) for name, topic in topics.items()]


def refuse_other_partitions(wanted: Iterable[Topic], existing: dict[str, int]) -> None:
    """Raise SetupError that names every topic whose number of partitions is not the wanted one."""
    differing = [
        f"{topic.name} has {existing[topic.name]} partitions, {topic.partitions} are asked for"
        for topic in wanted
        if existing.get(topic.name, topic.partitions) != topic.partitions
    ]
    if differing:
        raise SetupError(
            f"{'; '.join(differing)}. The number is fixed for a topic's life (order per key): "
            "ask for the existing number, or move to a new topic."
        )


def partitions(admin: AdminClient) -> dict[str, int]:
    topics = admin.list_topics(timeout=TIMEOUT).topics
    return {name: len(topic.partitions) for name, topic in topics.items()}


def create(admin: AdminClient, topics: list[Topic], replication_factor: int) -> None:
    new = [
        NewTopic(topic.name, topic.partitions, replication_factor, config=topic.config)
        for topic in topics
    ]
    if new:
        for done in admin.create_topics(new, operation_timeout=TIMEOUT).values():
            done.result(TIMEOUT)


def alter(admin: AdminClient, topics: list[Topic]) -> None:
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            topic.name,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in topic.config.items()
            ],
        )
        for topic in topics
    ]
    if resources:
        for done in admin.incremental_alter_configs(resources).values():
            done.result(TIMEOUT)
