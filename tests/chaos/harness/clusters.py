"""Roles in the stack's clusters: masters, replicas, owners of shards."""

import time
from typing import Any

from opensearchpy.exceptions import TransportError
from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode
from redis.exceptions import RedisError

from chassis.testing import eventually
from local_stack.addresses import Addresses
from local_stack.layout import Instance
from projections.redis.layout import RedisLayout
from tests.chaos.harness import stores, topic
from tests.support.stores import opensearch_operator
from tests.support.stores.redis_operator import connected, serving

LAYOUT = RedisLayout("users")

VISIBLE_WITHIN = 20.0  # seconds for a view to contain what was on the topic


async def masters(stack: Addresses) -> list[ClusterNode]:
    async with connected(stack) as redis:
        return sorted(redis.get_primaries(), key=lambda node: node.port)


async def replica_of(stack: Addresses, master: ClusterNode) -> ClusterNode:
    async with connected(stack) as redis:
        slots: list[list[ClusterNode]] = list(redis.nodes_manager.slots_cache.values())
    return next(nodes[1] for nodes in slots if nodes[0].port == master.port)


async def owner_of_new_users(stack: Addresses) -> ClusterNode:
    """Return the master that stores users created now."""
    bucket = LAYOUT.bucket_of(f"{time.time_ns() // 1_000_000:012x}")
    async with connected(stack) as redis:
        node: ClusterNode = redis.get_node_from_key(LAYOUT.bucket_key(await serving(redis), bucket))
        return node


async def is_no_master(stack: Addresses, node: ClusterNode) -> None:
    """Raise AssertionError while the node is a master."""
    try:
        found = await masters(stack)
    except RedisError as error:
        raise AssertionError(error) from error
    assert node.port not in {master.port for master in found}
    assert len(found) == len(stack.redis_nodes) // 2


async def take_over(stack: Addresses, replica: ClusterNode) -> None:
    """Promote a replica by force, as an operator does after the permanent loss of its master."""
    password = stack.password("redis_operator")
    port = int(replica.port)
    redis: Any = Redis(port=port, username="redis_operator", password=password)
    async with redis:
        await redis.execute_command("CLUSTER", "FAILOVER", "TAKEOVER")


def program(stack: Addresses, node: ClusterNode) -> str:
    """Return the name of a Redis node's program in the stack."""
    instance = Instance(stack.instance, stack.port_offset, stack.form)
    return next(n for n in instance.nodes("redis") if instance.port(n, "redis") == node.port)


async def owner_of_the_index(stack: Addresses) -> str:
    """Return the OpenSearch node with the primary shard of the serving index."""
    async with opensearch_operator.connected(stack) as client:
        shards: Any = await client.cat.shards(index="users", params={"format": "json"})
        return next(str(shard["node"]) for shard in shards if shard["prirep"] == "p")


async def has_all_copies(stack: Addresses) -> None:
    """Raise AssertionError while a replica shard is missing: another loss would lose data."""
    async with opensearch_operator.connected(stack) as client:
        health = await client.cluster.health(index="users")
    assert health["status"] == "green", health


async def visible(stack: Addresses) -> None:
    """Return when both views contain all that is on the topic now; AssertionError if late."""
    ends = await topic.ends(stack)

    async def reached() -> None:
        try:
            views = await stores.redis_view(stack), await stores.opensearch_view(stack)
        except (RedisError, TransportError) as error:
            raise AssertionError(error) from error
        for view in views:
            assert all(view.offsets.get(p, 0) >= end - 1 for p, end in ends.items())

    await eventually(reached, within=VISIBLE_WITHIN, every=0.5)
