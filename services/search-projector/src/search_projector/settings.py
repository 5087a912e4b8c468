"""Configuration of search-projector (environment variables SEARCH_PROJECTOR_*)."""

from pydantic import Field

from chassis.process.settings import settings_config
from chassis.stores.opensearch_client import OpenSearchSettings
from projections.settings import ProjectorSettings


class Settings(OpenSearchSettings, ProjectorSettings):
    """Variables with the prefix SEARCH_PROJECTOR_."""

    model_config = settings_config("SEARCH_PROJECTOR_")

    admin_port: int = 9004
    opensearch_timeout: float = Field(
        10, gt=0, description="Timeout of a call to OpenSearch, seconds (2,000 documents: about 1)."
    )
    topic: str = Field(
        "user.events", description="Topic of the events; dead letters go to <topic>.<service>.dlq."
    )
