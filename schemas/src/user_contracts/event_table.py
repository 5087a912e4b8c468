"""The event table for programs other than its owner; see schemas/tables/user-event.md."""

from collections.abc import Sequence

from user_contracts import avro_schema

NAME = "user_event"
KEY = "user_id"
VERSION = "version"


def columns() -> Sequence[str]:
    """Return the readable columns: those that Debezium publishes, in the topic's order."""
    return [field["name"] for field in avro_schema()["fields"]]
