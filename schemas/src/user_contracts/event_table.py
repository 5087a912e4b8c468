"""The event table as other programs than its owner read it; schemas/tables/user-event.md."""

from collections.abc import Sequence

from user_contracts import avro_schema

NAME = "user_event"
KEY = "user_id"
VERSION = "version"


def columns() -> Sequence[str]:
    """The columns that may be read: those that Debezium publishes, in the topic's order."""
    return [field["name"] for field in avro_schema()["fields"]]
