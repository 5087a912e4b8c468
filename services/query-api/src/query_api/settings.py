"""Configuration of query-api (environment variables QUERY_API_*)."""

from pydantic import Field

from chassis.auth.settings import ApiSettings
from chassis.process.settings import settings_config
from chassis.stores.redis import RedisSettings
from projections.queries import WAITERS


class Settings(RedisSettings, ApiSettings):
    """Variables with the prefix QUERY_API_."""

    model_config = settings_config("QUERY_API_")

    http_port: int = Field(3001, description="Port of the HTTP API.")
    grpc_port: int = Field(1235, description="Port of the gRPC API.")
    admin_port: int = 9001
    redis_pool: int = Field(64, ge=1, description="Maximum number of connections.")
    redis_timeout: float = Field(
        2, gt=0, description="Timeout of a call to Redis, and of waiting for a connection, seconds."
    )
    visible_timeout: float = Field(2, gt=0, description="Maximum seconds to wait for min_version.")
    visible_waiters: int = Field(
        WAITERS,
        ge=1,
        description="Maximum number of requests waiting for min_version; others are queued.",
    )
