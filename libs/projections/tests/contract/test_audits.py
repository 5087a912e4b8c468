"""The audits of both stores: the suite."""

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.stores.redis import AnyRedis
from projections.conformance.audit import *
from projections.conformance.changes import LOG, DocumentChanges, RedisChanges
from projections.opensearch.audit import OpenSearchAudit
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations
from projections.redis.audit import RedisAudit
from projections.redis.change import RedisChange
from projections.redis.layout import RedisLayout
from projections.redis.views import RedisViews

pytestmark = pytest.mark.integration


@pytest.fixture
def in_redis(redis: AnyRedis, layout: RedisLayout) -> AuditUnderTest[RedisChange]:
    async def show() -> None:
        """Do nothing: pages show writes at once."""

    views = RedisViews(redis, layout, "1")
    return AuditUnderTest(RedisAudit(redis, layout, "1", views), views, RedisChanges(), show)


@pytest.fixture
async def in_opensearch(
    client: AsyncOpenSearch, opensearch_generations: OpenSearchGenerations, changes: DocumentChanges
) -> AuditUnderTest[DocumentChange]:
    index = opensearch_generations.views("1")
    await index.offsets(LOG, [])

    async def show() -> None:
        await client.indices.refresh(index=index.index)

    return AuditUnderTest(OpenSearchAudit(client, index), index, changes, show)


@pytest.fixture(params=["redis", "redis cluster", "opensearch"])
def store(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str) -> Subject:
    subject: Subject = request.getfixturevalue(
        "in_opensearch" if store == "opensearch" else "in_redis"
    )
    return subject
