"""What redis-projector can be told."""

from typing import ClassVar

from pydantic import Field

from chassis.process.settings import ServiceSettings, settings_config
from chassis.stores.kafka import KafkaSettings
from chassis.stores.redis import RedisSettings
from projections.cli.moved import MOVED_SETTINGS


class Settings(RedisSettings, KafkaSettings, ServiceSettings):
    """Variables with the prefix REDIS_PROJECTOR_."""

    model_config = settings_config("REDIS_PROJECTOR_")
    MOVED: ClassVar = MOVED_SETTINGS

    admin_port: int = 9003
    registry_url: str = Field(
        "http://127.0.0.1:8081/apis/ccompat/v7",
        description="The schema registry's Confluent-compatible API.",
    )
    redis_timeout: float = Field(3, gt=0, description="Seconds for a call to Redis.")
    topic: str = Field(
        "user.events", description="The topic to read; dead letters: <topic>.<service>.dlq."
    )
