"""The event store's settings."""

from pydantic import Field, SecretStr

from chassis.stores.mysql import MySQLServer


class EventStoreSettings(MySQLServer):
    """Part of a program's settings."""

    mysql_database: str = Field(description="The database that holds the events.")
    mysql_user: str = Field(description="A user who may read, append and erase them.")
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
