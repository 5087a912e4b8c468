"""Configuration of view-verifier."""

from pydantic import Field

from chassis.process.settings import settings_config
from chassis.stores.opensearch_client import OpenSearchSettings
from chassis.stores.redis import RedisSettings
from projections.verification.mysql_source import EventSourceSettings


class Settings(EventSourceSettings, RedisSettings, OpenSearchSettings):
    """Variables with the prefix VIEW_VERIFIER_; a run connects to the store of its view only."""

    model_config = settings_config("VIEW_VERIFIER_")

    mysql_database: str = Field("users", description="The database that holds the event table.")
    mysql_user: str = Field("auditor", description="A user who may read that table.")
    redis_timeout: float = Field(3, gt=0, description="Seconds for a call to Redis.")
    opensearch_timeout: float = Field(
        10, gt=0, description="Seconds for a call to OpenSearch; a page of 4,000 takes about one."
    )
