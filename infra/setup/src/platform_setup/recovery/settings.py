"""Configuration of the restore."""

from pydantic import Field, SecretStr

from chassis.process.settings import settings_config
from chassis.stores.kafka import KafkaSettings
from chassis.stores.mysql import MySQLServer

NAME = r"^[a-z][a-z0-9_]*$"


class Settings(MySQLServer, KafkaSettings):
    """Environment variables SETUP_RESTORE_*."""

    model_config = settings_config("SETUP_RESTORE_")

    mysql_database: str = Field("users", pattern=NAME, description="Database of the event store.")
    mysql_user: str = Field("root", description="MySQL user; may create and rename tables.")
    mysql_password: SecretStr = Field(description="Password of that user.")
    table: str = Field("user_event", pattern=NAME, description="Table of the events.")
    erased_type: str = Field("UserDeleted", description="Type of the event that erases.")
    topic: str = Field("user.events", description="Topic to which the events were published.")
    registry_url: str = Field(
        "http://127.0.0.1:8081/apis/ccompat/v7",
        description="URL of the schema registry's Confluent-compatible API.",
    )
    connect_url: str | None = Field(
        None,
        description="URL of Kafka Connect's REST API; unset: an operator stops the connector and"
        " resets its offsets.",
    )
    connector: str = Field("user-events", description="Name of the connector.")
