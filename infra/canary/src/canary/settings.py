"""What the canary can be told."""

from pathlib import Path

from pydantic import Field

from chassis.process.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Variables with the prefix CANARY_."""

    model_config = settings_config("CANARY_")

    admin_port: int = 9006
    command_url: str = Field("http://127.0.0.1:3000", description="Where command-api is.")
    query_url: str = Field("http://127.0.0.1:3001", description="Where query-api is.")
    search_url: str = Field("http://127.0.0.1:3002", description="Where search-api is.")
    token_file: Path | None = Field(
        None, description="A file with the token to show the APIs; read for each request."
    )
    every: float = Field(10, gt=0, description="Seconds between two probes.")
    within: float = Field(10, gt=0, description="Seconds after which a probe has failed.")
