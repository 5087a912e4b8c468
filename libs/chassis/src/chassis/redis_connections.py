"""How a service gets to Redis: its address, who logs in, and TLS."""

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


class RedisSettings(BaseSettings):
    """Part of a service's settings."""

    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="Where Redis is; rediss:// is TLS."
    )
    redis_user: str | None = Field(None, description="Who logs in (infra/redis/users.acl).")
    redis_password: SecretStr | None = Field(None, description="That user's password.")
    redis_ca_file: Path | None = Field(
        None,
        description="The authority that Redis's certificate is checked by; unset: the system's.",
    )


def pool(
    settings: RedisSettings, size: int, timeout: float, reply_timeout: float | None
) -> BlockingConnectionPool:
    """At most so many connections.

    timeout: seconds to connect, and to wait for a connection. reply_timeout: seconds for a reply;
    None for who bounds calls itself, which spares 5 µs of each reply and a task of each call.
    """
    password = settings.redis_password
    options: dict[str, Any] = {
        "username": settings.redis_user or None,
        "password": password.get_secret_value() if password else None,
    }
    if settings.redis_ca_file:
        options["ssl_ca_certs"] = str(settings.redis_ca_file)
    return BlockingConnectionPool.from_url(
        settings.redis_url,
        max_connections=size,
        timeout=timeout,
        socket_timeout=reply_timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), retries=1),  # a connection gone stale; redis-py's ten take seconds
        **options,
    )
