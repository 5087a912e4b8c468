"""What the console can be told."""

from pathlib import Path

from pydantic import Field

from chassis.process.settings import PublicSettings, settings_config
from chassis.stores.kafka import KafkaSettings


class Settings(KafkaSettings, PublicSettings):
    """Variables with the prefix CONSOLE_."""

    model_config = settings_config("CONSOLE_")

    admin_port: int = 9007
    http_port: int = Field(3003, description="Port of the page.")
    command_url: str = Field("http://127.0.0.1:3000", description="Where command-api is.")
    query_url: str = Field("http://127.0.0.1:3001", description="Where query-api is.")
    search_url: str = Field("http://127.0.0.1:3002", description="Where search-api is.")
    token_file: Path | None = Field(
        None, description="A file with the token to show the APIs; read for each request."
    )
    command_admin_url: str = Field("http://127.0.0.1:9000", description="command-api's admin port.")
    query_admin_url: str = Field("http://127.0.0.1:9001", description="query-api's admin port.")
    search_admin_url: str = Field("http://127.0.0.1:9002", description="search-api's admin port.")
    redis_projector_admin_url: str = Field(
        "http://127.0.0.1:9003", description="redis-projector's admin port."
    )
    search_projector_admin_url: str = Field(
        "http://127.0.0.1:9004", description="search-projector's admin port."
    )
    connector_supervisor_admin_url: str = Field(
        "http://127.0.0.1:9005", description="connector-supervisor's admin port."
    )
    canary_admin_url: str = Field("http://127.0.0.1:9006", description="The canary's admin port.")
    topic: str = Field("user.events", description="The topic on which an event is looked for.")
