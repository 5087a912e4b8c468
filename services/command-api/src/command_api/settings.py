"""Configuration of command-api (environment variables COMMAND_API_*)."""

from pydantic import Field

from chassis.auth.settings import ApiSettings
from chassis.process.settings import settings_config
from eventstore.mysql.settings import EventStoreSettings


class Settings(ApiSettings, EventStoreSettings):
    """Variables with the prefix COMMAND_API_."""

    model_config = settings_config("COMMAND_API_")

    http_port: int = Field(3000, description="Port of the HTTP API.")
    grpc_port: int = Field(1234, description="Port of the gRPC API.")
    admin_port: int = 9000
    mysql_database: str = Field("users", description="Database with the table `user_event`.")
    mysql_user: str = Field(
        "command_api", description="MySQL user; `migrator` for `command-api migrate`."
    )
