"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.process.lifecycle import Process
from chassis.stores.kafka import brokers
from chassis.stores.opensearch_client import connected
from projections.kafka.avro import AvroDecoder, RegistrySchemas
from projections.kafka.dead_letters import KafkaDeadLetters
from projections.opensearch.generations import OpenSearchGenerations
from projections.process import process
from projections.projector import Projector, dead_letter_topic
from projections.spec import ProjectorSpec
from search_projector.projection import project
from search_projector.settings import Settings
from user_contracts import avro_schema, opensearch_index

GROUP = "search-projector"
ALIAS = "users"


@asynccontextmanager
async def projection(settings: Settings) -> AsyncIterator[ProjectorSpec]:
    """search-projector over Kafka and OpenSearch."""
    letters = dead_letter_topic(settings.topic, GROUP)
    kafka = brokers(settings)
    dead_letters = KafkaDeadLetters(kafka, letters)
    async with connected(settings, settings.opensearch_timeout) as opensearch:
        generations = OpenSearchGenerations(opensearch, opensearch_index(), ALIAS)
        decode = AvroDecoder(RegistrySchemas(settings.registry_url), avro_schema())
        try:
            yield ProjectorSpec(
                kafka,
                settings.topic,
                GROUP,
                generations,
                lambda index, letters: Projector(decode, project, index, letters).handle,
                dead_letters,
                generations.ping,
            )
        finally:
            await dead_letters.close()


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """The projector's process."""
    async with projection(settings) as spec:
        yield process(spec, "opensearch", settings)
