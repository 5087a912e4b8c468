"""What command-api can be told."""

from pydantic import Field, SecretStr

from chassis.auth.settings import ApiSettings
from chassis.process.settings import settings_config
from chassis.stores.mysql import MySQLServer


class Settings(ApiSettings, MySQLServer):
    """Variables with the prefix COMMAND_API_."""

    model_config = settings_config("COMMAND_API_")

    http_port: int = Field(3000, description="Port of the HTTP API.")
    grpc_port: int = Field(1234, description="Port of the gRPC API.")
    admin_port: int = 9000
    mysql_database: str = Field("users", description="The database that holds `user_event`.")
    mysql_user: str = Field("command_api", description="`migrator` for `command-api migrate`.")
    mysql_password: SecretStr = Field(description="That user's password.")
    mysql_pool: int = Field(16, ge=1, description="Connections at most.")
    mysql_timeout: float = Field(
        3,
        gt=0,
        description="Seconds for a call to MySQL, waiting for a connection included;"
        " a create waits so long for its turn, too.",
    )
    mysql_batch: int = Field(
        256, ge=1, description="Creates that share a transaction at most; each waits for all of it."
    )
    answer_retention: int = Field(
        86400,
        ge=1,
        description="Seconds that the answer to an idempotency key is kept at least when it"
        " appended no event; other keys live as long as their events.",
    )
