"""Configuration of redis-projector."""

from pydantic import Field

from chassis.process.settings import settings_config
from chassis.stores.redis import RedisSettings
from projections.settings import ProjectorSettings


class Settings(RedisSettings, ProjectorSettings):
    """Variables with the prefix REDIS_PROJECTOR_."""

    model_config = settings_config("REDIS_PROJECTOR_")

    admin_port: int = 9003
    redis_timeout: float = Field(3, gt=0, description="Seconds for a call to Redis.")
    topic: str = Field(
        "user.events", description="The topic to read; dead letters: <topic>.<service>.dlq."
    )
