"""What search-projector can be told."""

from typing import ClassVar

from pydantic import Field

from chassis.process.settings import ServiceSettings, settings_config
from chassis.stores.kafka import KafkaSettings
from chassis.stores.opensearch_client import OpenSearchSettings
from projections.cli.moved import MOVED_SETTINGS


class Settings(OpenSearchSettings, KafkaSettings, ServiceSettings):
    """Variables with the prefix SEARCH_PROJECTOR_."""

    model_config = settings_config("SEARCH_PROJECTOR_")
    MOVED: ClassVar = MOVED_SETTINGS

    admin_port: int = 9004
    registry_url: str = Field(
        "http://127.0.0.1:8081/apis/ccompat/v7",
        description="The schema registry's Confluent-compatible API.",
    )
    opensearch_timeout: float = Field(
        10, gt=0, description="Seconds for a call to OpenSearch; a batch of 2,000 takes about one."
    )
    topic: str = Field(
        "user.events", description="The topic to read; dead letters: <topic>.<service>.dlq."
    )
