"""Configuration of redis-projector (environment variables REDIS_PROJECTOR_*)."""

from pydantic import Field

from chassis.process.settings import settings_config
from chassis.stores.redis import RedisSettings
from projections.settings import ProjectorSettings


class Settings(RedisSettings, ProjectorSettings):
    """Variables with the prefix REDIS_PROJECTOR_."""

    model_config = settings_config("REDIS_PROJECTOR_")

    admin_port: int = 9003
    redis_timeout: float = Field(3, gt=0, description="Timeout of a call to Redis in seconds.")
    topic: str = Field(
        "user.events", description="Topic of the events; dead letters go to <topic>.<service>.dlq."
    )
