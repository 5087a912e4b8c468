"""Configuration of view-verifier."""

from pydantic import Field

from chassis.process.settings import settings_config
from chassis.stores.opensearch_client import OpenSearchSettings
from chassis.stores.redis import RedisSettings
from projections.verification.mysql_source import EventSourceSettings


class Settings(EventSourceSettings, RedisSettings, OpenSearchSettings):
    """Environment variables VIEW_VERIFIER_*; a run connects only to the store of its view."""

    model_config = settings_config("VIEW_VERIFIER_")

    mysql_database: str = Field("users", description="Database that holds the event table.")
    mysql_user: str = Field("auditor", description="MySQL user with read access to that table.")
    redis_timeout: float = Field(3, gt=0, description="Timeout of a Redis call, in seconds.")
    opensearch_timeout: float = Field(
        10, gt=0, description="Timeout of an OpenSearch call, in seconds; a page takes about 1."
    )
