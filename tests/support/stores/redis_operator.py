"""Redis client of an operator, for one server or a cluster."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster

from local_stack.addresses import Addresses


@asynccontextmanager
async def connected(stack: Addresses, *, decode_responses: bool = False) -> AsyncIterator[Any]:
    """Connect; Any, since redis-py's own types cover texts and bytes at once."""
    options: dict[str, Any] = {
        "username": "redis_operator",
        "password": stack.password("redis_operator"),
        "decode_responses": decode_responses,
    }
    urls = stack.redis_address.split(",")
    if len(urls) == 1:
        redis: Any = Redis.from_url(stack.redis_address, **options)
    else:
        nodes: list[Any] = [ClusterNode(str((u := urlsplit(url)).hostname), u.port) for url in urls]  # type: ignore[arg-type]
        redis = RedisCluster(startup_nodes=nodes, socket_timeout=1, **options)
    async with redis:
        yield redis


async def serving(redis: Any) -> str:
    """Return the serving generation."""
    found = await redis.get("users:generation") or "1"
    return found.decode() if isinstance(found, bytes) else str(found)
