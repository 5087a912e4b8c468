"""Responses of a real OpenSearch while an index or the cluster is in a bad state."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from chassis.stores import opensearch
from chassis.stores.errors.failure import StoreError
from local_stack.addresses import Addresses

pytestmark = pytest.mark.integration
DEFINITION = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {"dynamic": "strict", "properties": {"name": {"type": "keyword"}}},
}
SECRET = "Qwertz"


@pytest.fixture
async def client(stack: Addresses) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(stack.opensearch_url, max_retries=0) as client:
        yield client


@pytest.fixture
async def index(client: AsyncOpenSearch) -> AsyncIterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    await client.indices.create(index=name, body=DEFINITION)
    yield name
    await client.indices.delete(index=name, params={"ignore_unavailable": "true"})


def lines(index: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"index": {"_index": index, "_id": "1"}}, fields or {"name": "any"}]


async def write(client: AsyncOpenSearch, index: str) -> object:
    return await opensearch.bulk(client, "write", lines(index))


async def read(client: AsyncOpenSearch, index: str) -> object:
    return await opensearch.multi_get(client, "read", index, ["1"])


async def find(client: AsyncOpenSearch, index: str) -> object:
    return await opensearch.search(client, "find", index, {"query": {"match_all": {}}})


async def exists(client: AsyncOpenSearch, index: str) -> object:
    with opensearch.call("exists"):
        return await client.indices.exists(index=index)


@asynccontextmanager
async def blocked(client: AsyncOpenSearch, index: str, block: str) -> AsyncIterator[None]:
    await client.indices.put_settings(index=index, body={f"index.blocks.{block}": True})
    try:
        yield
    finally:
        await client.indices.put_settings(index=index, body={f"index.blocks.{block}": None})


@pytest.mark.parametrize(
    ("block", "calls"),
    [
        ("write", [write]),
        ("read_only", [write]),
        ("read_only_allow_delete", [write]),
        ("read", [read, find]),
        ("metadata", [exists]),
    ],
)
async def test_blocked_index_is_unavailable(
    client: AsyncOpenSearch,
    index: str,
    block: str,
    calls: list[Callable[..., Awaitable[object]]],
) -> None:
    async with blocked(client, index, block):
        for call in calls:
            with pytest.raises(Unavailable):
                await call(client, index)
    for call in calls:
        await call(client, index)


async def test_closed_index_is_unavailable_and_not_empty(
    client: AsyncOpenSearch, index: str
) -> None:
    await client.indices.close(index=index)
    for call in (write, read, find):
        with pytest.raises(Unavailable, match="index_closed_exception"):
            await call(client, index)
    await client.indices.open(index=index, params={"wait_for_active_shards": "1"})
    await write(client, index)


async def test_missing_index_is_unavailable_for_reads_and_left_to_the_writer(
    client: AsyncOpenSearch,
) -> None:
    for call in (read, find):
        with pytest.raises(Unavailable, match="index_not_found_exception"):
            await call(client, "not-there")
    (outcome,) = await opensearch.bulk(client, "write", lines("not-there"))
    assert opensearch.error_type(outcome) == opensearch.INDEX_MISSING


async def test_failed_shard_makes_a_search_unavailable(client: AsyncOpenSearch) -> None:
    """A shard that no node may hold: its index exists and cannot be searched."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    nowhere = {"index.routing.allocation.require._name": "no-such-node", "number_of_shards": 1}
    body = {"settings": nowhere}
    await client.indices.create(index=name, body=body, params={"wait_for_active_shards": "0"})
    try:
        with pytest.raises(Unavailable):
            await find(client, name)
        with pytest.raises(Unavailable):
            await read(client, name)
    finally:
        await client.indices.delete(index=name)


@pytest.mark.parametrize(
    "fields",
    [{SECRET: 1}, {"name": {SECRET: 1}}, {"name": 40_000 * "x"}],
    ids=lambda f: str(f)[:12],
)
async def test_only_the_document_is_left_to_the_caller(
    client: AsyncOpenSearch, index: str, fields: dict[str, Any]
) -> None:
    outcomes = await opensearch.bulk(client, "write", [*lines(index, **fields), *lines(index)])
    assert [outcome["status"] for outcome in outcomes] == [400, 201]


async def test_rejected_query_raises_store_error_without_the_query(
    client: AsyncOpenSearch, index: str
) -> None:
    queries: list[dict[str, Any]] = [{SECRET: {}}, {"query_string": {"query": f"{SECRET} ("}}]
    for query in queries:
        with pytest.raises(StoreError) as refused:
            await opensearch.search(client, "find", index, {"query": query})
        assert "400" in str(refused.value)
        assert SECRET not in str(refused.value)


async def test_alias_of_two_indexes_takes_no_writes(client: AsyncOpenSearch, index: str) -> None:
    other = f"{index}-other"
    await client.indices.create(index=other, body=DEFINITION)
    try:
        for one in (index, other):
            await client.indices.put_alias(index=one, name=f"{index}-alias")
        with pytest.raises(StoreError, match="illegal_argument_exception"):
            await write(client, f"{index}-alias")
    finally:
        await client.indices.delete(index=other)
