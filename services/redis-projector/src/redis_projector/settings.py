"""What redis-projector can be told."""

from pydantic import Field

from chassis.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Variables with the prefix REDIS_PROJECTOR_."""

    model_config = settings_config("REDIS_PROJECTOR_")

    admin_port: int = 9003
    kafka_bootstrap: str = "127.0.0.1:9092"
    registry_url: str = "http://127.0.0.1:8081/apis/ccompat/v7"
    redis_url: str = "redis://127.0.0.1:6379/0"
    redis_timeout: float = Field(3, gt=0, description="Seconds for a call to Redis.")
    topic: str = "user.events"
    generation: str = Field("1", description="The generation of the view that is written.")
