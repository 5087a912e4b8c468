"""A projector over Kafka: its spec, and its process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from chassis.process.admin_server import AdminServer
from chassis.process.components import Process
from chassis.process.health import Health
from chassis.process.settings import ServiceSettings
from chassis.stores.kafka import brokers
from projections.directives import DirectivePoller
from projections.generations import Generations
from projections.kafka.avro import AvroDecoder, RegistrySchemas
from projections.kafka.consumer import KafkaConsumer
from projections.kafka.dead_letter_monitor import DeadLetterMonitor
from projections.kafka.dead_letters import KafkaDeadLetters
from projections.ports import Projection
from projections.projector import Projector, dead_letter_topic
from projections.settings import ProjectorSettings
from projections.spec import ProjectorSpec


@asynccontextmanager
async def kafka_projector(
    settings: ProjectorSettings,
    group: str,
    generations: Generations[Any],
    schema: Mapping[str, Any],
    projection: Projection[Any, Any],
) -> AsyncIterator[ProjectorSpec]:
    """Yield a projector that reads the topic by the schema and writes generations of a view."""
    kafka = brokers(settings)
    decode = AvroDecoder(RegistrySchemas(settings.registry_url), schema)
    dead_letters = KafkaDeadLetters(kafka, dead_letter_topic(settings.topic, group))
    try:
        yield ProjectorSpec(
            kafka,
            settings.topic,
            group,
            generations,
            lambda views, dead_letters: Projector(decode, projection, views, dead_letters).handle,
            dead_letters,
        )
    finally:
        await dead_letters.close()


def process(spec: ProjectorSpec, store: str, settings: ServiceSettings) -> Process:
    """Return the process: it consumes the topic, polls directives and counts dead letters.

    store: the name of the store's readiness check.
    """
    directives = DirectivePoller(spec.generations)
    health = Health({store: spec.generations.ping})
    admin = AdminServer(health, settings.host, settings.admin_port, settings.limits)
    consumer = KafkaConsumer(spec, directives.directives)  # last, since it must be stopped
    health.add("projection", consumer.ready)
    monitor = DeadLetterMonitor(spec.brokers, spec.dead_letter_topic)
    return Process([admin, monitor, directives, consumer], health)
