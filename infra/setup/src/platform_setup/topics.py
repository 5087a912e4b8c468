"""Job that creates missing topics and updates their settings; partition counts never change."""

import time
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
from platform_setup import INFRA, ServerUnavailable, SetupError

TIMEOUT = 30.0  # seconds for a change of topics
LISTED_WITHIN = 10.0  # seconds for the list of topics
NO_ANSWER = ("_TRANSPORT", "_TIMED_OUT")
SIGNALS_WITHIN = 1.0  # seconds; a call of librdkafka returns before Python handles a signal


class Settings(BaseSettings):
    """Kafka's address, and settings that depend on the cluster's size."""

    model_config = settings_config("SETUP_KAFKA_")

    bootstrap: str = Field("127.0.0.1:9092", description="Kafka brokers, comma-separated.")
    tls: bool = Field(False, description="Use TLS to Kafka.")  # noqa: FBT003 - pydantic's way
    ca_file: Path | None = Field(None, description="CA file that verifies Kafka's certificates.")
    user: str | None = Field(None, description="SASL user (SCRAM-SHA-512, over TLS only).")
    password: SecretStr | None = Field(None, description="Password of that user.")
    user_events_partitions: int | None = Field(
        None, gt=0, description="Fixed partitions of `user.events`; unset: as in the file."
    )
    replication_factor: int = Field(1, gt=0, description="Replicas of every topic it creates.")
    file: Path = Field(INFRA / "kafka" / "topics.yaml", description="YAML file of the topics.")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's required state."""

    name: str
    partitions: int
    config: dict[str, str]


def run() -> None:
    """Raise ServerUnavailable; SetupError if a topic has another number of partitions."""
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
        raise ServerUnavailable(f"Kafka at {settings.bootstrap}: {error.args[0].str()}") from error
    print(f"topics: {len(missing)} created, {len(wanted) - len(missing)} existed already")


def connection(settings: Settings) -> Brokers:
    """Return the brokers' settings; raise SetupError if a password would be sent without TLS."""
    if settings.user and not settings.tls:
        raise SetupError("SETUP_KAFKA_USER needs SETUP_KAFKA_TLS=true")
    return Brokers(
        settings.bootstrap, settings.tls, settings.ca_file, settings.user, settings.password
    )


def read(file: Path, user_events_partitions: int | None) -> list[Topic]:
    """Read the topics of a file; the partitions of user.events can be overridden."""
    topics: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())
    if user_events_partitions is not None:
        topics["user.events"]["partitions"] = user_events_partitions
    return [Topic(name, topic["partitions"], topic["config"]) for name, topic in topics.items()]


def refuse_other_partitions(wanted: Iterable[Topic], existing: dict[str, int]) -> None:
    """Raise SetupError that names every topic with another number of partitions."""
    differing = [
        f"{topic.name} has {existing[topic.name]} partitions, {topic.partitions} were requested"
        for topic in wanted
        if existing.get(topic.name, topic.partitions) != topic.partitions
    ]
    if differing:
        raise SetupError(
            f"{'; '.join(differing)}. A topic's partition count is fixed (order per key): "
            "request the existing number, or move to a new topic."
        )


def partitions(admin: AdminClient) -> dict[str, int]:
    """Every topic's; raises KafkaException when Kafka does not answer within LISTED_WITHIN."""
    end = time.monotonic() + LISTED_WITHIN
    while True:
        try:
            topics = admin.list_topics(timeout=SIGNALS_WITHIN).topics
        except KafkaException as error:
            if error.args[0].name() not in NO_ANSWER or time.monotonic() > end:
                raise
        else:
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
