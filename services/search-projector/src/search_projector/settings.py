"""Configuration of search-projector."""

from pydantic import Field

from chassis.process.settings import settings_config
from chassis.stores.opensearch_client import OpenSearchSettings
from projections.settings import ProjectorSettings


class Settings(OpenSearchSettings, ProjectorSettings):
    """Variables with the prefix SEARCH_PROJECTOR_."""

    model_config = settings_config("SEARCH_PROJECTOR_")

    admin_port: int = 9004
    opensearch_timeout: float = Field(
        10, gt=0, description="Seconds for a call to OpenSearch; a batch of 2,000 takes about one."
    )
    topic: str = Field(
        "user.events", description="The topic to read; dead letters: <topic>.<service>.dlq."
    )
