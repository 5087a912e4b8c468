"""What the demo can be told."""

from pydantic import Field

from chassis.api_access import ApiSettings
from chassis.settings import settings_config


class Settings(ApiSettings):
    """Variables with the prefix DEMO_."""

    model_config = settings_config("DEMO_")

    http_port: int = Field(3000, description="command-api's; query-api and search-api follow.")
    grpc_port: int = Field(1234, description="command-api's; query-api and search-api follow.")
    admin_port: int = 9000
