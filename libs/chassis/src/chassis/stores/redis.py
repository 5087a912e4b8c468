"""Client and connection settings of Redis and Redis Cluster: address, user, TLS."""

from pathlib import Path
from typing import Any, TypeAlias

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

AnyRedis: TypeAlias = Redis | RedisCluster


class RedisSettings(BaseSettings):
    """Redis's part of a service's settings."""

    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="URL of Redis; rediss:// for TLS. Nodes of a cluster: comma-separated.",
    )
    redis_cluster: bool = Field(False, description="Whether REDIS_URL is a Redis Cluster.")  # noqa: FBT003 - pydantic's way
    redis_user: str | None = Field(None, description="Redis user (see infra/redis/users.acl).")
    redis_password: SecretStr | None = Field(None, description="Password of that user.")
    redis_ca_file: Path | None = Field(
        None,
        description="CA certificates that verify Redis's certificate; unset: the system's.",
    )


def client(
    settings: RedisSettings, size: int, timeout: float, reply_timeout: float | None
) -> AnyRedis:
    """Return a client with at most `size` connections, for a cluster to each node.

    timeout: seconds to connect, and to wait for a connection. reply_timeout: seconds for a reply;
    None if the caller bounds its calls, which saves 5 µs for each reply and a task for each call.
    """
    password = settings.redis_password
    options: dict[str, Any] = {
        "max_connections": size,
        "username": settings.redis_user or None,
        "password": password.get_secret_value() if password else None,
        "socket_timeout": reply_timeout,
        "socket_connect_timeout": timeout,
        # One retry, for a stale connection; redis-py's default of ten takes seconds.
        "retry": Retry(NoBackoff(), retries=1),
    }
    if settings.redis_ca_file:
        options["ssl_ca_certs"] = str(settings.redis_ca_file)
    if settings.redis_cluster:
        return _cluster(settings.redis_url, options)
    pool = BlockingConnectionPool.from_url(settings.redis_url, timeout=timeout, **options)
    return Redis.from_pool(pool)


def _cluster(urls: str, options: dict[str, Any]) -> RedisCluster:
    """Return a cluster client; any node that responds reports all others."""
    nodes: list[Any] = [parse_url(url) for url in urls.split(",")]
    is_tls = nodes[0].get("connection_class") is SSLConnection
    return RedisCluster(
        startup_nodes=[ClusterNode(node["host"], node["port"]) for node in nodes],
        ssl=is_tls,
        **options,
    )


def node_of(redis: AnyRedis, key: str) -> dict[str, Any]:
    """Return options of execute_command for a command whose keys redis-py would query first.

    Example: EVAL_RO. redis-py 8.1 knows the keys of EVAL only, and sends COMMAND GETKEYS first.
    """
    if isinstance(redis, Redis):
        return {}
    return {"target_nodes": redis.get_node_from_key(key)}
