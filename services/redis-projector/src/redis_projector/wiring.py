"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from chassis.process.lifecycle import Process
from chassis.stores.kafka import brokers
from chassis.stores.redis import client
from projections.kafka.avro import AvroDecoder, RegistrySchemas
from projections.kafka.dead_letters import KafkaDeadLetters
from projections.process import process
from projections.projector import Projector, dead_letter_topic
from projections.redis.generations import RedisGenerations
from projections.spec import ProjectorSpec
from redis_projector.projection import project
from redis_projector.settings import Settings
from user_contracts import avro_schema, redis_users

GROUP = "redis-projector"
CONNECTIONS = 4  # one batch at a time, the operator's directives, and the readiness check


@asynccontextmanager
async def projection(settings: Settings) -> AsyncIterator[ProjectorSpec]:
    """redis-projector over Kafka and Redis."""
    timeout = settings.redis_timeout
    letters = dead_letter_topic(settings.topic, GROUP)
    kafka = brokers(settings)
    dead_letters = KafkaDeadLetters(kafka, letters)
    async with aclosing(client(settings, CONNECTIONS, timeout, timeout)) as redis:
        generations = RedisGenerations(redis, redis_users)
        decode = AvroDecoder(RegistrySchemas(settings.registry_url), avro_schema())
        try:
            yield ProjectorSpec(
                kafka,
                settings.topic,
                GROUP,
                generations,
                lambda views, letters: Projector(decode, project, views, letters).handle,
                dead_letters,
                generations.ping,
            )
        finally:
            await dead_letters.close()


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """The projector's process."""
    async with projection(settings) as spec:
        yield process(spec, "redis", settings)
