"""Configuration of the console."""

from pathlib import Path

from pydantic import Field

from chassis.process.settings import PublicSettings, settings_config
from chassis.stores.kafka import KafkaSettings


class Settings(KafkaSettings, PublicSettings):
    """Environment variables CONSOLE_*."""

    model_config = settings_config("CONSOLE_")

    admin_port: int = 9007
    http_port: int = Field(3003, description="Port of the web page.")
    command_url: str = Field("http://127.0.0.1:3000", description="URL of command-api.")
    query_url: str = Field("http://127.0.0.1:3001", description="URL of query-api.")
    search_url: str = Field("http://127.0.0.1:3002", description="URL of search-api.")
    token_file: Path | None = Field(
        None, description="File with the bearer token for the APIs; read for each request."
    )
    command_admin_url: str = Field(
        "http://127.0.0.1:9000", description="URL of command-api's admin port."
    )
    query_admin_url: str = Field(
        "http://127.0.0.1:9001", description="URL of query-api's admin port."
    )
    search_admin_url: str = Field(
        "http://127.0.0.1:9002", description="URL of search-api's admin port."
    )
    redis_projector_admin_url: str = Field(
        "http://127.0.0.1:9003", description="URL of redis-projector's admin port."
    )
    search_projector_admin_url: str = Field(
        "http://127.0.0.1:9004", description="URL of search-projector's admin port."
    )
    connector_supervisor_admin_url: str = Field(
        "http://127.0.0.1:9005", description="URL of connector-supervisor's admin port."
    )
    canary_admin_url: str = Field(
        "http://127.0.0.1:9006", description="URL of the canary's admin port."
    )
    topic: str = Field("user.events", description="Topic of the events.")
