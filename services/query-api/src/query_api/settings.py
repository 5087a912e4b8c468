"""What query-api can be told."""

from pydantic import Field

from chassis.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Variables with the prefix QUERY_API_."""

    model_config = settings_config("QUERY_API_")

    http_port: int = 3001
    grpc_port: int = 1235
    admin_port: int = 9001
    redis_url: str = "redis://127.0.0.1:6379/0"
    redis_pool: int = Field(64, ge=1, description="Connections at most.")
    redis_timeout: float = Field(
        2, gt=0, description="Seconds for a call to Redis; also for waiting for a connection."
    )
    visible_timeout: float = Field(2, gt=0, description="Seconds to wait for min_version.")
