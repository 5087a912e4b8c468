"""The two kinds of stores of views, with their generations and audits."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chassis.stores.opensearch_client import connected
from chassis.stores.redis import client
from projections.generations import Generations
from projections.opensearch.audit import OpenSearchAudit
from projections.opensearch.generations import OpenSearchGenerations
from projections.ports import Change
from projections.redis.audit import RedisAudit
from projections.redis.generations import RedisGenerations
from projections.redis.layout import RedisLayout
from projections.verification.drift import View
from projections.verification.event_table import EventTable
from view_verifier.settings import Settings

CONNECTIONS = 2  # to Redis, or to each of its nodes: one call at a time


@dataclass(frozen=True, slots=True)
class Store:
    """A connected store of views."""

    generations: Generations[Any]
    audit: Callable[[str], View[Any]]
    """Return a generation for verification and repair."""


Opened = Callable[[Settings], AbstractAsyncContextManager[Store]]


@dataclass(frozen=True, slots=True)
class KnownView:
    """Properties of a view that a run needs."""

    plural: str
    """Noun for the view's entries, in output for operators."""
    table: EventTable
    project: Callable[[Mapping[str, Any]], Change]
    store: Opened


def in_redis(layout: RedisLayout) -> Opened:
    """Open a view in Redis with these keys."""

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[Store]:
        timeout = settings.redis_timeout
        async with aclosing(client(settings, CONNECTIONS, timeout, timeout)) as redis:
            generations = RedisGenerations(redis, layout)
            yield Store(
                generations,
                lambda name: RedisAudit(redis, layout, name, generations.views(name)),
            )

    return opened


def in_opensearch(index: Callable[[], Mapping[str, Any]], alias: str) -> Opened:
    """Open a view in OpenSearch with this definition, under this alias."""

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[Store]:
        async with connected(settings, settings.opensearch_timeout) as opensearch:
            generations = OpenSearchGenerations(opensearch, index(), alias)
            yield Store(
                generations, lambda name: OpenSearchAudit(opensearch, generations.views(name))
            )

    return opened
