"""The event store's settings."""

from pydantic import Field, SecretStr

from chassis.stores.mysql import MySQLServer


class EventStoreSettings(MySQLServer):
    """The event store's part of a program's settings."""

    mysql_database: str = Field(description="Database of the event store.")
    mysql_user: str = Field(description="MySQL user that may read, append and erase events.")
    mysql_password: SecretStr = Field(description="Password of that user.")
    mysql_pool: int = Field(16, ge=1, description="Maximum number of connections.")
    mysql_timeout: float = Field(
        3,
        gt=0,
        description="Timeout of a call to MySQL in seconds, including the wait for a connection;"
        " also the timeout of a create in the write queue.",
    )
    mysql_batch: int = Field(
        256, ge=1, description="Maximum number of creates in one transaction; each waits for all."
    )
    answer_retention: int = Field(
        86400,
        ge=1,
        description="Minimum seconds to keep the result for an idempotency key that appended no"
        " event; other keys live as long as their events.",
    )
