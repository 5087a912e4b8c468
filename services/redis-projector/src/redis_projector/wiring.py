"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from chassis.process.components import Process
from chassis.stores.redis import client
from projections.process import kafka_projector, process
from projections.redis.generations import RedisGenerations
from projections.redis.layout import RedisLayout
from projections.spec import ProjectorSpec
from redis_projector.projection import project
from redis_projector.settings import Settings
from user_contracts import avro_schema

GROUP = "redis-projector"
CONNECTIONS = 4  # one batch at a time, the operator's directives, and the readiness check


@asynccontextmanager
async def projection(settings: Settings) -> AsyncIterator[ProjectorSpec]:
    """Wire redis-projector over Kafka and Redis."""
    timeout = settings.redis_timeout
    async with aclosing(client(settings, CONNECTIONS, timeout, timeout)) as redis:
        views = RedisGenerations(redis, RedisLayout("users"))
        async with kafka_projector(settings, GROUP, views, avro_schema(), project) as spec:
            yield spec


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Wire the projector's process."""
    async with projection(settings) as spec:
        yield process(spec, "redis", settings)
