"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from opensearchpy import AsyncOpenSearch

from chassis.process.lifecycle import Process
from chassis.stores.kafka import brokers
from chassis.stores.opensearch_client import connected
from projections.kafka.avro import AvroDecoder, RegistrySchemas
from projections.kafka.dead_letters import KafkaDeadLetters
from projections.opensearch.audit import OpenSearchAudit
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations
from projections.process import process
from projections.projector import Projector, dead_letter_topic
from projections.spec import ProjectorSpec
from projections.verification import mysql_source
from projections.verification.drift import Compared
from search_projector.projection import project
from search_projector.settings import Settings
from user_contracts import avro_schema, opensearch_index

GROUP = "search-projector"
ALIAS = "users"
EVENTS = mysql_source.Table("user_event", "user_id")


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
                partial(_compared, settings, opensearch, generations),
                plural="users",
            )
        finally:
            await dead_letters.close()


@asynccontextmanager
async def _compared(
    settings: Settings,
    opensearch: AsyncOpenSearch,
    generations: OpenSearchGenerations,
    generation: str,
) -> AsyncIterator[Compared[DocumentChange]]:
    async with mysql_source.opened(settings, EVENTS) as truth:
        audit = OpenSearchAudit(opensearch, generations.views(generation))
        yield Compared(truth, project, audit)


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """The projector's process."""
    async with projection(settings) as spec:
        yield process(spec, "opensearch", settings)
