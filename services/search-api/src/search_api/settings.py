"""Configuration of search-api (environment variables SEARCH_API_*)."""

from pydantic import Field

from chassis.auth.settings import ApiSettings
from chassis.process.settings import settings_config
from chassis.stores.opensearch_client import OpenSearchSettings
from projections.searches import SEARCHES


class Settings(OpenSearchSettings, ApiSettings):
    """Variables with the prefix SEARCH_API_."""

    model_config = settings_config("SEARCH_API_")

    http_port: int = Field(3002, description="Port of the HTTP API.")
    grpc_port: int = Field(1236, description="Port of the gRPC API.")
    admin_port: int = 9002
    opensearch_pool: int = Field(32, ge=1, description="Maximum number of connections.")
    opensearch_timeout: float = Field(5, gt=0, description="Timeout of a search in seconds.")
    concurrency: int = Field(
        SEARCHES,
        ge=1,
        description="Maximum number of concurrent searches; others are queued for at most 2 s.",
    )
