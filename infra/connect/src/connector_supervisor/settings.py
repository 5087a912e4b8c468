"""Configuration of connector-supervisor."""

from pathlib import Path

from pydantic import Field, SecretStr

from chassis.process.settings import ServiceSettings, settings_config
from chassis.stores.kafka import KafkaSettings
from chassis.stores.mysql import MySQLServer

IN_A_CLONE = Path(__file__).resolve().parents[2] / "user-events.json"


class Settings(KafkaSettings, MySQLServer, ServiceSettings):
    """Environment variables CONNECTOR_SUPERVISOR_*."""

    model_config = settings_config("CONNECTOR_SUPERVISOR_")

    admin_port: int = 9005
    connect_url: str = Field("http://127.0.0.1:8083", description="URL of Kafka Connect.")
    connector: str = Field("user-events", description="Name of the connector.")
    file: Path = Field(IN_A_CLONE, description="JSON file with the connector's configuration.")
    mysql_user: str = Field(
        "debezium", description="MySQL user of the connector, used to check what it depends on."
    )
    mysql_password: SecretStr = Field(description="Password of that user.")
