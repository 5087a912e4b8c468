"""What query-api can be told."""

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
    redis_pool: int = Field(64, ge=1, description="Connections at most.")
    redis_timeout: float = Field(
        2, gt=0, description="Seconds for a call to Redis; also for waiting for a connection."
    )
    visible_timeout: float = Field(2, gt=0, description="Seconds to wait for min_version.")
    visible_waiters: int = Field(
        WAITERS,
        ge=1,
        description="Requests that wait for min_version at a time; others wait for their turn.",
    )
