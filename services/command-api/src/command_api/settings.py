"""What command-api can be told."""

from pydantic import Field, SecretStr

from chassis.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Variables with the prefix COMMAND_API_."""

    model_config = settings_config("COMMAND_API_")

    http_port: int = 3000
    grpc_port: int = 1234
    admin_port: int = 9000
    mysql_host: str = "127.0.0.1"
    mysql_port: int = 3306
    mysql_database: str = "users"
    mysql_user: str = "command_api"
    mysql_password: SecretStr
    mysql_pool: int = Field(16, ge=1, description="Connections at most.")
    mysql_timeout: float = Field(
        3, gt=0, description="Seconds for a call to MySQL, waiting for a connection included."
    )
