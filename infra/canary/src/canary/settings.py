"""Configuration of the canary."""

from pathlib import Path

from pydantic import Field

from chassis.process.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Environment variables CANARY_*."""

    model_config = settings_config("CANARY_")

    admin_port: int = 9006
    command_url: str = Field("http://127.0.0.1:3000", description="URL of command-api.")
    query_url: str = Field("http://127.0.0.1:3001", description="URL of query-api.")
    search_url: str = Field("http://127.0.0.1:3002", description="URL of search-api.")
    token_file: Path | None = Field(
        None, description="File with the bearer token for the APIs; read for each request."
    )
    every: float = Field(10, gt=0, description="Seconds between two probes.")
    within: float = Field(10, gt=0, description="Seconds after which a probe fails.")
